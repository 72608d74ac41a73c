"""What the QA board shows: the newest run, where it looked, its frames, and the findings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from editron_core.domain.finding import Finding, FindingStatus
from editron_core.errors import NotFound
from editron_core.lane import judged
from editron_core.qa import golden, regress
from editron_core.qa.suites import pictures
from editron_core.review import qaboard
from editron_core.store import Store, retention

DE = ("event", "de")


def report(change: float, *, skipped: dict[str, str] | None = None) -> regress.Report:
    """What was blessed, with the reading of German events moved."""
    before = regress.baseline()
    after = [replace(one, value=one.value + change * ((one.genre, one.locale) == DE)) for one in before]
    changed = regress.changes(before, after)
    cells = regress.coverage(golden.load().items)
    return regress.Report(tuple(after), changed, {"de-event": ("- a", "+ b")}, cells, skipped or {})


def keep(store: Store, found: regress.Report) -> None:
    with judged.kept(store, golden.load()) as keeping:
        keeping(found, blessed=False)


def leave() -> None:
    """A golden frame of the captions suite that differs."""
    sides = [np.full((4, 6, 3), level, np.uint8) for level in (0, 200)]
    pictures.folder("captions").mkdir(parents=True)
    pictures.write(sides[0], pictures.folder("captions") / "bold.webp")
    (pictures.folder("captions") / "bold.png").write_bytes(b"diff")
    pair = pictures.Pair("bold 16:9", "de", 1, 3, 1, 0.5, 0.9, 60.0, "b.png", "a.png", "bold.png")
    pictures.leave("captions", pair, *sides)


def cell(shown: dict, genre: str, locale: str) -> dict:
    return next(one for one in shown["map"]["cells"] if (one["genre"], one["locale"]) == (genre, locale))


def test_before_the_first_run_the_map_tells_what_is_blessed(store: Store) -> None:
    shown = qaboard.shown(store, {})
    assert (shown["run"], shown["runs"], shown["findings"]) == (None, [], [])
    assert shown["baseline"] == len(regress.baseline())
    assert cell(shown, *DE)["readings"] >= 1
    assert sum(one["readings"] for one in shown["map"]["cells"]) == shown["baseline"]


def test_a_changed_reading_marks_its_cell_and_no_other(store: Store) -> None:
    keep(store, report(0.5, skipped={"sound": "no voice"}))
    shown = qaboard.shown(store, {})
    assert [one["genre"] for one in shown["map"]["cells"] if one["changed"]] == [DE[0]]
    (changed,) = shown["run"]["changed"]
    assert (changed["genre"], changed["locale"]) == DE
    assert changed["after"] == pytest.approx(changed["before"] + 0.5)
    assert shown["run"]["skipped"] == {"sound": "no voice"}
    assert shown["run"]["moments"] == [{"item": "de-event", "lines": ["- a", "+ b"]}]


def test_an_older_run_is_shown_where_it_is_asked_for(store: Store) -> None:
    keep(store, report(0.5))
    first = qaboard.shown(store, {})["run"]["id"]
    keep(store, report(0))
    assert qaboard.shown(store, {})["run"]["changed"] == []
    assert qaboard.shown(store, {"run": first})["run"]["id"] == first
    with pytest.raises(NotFound):
        qaboard.shown(store, {"run": "0" * 32})


def test_frames_that_differ_stay_with_their_run_whatever_the_next_one_draws(store: Store) -> None:
    leave()
    keep(store, report(0.5))
    pictures.clear("captions")
    assert pictures.pairs("captions") == ()
    (frame,) = qaboard.shown(store, {})["run"]["frames"]
    assert (frame["case"], frame["locale"], frame["ssim"]) == ("bold 16:9", "de", 0.9)
    result = store.qa_runs.list()[0].result
    assert result is not None
    kept = [result["frames"][0][side].removeprefix("blob:") for side in ("before", "after", "diff")]
    assert store.blobs.path(kept[2]).read_bytes() == b"diff"
    assert pictures.read(store.blobs.path(kept[1])).max() == 200
    assert set(kept) <= retention.referenced(store)[0]  # they outlive a clearing up


def test_a_finding_is_told_with_its_assignee_and_what_was_said(store: Store) -> None:
    ann = store.members.create("Ann", "ann@example.com")
    gone = store.members.create("Ben", "ben@example.com")
    store.members.change(gone.id, active=False)
    made = store.findings.create(Finding("", "late", status=FindingStatus.BLOCKED, assignee_id=ann.id))
    store.findings.comment(made.id, "ben", "why?")
    shown = qaboard.shown(store, {"finding": made.id})
    assert [one["name"] for one in shown["members"]] == ["Ann"]  # work is given to active members only
    assert (shown["findings"][0]["status"], shown["findings"][0]["assignee_name"]) == ("blocked", "Ann")
    assert [(one["author"], one["text"]) for one in shown["chosen"]["comments"]] == [("ben", "why?")]
    assert "gone" in qaboard.shown(store, {"finding": "0" * 32})["chosen"]
