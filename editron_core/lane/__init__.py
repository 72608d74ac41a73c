"""The lane: the stages bound to the store. Claim a stage, run it, publish what it left, record it.

Every stage goes through the ledger, so each can be asked for again at any time: what is finished is
taken from before, what was interrupted is done, and nothing is done twice. The command line, the API
and the flows call `Lane` and add nothing to it.
"""

from editron_core.lane.document import Outcome, as_json, check_curve, write_curve
from editron_core.lane.lane import Lane
from editron_core.lane.order import Order

__all__ = ["Lane", "Order", "Outcome", "as_json", "check_curve", "write_curve"]
