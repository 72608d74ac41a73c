"""The one decode of an original: a child process that leaves a proxy and a sound, and sends pictures.

Time 0 is the file's first timestamp, the zero of ffmpeg's own clock. Where the picture starts later
than the sound, its first frame is held from 0, as players do.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, sqrt
from pathlib import Path

from editron_core import process
from editron_core.domain.batch import AudioStream, MediaProbe, VideoStream
from editron_core.domain.evidence import STEP
from editron_core.errors import EditronError, MediaError, ProcessFailed, ProcessTimedOut
from editron_core.media import colour, ffmpeg
from editron_core.media.frames import Take, Tap

PROXY, SOUND, LOUDNESS = "proxy.mp4", "sound.wav", "loudness.txt"
PROXY_SIDES = (384, 640)
"""A proxy's longer side is half the picture's, within these: encoding must stay cheap beside decoding."""
LIGHT_PIXELS = 1024 * 576
"""Up to this size one thread decodes hundreds of frames a second, and the cores have other work."""
SMALL_PIXELS = 128 * 72
SMALLEST_SIDE = 32
"""No side is shorter: decord fails on pictures narrower than its own row alignment."""
KEY_FRAMES_S = 1
"""Seconds between the proxy's key frames: a seek decodes so much at most."""
KEEP_TIMES = ("-fps_mode", "passthrough", "-enc_time_base", "filter")
"""Every frame keeps its own time; without the second, a varying frame rate is rounded to its mean."""
PACE_LEAST = 10
"""Processor seconds that any second of media may take."""
PIXELS_PER_CPU_S = 20_000_000
"""Pixels that a processor second decodes on a slow machine at least; H.264 on a fast one: 500 million."""
LATE_S = 60
"""Frames that claim to be later than the file's end by this much are a damaged clock, and dropped."""


@dataclass(frozen=True, slots=True)
class Takers:
    """Who is handed the pictures, each in a thread of its own."""

    small: Take
    """Every frame, of about `SMALL_PIXELS`, yuv420p as (H * 3 / 2, W), video range."""
    sample: Take
    """The first frame of every grid step, at the proxy's size, RGB (H, W, 3)."""


def decode(
    path: Path,
    probe: MediaProbe,
    out: Path,
    takers: Takers | None,
    progress: Callable[[float], None] | None = None,
) -> int:
    """Decode `path` once: `PROXY`, `SOUND` and `LOUDNESS` into `out`, pictures to `takers`.

    `takers` are there if there is video. Returns the number of frames; without video 0, and no proxy.
    Without audio there is neither sound nor loudness. Raises MediaError where ffmpeg fails or no frame
    came out.
    """
    seconds = float(probe.duration)
    try:
        with ExitStack() as stack:
            chosen = (takers.small, takers.sample) if takers is not None else ()
            taps = [stack.enter_context(Tap(take)) for take in chosen]
            words = _arguments(path, probe, [f"pipe:{tap.fd}" for tap in taps])
            fds = [tap.fd for tap in taps]
            with process.spawn(
                ffmpeg.command(*words), limits=limits_for(probe), pass_fds=fds, cwd=out
            ) as child:
                for tap in taps:
                    tap.open()
                for line in child.stdout:
                    _tell(line, seconds, progress)
    except ProcessTimedOut as error:
        raise MediaError(f"took too long to decode: it {error.message}", subject=path.name) from error
    except ProcessFailed as error:
        raise _refusal(path, error) from error
    frames = taps[0].count if taps else 0
    if probe.video and not frames:
        raise MediaError("holds no frame that can be decoded", subject=path.name, remedy="export it again")
    return frames


def limits_for(probe: MediaProbe) -> process.Limits:
    """What the decode of a file may use: by its length, the size of its pictures and how many there are."""
    seconds, video = float(probe.duration), probe.video
    pixels = video.width * video.height if video else 0
    pace = PACE_LEAST + (pixels * float(video.fps) / PIXELS_PER_CPU_S if video else 0)
    cpu = 60 + seconds * pace
    return process.Limits(
        wall_s=2 * cpu + 180,  # others use the machine too
        cpu_s=ceil(cpu),
        memory=ffmpeg.memory_for(pixels),
        file_bytes=ceil(seconds + 60) * 4_000_000,
    )


def proxy_size(video: VideoStream) -> tuple[int, int]:
    """Width and height of the proxy: the displayed shape, even, no larger than the picture."""
    longest = max(video.width, video.height)
    side = min(max(PROXY_SIDES[0], longest / 2), PROXY_SIDES[1])
    share = min(1.0, side / longest)
    return _even(video.width * share), _even(video.height * share)


def small_size(video: VideoStream) -> tuple[int, int]:
    """Width and height of the small pictures: `SMALL_PIXELS` in the displayed shape, within 4:1."""
    shape = min(4.0, max(0.25, video.width / video.height))
    return _even(sqrt(SMALL_PIXELS * shape)), _even(sqrt(SMALL_PIXELS / shape))


def _even(length: float) -> int:
    return max(SMALLEST_SIDE, 2 * round(length / 2))


def _arguments(path: Path, probe: MediaProbe, pipes: list[str]) -> list[str]:
    graph, outputs = [], []
    light = probe.video is not None and probe.video.width * probe.video.height <= LIGHT_PIXELS
    if probe.video:
        graph.append(_picture_graph(probe.video, probe.duration))
        for label, pipe in zip(("[small]", "[sample]"), pipes, strict=True):
            outputs += ["-map", label, *KEEP_TIMES, "-c:v", "rawvideo", "-f", "nut", pipe]
        outputs += ["-map", "[proxy]", *(("-map", "[heard]") if probe.audio else ()), *_PROXY_CODING]
    if probe.audio:
        graph.append(_sound_graph(probe.audio, probe.duration, heard=probe.video is not None))
        outputs += ["-map", "[wav]", "-c:a", "pcm_s16le", "-fflags", "+bitexact", f"file:{SOUND}"]
        outputs += ["-map", "[loud]", "-f", "null", "-"]
    return [
        *("-y", "-progress", "pipe:1", "-stats_period", "0.25", "-max_error_rate", "1"),
        # The pictures are small: more threads per filter cost more than they save.
        *("-filter_complex_threads", "1"),
        *(("-threads", "1") if light else ()),
        *ffmpeg.input_args(path.absolute()),
        *("-filter_complex", ";".join(graph)),
        *outputs,
    ]


_PROXY_CODING = [
    *KEEP_TIMES,
    # One thread is enough at this size, and what x264 writes does not depend on the machine then. A fixed
    # quantiser spares the look-ahead that a rate factor needs: a sixth of the cost.
    *("-c:v", "libx264", "-preset", "ultrafast", "-qp", "28", "-threads:v", "1"),
    *("-force_key_frames", f"expr:gte(t,n_forced*{KEY_FRAMES_S})"),
    *("-c:a", "aac", "-aac_coder", "fast", "-b:a", "96k"),
    *("-map_metadata", "-1", "-map_chapters", "-1", "-movflags", "+faststart", f"file:{PROXY}"),
]


def _picture_graph(video: VideoStream, duration: Fraction) -> str:
    """One scaling to the proxy's size, from which the small pictures and the samples are taken."""
    width, height = proxy_size(video)
    small = small_size(video)
    step = f"{STEP.numerator}/{STEP.denominator}"
    row = f"floor(t/({step})+1e-6)"
    last = f"floor(prev_selected_t/({step})+1e-6)"
    return (
        f"[0:{video.index}]setpts='if(eq(N,0),0,PTS)',"
        f"select='isnan(prev_selected_t)+gt(t,prev_selected_t)*lt(t,{ceil(duration) + LATE_S})',"
        f"scale={width}:{height}:flags=fast_bilinear:out_range=tv,{_tone(video)}format=yuv420p,setsar=1,"
        f"split=3[proxy][s1][s2];"
        f"[s1]scale={small[0]}:{small[1]}:flags=fast_bilinear[small];"
        f"[s2]select='isnan(prev_selected_t)+gt({row},{last})',format=rgb24[sample]"
    )


def _tone(video: VideoStream) -> str:
    """PQ and HLG brought down to BT.709, on the small picture; empty for everything else."""
    steps = colour.to_sdr(video)
    named = [f"{name}={':'.join(f'{key}={value}' for key, value in how.items())}," for name, how in steps]
    return "".join(["format=yuv420p10,", *named]) if named else ""


def _sound_graph(audio: AudioStream, duration: Fraction, *, heard: bool) -> str:
    """Gaps filled with silence and the start moved to 0, so that a sample's number is its time."""
    unknown = not audio.layout or audio.layout.endswith("channels")
    head = (
        f"[0:{audio.index}]{'pan=mono|c0=c0,' if unknown else ''}"
        f"aresample=async=1:first_pts=0,atrim=end={ceil(duration) + 1},"
    )
    branches = [
        "aresample=16000,aformat=channel_layouts=mono[wav]",
        f"ebur128=metadata=1,ametadata=mode=print:key=lavfi.r128.M:file={LOUDNESS}[loud]",
        *(["aresample=48000,aformat=channel_layouts=stereo[heard]"] if heard else []),
    ]
    names = [f"[a{number}]" for number in range(len(branches))]
    split = f"asplit={len(branches)}{''.join(names)}"
    return ";".join([head + split, *(name + branch for name, branch in zip(names, branches, strict=True))])


def _tell(line: bytes, seconds: float, progress: Callable[[float], None] | None) -> None:
    key, _, value = line.decode("ascii", "replace").strip().partition("=")
    if progress is not None and key == "out_time_us" and value.isdigit():
        progress(min(1.0, int(value) / 1e6 / max(seconds, 1e-3)))


def _refusal(path: Path, error: ProcessFailed) -> EditronError:
    """What a failed decode means: the file is at fault, unless the machine says it is not."""
    if error.killed or "No space left" in error.tail:
        return error
    if error.limit:
        return MediaError(
            f"cannot be decoded within {error.limit}", subject=path.name, remedy="scale it down first"
        )
    last = error.tail.strip().splitlines()[-1:] or ["ffmpeg gave no reason"]
    return MediaError(f"cannot be decoded: {last[0]}", subject=path.name, remedy="export it again")
