"""The outbox: every change tells of itself in its own transaction, in the order of their commits."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import delete

from editron_core.domain.access import Role
from editron_core.domain.batch import BatchAnalysis, BatchStatus, StorageTier
from editron_core.domain.brand import BrandKit
from editron_core.domain.event import KINDS
from editron_core.domain.finding import Finding, FindingStatus
from editron_core.domain.intake import Download, DropboxSource, MappingRule, SourceEntry, SourceKind, Upload
from editron_core.domain.job import EditSessionStatus, RenderJobStatus, RenderPriority
from editron_core.domain.label import Label, LabelSource, Raters, Split
from editron_core.domain.operations import DeadLetter, Subject
from editron_core.domain.registry import ProfileStage, Promotion, QaKind
from editron_core.domain.review import ApprovalRule, BrandAsset, CaptionEdit
from editron_core.domain.webhook import Endpoint
from editron_core.errors import StoreError
from editron_core.store import NewBatch, NewJob, Stage, Store, records
from editron_core.store.models import EventRow
from editron_core.store.outbox import emit
from editron_core.store.records.sources import Taken
from editron_core.times import Span
from tests.store.test_records import PROBE, decision, new_session

SILENT = {
    "Dispatches.add": "asks for work, which then tells of itself",
    "Dispatches.done": "somebody has begun",
    "Idempotency.begin": "requests are not what happens",
    "Idempotency.finish": "",
    "Idempotency.forget": "",
    "Keys.used": "a clock that ticks",
    "Keys.end_session": "a browser is signed out",
    "Profiles.remember": "a copy of what was applied",
    "Brands.remember": "a copy of what was applied",
    "Journal.append_logs": "technical",
    "Sources.record": "a page of a listing; the pass tells when it has ended",
    "Sources.reset": "part of a pass",
    "Downloads.attempted": "part of a download",
    "Endpoints.begin": "an event about events would never end",
    "Endpoints.delivered": "",
    "Endpoints.skip": "",
}
"""The methods that write and tell nothing, and why."""


class World:
    """A store in which one thing of each kind has been made."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.told: set[str] = set()

    def told_by(self, change: Callable[[], object]) -> tuple[object, list[str]]:
        """What a change returns, and the kinds of events that it left."""
        before = self.store.events.newest()
        made = change()
        return made, [event.kind for event in self.store.events.after(before)]

    def expect(self, method: str, change: Callable[[], object], *kinds: str) -> object:
        made, told = self.told_by(change)
        assert set(kinds) <= set(told), f"{method} told {told}"
        assert told, method
        self.told.add(method)
        return made


def test_each_change_tells_of_itself(store: Store) -> None:
    world = World(store)
    lane(world)
    operations(world)
    people(world)
    intake(world)
    workbench(world)
    assert writing_methods() - set(SILENT) == world.told
    assert {event.kind for event in store.events.after(0, 10**6)} <= set(KINDS)


def lane(world: World) -> None:
    store, tell = world.store, world.expect
    tell("Projects.ensure", lambda: store.projects.ensure("acme"), "project.created")
    project = store.projects.list()[0]
    tell("Projects.rename", lambda: store.projects.rename(project.id, "Acme"), "project.changed")
    tell("Batches.create", lambda: store.batches.create(NewBatch("/x")), "batch.created", "batch.created")
    tell("Batches.order", lambda: store.batches.order(NewBatch("/x")), "batch.created")
    batch = store.batches.create(NewBatch("/x", project_id=project.id)).id
    tell("Files.add", lambda: store.files.add(batch, "a", "/x/a"), "file.added")
    (file,) = store.files.list(batch)
    tell("Files.arrived", lambda: store.files.arrived(file.id, "/a", "f" * 64, 5), "file.arrived")
    tell("Files.probed", lambda: store.files.probed(file.id, PROBE), "file.probed")
    moved = BatchStatus.DOWNLOADING
    tell("Files.set_status", lambda: store.files.set_status(file.id, moved), "file.downloading")
    tell(
        "Batches.set_status",
        lambda: store.batches.set_status(batch, moved),
        "batch.downloading",
        "task.doing",
    )
    tell("Batches.reorder", lambda: store.batches.reorder(batch, {"brief": "x"}), "batch.changed")
    tell("Batches.note", lambda: store.batches.note(batch, {"a": 1}), "batch.changed")
    tell("Batches.set_tier", lambda: store.batches.set_tier(batch, StorageTier.COLD), "batch.changed")
    analysis = BatchAnalysis(batch, "", "", (), {}, ())
    tell("Analyses.save", lambda: store.analyses.save(analysis), "analysis.saved")
    tell("Sessions.ensure", lambda: new_session(store), "session.assembling")
    session = new_session(store)
    review = EditSessionStatus.NEEDS_REVIEW
    tell("Sessions.set_status", lambda: store.sessions.set_status(session.id, review), "session.needsreview")
    tell("Sessions.again", lambda: store.sessions.again(session.id), "session.changed")
    made = tell("Decisions.add", lambda: store.decisions.add(decision(session)), "decision.made")
    tell("Decisions.withdraw", lambda: store.decisions.withdraw(made.id), "decision.withdrawn")  # type: ignore[attr-defined]
    new = NewJob(session.id, ("youtube",))
    tell("Jobs.create", lambda: store.jobs.create(new), "job.queued")
    tell("Jobs.ensure", lambda: store.jobs.ensure(NewJob(session.id, ("square",))), "job.queued")
    job = store.jobs.list(session.id)[1]
    rush = RenderPriority.RUSH
    tell("Jobs.set_priority", lambda: store.jobs.set_priority(job.id, rush), "job.changed")
    tell("Jobs.claim", lambda: store.jobs.claim("w"), "job.rendering")
    waiting = next(one for one in store.jobs.list(session.id) if one.status is RenderJobStatus.QUEUED)
    tell("Jobs.claim_one", lambda: store.jobs.claim_one(waiting.id, "w"), "job.rendering")
    tell("Jobs.progress", lambda: store.jobs.progress(job.id, 50.5), "job.progress")
    tell("Jobs.delivered", lambda: store.jobs.delivered(job.id, ()), "job.delivered")
    tell("Jobs.complete", lambda: store.jobs.complete(job.id, ()), "job.complete")
    failed = RenderJobStatus.FAILED
    tell(
        "Jobs.set_status",
        lambda: store.jobs.set_status(waiting.id, failed, "no"),
        "job.failed",
        "task.blocked",
    )
    unwanted = store.jobs.create(NewJob(session.id, ("vimeo",))).id
    tell("Jobs.withdraw", lambda: store.jobs.withdraw(unwanted, "was rejected"), "job.failed")
    gone = store.batches.create(NewBatch("/gone")).id
    tell("Batches.delete", lambda: store.batches.delete(gone), "batch.deleted")


def operations(world: World) -> None:
    store, tell = world.store, world.expect
    batch = store.batches.create(NewBatch("/y")).id
    subject = Subject(batch)
    letter = DeadLetter("render", "reel", "StoreError", "no space", batch_id=batch)
    tell("DeadLetters.record", lambda: store.dead_letters.record(letter), "letter.recorded")
    tell("DeadLetters.resolve", lambda: store.dead_letters.resolve(subject), "letter.resolved")
    tell("Holds.pause", lambda: store.holds.pause(subject), "batch.paused", "task.blocked")
    tell("Holds.resume", lambda: store.holds.resume(subject), "batch.resumed")
    tell("Holds.cancel", lambda: store.holds.cancel(subject), "batch.cancelled")
    tell("Holds.retry", lambda: store.holds.retry(subject), "batch.retried")


def people(world: World) -> None:
    store, tell = world.store, world.expect
    session = new_session(store)
    file = store.files.add(session.batch_id, "a", "/x/a")
    member = tell("Members.create", lambda: store.members.create("Ann", "ann@x.org"), "member.created")
    assert hasattr(member, "id")
    tell("Members.change", lambda: store.members.change(member.id, name="Anna"), "member.changed")
    made = tell("Keys.issue", lambda: store.keys.issue("ci", Role.VIEWER), "key.created")
    key = made[0].id  # type: ignore[index]
    tell("Keys.rotate", lambda: store.keys.rotate(key, timedelta(hours=1)), "key.created")
    tell("Keys.revoke", lambda: store.keys.revoke(key), "key.revoked")
    finding = tell("Findings.create", lambda: store.findings.create(Finding("", "a jump")), "finding.created")
    assert hasattr(finding, "id")
    change = {"status": FindingStatus.DONE, "assignee_id": member.id, "due_on": date(2026, 1, 2)}
    tell("Findings.change", lambda: store.findings.change(finding.id, change), "finding.changed")
    tell("Findings.comment", lambda: store.findings.comment(finding.id, "ann", "yes"), "finding.commented")
    tell("Findings.delete", lambda: store.findings.delete(finding.id), "finding.deleted")
    edit = CaptionEdit(file.id, "b", (), "ann")
    tell("Captions.save", lambda: store.captions.save(edit), "caption.edited")
    tell("Approvals.set_rule", lambda: store.approvals.set_rule(ApprovalRule(2)), "project.changed")
    task = f"{session.batch_id}:edit"
    tell("Tasks.assign", lambda: store.tasks.assign(task, member.id), "task.assigned")
    project = store.projects.list()[0].id
    brand = tell("Brands.save", lambda: store.brands.save(BrandKit("acme"), "ann"), "brand.saved")
    assert hasattr(brand, "id")
    tell("Brands.choose", lambda: store.brands.choose(project, brand.id, "ann"), "brand.chosen")
    asset = BrandAsset("e" * 64, "logo.png", "logo", 5)
    tell("Brands.add_asset", lambda: store.brands.add_asset(asset), "asset.added")
    tell("Brands.drop_asset", lambda: store.brands.drop_asset("e" * 64), "asset.deleted")
    made_endpoint = tell(
        "Endpoints.create", lambda: store.endpoints.create(Endpoint("", "https://x")), "endpoint.created"
    )
    assert hasattr(made_endpoint, "id")
    at = made_endpoint.id
    off = {"enabled": True}
    tell("Endpoints.change", lambda: store.endpoints.change(at, off), "endpoint.changed")
    tell("Endpoints.rotate", lambda: store.endpoints.rotate(at, "s", timedelta(1)), "endpoint.changed")
    attempt = store.endpoints.begin(at)
    assert attempt is not None
    ended = attempt.delivery.id
    tell("Endpoints.failed", lambda: store.endpoints.failed(ended, "no", 500, None), "endpoint.disabled")
    tell("Endpoints.delete", lambda: store.endpoints.delete(at), "endpoint.deleted")


def intake(world: World) -> None:
    store, tell = world.store, world.expect
    new = DropboxSource("", "clips", SourceKind.ACCOUNT_FOLDER, account_id="dbid:A")
    source = tell("Sources.create", lambda: store.sources.create(new), "source.created")
    assert isinstance(source, DropboxSource)
    at = source.id
    tell("Sources.finish", lambda: store.sources.finish(at, store.sources.begin(at)), "source.synced")
    tell("Sources.mark_dirty", lambda: store.sources.mark_dirty(["dbid:A"]), "source.dirty")
    store.sources.finish(at, store.sources.begin(at))
    tell("Sources.nudge", lambda: store.sources.nudge(at), "source.dirty")
    tell("Sources.fail", lambda: store.sources.fail(at, "no"), "source.failed")
    tell("Sources.change", lambda: store.sources.change(at, {"label": "b"}), "source.changed")
    store.sources.record(at, "c", [SourceEntry("id:1", "/a.mp4")])
    taken = [Taken("id:1", "a.mp4", "dropbox:id:1")]
    tell("Sources.take", lambda: store.sources.take(at, NewBatch("dropbox:/"), taken), "batch.created")
    tell("Sources.delete", lambda: store.sources.delete(at), "source.deleted")
    rule = MappingRule("/acme/*", store.projects.list()[0].id)
    made = tell("Mappings.create", lambda: store.mappings.create(rule), "rule.created")
    tell("Mappings.delete", lambda: store.mappings.delete(made.id), "rule.deleted")  # type: ignore[attr-defined]
    download = Download("d", size_bytes=100)
    tell("Downloads.begin", lambda: store.downloads.begin(download), "download.started")
    tell("Downloads.advance", lambda: store.downloads.advance("d", 50, b""), "download.progress")
    tell("Downloads.finish", lambda: store.downloads.finish("d"), "download.done")
    upload = tell(
        "Uploads.create", lambda: store.uploads.create(Upload("", "a", 100, "ann")), "upload.created"
    )
    assert isinstance(upload, Upload)
    tell("Uploads.advance", lambda: store.uploads.advance(upload.id, 50), "upload.progress")
    tell("Uploads.fail", lambda: store.uploads.fail(upload.id, "no"), "upload.failed")
    tell("Uploads.finish", lambda: store.uploads.finish(upload.id, "a" * 64), "upload.done")
    tell("Uploads.delete", lambda: store.uploads.delete(upload.id), "upload.deleted")


def workbench(world: World) -> None:
    store, tell = world.store, world.expect
    label = Label("f", "ann", Raters.PEOPLE, Span.of(0, 2), 3, Split.TUNE, LabelSource.RATING)
    tell("Labels.rate", lambda: store.labels.rate([label]), "label.rated")
    tell("Profiles.register", lambda: store.profiles.register("a" * 64, "talk", {}), "profile.registered")
    stages = list(ProfileStage)
    for profile in ("a" * 64, "b" * 64):
        store.profiles.register(profile, "talk", {})
        for here, there in pairwise(stages[:4]):
            replacing = "a" * 64 if profile[0] == "b" and there is ProfileStage.PRODUCTION else None
            step = Promotion(profile, here, there, "ann", "better")
            told = "profile.promoted"
            tell(
                "Promotions.record",
                lambda step=step, replacing=replacing: store.promotions.record(step, replacing=replacing),
                told,
            )
    back = "a" * 64
    tell(
        "Promotions.roll_back",
        lambda: store.promotions.roll_back("talk", back, "ann", "worse"),
        "profile.retired",
    )
    run = tell("QaRuns.begin", lambda: store.qa_runs.begin(QaKind.GATE, "g"), "qa.begun")
    tell("QaRuns.finish", lambda: store.qa_runs.finish(run.id, {}), "qa.finished")  # type: ignore[attr-defined]


def writing_methods() -> set[str]:
    """`Class.method` for each public method of the records that writes, by itself or through another."""
    found = set()
    for module in pkgutil.iter_modules(records.__path__):
        loaded = importlib.import_module(f"{records.__name__}.{module.name}")
        for node in ast.parse(inspect.getsource(loaded)).body:
            if isinstance(node, ast.ClassDef):
                bodies = {one.name: ast.unparse(one) for one in node.body if isinstance(one, ast.FunctionDef)}
                for name, source in bodies.items():
                    own = ".write()" in source
                    through = any(
                        f"self.{other}(" in source and ".write()" in text for other, text in bodies.items()
                    )
                    if not name.startswith("_") and (own or through):
                        found.add(f"{node.name}.{name}")
    return found


def test_a_change_that_is_rolled_back_tells_nothing(store: Store) -> None:
    before = store.events.newest()

    def fail() -> None:
        with store.database.write() as session:
            emit(session, "project.created", "p")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with pytest.raises(StoreError):
        store.batches.set_status(store.batches.create(NewBatch("/x")).id, BatchStatus.ANALYZED)
    kinds = [event.kind for event in store.events.after(before)]
    assert [kind for kind in kinds if not kind.startswith("task.")] == ["batch.created"]


def test_what_is_no_kind_of_event_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match=r"batch\.eaten"), store.database.write() as session:
        emit(session, "batch.eaten", "b")


def test_events_know_the_batch_and_its_project(store: Store) -> None:
    project = store.projects.ensure("acme")
    batch = store.batches.create(NewBatch("/x", project_id=project.id))
    file = store.files.add(batch.id, "a", "/x/a")
    last = store.events.after(0)[-1]
    assert (last.kind, last.subject_id) == ("file.added", file.id)
    assert (last.batch_id, last.project_id) == (batch.id, project.id)


def test_a_stage_tells_how_it_goes(store: Store) -> None:
    before = store.events.newest()
    stage = Stage("analyze", ("a" * 64,))
    with store.ledger.run(stage) as claim:
        (claim.folder / "x").write_text("x")
        claim.publish()
    with pytest.raises(RuntimeError), store.ledger.run(Stage("render", ("b" * 64,))):
        raise RuntimeError
    told = [(event.kind, event.data["stage"]) for event in store.events.after(before)]
    assert told == [
        ("stage.running", "analyze"),
        ("stage.done", "analyze"),
        ("stage.running", "render"),
        ("stage.failed", "render"),
    ]


def test_progress_is_told_once_for_each_percent(store: Store) -> None:
    job = store.jobs.create(NewJob(new_session(store).id, ("youtube",)))
    before = store.events.newest()
    for step in range(400):
        store.jobs.progress(job.id, step / 100)
    assert [event.data["percent"] for event in store.events.after(before)] == [1, 2, 3]


def test_a_number_never_comes_twice(store: Store) -> None:
    store.projects.ensure("one")
    last = store.events.newest()
    with store.database.write() as session:
        session.execute(delete(EventRow))
    store.projects.ensure("two")
    assert store.events.newest() > last


@pytest.mark.parametrize("writers", [6])
def test_who_has_seen_a_number_has_seen_all_before_it(store: Store, writers: int) -> None:
    over = threading.Event()
    rounds = 25

    def happen(writer: int) -> None:
        for number in range(rounds):
            with store.database.write() as session:
                # Of different length, so that one that gets its numbers early is committed late.
                for part in range(1 + number % 3 * 60):
                    emit(session, "project.changed", f"{writer}-{number}-{part}")

    seen: list[str] = []

    def watch() -> None:
        at, last_look = 0, False
        while not last_look:
            last_look = over.is_set()
            page = store.events.after(at)
            seen.extend(event.subject_id for event in page)
            at = page[-1].id if page else at

    threads = [threading.Thread(target=happen, args=(writer,)) for writer in range(writers)]
    watcher = threading.Thread(target=watch)
    watcher.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    over.set()
    watcher.join()
    assert seen == [event.subject_id for event in store.events.after(0, 10**6)]
    assert len(seen) == writers * sum(1 + number % 3 * 60 for number in range(rounds))


def test_events_are_kept_as_long_as_an_endpoint_that_is_on_waits_for_them(store: Store) -> None:
    from editron_core.store import retention

    endpoint = store.endpoints.create(Endpoint("", "https://x"))
    store.projects.ensure("acme")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    retention.drop_rows(store, tomorrow)
    assert [event.kind for event in store.events.after(0)][-1] == "project.created"
    store.endpoints.change(endpoint.id, {"enabled": False})
    retention.drop_rows(store, tomorrow)
    assert store.events.after(0) == ()
