"""The rule for sign-off: how many people must approve a cut, and whose word counts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from editron_core.api.deps import Admin, StoreDep, Viewer
from editron_core.api.shapes import Asked, Shape
from editron_core.domain.review import ApprovalRule

router = APIRouter(tags=["decisions"])
Project = Annotated[
    str | None,
    Query(max_length=64, description="Which project's; without it, the rule of all that have none."),
]


class Rule(Shape):
    """Who must approve a cut before it is signed."""

    approvers: int
    members: Annotated[list[str], Field(description="Ids of those whose word counts; empty for everybody.")]
    project_id: str | None


class RuleAsked(Asked):
    """Who must approve a cut before it is signed."""

    approvers: Annotated[int, Field(ge=1, le=20)]
    members: Annotated[
        list[str] | None,
        Field(max_length=100, description="Left out, they stay who they are; empty for everybody."),
    ] = None


@router.get("/api/approval-rule")
def show_rule(store: StoreDep, who: Viewer, project_id: Project = None) -> Rule:
    """The rule that holds for a project's cuts."""
    return Rule.model_validate(store.approvals.rule(project_id))


@router.put("/api/approval-rule")
def set_rule(store: StoreDep, body: RuleAsked, who: Admin, project_id: Project = None) -> Rule:
    """Set the rule. It counts at once: what was signed by too few is no longer signed."""
    rule = ApprovalRule(body.approvers, tuple(body.members or ()), project_id)
    return Rule.model_validate(store.approvals.set_rule(rule, keep_members=body.members is None))
