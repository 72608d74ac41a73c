"""What is kept: records of everything that happened, the bytes, and the ledger of finished stages."""

from editron_core.store.ledger import Claim, Stage
from editron_core.store.records.batches import NewBatch
from editron_core.store.records.edits import NewSession
from editron_core.store.records.files import FileInShort
from editron_core.store.records.jobs import NewJob
from editron_core.store.store import Store

__all__ = ["Claim", "FileInShort", "NewBatch", "NewJob", "NewSession", "Stage", "Store"]
