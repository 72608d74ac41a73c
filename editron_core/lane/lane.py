"""The stages in order; each can be asked for by itself and does what is missing before it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from editron_core.config import Settings
from editron_core.domain.job import RenderJob
from editron_core.domain.progress import Nobody, Watcher
from editron_core.lane import (
    analysis,
    branding,
    cutting,
    delivery,
    destinations,
    intake,
    render_queue,
    rendering,
    samples,
    scoring,
)
from editron_core.lane.desk import Desk
from editron_core.lane.document import Outcome
from editron_core.lane.engines import Engines
from editron_core.lane.order import Order
from editron_core.store import Store


class Lane:
    """The stages over one store. Each takes an `Outcome` and returns it with its own part filled in."""

    def __init__(self, store: Store, settings: Settings, watcher: Watcher | None = None) -> None:
        self.desk = Desk(store, settings, watcher or Nobody())
        self.engines = Engines(settings)

    def draw_samples(self, out: Path) -> Path:
        """Draw the sample footage into the folder `out`, and return it."""
        return samples.draw_samples(self.desk, out)

    def ingest(self, sources: Sequence[str], avoid: Sequence[Path] = ()) -> Outcome:
        """Take in files, folders and URLs; `avoid` names folders to pass over.

        Raises SourceError where there is nothing to take. A file that cannot be used is recorded as
        failed, and the others go on.
        """
        return self.open(intake.ingest(self.desk, sources, avoid).id)

    def open(self, batch: str) -> Outcome:
        """What the store holds of a batch, by id or unique beginning of it. Raises NotFound."""
        found = self.desk.store.batches.get(batch)
        return Outcome(found, self.desk.store.files.list(found.id), timings=self.desk.timings)

    def resume(self, batch: str) -> Outcome:
        """A batch taken in before, its ingest finished where it was interrupted. Raises NotFound."""
        return self.open(intake.resume(self.desk, self.desk.store.batches.get(batch)).id)

    def check(self, order: Order) -> None:
        """Raises UsageError or DefinitionError for an order that could not be carried out."""
        scoring.wanted_profile(self.desk, order)
        cutting.plans(order)
        branding.of_order(self.desk.store, order)
        destinations.check(order.destinations)

    def analyze(self, outcome: Outcome) -> Outcome:
        """Evidence and proxies of every usable file."""
        return analysis.analyze(self.desk, self.engines, outcome)

    def score(self, outcome: Outcome, order: Order) -> Outcome:
        """Moments, curves and insights. Raises UsageError or DefinitionError for a profile that cannot be."""
        return scoring.score(self.desk, self.engines, outcome, order)

    def edit(self, outcome: Outcome, order: Order) -> Outcome:
        """One cut per blueprint, with captions and files for an editor's own tool."""
        return cutting.cut(self.desk, outcome, order)

    def render(self, outcome: Outcome, order: Order | None = None) -> Outcome:
        """The deliverables of every cut, measured, and copies at the destinations of the order.

        In production mode raises UsageError for unsigned cuts.
        """
        return rendering.render(self.desk, outcome, order or Order())

    def enqueue(self, outcome: Outcome, order: Order) -> tuple[RenderJob, ...]:
        """A render job for every cut, for whichever worker is free; see `render_next` and `work_off`."""
        return render_queue.enqueue(self.desk, outcome, order)

    def render_next(self, worker: str) -> RenderJob | None:
        """Carry out the most urgent render job; null where none is waiting."""
        return render_queue.render_next(self.desk, worker)

    def work_off(self, jobs: Sequence[str]) -> tuple[RenderJob, ...]:
        """Carry out what is most urgent, whoever asked for it, until the jobs with these ids have ended."""
        return render_queue.work_off(self.desk, jobs)

    def deliver(self, outcome: Outcome, out: Path) -> Outcome:
        """Copies of everything for people in the folder `out`, with the report."""
        return delivery.deliver(self.desk, outcome, out)
