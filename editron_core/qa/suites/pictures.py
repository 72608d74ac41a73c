"""Where diff pictures lie, and the files of golden frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from editron_core.config import settings
from editron_core.qa.framediff import Pixels


def folder(suite: str) -> Path:
    """Where the diff pictures of `suite` lie: under the home, for they are no part of the repository."""
    return settings().home / "qa" / "diffs" / suite


def found(suite: str) -> tuple[Path, ...]:
    """The diff pictures that the last run of `suite` drew, by name; none where nothing differed."""
    return tuple(sorted(folder(suite).glob("*.png")))


def clear(suite: str) -> None:
    """Remove the diff pictures of an earlier run."""
    for path in found(suite):
        path.unlink()


def read(path: Path) -> Pixels:
    """A golden frame, (height, width, 3) RGB."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def write(pixels: Pixels, path: Path) -> None:
    """Write one frame without loss, aside and renamed."""
    aside = path.with_name(f".{path.stem}.part.webp")
    Image.fromarray(pixels).save(aside, lossless=True, quality=100, method=4)
    aside.replace(path)
