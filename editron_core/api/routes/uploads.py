"""Uploads by the tus protocol 1.0.0 (https://tus.io): creation, expiration, termination and checksums.

A connection that breaks costs what was on its way: the client asks how much is here and goes on there. A
whole upload is named `upload:<id>` among the sources of a batch.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import datetime
from email.utils import format_datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from editron_core.api.deps import Caller, Operator, Page, PageDep, SettingsDep, StoreDep, page_of, public
from editron_core.api.problem import Refused
from editron_core.api.shapes import Id, Shape, Shown
from editron_core.api.table import takes
from editron_core.config import Settings
from editron_core.domain.access import Role
from editron_core.domain.intake import TransferStatus, Upload
from editron_core.errors import MediaError
from editron_core.lane import uploads
from editron_core.store import Store

router = APIRouter(prefix="/api/uploads", tags=["uploads"])
VERSION = {"Tus-Resumable": "1.0.0"}
EXTENSIONS = "creation,expiration,termination,checksum"
PIECE = "application/offset+octet-stream"
BUFFER = 1 << 20
ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
MOST_AT_ONCE = 1 << 40
"""Bytes of one request; how large an upload may be is checked when it is created."""
NUMBERED = r"^\d{1,15}$"
TOLD: dict[int | str, dict[str, Any]] = {204: {"description": "Done; `Upload-Offset` says how much is here."}}
GONE: dict[int | str, dict[str, Any]] = {
    404: {"description": "There is no such upload of this caller's."},
    410: {"description": "It has expired."},
    412: {"description": "`Tus-Resumable` is missing, or not 1.0.0."},
}
Resumable = Annotated[str, Header(description="1.0.0: the version of the protocol.")]


class UploadRow(Shape):
    """A file that is sent piece by piece."""

    id: str
    name: Shown
    size_bytes: int
    offset: Annotated[int, Field(description="Bytes that are here.")]
    status: TransferStatus
    owner: str
    sha256: str
    batch_id: str | None
    created_at: datetime | None
    expires_at: datetime | None


async def _version(tus_resumable: Resumable = "") -> None:
    if tus_resumable != VERSION["Tus-Resumable"]:
        raise Refused(412, "needs Tus-Resumable: 1.0.0", {"Tus-Version": VERSION["Tus-Resumable"]})


Versioned = Depends(_version)


@router.options("", status_code=204, dependencies=[Depends(public)])
def tell_protocol(settings: SettingsDep) -> Response:
    """What of the protocol is spoken here."""
    told = {
        "Tus-Version": VERSION["Tus-Resumable"],
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(settings.max_upload_bytes),
        "Tus-Checksum-Algorithm": ",".join(sorted(ALGORITHMS)),
    }
    return Response(status_code=204, headers={**VERSION, **told})


@router.get("")
def list_uploads(store: StoreDep, page: PageDep, who: Operator) -> Page[UploadRow]:
    """The caller's uploads, an admin's view of all; the newest first."""
    owner = None if who.role is Role.ADMIN else who.name
    found = store.uploads.page(owner=owner, after=page.after, limit=page.limit)
    return page_of(found, UploadRow.model_validate)


@router.post("", status_code=201, response_class=Response, dependencies=[Versioned])
def make_upload(
    store: StoreDep,
    settings: SettingsDep,
    who: Operator,
    upload_length: Annotated[str, Header(pattern=NUMBERED, description="Bytes.")],
    upload_metadata: Annotated[
        str, Header(max_length=8192, description="`filename` and its value in base64, and others.")
    ] = "",
) -> Response:
    """Announce a file; its pieces go to the `Location` of the answer."""
    facts = _metadata(upload_metadata)
    name = facts.get("filename") or facts.get("name") or "unnamed"
    wanted = Upload("", name, int(upload_length), who.name, metadata={"sent": facts})
    made = uploads.begin(store, settings, wanted)
    headers = {**VERSION, "Location": f"{router.prefix}/{made.id}", **_expiry(made)}
    return Response(status_code=201, headers=headers)


@router.head("/{upload_id}", response_class=Response, responses=GONE, dependencies=[Versioned])
def tell_offset(store: StoreDep, settings: SettingsDep, upload_id: Id, who: Operator) -> Response:
    """How much of an upload is here."""
    upload = _open(store, settings, upload_id, who)
    told = {"Upload-Offset": str(upload.offset), "Upload-Length": str(upload.size_bytes)}
    return Response(headers={**VERSION, **told, **_expiry(upload), "Cache-Control": "no-store"})


@router.get("/{upload_id}", responses=GONE)
def show_upload(store: StoreDep, upload_id: Id, who: Operator) -> UploadRow:
    """One upload."""
    found = uploads.mine(store, upload_id, who.name, anybodys=who.role is Role.ADMIN)
    return UploadRow.model_validate(found)


@router.patch(
    "/{upload_id}",
    status_code=204,
    response_class=Response,
    responses={**TOLD, **GONE, 460: {"description": "The piece is not what its checksum says."}},
    dependencies=[Versioned, Depends(takes(MOST_AT_ONCE, PIECE))],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {PIECE: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def send_piece(
    request: Request,
    store: StoreDep,
    settings: SettingsDep,
    upload_id: Id,
    who: Operator,
    upload_offset: Annotated[str, Header(pattern=NUMBERED, description="Where the piece begins.")],
) -> Response:
    """Send the next piece. What arrives before a connection breaks counts; of a checked piece, all or none.

    409 for a piece that begins elsewhere than the upload stands, and while another one is on its way.
    """
    upload = await run_in_threadpool(_open, store, settings, upload_id, who)
    if int(upload_offset) != upload.offset:
        raise Refused(409, f"the upload is at {upload.offset}", {"Upload-Offset": str(upload.offset)})
    if upload.status is TransferStatus.RUNNING and upload.offset < upload.size_bytes:
        upload = await _received(request, store, settings, upload)
    told = {"Upload-Offset": str(upload.offset), **_expiry(upload)}
    return Response(status_code=204, headers={**VERSION, **told})


@router.delete(
    "/{upload_id}", status_code=204, response_class=Response, responses=GONE, dependencies=[Versioned]
)
def end_upload(store: StoreDep, settings: SettingsDep, upload_id: Id, who: Operator) -> Response:
    """Forget an upload and all that arrived of it."""
    found = uploads.mine(store, upload_id, who.name, anybodys=who.role is Role.ADMIN)
    uploads.remove(store, settings, found)
    return Response(status_code=204, headers=VERSION)


async def _received(request: Request, store: Store, settings: Settings, upload: Upload) -> Upload:
    """Take in a body, and make footage of it where that was the last one.

    The lease, the disk and the store are waited for outside of the event loop.
    """
    check = _checksum(request.headers.get("upload-checksum"))
    going_on = uploads.receiving(store, settings, upload)
    receiving = await run_in_threadpool(going_on.__enter__)
    try:
        if receiving.upload.offset != upload.offset:
            raise Refused(409, f"the upload is at {receiving.upload.offset}")
        await _poured(request, receiving, check)
        await run_in_threadpool(receiving.save)
    except MediaError as error:
        store.uploads.fail(upload.id, error.message)
        raise Refused(415, str(error), {"Connection": "close"}) from error
    finally:
        await run_in_threadpool(going_on.__exit__, None, None, None)
    return receiving.upload


async def _poured(request: Request, receiving: uploads.Receiving, check: _Checksum | None) -> None:
    buffer = bytearray()
    try:
        async for chunk in request.stream():
            buffer += chunk
            if check is not None:
                check.update(chunk)
            if len(buffer) >= BUFFER:
                await run_in_threadpool(receiving.write, bytes(buffer), kept=check is None)
                buffer.clear()
        await run_in_threadpool(receiving.write, bytes(buffer), kept=check is None)
    except ClientDisconnect:
        if check is None:
            await run_in_threadpool(receiving.write, bytes(buffer))
            await run_in_threadpool(receiving.save)
        else:  # a piece that cannot be checked
            await run_in_threadpool(receiving.drop)
        raise Refused(400, "the client went away before its body was complete") from None
    if check is not None and not check.holds():
        await run_in_threadpool(receiving.drop)
        raise Refused(460, "the piece is not what its checksum says")


class _Checksum:
    """What a piece must come to."""

    def __init__(self, algorithm: str, wanted: bytes) -> None:
        self._digest, self._wanted = ALGORITHMS[algorithm](), wanted
        self.update = self._digest.update

    def holds(self) -> bool:
        """Whether what came is what was meant."""
        return self._digest.digest() == self._wanted


def _checksum(header: str | None) -> _Checksum | None:
    """Raises Refused (400) for an algorithm that nobody offered, or no base64."""
    if header is None:
        return None
    algorithm, _, text = header.partition(" ")
    try:
        wanted = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        wanted = b""
    if algorithm not in ALGORITHMS or not wanted:
        raise Refused(400, f"Upload-Checksum is none of {', '.join(sorted(ALGORITHMS))} and base64")
    return _Checksum(algorithm, wanted)


def _open(store: Store, settings: Settings, upload_id: str, who: Caller) -> Upload:
    """An upload that is going on or done. Raises NotFound, Refused (410); MediaError and StoreError where all
    is here and it cannot be made footage of."""
    found = uploads.mine(store, upload_id, who.name, anybodys=who.role is Role.ADMIN)
    found = uploads.settled(store, settings, found)
    if uploads.expired(found) or found.status is TransferStatus.FAILED:
        why = "has failed: begin anew" if found.status is TransferStatus.FAILED else "has expired"
        raise Refused(410, f"the upload {why}")
    return found


def _metadata(header: str) -> dict[str, str]:
    """Upload-Metadata as texts. Raises Refused (400)."""
    facts: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, value = pair.partition(" ")
        try:
            facts[key] = base64.b64decode(value, validate=True).decode()
        except (ValueError, binascii.Error) as error:
            raise Refused(400, "Upload-Metadata is no list of keys and texts in base64") from error
    return facts


def _expiry(upload: Upload) -> dict[str, str]:
    if upload.expires_at is None:
        return {}
    return {"Upload-Expires": format_datetime(upload.expires_at, usegmt=True)}
