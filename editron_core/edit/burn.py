"""Burned-in captions: cues as an ASS file for libass, inside the safe area, with nothing to inject.

Whatever a transcript holds is drawn as it stands: `{`, `}` and `\\` never reach libass as markup.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import floor
from pathlib import Path

import pysubs2

from editron_core.domain.brand import BrandKit
from editron_core.domain.job import Finding, Severity
from editron_core.domain.timeline import Cue
from editron_core.edit import fonts
from editron_core.edit.looks import Look

STYLE = "Caption"
_WORD_JOINER = "\u2060"
_KEPT_FORMATS = "\u200c\u200d\u200e\u200f"
"""Joiners and direction marks that shape letters; other format characters are dropped."""
LEAST_CONTRAST = 4.5
"""Of the highlight against the outline (WCAG 2.2, 1.4.3)."""


def write_ass(cues: Sequence[Cue], path: Path, look: Look, brand: BrandKit) -> tuple[Finding, ...]:
    """Write `cues` (laid out for `look.shape`) to `path`; returns what could not be drawn as said.

    Times are rounded so that each cue is on exactly the frames of its span, up to 60 frames/s.
    Symbols that no font has are left out, cues with such letters are not drawn at all; both are
    findings that name the characters.
    """
    drawable, findings = _drawable(cues, look)
    subs = pysubs2.SSAFile()
    subs.info.update(
        {
            "PlayResX": str(look.size[0]),
            "PlayResY": str(look.size[1]),
            "ScaledBorderAndShadow": "yes",
            "WrapStyle": "2",
            "YCbCr Matrix": "None",
        }
    )
    subs.styles = {STYLE: _style(look, brand, _rtl(drawable))}
    for cue in drawable:
        start, end = _stamp(cue.span.start), _stamp(cue.span.end)
        subs.append(pysubs2.SSAEvent(start, end, text=_text(cue, look, start), style=STYLE))
    path.write_text(subs.to_string("ass"), encoding="utf-8", newline="\n")
    if look.preset.karaoke and _rtl(drawable):
        findings = (*findings, _no_karaoke())
    return findings


def escape(text: str) -> str:
    """`text` so that libass draws it literally, on one line.

    libass knows `\\{` and `\\}`, but no escaped backslash: a word joiner behind it, which has no
    width, keeps it from meeting the character that would give it a meaning.
    """
    clean = "".join(char for char in text if unicodedata.category(char)[0] != "C" or char in _KEPT_FORMATS)
    safe = clean.replace("\\", f"\\{_WORD_JOINER}")
    return safe.replace("{", "\\{").replace("}", "\\}")


def _style(look: Look, brand: BrandKit, rtl: bool) -> pysubs2.SSAStyle:
    face, (left, _, right, bottom) = look.faces[0], look.box
    text = _colour(brand.colours.text)
    lit = _colour(highlight(brand)) if look.preset.karaoke and not rtl else text
    return pysubs2.SSAStyle(
        fontname=face.name,
        fontsize=look.font_size,
        bold=face.bold,
        primarycolor=lit,
        secondarycolor=text,
        outlinecolor=_colour(brand.colours.outline),
        backcolor=_colour(brand.colours.outline, alpha=90),
        borderstyle=4 if look.preset.plate else 1,  # 4: libass's one plate behind all lines
        outline=look.outline,
        shadow=look.shadow,
        alignment=pysubs2.Alignment.BOTTOM_CENTER,
        marginl=left,
        marginr=look.size[0] - right,
        marginv=look.size[1] - bottom,
        encoding=-1 if rtl else 1,  # -1: libass finds each line's own direction
    )


def _text(cue: Cue, look: Look, start_ms: int) -> str:
    blur = f"\\blur{look.preset.blur * look.font_size:.1f}"
    widest = max(map(look.width, cue.lines))
    fits = min(1.0, look.shape.max_width / widest) if widest else 1.0
    size = f"\\fs{floor(look.font_size * fits)}" if fits < 1 else ""
    head = f"{{{blur}{size}}}"
    if not look.preset.karaoke or not cue.words or _rtl([cue]):
        return head + "\\N".join(_runs(line, look) for line in cue.lines)
    return head + _sung(cue, look, start_ms)


def _sung(cue: Cue, look: Look, start_ms: int) -> str:
    """The lines with `\\k` before each word; stamps are differences of rounded times: no drift."""
    stamps = [max(0, round((float(word.span.start) * 1000 - start_ms) / 10)) for word in cue.words]
    end = max(stamps[-1] + 1, round((float(cue.span.end) * 1000 - start_ms) / 10))
    text = f"{{\\k{stamps[0]}}}" if stamps[0] else ""
    left = list(cue.lines)
    for word, at, until in zip(cue.words, stamps, [*stamps[1:], end], strict=True):
        shown = _printable(word.text, look)
        if not shown:
            continue
        if left and not left[0]:
            left.pop(0)
            text += "\\N"
        space = " " if left[0].startswith(" ") else ""
        left[0] = left[0].removeprefix(space).removeprefix(shown)
        text += f"{space}{{\\k{max(0, until - at)}}}{_runs(shown, look)}"
    return text


def _runs(text: str, look: Look) -> str:
    """Escaped `text`, with the face named wherever it is not the style's own."""
    styled = ""
    for face, part in fonts.runs(text, look.faces):
        own = face is look.faces[0]
        styled += escape(part) if own else f"{{\\fn{face.name}\\b{int(face.bold)}}}{escape(part)}{{\\fn\\b}}"
    return styled


def _drawable(cues: Sequence[Cue], look: Look) -> tuple[list[Cue], tuple[Finding, ...]]:
    drawn: list[Cue] = []
    lacking: dict[str, None] = {}
    unspoken = 0
    for cue in cues:
        absent = fonts.missing("".join(cue.lines), look.faces)
        lacking.update(dict.fromkeys(absent))
        if any(unicodedata.category(char)[0] in "LMN" for char in absent):
            unspoken += 1
            continue
        lines = tuple(filter(None, (_printable(line, look) for line in cue.lines)))
        words = tuple(replace(word, text=_printable(word.text, look)) for word in cue.words)
        if lines:
            drawn.append(replace(cue, lines=lines, words=tuple(word for word in words if word.text)))
    return drawn, (_glyph_finding(tuple(lacking), unspoken),) if lacking else ()


def _printable(text: str, look: Look) -> str:
    kept = "".join(char for char in text if not fonts.missing(char, look.faces))
    return " ".join(kept.split())


def _glyph_finding(lacking: tuple[str, ...], unspoken: int) -> Finding:
    names = ", ".join(f"{char} (U+{ord(char):04X})" for char in lacking[:8])
    more = f" and {len(lacking) - 8} more" if len(lacking) > 8 else ""
    left_out = f"; {unspoken} cues with such letters are not burned in" if unspoken else ""
    return Finding(
        Severity.WARNING,
        "caption-glyphs",
        f"no font draws {names}{more}{left_out}; the sidecars hold the whole text; "
        "add a font to the brand kit",
    )


def _no_karaoke() -> Finding:
    return Finding(
        Severity.NOTE,
        "caption-karaoke",
        "text that runs from right to left is shown whole: words are not lit one by one",
    )


def _rtl(cues: Sequence[Cue]) -> bool:
    return any(
        unicodedata.bidirectional(char) in ("R", "AL") for cue in cues for line in cue.lines for char in line
    )


def highlight(brand: BrandKit) -> str:
    """The brand's primary colour, lightened until it stands out from the outline."""
    red, green, blue = (int(brand.colours.primary[at : at + 2], 16) for at in (1, 3, 5))
    for step in range(21):
        mixed = [round(part + (255 - part) * step / 20) for part in (red, green, blue)]
        colour = "#{:02x}{:02x}{:02x}".format(*mixed)
        if _contrast(colour, brand.colours.outline) >= LEAST_CONTRAST:
            return colour
    return brand.colours.primary


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    # Relative luminance, WCAG 2.2.
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _colour(code: str, alpha: int = 0) -> pysubs2.Color:
    red, green, blue = (int(code[at : at + 2], 16) for at in (1, 3, 5))
    return pysubs2.Color(red, green, blue, alpha)


def _stamp(at: Fraction) -> int:
    """Milliseconds, on ASS's grid of 10, a little before `at`.

    libass compares truncated milliseconds; 4 ms of lead keep a frame from falling on the wrong side
    of a stamp, and at most 14 ms are less than one frame at 60 frames/s.
    """
    return max(0, floor((at * 1000 - 4) / 10) * 10)
