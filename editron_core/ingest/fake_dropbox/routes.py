"""What the fake answers: one function for each route, from the argument in JSON to the result in JSON."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from editron_core.ingest.fake_dropbox.account import Account, Entry
from editron_core.ingest.fake_dropbox.faults import Reply, refused

TOKEN_LIFE_S = 14_400
Json = dict[str, Any]


class Refusal(Exception):
    """The route answers with an error of its own."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


@dataclass(frozen=True)
class Link:
    """A shared link to a file or folder."""

    url: str
    account: Account
    path: str
    password: str = ""


@dataclass
class State:
    """What the fake knows beside its accounts."""

    app_key: str
    app_secret: str
    accounts: list[Account] = field(default_factory=list)
    links: dict[str, Link] = field(default_factory=dict)
    page: int = 2000
    """Entries per page of a listing."""
    hashes_in_links: bool = True
    """Whether listings of shared links tell content hashes; nobody has promised it."""
    epoch: int = 0
    """Cursors of an earlier one are answered with `reset`."""
    tokens: dict[str, Account] = field(default_factory=dict)
    refreshed: int = 0
    """How many access tokens were given out."""
    listings: dict[str, list[Json]] = field(default_factory=dict)
    """Listings that were begun; a cursor says which, and how far."""
    guard: threading.RLock = field(default_factory=threading.RLock)


@dataclass(frozen=True)
class Caller:
    """Who asks: an account by its token, or the app by its key (then null)."""

    account: Account | None


def token(state: State, form: Mapping[str, str]) -> Json:
    """OAuth: an access token for a refresh token, or both for a person's code (an account's id)."""
    right = form.get("client_id") == state.app_key and form.get("client_secret", state.app_secret) == (
        state.app_secret
    )
    for account in state.accounts:
        proofs = (form.get("refresh_token") == account.refresh_token, form.get("code") == account.id)
        if right and any(proofs) and not account.revoked:
            with state.guard:
                state.refreshed += 1
                made = f"sl.fake-{secrets.token_urlsafe(12)}"
                state.tokens[made] = account
            kind = {"token_type": "bearer", "expires_in": TOKEN_LIFE_S}
            lasting = {"refresh_token": account.refresh_token} if "code" in form else {}
            return {"access_token": made, **kind, **lasting, "account_id": account.id}
    told = {"error": "invalid_grant", "error_description": "refresh token is invalid or revoked"}
    raise Refusal(Reply(400, json.dumps(told).encode()))


def list_folder(state: State, caller: Caller, asked: Json) -> Json:
    """The first page of a folder of the account, or of a shared link."""
    link = _link(state, asked.get("shared_link"))
    if link is None and caller.account is None:
        raise Refusal(
            Reply(401, b'{"error": {".tag": "missing_scope", "required_scope": "files.metadata.read"}}')
        )
    if link is not None and asked.get("recursive"):
        raise Refusal(Reply(400, b"recursive is not supported with a shared link", "text/plain"))
    account = link.account if link else caller.account
    assert account is not None
    path = (link.path if link else "") + asked["path"].rstrip("/")
    found = account.find(path) if path else None
    if path and (found is None or found.content is not None):
        raise Refusal(refused("path/not_found" if found is None else "path/not_folder"))
    recursive = bool(asked.get("recursive"))
    entries = [
        entry.described(hashed=link is None or state.hashes_in_links, placed=link is None)
        for entry in account.below(path, recursive=recursive)
    ]
    key = secrets.token_urlsafe(8)
    with state.guard:
        state.listings[key] = entries
    where = {"of": account.id, "path": path, "recursive": recursive, "since": account.now}
    size = min(int(asked.get("limit") or state.page), state.page)
    return _page(state, {**where, "listing": key, "at": 0, "size": size, "epoch": state.epoch})


def list_folder_continue(state: State, caller: Caller, asked: Json) -> Json:
    """The next page, or what has changed since."""
    try:
        place = json.loads(base64.urlsafe_b64decode(asked["cursor"].removeprefix("AA")))
    except ValueError:
        raise Refusal(Reply(400, b"Invalid cursor", "text/plain")) from None
    if place["epoch"] != state.epoch:
        raise Refusal(refused("reset"))
    if place.get("listing"):
        return _page(state, place)
    account = next(one for one in state.accounts if one.id == place["of"])
    now = account.now
    changed = list(account.since(place["since"], place["path"], recursive=place["recursive"]))
    if len(changed) <= place["size"]:
        return {"entries": changed, "cursor": _cursor({**place, "since": now}), "has_more": False}
    key = secrets.token_urlsafe(8)
    with state.guard:
        state.listings[key] = changed
    return _page(state, {**place, "since": now, "listing": key, "at": 0})


def current_account(state: State, caller: Caller, asked: Json) -> Json:
    """Whose token it is."""
    assert caller.account is not None
    name = dict.fromkeys(("given_name", "surname", "familiar_name", "display_name"), "Fake")
    return {
        "account_id": caller.account.id,
        "name": {**name, "abbreviated_name": "F"},
        "email": "fake@example.com",
        "email_verified": True,
        "disabled": False,
        "locale": "en",
        "referral_link": "https://db.tt/fake",
        "is_paired": False,
        "account_type": {".tag": "basic"},
        "root_info": {".tag": "user", "root_namespace_id": "1", "home_namespace_id": "1"},
    }


def shared_link_metadata(state: State, caller: Caller, asked: Json) -> Json:
    """What a shared link leads to."""
    return described_link(*linked(state, asked))


def linked(state: State, asked: Json) -> tuple[Link, Entry]:
    """The link that an argument names, and the entry that it leads to with the argument's path."""
    link = _link(state, {"url": asked["url"], "password": asked.get("link_password")})
    assert link is not None
    inner = (asked.get("path") or "").rstrip("/")
    if inner and not inner.startswith("/"):
        inner = f"/{inner}"
    entry = link.account.find(link.path + inner)
    if entry is None:
        raise Refusal(refused("shared_link_not_found"))
    return link, entry


def described_link(link: Link, entry: Entry) -> Json:
    """SharedLinkMetadata in JSON: it has a revision and a size, but no content hash."""
    rights = {
        "can_revoke": False,
        "visibility_policies": [],
        "can_set_expiry": False,
        "can_remove_expiry": False,
        "allow_download": True,
        "can_allow_download": False,
        "can_disallow_download": False,
        "allow_comments": False,
        "team_restricts_comments": True,
    }
    facts = {"url": link.url, "name": entry.name, "id": entry.id, "link_permissions": rights}
    if entry.content is None:
        return {".tag": "folder", **facts}
    times = {key: entry.described(hashed=False)[key] for key in ("client_modified", "server_modified")}
    return {".tag": "file", **facts, **times, "rev": entry.rev, "size": entry.content.size}


ROUTES: dict[str, Callable[[State, Caller, Json], Json]] = {
    "files/list_folder": list_folder,
    "files/list_folder/continue": list_folder_continue,
    "sharing/get_shared_link_metadata": shared_link_metadata,
    "users/get_current_account": current_account,
}
"""Those with JSON in both directions."""


def download(state: State, caller: Caller, asked: Json) -> tuple[Entry, Json]:
    """The entry whose bytes are asked for, and its description."""
    assert caller.account is not None
    entry = caller.account.find(asked["path"])
    if entry is None or entry.content is None:
        raise Refusal(refused("path/not_found" if entry is None else "path/not_file"))
    if entry.path.lower() in caller.account.restricted:
        raise Refusal(refused("path/restricted_content"))
    if entry.paper:
        raise Refusal(refused("unsupported_file"))
    described = entry.described()
    del described[".tag"]  # the result is a FileMetadata, not one of several kinds
    return entry, described


def shared_link_file(state: State, caller: Caller, asked: Json) -> tuple[Entry, Json]:
    """The same for a shared link."""
    link, entry = linked(state, asked)
    if entry.content is None:
        raise Refusal(refused("shared_link_is_directory"))
    if entry.path.lower() in link.account.restricted:
        raise Refusal(refused("shared_link_access_denied"))
    return entry, described_link(link, entry)


def _link(state: State, asked: Json | None) -> Link | None:
    if asked is None:
        return None
    link = state.links.get(asked["url"])
    if link is None:
        raise Refusal(refused("shared_link_not_found"))
    if link.password and asked.get("password") != link.password:
        raise Refusal(refused("shared_link_access_denied"))
    return link


def _page(state: State, place: Json) -> Json:
    with state.guard:
        entries = state.listings[place["listing"]]
    end = place["at"] + place["size"]
    more = end < len(entries)
    after = {**place, "at": end} if more else {**place, "listing": ""}
    return {"entries": entries[place["at"] : end], "cursor": _cursor(after), "has_more": more}


def _cursor(place: Json) -> str:
    return "AA" + base64.urlsafe_b64encode(json.dumps(place).encode()).decode()
