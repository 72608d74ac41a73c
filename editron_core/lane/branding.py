"""Brand kits that people make: what they upload for them, and a kit as a render takes it.

A kit in the store names its pictures and fonts by what they hold (`blob:` and their SHA-256), never by a
place on a disk. So a version means the same pixels for ever, wherever the store lies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import get_args

from editron_core.domain.brand import BrandKit
from editron_core.domain.review import BrandAsset, BrandVersion
from editron_core.edit import brand, fonts
from editron_core.edit.blueprint import CaptionPreset
from editron_core.errors import DefinitionError, NotFound, TooLarge, UsageError
from editron_core.lane.order import Order
from editron_core.render.preview import preview, slate
from editron_core.store import Store
from editron_core.store.retention import BLOB

FONT = "font"
MAGIC = {b"\x89PNG\r\n\x1a\n": ".png", b"\x00\x01\x00\x00": ".ttf", b"true": ".ttf", b"OTTO": ".otf"}
"""What files begin with that a kit can use, whatever they are called."""
LIMITS = {"logo": brand.MAX_PNG_BYTES, "watermark": brand.MAX_PNG_BYTES, "font": 10_000_000}
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

    Raises UsageError for an unknown kind, TooLarge, DefinitionError for what is no whole PNG or font, and
    NotFound where its project is not there.
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
    suffix = next((one for begin, one in MAGIC.items() if content.startswith(begin)), "")
    wanted = (".ttf", ".otf") if sent.kind == FONT else (".png",)
    if suffix not in wanted:
        remedy = "send a TrueType or OpenType file" if sent.kind == FONT else "export it as PNG"
        raise DefinitionError(f"holds no {wanted[0][1:].upper()}", subject=sent.name, remedy=remedy)
    with store.blobs.scratch("asset") as folder:
        path = folder / f"asset{suffix}"
        path.write_bytes(content)
        brand.check_font(path, sent.name) if sent.kind == FONT else brand.check_picture(path, sent.name)
        sha256 = store.blobs.put(path, move=True)
    return store.brands.add_asset(BrandAsset(sha256, sent.name, sent.kind, len(content), sent.project_id))


def save(store: Store, kit: BrandKit, author: str, project_id: str | None = None) -> BrandVersion:
    """Keep a kit as the next version of its name.

    Raises UsageError or DefinitionError for one that could not be drawn, and NotFound for its project.
    """
    check(store, kit)
    return store.brands.save(kit, author, project_id)


def check(store: Store, kit: BrandKit) -> BrandKit:
    """`kit` with its files in their places. Raises UsageError or DefinitionError for one that could not be
    drawn: a file that nobody uploaded, or a font family that neither ships nor was uploaded."""
    for place in _files(kit):
        if not place.startswith(BLOB):
            raise UsageError("is no uploaded file", subject=place[:80], remedy="upload it first")
        store.brands.asset(place.removeprefix(BLOB))
    placed_kit = placed(store, kit)
    for family in (kit.caption_font, kit.title_font):
        fonts.pick(placed_kit, family, 400)
    return placed_kit


def placed(store: Store, kit: BrandKit) -> BrandKit:
    """`kit` with the paths of its files in place of what they hold. Raises NotFound where one is gone."""

    def path(place: str) -> str:
        if not place.startswith(BLOB):
            return place
        plain = store.blobs.path(place.removeprefix(BLOB))
        return str(store.blobs.path(plain.name, suffix_of(plain)))

    mark = kit.watermark
    return replace(
        kit,
        logo=path(kit.logo) if kit.logo else None,
        fonts=tuple(path(font) for font in kit.fonts),
        watermark=replace(mark, image=path(mark.image)) if mark and mark.image else mark,
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
        begin = stream.read(8)
    return next((one for magic, one in MAGIC.items() if begin.startswith(magic)), "")


def asset_path(store: Store, sha256: str) -> tuple[BrandAsset, Path]:
    """An uploaded file and where it lies. Raises NotFound for whatever else the blob store holds."""
    asset = store.brands.asset(sha256)
    if not store.blobs.size(sha256):
        raise NotFound("is not in the blob store any more", subject=asset.name, remedy="upload it again")
    return asset, store.blobs.path(sha256)


def _files(kit: BrandKit) -> list[str]:
    mark = kit.watermark.image if kit.watermark else None
    return [place for place in (kit.logo, mark, *kit.fonts) if place]
