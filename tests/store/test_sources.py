"""Dropbox sources in the store: notifications, listings with their cursors, and the batches made of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from editron_core.domain.intake import DropboxSource, MappingRule, SourceEntry, SourceKind, project_for
from editron_core.errors import NotFound, UsageError
from editron_core.store import NewBatch, Store
from editron_core.store.models import utc_now
from editron_core.store.records.sources import Listed, Taken

CLIPS = DropboxSource("", "clips", SourceKind.ACCOUNT_FOLDER, account_id="dbid:A", folder_path="/clips")
LINK = DropboxSource("", "link", SourceKind.SHARED_LINK, source_url="https://www.dropbox.com/s/x")


def entry(number: int, **changes: object) -> SourceEntry:
    values = {"path": f"/Clips/{number}.mp4", "rev": "1", "content_hash": f"{number:064x}", "size_bytes": 5}
    return SourceEntry(f"id:{number}", **{**values, **changes})  # type: ignore[arg-type]


def synced(store: Store, source: DropboxSource) -> DropboxSource:
    return store.sources.finish(source.id, store.sources.begin(source.id))


def test_a_new_source_is_dirty_since_nobody_has_looked(store: Store) -> None:
    made = store.sources.create(CLIPS)
    assert made.dirty
    assert [one.id for one in store.sources.due(utc_now() - timedelta(hours=1))] == [made.id]
    assert not synced(store, made).dirty


def test_a_source_needs_what_it_is_read_by(store: Store) -> None:
    for wrong in (DropboxSource("", "x"), DropboxSource("", "x", SourceKind.SHARED_LINK, account_id="a")):
        with pytest.raises(UsageError, match="needs"):
            store.sources.create(wrong)
    with pytest.raises(NotFound):
        store.sources.create(DropboxSource("", "x", account_id="a", project_id="nobody"))


def test_a_notification_during_a_pass_leaves_the_source_dirty(store: Store) -> None:
    made = synced(store, store.sources.create(CLIPS))
    seq = store.sources.begin(made.id)
    assert store.sources.mark_dirty(["dbid:A", "dbid:unknown"]) == (made.id,)
    assert store.sources.finish(made.id, seq).dirty
    assert not synced(store, made).dirty


def test_of_many_notifications_the_first_is_told_and_each_counts(store: Store) -> None:
    made = synced(store, store.sources.create(CLIPS))
    before = store.events.newest()
    for _ in range(5):
        store.sources.mark_dirty(["dbid:A"])
    assert [event.kind for event in store.events.after(before)] == ["source.dirty"]
    assert store.sources.get(made.id).dirty_seq == made.dirty_seq + 5


def test_nobody_looks_by_itself_at_what_needs_a_person_or_is_off(store: Store) -> None:
    broken, off = store.sources.create(CLIPS), store.sources.create(LINK)
    store.sources.fail(broken.id, "revoked", needs_reauth=True)
    store.sources.change(off.id, {"auto_ingest": False})
    assert store.sources.due(utc_now() + timedelta(hours=1)) == ()
    assert not store.sources.finish(broken.id, 1).needs_reauth


def test_what_a_person_asks_for_is_looked_at_once_even_where_nothing_comes_by_itself(store: Store) -> None:
    def due() -> list[str]:
        return [one.id for one in store.sources.due(utc_now() + timedelta(hours=1))]

    off = store.sources.create(CLIPS)
    store.sources.change(off.id, {"auto_ingest": False})
    store.sources.mark_dirty(["dbid:A"])
    assert due() == []
    assert store.sources.nudge(off.id).dirty
    assert due() == [off.id]
    store.sources.fail(off.id, "no network")
    assert due() == [off.id]  # the wish stands until it is fulfilled
    seq = store.sources.begin(off.id)
    store.sources.nudge(off.id)
    store.sources.finish(off.id, seq)
    assert due() == [off.id]  # that pass began before the wish
    synced(store, off)
    store.sources.mark_dirty(["dbid:A"])
    assert due() == []
    with pytest.raises(NotFound):
        store.sources.nudge("nobody")


def test_a_page_is_recorded_with_its_cursor_and_twice_changes_nothing(store: Store) -> None:
    made = store.sources.create(CLIPS)
    assert store.sources.record(made.id, "c1", [entry(1), entry(2)]) == Listed(2, 0)
    assert store.sources.record(made.id, "c1", [entry(1), entry(2)]) == Listed(0, 0)
    assert store.sources.get(made.id).cursor == "c1"
    assert [one.remote_id for one in store.sources.waiting(made.id)] == ["id:1", "id:2"]


def test_a_batch_is_made_of_what_waits_once(store: Store) -> None:
    made = store.sources.create(CLIPS)
    store.sources.record(made.id, "c1", [entry(1), entry(2), entry(3)])
    taken = [Taken(f"id:{n}", f"{n}.mp4", f"dropbox:id:{n}") for n in (1, 2)]
    batch = store.sources.take(made.id, NewBatch("dropbox:/clips"), taken)
    assert (batch.file_count, [file.name for file in store.files.list(batch.id)]) == (2, ["1.mp4", "2.mp4"])
    assert [one.remote_id for one in store.sources.waiting(made.id)] == ["id:3"]
    assert [(one.batch_id, one.stage) for one in store.dispatches.pending()] == [(batch.id, "produce")]
    with pytest.raises(UsageError, match="taken already"):
        store.sources.take(made.id, NewBatch("dropbox:/clips"), taken)
    assert len(store.batches.list()) == 1
    # A full listing after a reset brings nothing again; other content does.
    store.sources.reset(made.id)
    store.sources.record(made.id, "c2", [entry(1), entry(2, rev="2", content_hash="f" * 64)])
    assert [one.remote_id for one in store.sources.waiting(made.id)] == ["id:2", "id:3"]
    store.batches.delete(batch.id)
    assert "id:1" not in [one.remote_id for one in store.sources.waiting(made.id)]


def test_what_lies_elsewhere_is_listed_anew(store: Store) -> None:
    made = store.sources.create(CLIPS)
    store.sources.record(made.id, "c1", [entry(1)])
    changed = store.sources.change(made.id, {"folder_path": "/other"})
    assert (changed.cursor, store.sources.waiting(made.id)) == ("", ())
    with pytest.raises(UsageError, match="cannot be changed"):
        store.sources.change(made.id, {"cursor": "x"})


def test_a_thousand_entries_are_one_page(store: Store) -> None:
    made = store.sources.create(CLIPS)
    assert store.sources.record(made.id, "c", [entry(n) for n in range(1200)]).fresh == 1200
    taken = [Taken(f"id:{n}", f"{n}.mp4", f"dropbox:id:{n}") for n in range(1200)]
    assert store.sources.take(made.id, NewBatch("dropbox:/"), taken).file_count == 1200


def test_rules_map_folders_to_projects_by_priority_and_then_by_length() -> None:
    rules = (
        MappingRule("/clients/*", "any"),
        MappingRule("/clients/Acme/*", "acme"),
        MappingRule("*/rushes/*", "rushes", priority=1),
    )
    assert project_for("/Clients/ACME/a.mp4", rules) == "acme"
    assert project_for("/clients/other/a.mp4", rules) == "any"
    assert project_for("/clients/acme/rushes/a.mp4", rules) == "rushes"
    assert project_for("/elsewhere/a.mp4", rules) is None
