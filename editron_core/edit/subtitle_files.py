"""Caption files of one timeline: SRT and VTT sidecars, and an ASS file per aspect to burn in."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import floor
from pathlib import Path

from editron_core.domain.brand import BrandKit, slate_frames
from editron_core.domain.frame import Frame
from editron_core.domain.job import Finding
from editron_core.domain.timeline import Cue, Timeline
from editron_core.edit import burn, captions, looks
from editron_core.edit.blueprint import Blueprint

_WORD_JOINER = "\u2060"


@dataclass(frozen=True, slots=True)
class CaptionFiles:
    """The caption files of one timeline."""

    sidecars: tuple[Path, ...] = ()
    """SRT and VTT; empty where nothing is said or nobody knows what."""
    burned: dict[str, Path] = field(default_factory=dict)
    """ASS by aspect ratio, for the renderer; empty where the blueprint burns nothing in."""
    findings: tuple[Finding, ...] = ()


def write_captions(
    timeline: Timeline,
    blueprint: Blueprint,
    brand: BrandKit,
    folder: Path,
    frames: Mapping[str, Frame],
) -> CaptionFiles:
    """Write the caption files of `timeline` into `folder`; `frames` by aspect ratio.

    Sidecars count from the start of the deliverable, so an intro slate moves them; the ASS files
    count from the start of the cut, because captions are drawn before slates are put on.
    """
    if not timeline.cues:
        return CaptionFiles()
    lead = slate_frames(brand.intro, timeline.rate) / timeline.rate
    srt, vtt = folder / f"{timeline.name}.srt", folder / f"{timeline.name}.vtt"
    shifted = [replace(cue, span=cue.span.shift(lead)) for cue in timeline.cues]
    write_srt(shifted, srt)
    write_vtt(shifted, vtt)
    findings = list(captions.check(timeline.cues, timeline.rate))
    burned: dict[str, Path] = {}
    for aspect in timeline.aspects if blueprint.captions.burn else ():
        look = looks.resolve(blueprint.captions.preset, aspect, frames[aspect], brand)
        path = folder / f"{timeline.name}-{aspect.replace(':', 'x')}.ass"
        findings += burn.write_ass(captions.reshaped(timeline, look.shape), path, look, brand)
        burned[aspect] = path
    return CaptionFiles((srt, vtt), burned, tuple(dict.fromkeys(findings)))


def write_srt(cues: Sequence[Cue], path: Path) -> None:
    """Write `cues` as SubRip: UTF-8, milliseconds after a comma.

    SubRip has no escapes, and some players read `<i>` and `{\\an8}` as markup: an invisible word joiner
    behind `<`, `{` and in `-->` keeps them text.
    """
    _write(path, "", cues, ",", _plain)


def write_vtt(cues: Sequence[Cue], path: Path) -> None:
    """Write `cues` as WebVTT, with `&`, `<` and `>` escaped."""
    _write(path, "WEBVTT\n\n", cues, ".", lambda line: html.escape(line, quote=False))


def _write(path: Path, head: str, cues: Sequence[Cue], mark: str, escape: Callable[[str], str]) -> None:
    blocks = []
    for number, cue in enumerate(cues, 1):
        # A line break or an empty line inside a cue would end it.
        lines = [escape(" ".join(line.split())) for line in cue.lines if line.strip()]
        times = f"{_stamp(cue.span.start, mark)} --> {_stamp(cue.span.end, mark)}"
        blocks.append("\n".join([str(number), times, *lines]) + "\n")
    path.write_text(head + "\n".join(blocks), encoding="utf-8", newline="\n")


def _plain(line: str) -> str:
    for sign in ("<", "{", "--"):
        line = line.replace(sign, sign + _WORD_JOINER)
    return line


def _stamp(at: Fraction, mark: str) -> str:
    """`hh:mm:ss,mmm`, rounded to the nearest millisecond as one number, so no part overflows."""
    seconds, millis = divmod(floor(at * 1000 + Fraction(1, 2)), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{millis:03d}"
