"""What the page of sources shows."""

from __future__ import annotations

from typing import Any

from editron_core.domain.intake import DropboxSource
from editron_core.store import Store

MOST = 200
"""Sources that the page shows."""


def shown(store: Store, query: dict[str, Any], *, configured: bool) -> dict[str, Any]:
    """The sources with their freshness, and the rules by which folders get their project.

    `configured` says whether the app's keys are set, without which only shared links can be read.
    """
    projects = {project.id: project.name for project in store.projects.list()}
    waiting = store.sources.waiting_files()
    return {
        "configured": configured,
        "projects": sorted(projects.values()),
        "sources": [
            {**_source(one, projects), "waiting": waiting.get(one.id, 0)}
            for one in store.sources.page(limit=MOST).items
        ],
        "rules": [
            {
                "id": rule.id,
                "pattern": rule.pattern,
                "project": projects.get(rule.project_id, ""),
                "priority": rule.priority,
            }
            for rule in store.mappings.list()
        ],
    }


def _source(source: DropboxSource, projects: dict[str, str]) -> dict[str, Any]:
    return {
        "id": source.id,
        "label": source.label,
        "kind": source.kind.value,
        "source_url": source.source_url,
        "folder_path": source.folder_path,
        "project": projects.get(source.project_id or "", ""),
        "storage_tier": source.storage_tier.value,
        "auto_ingest": source.auto_ingest,
        "state": _state(source),
        "error": source.last_error,
        "last_processed_at": source.last_processed_at.isoformat() if source.last_processed_at else None,
    }


def _state(source: DropboxSource) -> str:
    if source.needs_reauth:
        return "blocked"
    if source.last_error:
        return "failed"
    return "queued" if source.dirty or source.last_processed_at is None else "ready"
