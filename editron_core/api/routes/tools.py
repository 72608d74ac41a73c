"""Tools: the lane for agents whose models call functions, without MCP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path

from editron_core.api import tools
from editron_core.api.deps import Operator, SettingsDep, StoreDep, Viewer

router = APIRouter(prefix="/api/tools", tags=["tools"])
ToolName = Annotated[str, Path(pattern=r"^[a-z_]{1,64}$")]


@router.get("")
def list_tools(who: Viewer) -> list[dict[str, Any]]:
    """The tools as OpenAI's API takes them."""
    return tools.openai_tools()


@router.post("/{name}")
def call_tool(
    store: StoreDep,
    settings: SettingsDep,
    name: ToolName,
    arguments: Annotated[dict[str, Any], Body(description="As the tool's schema says.")],
    who: Operator,
) -> dict[str, Any]:
    """Call a tool with what the model has written."""
    given = tools.named(name).call(tools.Bench(store, settings, who), arguments)
    told: dict[str, Any] = given.model_dump(mode="json")
    return told
