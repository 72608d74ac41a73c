"""The store: one database, one blob store, and everything that is recorded in them."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from editron_core.config import ObjectPlace
from editron_core.store.blobs import Blobs
from editron_core.store.database import Database
from editron_core.store.leases import LEASE_S, Leases
from editron_core.store.ledger import Ledger
from editron_core.store.records.access import Idempotency, Keys, Members
from editron_core.store.records.analyses import Analyses
from editron_core.store.records.batches import Batches
from editron_core.store.records.brands import Brands
from editron_core.store.records.edits import Decisions, Sessions
from editron_core.store.records.endpoints import Endpoints
from editron_core.store.records.events import Events
from editron_core.store.records.files import Files
from editron_core.store.records.findings import Findings
from editron_core.store.records.holds import Holds
from editron_core.store.records.jobs import Jobs
from editron_core.store.records.labels import Labels
from editron_core.store.records.mappings import Mappings
from editron_core.store.records.operations import DeadLetters, Dispatches
from editron_core.store.records.projects import Projects
from editron_core.store.records.registry import Profiles, Promotions, QaRuns
from editron_core.store.records.reviews import Approvals, Captions
from editron_core.store.records.sources import Sources
from editron_core.store.records.studies import Studies
from editron_core.store.records.tasks import Tasks
from editron_core.store.records.transfers import Downloads, Uploads
from editron_core.store.remote import open_blobs


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
        self.events = Events(database)
        self.tasks = Tasks(database)
        self.endpoints = Endpoints(database)
        self.keys = Keys(database)
        self.members = Members(database)
        self.idempotency = Idempotency(database)
        self.sources = Sources(database)
        self.mappings = Mappings(database)
        self.downloads = Downloads(database)
        self.uploads = Uploads(database)
        self.findings = Findings(database)
        self.captions = Captions(database)
        self.approvals = Approvals(database)

    @classmethod
    def open(cls, url: str, blobs: Path | ObjectPlace, *, lease_s: float = LEASE_S) -> Store:
        """Open the store at a database URL and a folder, or a place in an object store; database and folder
        are made, and the schema brought up to date.

        `lease_s` is how many seconds a lease lasts unrenewed. Raises StoreError where the database cannot
        be reached, is damaged, or was written by a newer version.
        """
        database = Database(url)
        try:
            database.open()
            return cls(database, open_blobs(blobs), lease_s)
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
