"""Studies: the journal of each search, so that one that was killed goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select

from editron_core.store.database import Database
from editron_core.store.models import StudyLogRow

if TYPE_CHECKING:
    from optuna.storages import JournalStorage


class Studies:
    """The journals of all studies."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def journal(self, study: str) -> Journal:
        """The journal of a study, by the name of the study; empty where nothing was searched yet."""
        return Journal(self._database, study)

    def storage(self, study: str) -> JournalStorage:
        """The same for Optuna: `optuna.create_study(storage=store.studies.storage(name), ...)`."""
        from optuna.storages import JournalStorage
        from optuna.storages.journal import BaseJournalBackend

        BaseJournalBackend.register(Journal)
        journal: Any = self.journal(study)
        return JournalStorage(journal)

    def list(self) -> tuple[str, ...]:
        """The names of the studies that hold anything, in order."""
        with self._database.read() as session:
            names = select(StudyLogRow.study).distinct().order_by(StudyLogRow.study)
            return tuple(session.scalars(names))


class Journal:
    """Numbered log lines that are only ever added to: what `optuna`'s JournalStorage replays.

    Several processes may read and append at once; lines are numbered without gaps from 0, and the
    lines of one call stay together.
    """

    def __init__(self, database: Database, study: str) -> None:
        self._database = database
        self._study = study

    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        """The lines from that number on."""
        query = select(StudyLogRow.line).where(
            StudyLogRow.study == self._study, StudyLogRow.number >= log_number_from
        )
        with self._database.read() as session:
            return [json.loads(line) for line in session.scalars(query.order_by(StudyLogRow.number))]

    def append_logs(self, logs: Sequence[dict[str, Any]]) -> None:
        """Add lines at the end."""
        with self._database.write() as session:
            self._database.alone(session, f"study {self._study}")
            mine = StudyLogRow.study == self._study
            last = session.scalar(select(func.max(StudyLogRow.number)).where(mine))
            first = 0 if last is None else last + 1
            lines = [
                {"study": self._study, "number": number, "line": json.dumps(log)}
                for number, log in enumerate(logs, first)
            ]
            if lines:
                session.execute(insert(StudyLogRow), lines)
