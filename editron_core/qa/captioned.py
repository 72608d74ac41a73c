"""Captions as people will see and read them: the export's own pictures, their place, and their speed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from editron_core.analyze import align, subtitles
from editron_core.domain.timeline import Clip, Cue
from editron_core.domain.transcript import Transcript
from editron_core.edit import captions, phrasing
from editron_core.edit.blueprint import CaptionPreset
from editron_core.errors import UsageError
from editron_core.qa.framediff import Pixels
from editron_core.qa.suites import captions as suite
from editron_core.qa.suites import export
from editron_core.qa.suites.export import Cut
from editron_core.render import boxes, encode
from editron_core.render.boxes import Box
from editron_core.times import Span

if TYPE_CHECKING:
    import polars as pl

SHRINK = 3
"""The pictures are a third as wide and high as the export's."""
EDGE = (255, 176, 32)
RATE = Fraction(25)
"""Frames per second that a transcript's cues are timed on."""


@dataclass(frozen=True)
class Shown:
    """One preset in one aspect, a picture for each line that is said."""

    preset: str
    aspect: str
    pictures: Pixels
    """(lines, height, width, 3) RGB, with the safe area's edge drawn in."""
    drawn: Box
    """Around all letters, in pixels of the export."""
    safe: Box
    """The safe area, in pixels of the export."""

    @property
    def inside(self) -> bool:
        """Whether no letter leaves the safe area."""
        return self.drawn.inside((self.safe.left, self.safe.top, self.safe.right, self.safe.bottom))


def show(made: Cut, preset: CaptionPreset, aspect: str, folder: Path) -> Shown:
    """Burn the captions of `made` in, by the export's own code. `folder` takes its files.

    Raises ProcessFailed where ffmpeg fails.
    """
    plan = export.burned(made, folder, preset)
    size = plan.size(aspect)
    safe = Box(*plan.preset(aspect).safe_area(aspect).pixels(size))
    with encode.workroom(plan) as room:
        ass = room.folder / room.subtitles[aspect]
        found = boxes.drawn(ass, size, plan.rate, set(suite.frames()), room.fonts)
    letters = [box for box in found.values() if box is not None]
    around = letters[0]
    for box in letters[1:]:
        around = around.union(box)
    pictures = export.pictures(plan, suite.frames(), SHRINK)[aspect].copy()
    return Shown(preset, aspect, _edged(pictures, safe), around, safe)


def places(shown: Sequence[Shown]) -> pl.DataFrame:
    """Where letters stand: `preset`, `aspect`, `letters` and `safe` area in pixels, whether `inside`."""
    import polars as pl

    rows = [
        {
            "preset": one.preset,
            "aspect": one.aspect,
            "letters": str(one.drawn),
            "safe": str(one.safe),
            "inside": one.inside,
        }
        for one in shown
    ]
    return pl.DataFrame(rows)


def read(path: Path) -> Transcript:
    """The transcript of a subtitle file, its words spread over its own cues.

    Raises MediaError where it cannot be read, UsageError where it has no times.
    """
    script = subtitles.read(path)
    spans = [line.span for line in script.lines if line.span is not None]
    if not spans:
        raise UsageError("has no times, so nobody knows how fast it is read", subject=path.name)
    return align.to_words(script, None, (), max(span.end for span in spans))


def cues(transcript: Transcript) -> tuple[Cue, ...]:
    """The captions of a whole transcript, as the lane lays out those of a cut."""
    end = max((word.span.end for word in transcript.words), default=Fraction(0)) + captions.SLACK
    whole = Span(Fraction(0), end)
    return captions.cues_for([(whole, Clip("file", whole))], {"file": transcript}, RATE)


def speeds(found: Mapping[str, Sequence[Cue]]) -> pl.DataFrame:
    """How fast each cue has to be read: `name` (the key), `cue`, `value` in characters per second."""
    import polars as pl

    rows = [
        {
            "name": name,
            "cue": " / ".join(cue.lines),
            "value": phrasing.length(" ".join(cue.lines)) / float(cue.span.duration),
        }
        for name, spoken in found.items()
        for cue in spoken
    ]
    return pl.DataFrame(rows, schema={"name": pl.String, "cue": pl.String, "value": pl.Float64})


def broken(found: Mapping[str, Sequence[Cue]]) -> pl.DataFrame:
    """The rules for captions that cues break: `name` (the key), `rule`, `what`."""
    import polars as pl

    rows = [
        {"name": name, "rule": finding.rule, "what": finding.message}
        for name, spoken in found.items()
        for finding in captions.check(spoken, RATE)
    ]
    return pl.DataFrame(rows, schema={"name": pl.String, "rule": pl.String, "what": pl.String})


def _edged(pictures: Pixels, safe: Box) -> Pixels:
    left, top, right, bottom = (edge // SHRINK for edge in (safe.left, safe.top, safe.right, safe.bottom))
    edge = np.array(EDGE, np.uint8)
    pictures[:, top:bottom, [left, left + 1, right - 2, right - 1]] = edge
    pictures[:, [top, top + 1, bottom - 2, bottom - 1], left:right] = edge
    return pictures
