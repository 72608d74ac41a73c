"""Sound: the clips' sound joined, brought to a loudness, and encoded, before any picture is touched.

The sound of the cut is decoded once into a WAV and measured (EBU R128). Where plain gain to the target
keeps the true peak below the ceiling, plain gain it is; otherwise a limiter at four times the sample rate
holds the ceiling. The encoded file is measured again, because AAC overshoots, and corrected where needed.
The render then only copies it beside the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from editron_core.render.measure import Loudness, loudness
from editron_core.render.plan import SAMPLE_RATE, Piece, RenderPlan, samples
from editron_core.render.presets import Preset
from editron_core.render.run import run
from editron_core.render.source import media_input, node, opening, own_input

FADE_S = 0.005
"""Fade at each cut: long enough to hide the click, too short to be heard."""
QUIET_LUFS = -50.0
"""Sound softer than this is room noise: it is left alone, because raising it would only raise the noise."""
HEADROOM = 0.3
"""dB that the limiter stays below the ceiling, for what AAC adds."""
CLOSE_ENOUGH = 0.3
"""LU by which a result may be off before it is corrected."""
LEAST_GIVEN = 0.25
"""LU per dB of gain that are counted on at least: what the limiter swallows beyond is not worth its sound."""
ROUNDS = 6
"""Encodings at most; each is measured, and the last one stands."""
WALL_S = 3600.0
OVERSAMPLED = 4 * SAMPLE_RATE
STANDARD_CHANNELS = 8
"""Up to this many channels have a layout that ffmpeg can downmix."""


@dataclass(frozen=True, slots=True)
class Track:
    """A finished sound file and what was measured on it."""

    path: Path
    before: Loudness
    """Of the joined clips."""
    after: Loudness
    """Of the encoded file."""
    gain_db: float
    """What was added; 0 for silence."""
    limited: bool
    """Whether the limiter was needed."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """What one round of encoding does to the joined sound."""

    gain_db: float
    ceiling_db: float | None
    """Where the limiter holds the peaks; null without a limiter."""
    level: bool = True
    """Whether the loudness is brought to the target; silence and room noise keep theirs."""


def tracks(plan: RenderPlan, folder: Path) -> dict[str, Track]:
    """The encoded sound of each aspect ratio; presets that ask for the same share one file."""
    joined = folder / "joined.wav"
    before = join(plan, joined, folder)
    made: dict[tuple[object, ...], Track] = {}
    result = {}
    for aspect in plan.aspects:
        preset = plan.preset(aspect)
        key = (preset.audio, preset.audio_kbps, preset.lufs, preset.dbtp)
        if key not in made:
            made[key] = master(joined, before, preset, folder / f"track_{len(made)}")
        result[aspect] = made[key]
    joined.unlink()
    return result


def join(plan: RenderPlan, out: Path, folder: Path) -> Loudness:
    """Write the sound of the whole deliverable, slates included, to `out` (48 kHz stereo); measures it."""
    import ffmpeg as graph

    pieces = list(plan.pieces())
    parts = [*_end(plan, "intro"), *(_clip(piece, pieces) for piece in pieces), *_end(plan, "outro")]
    stream = graph.concat(*parts, v=0, a=1) if len(parts) > 1 else parts[0]
    stream = _measured(stream, "joined.txt").filter("aformat", sample_fmts="flt")
    target = graph.output(stream, f"file:{out.resolve()}", acodec="pcm_f32le", rf64="auto", **_bare())
    run(target, folder, wall_s=WALL_S + 2 * float(plan.duration))
    return loudness(folder / "joined.txt")


def _end(plan: RenderPlan, name: str) -> list[Any]:
    """The sound of the `intro` or `outro`, where there is one: its clip's, or silence under a card."""
    bumper, frames = plan.bumper(name), plan.slate_frames(name)
    if bumper is not None:
        return [_clip(bumper, [])]
    first = 0 if name == "intro" else plan.frames - frames
    length = samples(first, frames, plan.rate)
    return [_silence(length, name)] if frames else []


def master(joined: Path, before: Loudness, preset: Preset, stem: Path) -> Track:
    """Encode `joined` for `preset` at its loudness; silence and room noise keep their level."""
    out = stem.with_suffix(".m4a" if preset.audio == "aac" else ".wav")
    tuning, given = _first_tuning(before, preset), 1.0
    after = _encode(joined, tuning, preset, out)
    for _ in range(ROUNDS - 1):
        better = _better_tuning(tuning, after, preset, given)
        if better is None:
            break
        last, tuning = (tuning.gain_db, after.lufs), better
        after = _encode(joined, tuning, preset, out)
        given = _given(last, (tuning.gain_db, after.lufs), given)
    return Track(out, before, after, tuning.gain_db, tuning.ceiling_db is not None)


def _first_tuning(before: Loudness, preset: Preset) -> Tuning:
    if before.lufs is None or before.lufs < QUIET_LUFS or before.dbtp is None:
        return Tuning(0.0, None, level=False)
    gain = preset.lufs - before.lufs
    peaky = before.dbtp + gain > preset.dbtp - HEADROOM
    return Tuning(gain, preset.dbtp - HEADROOM if peaky else None)


def _better_tuning(tuning: Tuning, after: Loudness, preset: Preset, given: float = 1.0) -> Tuning | None:
    """What to change after a measurement; null where nothing is off.

    `given` is how many LU one more dB of gain brings: less than 1 where the limiter takes some back.
    """
    if after.lufs is None or after.dbtp is None:
        return None
    gain, ceiling = tuning.gain_db, tuning.ceiling_db
    over = after.dbtp - preset.dbtp
    if over > 0:
        ceiling = (preset.dbtp - HEADROOM if ceiling is None else ceiling) - over - 0.05
    off = preset.lufs - after.lufs
    if tuning.level and abs(off) > CLOSE_ENOUGH:
        gain += off / given
    changed = Tuning(gain, ceiling, tuning.level)
    return None if changed == tuning else changed


def _given(last: tuple[float, float | None], now: tuple[float, float | None], given: float) -> float:
    """LU per dB of gain between two measurements; `given` where they do not tell."""
    (gain0, lufs0), (gain1, lufs1) = last, now
    if lufs0 is None or lufs1 is None or abs(gain1 - gain0) < 0.1:
        return given
    return min(1.0, max(LEAST_GIVEN, (lufs1 - lufs0) / (gain1 - gain0)))


def _encode(joined: Path, tuning: Tuning, preset: Preset, out: Path) -> Loudness:
    import ffmpeg as graph

    stream = own_input(joined, "joined")["a"]
    if tuning.gain_db:
        stream = stream.filter("volume", f"{tuning.gain_db:.3f}dB")
    if tuning.ceiling_db is not None:
        limit = 10 ** (tuning.ceiling_db / 20)
        stream = (
            stream.filter("aresample", OVERSAMPLED)
            .filter("alimiter", limit=f"{limit:.6f}", level=0, attack=5, release=60, latency=1)
            .filter("aresample", SAMPLE_RATE)
        )
    codec: dict[str, Any] = {"acodec": "pcm_s24le", "rf64": "auto"}
    if preset.audio == "aac":
        codec = {"acodec": "aac", "audio_bitrate": f"{preset.audio_kbps}k", "profile:a": "aac_low"}
    target = graph.output(stream, f"file:{out.resolve()}", ar=SAMPLE_RATE, ac=2, **codec, **_bare())
    run(target, out.parent, wall_s=WALL_S)
    return measured(out)


def measured(path: Path) -> Loudness:
    """Integrated loudness and true peak of a sound file of ours, decoded."""
    import ffmpeg as graph

    log = path.with_suffix(".txt")
    stream = _measured(own_input(path, "measured")["a"], log.name)
    run(graph.output(stream, "-", f="null"), path.parent, wall_s=WALL_S)
    found = loudness(log)
    log.unlink()
    return found


def _clip(piece: Piece, pieces: list[Piece]) -> Any:
    """One clip's sound: exactly as many samples as its frames last, faded where it does not run on."""
    audio = piece.probe.audio
    if audio is None:
        return _silence(piece.samples, piece.index)
    start = opening(piece.clip.source.start, piece.probe)
    stream = media_input(piece, start, vn=None)[str(audio.index)]
    if audio.channels > STANDARD_CHANNELS:
        stream = stream.filter(
            "pan", args="stereo|c0=c0|c1=c1"
        )  # as a keyword: ffmpeg-python escapes others twice
    skip = float(start.skip)
    stream = (
        stream.filter("aresample", SAMPLE_RATE, **{"async": 1, "min_hard_comp": 0.02})
        .filter("aformat", sample_fmts="fltp", channel_layouts="stereo")
        .filter("asetpts", f"PTS-{skip:.6f}/TB")
        .filter("aresample", SAMPLE_RATE, first_pts=0, **{"async": 1})
        .filter("atrim", start_pts=0, end_pts=piece.samples)
        .filter("apad", whole_len=piece.samples)
        .filter("asetpts", "N")
    )
    length = piece.samples / SAMPLE_RATE
    fade = min(FADE_S, length / 4)
    if not _runs_on(pieces, piece.index - 1):
        stream = stream.filter("afade", t="in", d=fade)
    if not _runs_on(pieces, piece.index):
        stream = stream.filter("afade", t="out", st=f"{length - fade:.6f}", d=fade)
    return stream


def _runs_on(pieces: list[Piece], index: int) -> bool:
    """Whether clip `index` goes straight on into the next one, so that a fade would be a hole."""
    if not 0 <= index < len(pieces) - 1:
        return False
    this, following = pieces[index].clip, pieces[index + 1].clip
    return this.file_id == following.file_id and this.source.end == following.source.start


def _silence(samples: int, key: object) -> Any:
    silent = node(f"anullsrc=r={SAMPLE_RATE}:cl=stereo", f"silence {key}", {"format": "lavfi"})
    return silent.filter("atrim", end_sample=samples)


def _measured(stream: Any, log: str) -> Any:
    meter = stream.filter("ebur128", peak="true", metadata=1, framelog="quiet")
    return meter.filter("ametadata", mode="print", file=log)


def _bare() -> dict[str, Any]:
    return {"map_metadata": -1, "map_chapters": -1, "fflags": "+bitexact", "flags:a": "+bitexact"}
