"""What the review apps keep: captions, approval rules, brand kits, downloads and uploads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from editron_core.domain.brand import BrandKit, Colours
from editron_core.domain.intake import Download, TransferStatus, Upload
from editron_core.domain.review import ApprovalRule, BrandAsset, CaptionEdit, CaptionLine
from editron_core.errors import Conflict, NotFound, Stale, UsageError
from editron_core.store import NewBatch, Store, retention
from editron_core.times import Span

BASE = "b" * 64
LINES = (CaptionLine(Span.of(0, 1), "Hello."), CaptionLine(Span.of("4/3", 2), "“World” 🎬"))


def edit(store: Store) -> CaptionEdit:
    batch = store.batches.create(NewBatch("/x"))
    file = store.files.add(batch.id, "a.mp4", "/x/a.mp4")
    return CaptionEdit(file.id, BASE, LINES, "ann")


def test_captions_come_back_as_they_were_left_and_earlier_ones_stay(store: Store) -> None:
    wanted = edit(store)
    first = store.captions.save(wanted)
    assert (first.lines, first.version) == (LINES, wanted.version)
    second = store.captions.save(replace(wanted, lines=LINES[:1], author="ben"))
    assert store.captions.latest(wanted.file_id) == second
    assert [one.author for one in store.captions.page(wanted.file_id).items] == ["ben", "ann"]
    assert store.captions.save(replace(wanted, lines=LINES[:1], author="cid")) == second
    assert store.captions.latest("nothing") is None


def test_captions_that_somebody_else_has_edited_meanwhile_are_not_overwritten(store: Store) -> None:
    wanted = edit(store)
    with pytest.raises(Stale):
        store.captions.save(wanted, expected="other")
    mine = store.captions.save(wanted, expected=BASE)
    with pytest.raises(Stale):
        store.captions.save(replace(wanted, lines=()), expected=BASE)
    store.captions.save(replace(wanted, lines=()), expected=mine.version)


def test_lines_run_forward(store: Store) -> None:
    with pytest.raises(UsageError, match="overlap"):
        CaptionEdit("f", BASE, tuple(reversed(LINES)), "ann")


def test_a_projects_own_rule_goes_before_everybodys(store: Store) -> None:
    project = store.projects.ensure("acme").id
    assert store.approvals.rule(project) == ApprovalRule()
    store.approvals.set_rule(ApprovalRule(2))
    assert store.approvals.rule(project).approvers == 2
    ann = store.members.create("Ann", "a@x")
    store.approvals.set_rule(ApprovalRule(1, (ann.id,), project))
    assert store.approvals.rule(project) == ApprovalRule(1, (ann.id,), project)
    assert store.approvals.rule(None) == ApprovalRule(2)


def test_a_rule_that_nobody_could_keep_is_refused(store: Store) -> None:
    for wrong in ((0, ()), (2, ("a",)), (2, ("a", "a"))):
        with pytest.raises(UsageError, match="more approvals"):
            ApprovalRule(*wrong)
    with pytest.raises(UsageError, match="no active member"):
        store.approvals.set_rule(ApprovalRule(1, ("nobody",)))


# --- brand kits ---

KIT = BrandKit("acme", colours=Colours(primary="#ff0000"), logo="blob:" + "e" * 64)


def test_each_change_of_a_kit_is_a_version_and_old_ones_stay(store: Store) -> None:
    first = store.brands.save(KIT, "ann")
    same = store.brands.save(replace(KIT, version=9), "ben")
    second = store.brands.save(replace(KIT, title_font="Source Sans Pro"), "ben")
    assert (first.version, same, second.version) == (1, first, 2)
    assert store.brands.get(first.id) == KIT
    assert [one.version for one in store.brands.page(name="acme").items] == [2, 1]


def test_kits_of_one_name_count_for_each_project_by_themselves(store: Store) -> None:
    project = store.projects.ensure("acme").id
    store.brands.save(KIT, "ann")
    assert store.brands.save(KIT, "ann", project).version == 1
    with pytest.raises(NotFound):
        store.brands.save(KIT, "ann", "nobody")


def test_a_project_inherits_the_version_that_was_chosen(store: Store) -> None:
    project, other = store.projects.ensure("acme").id, store.projects.ensure("other").id
    assert store.brands.chosen(project) is None
    first = store.brands.save(KIT, "ann", project)
    second = store.brands.save(replace(KIT, title_font="Source Sans Pro"), "ann", project)
    store.brands.choose(project, second.id, "ann")
    store.brands.choose(project, first.id, "ben")
    assert store.brands.chosen(project) == store.brands.version(first.id)
    assert [store.brands.version(one.id).chosen for one in (first, second)] == [True, False]
    with pytest.raises(Conflict, match="another project"):
        store.brands.choose(other, first.id, "ann")


def test_what_a_version_uses_stays_in_the_store(store: Store) -> None:
    store.brands.add_asset(BrandAsset("e" * 64, "logo.png", "logo", 5))
    store.brands.add_asset(BrandAsset("d" * 64, "font.ttf", "font", 5))
    store.brands.save(KIT, "ann")
    with pytest.raises(Conflict, match="is used by acme 1"):
        store.brands.drop_asset("e" * 64)
    assert {"e" * 64, "d" * 64} <= retention.referenced(store)[0]
    store.brands.drop_asset("d" * 64)
    assert [one.name for one in store.brands.assets().items] == ["logo.png"]


# --- downloads and uploads ---


def test_a_download_goes_on_where_it_was_unless_it_is_another(store: Store) -> None:
    wanted = Download("d", remote_id="id:1", rev="1", content_hash="c", size_bytes=10 << 30)
    store.downloads.begin(wanted)
    store.downloads.attempted("d", "cut")
    store.downloads.advance("d", 8 << 20, b"x" * 64)
    assert store.downloads.attempted("d", "cut") == 1
    again = store.downloads.begin(wanted)
    assert (again.bytes_done, again.digests, again.status) == (8 << 20, b"x" * 64, TransferStatus.RUNNING)
    other = store.downloads.begin(replace(wanted, rev="2"))
    assert (other.bytes_done, other.digests) == (0, b"")
    failed = store.downloads.finish("d", error="may not be shared", tag="restricted_content")
    assert (failed.status, failed.error_tag) == (TransferStatus.FAILED, "restricted_content")
    assert store.downloads.begin(replace(wanted, rev="2")).error_tag == ""
    assert store.downloads.finish("d").bytes_done == 10 << 30


def test_an_upload_only_goes_forward_and_not_beyond_its_end(store: Store) -> None:
    made = store.uploads.create(Upload("", "a.mp4", 100, "ann"))
    assert store.uploads.advance(made.id, 60).offset == 60
    for wrong in (59, 101):
        with pytest.raises(Conflict):
            store.uploads.advance(made.id, wrong)
    done = store.uploads.finish(made.id, "a" * 64)
    assert (done.status, done.offset) == (TransferStatus.DONE, 100)
    with pytest.raises(Conflict):
        store.uploads.advance(made.id, 100)
    assert [one.id for one in store.uploads.page(owner="ann").items] == [made.id]
    assert store.uploads.page(owner="ben").items == ()
