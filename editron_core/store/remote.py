"""Blobs in an S3-compatible object store, with copies at hand in a local one that is a cache.

    files/ab/<sha256>                    one file
    folders/ab/<key>/<name>              a file of a folder
    folders/ab/<key>/.manifest.json      makes the folder one: written last, removed first

An object appears whole or not at all, so that files need no more; a folder is written aside as its files and
committed by its manifest. What a folder without one holds is work in progress, or what a crash left.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from editron_core.config import ObjectPlace
from editron_core.errors import NotFound, StoreError
from editron_core.store.blobs import HASH, MANIFEST, Blobs, Kept, Sealed
from editron_core.store.objects import Object, Objects


def open_blobs(place: Path | ObjectPlace) -> Blobs:
    """The blob store at a place."""
    return RemoteBlobs(place) if isinstance(place, ObjectPlace) else Blobs(place)


def is_there(place: Path | ObjectPlace) -> bool:
    """Whether anything was ever put at a place; an object store is taken to be there."""
    return isinstance(place, ObjectPlace) or place.exists()


class RemoteBlobs(Blobs):
    """As `Blobs`, for every machine that knows the bucket; `root` is the cache of this one."""

    def __init__(self, place: ObjectPlace) -> None:
        super().__init__(place.cache)
        self.objects = Objects(place)

    def put(self, path: Path, *, sha256: str | None = None, move: bool = False) -> str:
        """As `Blobs.put`: it is in the object store when this returns."""
        digest = super().put(path, sha256=sha256, move=move)
        self._send(_file(digest), super().path(digest))
        return digest

    def path(self, sha256: str, suffix: str = "") -> Path:
        """As `Blobs.path`, fetched first where it is not at hand."""
        try:
            plain = super().path(sha256)
        except NotFound:
            with self.scratch("fetch") as folder:
                digest = self.objects.fetch(_file(sha256), folder / "file")
                if digest != sha256:
                    raise StoreError("holds other bytes than its hash says", subject=sha256) from None
                super().put(folder / "file", sha256=sha256, move=True)
        else:
            _touch(plain)
        return super().path(sha256, suffix)

    def seal(self, folder: Path) -> Sealed:
        """As `Blobs.seal`; the files are in the object store then, but are no folder yet."""
        sealed = super().seal(folder)
        if self.objects.head(_manifest(sealed.key)) is None:
            for name in _listed((folder / MANIFEST).read_bytes()):
                self._send(f"{_folder(sealed.key)}/{name}", folder / name)
        return sealed

    def place(self, sealed: Sealed) -> Path:
        """As `Blobs.place`: the manifest, one small object, makes it a folder for everybody."""
        if self.objects.head(_manifest(sealed.key)) is None:
            self.objects.put_bytes(_manifest(sealed.key), (sealed.folder / MANIFEST).read_bytes())
        return super().place(sealed)

    def folder(self, key: str) -> Path:
        """As `Blobs.folder`, fetched first where it is not at hand, or not whole."""
        if super().broken(key) is None:
            place = super().folder(key)
            _touch(place)
            return place
        text = self._manifest_of(key)
        with self.scratch("fetch") as aside:
            inner = aside / "folder"
            inner.mkdir()
            for name, facts in _listed(text).items():
                target = inner / name
                target.parent.mkdir(parents=True, exist_ok=True)
                if self.objects.fetch(f"{_folder(key)}/{name}", target) != facts["sha256"]:
                    raise StoreError(f"{name} was changed in the object store", subject=key)
            (inner / MANIFEST).write_bytes(text)
            return super().place(Sealed(inner, key))

    def broken(self, key: str, *, deep: bool = False) -> str | None:
        """As `Blobs.broken`: null where it is whole here or in the object store."""
        if super().broken(key, deep=deep) is None:
            return None
        try:
            wanted = _listed(self._manifest_of(key))
        except NotFound:
            return f"{key} is neither here nor in the object store"
        sizes = {one.key.removeprefix(f"{_folder(key)}/"): one.size for one in self._objects_of(key)}
        for name, facts in wanted.items():
            if sizes.get(name) != facts["size"]:
                return f"{name} of {key} is missing or cut short"
        if deep:
            self.folder(key)
        return None

    def size(self, sha256: str) -> int:
        """As `Blobs.size`, by asking the object store."""
        found = self.objects.head(_file(sha256))
        return found.size if found else 0

    def contents(self, key: str) -> dict[str, int]:
        """As `Blobs.contents`, without fetching the files."""
        try:
            return super().contents(key)
        except NotFound:
            return {name: int(facts["size"]) for name, facts in _listed(self._manifest_of(key)).items()}

    def files(self) -> Iterator[tuple[str, Kept]]:
        """Every file in the object store by its hash."""
        for one in self.objects.list("files"):
            name = one.key.rpartition("/")[2]
            if HASH.fullmatch(name):
                yield name, Kept(one.size, one.touched)

    def folders(self) -> Iterator[tuple[str, Kept]]:
        """Every folder in the object store by its key."""
        for key, objects in self._by_folder().items():
            committed = [one for one in objects if one.key == _manifest(key)]
            if committed:
                yield key, Kept(sum(one.size for one in objects), committed[0].touched)

    def find(self, kind: str, key: str) -> Kept | None:
        """As `Blobs.find`, in the object store."""
        if kind == "files":
            one = self.objects.head(_file(key))
            return Kept(one.size, one.touched) if one else None
        committed = self.objects.head(_manifest(key))
        return Kept(sum(o.size for o in self._objects_of(key)), committed.touched) if committed else None

    def halves(self, older_than_s: float) -> Iterator[tuple[str, Kept]]:
        """Folders in the object store that nobody completed for so many seconds."""
        limit = time.time() - older_than_s
        for key, objects in self._by_folder().items():
            newest = max(one.touched for one in objects)
            if newest < limit and not any(one.key == _manifest(key) for one in objects):
                yield key, Kept(sum(one.size for one in objects), newest)

    def drop_file(self, sha256: str) -> None:
        """As `Blobs.drop_file`, in the object store and here."""
        self.objects.delete([_file(sha256)])
        super().drop_file(sha256)

    def drop_folder(self, key: str) -> None:
        """As `Blobs.drop_folder`, in the object store and here; it is no folder any more from the first."""
        self.objects.delete([_manifest(key)])
        self.objects.delete([one.key for one in self._objects_of(key)])
        super().drop_folder(key)

    def signed(self, method: str, sha256: str, seconds: int) -> str:
        """A URL by which anybody may GET a file for so long."""
        return self.objects.signed(method, _file(sha256), seconds)

    def signed_upload(self, upload_id: str, seconds: int) -> str:
        """A URL by which anybody may PUT an upload's bytes for so long."""
        return self.objects.signed("PUT", f"uploads/{upload_id}", seconds)

    def sent(self, upload_id: str) -> int | None:
        """How many bytes of an upload were PUT; null where none were."""
        found = self.objects.head(f"uploads/{upload_id}")
        return found.size if found else None

    def fetch_sent(self, upload_id: str, target: Path) -> None:
        """Read what was PUT for an upload into the new file `target`."""
        self.objects.fetch(f"uploads/{upload_id}", target)

    def drop_sent(self, upload_id: str) -> None:
        """Remove what was PUT for an upload; fine where it is gone."""
        self.objects.delete([f"uploads/{upload_id}"])

    def evict(self, most: int, unused_s: float) -> int:
        """Remove copies at hand, the longest unused first, until they hold `most` bytes; returns what went.

        What was asked for within `unused_s` seconds stays: a stage may be reading it.
        """
        here: list[tuple[float, int, Callable[[str], None], str]] = []
        for key, kept in super().files():
            here.append((kept.touched, kept.size, super().drop_file, key))
        for key, kept in super().folders():
            here.append((kept.touched, kept.size, super().drop_folder, key))
        left, gone, limit = sum(one[1] for one in here), 0, time.time() - unused_s
        for touched, size, drop, key in sorted(here, key=lambda one: one[0]):
            if left <= most or touched >= limit:
                break
            drop(key)
            left, gone = left - size, gone + size
        return gone

    def _send(self, key: str, path: Path) -> None:
        there = self.objects.head(key)
        if there is None or there.size != path.stat().st_size:
            self.objects.put(key, path)

    def _manifest_of(self, key: str) -> bytes:
        text = self.objects.read(_manifest(key))
        if hashlib.sha256(text).hexdigest() != key:
            raise StoreError("its manifest was changed in the object store", subject=key)
        return text

    def _objects_of(self, key: str) -> list[Object]:
        return list(self.objects.list(_folder(key)))

    def _by_folder(self) -> dict[str, list[Object]]:
        found: dict[str, list[Object]] = {}
        for one in self.objects.list("folders"):
            parts = one.key.split("/")
            if len(parts) > 3 and HASH.fullmatch(parts[2]):
                found.setdefault(parts[2], []).append(one)
        return found


def _file(sha256: str) -> str:
    if not HASH.fullmatch(sha256):
        raise NotFound("is no content hash", subject=sha256)
    return f"files/{sha256[:2]}/{sha256}"


def _folder(key: str) -> str:
    if not HASH.fullmatch(key):
        raise NotFound("is no content hash", subject=key)
    return f"folders/{key[:2]}/{key}"


def _manifest(key: str) -> str:
    return f"{_folder(key)}/{MANIFEST}"


def _listed(text: bytes) -> dict[str, dict[str, Any]]:
    files: dict[str, dict[str, Any]] = json.loads(text)["files"]
    for name in files:
        if name.startswith("/") or ".." in name.split("/"):
            raise StoreError("its manifest names a place outside of it", subject=name)
    return files


def _touch(path: Path) -> None:
    """Remember that it was asked for."""
    try:
        os.utime(path)
    except OSError:  # a cache that may only be read, or gone meanwhile: whoever opens it says so
        return
