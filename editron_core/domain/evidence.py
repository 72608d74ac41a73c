"""Evidence: all that the analysis saw in one file, on a time grid.

Row `i` of the table covers `[i * step, (i + 1) * step)` seconds from the file's first frame and holds
`time_s` (its start), one column per measured signal, the focus of the picture for reframing, and the
embedding of the frame sampled there. A signal is 0..1, or null where it could not be measured.

Evidence knows no profile and no brief: `brief_coverage` and `vision_prompt` are derived by `score`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from editron_core.domain import codec
from editron_core.domain.transcript import Transcript
from editron_core.errors import MediaError
from editron_core.times import Span

if TYPE_CHECKING:
    import polars as pl

STEP = Fraction(1, 2)
"""Seconds per row of the grid."""
METADATA_KEY = "editron"


@dataclass(frozen=True, slots=True)
class Signal:
    """The definition of one signal."""

    name: str
    meaning: str
    """What 0 and 1 stand for, with the unit behind the scale."""
    engine: str
    """The analysis room that measures it, or `score` where it is derived from evidence."""


SIGNALS: dict[str, Signal] = {
    signal.name: signal
    for signal in (
        Signal("motion", "mean absolute change between neighbouring frames, saturating", "motion"),
        Signal(
            "action", "share of the picture, its middle first, that moves against its background", "motion"
        ),
        Signal("shot_rhythm", "cuts in the 10 s around, 0 none, 1 about one a second", "shots"),
        Signal("shot_opening", "1 as a shot begins, 1/e after 6 s of it", "shots"),
        Signal("sharpness", "log variance of the Laplacian, 0 blurred, 1 crisp", "motion"),
        Signal("exposure", "1 mid grey, 0.5 all tones alike, towards 0 as lights or shadows clip", "motion"),
        Signal("colour", "Hasler-Suesstrunk colourfulness over 110", "motion"),
        Signal("richness", "entropy of brightness, 0 black, blank or a title card, 1 all tones", "motion"),
        Signal("detail", "edges over most of the picture, 0 blank or a title card, saturating", "motion"),
        Signal("subject", "colour of the middle against the border's, 0 alike, 1 all of it apart", "motion"),
        Signal("skin", "root of the share of the picture in the hues of skin, its middle first", "motion"),
        Signal("faces", "area and number of frontal faces, 0 none", "faces"),
        Signal("loudness", "EBU R128 momentary, -50 LUFS is 0, -10 LUFS is 1", "sound"),
        Signal("onset", "spectral flux above its local median", "sound"),
        Signal("audio_event", "strongest of cheer, laughter, applause", "sound"),
        Signal("speech_presence", "share of the step that holds speech", "speech"),
        Signal("speech_rate", "words per second over 5", "speech"),
        Signal("novelty", "distance of the frame from what came before", "vision"),
        Signal("freshness", "distance from all frames 5 s or more before, 0 seen, 1 never seen", "vision"),
        Signal("brief_coverage", "share of the brief's keywords or meaning in what is said", "score"),
        Signal("vision_prompt", "similarity to positive minus negative prompts", "score"),
    )
}
MEASURED = tuple(name for name, signal in SIGNALS.items() if signal.engine != "score")
"""Signals that evidence holds as columns."""
FOCUS = ("focus_x", "focus_y", "focus_w", "focus_h")
"""Centre and size (0..1 of the displayed frame) of the faces or the salient area; null where unknown."""


@dataclass(frozen=True, slots=True)
class EngineUse:
    """Which engine filled a role in an analysis."""

    role: str
    """shots, motion, faces, sound, speech, vision, ..."""
    name: str
    version: str
    fallback: str | None = None
    """Why the engine of choice was not used, in plain words; null where it was."""


@dataclass(frozen=True)
class Evidence:
    """All that the analysis saw in one file."""

    table: pl.DataFrame
    """Columns `time_s` (f64), `MEASURED` (f32, nullable), `FOCUS` (f32, nullable), `focus_kind`
    (`face`, `saliency` or null), `embedding` (list of f32, unit length, nullable)."""
    duration: Fraction
    shots: tuple[Span, ...]
    """Cover [0, duration) without gaps; empty for a file without video."""
    transcript: Transcript | None
    engines: tuple[EngineUse, ...]
    step: Fraction = STEP

    def save(self, folder: Path) -> None:
        """Write `evidence.parquet` and, where there is one, `transcript.json` into `folder`."""
        facts = {
            "duration": str(self.duration),
            "step": str(self.step),
            "shots": codec.dump(self.shots),
            "engines": codec.dump(self.engines),
        }
        self.table.write_parquet(
            folder / "evidence.parquet", metadata={METADATA_KEY: codec.canonical(facts).decode()}
        )
        if self.transcript is not None:
            text = json.dumps(codec.dump(self.transcript), ensure_ascii=False, indent=1)
            (folder / "transcript.json").write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Evidence:
        """The inverse of `save`. Raises MediaError where the table is not evidence."""
        import polars as pl

        path = folder / "evidence.parquet"
        facts_text = pl.read_parquet_metadata(path).get(METADATA_KEY)
        if facts_text is None:
            raise MediaError("is not an evidence table", subject=str(path), remedy="analyze the file again")
        facts = json.loads(facts_text)
        said = folder / "transcript.json"
        return cls(
            table=pl.read_parquet(path),
            duration=Fraction(facts["duration"]),
            step=Fraction(facts["step"]),
            shots=tuple(codec.load(Span, shot) for shot in facts["shots"]),
            engines=tuple(codec.load(EngineUse, use) for use in facts["engines"]),
            transcript=codec.load(Transcript, json.loads(said.read_text("utf-8"))) if said.exists() else None,
        )
