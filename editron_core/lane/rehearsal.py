"""The way through Dropbox rehearsed on the fake that ships: a notification, a pass, downloads that break."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

from editron_core.domain.intake import DropboxSource
from editron_core.errors import CheckFailed, NotFound
from editron_core.ingest import webhook
from editron_core.ingest.fake_dropbox import Account, Content, FakeDropbox, Transfer, rate_limited
from editron_core.lane import dropbox
from editron_core.lane.document import Outcome
from editron_core.lane.lane import Lane

FOLDER = "/Footage"
LABEL = "Demo"


def through_dropbox(lane: Lane, footage: Path, fake: FakeDropbox) -> tuple[Lane, Outcome]:
    """Take in the files of a folder by way of the fake; returns the lane that asks it, and the batch.

    The same footage again is the same batch. Raises CheckFailed where the notification goes astray.
    """
    account = fake.account()
    for path in sorted(footage.iterdir()):
        if path.is_file():
            account.put(f"{FOLDER}/{path.name}", Content.file(path))
    # One transfer breaks and one is turned away, since that is what happens out there.
    fake.script("files/download", Transfer(cut=200_000), rate_limited(1))
    there = {
        "dropbox_url": fake.url,
        "dropbox_app_key": fake.state.app_key,
        "dropbox_app_secret": fake.state.app_secret,
        "dropbox_refresh_token": account.refresh_token,
    }
    here = lane.desk.settings.model_copy(update=there)
    asking = Lane(lane.desk.store, here, lane.desk.watcher)
    source = _source(asking, account)
    _notified(asking, account)
    made = dropbox.sync(asking.desk, source.id).batches
    return asking, asking.resume(made[0] if made else _before(asking, source))


def _source(lane: Lane, account: Account) -> DropboxSource:
    """The demo's own source. It is never looked at unless the demo asks."""
    sources = lane.desk.store.sources
    for known in sources.list():
        if known.label == LABEL and known.account_id == account.id:
            sources.reset(known.id)  # its cursor is another fake's
            return known
    return sources.create(
        DropboxSource("", LABEL, account_id=account.id, folder_path=FOLDER, auto_ingest=False)
    )


def _notified(lane: Lane, account: Account) -> None:
    """What the API does with Dropbox's notification."""
    body = json.dumps({"list_folder": {"accounts": [account.id]}}).encode()
    keys = webhook.keys(lane.desk.settings)
    signature = hmac.new(keys[0].reveal().encode(), body, hashlib.sha256).hexdigest()
    if not webhook.genuine(body, signature, keys):
        raise CheckFailed("was not believed", subject="the demo's notification")
    lane.desk.store.sources.mark_dirty(webhook.parse(body).accounts)


def _before(lane: Lane, source: DropboxSource) -> str:
    """The batch that an earlier demo made of the same footage."""
    for batch in lane.desk.store.batches.list():
        if batch.metadata.get("dropbox") == source.id:
            return batch.id
    raise NotFound("has no batch", subject=source.label, remedy=f"editron sources remove {source.id}")
