"""Pages: every item of a list once, whatever is added or removed between two looks, and by an index."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event

from editron_core.domain.batch import BatchStatus
from editron_core.domain.board import TaskStatus
from editron_core.domain.finding import Finding
from editron_core.errors import UsageError
from editron_core.store import NewBatch, Store
from editron_core.store.models import BatchRow
from editron_core.store.records.findings import FindingFilter
from editron_core.store.records.paging import Key, Slice
from editron_core.store.records.tasks import TaskFilter


def all_of(page: Callable[[Key | None], Slice[Any]]) -> list[Any]:
    """All items of a list, page by page."""
    found: list[Any] = []
    after: Key | None = None
    while True:
        some = page(after)
        found += some.items
        if some.next is None:
            return found
        assert some.items
        after = some.next


def test_pages_hold_each_item_once_in_the_lists_order(store: Store) -> None:
    made = [store.batches.create(NewBatch(f"/{number}")) for number in range(23)]
    paged = all_of(lambda after: store.batches.page(after=after, limit=5))
    assert paged == list(store.batches.list())
    assert {batch.id for batch in paged} == {batch.id for batch in made}


def test_items_made_at_one_instant_are_told_apart_by_their_ids(store: Store) -> None:
    made = [store.batches.create(NewBatch(f"/{number}")).id for number in range(12)]
    with store.database.write() as session:
        session.query(BatchRow).update({"created_at": datetime(2026, 1, 1, tzinfo=UTC)})
    paged = all_of(lambda after: store.batches.page(after=after, limit=5))
    assert [batch.id for batch in paged] == sorted(made, reverse=True)


def test_what_comes_and_goes_between_two_pages_shifts_nothing(store: Store) -> None:
    made = [store.batches.create(NewBatch(f"/{number}")).id for number in range(10)][::-1]
    first = store.batches.page(limit=5)
    store.batches.delete(made[4])  # the very one that the key is of
    store.batches.create(NewBatch("/late"))
    assert [batch.id for batch in store.batches.page(after=first.next, limit=5).items] == made[5:]


def test_filters_hold_for_every_page(store: Store) -> None:
    project = store.projects.ensure("acme").id
    mine = [store.batches.create(NewBatch("/x", project_id=project)).id for _ in range(7)]
    for _ in range(7):
        store.batches.create(NewBatch("/y"))
    store.batches.set_status(mine[0], BatchStatus.DOWNLOADING)
    paged = all_of(lambda after: store.batches.page(project_id=project, after=after, limit=2))
    assert [batch.id for batch in paged] == mine[::-1]
    moving = store.batches.page(project_id=project, status=BatchStatus.DOWNLOADING)
    assert [batch.id for batch in moving.items] == [mine[0]]
    tasks = store.tasks.page(TaskFilter(status=TaskStatus.DOING, project_id=project))
    assert [task.batch_id for task in tasks.items] == [mine[0]]


def test_the_last_page_says_so_even_where_it_is_full(store: Store) -> None:
    for number in range(4):
        store.projects.ensure(f"p{number}")
    first = store.projects.page(limit=2)
    assert first.next is not None
    assert store.projects.page(after=first.next, limit=2).next is None


@pytest.mark.parametrize(
    "key",
    [
        ("x",),
        (),
        ("2026-01-01", "a"),
        ("2026-01-01T00:00:00+00:00",),
        ("9" * 40, "a"),
        ("0001-01-01", "", ""),
    ],
)
def test_what_is_no_key_of_the_list_is_refused(store: Store, key: Key) -> None:
    with pytest.raises(UsageError, match="no cursor"):
        store.batches.page(after=key)


def test_long_lists_are_read_by_an_index_and_not_sorted(store: Store) -> None:
    batch = store.batches.create(NewBatch("/x"))
    store.files.add(batch.id, "a", "/x/a")
    store.findings.create(Finding("", "a jump", batch_id=batch.id))
    queries: list[str] = []
    engine = store.database._engine

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if statement.startswith("SELECT") and "LIMIT" in statement:
            queries.append(statement)

    if not store.database.lite:
        pytest.skip("SQLite explains without rows; PostgreSQL chooses by how many there are")
    event.listen(engine, "before_cursor_execute", note)
    after = ("2026-01-01T00:00:00+00:00", "a")
    store.batches.page(after=after)
    store.batches.page(status=BatchStatus.READY, after=after)
    store.batches.page(project_id="p", after=after)
    store.files.page(batch.id, after=("5", "a"))
    store.files.page(batch.id, status=BatchStatus.READY, after=("5", "a"))
    store.analyses.page(batch.id, after=after)
    store.sessions.page(after=after)
    store.sessions.page(batch_id=batch.id, after=after)
    store.jobs.page(after=after)
    store.jobs.page(session_id="s", after=after)
    store.decisions.page(session_id="s", after=after)
    store.findings.page(after=after)
    store.findings.page(FindingFilter(batch_id=batch.id), after=after)
    store.tasks.page(after=after)
    store.events.after(5)
    store.sources.page(after=after)
    store.uploads.page(after=after)
    assert len(queries) == 17
    with engine.connect() as connection:
        for query in queries:
            values = ["5" if "LIMIT" in query else ""] * query.count("?")
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", tuple(values)).all()
            told = " / ".join(row[3] for row in plan)
            # A page begins in the index where the one before ended. The last column may be put in order
            # among rows of one instant; the list as a whole may not.
            assert "USE TEMP B-TREE FOR ORDER BY" not in told, f"{query}: {told}"
            assert "SCAN" not in told or "USING" in told, f"{query}: {told}"
            assert "USING" in told, f"{query}: {told}"
