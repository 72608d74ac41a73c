"""Whether a file that arrived can be used, decided before it costs an analysis.

A file is usable where at least 95 % of the length that it claims can be decoded. Packets are counted
to the end; of the pictures and the sound the first two seconds are decoded, and only where those
disappoint is the whole stream. Damage further in is found by the analysis, which decodes everything.

- Picture and sound, but less than half of the sound decodes: usable as a silent file, with a note.
  Where more decodes, the sound is used, with a note of its gaps.
- Picture and sound, but the picture is damaged: refused. Sound alone is not what was filmed.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from editron_core import process
from editron_core.domain.batch import AudioStream, MediaProbe, VideoStream
from editron_core.errors import MediaError, ProcessFailed, ProcessTimedOut
from editron_core.ingest import kinds
from editron_core.ingest.staging import Arrival, unreadable
from editron_core.media import ffmpeg, probe

ENOUGH = Fraction(95, 100)
"""Share of the claimed length that must be decodable (reliability.md, M1)."""
WORTH_HEARING = Fraction(1, 2)
"""Share of the sound beside a good picture that must be decodable for it to be used."""
WORTH_A_NOTE_S = Fraction(1, 2)
LOOK_S = 2
"""Seconds of sound that the first look decodes."""
SOUND_RATE = 8000
"""Samples per second that decoded sound is counted in."""
FRAME_SIDE = 16
"""Pixels a side that decoded frames are counted in."""
AGAIN = "copy it again from where it came from"


def examine(arrival: Arrival) -> MediaProbe:
    """What the file holds, with a note for each flaw that does not keep it from being used.

    Raises MediaError with the one reason why it cannot be used.
    """
    if arrival.size_bytes == 0:
        raise MediaError("is empty (0 bytes)", subject=arrival.name, remedy=AGAIN)
    try:
        found = probe.inspect(arrival.path)
        _refuse_short(found)
        notes = []
        if found.probe.video is not None:
            _refuse_bad_picture(arrival, found, found.probe.video)
            notes += _missing(found)
        sound, fault = _sound(arrival, found)
    except MediaError as error:
        raise _explained(arrival, error) from error
    return replace(found.probe, audio=sound, notes=(*notes, *fault))


def _refuse_short(found: probe.Inspection) -> None:
    share = found.sound_reached if found.probe.video is None else found.picture_reached
    if share < ENOUGH:
        raise MediaError(
            f"is cut short: only {_percent(share)} of the length that it claims is there", remedy=AGAIN
        )


def _missing(found: probe.Inspection) -> list[str]:
    share = found.picture_reached
    lost = found.probe.duration / share - found.probe.duration if share else Fraction(0)
    if share >= 1 or lost < WORTH_A_NOTE_S:
        return []
    return [f"the last {float(lost):.1f} s are missing"]


def _refuse_bad_picture(arrival: Arrival, found: probe.Inspection, video: VideoStream) -> None:
    count, seconds = found.head
    look = ["-frames:v", str(max(1, count))]
    if _frames(arrival, video, [*look, "-t", f"{float(seconds) + 1:.3f}"]) >= max(1, count) * ENOUGH:
        return
    share = _frames(arrival, video, []) / max(Fraction(1), found.probe.duration * video.fps)
    if share < ENOUGH:
        raise MediaError(
            f"its picture is damaged: {_percent(share)} of the frames can be decoded", remedy=AGAIN
        )


def _sound(arrival: Arrival, found: probe.Inspection) -> tuple[AudioStream | None, list[str]]:
    """The sound stream where it is fit for use, else the note that says why not."""
    audio = found.probe.audio
    if audio is None:
        return None, []
    notes = []
    if found.probe.video is not None and found.sound_reached < ENOUGH:
        notes = [f"its sound ends at {_percent(found.sound_reached)} of the length that it claims"]
    wanted = min(Fraction(LOOK_S), found.sound_length)
    if wanted and _seconds(arrival, audio, ["-t", str(LOOK_S)]) >= wanted * ENOUGH:
        return audio, notes
    share = _seconds(arrival, audio, []) / found.sound_length if wanted else Fraction(0)
    if share >= ENOUGH:
        return audio, notes
    if found.probe.video is None:
        raise MediaError(f"its sound is damaged: {_percent(share)} can be decoded", remedy=AGAIN)
    if share >= WORTH_HEARING:
        return audio, [f"its sound has gaps: {_percent(share)} can be decoded"]
    return None, [f"its sound is damaged ({_percent(share)} can be decoded) and is left out"]


def _frames(arrival: Arrival, video: VideoStream, some: list[str]) -> Fraction:
    shape = ["-vf", f"scale={FRAME_SIDE}:{FRAME_SIDE},format=gray", "-fps_mode", "passthrough"]
    size = _decoded(arrival, ["-map", f"0:{video.index}", *some, *shape, "-f", "rawvideo"])
    return Fraction(size, FRAME_SIDE * FRAME_SIDE)


def _seconds(arrival: Arrival, audio: AudioStream, some: list[str]) -> Fraction:
    shape = ["-ac", "1", "-ar", str(SOUND_RATE), "-c:a", "pcm_u8", "-f", "u8"]
    return Fraction(_decoded(arrival, ["-map", f"0:{audio.index}", *some, *shape]), SOUND_RATE)


def _decoded(arrival: Arrival, output: list[str]) -> int:
    """Bytes that ffmpeg decodes of the file; as many as came where it ends badly."""
    size = 0
    limits = process.Limits(
        wall_s=30 + arrival.size_bytes / (1 << 20), memory=ffmpeg.memory_for(ffmpeg.MAX_PIXELS)
    )
    try:
        with process.spawn(
            ffmpeg.command(*ffmpeg.input_args(arrival.path), *output, "pipe:1"), limits=limits
        ) as child:
            while chunk := child.stdout.read(1 << 16):
                size += len(chunk)
    except ProcessTimedOut as error:
        raise MediaError(f"could not be decoded: ffmpeg {error.message}", remedy=AGAIN) from error
    except ProcessFailed as error:
        if error.killed:
            raise
        return size  # how much came before is the answer; the caller judges it
    return size


def _explained(arrival: Arrival, error: MediaError) -> MediaError:
    """`error` about the name that people know, with the reason that the first bytes give."""
    try:
        with arrival.path.open("rb") as file:
            head = file.read(kinds.HEAD_BYTES)
            cut = kinds.lost_index(file)
    except OSError as failure:
        raise unreadable(arrival.name, failure) from failure
    other = kinds.other_kind(head)
    if other is not None:
        return MediaError(
            f"is {other}, not audio or video",
            subject=arrival.name,
            remedy="name the footage itself",
        )
    if cut:
        return MediaError("is cut short: its index is missing", subject=arrival.name, remedy=AGAIN)
    return MediaError(error.message, subject=arrival.name, remedy=error.remedy or AGAIN)


def _percent(share: Fraction) -> str:
    return f"{float(share):.0%}"
