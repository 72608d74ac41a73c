"""Brand kits that people make: what they upload for them, and a kit as a render takes it.

A kit in the store names its pictures, clips and fonts by what they hold (`blob:` and their SHA-256), never
by a place on a disk. So a version means the same pixels for ever, wherever the store lies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import get_args

from editron_core.domain.brand import BrandKit, Bumper, Slate
from editron_core.domain.review import BrandAsset, BrandVersion
from editron_core.edit import brand, fonts
from editron_core.edit.blueprint import CaptionPreset
from editron_core.errors import DefinitionError, NotFound, TooLarge, UsageError
from editron_core.lane.order import Order
from editron_core.render.preview import preview, slate
from editron_core.store import Store
from editron_core.store.retention import BLOB

MAGIC = {
    ".png": (0, (b"\x89PNG\r\n\x1a\n",)),
    ".ttf": (0, (b"\x00\x01\x00\x00", b"true")),
    ".otf": (0, (b"OTTO",)),
    ".mp4": (4, (b"ftyp",)),
}
"""By what a kit can use: where its mark stands in the file, and what that may be."""
HOLDS = {
    "logo": ((".png",), "export it as PNG"),
    "watermark": ((".png",), "export it as PNG"),
    "font": ((".ttf", ".otf"), "send a TrueType or OpenType file"),
    "bumper": ((".mp4",), "export it as MP4"),
}
"""What each kind of file may be, and what to do about another one."""
LIMITS = {
    "logo": brand.MAX_PNG_BYTES,
    "watermark": brand.MAX_PNG_BYTES,
    "font": 10_000_000,
    "bumper": 60_000_000,
}
"""Most bytes of each kind of file."""
PARTS = ("cut", "intro", "outro")


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that somebody sends for a kit."""

    name: str
    kind: str
    """One of `LIMITS`."""
    project_id: str | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What of a kit is to be seen."""

    part: str = "cut"
    """One of `PARTS`."""
    aspect: str = "16:9"
    preset: str = "bold"
    """The caption preset; another word is none."""


def take(store: Store, sent: Sent, content: bytes) -> BrandAsset:
    """Keep a file for brand kits, once it has shown that it is what it is sent as.

    Raises UsageError for an unknown kind, TooLarge, DefinitionError for what is no whole PNG, font or video,
    and NotFound where its project is not there.
    """
    limit = LIMITS.get(sent.kind)
    if limit is None:
        raise UsageError(
            "is nothing that a kit uses", subject=sent.kind, remedy=f"one of {', '.join(LIMITS)}"
        )
    if len(content) > limit:
        raise TooLarge(
            f"holds more than {limit // 1_000_000} MB", subject=sent.name, remedy="make it smaller"
        )
    suffix = _suffix(content[:16])
    wanted, remedy = HOLDS[sent.kind]
    if suffix not in wanted:
        raise DefinitionError(f"holds no {wanted[0][1:].upper()}", subject=sent.name, remedy=remedy)
    check = {"font": brand.check_font, "bumper": brand.bumper}.get(sent.kind, brand.check_picture)
    with store.blobs.scratch("asset") as folder:
        path = folder / f"asset{suffix}"
        path.write_bytes(content)
        check(path, sent.name)
        sha256 = store.blobs.put(path, move=True)
    return store.brands.add_asset(BrandAsset(sha256, sent.name, sent.kind, len(content), sent.project_id))


def save(store: Store, kit: BrandKit, author: str, project_id: str | None = None) -> BrandVersion:
    """Keep a kit as the next version of its name.

    Raises UsageError or DefinitionError for one that could not be drawn, and NotFound for its project.
    """
    usable = check(store, kit)
    timed = replace(kit, intro=_timed(kit.intro, usable.intro), outro=_timed(kit.outro, usable.outro))
    return store.brands.save(timed, author, project_id)


def check(store: Store, kit: BrandKit) -> BrandKit:
    """`kit` with its files in their places and the lengths of its clips. Raises UsageError or
    DefinitionError for one that could not be drawn: a file that nobody uploaded, or a font family that
    neither ships nor was uploaded."""
    for place in kit.files.values():
        if not place.startswith(BLOB):
            raise UsageError("is no uploaded file", subject=place[:80], remedy="upload it first")
        store.brands.asset(place.removeprefix(BLOB))
    usable = placed(store, kit)
    for family in (kit.caption_font, kit.title_font):
        fonts.pick(usable, family, 400)
    return replace(usable, intro=_measured(usable.intro), outro=_measured(usable.outro))


def _measured(end: Slate | Bumper | None) -> Slate | Bumper | None:
    return brand.bumper(Path(end.clip), "the clip") if isinstance(end, Bumper) else end


def _timed(end: Slate | Bumper | None, usable: Slate | Bumper | None) -> Slate | Bumper | None:
    return replace(end, seconds=usable.seconds) if isinstance(end, Bumper) and usable else end


def placed(store: Store, kit: BrandKit) -> BrandKit:
    """`kit` with the paths of its files in place of what they hold. Raises NotFound where one is gone."""

    def path(place: str) -> str:
        if not place.startswith(BLOB):
            return place
        plain = store.blobs.path(place.removeprefix(BLOB))
        return str(store.blobs.path(plain.name, suffix_of(plain)))

    def end(part: Slate | Bumper | None) -> Slate | Bumper | None:
        return replace(part, clip=path(part.clip)) if isinstance(part, Bumper) else part

    mark = kit.watermark
    return replace(
        kit,
        logo=path(kit.logo) if kit.logo else None,
        fonts=tuple(path(font) for font in kit.fonts),
        watermark=replace(mark, image=path(mark.image)) if mark and mark.image else mark,
        intro=end(kit.intro),
        outro=end(kit.outro),
    )


def inherited(store: Store, order: Order, project_id: str | None) -> Order:
    """`order` with the kit that its project's exports inherit, where it names none itself."""
    if order.brand is not None or order.kit or project_id is None:
        return order
    chosen = store.brands.chosen(project_id)
    return replace(order, kit=chosen.id) if chosen else order


def of_order(store: Store, order: Order) -> BrandKit:
    """The brand kit of an order. Raises NotFound, SourceError or DefinitionError."""
    if order.kit:
        return placed(store, store.brands.get(order.kit))
    return brand.load(order.brand) if order.brand else BrandKit()


def drawn(store: Store, kit: BrandKit, look: Look) -> bytes:
    """A frame of the drawn cut, or a slate of `kit`, as PNG: by the graph that renders exports.

    Raises UsageError or DefinitionError as `check` does, and for a part or aspect that there is not.
    """
    from editron_core.qa.suites import export

    if look.aspect not in export.SHARE:
        raise UsageError("is no aspect", subject=look.aspect, remedy=f"take {', '.join(export.SHARE)}")
    if look.part not in PARTS:
        raise UsageError("is no part of a cut", subject=look.part, remedy=f"take {', '.join(PARTS)}")
    preset = next((one for one in get_args(CaptionPreset) if one == look.preset), None)
    usable = check(store, kit)
    with store.blobs.scratch("brand") as folder:
        made = export.cut(folder, aspects=(look.aspect,))
        plan = export.burned(made, folder / "burned", preset, usable)
        if look.part != "cut":
            return slate(plan, look.aspect, look.part)
        return preview(plan, look.aspect, Fraction(1, 2))


def suffix_of(path: Path) -> str:
    """What a kept file is, by how it begins; empty for what no kit uses."""
    with path.open("rb") as stream:
        return _suffix(stream.read(16))


def _suffix(begin: bytes) -> str:
    return next((one for one, (at, marks) in MAGIC.items() if begin[at:].startswith(marks)), "")


def asset_path(store: Store, sha256: str) -> tuple[BrandAsset, Path]:
    """An uploaded file and where it lies. Raises NotFound for whatever else the blob store holds."""
    asset = store.brands.asset(sha256)
    if not store.blobs.size(sha256):
        raise NotFound("is not in the blob store any more", subject=asset.name, remedy="upload it again")
    return asset, store.blobs.path(sha256)
