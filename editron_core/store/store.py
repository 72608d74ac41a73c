"""The store: one database, one blob store, and everything that is recorded in them."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from editron_core.store.blobs import Blobs
from editron_core.store.database import Database
from editron_core.store.leases import LEASE_S, Leases
from editron_core.store.ledger import Ledger
from editron_core.store.records.batches import Analyses, Batches, Files, Projects
from editron_core.store.records.definitions import Brands
from editron_core.store.records.edits import Decisions, Sessions
from editron_core.store.records.holds import Holds
from editron_core.store.records.jobs import Jobs
from editron_core.store.records.labels import Labels
from editron_core.store.records.operations import DeadLetters, Dispatches
from editron_core.store.records.registry import Profiles, Promotions, QaRuns
from editron_core.store.records.studies import Studies


class Store:
    """Records, blobs and ledger; a context manager that closes its connections."""

    def __init__(self, database: Database, blobs: Blobs, lease_s: float = LEASE_S) -> None:
        self.database = database
        self.blobs = blobs
        self.leases = Leases(database, lease_s)
        self.ledger = Ledger(database, blobs, self.leases)
        self.projects = Projects(database)
        self.batches = Batches(database)
        self.files = Files(database)
        self.analyses = Analyses(database)
        self.sessions = Sessions(database)
        self.decisions = Decisions(database)
        self.jobs = Jobs(database, self.leases)
        self.holds = Holds(database)
        self.dead_letters = DeadLetters(database)
        self.dispatches = Dispatches(database)
        self.profiles = Profiles(database)
        self.promotions = Promotions(database)
        self.qa_runs = QaRuns(database)
        self.labels = Labels(database)
        self.studies = Studies(database)
        self.brands = Brands(database)

    @classmethod
    def open(cls, url: str, blobs: Path, *, lease_s: float = LEASE_S) -> Store:
        """Open the store at a database URL and a folder; both are made, and the schema brought up to date.

        `lease_s` is how many seconds a lease lasts unrenewed. Raises StoreError where the database cannot
        be reached, is damaged, or was written by a newer version.
        """
        database = Database(url)
        try:
            database.open()
            return cls(database, Blobs(blobs), lease_s)
        except BaseException:
            database.close()
            raise

    def close(self) -> None:
        """Give the connections back."""
        self.database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
