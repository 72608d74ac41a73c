"""Blobs in an object store: whole or not there, the same for every machine, at hand where they are used."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from editron_core.config import ObjectPlace, Settings, settings
from editron_core.errors import NotFound, StoreError, UsageError
from editron_core.store import Stage, Store, retention
from editron_core.store.blobs import MANIFEST, Blobs
from editron_core.store.objects import Objects
from editron_core.store.remote import RemoteBlobs, open_blobs
from tests.s3_server import KEYS, make_bucket, serving

BYTES = b"footage" * 300_000
SHA = hashlib.sha256(BYTES).hexdigest()
Machine = Callable[[str], RemoteBlobs]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture
def place(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectPlace:
    bucket = f"footage-{uuid4().hex[:8]}"
    make_bucket(server, bucket)
    for name, value in {
        **KEYS,
        "EDITRON_BLOBS": f"s3://{bucket}/blobs",
        "EDITRON_S3_ENDPOINT": server,
    }.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    found = settings().blobs
    assert isinstance(found, ObjectPlace)
    return found


@pytest.fixture
def machine(place: ObjectPlace, tmp_path: Path) -> Machine:
    """Machines by name, each with a cache of its own."""

    def of(name: str) -> RemoteBlobs:
        return RemoteBlobs(
            ObjectPlace(
                place.url,
                tmp_path / name,
                place.endpoint,
                place.region,
                place.access_key,
                place.secret_key,
            )
        )

    return of


def footage(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp4"
    path.write_bytes(BYTES)
    return path


def outputs(blobs: Blobs, text: str = "row") -> Path:
    folder = blobs.tmp / f"work-{uuid4().hex}"
    (folder / "deep").mkdir(parents=True)
    (folder / "evidence.txt").write_text(text)
    (folder / "deep" / "proxy.mp4").write_bytes(BYTES)
    return folder


def test_what_one_machine_puts_another_one_reads(machine: Machine, tmp_path: Path) -> None:
    here, there = machine("here"), machine("there")
    assert here.put(footage(tmp_path), move=True) == SHA
    key = here.adopt(outputs(here))

    found = there.path(SHA, ".mp4")
    assert found.is_relative_to(tmp_path / "there")
    assert found.suffix == ".mp4"
    assert found.read_bytes() == BYTES
    assert there.contents(key) == {"evidence.txt": 3, "deep/proxy.mp4": len(BYTES)}
    assert there.broken(key) is None
    folder = there.folder(key)
    assert (folder / "deep" / "proxy.mp4").read_bytes() == BYTES
    assert Blobs.broken(there, key, deep=True) is None
    assert dict(there.files()).keys() == {SHA}
    assert dict(there.folders()).keys() == {key}
    assert there.size(SHA) == len(BYTES)


def test_a_folder_is_one_when_its_manifest_is_there_and_not_before(machine: Machine) -> None:
    here, there = machine("here"), machine("there")
    sealed = here.seal(outputs(here))

    assert not dict(there.folders())
    with pytest.raises(NotFound):
        there.folder(sealed.key)
    assert [key for key, _ in there.halves(older_than_s=-60)] == [sealed.key]
    assert not list(there.halves(older_than_s=60))

    here.place(sealed)
    assert dict(there.folders()).keys() == {sealed.key}
    assert not list(there.halves(older_than_s=-60))


def test_what_was_changed_in_the_bucket_is_not_taken_for_what_its_hash_says(
    machine: Machine, place: ObjectPlace, tmp_path: Path
) -> None:
    here, there = machine("here"), machine("there")
    here.put(footage(tmp_path))
    key = here.adopt(outputs(here))
    objects = Objects(place)
    objects.put_bytes(f"files/{SHA[:2]}/{SHA}", b"other" * 420_000)
    objects.put_bytes(f"folders/{key[:2]}/{key}/evidence.txt", b"raw")

    with pytest.raises(StoreError, match="other bytes"):
        there.path(SHA)
    with pytest.raises(StoreError, match="was changed"):
        there.folder(key)
    assert not list(there.tmp.iterdir())
    objects.put_bytes(f"folders/{key[:2]}/{key}/{MANIFEST}", b'{"files":{"../../x":{}}}')
    with pytest.raises(StoreError, match="manifest was changed"):
        there.folder(key)


def test_what_is_dropped_is_gone_for_all_and_may_go_again(machine: Machine, tmp_path: Path) -> None:
    here, there = machine("here"), machine("there")
    here.put(footage(tmp_path))
    key = here.adopt(outputs(here))

    for _ in range(2):
        there.drop_file(SHA)
        there.drop_folder(key)

    assert not list(here.files())
    assert not list(here.folders())
    assert not list(here.objects.list("folders"))
    with pytest.raises(NotFound):
        machine("third").path(SHA)


def test_copies_at_hand_go_the_longest_unused_first(machine: Machine, tmp_path: Path) -> None:
    here = machine("here")
    here.put(footage(tmp_path))
    key = here.adopt(outputs(here))
    time.sleep(0.05)
    here.path(SHA)  # used later than the folder

    assert here.evict(most=len(BYTES), unused_s=3600) == 0
    assert here.evict(most=len(BYTES), unused_s=0) >= len(BYTES)

    assert (here.root / "files" / SHA[:2] / SHA).exists()
    assert not (here.root / "folders" / key[:2] / key).exists()
    assert (here.folder(key) / "evidence.txt").read_text() == "row"  # fetched again


def test_a_stage_done_on_one_machine_is_done_on_the_other(
    machine: Machine, place: ObjectPlace, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'editron.sqlite'}"
    stage = Stage("analyze", ("a" * 64,))
    with Store.open(url, machine("here").objects.place) as store:
        assert isinstance(store.blobs, RemoteBlobs)
        with store.ledger.run(stage) as claim:
            (claim.folder / "evidence.txt").write_text("row")
            claim.publish({"rows": 1})
    with Store.open(url, machine("there").objects.place) as store, store.ledger.run(stage) as claim:
        assert claim.facts == {"rows": 1}
        assert claim.output is not None
        assert claim.output.is_relative_to(tmp_path / "there")
        assert (claim.output / "evidence.txt").read_text() == "row"


def test_an_original_moves_to_an_archive_in_the_bucket(
    place: ObjectPlace, server: str, tmp_path: Path
) -> None:
    here = Settings(archive=place.url.replace("/blobs", "/archive"))
    archive = open_blobs(here.archived)
    assert isinstance(archive, RemoteBlobs)
    with Store.open(here.database, tmp_path / "local") as store:
        store.blobs.put(footage(tmp_path))
        retention.archive(store, archive, SHA)
        assert store.blobs.size(SHA) == 0
    assert archive.size(SHA) == len(BYTES)


def test_signed_addresses_let_anybody_get_and_put_that_one_object(machine: Machine, tmp_path: Path) -> None:
    here = machine("here")
    here.put(footage(tmp_path))

    got = httpx.get(here.objects.signed("GET", f"files/{SHA[:2]}/{SHA}", 60), headers={"Range": "bytes=0-6"})
    assert (got.status_code, got.content) == (206, b"footage")
    put = httpx.put(here.objects.signed("PUT", "uploads/one", 60), content=b"new")
    assert put.status_code == 200
    assert here.objects.read("uploads/one") == b"new"


def test_large_objects_are_read_in_ranges_and_written_in_parts(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("editron_core.store.objects.RANGE", 1 << 20)
    path = tmp_path / "large"
    path.write_bytes(bytes(range(256)) * 65_536)  # 16 MiB: more than one part

    digest = machine("here").put(path)
    assert machine("there").path(digest).read_bytes() == path.read_bytes()


def test_wrong_places_and_servers_that_do_not_answer_say_so(
    place: ObjectPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("editron_core.store.objects.RETRY_S", 1)
    monkeypatch.setattr("editron_core.store.objects.RETRIES", 0)

    def at(url: str, endpoint: str) -> RemoteBlobs:
        return RemoteBlobs(
            ObjectPlace(url, tmp_path / "x", endpoint, "us-east-1", place.access_key, place.secret_key)
        )

    with pytest.raises(UsageError, match="s3://bucket"):
        at("s3://", place.endpoint)
    with pytest.raises(StoreError):
        at("s3://no-such-bucket/x", place.endpoint).put(footage(tmp_path))
    with pytest.raises(StoreError, match="object store refuses"):
        at(place.url, "http://127.0.0.1:9").put(footage(tmp_path))
