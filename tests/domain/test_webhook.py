"""Standard Webhooks 1.0.0: the signature, its secrets, and who wants what."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random

import pytest

from editron_core.domain.event import Event
from editron_core.domain.webhook import SCHEDULE_S, Endpoint, headers, key_of, new_secret
from editron_core.errors import UsageError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, TIMESTAMP, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'


def test_the_standards_own_vector() -> None:
    assert headers(ID, TIMESTAMP, BODY, [SECRET]) == {
        "webhook-id": ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_whatever_the_body_the_signature_is_that_of_its_bytes() -> None:
    dice = random.Random(3)
    for _ in range(1000):
        secret, body = new_secret(), dice.randbytes(dice.randint(0, 300))
        made = headers(ID, TIMESTAMP, body, [secret])["webhook-signature"]
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{ID}.{TIMESTAMP}.".encode() + body
        assert made == "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def test_while_secrets_change_both_sign() -> None:
    old, new = new_secret(), new_secret()
    both = headers(ID, TIMESTAMP, BODY, [new, old])["webhook-signature"].split(" ")
    assert both == [headers(ID, TIMESTAMP, BODY, [one])["webhook-signature"] for one in (new, old)]


def test_a_new_secret_is_long_enough_and_none_comes_twice() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(key_of(secret)) for secret in made} == {32}


@pytest.mark.parametrize(
    "wrong", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_!!", "x" * 40, "whsec_" + "QUJD" * 30]
)
def test_what_is_no_secret_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError):
        key_of(wrong)


def test_attempts_are_made_over_three_days() -> None:
    assert SCHEDULE_S == (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)


@pytest.mark.parametrize(
    ("kinds", "project", "kind", "wanted"),
    [
        (("*",), None, "batch.ready", True),
        (("*",), None, "job.progress", False),
        (("finding.*",), None, "finding.changed", True),
        (("finding.*",), None, "batch.ready", False),
        (("batch.ready", "job.*"), None, "job.failed", True),
        (("*",), "p", "batch.ready", True),
        (("*",), "other", "batch.ready", False),
    ],
)
def test_an_endpoint_is_told_what_it_wants(
    kinds: tuple[str, ...], project: str | None, kind: str, wanted: bool
) -> None:
    endpoint = Endpoint("e", "https://x", kinds, project)
    assert endpoint.wants(Event(1, kind, "s", "b", "p")) is wanted
