"""Findings: who deals with what, and that nobody overwrites what they have not seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from editron_core.domain.finding import Finding, FindingStatus, Overlay
from editron_core.errors import NotFound, Stale, UsageError
from editron_core.store import Store
from editron_core.store.records.findings import FindingFilter
from tests.store.test_records import new_session

JUMP = Finding("", "a jump at 3 s", "seen twice", author="ann", locale="de", genre="talk", at_seconds=3.25)


def test_a_finding_comes_back_as_it_was_put_in(store: Store) -> None:
    session = new_session(store)
    wanted = replace(
        JUMP,
        session_id=session.id,
        due_on=date(2026, 3, 1),
        overlays=(Overlay("difference", "/api/blobs/1"), Overlay("before", "https://x.org/a.png")),
    )
    made = store.findings.create(wanted)
    again = replace(made, id="", created_at=None, updated_at=None)
    assert again == replace(wanted, batch_id=session.batch_id)
    assert store.findings.get(made.id) == made


def test_it_is_given_to_active_members_only_and_stays_theirs_when_they_leave(store: Store) -> None:
    ann, ben = store.members.create("Ann", "a@x"), store.members.create("Ben", "b@x")
    made = store.findings.create(replace(JUMP, assignee_id=ann.id))
    store.members.change(ann.id, active=False)
    done = store.findings.change(made.id, {"status": FindingStatus.DONE})
    assert done.assignee_id == ann.id
    with pytest.raises(UsageError, match="no active member"):
        store.findings.change(store.findings.create(JUMP).id, {"assignee_id": ann.id})
    with pytest.raises(UsageError, match="no active member"):
        store.findings.create(replace(JUMP, assignee_id="nobody"))
    assert store.findings.change(made.id, {"assignee_id": ben.id}).assignee_id == ben.id
    assert store.findings.change(made.id, {"assignee_id": None}).assignee_id is None


def test_each_status_can_be_taken(store: Store) -> None:
    made = store.findings.create(JUMP)
    for status in FindingStatus:
        store.findings.change(made.id, {"status": status})
        assert [one.id for one in store.findings.page(FindingFilter(status=status)).items] == [made.id]


def test_an_edit_of_what_somebody_else_has_changed_meanwhile_is_refused(store: Store) -> None:
    seen = store.findings.create(JUMP)
    mine = store.findings.change(seen.id, {"title": "a long jump"}, expected=seen.version)
    with pytest.raises(Stale):
        store.findings.change(seen.id, {"title": "another"}, expected=seen.version)
    with pytest.raises(Stale):
        store.findings.delete(seen.id, expected=seen.version)
    assert store.findings.get(seen.id).title == "a long jump"
    store.findings.delete(seen.id, expected=mine.version)
    with pytest.raises(NotFound):
        store.findings.get(seen.id)


def test_where_it_was_found_stays(store: Store) -> None:
    made = store.findings.create(JUMP)
    with pytest.raises(UsageError, match="cannot be changed"):
        store.findings.change(made.id, {"batch_id": "b"})


def test_the_event_says_what_changed_and_the_same_again_says_nothing(store: Store) -> None:
    ann = store.members.create("Ann", "a@x")
    made = store.findings.create(JUMP)
    store.findings.change(made.id, {"assignee_id": ann.id, "due_on": date(2026, 3, 1)})
    told = store.events.after(0)[-1]
    assert told.kind == "finding.changed"
    assert told.data == {
        "title": "a jump at 3 s",
        "status": "open",
        "assignee": ann.id,
        "due_on": "2026-03-01",
        "changed": ["assignee_id", "due_on"],
    }
    before = store.events.newest()
    store.findings.change(made.id, {"assignee_id": ann.id})
    assert store.events.newest() == before


def test_what_was_said_is_listed_in_order(store: Store) -> None:
    made = store.findings.create(JUMP)
    for number in range(5):
        store.findings.comment(made.id, "ann", f"word {number}")
    first = store.findings.comments(made.id, limit=3)
    rest = store.findings.comments(made.id, after=first.next)
    assert [one.text for one in (*first.items, *rest.items)] == [f"word {number}" for number in range(5)]
    with pytest.raises(NotFound):
        store.findings.comment("nothing", "ann", "x")


def test_findings_are_found_by_where_and_whose(store: Store) -> None:
    ann = store.members.create("Ann", "a@x")
    session = new_session(store)
    mine = store.findings.create(replace(JUMP, assignee_id=ann.id, session_id=session.id, locale="fr"))
    store.findings.create(JUMP)
    for which in (
        FindingFilter(assignee_id=ann.id),
        FindingFilter(batch_id=session.batch_id),
        FindingFilter(locale="fr", genre="talk"),
    ):
        assert [one.id for one in store.findings.page(which).items] == [mine.id]
