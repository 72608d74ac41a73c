"""Brand kits: their versions, what is uploaded for them, how they look, and which a project inherits."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field, StringConstraints
from starlette.concurrency import run_in_threadpool

from editron_core.api import streaming
from editron_core.api.deps import Operator, Page, PageDep, StoreDep, Viewer, page_of
from editron_core.api.shapes import Asked, Digest, HexId, Id, Line, Shape, Shown
from editron_core.api.streaming import FOREVER, Streamed
from editron_core.api.table import takes
from editron_core.domain import brand as domain
from editron_core.domain.brand import BrandKit, Bumper, Colours, Slate, Watermark
from editron_core.lane import branding
from editron_core.lane.branding import Look, Sent

router = APIRouter(prefix="/api/brands", tags=["brands"])
MOST = max(branding.LIMITS.values())
WAIT_S = 25.0
TYPES = {".png": "image/png", ".ttf": "font/ttf", ".otf": "font/otf", ".mp4": "video/mp4"}
PICTURE: dict[int | str, dict[str, Any]] = {200: {"description": "The frame.", "content": {"image/png": {}}}}
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Words = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$"),
]
Few = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Asset = Annotated[
    str, Field(pattern=r"^blob:[0-9a-f]{64}$", description="An uploaded file: `blob:<sha256>`.")
]
Kind = Annotated[
    Literal["logo", "watermark", "font", "bumper"],
    Query(description="What it is for; a bumper is a clip before or after the cut."),
]
PLAIN = Colours()


class ColoursOfKit(Asked):
    """Colours as `#rrggbb`."""

    primary: Colour = PLAIN.primary
    text: Colour = PLAIN.text
    outline: Colour = PLAIN.outline
    background: Colour = PLAIN.background


class WatermarkOfKit(Asked):
    """A picture or a text laid over the whole deliverable; of both the picture counts."""

    image: Asset | None = None
    text: Words | None = None
    place: domain.Place = "top-right"
    opacity: Annotated[float, Field(ge=0, le=1)] = 0.6
    width: Annotated[float, Field(gt=0, le=0.5, description="Share of the frame's width.")] = 0.14


class SlateOfKit(Asked):
    """A full-frame card before or after the cut."""

    title: Words
    subtitle: Few = ""
    seconds: Annotated[float, Field(ge=0.5, le=10)] = 1.5


class BumperOfKit(Asked):
    """A clip with its sound before or after the cut, 0.5 to 30 seconds long."""

    clip: Asset


class KitFields(Asked):
    """Everything of a brand that goes into pixels."""

    name: Line
    colours: ColoursOfKit = ColoursOfKit()
    caption_font: Words = "Roboto"
    title_font: Words = "Roboto"
    fonts: Annotated[tuple[Asset, ...], Field(max_length=20)] = ()
    logo: Asset | None = None
    watermark: WatermarkOfKit | None = None
    intro: SlateOfKit | BumperOfKit | None = None
    outro: SlateOfKit | BumperOfKit | None = None

    def kit(self) -> BrandKit:
        """The kit as the domain knows it."""
        mark = self.watermark
        if mark is not None and mark.image is None and mark.text is None:
            mark = None  # it would show nothing
        return BrandKit(
            name=self.name,
            colours=Colours(**self.colours.model_dump()),
            caption_font=self.caption_font,
            title_font=self.title_font,
            fonts=self.fonts,
            logo=self.logo,
            watermark=Watermark(**mark.model_dump()) if mark else None,
            intro=_end(self.intro),
            outro=_end(self.outro),
        )


def _end(asked: SlateOfKit | BumperOfKit | None) -> Slate | Bumper | None:
    if isinstance(asked, BumperOfKit):
        return Bumper(asked.clip)
    return Slate(**asked.model_dump()) if asked else None


class NewVersion(KitFields):
    """A kit that is kept as the next version of its name."""

    project_id: Annotated[HexId | None, Field(description="Whose alone it is; null for everybody's.")] = None


class WantedLook(KitFields):
    """A kit that is to be seen before it is kept."""

    part: Literal["cut", "intro", "outro"] = "cut"
    aspect: Literal["16:9", "9:16", "1:1", "4:5"] = "16:9"
    preset: Annotated[str, Field(max_length=20, description="Caption preset, or `off`.")] = "bold"


class Choice(Asked):
    """The version that exports of a project inherit."""

    brand_id: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Version(Shape):
    """One version of a brand kit."""

    id: str
    name: Shown
    version: int
    project_id: str | None
    author: Shown
    chosen: Annotated[bool, Field(description="Whether exports of a project inherit it now.")]
    created_at: datetime | None


class Kept(Shape):
    """A file that was uploaded for brand kits."""

    sha256: str
    name: Shown
    kind: str
    size_bytes: int
    project_id: str | None
    created_at: datetime | None


@router.get("")
def list_brands(
    store: StoreDep, page: PageDep, who: Viewer, name: Annotated[str | None, Query(max_length=200)] = None
) -> Page[Version]:
    """The versions of all kits, or of one name, the newest first."""
    found = store.brands.page(name=name, after=page.after, limit=page.limit)
    return page_of(found, Version.model_validate)


@router.post("", status_code=201)
def save_brand(store: StoreDep, body: NewVersion, who: Operator) -> Version:
    """Keep a kit as the next version of its name; what is the same as the newest one is that one."""
    return Version.model_validate(branding.save(store, body.kit(), who.name, body.project_id))


@router.post("/preview", response_class=Response, responses=PICTURE)
def preview_brand(store: StoreDep, body: WantedLook, who: Viewer) -> Response:
    """A frame with a kit that need not be kept, drawn by the graph that renders exports, as PNG."""
    look = Look(body.part, body.aspect, body.preset)
    # Drawing costs a processor for a second or two: one at a time for each caller.
    with store.leases.hold(f"brand-preview:{who.name}", wait_s=WAIT_S):
        picture = branding.drawn(store, body.kit(), look)
    return Response(picture, media_type="image/png", headers={"Cache-Control": "no-store"})


@router.get("/assets")
def list_assets(store: StoreDep, page: PageDep, who: Viewer) -> Page[Kept]:
    """What was uploaded for kits, the newest first."""
    return page_of(store.brands.assets(after=page.after, limit=page.limit), Kept.model_validate)


@router.post(
    "/assets",
    status_code=201,
    dependencies=[Depends(takes(MOST))],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def add_asset(
    request: Request,
    store: StoreDep,
    who: Operator,
    kind: Kind,
    name: Annotated[Line, Query(description="What it is called.")],
) -> Kept:
    """Upload a PNG, a font or an MP4, as the whole body; what it holds says what it is, not its name."""
    content = await request.body()  # the gate lets no more through than the largest kind
    made = await run_in_threadpool(branding.take, store, Sent(name, kind), content)
    return Kept.model_validate(made)


@router.get("/assets/{sha256}", response_class=Response)
def show_asset(request: Request, store: StoreDep, sha256: Digest, who: Viewer) -> Response:
    """An uploaded file."""
    asset, path = branding.asset_path(store, sha256)
    kind = TYPES.get(branding.suffix_of(path), "application/octet-stream")
    return streaming.give(request, Streamed(path, sha256, kind, asset.name, cache=FOREVER))


@router.delete("/assets/{sha256}", status_code=204)
def drop_asset(store: StoreDep, sha256: Digest, who: Operator) -> Response:
    """Forget an uploaded file that no version uses."""
    store.brands.drop_asset(sha256)
    return Response(status_code=204)


@router.put("/projects/{project_id}")
def choose_brand(store: StoreDep, project_id: Id, body: Choice, who: Operator) -> Version:
    """Let a project's exports inherit a version from now on; cuts that there are keep theirs."""
    store.brands.choose(project_id, body.brand_id, who.name)
    return Version.model_validate(store.brands.version(body.brand_id))


@router.get("/{brand_id}")
def show_brand(store: StoreDep, brand_id: Digest, who: Viewer) -> BrandKit:
    """A kit with all that goes into pixels."""
    return store.brands.get(brand_id)
