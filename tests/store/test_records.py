"""Records: what is put in comes out as domain values, moves as it may, and goes with its parent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction

import pytest
from sqlalchemy import select

from editron_core.domain.batch import (
    AudioStream,
    BatchAnalysis,
    BatchStatus,
    MediaProbe,
    StorageTier,
    VideoStream,
)
from editron_core.domain.brand import BrandKit, Watermark
from editron_core.domain.finding import Finding
from editron_core.domain.intake import Download
from editron_core.domain.job import (
    Check,
    Decision,
    Deliverable,
    EditSession,
    EditSessionStatus,
    Verdict,
)
from editron_core.domain.moment import Moment
from editron_core.domain.operations import DeadLetter
from editron_core.domain.timeline import Clip, Timeline
from editron_core.errors import NotFound, StoreError, UsageError
from editron_core.store import NewBatch, NewJob, NewSession, Store
from editron_core.store.models import Base, BatchRow, TaskRow, utc_now
from editron_core.times import Span

FORWARD = (
    BatchStatus.DOWNLOADING,
    BatchStatus.READY,
    BatchStatus.ANALYZING,
    BatchStatus.ANALYZED,
)
PROBE = MediaProbe(
    container="mov,mp4",
    duration=Fraction(30030, 1001),
    video=VideoStream(
        index=0,
        codec="hevc",
        width=1080,
        height=1920,
        fps=Fraction(30000, 1001),
        vfr=True,
        rotation=90,
        pixel_format="yuv420p10le",
        bit_depth=10,
        colour="bt2020/arib-std-b67/bt2020nc",
        hdr=True,
        timecode="01:00:00;00",
    ),
    audio=AudioStream(index=1, codec="aac", sample_rate=48000, channels=2, layout="stereo"),
    size_bytes=6 << 30,
)
MOMENT = Moment(
    file_id="f",
    span=Span.of("1/3", 5),
    score=0.75,
    signals={"motion": 0.5, "faces": None},
    contributions={"motion": 0.75},
    reason="It moves ‘fast’ 🎬",
    profile_hash="c" * 64,
)
TIMELINE = Timeline(
    name="reel",
    blueprint="hero-reel",
    rate=Fraction(30000, 1001),
    aspects=("16:9", "9:16"),
    clips=(Clip("f", Span.of(1, 5), MOMENT),),
)
DELIVERABLE = Deliverable(
    path="/out/reel.mp4",
    timeline="reel",
    aspect="16:9",
    preset="youtube",
    duration=Fraction(4004, 1001),
    width=1920,
    height=1080,
    captions=("/out/reel.srt",),
    loudness_lufs=-14.1,
    true_peak_dbtp=None,
    checks=(Check("size", True, "1920x1080", "1920x1080"),),
)


def new_session(store: Store, timeline: Timeline = TIMELINE) -> EditSession:
    batch = store.batches.create(NewBatch("/footage"))
    return store.sessions.ensure(NewSession(batch.id, "hero-reel", (timeline,), ("16:9", "9:16")))


def decision(session: EditSession, **changes: object) -> Decision:
    shown = session.timelines[0]
    made = Decision("", session.id, shown.name, shown.content_hash, Verdict.APPROVE, "ada")
    return replace(made, **changes)  # type: ignore[arg-type]


# --- batches ---


def test_a_new_batch_is_queued_and_empty(store: Store) -> None:
    project = store.projects.ensure("Pickleball")
    new = NewBatch("https://x.test/a", "spring", project.id, StorageTier.COLD, False, {"sources": ["a", "b"]})
    batch = store.batches.get(store.batches.create(new).id)
    assert batch.status is BatchStatus.QUEUED
    assert (batch.file_count, batch.total_size_bytes, batch.failed_count, batch.partial) == (0, 0, 0, False)
    assert (batch.source_url, batch.reference_name, batch.project_id) == (
        new.source_url,
        "spring",
        project.id,
    )
    assert (batch.storage_tier, batch.checksum_required) == (StorageTier.COLD, False)
    assert batch.metadata == {"sources": ["a", "b"]}


def test_a_batch_of_a_project_that_is_not_there_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match=r"is no project"):
        store.batches.create(NewBatch("/footage", project_id="nobody"))


def test_a_project_is_made_once(store: Store) -> None:
    assert store.projects.ensure("one") == store.projects.ensure("one")
    store.projects.ensure("another")
    assert [project.name for project in store.projects.list()] == ["another", "one"]


def test_batches_are_listed_newest_first(store: Store) -> None:
    made = [store.batches.create(NewBatch(f"/footage/{number % 2}")) for number in range(4)]
    store.batches.set_status(made[1].id, BatchStatus.DOWNLOADING)
    ids = [batch.id for batch in made]
    assert [batch.id for batch in store.batches.list()] == ids[::-1]
    assert [batch.id for batch in store.batches.list(limit=2, offset=1)] == [ids[2], ids[1]]
    assert [batch.id for batch in store.batches.list(status=BatchStatus.DOWNLOADING)] == [ids[1]]
    assert store.batches.list(project_id="nobody") == ()
    assert store.batches.newest().id == ids[3]
    assert store.batches.newest("/footage/0").id == ids[2]


def test_asking_for_the_newest_of_nothing_says_so(store: Store) -> None:
    with pytest.raises(NotFound, match="has no batch yet"):
        store.batches.newest()


def test_a_batch_is_found_by_the_beginning_of_its_id(store: Store) -> None:
    with store.database.write() as session:
        for key in ("abcd1111", "abcd2222", "abcde333"):
            session.add(
                BatchRow(
                    id=key,
                    reference_name="",
                    source_url="/x",
                    storage_tier=StorageTier.HOT,
                    checksum_required=True,
                    status=BatchStatus.QUEUED,
                    facts={},
                )
            )
    assert store.batches.get("abcd1").id == "abcd1111"
    assert store.batches.get("abcde333").id == "abcde333"
    with pytest.raises(UsageError, match="more than one"):
        store.batches.get("abcd")
    for wrong in ("abc", "ffff", "%", "____", "ABCD1", ""):
        with pytest.raises(NotFound, match="is no batch"):
            store.batches.get(wrong)


def test_a_batch_goes_the_whole_way(store: Store) -> None:
    batch = store.batches.create(NewBatch("/footage"))
    for status in FORWARD:
        store.batches.set_status(batch.id, status)
        # A stage that was killed sets the same status again.
        assert store.batches.set_status(batch.id, status).status is status
    assert store.batches.get(batch.id).status is BatchStatus.ANALYZED


@pytest.mark.parametrize("status", [BatchStatus.READY, BatchStatus.ANALYZING, BatchStatus.ANALYZED])
def test_a_batch_cannot_skip_a_step(store: Store, status: BatchStatus) -> None:
    batch = store.batches.create(NewBatch("/footage"))
    with pytest.raises(StoreError, match=f"cannot go from queued to {status}"):
        store.batches.set_status(batch.id, status)
    assert store.batches.get(batch.id).status is BatchStatus.QUEUED


@pytest.mark.parametrize("steps", range(len(FORWARD) + 1))
def test_a_batch_can_fail_at_any_step_and_be_tried_again(store: Store, steps: int) -> None:
    batch = store.batches.create(NewBatch("/footage"))
    for status in FORWARD[:steps]:
        store.batches.set_status(batch.id, status)
    failed = store.batches.set_status(batch.id, BatchStatus.FAILED, "the disk is full")
    assert failed.last_error == "the disk is full"
    with pytest.raises(StoreError, match="cannot go from failed to analyzing"):
        store.batches.set_status(batch.id, BatchStatus.ANALYZING)
    assert store.batches.set_status(batch.id, BatchStatus.QUEUED).last_error is None


def test_a_batch_counts_its_files_and_bytes(store: Store) -> None:
    batch = store.batches.create(NewBatch("/footage"))
    one, two = (store.files.add(batch.id, name, f"/footage/{name}") for name in ("a.mp4", "b.mp4"))
    store.files.arrived(one.id, "/blobs/a", "a" * 64, 5 << 30)
    store.files.arrived(two.id, "/blobs/b", "b" * 64, 7)
    store.files.arrived(two.id, "/blobs/b", "b" * 64, 9)
    found = store.batches.get(batch.id)
    assert (found.file_count, found.total_size_bytes) == (2, (5 << 30) + 9)


def test_a_batch_is_partial_while_some_of_its_files_have_failed(store: Store) -> None:
    batch = store.batches.create(NewBatch("/footage"))
    files = [store.files.add(batch.id, str(number), f"/{number}") for number in range(2)]
    store.files.set_status(files[0].id, BatchStatus.FAILED, "is empty")
    assert store.batches.get(batch.id).partial
    assert store.batches.list()[0].failed_count == 1
    store.files.set_status(files[1].id, BatchStatus.FAILED, "is empty")
    assert not store.batches.get(batch.id).partial
    store.files.set_status(files[0].id, BatchStatus.QUEUED)
    assert store.batches.get(batch.id).partial


# --- files ---


def test_a_file_is_added_once_for_each_source_and_keeps_its_place(store: Store) -> None:
    batch = store.batches.create(NewBatch("/footage"))
    names = ["b.mp4", "a.mp4", "c.mp4"]
    first = [store.files.add(batch.id, name, f"/footage/{name}") for name in names]
    store.files.set_status(first[1].id, BatchStatus.DOWNLOADING)
    again = store.files.add(batch.id, "a.mp4", "/footage/a.mp4")
    assert (again.id, again.status) == (first[1].id, BatchStatus.DOWNLOADING)
    assert [file.name for file in store.files.list(batch.id)] == names
    assert store.batches.get(batch.id).file_count == 3
    other = store.batches.create(NewBatch("/footage"))
    assert store.files.add(other.id, "a.mp4", "/footage/a.mp4").id != again.id


def test_a_file_keeps_all_that_was_recorded_of_it(store: Store) -> None:
    batch = store.batches.create(NewBatch("/footage"))
    file = store.files.add(batch.id, "a.mp4", "/footage/a.mp4")
    store.files.arrived(file.id, "/blobs/aa", "a" * 64, PROBE.size_bytes, "/footage/a.srt")
    store.files.probed(file.id, PROBE)
    for status in FORWARD[:2]:
        store.files.set_status(file.id, status)
    found = store.files.get(file.id)
    assert found.probe == PROBE
    assert (found.path, found.sha256, found.size_bytes) == ("/blobs/aa", "a" * 64, 6 << 30)
    assert (found.status, found.error) == (BatchStatus.READY, None)
    assert (found.source, found.transcript_path) == ("/footage/a.mp4", "/footage/a.srt")


def test_a_file_cannot_skip_a_step(store: Store) -> None:
    batch = store.batches.create(NewBatch("/footage"))
    file = store.files.add(batch.id, "a.mp4", "/footage/a.mp4")
    with pytest.raises(StoreError, match=r"a\.mp4: cannot go from queued to analyzed"):
        store.files.set_status(file.id, BatchStatus.ANALYZED)


@pytest.mark.parametrize(
    "name",
    [
        "caf\udce9.mp4",
        "nul\0.mp4",
        '"quoted".mp4',
        '"half',
        "new\nline.mp4",
        "\u202egpj.mp4",
        "🎬" * 60,
        "'; DROP TABLE media_files; --",
        "x" * 5000,
    ],
)
def test_hostile_names_come_back_unchanged(store: Store, name: str) -> None:
    batch = store.batches.create(NewBatch(name, reference_name=name))
    file = store.files.add(batch.id, name, f"/footage/{name}")
    store.files.set_status(file.id, BatchStatus.FAILED, f"{name}: is empty")
    found = store.files.get(file.id)
    assert (found.name, found.source, found.error) == (name, f"/footage/{name}", f"{name}: is empty")
    assert store.batches.newest(name).reference_name == name


def test_what_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="is no file"):
        store.files.get("nothing")
    with pytest.raises(NotFound, match="is no file"):
        store.files.arrived("nothing", "", "", 0)
    with pytest.raises(NotFound, match="is no batch"):
        store.files.add("nothing", "a", "/a")


# --- analyses ---


def test_an_analysis_comes_back_whole_and_the_same_one_replaces_itself(store: Store) -> None:
    batch = store.batches.create(NewBatch("/footage"))
    analysis = BatchAnalysis(
        batch_id=batch.id,
        brief="the winning rally",
        summary="Two files.",
        hero_moments=(MOMENT,),
        insights={"figures": {"shots": 3}, "languages": ["en"]},
        deliverable_targets=({"blueprint": "shorts", "aspect": "9:16"},),
        passes_completed=2,
        profile_hash="c" * 64,
    )
    assert store.analyses.latest(batch.id) is None
    store.analyses.save(analysis)
    store.analyses.save(replace(analysis, brief="another"))
    better = replace(analysis, summary="Two files, well lit.")
    store.analyses.save(better)
    assert store.analyses.latest(batch.id) == better
    with store.database.read() as session:
        assert session.query(Base.metadata.tables["media_batch_analyses"]).count() == 2


# --- sessions, decisions, jobs ---


def test_a_session_comes_back_with_its_timelines(store: Store) -> None:
    session = new_session(store)
    found = store.sessions.get(session.id[:8])
    assert found == session
    assert found.timelines == (TIMELINE,)
    assert found.status is EditSessionStatus.ASSEMBLING


def test_the_same_cut_is_the_same_session(store: Store) -> None:
    session = new_session(store)
    same = NewSession(session.batch_id, "hero-reel", (TIMELINE,), ("1:1",), imovie_project="/out/reel.fcpxml")
    other = replace(same, timelines=(replace(TIMELINE, clips=()),))
    again = store.sessions.ensure(same)
    assert (again.id, again.aspect_ratios, again.imovie_project) == (session.id, ("1:1",), "/out/reel.fcpxml")
    assert store.sessions.ensure(other).id != session.id
    assert len(store.sessions.list(session.batch_id)) == 2


def test_a_session_moves_only_as_it_may(store: Store) -> None:
    session = new_session(store)
    with pytest.raises(StoreError, match="cannot go from assembling to complete"):
        store.sessions.set_status(session.id, EditSessionStatus.COMPLETE)
    for status in (
        EditSessionStatus.NEEDS_REVIEW,
        EditSessionStatus.APPROVED,
        EditSessionStatus.RENDERING,
        EditSessionStatus.RENDERING,
        EditSessionStatus.FAILED,
        EditSessionStatus.RENDERING,
        EditSessionStatus.COMPLETE,
    ):
        assert store.sessions.set_status(session.id, status).status is status


def test_decisions_are_kept_as_they_were_made_in_their_order(store: Store) -> None:
    session = new_session(store)
    store.decisions.add(decision(session))
    trim = decision(session, verdict=Verdict.TRIM, trim=Span.of("1/3", 2), note="too long")
    store.decisions.add(trim)
    first, last = store.decisions.list(session.id)
    assert first.verdict is Verdict.APPROVE
    assert (last.verdict, last.trim, last.note, last.author) == (
        Verdict.TRIM,
        Span.of("1/3", 2),
        "too long",
        "ada",
    )


def test_a_decision_holds_only_for_what_was_shown(store: Store) -> None:
    session = new_session(store)
    with pytest.raises(StoreError, match="is not the cut that was shown"):
        store.decisions.add(decision(session, content_hash="0" * 64))
    assert store.decisions.list(session.id) == ()


def test_deleting_a_batch_leaves_no_child_row(store: Store) -> None:
    session = new_session(store)
    store.files.add(session.batch_id, "a.mp4", "/footage/a.mp4")
    store.analyses.save(BatchAnalysis(session.batch_id, "", "", (), {}, ()))
    store.decisions.add(decision(session))
    job = store.jobs.create(NewJob(session.id, ("youtube",)))
    store.dead_letters.record(
        DeadLetter("render", "reel", "StoreError", "no space", batch_id=session.batch_id, job_id=job.id)
    )
    store.dispatches.add(session.batch_id, "produce")
    store.downloads.begin(Download("d", batch_id=session.batch_id, size_bytes=5))
    store.findings.create(Finding("", "a jump", session_id=session.id))
    kept = new_session(store)
    store.batches.delete(session.batch_id)
    tables = Base.metadata.tables
    with store.database.read() as reader:
        counts = {name: reader.query(tables[name]).count() for name in tables}
        at_board = set(reader.scalars(select(TaskRow.batch_id)))
    # What happened stays told: that the batch was deleted is told when it is gone.
    assert {name for name, count in counts.items() if count} == {
        *("media_batches", "edit_sessions", "tasks", "events")
    }
    assert at_board == {kept.batch_id}
    assert store.events.after(0)[-1].kind == "batch.deleted"
    assert [batch.id for batch in store.batches.list()] == [kept.batch_id]


# --- brand kits ---


def test_brand_kits_are_kept_under_their_hashes(store: Store) -> None:
    kit = BrandKit(name="club", watermark=Watermark(text="© Club"))
    keys = {store.brands.remember(kit), store.brands.remember(kit)}
    assert len(keys) == 1
    assert store.brands.get(keys.pop()) == kit
    project = store.projects.ensure("Club")
    assert store.brands.get(store.brands.remember(kit, project.id)) == kit


def test_a_change_is_dated(store: Store) -> None:
    before = utc_now()
    batch = store.batches.create(NewBatch("/footage"))
    moved = store.batches.set_status(batch.id, BatchStatus.DOWNLOADING)
    assert batch.created_at is not None
    assert moved.updated_at is not None
    assert before <= batch.created_at == moved.created_at < moved.updated_at <= utc_now()


def test_files_added_at_once_are_all_counted(store: Store) -> None:
    batch = store.batches.create(NewBatch("/footage"))

    def add(number: int) -> None:
        file = store.files.add(batch.id, f"{number % 12}.mp4", f"/footage/{number % 12}.mp4")
        store.files.arrived(file.id, "/blobs/a", "a" * 64, 10)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(24)))
    found = store.batches.get(batch.id)
    assert (found.file_count, found.total_size_bytes) == (12, 120)
    assert len(store.files.list(batch.id)) == 12
