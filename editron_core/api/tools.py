"""The lane as four tools for agents: ingest, analyse, edit and render.

One model says what a tool takes and one what it gives: what an MCP server lists and what OpenAI takes as
functions are made of these. Work that takes long is asked for and goes on by itself. A tool tells the state,
waits for a while where it is told to, and is called again in the same way to hear more.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, Field, ValidationError

from editron_core.api import places
from editron_core.api.deps import Caller
from editron_core.api.orders import Knobs, Name, OrderFields
from editron_core.api.routes.batches import NewBatchFields, make_batch
from editron_core.api.shapes import Analysis, Asked, HexId, Note, RenderJob, Shape, Shown
from editron_core.config import Settings
from editron_core.domain import codec
from editron_core.domain.access import Role
from editron_core.domain.batch import BatchStatus, Hold
from editron_core.domain.job import EditSession, RenderJobStatus, RenderPriority
from editron_core.errors import EditronError, NotFound, UsageError
from editron_core.lane import asking
from editron_core.lane.lane import Lane
from editron_core.lane.order import Order
from editron_core.review import signoff
from editron_core.store import Store

POLL_S = 0.5
Wait = Annotated[
    float, Field(ge=0, le=50, description="Seconds to wait for the work before the state is told.")
]
BatchId = Annotated[HexId, Field(description="The batch, as `ingest_media_batch` gives it.")]


class State(StrEnum):
    """Where work stands."""

    WORKING = "working"
    """It was asked for and is going on: call again."""
    READY = "ready"
    FAILED = "failed"
    HELD = "held"
    """An operator paused or cancelled it."""


class IngestMediaBatch(NewBatchFields):
    """Take in footage from URLs, uploads or folders of the server as one batch, and begin to analyse it.

    Called twice it makes two batches: keep the id.
    """


class AnalyzeMediaBatch(Asked):
    """Find the hero moments of a batch: spans with a score, its parts and the reason in words.

    With another brief, profile or knobs than before, the moments are chosen anew; that takes seconds, since
    what was seen and heard is kept.
    """

    batch_id: BatchId
    brief: Annotated[Note | None, Field(description="What the cut is about; null keeps what it was.")] = None
    profile: Annotated[Name | None, Field(description="A scoring profile; null keeps what it was.")] = None
    knobs: Annotated[Knobs | None, Field(description="Null keeps what they were.")] = None
    wait_s: Wait = 0.0


class GenerateVideoEdits(Asked):
    """Cut the hero moments of a batch to blueprints, such as `hero-reel`, `shorts` or `square`.

    The cuts wait for a person to sign them: an agent cannot.
    """

    batch_id: BatchId
    blueprints: Annotated[list[Name], Field(min_length=1, max_length=10)] = ["hero-reel"]  # noqa: RUF012
    wait_s: Wait = 0.0


class RenderVideoDeliverables(Asked):
    """Render the cuts of a session to finished, captioned, checked films.

    In production, only of cuts that people have signed.
    """

    session_id: Annotated[HexId, Field(description="The session, as `generate_video_edits` gives it.")]
    priority: RenderPriority = RenderPriority.STANDARD
    destinations: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=1000)]],
        Field(max_length=10, description="Where copies go: folders, or `blobs`."),
    ] = []  # noqa: RUF012
    wait_s: Wait = 0.0


class FileState(Shape):
    """One file of a batch."""

    id: str
    name: Shown
    status: BatchStatus
    error: Shown | None


class BatchState(Shape):
    """Where a batch stands."""

    batch_id: str
    state: State
    status: BatchStatus
    problem: Annotated[Shown | None, Field(description="What went wrong, and the remedy.")] = None
    files: list[FileState]


class Moments(BatchState):
    """Where a batch stands, and its moments once they are there."""

    analysis: Analysis | None = None


class CutState(Shape):
    """One timeline."""

    name: str
    duration_s: float
    clips: int
    standing: Annotated[str, Field(description="Whether people have signed it as it is.")]


class SessionState(Shape):
    """The cuts of one blueprint."""

    session_id: str
    blueprint: str
    status: str
    aspect_ratios: list[str]
    cuts: list[CutState]


class Edits(BatchState):
    """Where a batch stands, and its cuts once they are there."""

    sessions: list[SessionState] = []  # noqa: RUF012


class Rendering(Shape):
    """Where the rendering of a session stands."""

    state: State
    job: RenderJob


@dataclass(frozen=True)
class Bench:
    """What the tools work with."""

    store: Store
    settings: Settings
    who: Caller


A = TypeVar("A", bound=BaseModel)
R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True)
class Tool(Generic[A, R]):
    """One tool."""

    name: str
    takes: type[A]
    gives: type[R]
    work: Callable[[Bench, A], R]

    @property
    def description(self) -> str:
        """What it does, for the model that chooses among tools."""
        return " ".join((self.takes.__doc__ or "").split())

    def call(self, bench: Bench, arguments: dict[str, Any]) -> R:
        """Do it. Raises UsageError for arguments that do not fit and callers that may not; else what the
        lane raises."""
        if not bench.who.role.may(Role.OPERATOR):
            raise UsageError(f"is for operators, and this key is a {bench.who.role}'s", subject=self.name)
        try:
            asked = self.takes.model_validate(arguments)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise UsageError(first["msg"], subject=f"{self.name} {where}".strip()) from error
        return self.work(bench, asked)


def _ingest(bench: Bench, asked: IngestMediaBatch) -> BatchState:
    made = make_batch(bench.store, bench.settings, asked, bench.who)
    return _state(bench, made.id, BatchState)


def _analyze(bench: Bench, asked: AnalyzeMediaBatch) -> Moments:
    knobs = None if asked.knobs is None else {k: v for k, v in asked.knobs.model_dump().items() if v}
    changes = {"brief": asked.brief, "profile": asked.profile, "knobs": knobs}
    order = _reordered(bench, asked.batch_id, {k: v for k, v in changes.items() if v is not None})

    def look() -> Moments:
        told = _state(bench, asked.batch_id, Moments)
        found = bench.store.analyses.latest(asked.batch_id)
        if told.state is State.WORKING and found and found.brief == order.brief and _rests(bench, told):
            return told.model_copy(update={"state": State.READY, "analysis": Analysis.model_validate(found)})
        return told

    return _awaited(look, asked.wait_s)


def _edit(bench: Bench, asked: GenerateVideoEdits) -> Edits:
    order = codec.dump(_reordered(bench, asked.batch_id, {"blueprints": tuple(asked.blueprints)}))

    def look() -> Edits:
        told = _state(bench, asked.batch_id, Edits)
        found = [
            one for one in bench.store.sessions.list(asked.batch_id) if one.metadata.get("order") == order
        ]
        if told.state is State.WORKING and len(found) >= len(asked.blueprints) and _rests(bench, told):
            sessions = [_session(bench.store, one) for one in found]
            return told.model_copy(update={"state": State.READY, "sessions": sessions})
        return told

    return _awaited(look, asked.wait_s)


def _render(bench: Bench, asked: RenderVideoDeliverables) -> Rendering:
    places.check_destinations(bench.who, bench.settings, asked.destinations)
    done = _rendered(bench.store, asked)
    if done is not None:
        return Rendering(state=State.READY, job=RenderJob.model_validate(done))
    wish = asking.RenderWish(asked.priority, asked.destinations)
    job = asking.render(Lane(bench.store, bench.settings), asked.session_id, wish)

    def look() -> Rendering:
        now = bench.store.jobs.get(job.id)
        state = {RenderJobStatus.COMPLETE: State.READY, RenderJobStatus.FAILED: State.FAILED}
        held = now.hold is not Hold.NONE
        return Rendering(
            state=State.HELD if held else state.get(now.status, State.WORKING),
            job=RenderJob.model_validate(now),
        )

    return _awaited(look, asked.wait_s)


TOOLS: dict[str, Tool[Any, Any]] = {
    tool.name: tool
    for tool in (
        Tool("ingest_media_batch", IngestMediaBatch, BatchState, _ingest),
        Tool("analyze_media_batch", AnalyzeMediaBatch, Moments, _analyze),
        Tool("generate_video_edits", GenerateVideoEdits, Edits, _edit),
        Tool("render_video_deliverables", RenderVideoDeliverables, Rendering, _render),
    )
}
"""The tools by their names."""


def named(name: str) -> Tool[Any, Any]:
    """A tool. Raises NotFound."""
    if name not in TOOLS:
        raise NotFound("is no tool", subject=name, remedy=f"one of {', '.join(TOOLS)}")
    return TOOLS[name]


def openai_tools() -> list[dict[str, Any]]:
    """The tools as OpenAI's API takes them: functions with a JSON schema."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.takes.model_json_schema(),
            },
        }
        for tool in TOOLS.values()
    ]


def _reordered(bench: Bench, batch_id: str, changes: dict[str, Any]) -> Order:
    """The order of a batch with these changes, asked for anew where it is another one than before."""
    facts = bench.store.batches.get(batch_id).metadata
    before = codec.load(Order, facts["order"]) if "order" in facts else OrderFields().order()
    order = codec.load(Order, {**codec.dump(before), **codec.dump(changes)})
    Lane(bench.store, bench.settings).check(order)
    bench.store.batches.reorder(batch_id, codec.dump(order))
    return order


T = TypeVar("T", bound=BatchState)


def _state(bench: Bench, batch_id: str, kind: type[T]) -> T:
    """Where a batch stands; `working` where nothing says otherwise."""
    store = bench.store
    batch = store.batches.get(batch_id)
    problem = batch.last_error
    state = State.WORKING
    if batch.hold is not Hold.NONE:
        state, problem = State.HELD, f"is {batch.hold}"
    elif batch.status is BatchStatus.FAILED and not store.dispatches.pending(1, batch_id=batch_id):
        state = State.FAILED
    elif letters := [one for one in store.dead_letters.list(batch_id=batch_id) if one.stage == "produce"]:
        state, problem = State.FAILED, letters[0].message
    files = [FileState.model_validate(one) for one in store.files.list(batch_id)]
    return kind(batch_id=batch.id, state=state, status=batch.status, problem=problem, files=files)


def _rests(bench: Bench, told: BatchState) -> bool:
    """Whether nothing is going on with a batch."""
    asked_for = bench.store.dispatches.pending(1, batch_id=told.batch_id)
    return told.status is BatchStatus.ANALYZED and not asked_for


def _rendered(store: Store, asked: RenderVideoDeliverables) -> Any:
    """The finished job that answers a wish, where the session has not changed since."""
    session = store.sessions.get(asked.session_id)
    if session.status.value != "complete":
        return None
    return next(
        (
            job
            for job in store.jobs.list(session.id)
            if job.status is RenderJobStatus.COMPLETE
            and list(job.destinations) == asked.destinations
            and len(job.formats) == len(session.aspect_ratios)  # all of them: tools ask for no less
        ),
        None,
    )


def _session(store: Store, session: EditSession) -> SessionState:
    now = signoff.of(store, session)
    return SessionState(
        session_id=session.id,
        blueprint=session.deliverable_type,
        status=session.status.value,
        aspect_ratios=list(session.aspect_ratios),
        cuts=[
            CutState(
                name=cut.name,
                duration_s=round(float(cut.duration), 3),
                clips=len(cut.clips),
                standing=now.word(cut).standing.value,
            )
            for cut in session.timelines
        ],
    )


S = TypeVar("S", Moments, Edits, Rendering)


def _awaited(look: Callable[[], S], wait_s: float) -> S:
    until = time.monotonic() + wait_s
    while True:
        told = look()
        if told.state is not State.WORKING or time.monotonic() >= until:
            return told
        time.sleep(POLL_S)


def problem(error: EditronError) -> str:
    """An error as an agent is told of it."""
    return f"{type(error).__name__}: {error}"
