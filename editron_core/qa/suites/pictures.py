"""What a suite leaves of golden frames that differ: diff pictures, and both sides of each frame."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from editron_core.config import settings
from editron_core.domain import codec
from editron_core.qa.framediff import Pixels


@dataclass(frozen=True, slots=True)
class Pair:
    """A golden frame that differs: what it was, what it is, and by how much."""

    case: str
    """What was looked at, such as `bold 16:9`."""
    locale: str
    frame: int
    """Its number in the case, from 0."""
    frames: int
    """How many frames the case has."""
    differing: int
    """How many of them differ."""
    share: float
    """Of its pixels: how many are off."""
    ssim: float
    """-1..1."""
    vmaf: float
    """0..100."""
    before: str
    """Names of PNGs in `sides`: the frame as it was blessed, and as it is now."""
    after: str
    diff: str
    """The diff picture of its case, in `folder`."""


def folder(suite: str) -> Path:
    """Where the diff pictures of `suite` lie: under the home, for they are no part of the repository."""
    return settings().home / "qa" / "diffs" / suite


def found(suite: str) -> tuple[Path, ...]:
    """The diff pictures that the last run of `suite` drew, by name; none where nothing differed."""
    return tuple(sorted(folder(suite).glob("*.png")))


def sides(suite: str) -> Path:
    """Where both sides of each frame that differs lie."""
    return folder(suite) / "sides"


def pairs(suite: str) -> tuple[Pair, ...]:
    """The frames that differed when `suite` last ran."""
    paths = sorted(sides(suite).glob("*.json"))
    return tuple(codec.load(Pair, json.loads(path.read_text("utf-8"))) for path in paths)


def leave(suite: str, pair: Pair, before: Pixels, after: Pixels) -> None:
    """Keep both sides of a frame that differs, (height, width, 3) each, beside its diff picture."""
    place = sides(suite)
    place.mkdir(parents=True, exist_ok=True)
    for name, pixels in ((pair.before, before), (pair.after, after)):
        Image.fromarray(pixels).save(place / name)
    told = json.dumps(codec.dump(pair), ensure_ascii=False)
    (place / pair.before).with_suffix(".json").write_text(told, "utf-8")


def clear(suite: str) -> None:
    """Remove what an earlier run left."""
    for path in (*found(suite), *sides(suite).glob("*")):
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
