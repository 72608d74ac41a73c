"""The stages together, on drawn footage: what they leave, what they record, what they do not repeat."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from editron_core.config import DELIVERED, Settings, settings
from editron_core.domain.batch import BatchStatus, StorageTier, joined
from editron_core.domain.job import EditSessionStatus, RenderJobStatus, Verdict
from editron_core.domain.label import Raters, Split
from editron_core.errors import EditronError, SourceError, UsageError
from editron_core.lane import Lane, Order, Outcome, as_json, cutting, intake, rendering, signing, write_curve
from editron_core.lane.desk import code_version
from editron_core.score import profile
from editron_core.store import NewBatch, Store
from editron_core.times import Span
from tests.lane.conftest import Witness

ORDER = Order(brief="the jump over the boxes")


def cut(lane: Lane, clips: Path, order: Order = ORDER) -> Outcome:
    return lane.edit(lane.score(lane.analyze(lane.ingest([str(clips)])), order), order)


def test_footage_becomes_checked_deliverables_and_a_second_run_repeats_nothing(
    lane: Lane, store: Store, clips: Path, witness: Witness, tmp_path: Path
) -> None:
    first = lane.deliver(lane.render(cut(lane, clips)), tmp_path / "out")

    assert witness.endings("render") == ["done"]
    assert first.batch.status is BatchStatus.ANALYZED
    assert not first.complaints
    for one in first.deliverables:
        assert Path(one.path).parent == tmp_path / "out"
        assert one.checks
        assert {Path(path).suffix for path in one.captions} == {".srt", ".vtt"}
    assert first.report is not None
    assert first.report.exists()
    assert {path.suffix for path in (tmp_path / "out" / "edit").iterdir()} >= {".otio", ".fcpxml", ".edl"}
    assert store.sessions.get(first.cuts[0].session.id).status is EditSessionStatus.COMPLETE
    jobs = store.jobs.list(first.cuts[0].session.id)
    assert [job.status for job in jobs] == [RenderJobStatus.COMPLETE]

    assert lane.ingest([str(tmp_path)]).footage.keys() == first.footage.keys()  # our output is no footage
    stale = Path(first.deliverables[0].path).with_name("older-cut_16x9.mp4")
    stale.write_bytes(b"of an earlier run")
    marker = tmp_path / "out" / DELIVERED
    marker.write_text(json.dumps([*json.loads(marker.read_text()), stale.name]))

    witness.seen.clear()
    second = lane.deliver(lane.render(cut(lane, clips)), tmp_path / "out")

    assert {e for stage in ("analyze", "edit", "render") for e in witness.endings(stage)} == {"kept"}
    assert not stale.exists()
    assert second.batch.id == first.batch.id
    assert second.deliverables == first.deliverables
    assert len(store.jobs.list(first.cuts[0].session.id)) == 1


def test_one_bad_file_fails_with_its_reason_and_the_others_go_on(lane: Lane, clips: Path) -> None:
    (clips / "broken.mp4").write_bytes(b"not a film at all")
    (clips / "empty.mov").touch()
    (clips / "notes.md").write_text("not media")

    outcome = lane.analyze(lane.ingest([str(clips)]))

    states = {file.name: (file.status, file.error) for file in outcome.files}
    assert states["street-jump.mp4"] == (BatchStatus.ANALYZED, None)
    assert states["broken.mp4"][0] is BatchStatus.FAILED
    assert states["empty.mov"][0] is BatchStatus.FAILED
    assert states["empty.mov"][1] is not None
    assert "empty" in states["empty.mov"][1]
    assert "notes.md" not in states
    assert outcome.batch.partial
    assert len(outcome.complaints) == 2


def test_a_batch_without_a_usable_file_fails_as_a_whole(lane: Lane, tmp_path: Path) -> None:
    (tmp_path / "empty.mov").touch()

    outcome = lane.analyze(lane.ingest([str(tmp_path / "empty.mov")]))

    assert outcome.batch.status is BatchStatus.FAILED
    assert outcome.batch.last_error


def test_a_mended_file_is_taken_in_by_the_same_command(lane: Lane, clips: Path, tmp_path: Path) -> None:
    good = clips / "street-jump.mp4"
    late = tmp_path / "late.mp4"
    late.touch()
    assert lane.ingest([str(late)]).failed_files

    late.write_bytes(good.read_bytes())

    assert not lane.ingest([str(late)]).failed_files


def test_nothing_to_take_says_so(lane: Lane, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(SourceError, match="no footage"):
        lane.ingest([str(tmp_path / "empty")])


def test_the_same_bytes_twice_are_analysed_once(lane: Lane, clips: Path, witness: Witness) -> None:
    (clips / "again.mp4").write_bytes((clips / "street-jump.mp4").read_bytes())
    (clips / "street-jump.en.srt").unlink()  # without a script the analysis is another, and not known yet

    outcome = lane.analyze(lane.ingest([str(clips)]))

    assert len(outcome.files) == 2
    assert len(outcome.footage) == len(outcome.evidence) == 1
    assert witness.endings("analyze") == ["done"]


def test_the_same_footage_in_another_home_gives_the_same_moments_and_cuts(
    lane: Lane, clips: Path, tmp_path: Path
) -> None:
    elsewhere = Settings(home=tmp_path / "elsewhere")
    with Store.open(elsewhere.database, elsewhere.blobs) as store:
        there = cut(Lane(store, elsewhere), clips)
    here = cut(lane, clips)

    assert there.batch.id != here.batch.id
    assert there.selection == here.selection
    assert there.cuts[0].session.timelines == here.cuts[0].session.timelines


def test_moments_carry_the_profile_that_was_asked_for(lane: Lane, store: Store, clips: Path) -> None:
    seen = lane.analyze(lane.ingest([str(clips)]))

    plain = lane.score(seen, ORDER)
    lively = lane.score(seen, replace(ORDER, knobs={"energy": 1.0}))

    assert plain.selection is not None
    assert {m.profile_hash for m in plain.selection.moments} == {profile.load("default").hash}
    assert lively.profile["hash"] != plain.profile["hash"]
    recorded = store.analyses.latest(seen.batch.id)
    assert recorded is not None
    assert recorded.profile_hash == lively.profile["hash"]
    assert recorded.summary
    assert recorded.deliverable_targets


def test_the_payoff_that_was_drawn_is_among_the_moments(lane: Lane, clips: Path, drawn: Path) -> None:
    outcome = lane.score(lane.analyze(lane.ingest([str(clips)])), ORDER)
    truth = json.loads((drawn / "street-jump.truth.json").read_text())
    payoff = Span(Fraction(truth["payoffs"][0]["start"]), Fraction(truth["payoffs"][0]["end"]))

    assert outcome.selection is not None
    overlaps = [moment.span.overlap(payoff) for moment in outcome.selection.moments]
    assert max(overlaps) >= payoff.duration / 2


def test_a_run_is_the_same_to_the_byte(lane: Lane, clips: Path) -> None:
    first, second = cut(lane, clips), cut(lane, clips)

    assert [t.content_hash for c in first.cuts for t in c.session.timelines] == [
        t.content_hash for c in second.cuts for t in c.session.timelines
    ]
    assert first.selection == second.selection


def test_the_document_has_the_promised_keys(lane: Lane, clips: Path) -> None:
    document = as_json(cut(lane, clips))

    assert json.loads(json.dumps(document)) == document
    assert set(document) >= {"batch_id", "files", "moments", "profile", "engines", "timings"}
    assert set(document["files"][0]) >= {"path", "status", "probe", "error"}
    assert set(document["moments"][0]) >= {"file", "start", "end", "score", "signals", "reason"}
    assert set(document["engines"]) >= {"speech", "vision"}
    assert document["engines"]["vision"]["fallback"]


@pytest.mark.parametrize("ending", ["parquet", "json"])
def test_the_curve_is_written_with_its_signals(lane: Lane, clips: Path, tmp_path: Path, ending: str) -> None:
    outcome = lane.score(lane.analyze(lane.ingest([str(clips)])), ORDER)
    path = tmp_path / f"curve.{ending}"

    write_curve(outcome, path)

    table = pl.read_parquet(path) if ending == "parquet" else pl.read_json(path)
    assert table.columns[:3] == ["file", "time_s", "score"]
    assert set(table.columns[3:]) == set(profile.load("default").weights)


def test_a_trim_makes_a_new_cut_that_needs_a_new_signature(lane: Lane, store: Store, clips: Path) -> None:
    outcome = cut(lane, clips)
    session = outcome.cuts[0].session
    place, _ = next(session.timelines[0].placed())
    signing.decide(store, session.id, "", signing.Opinion(Verdict.APPROVE, "ann"))

    trimmed = signing.trim(store, session.id, "", Span(place.start, place.end - 1), "ann")

    assert trimmed.timelines[0].duration == session.timelines[0].duration - 1
    assert trimmed.status is EditSessionStatus.NEEDS_REVIEW
    assert cut(lane, clips).cuts[0].session.id == trimmed.id


def test_a_session_says_whether_captions_go_with_it(lane: Lane, clips: Path) -> None:
    outcome = cut(lane, clips)
    made = outcome.cuts[0]
    mute = tuple(replace(timeline, cues=()) for timeline in made.session.timelines)

    assert made.session.include_captions
    assert not cutting._session(lane.desk, outcome, made.blueprint, made.brand, mute, ORDER).include_captions


def test_production_renders_signed_cuts_only(lane: Lane, store: Store, clips: Path) -> None:
    outcome = cut(lane, clips)
    lane.desk.settings = settings().model_copy(update={"mode": "production"})

    with pytest.raises(UsageError, match="not signed off"):
        lane.render(outcome)

    signing.decide(store, outcome.cuts[0].session.id, "", signing.Opinion(Verdict.APPROVE, "ann"))
    rendering.refuse_unsigned(lane.desk, outcome.cuts[0].session)


def test_production_scores_with_a_promoted_profile_only(lane: Lane, clips: Path) -> None:
    seen = lane.analyze(lane.ingest([str(clips)]))
    lane.desk.settings = settings().model_copy(update={"mode": "production"})

    with pytest.raises(UsageError, match="promoted"):
        lane.score(seen, ORDER)


def test_the_code_version_changes_with_the_code() -> None:
    assert code_version("score") != code_version("edit")
    assert code_version("score") == code_version("score")


def test_another_brand_makes_another_cut_to_sign(lane: Lane, clips: Path, tmp_path: Path) -> None:
    brand = tmp_path / "brand.toml"
    brand.write_text('name = "loud"\n[colours]\nprimary = "#ff0000"\n')

    plain, loud = cut(lane, clips), cut(lane, clips, replace(ORDER, brand=brand))

    assert plain.cuts[0].session.timelines[0].content_hash != loud.cuts[0].session.timelines[0].content_hash


def test_an_order_that_cannot_be_is_refused_before_any_work(lane: Lane, tmp_path: Path) -> None:
    for order in (
        replace(ORDER, profile="nope"),
        replace(ORDER, blueprints=("nope",)),
        replace(ORDER, blueprints=("square", "square")),
        replace(ORDER, brand=tmp_path / "nope.toml"),
    ):
        with pytest.raises(EditronError):
            lane.check(order)


def test_a_lost_original_is_taken_in_again(lane: Lane, clips: Path) -> None:
    first = lane.ingest([str(clips)])
    place = Path(first.files[0].path)
    for name in place.parent.glob(f"{place.stem}*"):  # the bytes, and the name with an ending that tools want
        name.unlink()

    second = lane.ingest([str(clips)])

    assert second.batch.id == first.batch.id
    assert Path(second.files[0].path).exists()


def test_a_batch_keeps_the_tier_that_it_was_asked_for_with(lane: Lane, store: Store, clips: Path) -> None:
    asked = store.batches.create(NewBatch(str(clips), "clips", storage_tier=StorageTier.WARM))

    assert lane.resume(asked.id).batch.storage_tier is StorageTier.WARM


def test_an_interrupted_ingest_is_finished_by_the_batch_id(
    lane: Lane, store: Store, clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(intake, "examine", interrupt)
        with pytest.raises(KeyboardInterrupt):
            lane.ingest([str(clips)])
    batch = store.batches.newest()
    assert batch.status is BatchStatus.DOWNLOADING

    resumed = lane.resume(batch.id[:8])

    assert [file.status for file in resumed.files] == [BatchStatus.READY]
    assert resumed.files[0].transcript_path


def test_a_name_with_what_looks_like_a_line_break_is_one_source(
    lane: Lane, store: Store, tmp_path: Path
) -> None:
    """Python's `splitlines` would take what stands behind U+2028 for a source of its own."""
    behind = tmp_path / "private.mp4"
    behind.write_bytes(b"nobody asked for me")
    batch = store.batches.order(NewBatch(joined([f"{tmp_path}/x\u2028{behind}", "https://e.com/a"])))
    assert batch.sources == (f"{tmp_path}/x\u2028{behind}", "https://e.com/a")

    only = store.batches.order(NewBatch(joined([f"{tmp_path}/x\u2028{behind}"])))
    files = lane.resume(only.id).files
    assert [(file.source, file.status) for file in files] == [(only.sources[0], BatchStatus.FAILED)]
    with pytest.raises(UsageError, match="line break"):
        lane.ingest([f"{tmp_path}/x\n{behind}"])


def test_decisions_leave_labels_in_a_split_of_their_own(lane: Lane, store: Store, clips: Path) -> None:
    session = cut(lane, clips).cuts[0].session
    shown = session.timelines[0]
    spans = {clip.source for clip in shown.clips}

    def said() -> set[tuple[Span, int]]:
        found = store.labels.list(Raters.PEOPLE, split=Split.REVIEW)
        return {(label.span, label.rating) for label in found if label.content_hash == shown.content_hash}

    for _ in range(2):  # the same word twice is one word
        signing.decide(store, session.id, "", signing.Opinion(Verdict.APPROVE, "ann"))
        assert len(store.labels.list(Raters.PEOPLE)) == len(spans)
    assert {rating for _, rating in said()} == {5}
    signing.decide(store, session.id, "", signing.Opinion(Verdict.REJECT, "ann", "too dark"))
    assert {rating for _, rating in said()} == {1}

    place, clip = next(iter(shown.placed()))
    signing.trim(store, session.id, "", Span(place.start + 1, place.end), "ann")

    assert sorted(rating for _, rating in said()) == [2, 5]
    assert {label.file_sha256 for label in store.labels.list(Raters.PEOPLE)} == {clip.file_id}
    assert store.labels.list(Raters.PEOPLE, split=Split.TUNE) == ()
