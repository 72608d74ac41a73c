"""The lane: the stages bound to the store. Claim a stage, run it, publish what it left, record it.

Every stage goes through the ledger, so each can be asked for again at any time: what is finished is
taken from before, what was interrupted is done, and nothing is done twice. The command line, the API
and the flows call `Lane` and add nothing to it.

What is exported here is imported when it is asked for: a question about the store's records (`status`,
`registry`) does not load what the stages work with.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from editron_core.lane.document import Outcome, as_json, check_curve, write_curve
    from editron_core.lane.lane import Lane
    from editron_core.lane.order import Order

__all__ = ["Lane", "Order", "Outcome", "as_json", "check_curve", "write_curve"]

_PLACES = {
    "Lane": "lane",
    "Order": "order",
    "Outcome": "document",
    "as_json": "document",
    "check_curve": "document",
    "write_curve": "document",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
