"""The lane over an object store: a machine that has nothing at hand goes on where another one was."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from editron_core.config import settings
from editron_core.domain.batch import StorageTier
from editron_core.lane import Lane, Order, retention
from editron_core.store import Store
from tests import tiny_blueprint
from tests.s3_server import KEYS, make_bucket, serving


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"lane-{uuid4().hex[:8]}"
    make_bucket(server, name)
    wanted = {**KEYS, "EDITRON_S3_ENDPOINT": server, "EDITRON_BLOBS": f"s3://{name}"}
    wanted["EDITRON_ARCHIVE"] = f"s3://{name}/archive"
    for key, value in wanted.items():
        monkeypatch.setenv(key, value)
    settings.cache_clear()
    return name


def test_another_machine_goes_on_with_what_the_first_one_left(
    bucket: str, drawn: Path, tmp_path: Path
) -> None:
    order = Order(blueprints=(tiny_blueprint.written(tmp_path),))
    here = settings()
    with Store.open(here.database, here.blobs) as store:
        lane = Lane(store, here)
        cut = lane.edit(lane.score(lane.analyze(lane.ingest([str(drawn / "street-jump.mp4")])), order), order)
        finished = {run.key: run.attempts for run in store.ledger.list()}

    shutil.rmtree(here.home / "blobs")  # as on a machine that knows the database and the bucket only
    with Store.open(here.database, here.blobs) as store:
        lane = Lane(store, here)
        again = lane.edit(lane.score(lane.analyze(lane.resume(cut.batch.id)), order), order)
        made = lane.render(again, order)

        assert {run.key: run.attempts for run in store.ledger.list() if run.key in finished} == finished
        assert again.cuts[0].session.id == cut.cuts[0].session.id
        assert [Path(one.path).is_file() for one in made.deliverables] == [True]


def test_an_original_in_the_archive_is_fetched_by_whoever_needs_it(bucket: str, drawn: Path) -> None:
    here = settings()
    with Store.open(here.database, here.blobs) as store:
        lane = Lane(store, here)
        batch = lane.ingest([str(drawn / "street-jump.mp4")]).batch
        (file,) = store.files.list(batch.id)
        store.batches.set_tier(batch.id, StorageTier.WARM)
        lane.analyze(lane.open(batch.id))

        done = retention.carry_out(store, retention.plan(store, here, datetime.now(UTC)))
        assert not done.problems
        assert [item.subject for item in done.items] == [file.sha256]
        assert store.blobs.size(file.sha256) == 0
        shutil.rmtree(here.home / "archive")

        (moved,) = store.files.list(batch.id)
        assert not Path(moved.path).exists()
        assert lane.desk.keeps(moved)
        original = (drawn / "street-jump.mp4").read_bytes()
        assert Path(lane.desk.at_hand(moved).path).read_bytes() == original
