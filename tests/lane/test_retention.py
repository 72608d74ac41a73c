"""Retention: what a tier keeps stays, what it does not goes, and nothing that somebody may need."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from editron_core.cli import app
from editron_core.config import Settings, settings
from editron_core.domain import codec
from editron_core.domain.batch import BatchStatus, StorageTier
from editron_core.domain.job import Decision, EditSession, EditSessionStatus, Verdict
from editron_core.domain.operations import DeadLetter
from editron_core.domain.timeline import Clip, Timeline
from editron_core.errors import NotFound
from editron_core.lane import jobs, retention
from editron_core.lane.outlived import Action
from editron_core.store import NewBatch, NewJob, NewSession, Stage, Store
from editron_core.store import retention as kept
from editron_core.store.blobs import Blobs
from editron_core.times import Span

LATER = datetime.now(UTC) + timedelta(days=400)
TIMELINE = Timeline("reel", "hero-reel", Fraction(25), ("16:9",), (Clip("f", Span.of(1, 5)),))
FORWARD = (BatchStatus.DOWNLOADING, BatchStatus.READY, BatchStatus.ANALYZING, BatchStatus.ANALYZED)


def finished(store: Store, name: str, tier: StorageTier = StorageTier.HOT) -> tuple[str, str, str]:
    """A batch whose one file was analysed: its id, the hash of its original, the key of its analysis."""
    batch = store.batches.create(NewBatch(f"/footage/{name}", name, storage_tier=tier))
    file = store.files.add(batch.id, name, f"/footage/{name}")
    with store.blobs.scratch("test") as folder:
        (folder / name).write_bytes(name.encode() * 1000)
        sha256 = store.blobs.put(folder / name)
    store.files.arrived(file.id, str(store.blobs.path(sha256, ".mp4")), sha256, 1000 * len(name))
    for status in FORWARD:
        store.files.set_status(file.id, status)
        store.batches.set_status(batch.id, status)
    with store.ledger.run(Stage("analyze", (sha256,))) as claim:
        if claim.output is None:
            (claim.folder / "evidence.parquet").write_text(f"evidence of {name}")
            (claim.folder / "proxy.mp4").write_text(f"proxy of {name}")
            claim.publish({"rows": 1})
        assert claim.key is not None
        return batch.id, sha256, claim.key


def delivered(store: Store, batch_id: str, *, sign: bool = True) -> EditSession:
    session = store.sessions.ensure(NewSession(batch_id, "hero-reel", (TIMELINE,), ("16:9",)))
    if sign:
        store.decisions.add(Decision("", session.id, "reel", TIMELINE.content_hash, Verdict.APPROVE, "ada"))
    for status in (EditSessionStatus.NEEDS_REVIEW, EditSessionStatus.RENDERING, EditSessionStatus.COMPLETE):
        session = store.sessions.set_status(session.id, status)
    return session


def passed(store: Store, here: Settings | None = None, now: datetime = LATER) -> retention.Done:
    done = retention.carry_out(store, retention.plan(store, here or settings(), now))
    assert done.problems == ()
    return done


def never(**changes: object) -> Settings:
    """Settings in which no batch changes its tier by itself, and no row grows old."""
    return settings().model_copy(update={"hot_days": None, "rows_days": 10_000, **changes})


def analysis_folder(store: Store, sha256: str) -> Path:
    ((_, key),) = kept.analyses_of(store, {sha256})
    return store.blobs.folder(key)


def test_hot_stays_as_it_is(store: Store) -> None:
    _, sha256, key = finished(store, "a.mp4")
    assert retention.plan(store, settings()).items == ()
    assert passed(store, never()).items == ()
    assert store.blobs.path(sha256).exists()
    assert (store.blobs.folder(key) / "proxy.mp4").exists()


def test_warm_moves_originals_to_the_archive_and_keeps_proxies_and_evidence(store: Store) -> None:
    batch, sha256, key = finished(store, "a.mp4", StorageTier.WARM)
    here = never()
    size = store.blobs.path(sha256).stat().st_size

    plan = retention.plan(store, here)
    assert [(item.action, item.subject, item.bytes) for item in plan.items] == [
        (Action.ARCHIVE_ORIGINAL, sha256, size)
    ]
    assert plan.bytes == size
    assert store.blobs.path(sha256).exists()  # a plan changes nothing
    passed(store, here, datetime.now(UTC))

    with pytest.raises(NotFound):
        store.blobs.path(sha256)
    assert not list((store.blobs.root / "files").glob("*/*"))
    (file,) = store.files.list(batch)
    assert Path(file.path).is_relative_to(here.archived)
    assert Path(file.path).suffix == ".mp4"
    assert Path(file.path).read_bytes() == b"a.mp4" * 1000
    assert sorted(p.name for p in store.blobs.folder(key).iterdir() if p.name[0] != ".") == [
        "evidence.parquet",
        "proxy.mp4",
    ]
    assert retention.plan(store, here).items == ()


def test_cold_keeps_evidence_and_deliverables_only(store: Store) -> None:
    batch, sha256, key = finished(store, "a.mp4", StorageTier.WARM)
    with store.ledger.run(Stage("render", (TIMELINE.content_hash,))) as claim:
        (claim.folder / "reel.mp4").write_text("a reel")
        claim.publish()
        assert claim.key is not None
        rendered = claim.key
    delivered(store, batch)
    here = never()
    passed(store, here)
    store.batches.set_tier(batch, StorageTier.COLD)
    passed(store, here)

    assert not list(Blobs(here.archived).files())
    assert not list(store.blobs.files())
    folder = analysis_folder(store, sha256)
    assert (folder / "evidence.parquet").read_text() == "evidence of a.mp4"
    assert not (folder / "proxy.mp4").exists()
    assert store.blobs.broken(folder.name, deep=True) is None
    with pytest.raises(NotFound):
        store.blobs.folder(key)
    assert (store.blobs.folder(rendered) / "reel.mp4").exists()
    with store.ledger.run(Stage("analyze", (sha256,))) as again:
        assert again.output == folder  # it is still finished
    assert retention.plan(store, here, LATER).items == ()


def test_a_batch_that_nobody_touches_goes_down_the_tiers_by_its_ttls(store: Store) -> None:
    batch, sha256, _ = finished(store, "a.mp4")
    here = never(hot_days=30, warm_days=60, cold_days=90, rows_days=30)
    now = datetime.now(UTC)
    assert retention.plan(store, here, now + timedelta(days=29)).items == ()
    done = passed(store, here, now + timedelta(days=31))
    assert [item.action for item in done.items[:2]] == [Action.LOWER_TIER, Action.ARCHIVE_ORIGINAL]
    assert store.batches.get(batch).storage_tier is StorageTier.WARM
    done = passed(store, here, now + timedelta(days=61))
    assert store.batches.get(batch).storage_tier is StorageTier.COLD
    assert {item.action for item in done.items} >= {Action.DROP_ORIGINAL, Action.DROP_PROXY}
    assert analysis_folder(store, sha256).exists()
    passed(store, here, now + timedelta(days=91))
    with pytest.raises(NotFound):
        store.batches.get(batch)
    passed(store, here, now + timedelta(days=91))
    passed(store, here, now + timedelta(days=91))
    assert not list(store.blobs.folders())


class TestNothingThatIsNeededGoes:
    def untouched(self, store: Store, batch: str, sha256: str, reason: str) -> None:
        here = never(hot_days=1, warm_days=1, cold_days=1)
        store.batches.set_tier(batch, StorageTier.COLD)
        plan = retention.plan(store, here, LATER)
        assert plan.items == ()
        assert reason in plan.kept[batch]
        assert store.blobs.path(sha256).exists()

    def test_an_open_session(self, store: Store) -> None:
        batch, sha256, _ = finished(store, "a.mp4")
        session = store.sessions.ensure(NewSession(batch, "hero-reel", (TIMELINE,), ("16:9",)))
        self.untouched(store, batch, sha256, "is open (assembling)")
        store.sessions.set_status(session.id, EditSessionStatus.NEEDS_REVIEW)
        self.untouched(store, batch, sha256, "is open (needsreview)")

    def test_an_unsigned_cut(self, store: Store) -> None:
        batch, sha256, _ = finished(store, "a.mp4")
        session = delivered(store, batch, sign=False)
        self.untouched(store, batch, sha256, "is not signed off")
        store.decisions.add(Decision("", session.id, "reel", TIMELINE.content_hash, Verdict.REJECT, "ada"))
        self.untouched(store, batch, sha256, "is not signed off")

    def test_a_render_job_that_is_queued_or_rendering(self, store: Store) -> None:
        batch, sha256, _ = finished(store, "a.mp4")
        job = store.jobs.create(NewJob(delivered(store, batch).id, ("youtube",)))
        self.untouched(store, batch, sha256, "is queued")
        store.jobs.claim("worker")
        self.untouched(store, batch, sha256, f"render job {job.id[:8]} is rendering")

    def test_a_batch_at_work(self, store: Store) -> None:
        batch, sha256, _ = finished(store, "a.mp4")
        store.batches.set_status(batch, BatchStatus.ANALYZING)
        self.untouched(store, batch, sha256, "it is analyzing")

    def test_an_original_that_a_hot_batch_shares(self, store: Store) -> None:
        _, sha256, _ = finished(store, "a.mp4", StorageTier.COLD)
        other = store.batches.create(NewBatch("/elsewhere"))
        file = store.files.add(other.id, "a.mp4", "/elsewhere/a.mp4")
        store.files.arrived(file.id, str(store.blobs.path(sha256, ".mp4")), sha256, 5)
        assert passed(store, never()).items == ()
        assert store.blobs.path(sha256).exists()

    def test_what_was_superseded_by_a_trim_holds_nothing_back(self, store: Store) -> None:
        batch, _, _ = finished(store, "a.mp4", StorageTier.WARM)
        first = store.sessions.ensure(NewSession(batch, "hero-reel", (TIMELINE,), ("16:9",)))
        cut = replace(TIMELINE, clips=(Clip("f", Span.of(1, 4)),))
        facts = {"trimmed_from": first.content_hash}
        trimmed = store.sessions.ensure(NewSession(batch, "hero-reel", (cut,), ("16:9",), metadata=facts))
        store.decisions.add(Decision("", trimmed.id, "reel", cut.content_hash, Verdict.APPROVE, "ada"))
        for status in (
            EditSessionStatus.NEEDS_REVIEW,
            EditSessionStatus.RENDERING,
            EditSessionStatus.COMPLETE,
        ):
            store.sessions.set_status(trimmed.id, status)
        assert [item.action for item in passed(store, never()).items] == [Action.ARCHIVE_ORIGINAL]

    def test_what_was_cancelled_holds_nothing_back(self, store: Store) -> None:
        batch, _, _ = finished(store, "a.mp4", StorageTier.WARM)
        store.sessions.ensure(NewSession(batch, "hero-reel", (TIMELINE,), ("16:9",)))
        assert passed(store, never()).items == ()
        jobs.cancel(store, batch)
        assert [item.action for item in passed(store, never()).items] == [Action.ARCHIVE_ORIGINAL]

    def test_a_session_that_opens_after_the_plan_was_made(self, store: Store) -> None:
        batch, sha256, _ = finished(store, "a.mp4", StorageTier.WARM)
        plan = retention.plan(store, never(), LATER)
        assert plan.items
        store.sessions.ensure(NewSession(batch, "hero-reel", (TIMELINE,), ("16:9",)))
        assert retention.carry_out(store, plan).items == ()
        assert store.blobs.path(sha256).exists()


class TestLeftovers:
    def test_what_nothing_names_goes_once_it_is_old(self, store: Store, tmp_path: Path) -> None:
        _, sha256, key = finished(store, "a.mp4")
        (tmp_path / "stray").write_text("a stray file")
        stray = store.blobs.put(tmp_path / "stray")
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / "x").write_text("a stray folder")
        folder = store.blobs.adopt(tmp_path / "folder")
        assert passed(store, never(), datetime.now(UTC)).items == ()
        done = passed(store, never(), datetime.now(UTC) + timedelta(hours=25))
        assert {Path(item.subject).name for item in done.items} == {stray, folder}
        assert done.bytes > 0
        assert store.blobs.path(sha256).exists()
        assert store.blobs.folder(key).exists()
        assert [name for name, _ in store.blobs.files()] == [sha256]

    def test_what_somebody_names_after_the_plan_stays(self, store: Store, tmp_path: Path) -> None:
        (tmp_path / "late").write_text("late")
        late = store.blobs.put(tmp_path / "late")
        plan = retention.plan(store, never(), LATER)
        batch = store.batches.create(NewBatch("/footage"))
        file = store.files.add(batch.id, "late", "/footage/late")
        store.files.arrived(file.id, str(store.blobs.path(late)), late, 4)
        retention.carry_out(store, plan)
        assert store.blobs.path(late).exists()

    def test_interrupted_work_of_dead_processes_goes_at_once_and_that_of_the_living_stays(
        self, store: Store
    ) -> None:
        tmp = store.blobs.tmp
        with store.blobs.scratch("ingest") as mine:
            machine = mine.name.split("-")[1].split(".")[0]
            dead = tmp / f"ingest-{machine}.{2**22 + 1}.7-{'0' * 32}"
            elsewhere = tmp / f"put-deadbeef.1.7-{'1' * 32}"
            unclaimed = tmp / f"analyze-{'a' * 16}-3"
            for folder in (dead, elsewhere, unclaimed):
                folder.mkdir()
                (folder / "half").write_text("half a film")
            with store.ledger.run(Stage("analyze", ("b",))) as claim:
                done = passed(store, never(), datetime.now(UTC))
                assert {item.subject for item in done.items} == {str(dead), str(unclaimed)}
                assert {entry.name for entry in tmp.iterdir()} == {
                    mine.name,
                    elsewhere.name,
                    claim.folder.name,
                }
                (claim.folder / "x").write_text("x")
                claim.publish()
        long_ago = time.time() - 25 * 3600
        for path in (elsewhere / "half", elsewhere):
            os.utime(path, (long_ago, long_ago))
        passed(store, never(), datetime.now(UTC))
        assert not list(tmp.iterdir())

    def test_rows_that_were_dealt_with_go_and_open_ones_stay(self, store: Store) -> None:
        batch, _, _ = finished(store, "a.mp4")
        for name in ("open", "dealt with"):
            store.dead_letters.record(DeadLetter("analyze", name, "E", "m", batch_id=batch))
        store.dead_letters.resolve(store.holds.find(batch), name="dealt with")
        store.dispatches.done(store.dispatches.add(batch, "produce").key)
        waiting = store.dispatches.add(batch, "produce")
        assert passed(store, never(rows_days=30), datetime.now(UTC)).items == ()
        passed(store, never(rows_days=30))
        assert [letter.subject for letter in store.dead_letters.list(open_only=False)] == ["open"]
        assert store.dispatches.pending() == (waiting,)
        with store.ledger.run(Stage("analyze", ("b",))) as claim:
            passed(store, never(rows_days=30))
            claim.check()  # the lease of a stage that runs is still there
            (claim.folder / "x").write_text("x")
            claim.publish()

    def test_stages_whose_inputs_no_batch_knows_are_forgotten_and_their_folders_go(
        self, store: Store
    ) -> None:
        batch, _, key = finished(store, "a.mp4")
        store.batches.delete(batch)
        passed(store, never(rows_days=30))
        assert store.ledger.list() == ()
        passed(store, never(rows_days=30))
        with pytest.raises(NotFound):
            store.blobs.folder(key)


@pytest.mark.parametrize("crash_in", ["archive", "drop_proxy", "drop_file", "drop_folder", "place"])
def test_a_pass_that_is_broken_off_loses_nothing_and_is_finished_by_the_next(
    store: Store, monkeypatch: pytest.MonkeyPatch, crash_in: str
) -> None:
    _, warm, _ = finished(store, "warm.mp4", StorageTier.WARM)
    _, cold, _ = finished(store, "cold.mp4", StorageTier.COLD)
    here = never()

    class Crash(BaseException):
        pass

    def crash(*arguments: object) -> None:
        raise Crash

    with monkeypatch.context() as broken:
        home = kept if crash_in in ("archive", "drop_proxy") else Blobs
        broken.setattr(home, crash_in, crash)
        with pytest.raises(Crash):
            retention.carry_out(store, retention.plan(store, here, LATER))
    originals = [dict(store.blobs.files()), dict(Blobs(here.archived).files())]
    assert any(warm in found for found in originals)
    assert (analysis_folder(store, cold) / "evidence.parquet").exists()
    assert (analysis_folder(store, warm) / "proxy.mp4").exists()

    passed(store, here)
    passed(store, here)

    assert list(dict(store.blobs.files())) == []
    assert list(dict(Blobs(here.archived).files())) == [warm]
    assert not (analysis_folder(store, cold) / "proxy.mp4").exists()
    assert len(list(store.blobs.folders())) == 2
    assert retention.plan(store, here, LATER).items == ()


def test_a_plan_holds_no_setting_that_is_secret(store: Store) -> None:
    finished(store, "a.mp4", StorageTier.WARM)
    secret = never(database_url="postgresql://someone:hunter2@host/db")
    assert "hunter2" not in json.dumps(codec.dump(retention.plan(store, secret)))


def test_the_command_says_what_would_go_and_then_does_it(store: Store) -> None:
    _, sha256, _ = finished(store, "a.mp4", StorageTier.WARM)
    size = store.blobs.path(sha256).stat().st_size
    runner = CliRunner()
    for _ in range(2):
        result = runner.invoke(app, ["housekeeping", "--dry-run", "--json"])
        assert result.exit_code == 0, result.output
        document = json.loads(result.stdout)
        assert document["dry_run"]
        assert document["bytes"] == size
        assert [item["action"] for item in document["items"]] == ["archive original"]
    assert f"{size} bytes would be freed" in runner.invoke(app, ["housekeeping", "--dry-run"]).output
    assert f"{size} bytes freed" in runner.invoke(app, ["housekeeping"]).output
    assert json.loads(runner.invoke(app, ["housekeeping", "--json"]).stdout)["bytes"] == 0
