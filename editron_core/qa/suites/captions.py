"""Caption looks against golden frames: every preset in every aspect, over a light, a dark and a busy scene.

The pictures are those that the encoder of the export is given, a quarter as wide and high; the goldens lie
as lossless WebP in qa_golden/frames/captions, and their names spell preset, aspect and language. Where a
picture differs from its golden, a diff picture is drawn under `editron_core.qa.suites.pictures.folder`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from editron_core.config import ROOT
from editron_core.edit.blueprint import CaptionPreset
from editron_core.errors import UsageError
from editron_core.qa import diffpicture, framediff
from editron_core.qa.framediff import Comparison, Pixels
from editron_core.qa.reading import Reading
from editron_core.qa.suites import export, pictures

SUITE = "captions"
GOLDENS = ROOT / "qa_golden" / "frames" / SUITE
SHRINK = 4
"""Of width and height: a caption that moves by one pixel of the frame still shows, for 1/16 of the bytes."""
LOOKED_AT = 5
"""Frame of each clip: half a second in, where a karaoke cue is lit half."""
PRESETS: tuple[CaptionPreset, ...] = get_args(CaptionPreset)
ASPECTS = tuple(export.SHARE)
TOLERANCES = {"SSIM of the worst frame": 0.005, "VMAF": 1.0, "frames that differ": 0.0}
"""The goldens are the product's own pictures without an encoder between: the same ffmpeg gives the same
pixels on every machine. SSIM and VMAF get the little by which another build of ffmpeg or FreeType rounds
edges of letters; the count gets nothing, because its rule has that room in it (`framediff.DRAWN`)."""


@dataclass(frozen=True, slots=True)
class Case:
    """One preset in one aspect."""

    preset: CaptionPreset
    aspect: str

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.preset} {self.aspect}"

    def golden(self, locale: str) -> str:
        """The name of the golden frame of one language."""
        return f"{self.preset}_{self.aspect.replace(':', 'x')}_{locale}.webp"


def readings(
    presets: Sequence[CaptionPreset] | None = None,
    aspects: Sequence[str] | None = None,
    goldens: Path | None = None,
) -> tuple[Reading, ...]:
    """SSIM, VMAF and the count of differing frames of each case, and that count by language.

    Default: all presets in all aspects. Pictures are held against the golden frames of the checkout, and what
    differs is drawn; against those of another folder, such as frames that are to be blessed, nothing is.
    Raises UsageError where a golden is missing.
    """
    presets, aspects = presets or PRESETS, aspects or ASPECTS
    if goldens is None:
        pictures.clear(SUITE)
    found: list[Reading] = []
    off = dict.fromkeys((line.locale for line in export.SAID), 0)
    cases = (Case(preset, aspect) for preset in presets for aspect in aspects)
    blessed = {case: _read(case, goldens or GOLDENS) for case in cases}
    for case, now in _rendered(presets, aspects):
        golden = blessed[case]
        compared = framediff.compare(golden, now)
        if compared.differing and goldens is None:
            _draw(case, golden, now, compared)
        for at in compared.differing:
            off[export.SAID[at].locale] += 1
        values = (compared.worst_ssim, compared.mean_vmaf, float(len(compared.differing)))
        for (what, tolerance), value in zip(TOLERANCES.items(), values, strict=True):
            unit = "count" if what.startswith("frames") else ("VMAF" if what == "VMAF" else "")
            found.append(Reading(SUITE, f"{case.name}: {what}", round(value, 4), unit, tolerance))
    found += [
        Reading(SUITE, f"frames that differ in {locale}", count, "count", 0, locale=locale)
        for locale, count in off.items()
    ]
    return tuple(found)


def write_goldens(goldens: Path) -> None:
    """Make all golden frames in a folder anew. Equal pictures keep their files.

    Goldens of cases that are no more are removed.
    """
    kept: set[Path] = set()
    for case, now in _rendered(PRESETS, ASPECTS):
        for line, picture in zip(export.SAID, now, strict=True):
            path = goldens / case.golden(line.locale)
            kept.add(path)
            if not path.exists() or not np.array_equal(pictures.read(path), picture):
                pictures.write(picture, path)
    for path in set(goldens.glob("*.webp")) - kept:
        path.unlink()


def frames() -> tuple[int, ...]:
    """The frames of the cut that are looked at: one of each line that is said."""
    step = int(export.SECONDS * export.RATE)
    return tuple(at * step + LOOKED_AT for at in range(len(export.SAID)))


def _rendered(presets: Sequence[CaptionPreset], aspects: Sequence[str]) -> Iterator[tuple[Case, Pixels]]:
    """Each case with its pictures: one frame per line that is said."""
    with tempfile.TemporaryDirectory(prefix="editron-captions-") as room:
        made = export.cut(Path(room), aspects=aspects)
        for preset in presets:
            plan = export.burned(made, Path(room) / preset, preset)
            for aspect, now in export.pictures(plan, frames(), SHRINK).items():
                yield Case(preset, aspect), now


def _read(case: Case, goldens: Path) -> Pixels:
    paths = [goldens / case.golden(line.locale) for line in export.SAID]
    for path in paths:
        if not path.is_file():
            raise UsageError(
                "there is no such golden frame", subject=str(path), remedy="editron qa regress --bless"
            )
    return np.stack([pictures.read(path) for path in paths])


def _draw(case: Case, golden: Pixels, now: Pixels, compared: Comparison) -> None:
    frames_are = ", ".join(f"{at} {line.locale}" for at, line in enumerate(export.SAID))
    sides = diffpicture.worst_sides(golden, now, compared, f"captions {case.name}   (frames: {frames_are})")
    name = f"{case.preset}_{case.aspect.replace(':', 'x')}"
    diff = diffpicture.write(sides, compared, pictures.folder(SUITE) / f"{name}.png")
    for at in compared.differing:
        locale = export.SAID[at].locale
        pair = pictures.Pair(
            case=case.name,
            locale=locale,
            frame=at,
            frames=compared.frames,
            differing=len(compared.differing),
            share=compared.shares[at],
            ssim=compared.ssim[at],
            vmaf=compared.vmaf[at],
            before=f"{name}_{locale}_before.png",
            after=f"{name}_{locale}_after.png",
            diff=diff.name,
        )
        pictures.leave(SUITE, pair, golden[at], now[at])
