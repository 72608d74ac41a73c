"""From what the operator named to a list of what to take in.

Nothing here opens a media file for more than its first bytes, and nothing fails: what cannot be
taken in stays in the list, and taking it says why, so that one bad name does not stop a batch.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from editron_core.config import DELIVERED, settings
from editron_core.ingest import kinds, names

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


@dataclass(frozen=True, slots=True)
class Found:
    """One thing to take in."""

    name: str
    """As shown to people: the file's name, with its place below the folder that was named."""
    locator: Path | str
    """Where its bytes are: a path, or (as text) a URL."""
    transcript: Path | None = None
    """The transcript beside it."""
    language: str | None = None
    """The language that the transcript's name tells."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What the sources hold."""

    found: tuple[Found, ...]
    """In the order of the sources, within a folder by path; each place once."""
    passed_over: int
    """Files in the named folders that are neither footage nor a transcript of it."""


@dataclass(slots=True)
class _Tally:
    found: dict[Path | str, Found] = field(default_factory=dict)
    passed_over: set[Path] = field(default_factory=set)

    def add(self, one: Found) -> None:
        self.found.setdefault(one.locator, one)


def expand(sources: Sequence[str], avoid: Sequence[Path] = ()) -> Listing:
    """Files, folders (with all below them) and URLs as a flat list.

    In a folder, footage is what has footage's ending or begins like it; hidden names, `avoid` and
    our own home are passed over. What is named explicitly is always listed, be it footage or not.
    """
    tally = _Tally()
    ours = {path.resolve() for path in (settings().home, *avoid)}
    for source in sources:
        if _SCHEME.match(source):
            tally.add(Found(_url_name(source), source))
            continue
        path = Path(source).absolute()
        if path.is_dir():
            for one in _walk(path.resolve(), ours, tally.passed_over):
                tally.add(one)
        else:
            tally.add(_named(path))
    return Listing(tuple(tally.found.values()), len(tally.passed_over - set(tally.found)))


def _named(path: Path) -> Found:
    # A link that the operator names is followed, because its name was given on purpose.
    try:
        target = path.resolve(strict=True)
        entries = _regular(target.parent)
    except (OSError, RuntimeError):
        return Found(names.shown(path.name), path)
    return _with_transcript(names.shown(path.name), target, entries)


def _walk(root: Path, ours: set[Path], passed_over: set[Path]) -> Iterator[Found]:
    unreadable: list[OSError] = []
    for folder, folders, files in os.walk(root, onerror=unreadable.append):
        here = Path(folder)
        ours |= _delivered(here)
        files = [file for file in files if here / file not in ours]
        folders[:] = sorted(f for f in folders if not f.startswith(".") and (here / f) not in ours)
        yield from _of_folder(root, here, sorted(files), passed_over)
    for error in unreadable:
        path = Path(os.fsdecode(error.filename))
        yield Found(_below(root, path), path)


def _delivered(folder: Path) -> set[Path]:
    """What an earlier run left in `folder`: our own output is not footage."""
    try:
        names = json.loads((folder / DELIVERED).read_text("utf-8"))
    except (OSError, ValueError):
        return set()
    return {folder / str(name) for name in names} if isinstance(names, list) else set()


def _of_folder(root: Path, here: Path, files: list[str], passed_over: set[Path]) -> Iterator[Found]:
    regular = _regular(here)
    taken: list[str] = []
    others: list[str] = []
    for file in files:
        (taken if _is_footage(here / file, file in regular) else others).append(file)
    transcripts = set()
    for file in taken:
        one = _with_transcript(_below(root, here / file), here / file, regular)
        transcripts.add(one.transcript)
        yield one
    passed_over.update(here / file for file in others if here / file not in transcripts)


def _is_footage(path: Path, regular: bool) -> bool:
    if path.name.startswith("."):
        return False
    if kinds.ending(path.name) != "bin":
        return True
    if not regular:
        return False
    try:
        with path.open("rb") as file:
            return kinds.looks_like_media(file.read(kinds.HEAD_BYTES))
    except OSError:
        return False  # without footage's ending nor a readable beginning nothing speaks for it


def _with_transcript(name: str, path: Path, neighbours: Sequence[str]) -> Found:
    beside = names.transcript_beside(path, [other for other in neighbours if other != path.name])
    if beside is None:
        return Found(name, path)
    return Found(name, path, path.with_name(beside), names.language_of(beside, path.stem))


def _regular(folder: Path) -> list[str]:
    """The names of the plain files in `folder`, links left out."""
    with os.scandir(folder) as entries:
        return sorted(e.name for e in entries if stat.S_ISREG(e.stat(follow_symlinks=False).st_mode))


def _below(root: Path, path: Path) -> str:
    return names.shown(path.relative_to(root).as_posix())


def _url_name(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return names.shown(url)
    return names.shown(PurePosixPath(unquote(parts.path)).name or parts.hostname or url)
