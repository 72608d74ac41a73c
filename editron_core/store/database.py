"""One database behind one engine: connections set up right, transactions that say what they are for.

SQLite runs in WAL with synchronous=FULL and foreign keys on; a transaction that may write begins
IMMEDIATE, because one that reads first and writes later fails at once when another has written in
between, whatever the busy timeout says. On PostgreSQL, rows that decide a write are locked instead.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from editron_core import secrets
from editron_core.config import settings
from editron_core.errors import StoreError
from editron_core.redact import know_url
from editron_core.store import migrations, outbox
from editron_core.store.models import Base

T = TypeVar("T")
BUSY_TIMEOUT_MS = 30_000
"""How long SQLite itself lets a writer wait for the other writers of a file."""
PATIENCE_S = 120.0
"""For how long it is asked again: whoever comes next is drawn by lot, and it does not wait at all where a
killed writer's log is being recovered or the last other connection closes (SQLITE_BUSY_RECOVERY)."""
MIGRATION_LOCK = 0x45444954
"""PostgreSQL advisory lock under which the schema changes ("EDIT" in ASCII)."""
PRAGMAS = ("synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF")
CONNECT_TIMEOUT_S = 10
QUOTED = "postgresql://user@host/name with EDITRON_DATABASE_PASSWORD; in a password quote @ as %40 and so on"
SQLITE_NOW = "(julianday('now') - 2440587.5) * 86400.0"
"""Days since noon in 4714 BC, to seconds since 1970; exact to a millisecond."""
POSTGRES_NOW = "extract(epoch from clock_timestamp())"


class Database:
    """A migrated database. Raises StoreError, with the vendor's reason in one line, for all that fails."""

    def __init__(self, url: str) -> None:
        self.url = _parsed(url)
        self.lite = self.url.get_backend_name() == "sqlite"
        self._engine = _sqlite(self.url) if self.lite else _postgres(self.url)
        self._writer = self._engine.execution_options(begin="IMMEDIATE")
        # SQLite's reads see one state by themselves.
        one_view = {} if self.lite else {"isolation_level": "REPEATABLE READ"}
        self._reader = self._engine.execution_options(**one_view)

    def open(self) -> None:
        """Check that the database is sound, and bring its schema up to date.

        Safe when several processes open a new database at once: one migrates, the others wait.
        """
        with self._translated():
            with self._engine.connect() as connection:
                if self.lite:
                    _check_integrity(connection)
                current = migrations.revision(connection)
            if current != migrations.HEAD:
                with self.exclusive() as connection:
                    migrations.upgrade(connection)

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads: one consistent view, no lock."""
        with self._translated(), Session(self._reader) as session:
            yield session

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that writes; committed when the block ends, rolled back by an exception.

        What the block told the outbox becomes visible with it.
        """
        with self._translated(), Session(self._writer) as session, session.begin():
            yield session
            outbox.settle(session, self.alone)

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[Connection]:
        """A transaction that changes the schema and keeps everyone else from doing the same."""
        with self._translated(), self._writer.begin() as connection:
            if not self.lite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            yield connection

    def insert_missing(
        self, session: Session, kind: type[Base], values: Mapping[str, Any], *, by: str
    ) -> None:
        """Insert a row unless one with the same `by` (a unique column) is there, whoever is quicker."""
        insert = sqlite.insert if self.lite else postgresql.insert
        session.execute(insert(kind).values(**values).on_conflict_do_nothing(index_elements=[by]))

    def alone(self, session: Session, name: str) -> None:
        """Keep all others who ask for the same `name` waiting until the transaction ends.

        For what no single row stands for. SQLite's writers are alone anyway.
        """
        if not self.lite:
            key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})

    def now(self, session: Session) -> float:
        """Seconds since 1970 by the database's clock, the only one that several hosts share."""
        clock = SQLITE_NOW if self.lite else POSTGRES_NOW
        return float(session.execute(text(f"SELECT {clock}")).scalar_one())

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise StoreError(reason, subject=self.url.render_as_string(), remedy=_remedy(reason)) from error


def _parsed(url: str) -> URL:
    know_url(url)
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Neither shown nor named as the cause: nobody knows which part of it is the password.
        raise StoreError("is not a database URL", subject="EDITRON_DATABASE_URL", remedy=QUOTED) from None
    if "@" in (parsed.host or ""):
        raise StoreError("holds an unquoted @", subject="EDITRON_DATABASE_URL", remedy=QUOTED)
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError("is neither SQLite nor PostgreSQL", subject=parsed.render_as_string())
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise StoreError(
            "needs a file", subject=parsed.render_as_string(), remedy="sqlite:////path/editron.sqlite"
        )
    return parsed if parsed.get_backend_name() == "sqlite" else _with_password(parsed)


def _with_password(url: URL) -> URL:
    """The URL with the password that EDITRON_DATABASE_PASSWORD refers to, unless it has one."""
    reference = settings().database_password
    if reference is None or url.password is not None:
        return url
    return url.set(password=secrets.resolve(reference, subject="EDITRON_DATABASE_PASSWORD").reveal())


def _sqlite(url: URL) -> Engine:
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _record: Any) -> None:
        # Python's driver must not begin transactions by itself: `begin` below does.
        connection.isolation_level = None
        # The mode is kept in the file. Asking first spares every later connection a lock.
        if _patiently(lambda: connection.execute("PRAGMA journal_mode").fetchone()[0]) != "wal":
            _patiently(lambda: connection.execute("PRAGMA journal_mode=WAL"))
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        kind = connection.get_execution_options().get("begin", "DEFERRED")
        _patiently(lambda: connection.exec_driver_sql(f"BEGIN {kind}"))

    return engine


def _patiently(what: Callable[[], T]) -> T:
    """What `what` returns, which has no effect where the database is locked, once it is not."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return what()
        except (sqlite3.OperationalError, OperationalError) as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(random.SystemRandom().uniform(0.01, 0.1))


def _postgres(url: URL) -> Engine:
    # A session of a client that is gone must not keep its locks: keepalives notice within 25 s.
    keepalive = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
    try:
        return create_engine(
            url, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_TIMEOUT_S, **keepalive}
        )
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise StoreError(
            "needs psycopg", subject=url.render_as_string(), remedy="uv sync --extra postgres"
        ) from error


def _check_integrity(connection: Connection) -> None:
    verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if verdict != "ok":
        raise StoreError(
            f"is damaged: {verdict}",
            subject=connection.engine.url.render_as_string(),
            remedy="restore it from a backup",
        )


def _remedy(reason: str) -> str:
    known = {
        "malformed": "restore it from a backup",
        "not a database": "move that file away, or name another database",
        "unable to open": "check that the folder can be written",
        "readonly": "check that the file and its folder can be written",
        "locked": "another process holds the database: try again",
        "connection": "check that the server runs and EDITRON_DATABASE_URL is right",
        "disk": "free some space",
    }
    return next((remedy for part, remedy in known.items() if part in reason), "")
