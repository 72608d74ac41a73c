"""Sources become batches: what is new once, what changed again, and nothing is lost whatever ends a pass."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from editron_core import process
from editron_core.config import Settings, settings
from editron_core.domain.batch import BatchStatus, StorageTier
from editron_core.domain.intake import DropboxSource, MappingRule, SourceKind
from editron_core.domain.progress import Nobody
from editron_core.errors import Busy, UsageError
from editron_core.ingest.download import Refused
from editron_core.ingest.dropbox import located
from editron_core.ingest.fake_dropbox import Account, Do, FakeDropbox
from editron_core.lane import Lane, dropbox
from editron_core.lane.monitor import Monitor
from editron_core.lane.rehearsal import through_dropbox
from editron_core.media import ffmpeg
from editron_core.sealing import seal
from editron_core.store import NewBatch, Store

CLIP = b"not looked at here"


@pytest.fixture
def fake() -> Iterator[FakeDropbox]:
    with FakeDropbox() as running:
        yield running


@pytest.fixture
def account(fake: FakeDropbox) -> Account:
    return fake.account()


@pytest.fixture
def here(fake: FakeDropbox, account: Account) -> Settings:
    return Settings(
        home=settings().home,
        dropbox_url=fake.url,
        dropbox_app_key=fake.state.app_key,
        dropbox_app_secret=fake.state.app_secret,
        dropbox_refresh_token=account.refresh_token,
    )


@pytest.fixture
def lane(store: Store, here: Settings) -> Lane:
    return Lane(store, here, Nobody())


@pytest.fixture
def source(store: Store, account: Account) -> DropboxSource:
    account.folder("/Shoots")
    return store.sources.create(DropboxSource("", "Shoots", account_id=account.id, folder_path="/Shoots"))


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of drawn picture."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    shape = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    ffmpeg.run(
        ["-y", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=2", *shape, str(path)],
        limits=process.Limits(wall_s=60),
    )
    return path


def names(store: Store, batch: str) -> list[str]:
    return [file.name for file in store.files.list(batch)]


def test_what_is_new_becomes_one_batch_with_its_dispatch(
    lane: Lane, store: Store, account: Account, source: DropboxSource
) -> None:
    for path in ("/Shoots/a.mp4", "/Shoots/Day 2/B.MOV", "/Shoots/notes.pdf", "/Else/c.mp4"):
        account.put(path, CLIP)
    account.put("/Shoots/a.de.srt", b"1")

    done = dropbox.sync(lane.desk, source.id)

    [batch] = done.batches
    assert sorted(names(store, batch)) == ["Day 2/B.MOV", "a.mp4"]
    made = store.batches.get(batch)
    assert made.status is BatchStatus.QUEUED
    assert made.reference_name.startswith("Shoots 20")
    assert [(one.batch_id, one.stage) for one in store.dispatches.pending()] == [(batch, "produce")]
    [first] = [file for file in store.files.list(batch) if file.name == "a.mp4"]
    beside = located(first.source).transcript
    assert beside is not None
    assert beside.name == "a.de.srt"
    after = store.sources.get(source.id)
    assert not after.dirty
    assert after.last_processed_at is not None


@pytest.mark.parametrize(("required", "stated"), [(True, True), (True, False), (False, False)])
def test_a_file_without_a_content_hash_is_taken_only_where_none_is_required(
    lane: Lane, store: Store, fake: FakeDropbox, account: Account, clip: Path, required: bool, stated: bool
) -> None:
    fake.state.hashes_in_links = stated
    account.put("/Shoots/a.mp4", clip.read_bytes())
    link = fake.share(account, "/Shoots")
    asked = NewBatch(link, "shoot", checksum_required=required)

    batch = store.batches.create(asked)
    lane.resume(batch.id)

    (file,) = store.files.list(batch.id)
    if required and not stated:
        assert file.status is BatchStatus.FAILED
        assert "states no content hash" in str(file.error)
        assert "checksum_required false" in str(file.error)
    else:
        assert file.status is BatchStatus.READY


def test_only_what_changed_is_taken_again(
    lane: Lane, store: Store, account: Account, source: DropboxSource
) -> None:
    account.put("/Shoots/a.mp4", CLIP)
    account.put("/Shoots/b.mp4", CLIP + b"b")
    dropbox.sync(lane.desk, source.id)
    assert dropbox.sync(lane.desk, source.id).batches == ()

    account.move("/Shoots/b.mp4", "/Shoots/renamed.mp4")
    assert dropbox.sync(lane.desk, source.id).files == 0, "a new name is no new footage"
    account.put("/Shoots/a.mp4", CLIP + b"changed")
    [batch] = dropbox.sync(lane.desk, source.id).batches
    assert names(store, batch) == ["a.mp4"]


def test_a_cursor_that_dropbox_forgot_costs_a_listing_and_nothing_else(
    lane: Lane, store: Store, fake: FakeDropbox, account: Account, source: DropboxSource
) -> None:
    account.put("/Shoots/a.mp4", CLIP)
    dropbox.sync(lane.desk, source.id)
    fake.expire_cursors()
    account.put("/Shoots/b.mp4", CLIP)
    [batch] = dropbox.sync(lane.desk, source.id).batches
    assert names(store, batch) == ["b.mp4"]
    assert store.sources.get(source.id).cursor


@pytest.mark.parametrize("killed_after", range(6))
def test_a_pass_that_is_killed_loses_nothing_and_does_nothing_twice(
    lane: Lane,
    store: Store,
    fake: FakeDropbox,
    account: Account,
    source: DropboxSource,
    monkeypatch: pytest.MonkeyPatch,
    killed_after: int,
) -> None:
    fake.state.page = 3
    wanted = [f"{count:02d}.mp4" for count in range(10)]
    for name in wanted:
        account.put(f"/Shoots/{name}", CLIP)
    steps = 0

    class Killed(BaseException):
        pass

    def dying(name: str) -> None:
        work = getattr(type(store.sources), name)

        def call(*args: object, **named: object) -> object:
            nonlocal steps
            if steps == killed_after:
                raise Killed
            steps += 1
            return work(store.sources, *args, **named)

        monkeypatch.setattr(store.sources, name, call)

    for name in ("record", "take", "finish"):
        dying(name)
    with pytest.raises(Killed):
        dropbox.sync(lane.desk, source.id)
    assert store.sources.get(source.id).dirty
    monkeypatch.undo()

    dropbox.sync(lane.desk, source.id)
    found = [name for batch in store.batches.list() for name in names(store, batch.id)]
    assert sorted(found) == wanted


def test_a_notification_during_a_pass_leaves_the_source_dirty(
    lane: Lane, store: Store, account: Account, source: DropboxSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = store.sources.record

    def notified(*args: object, **named: object) -> object:
        store.sources.mark_dirty([account.id])
        with pytest.raises(Busy):
            dropbox.sync(lane.desk, source.id)
        return record(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(store.sources, "record", notified)
    dropbox.sync(lane.desk, source.id)
    assert store.sources.get(source.id).dirty
    monkeypatch.undo()
    dropbox.sync(lane.desk, source.id)
    assert not store.sources.get(source.id).dirty


def test_folders_are_mapped_to_projects(
    lane: Lane, store: Store, account: Account, source: DropboxSource
) -> None:
    acme, other = store.projects.ensure("Acme").id, store.projects.ensure("Other").id
    store.sources.change(source.id, {"project_id": other, "reference_name_template": "{project}: {count}"})
    store.mappings.create(MappingRule("/shoots/acme/*", acme))
    for path in ("/Shoots/ACME/a.mp4", "/Shoots/ACME/b.mp4", "/Shoots/c.mp4"):
        account.put(path, CLIP)
    dropbox.sync(lane.desk, source.id)
    found = {batch.project_id: batch for batch in store.batches.list()}
    assert {key: batch.file_count for key, batch in found.items()} == {acme: 2, other: 1}
    assert found[acme].reference_name == "Acme: 2"


def test_a_shared_link_is_walked_and_needs_no_account(
    store: Store, fake: FakeDropbox, account: Account, here: Settings
) -> None:
    for path in ("/Public/a.mp4", "/Public/Deep/Er/b.mp4"):
        account.put(path, CLIP)
    link = fake.share(account, "/Public", password="open sesame")
    lane = Lane(store, Settings(**{**here.model_dump(), "dropbox_refresh_token": ""}), Nobody())
    made = DropboxSource(
        "", "Link", kind=SourceKind.SHARED_LINK, source_url=link, storage_tier=StorageTier.WARM
    )
    source = store.sources.create(made)
    with pytest.raises(Refused, match="shared_link_access_denied"):
        dropbox.sync(lane.desk, source.id)
    assert "shared_link_access_denied" in str(store.sources.get(source.id).last_error)

    key = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
    lane = Lane(store, Settings(**{**lane.desk.settings.model_dump(), "sealing_key": key}), Nobody())
    sealed = seal("open sesame", f"dropbox_sources/{source.id}/link_password", lane.desk.settings)
    store.sources.change(source.id, {"link_password": sealed})
    [batch] = dropbox.sync(lane.desk, source.id).batches
    assert sorted(names(store, batch)) == ["Deep/Er/b.mp4", "a.mp4"]
    assert store.batches.get(batch).source_url == link
    assert dropbox.sync(lane.desk, source.id).files == 0


def test_a_revoked_permission_waits_for_a_person(
    lane: Lane, store: Store, account: Account, source: DropboxSource
) -> None:
    account.revoked = True
    with pytest.raises(Refused) as refused:
        dropbox.sync(lane.desk, source.id)
    assert refused.value.needs_reauth
    assert store.sources.get(source.id).needs_reauth
    assert Monitor(lane.desk).due() == []


def test_the_monitor_looks_at_what_nobody_told_of(
    lane: Lane, store: Store, account: Account, source: DropboxSource, here: Settings
) -> None:
    monitor = Monitor(lane.desk)
    assert [one.source for one in monitor.once()] == [source.id]
    account.put("/Shoots/late.mp4", CLIP)
    assert monitor.once() == (), "neither notified nor stale"

    stale = Settings(**{**here.model_dump(), "dropbox_stale_s": 0.001})
    [seen] = Monitor(Lane(store, stale, Nobody()).desk).once()
    assert seen.files == 1


def test_what_fails_is_tried_again_after_a_while(
    lane: Lane, store: Store, fake: FakeDropbox, source: DropboxSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    from editron_core.ingest.fake_dropbox import broken

    monkeypatch.setattr("editron_core.ingest.dropbox.TRIES", 1)
    fake.every("files/list_folder", broken())
    monitor = Monitor(lane.desk)
    assert monitor.once() == ()
    assert monitor.due() == [], "not at once"
    assert store.sources.get(source.id).dirty
    fake.every("files/list_folder", None)
    monitor._not_before.clear()
    assert len(monitor.once()) == 1


def test_names_are_filled_in_and_odd_fields_refused() -> None:
    facts = {"label": "A", "date": "2026-01-02"}
    assert dropbox.named("{label} of {date}{project}", facts) == "A of 2026-01-02"
    with pytest.raises(UsageError, match="unheard"):
        dropbox.named("{unheard}", facts)
    assert dropbox.named("{label.__class__}", facts) == "{label.__class__}"


def test_a_link_can_be_taken_in_without_a_source(
    lane: Lane, fake: FakeDropbox, account: Account, store: Store, clip: Path
) -> None:
    account.put("/One/clip.mp4", clip.read_bytes())
    account.put("/One/clip.en.srt", b"1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    account.put("/One/other.txt", b"passed over")
    outcome = lane.ingest([fake.share(account, "/One")])
    [file] = outcome.files
    assert (file.name, file.status) == ("clip.mp4", BatchStatus.READY)
    assert file.transcript_path is not None
    assert file.transcript_path.endswith("transcript.en.srt")
    assert outcome.batch.metadata["passed_over"] == 2
    assert replace(outcome.batch, updated_at=None).status is BatchStatus.READY


def test_many_notifications_are_few_passes_one_at_a_time(
    lane: Lane, store: Store, fake: FakeDropbox, account: Account, source: DropboxSource
) -> None:
    """Seconds of notifications while a listing takes half of one: as many passes as fit, and one more."""
    at_work, most, passes = 0, 0, 0
    guard = threading.Lock()

    def slow() -> None:
        nonlocal at_work, most, passes
        with guard:
            at_work, passes = at_work + 1, passes + 1
            most = max(most, at_work)
        time.sleep(0.5)
        with guard:
            at_work -= 1

    dropbox.sync(lane.desk, source.id)
    fake.every("files/list_folder/continue", Do(slow))
    over = threading.Event()

    def run(monitor: Monitor) -> None:
        while not over.is_set():
            monitor.once()

    threads = [threading.Thread(target=run, args=(Monitor(lane.desk),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    while time.monotonic() - began < 4:
        store.sources.mark_dirty([account.id])
    spent = time.monotonic() - began
    account.put("/Shoots/last.mp4", CLIP)
    store.sources.mark_dirty([account.id])
    while store.sources.get(source.id).dirty:
        time.sleep(0.05)
    over.set()
    for thread in threads:
        thread.join()
    assert most == 1
    assert passes <= spent / 0.5 + 3
    assert [names(store, batch.id) for batch in store.batches.list()] == [["last.mp4"]]


def test_two_who_look_at_once_make_one_batch(
    lane: Lane, store: Store, account: Account, source: DropboxSource
) -> None:
    with ThreadPoolExecutor(4) as pool:
        for count in range(10):
            account.put(f"/Shoots/{count}.mp4", CLIP)
            store.sources.mark_dirty([account.id])
            due = [source] * 4
            while store.sources.get(source.id).dirty:
                list(pool.map(Monitor(lane.desk).look, due))
    found = [name for batch in store.batches.list() for name in names(store, batch.id)]
    assert sorted(found) == [f"{count}.mp4" for count in range(10)]


def test_the_demos_way_through_dropbox_is_the_same_batch_again(
    store: Store, here: Settings, clip: Path, tmp_path: Path
) -> None:
    footage = tmp_path / "footage"
    footage.mkdir()
    (footage / "clip.mp4").write_bytes(clip.read_bytes())
    (footage / "clip.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    batches = []
    for _ in range(2):
        with FakeDropbox() as other:
            _, outcome = through_dropbox(Lane(store, here, Nobody()), footage, other)
        batches.append(outcome.batch.id)
        [file] = outcome.files
        assert (file.status, file.name) == (BatchStatus.READY, "clip.mp4")
        assert file.transcript_path is not None
    assert batches[0] == batches[1]
    assert Monitor(Lane(store, here, Nobody()).desk).due() == [], "the demo's source is nobody's to look at"
