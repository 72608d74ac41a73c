"""Addresses without a key, for a while: to fetch one file, or to send one.

Where blobs lie in an object store, they lead there and the bytes go past this server; else they lead to
routes of ours, which ask for the signature alone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from editron_core.api import streaming, urls
from editron_core.api.deps import Operator, SettingsDep, StoreDep, public
from editron_core.api.problem import Refused
from editron_core.api.routes.media import RANGES, TYPES
from editron_core.api.routes.uploads import BUFFER, UploadRow
from editron_core.api.shapes import Asked, Digest, HexId, Id, Line, Shape
from editron_core.api.streaming import FOREVER, Streamed
from editron_core.api.table import takes
from editron_core.config import Settings
from editron_core.domain.access import Role
from editron_core.domain.intake import TransferStatus, Upload
from editron_core.errors import MediaError, NotFound
from editron_core.lane import uploads
from editron_core.store import Store
from editron_core.store.remote import RemoteBlobs

router = APIRouter(prefix="/api/blobs", tags=["blobs"])
MOST_AT_ONCE = 1 << 40
Seconds = Annotated[int, Field(ge=1, le=urls.LONGEST_S, description="For how long it may be used.")]
Signature = Annotated[str, Query(pattern=r"^[0-9a-f]{64}$")]
Expires = Annotated[str, Query(pattern=r"^\d{1,12}$", description="Seconds since 1970.")]
SIGNED: dict[int | str, dict[str, Any]] = {
    403: {"description": "The address is not signed by this server, or has expired."}
}


class WantedFile(Asked):
    """A file that is to be fetched."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    name: Annotated[Line | None, Field(description="What it is called where it is saved.")] = None
    seconds: Seconds = 3600


class WantedUpload(Asked):
    """A file that is to be sent."""

    name: Line
    size_bytes: Annotated[int, Field(ge=1)]
    project_id: HexId | None = None
    seconds: Seconds = 3600


class Address(Shape):
    """An address that needs no key."""

    url: Annotated[str, Field(description="Relative to this server where it begins with a slash.")]
    method: str
    expires_at: datetime


class UploadAddress(Address):
    """An address that one file is sent to, as the whole body of one request."""

    id: Annotated[str, Field(description="Names the upload: `upload:<id>` among a batch's sources.")]


class _Signing:
    """What makes a request one that we allowed."""

    def __init__(self, signature: Signature, expires: Expires) -> None:
        self.signature, self.expires = signature, expires

    def check(self, settings: Settings, method: str, path: str, **facts: str) -> None:
        """Raises Refused (403)."""
        urls.check(settings, method, path, self.signature, expires=self.expires, **facts)


@router.post("/downloads")
def sign_download(store: StoreDep, settings: SettingsDep, body: WantedFile, who: Operator) -> Address:
    """An address that one file may be fetched from, by whoever has it."""
    if not store.blobs.size(body.sha256):
        raise NotFound("is not in the blob store", subject=body.sha256)
    if isinstance(store.blobs, RemoteBlobs):
        url = store.blobs.signed("GET", body.sha256, body.seconds)
    else:
        name = body.name or body.sha256
        path = f"{router.prefix}/files/{body.sha256}"
        url = urls.signed(settings, "GET", path, body.seconds, name=name)
    return Address(url=url, method="GET", expires_at=_until(body.seconds))


@router.post("/uploads", status_code=201)
def sign_upload(store: StoreDep, settings: SettingsDep, body: WantedUpload, who: Operator) -> UploadAddress:
    """An address that one file may be sent to; where that is an object store, `complete` follows."""
    wanted = Upload("", body.name, body.size_bytes, who.name, project_id=body.project_id)
    made = uploads.begin(store, settings, wanted)
    if isinstance(store.blobs, RemoteBlobs):
        url = store.blobs.signed_upload(made.id, body.seconds)
    else:
        url = urls.signed(settings, "PUT", f"{router.prefix}/uploads/{made.id}", body.seconds)
    return UploadAddress(url=url, method="PUT", expires_at=_until(body.seconds), id=made.id)


@router.post("/uploads/{upload_id}/complete")
def complete_upload(store: StoreDep, settings: SettingsDep, upload_id: Id, who: Operator) -> UploadRow:
    """Make footage of what was sent to an object store; of what was sent to us, say how far it is."""
    found = uploads.mine(store, upload_id, who.name, anybodys=who.role is Role.ADMIN)
    if isinstance(store.blobs, RemoteBlobs):
        return UploadRow.model_validate(uploads.collect(store, settings, found, store.blobs))
    return UploadRow.model_validate(uploads.settled(store, settings, found))


@router.head("/files/{sha256}", include_in_schema=False, dependencies=[Depends(public)])
@router.get(
    "/files/{sha256}",
    response_class=Response,
    responses={**RANGES, **SIGNED},
    dependencies=[Depends(public)],
)
def fetch_file(
    request: Request,
    store: StoreDep,
    settings: SettingsDep,
    sha256: Digest,
    signing: Annotated[_Signing, Depends()],
    name: Annotated[str, Query(max_length=255)] = "",
) -> Response:
    """What a signed address leads to."""
    signing.check(settings, "GET", request.url.path, name=name)
    kind = TYPES.get("." + name.lower().rpartition(".")[2], "application/octet-stream")
    one = Streamed(store.blobs.path(sha256), sha256, kind, name or sha256, attachment=True, cache=FOREVER)
    return streaming.give(request, one)


@router.put(
    "/uploads/{upload_id}",
    status_code=201,
    responses=SIGNED,
    dependencies=[Depends(public), Depends(takes(MOST_AT_ONCE))],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def put_file(
    request: Request,
    store: StoreDep,
    settings: SettingsDep,
    upload_id: Id,
    signing: Annotated[_Signing, Depends()],
) -> UploadRow:
    """Send all of a file to a signed address. A request that breaks is sent again from the start."""
    signing.check(settings, "PUT", request.url.path)
    upload = await run_in_threadpool(store.uploads.get, upload_id)
    if upload.status is not TransferStatus.RUNNING or uploads.expired(upload):
        raise Refused(409, f"the upload is {upload.status}, or has expired")
    if upload.offset < upload.size_bytes:
        await _whole(request, store, settings, upload)
    upload = await run_in_threadpool(store.uploads.get, upload_id)
    if upload.offset < upload.size_bytes:
        raise Refused(400, f"holds {upload.offset} of the {upload.size_bytes} bytes that were said to come")
    return UploadRow.model_validate(await run_in_threadpool(uploads.settled, store, settings, upload))


async def _whole(request: Request, store: Store, settings: Settings, upload: Upload) -> None:
    going_on = uploads.receiving(store, settings, upload)
    receiving = await run_in_threadpool(going_on.__enter__)
    buffer = bytearray()
    try:
        async for chunk in request.stream():
            buffer += chunk
            if len(buffer) >= BUFFER:
                await run_in_threadpool(receiving.write, bytes(buffer), kept=False)
                buffer.clear()
        await run_in_threadpool(receiving.write, bytes(buffer), kept=False)
        if receiving.at == upload.size_bytes:
            await run_in_threadpool(receiving.save)
        else:
            await run_in_threadpool(receiving.drop)
    except ClientDisconnect:
        await run_in_threadpool(receiving.drop)
        raise Refused(400, "the client went away before its body was complete") from None
    except MediaError as error:
        store.uploads.fail(upload.id, error.message)
        raise Refused(415, str(error), {"Connection": "close"}) from error
    finally:
        await run_in_threadpool(going_on.__exit__, None, None, None)


def _until(seconds: int) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)
