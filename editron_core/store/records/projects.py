"""Projects."""

from __future__ import annotations

from sqlalchemy import select

from editron_core.domain.batch import Project
from editron_core.errors import Conflict
from editron_core.store.database import Database
from editron_core.store.models import ProjectRow
from editron_core.store.outbox import emit
from editron_core.store.records.common import locked, new_id, one
from editron_core.store.records.paging import LIMIT, Key, Order, Slice, cut


class Projects:
    """Whom footage is for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ensure(self, name: str) -> Project:
        """The project of this name, made where there is none."""
        with self._database.write() as session:
            fresh = new_id()
            self._database.insert_missing(session, ProjectRow, {"id": fresh, "name": name}, by="name")
            row = session.scalars(select(ProjectRow).where(ProjectRow.name == name)).one()
            if row.id == fresh:
                emit(session, "project.created", row.id, project_id=row.id)
            return Project(row.id, row.name)

    def get(self, project_id: str) -> Project:
        """The project with this id. Raises NotFound."""
        with self._database.read() as session:
            row = one(session, ProjectRow, project_id)
            return Project(row.id, row.name)

    def rename(self, project_id: str, name: str) -> Project:
        """Call a project something else. Raises NotFound; Conflict where another has that name."""
        with self._database.write() as session:
            self._database.alone(session, "project names")
            row = locked(session, ProjectRow, project_id)
            taken = session.scalar(select(ProjectRow.id).where(ProjectRow.name == name))
            if taken not in (None, project_id):
                raise Conflict("is another project's name", subject=name)
            row.name = name
            emit(session, "project.changed", row.id, project_id=row.id)
            return Project(row.id, row.name)

    def page(self, *, after: Key | None = None, limit: int = LIMIT) -> Slice[Project]:
        """Projects by name."""
        order = Order((ProjectRow.name, ProjectRow.id), descending=False)
        with self._database.read() as session:
            rows = cut(session, select(ProjectRow), order, after, limit)
            return rows.map(lambda row: Project(row.id, row.name))

    def list(self) -> tuple[Project, ...]:
        """All projects by name."""
        with self._database.read() as session:
            rows = session.scalars(select(ProjectRow).order_by(ProjectRow.name))
            return tuple(Project(row.id, row.name) for row in rows)
