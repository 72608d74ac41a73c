"""Notifications: genuine or not, whose, and hints that lead nowhere else."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from editron_core.config import Settings
from editron_core.domain.batch import StorageTier
from editron_core.errors import UsageError
from editron_core.ingest import webhook
from editron_core.redact import Secret

BODY = b'{"delta": {"users": [12345]}}'
SIGNATURE = "0a8c16b085420b960dc78664279fe09e936a2a01b1f91064869d9e77dfd64529"
KEYS = (Secret("the_secret"),)
LINK = "https://www.dropbox.com/scl/fo/abc/h?rlkey=xyz&dl=0"


def test_the_known_vector_is_genuine() -> None:
    assert webhook.genuine(BODY, SIGNATURE, KEYS)
    assert webhook.genuine(BODY, SIGNATURE.upper(), KEYS)
    assert webhook.genuine(BODY, SIGNATURE, (Secret("another"), *KEYS)), "while the secret is changed"


@pytest.mark.parametrize(
    "forged",
    [
        None,
        "",
        "no hex",
        SIGNATURE[:-2],
        SIGNATURE + "00",
        "ü" * 64,
        hmac.new(b"wrong", BODY, hashlib.sha256).hexdigest(),
        hmac.new(b"the_secret", b"{}", hashlib.sha256).hexdigest(),
    ],
)
def test_whatever_else_is_not(forged: str | None) -> None:
    assert not webhook.genuine(BODY, forged, KEYS)


def test_each_account_is_named_once_and_the_rest_passed_over() -> None:
    body = {
        "list_folder": {"accounts": ["dbid:a", "dbid:b", "dbid:a", 7, ""]},
        "delta": {"users": [1]},
        "x": 1,
    }
    assert webhook.parse(json.dumps(body).encode()) == webhook.Notice(("dbid:a", "dbid:b"))
    assert webhook.parse(BODY).accounts == ()


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff\xfe", b"[" * 60_000])
def test_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(UsageError):
        webhook.parse(body)


def test_hints_are_taken_for_shared_links_only() -> None:
    given = [
        {"source_url": LINK, "tier": "warm", "project_id": "p1", "checksum_required": False},
        {"source_url": "http://169.254.169.254/latest"},
        {"source_url": LINK, "storage_tier": "boiling"},
        "nonsense",
    ]
    notice = webhook.parse(json.dumps({"editron_batches": given}).encode())
    assert notice.hints == ((0, webhook.Hint(LINK, "p1", StorageTier.WARM, False)),)
    assert [problem.index for problem in notice.problems] == [1, 2, 3]


@pytest.mark.parametrize(
    ("url", "is_link"),
    [
        (LINK, True),
        ("https://dropbox.com/s/abc/clip.mp4", True),
        ("http://www.dropbox.com/s/abc/clip.mp4", False),
        ("https://www.dropbox.com.evil.example/s/abc/x", False),
        ("https://evil.example/https://www.dropbox.com/s/a/b", False),
        ("https://user@www.dropbox.com/s/a/b", False),
        ("https://www.dropbox.com:8443/s/a/b", False),
        ("https://www.dropbox.com/login", False),
        ("https://www.dropbox.com/s/", False),
        ("https://[::1/s/a", False),
        ("dropbox://x/y", False),
        ("https://www.dropbox.com/s/abc/clip.mp4?a\n/home/ceo/private.mp4", False),
    ],
)
def test_only_dropboxs_own_links_are_links(url: str, is_link: bool) -> None:
    assert webhook.shared_link(url) is is_link


def test_the_webhooks_secret_counts_else_the_apps() -> None:
    both = Settings(dropbox_webhook_secret="first,second", dropbox_app_secret="app")
    assert [key.reveal() for key in webhook.keys(both)] == ["first", "second"]
    assert [key.reveal() for key in webhook.keys(Settings(dropbox_app_secret="app-secret"))] == ["app-secret"]
    with pytest.raises(UsageError, match="DROPBOX_WEBHOOK_SECRET"):
        webhook.keys(Settings())
