"""Names that come with footage: how they are shown, and which transcript belongs to which file.

A name from outside is only ever shown. Our own copies are named by their content, see `stored`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from editron_core.ingest import kinds

MAX_NAME = 255
TRANSCRIPT_ENDINGS = ("srt", "vtt", "txt")
"""In the order of preference where one file has several."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
"""The shape of a language tag (BCP 47): `en`, `deu`, `pt-BR`, `zh_Hant`."""
_JOINERS = "\u200c\u200d"
"""Format characters that names in Persian and emoji need."""


def shown(name: str) -> str:
    """`name` fit for a terminal, JSON and a database: one line, no control or direction marks.

    Each unfit character becomes U+FFFD; names are cut to 255 characters.
    """
    fit = "".join("\ufffd" if _unfit(letter) else letter for letter in name.strip())
    return fit[:MAX_NAME] or "unnamed"


def stored(sha256: str, name: str) -> str:
    """The name of our copy: the content's hash and an ending from the lists of known ones."""
    last = name.lower().rpartition(".")[2]
    return f"{sha256}.{last if last in TRANSCRIPT_ENDINGS else kinds.ending(name)}"


def language_of(transcript: str, stem: str) -> str | None:
    """The language that a transcript's name tells; null where it tells none.

    Raises ValueError where `transcript` is not named `<stem>[.<language>].srt|vtt|txt`.
    """
    found = re.fullmatch(rf"{re.escape(stem)}(?:\.({_LANGUAGE.pattern}))?\.({_endings()})", transcript)
    if found is None:
        raise ValueError(f"{transcript!r} is not the name of a transcript of {stem!r}")
    return found.group(1)


def transcript_beside(media: Path, neighbours: Iterable[str]) -> str | None:
    """The name among `neighbours` (all names in the folder of `media`) of its transcript.

    One without a language comes first, then by the language's name; `.srt` before `.vtt` before
    `.txt`. `a.en.srt` belongs to `a.en.mp4` where there is one, and to `a.mp4` only where not.
    """
    names = list(neighbours)
    stems = {Path(name).stem for name in names if kinds.ending(name) != "bin"} - {media.stem}
    fitting = []
    for name in names:
        if Path(name).stem in stems:
            continue
        try:
            language = language_of(name, media.stem)
        except ValueError:
            continue
        fitting.append((language or "", TRANSCRIPT_ENDINGS.index(name[-3:].lower()), name))
    return min(fitting)[2] if fitting else None


def _endings() -> str:
    return f"(?i:{'|'.join(TRANSCRIPT_ENDINGS)})"


def _unfit(letter: str) -> bool:
    # Cc control, Cf format (direction overrides), Cs lone surrogate, Zl and Zp line ends.
    return unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and letter not in _JOINERS
