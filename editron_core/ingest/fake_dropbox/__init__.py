"""A Dropbox that runs here: the routes that Editron uses, spoken so that its SDK sees no difference.

    with FakeDropbox() as fake:
        account = fake.account()
        account.put("/Footage/goal.mp4", Content.of(clip))
        account.put("/Footage/long.mp4", Content.sparse(20 << 30, {0: head}))
        fake.script("files/download", rate_limited(3), Transfer(cut=512 << 20))
        os.environ["EDITRON_DROPBOX_URL"] = fake.url

It serves files of any size from holes, at the speed of the loopback, and fails as it is told to. For the demo
and for tests; it listens on 127.0.0.1 only.
"""

from editron_core.ingest.fake_dropbox.account import Account, Entry
from editron_core.ingest.fake_dropbox.content import BLOCK, Content
from editron_core.ingest.fake_dropbox.faults import (
    Do,
    Fault,
    Reply,
    Transfer,
    broken,
    expired,
    page,
    rate_limited,
    refused,
    unsatisfiable,
)
from editron_core.ingest.fake_dropbox.server import Asked, FakeDropbox

__all__ = [
    "BLOCK",
    "Account",
    "Asked",
    "Content",
    "Do",
    "Entry",
    "FakeDropbox",
    "Fault",
    "Reply",
    "Transfer",
    "broken",
    "expired",
    "page",
    "rate_limited",
    "refused",
    "unsatisfiable",
]
