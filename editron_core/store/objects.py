"""The door to S3-compatible object stores: whole objects in, whole objects or ranges out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from editron_core import secrets
from editron_core.config import ObjectPlace
from editron_core.errors import NotFound, SecretError, StoreError, UsageError

if TYPE_CHECKING:
    from obstore.store import S3Store

RANGE = 32 << 20
"""Bytes per request of a download: each has its own time limit and is tried again by itself."""
TIMEOUT_S = 300
RETRIES = 5
RETRY_S = 30
SOURCES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@dataclass(frozen=True, slots=True)
class Object:
    """What the object store tells of an object."""

    key: str
    size: int
    """Bytes."""
    touched: float
    """When it was written, in seconds since 1970."""


class Objects:
    """The objects below one prefix of one bucket. Raises StoreError where the server refuses."""

    def __init__(self, place: ObjectPlace) -> None:
        self.place = place
        self._store = _opened(place)

    def put(self, key: str, path: Path) -> None:
        """Write a file as an object: it appears whole or not at all, in parts where it is large."""
        import obstore

        with self._translated(key):
            obstore.put(self._store, key, path)

    def put_bytes(self, key: str, content: bytes) -> None:
        """Write an object at once."""
        import obstore

        with self._translated(key):
            obstore.put(self._store, key, content)

    def head(self, key: str) -> Object | None:
        """What is known of an object; null where there is none."""
        import obstore

        try:
            with self._translated(key):
                found = obstore.head(self._store, key)
        except NotFound:
            return None
        return Object(key, found["size"], found["last_modified"].timestamp())

    def read(self, key: str, most: int = 64 << 20) -> bytes:
        """A small object. Raises NotFound, and StoreError where it is larger than `most` bytes."""
        import obstore

        with self._translated(key):
            found = obstore.get(self._store, key)
            if found.meta["size"] > most:
                raise StoreError(f"is larger than {most} bytes", subject=self._label(key))
            return bytes(found.bytes())

    def fetch(self, key: str, target: Path) -> str:
        """Read an object into the new file `target`; returns the SHA-256 of its bytes. Raises NotFound."""
        import obstore

        found = self.head(key)
        if found is None:
            raise NotFound("is not in the blob store", subject=self._label(key))
        digest = hashlib.sha256()
        with target.open("xb") as file:
            for start in range(0, found.size, RANGE):
                with self._translated(key):
                    end = min(found.size, start + RANGE)
                    chunk = obstore.get_range(self._store, key, start=start, end=end)
                digest.update(chunk)
                file.write(chunk)
        return digest.hexdigest()

    def list(self, prefix: str) -> Iterator[Object]:
        """The objects whose keys begin with `prefix/`, by key."""
        import obstore

        found: list[Object] = []
        with self._translated(prefix):
            for page in obstore.list(self._store, prefix):
                found += [Object(o["path"], o["size"], o["last_modified"].timestamp()) for o in page]
        yield from sorted(found, key=lambda one: one.key)

    def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; fine where they are gone already."""
        import obstore

        for key in keys:
            with self._translated(key):
                try:
                    obstore.delete(self._store, key)
                except FileNotFoundError:
                    continue

    def signed(self, method: str, key: str, seconds: int) -> str:
        """A URL by which anybody may GET or PUT this one object for so long."""
        import obstore

        wanted: Any = method
        with self._translated(key):
            return obstore.sign(self._store, wanted, key, timedelta(seconds=seconds))

    def _label(self, key: str) -> str:
        return f"{self.place.url.rstrip('/')}/{key}"

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except FileNotFoundError as error:
            raise NotFound("is not in the blob store", subject=self._label(key)) from error
        except (BaseError, ValueError) as error:
            line = next((one.strip() for one in str(error).splitlines() if one.strip()), "refuses")
            raise StoreError(
                f"the object store refuses: {line[:300]}",
                subject=self._label(key),
                remedy="check EDITRON_BLOBS, EDITRON_S3_ENDPOINT and the credentials",
            ) from error


def _opened(place: ObjectPlace) -> S3Store:
    from obstore.store import S3Store

    where = urlsplit(place.url)
    if where.scheme != "s3" or not where.netloc:
        raise UsageError("is no s3://bucket/prefix", subject=place.url, remedy="correct EDITRON_BLOBS")
    given: dict[str, Any] = {}
    if place.endpoint:
        given["endpoint"] = place.endpoint
    key, secret = (_credential(reference) for reference in (place.access_key, place.secret_key))
    if key and secret:  # otherwise whom the machine itself is known as
        given |= {"access_key_id": key, "secret_access_key": secret}
    return S3Store(
        where.netloc,
        prefix=where.path.strip("/") or None,
        region=place.region,
        client_options={
            "allow_http": place.endpoint.startswith("http://"),
            "timeout": f"{TIMEOUT_S} seconds",
            "connect_timeout": "5 seconds",
        },
        retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_S)},
        **given,
    )


def _credential(reference: str) -> str:
    """What a reference stands for; empty where it is one of the usual variables, and that is not set."""
    try:
        return secrets.resolve(reference, subject="EDITRON_S3_ACCESS_KEY").reveal()
    except SecretError:
        if reference.removeprefix("env:") in SOURCES:
            return ""
        raise
