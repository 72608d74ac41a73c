"""Bytes under the hash of what they hold: single files, and folders that stages leave.

    <root>/files/ab/<sha256>      one file; `.mp4` and the like are hard links for tools that want a suffix
    <root>/folders/ab/<key>/      a folder and its `.manifest.json`; the key is the manifest's hash
    <root>/tmp/                   work in progress, on the same disk so that renaming is atomic

Whatever lies under its hash is whole: it was written aside, flushed to the disk, and renamed. Two
writers of the same content converge on one copy.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from editron_core.domain import codec
from editron_core.errors import CheckFailed, NotFound, StoreError
from editron_core.store.leases import Holder

MANIFEST = ".manifest.json"
CHUNK = 1 << 20
SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
HASH = re.compile(r"[0-9a-f]{64}")
ASIDE = re.compile(r"[a-z]+-([0-9a-f]{8}\.\d+\.\d+)-[0-9a-f]{32}")
"""Work in progress: what for, and whose."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A folder that is hashed and safely on the disk, but not yet in its place."""

    folder: Path
    key: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a file or folder in a blob store."""

    size: int
    """Bytes, of a folder those of all its files."""
    touched: float
    """When it came into its place, in seconds since 1970."""


class Blobs:
    """The blob store under one root. Raises StoreError where the disk refuses."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.tmp = self.root / "tmp"
        for folder in (self.root / "files", self.root / "folders", self.tmp):
            folder.mkdir(parents=True, exist_ok=True)

    def put(self, path: Path, *, sha256: str | None = None, move: bool = False) -> str:
        """Take in the file at `path`; returns its SHA-256.

        `move` takes the file itself where it lies on the same disk, else it is copied. A caller that
        hashed the bytes while writing them passes `sha256` and saves the second reading.
        """
        with _translated(path):
            aside = path if move and path.stat().st_dev == self.tmp.stat().st_dev else None
            if aside is None:
                aside = self._aside("put")
                digest = _copied(path, aside)
                if sha256 not in (None, digest):
                    aside.unlink()
                    raise StoreError(f"has changed: its hash is no longer {sha256}", subject=str(path))
            else:
                digest = sha256 or hash_file(aside)
                _flush(aside)
            aside.chmod(0o444)
            os.utime(aside)  # when it came to us: what nobody refers to yet is not removed at once
            target = self._place("files", digest)
            aside.replace(target)
            _flush(target.parent)
            if move:
                path.unlink(missing_ok=True)
        return digest

    def path(self, sha256: str, suffix: str = "") -> Path:
        """Where the file with this hash lies, under a name that ends in `suffix` (such as `.mp4`).

        A suffix that is not a dot and up to eight letters or digits is left away. Raises NotFound.
        """
        plain = self._place("files", sha256)
        if not plain.is_file():
            raise NotFound("is not in the blob store", subject=sha256)
        suffix = suffix.lower()
        if not SUFFIX.fullmatch(suffix):
            return plain
        named = plain.with_name(sha256 + suffix)
        if not named.exists():
            with _translated(named):
                _linked(plain, named)
        return named

    def adopt(self, folder: Path) -> str:
        """Take in a folder as it is (it is moved); returns the key to find it by."""
        sealed = self.seal(folder)
        self.place(sealed)
        return sealed.key

    def seal(self, folder: Path) -> Sealed:
        """Hash every file of `folder`, write its manifest, flush all to the disk: the slow half of `adopt`.

        Raises CheckFailed for an empty folder and for anything in it that is not a plain file.
        """
        with _translated(folder):
            (folder / MANIFEST).unlink(missing_ok=True)
            files: dict[str, dict[str, object]] = {}
            for path in _plain_files(folder):
                name = path.relative_to(folder).as_posix()
                files[name] = {"sha256": hash_file(path), "size": path.stat().st_size}
                _flush(path)
            if not files:
                raise CheckFailed("holds no file", subject=str(folder))
            manifest = codec.canonical({"files": files})
            (folder / MANIFEST).write_bytes(manifest)
            _flush(folder / MANIFEST)
            for inner in sorted({(folder / name).parent for name in files}):
                _flush(inner)
        return Sealed(folder, hashlib.sha256(manifest).hexdigest())

    def place(self, sealed: Sealed) -> Path:
        """Rename a sealed folder to its place; where a whole one lies there, ours goes. Quick."""
        target = self._place("folders", sealed.key)
        with _translated(sealed.folder):
            try:
                sealed.folder.rename(target)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                if self.broken(sealed.key):
                    target.rename(self._aside("broken"))
                    sealed.folder.rename(target)
                else:
                    shutil.rmtree(sealed.folder)
            os.utime(target)
            _flush(target.parent)
        return target

    def folder(self, key: str) -> Path:
        """Where the folder with this key lies. Raises NotFound."""
        place = self._place("folders", key)
        if not place.is_dir():
            raise NotFound("is not in the blob store", subject=key)
        return place

    def hash_of(self, key: str, name: str) -> str:
        """The SHA-256 of one file of a folder, as its manifest says. Raises NotFound."""
        facts = json.loads((self.folder(key) / MANIFEST).read_bytes())["files"].get(name)
        if facts is None:
            raise NotFound(f"holds no {name}", subject=key)
        return str(facts["sha256"])

    def broken(self, key: str, *, deep: bool = False) -> str | None:
        """What is wrong with the folder of this key, in one line; null where nothing is.

        Looks at which files are there and how large they are; `deep` reads and hashes them too.
        """
        place = self._place("folders", key)
        manifest = place / MANIFEST
        if not manifest.is_file():
            return f"{key} is missing or has no manifest"
        text = manifest.read_bytes()
        if hashlib.sha256(text).hexdigest() != key:
            return f"the manifest of {key} was changed"
        for name, facts in json.loads(text)["files"].items():
            path = place / name
            if not path.is_file() or path.stat().st_size != facts["size"]:
                return f"{name} of {key} is missing or cut short"
            if deep and hash_file(path) != facts["sha256"]:
                return f"{name} of {key} was changed"
        return None

    @contextmanager
    def scratch(self, label: str) -> Iterator[Path]:
        """A fresh folder for work in progress; gone when the block ends, whatever happens in it."""
        folder = self._aside(label)
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def sweep(self, older_than_s: float) -> int:
        """Remove work in progress that nobody touched for so many seconds; returns how many entries."""
        limit = time.time() - older_than_s
        gone = 0
        for entry in sorted(self.tmp.iterdir()):
            if last_touched(entry) < limit:
                remove(entry)
                gone += 1
        return gone

    def abandoned(self, older_than_s: float) -> list[Path]:
        """Work in progress whose process is dead, or that nobody touched for so many seconds.

        Folders of stages are the ledger's to judge, and left out.
        """
        limit = time.time() - older_than_s
        found = []
        for entry in sorted(self.tmp.iterdir()):
            tag = ASIDE.fullmatch(entry.name)
            holder = Holder.tagged(tag[1]) if tag else None
            if tag and ((holder and holder.dead) or last_touched(entry) < limit):
                found.append(entry)
        return found

    def size(self, sha256: str) -> int:
        """Bytes of a file; 0 where it is not in the blob store."""
        try:
            return self._place("files", sha256).stat().st_size
        except (FileNotFoundError, NotFound):
            return 0

    def contents(self, key: str) -> dict[str, int]:
        """The names of a folder's files, and their bytes. Raises NotFound."""
        place = self._place("folders", key)
        if not place.is_dir():
            raise NotFound("is not in the blob store", subject=key)
        found = {path.relative_to(place).as_posix(): path.stat().st_size for path in _plain_files(place)}
        found.pop(MANIFEST, None)
        return found

    def files(self) -> Iterator[tuple[str, Kept]]:
        """Every file by its hash."""
        for path in self._shelved("files"):
            if path.is_file():
                facts = path.stat()
                yield path.name, Kept(facts.st_size, facts.st_mtime)

    def folders(self) -> Iterator[tuple[str, Kept]]:
        """Every folder by its key."""
        for path in self._shelved("folders"):
            if path.is_dir():
                yield path.name, Kept(weight(path), path.stat().st_mtime)

    def find(self, kind: str, key: str) -> Kept | None:
        """What is known of one of the `files` or `folders`; null where it is not there."""
        path = self._place(kind, key)
        try:
            return Kept(weight(path), path.stat().st_mtime)
        except FileNotFoundError:
            return None

    def halves(self, older_than_s: float) -> Iterator[tuple[str, Kept]]:
        """Folders that were begun in their place and not completed; here a rename puts whole ones there."""
        return iter(())

    def drop_file(self, sha256: str) -> None:
        """Remove a file under all its names; fine where it is gone already."""
        plain = self._place("files", sha256)
        # The plain name last: while it is there, the file is known and is removed by the next one to try.
        for named in sorted(plain.parent.glob(f"{sha256}.*")):
            remove(named)
        remove(plain)

    def drop_folder(self, key: str) -> None:
        """Remove a folder; fine where it is gone already. Half a folder is never left in its place."""
        place = self._place("folders", key)
        if place.is_dir():
            aside = self._aside("dropped")
            place.rename(aside)
            remove(aside)

    def without(self, key: str, name: str) -> str:
        """Take in the folder of this key once more without one of its files; returns the new key.

        The bytes of the others are shared where the disk can.
        """
        place = self.folder(key)
        with self.scratch("repack") as folder:
            for path in _plain_files(place):
                inner = path.relative_to(place)
                if inner.as_posix() in (name, MANIFEST):
                    continue
                (folder / inner).parent.mkdir(parents=True, exist_ok=True)
                _linked(path, folder / inner)
            return self.adopt(folder)

    def _shelved(self, kind: str) -> Iterator[Path]:
        for path in sorted((self.root / kind).glob("??/*")):
            if HASH.fullmatch(path.name):
                yield path

    def _aside(self, label: str) -> Path:
        """A new name for work in progress, which tells whose it is."""
        return self.tmp / f"{label}-{Holder.me().tag}-{uuid.uuid4().hex}"

    def _place(self, kind: str, key: str) -> Path:
        if not HASH.fullmatch(key):
            raise NotFound("is no content hash", subject=key)
        shelf = self.root / kind / key[:2]
        if not shelf.is_dir():
            shelf.mkdir(exist_ok=True)
            _flush(shelf.parent)
        return shelf / key


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weight(entry: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    paths = [entry, *entry.rglob("*")] if entry.is_dir() else [entry]
    return sum(path.stat().st_size for path in paths if path.is_file())


def remove(entry: Path) -> None:
    """Remove a file or a folder with all that it holds; fine where it is gone already."""
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        entry.unlink(missing_ok=True)


def _plain_files(folder: Path) -> list[Path]:
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise CheckFailed("is neither a plain file nor a folder", subject=str(path))
        if path.is_file():
            found.append(path)
    return found


def _copied(source: Path, target: Path) -> str:
    digest = hashlib.sha256()
    with source.open("rb") as reader, target.open("xb") as writer:
        while chunk := reader.read(CHUNK):
            digest.update(chunk)
            writer.write(chunk)
        writer.flush()
        os.fsync(writer.fileno())
    return digest.hexdigest()


def _linked(plain: Path, named: Path) -> None:
    try:
        named.hardlink_to(plain)
    except FileExistsError:
        return  # another process was quicker: it is the same content
    except OSError:  # a disk without hard links
        aside = named.with_name(f".{uuid.uuid4().hex}")
        _copied(plain, aside)
        aside.replace(named)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def last_touched(entry: Path) -> float:
    """Seconds since 1970 at which a file, or anything in a folder, was last written or put into its place."""
    newest = 0.0
    for path in (entry, *entry.rglob("*")):
        try:
            newest = max(newest, path.lstat().st_mtime)
        except FileNotFoundError:  # its owner is at work
            return time.time()
    return newest


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = "free some space" if full else "check the folder of EDITRON_HOME"
        raise StoreError(
            error.strerror or str(error), subject=str(error.filename or path), remedy=remedy
        ) from error
