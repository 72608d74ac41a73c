"""From one file to its evidence, with one decode of its picture and one of its sound."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from editron_core import log
from editron_core.analyze import decode, shots, sound, speech
from editron_core.analyze.grid import row_starts, rows_for
from editron_core.analyze.picture import NO_EYE, Picture
from editron_core.domain.batch import MediaProbe
from editron_core.domain.evidence import FOCUS, MEASURED, EngineUse, Evidence
from editron_core.errors import MediaError
from editron_core.media.audio import RATE, open_wav

if TYPE_CHECKING:
    import polars as pl

    from editron_core.analyze.vision import Eye
    from editron_core.domain.transcript import Transcript
    from editron_core.times import Span

PEAKS = "peaks.json"
PEAKS_PER_S = 10
DECODE_SHARE = 0.7
"""Share of the progress that the decode is given where somebody listens afterwards."""
NOBODY = EngineUse("speech", "none", "-", "nobody was asked to listen")
HELD_S = Fraction(1)
"""Up to this much beyond its last frame, a file's own word on its length is taken."""

Progress = Callable[[float], None]


@dataclass(frozen=True)
class AnalyzeOptions:
    """How one file is analysed."""

    speech: speech.SpeechOptions | None = None
    """Who listens; None leaves the speech signals null."""
    eye: Eye | None = None
    """Who looks; None leaves embeddings and novelty null."""
    shot_detector: shots.Choice = "adaptive"
    device: str = "cpu"
    """Where the shot network runs: `cpu` or `cuda`."""


def observe(
    path: Path, probe: MediaProbe, out: Path, options: AnalyzeOptions, progress: Progress | None = None
) -> Evidence:
    """Analyse `path` and leave `evidence.parquet`, `transcript.json`, `proxy.mp4` and `peaks.json` in `out`.

    There is no proxy without a picture and no transcript where nobody could write one. Raises
    MediaError where nothing of the file can be decoded, or more of it cannot than its sound.
    """
    tell = progress or (lambda share: None)
    wav, loudness = out / decode.SOUND, out / decode.LOUDNESS
    try:
        picture, deaf = _watch(path, probe, out, options, tell)
        heard = wav if wav.exists() and open_wav(wav).frames else None
        if probe.audio is not None and heard is None:
            deaf = deaf or "its sound cannot be decoded"
        if picture is None and heard is None:
            raise MediaError(
                "holds no sound that can be decoded", subject=path.name, remedy="export it again"
            )
        seen = _seen(picture, heard, probe)
        listened = _listen(heard, loudness, seen.rows, options, deaf, tell)
        _write_peaks(heard, out / PEAKS)
    finally:
        wav.unlink(missing_ok=True)
        loudness.unlink(missing_ok=True)
    evidence = Evidence(
        table=_table(seen, listened.columns),
        duration=seen.duration,
        shots=seen.shots,
        transcript=listened.transcript,
        engines=(*seen.engines, *listened.engines),
    )
    evidence.save(out)
    tell(1.0)
    return evidence


@dataclass(frozen=True)
class _Seen:
    """What the picture shows, on the grid."""

    duration: Fraction
    rows: int
    shots: tuple[Span, ...] = ()
    columns: dict[str, np.ndarray] = field(default_factory=dict)
    focus_kinds: list[str | None] = field(default_factory=list)
    embeddings: np.ndarray | None = None
    engines: tuple[EngineUse, ...] = ()


@dataclass(frozen=True)
class _Listened:
    """What the sound holds, on the grid."""

    columns: dict[str, np.ndarray]
    transcript: Transcript | None
    engines: tuple[EngineUse, ...]


def _watch(
    path: Path, probe: MediaProbe, out: Path, options: AnalyzeOptions, tell: Progress
) -> tuple[Picture | None, str | None]:
    """The one decode: what was seen (None without video), and why its sound was given up, if it was."""
    share = DECODE_SHARE if options.speech is not None else 1.0
    try:
        return _decoded(path, probe, out, options, lambda done: tell(share * done)), None
    except MediaError as error:
        if probe.video is None or probe.audio is None:
            raise
        # A picture is worth more than its broken sound.
        silent = replace(probe, audio=None)
        picture = _decoded(path, silent, out, options, lambda done: tell(share * done))
        log.get(__name__).warning("sound_given_up", file=path.name, reason=error.message)
        (out / decode.SOUND).unlink(missing_ok=True)
        return picture, f"its sound {error.message}"


def _decoded(
    path: Path, probe: MediaProbe, out: Path, options: AnalyzeOptions, tell: Progress
) -> Picture | None:
    if probe.video is None:
        decode.decode(path, probe, out, None, tell)
        return None
    picture = Picture(shots.detector(options.shot_detector, options.device), options.eye)
    decode.decode(path, probe, out, decode.Takers(picture.small, picture.sample), tell)
    return picture


def _seen(picture: Picture | None, wav: Path | None, probe: MediaProbe) -> _Seen:
    if picture is None:
        duration = open_wav(wav).duration if wav is not None else probe.duration
        return _Seen(duration, rows_for(duration), engines=(NO_EYE,))
    assert probe.video is not None
    last, length = picture.last
    # What decoded counts; only how long the last frame stands is known to the file alone.
    end = last + (length or 1 / probe.video.fps)
    duration = probe.duration if last < probe.duration <= end + HELD_S else end
    rows, cuts = rows_for(duration), picture.cuts()
    columns, kinds, embeddings = picture.columns(rows, cuts)
    return _Seen(duration, rows, shots.spans(cuts, duration), columns, kinds, embeddings, picture.engines)


def _listen(
    wav: Path | None, loudness: Path, rows: int, options: AnalyzeOptions, deaf: str | None, tell: Progress
) -> _Listened:
    columns = sound.measure(wav, loudness, rows) if wav is not None else {}
    engine = EngineUse("sound", "EBU R128, spectral flux and crowd rules", "2", deaf)
    if options.speech is None:
        return _Listened(columns, None, (engine, NOBODY))
    rest = 1 - DECODE_SHARE
    heard = speech.hear(wav, rows, options.speech, lambda done: tell(DECODE_SHARE + rest * done))
    return _Listened(columns | heard.columns, heard.transcript, (engine, heard.engine))


def _table(seen: _Seen, heard: dict[str, np.ndarray]) -> pl.DataFrame:
    """The evidence table; a column that nobody measured is null throughout."""
    import polars as pl

    unknown = np.full(seen.rows, np.nan, np.float32)
    found = {**seen.columns, **heard}
    numbers = {
        name: pl.Series(found.get(name, unknown), dtype=pl.Float32).fill_nan(None)
        for name in (*MEASURED, *FOCUS)
    }
    embedding = pl.List(pl.Float32)
    if seen.embeddings is None:
        rows = pl.Series([None] * seen.rows, dtype=embedding)
    else:
        rows = pl.Series(seen.embeddings.astype(np.float32)).cast(embedding)
    kinds = pl.Series(seen.focus_kinds or [None] * seen.rows, dtype=pl.String)
    return pl.DataFrame({"time_s": row_starts(seen.rows), **numbers, "focus_kind": kinds, "embedding": rows})


def _write_peaks(wav: Path | None, path: Path) -> None:
    """The loudest sample of every tenth of a second, 0..1, to draw the waveform from."""
    peaks: list[float] = []
    if wav is not None:
        step = RATE // PEAKS_PER_S
        for block in open_wav(wav).blocks(600 * step, 0):
            size = np.abs(block.samples)
            peaks += [round(float(part.max()), 3) for part in np.split(size, range(step, len(size), step))]
    path.write_text(json.dumps({"per_second": PEAKS_PER_S, "peaks": peaks}), encoding="utf-8")
