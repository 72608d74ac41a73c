"""Projects: whom footage is for."""

from __future__ import annotations

from fastapi import APIRouter

from editron_core.api.deps import Operator, Page, PageDep, StoreDep, Viewer, page_of
from editron_core.api.shapes import Asked, Id, Line, Project

router = APIRouter(prefix="/api/projects", tags=["projects"])


class NewProject(Asked):
    """A project that is wanted."""

    name: Line


@router.get("")
def list_projects(store: StoreDep, page: PageDep, who: Viewer) -> Page[Project]:
    """All projects, by name."""
    return page_of(store.projects.page(after=page.after, limit=page.limit), Project.model_validate)


@router.post("", status_code=201)
def make_project(store: StoreDep, body: NewProject, who: Operator) -> Project:
    """The project of this name, made where there is none."""
    return Project.model_validate(store.projects.ensure(body.name))


@router.get("/{project_id}")
def show_project(store: StoreDep, project_id: Id, who: Viewer) -> Project:
    """One project."""
    return Project.model_validate(store.projects.get(project_id))


@router.patch("/{project_id}")
def rename_project(store: StoreDep, project_id: Id, body: NewProject, who: Operator) -> Project:
    """Call a project something else."""
    return Project.model_validate(store.projects.rename(project_id, body.name))
