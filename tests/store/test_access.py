"""Keys, members, and keyed requests."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from editron_core.domain.access import Role, parse_key
from editron_core.errors import Busy, Conflict, NotFound, UsageError
from editron_core.store import NewBatch, Store
from editron_core.store.models import ApiKeyRow, IdempotencyRow
from editron_core.store.outbox import claimed
from editron_core.store.records.access import Answer
from tests.store.store_workers import PROCESSES, claim_request

NOW = datetime.now(UTC)


def test_a_key_is_shown_once_and_only_its_hash_is_kept(store: Store) -> None:
    assert not store.keys.exist()
    key, text = store.keys.issue("ci", Role.OPERATOR)
    assert re.fullmatch(rf"edk_{key.id}_[A-Za-z0-9_-]{{43}}", text)
    parsed = parse_key(text)
    assert parsed is not None
    kept = store.keys.get(parsed[0])
    assert kept == key
    assert kept.opens(parsed[1])
    assert not kept.opens(parsed[1][:-1] + "x")
    with store.database.read() as session:
        row = session.get_one(ApiKeyRow, key.id)
        assert parsed[1] not in str([getattr(row, column.key) for column in row.__table__.columns])
    assert store.keys.exist()


@pytest.mark.parametrize(
    "text", ["", "edk_", "edk_0123456789abcdef_short", "abc_0123456789abcdef_" + "a" * 43]
)
def test_what_is_no_key_is_none(text: str) -> None:
    assert parse_key(text) is None


def test_a_key_that_is_rotated_lives_on_for_its_grace(store: Store) -> None:
    old, _ = store.keys.issue("ci", Role.ADMIN)
    new, _ = store.keys.rotate(old.id, timedelta(hours=2))
    assert (new.name, new.role, new.replaces) == ("ci", Role.ADMIN, old.id)
    kept = store.keys.get(old.id)
    assert kept.valid(NOW + timedelta(hours=1))
    assert not kept.valid(NOW + timedelta(hours=3))
    assert store.keys.get(new.id).valid(NOW + timedelta(days=400))


def test_a_revoked_key_opens_nothing_and_cannot_be_rotated(store: Store) -> None:
    key, _ = store.keys.issue("ci", Role.VIEWER)
    assert not store.keys.revoke(key.id).valid()
    with pytest.raises(Conflict):
        store.keys.rotate(key.id, timedelta(hours=1))
    with pytest.raises(NotFound):
        store.keys.revoke("0" * 16)


def test_a_key_notes_its_use_to_the_minute(store: Store) -> None:
    key, _ = store.keys.issue("ci", Role.VIEWER)
    store.keys.used(key.id)
    first = store.keys.get(key.id).last_used_at
    store.keys.used(key.id)
    assert first is not None
    assert store.keys.get(key.id).last_used_at == first


@pytest.mark.parametrize("role", Role)
def test_each_role_may_do_all_that_those_before_it_may(role: Role) -> None:
    ranks = list(Role)
    assert [role.may(needed) for needed in ranks] == [ranks.index(role) >= at for at in range(len(ranks))]


def test_a_member_has_an_address_of_their_own(store: Store) -> None:
    ann = store.members.create("Ann", "Ann@Example.org")
    assert store.members.get(ann.id) == ann
    with pytest.raises(Conflict):
        store.members.create("Other", "ann@example.ORG")
    assert [one.name for one in store.members.list()] == ["Ann"]


def test_members_leave_by_becoming_inactive(store: Store) -> None:
    ann = store.members.create("Ann", "ann@x.org")
    store.members.create("Ben", "ben@x.org")
    store.members.change(ann.id, active=False, role=Role.ADMIN)
    assert [one.name for one in store.members.page(active=True).items] == ["Ben"]
    gone = store.members.get(ann.id)
    assert (gone.name, gone.role, gone.active) == ("Ann", Role.ADMIN, False)


# --- keyed requests ---


def test_an_answered_request_is_answered_the_same_again(store: Store) -> None:
    assert store.idempotency.begin("POST /x", "k", "f") is None
    store.idempotency.finish("POST /x", "k", 201, "application/json", b'{"a": 1}')
    assert store.idempotency.begin("POST /x", "k", "f") == Answer(201, "application/json", b'{"a": 1}')
    assert store.idempotency.begin("POST /y", "k", "f") is None


def test_one_key_is_for_one_request(store: Store) -> None:
    store.idempotency.begin("POST /x", "k", "f")
    with pytest.raises(UsageError):
        store.idempotency.begin("POST /x", "k", "other")
    with pytest.raises(Busy):
        store.idempotency.begin("POST /x", "k", "f")


def test_of_many_at_once_one_is_carried_out(store: Store) -> None:
    def claim(_: int) -> str:
        try:
            return "mine" if store.idempotency.begin("POST /x", "k", "f") is None else "told"
        except Busy:
            return "busy"

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(claim, range(40)))
    assert found.count("mine") == 1
    assert found.count("busy") == 39


def test_a_request_that_was_given_up_can_be_sent_again(store: Store) -> None:
    store.idempotency.begin("POST /x", "k", "f")
    store.idempotency.forget("POST /x", "k")
    assert store.idempotency.begin("POST /x", "k", "f") is None


def test_a_request_that_took_effect_and_lost_its_answer_is_never_carried_out_again(store: Store) -> None:
    store.idempotency.begin("POST /x", "k", "f")
    token = claimed.set(("POST /x", "k"))
    try:
        batch = store.batches.create(NewBatch("/x"))
    finally:
        claimed.reset(token)
    store.idempotency.forget("POST /x", "k")
    with pytest.raises(Conflict, match=batch.id):
        store.idempotency.begin("POST /x", "k", "f")


def test_a_process_that_died_before_any_effect_leaves_its_request_to_the_next(store: Store, url: str) -> None:
    for effect in (False, True):
        worker = PROCESSES.Process(target=claim_request, args=(url, str(effect), effect))
        worker.start()
        worker.join()
    assert store.idempotency.begin("POST /x", "False", "f") is None
    with pytest.raises(Conflict, match=r"project\.created"):
        store.idempotency.begin("POST /x", "True", "f")


def test_a_key_is_forgotten_after_its_day(store: Store) -> None:
    store.idempotency.begin("POST /x", "k", "f")
    store.idempotency.finish("POST /x", "k", 200, "", b"")
    with store.database.write() as session:
        session.query(IdempotencyRow).update({"expires_at": NOW - timedelta(seconds=1)})
    assert store.idempotency.begin("POST /x", "k", "other") is None
