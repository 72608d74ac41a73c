"""A cut that people change is a new cut: unsigned, current, and gone back from."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from editron_core.config import settings
from editron_core.domain.job import EditSession, EditSessionStatus, Verdict
from editron_core.domain.label import Raters
from editron_core.domain.review import ApprovalRule, CaptionLine
from editron_core.errors import Stale, UsageError
from editron_core.lane import captioning, dressing, revising, signing
from editron_core.lane.signing import Opinion
from editron_core.review import moments, revisions, signoff
from editron_core.store import Store
from editron_core.times import Span
from tests.apps.stage import Staged, stage


@pytest.fixture
def store() -> Iterator[Store]:
    here = settings()
    with Store.open(here.database, here.blobs) as opened:
        yield opened


@pytest.fixture
def staged(store: Store, tmp_path: Path) -> Staged:
    return stage(store, tmp_path)


def now(store: Store, staged: Staged, blueprint: str = "hero-reel") -> EditSession:
    sessions = revisions.current(store.sessions.list(staged.batch))
    return next(one for one in sessions if one.deliverable_type == blueprint)


def approve(store: Store, session: str, name: str = "ann") -> EditSession:
    return signing.decide(store, session, "", Opinion(Verdict.APPROVE, name))


def test_a_changed_cut_takes_the_place_of_the_signed_one_and_undo_gives_it_back(
    store: Store, staged: Staged
) -> None:
    approve(store, staged.reel)

    split = signing.split(store, staged.reel, "", Fraction(1), "ben")

    assert split.status is EditSessionStatus.NEEDS_REVIEW
    assert now(store, staged).id == split.id
    assert signoff.of(store, split).unsigned == split.timelines
    assert split.metadata["changed"]["how"] == "split"
    back = revising.undo(store, split.id)
    assert back.id == staged.reel == now(store, staged).id
    assert not signoff.of(store, back).unsigned


def test_nobody_decides_about_or_changes_a_cut_that_another_has_replaced(
    store: Store, staged: Staged
) -> None:
    signing.split(store, staged.reel, "", Fraction(1), "ben")

    with pytest.raises(Stale, match=r"changed by ben \(split\)"):
        approve(store, staged.reel)
    with pytest.raises(Stale):
        signing.remove(store, staged.reel, "", 0, "ann")
    with pytest.raises(Stale):
        revising.undo(store, staged.reel)


def test_an_untouched_cut_cannot_be_undone(store: Store, staged: Staged) -> None:
    with pytest.raises(UsageError, match="nobody"):
        revising.undo(store, staged.reel)


def test_a_word_that_is_taken_back_gives_way_to_the_one_before(store: Store, staged: Staged) -> None:
    approve(store, staged.reel)
    signing.decide(store, staged.reel, "", Opinion(Verdict.REJECT, "ann", "no"))
    assert {one.rating for one in store.labels.list(Raters.PEOPLE)} == {1}

    session = signing.withdraw(store, staged.reel, "", "ann")

    assert session.status is EditSessionStatus.APPROVED
    assert {one.rating for one in store.labels.list(Raters.PEOPLE)} == {5}
    session = signing.withdraw(store, staged.reel, "", "ann")
    assert session.status is EditSessionStatus.NEEDS_REVIEW
    assert not store.labels.list(Raters.PEOPLE)
    with pytest.raises(UsageError):
        signing.withdraw(store, staged.reel, "", "ann")


def test_two_approvals_by_rule_are_two_people(store: Store, staged: Staged) -> None:
    store.approvals.set_rule(ApprovalRule(2))

    assert approve(store, staged.reel).status is EditSessionStatus.NEEDS_REVIEW
    assert approve(store, staged.reel).status is EditSessionStatus.NEEDS_REVIEW
    assert approve(store, staged.reel, "ben").status is EditSessionStatus.APPROVED


def test_a_clip_may_be_trimmed_and_made_longer_and_is_captioned_by_what_is_heard(
    store: Store, staged: Staged
) -> None:
    shorter = signing.retime(store, staged.reel, "", 0, Span.of("1.4", 3), "ann")
    assert shorter.timelines[0].clips[0].source == Span.of("1.4", 3)
    assert store.decisions.list(staged.reel)[0].verdict is Verdict.TRIM

    longer = signing.retime(store, shorter.id, "", 0, Span.of(0, 4), "ann")

    assert longer.timelines[0].clips[0].source == Span.of(0, 4)
    said = " ".join(line for cue in longer.timelines[0].cues for line in cue.lines)
    assert said.startswith("Here comes Maya with the ball.")
    beyond = signing.retime(store, longer.id, "", 2, Span.of(9, 500), "ann")
    assert beyond.timelines[0].clips[2].source.end <= 12


def test_caption_edits_reach_every_cut_that_shows_the_line_and_no_other(store: Store, staged: Staged) -> None:
    approve(store, staged.reel)
    shown = captioning.of_file(store, staged.file)
    at = next(n for n, line in enumerate(shown.lines) if line.span.overlap(Span.of(9, 11)))
    changed = [*shown.lines]
    changed[at] = CaptionLine(changed[at].span, "Something else was said")

    kept, made = captioning.save(store, staged.file, changed, "ben", shown.version)

    assert kept.author == "ben"
    assert [one.deliverable_type for one in made] == ["hero-reel"]  # the shorts end before that line
    assert now(store, staged, "shorts").id == staged.shorts
    cues = now(store, staged).timelines[0].cues
    assert any(" ".join(cue.lines).startswith("Something else") for cue in cues)  # what of it is heard
    assert signoff.of(store, now(store, staged)).unsigned
    with pytest.raises(Stale):
        captioning.save(store, staged.file, shown.lines, "ann", shown.version)


def test_captions_put_back_give_back_the_cut_that_was_signed(store: Store, staged: Staged) -> None:
    approve(store, staged.reel)
    shown = captioning.of_file(store, staged.file)
    first = CaptionLine(shown.lines[0].span, "Wrong")
    kept, _ = captioning.save(store, staged.file, [first, *shown.lines[1:]], "ben", shown.version)

    captioning.save(store, staged.file, shown.lines, "ben", kept.version)

    assert now(store, staged).id == staged.reel
    assert not signoff.of(store, now(store, staged)).unsigned


def test_a_chosen_look_unsigns_the_cuts_that_looked_otherwise(store: Store, staged: Staged) -> None:
    made = dressing.choose(store, staged.batch, "karaoke", "ann")

    assert {one.deliverable_type for one in made} == {"hero-reel"}  # the shorts are karaoke already
    assert now(store, staged).metadata["order"]["captions"] == "karaoke"
    with pytest.raises(UsageError, match="caption preset"):
        dressing.choose(store, staged.batch, "comic", "ann")


def test_the_desk_names_who_is_missing_and_whose_approval_was_lost(store: Store, staged: Staged) -> None:
    approve(store, staged.reel)
    signing.split(store, staged.reel, "", Fraction(1), "ben")

    told = moments.desk(store, {"batch": staged.batch, "session": staged.reel}, "ann")

    cut = next(one for one in told["cuts"] if one["key"] == told["cut"]["key"])
    assert (cut["blueprint"], cut["standing"], cut["missing"]) == ("hero-reel", "unsigned", 1)
    assert cut["lost"] == ["ann"]
    assert cut["mine"] is None
    assert len(told["cut"]["clips"]) == 4
    words = told["cut"]["clips"][0]["words"]
    assert next(word[0] for word in words if word[3]) == "Here"
