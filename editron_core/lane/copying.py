"""Copies for people: under the same name in another folder, whole or not there at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from editron_core.errors import StoreError


def copied(path: Path, folder: Path) -> Path:
    """A copy of a file in a folder, under the same name."""
    folder.mkdir(exist_ok=True)
    aside, target = folder / f".{path.name}.part", folder / path.name
    try:
        shutil.copyfile(path, aside)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    return target


@contextmanager
def translated(folder: Path) -> Iterator[None]:
    """Says what a disk refuses as StoreError, with the remedy."""
    try:
        yield
    except OSError as error:
        reason, place = error.strerror or str(error), error.filename or folder
        raise StoreError(
            reason, subject=str(place), remedy="free some space, or name another folder"
        ) from error
