"""Secrets by reference: settings and records name where a secret lies, never the secret.

    env:NAME                     a variable of this process's environment
    file:/run/secrets/name       the content of a file that others may not read
    op://vault/item/field        1Password, through its command line `op read`
    vault:mount/path#field       HashiCorp Vault, key-value engine version 2
    prefect:block-name/field     a Secret block; only where the flows have registered the scheme

`resolve` gives a `Secret`, which shows itself to nobody; call `reveal` at the door that needs it. Nothing
is kept: each call looks again, so that a secret that was rotated is found.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

from editron_core import process
from editron_core.config import REFERENCE, settings, variable
from editron_core.errors import EngineUnavailable, ProcessFailed, SecretError, UsageError
from editron_core.redact import Secret, know

Resolver = Callable[[str], str]
"""Given the part of a reference behind its scheme, returns the value. Raises SecretError."""
FORMS = "env:NAME, file:/path, op://vault/item/field, vault:mount/path#field or prefect:block/field"
MOST_BYTES = 64 << 10
"""Of a secret's file: more is some other file."""
OP_LIMITS = process.Limits(wall_s=30, memory=None)
"""Go's runtime reserves address space beyond any sensible limit."""
OP_STAMP = re.compile(r"^\[ERROR\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d ")
VAULT_WAIT_S = 10.0
VAULT_PATH = re.compile(r"(?P<mount>[^/#]+)/(?P<path>[^#]*[^/#])#(?P<field>[^#]+)")
VAULT_TROUBLE = {
    403: (
        "Vault denied permission",
        "check that EDITRON_VAULT_TOKEN is valid and its policy may read the path",
    ),
    404: ("Vault holds no such secret, or its newest version was deleted", "check the mount and the path"),
    429: ("this Vault is a standby that does not answer", "set VAULT_ADDR to the active one"),
    473: ("this Vault is a standby that does not answer", "set VAULT_ADDR to the active one"),
    503: ("Vault is sealed or down for maintenance", "unseal it"),
}
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def resolve(reference: str, *, subject: str = "") -> Secret:
    """The secret that `reference` names; `subject` is the setting that holds the reference, for errors.

    Raises UsageError for what is no reference, SecretError where there is no such secret or nobody gives
    it out, EngineUnavailable where 1Password's command line is not installed.
    """
    scheme, mark, rest = reference.partition(":")
    resolver = _resolvers.get(scheme) if mark and rest else None
    if resolver is None:
        know(reference)  # it may be the secret itself
        raise UsageError("is no reference to a secret", subject=subject or "secret", remedy=f"use {FORMS}")
    value = resolver(rest)
    if not value:
        raise SecretError("is empty", subject=reference)
    return Secret(value, reference)


def held(value: str, *, subject: str) -> Secret:
    """The secret that a setting holds, either itself or by reference. Raises as `resolve` does."""
    return resolve(value, subject=subject) if REFERENCE.match(value) else Secret(value, subject)


def register(scheme: str, resolver: Resolver) -> None:
    """Let references `scheme:...` be resolved by `resolver` from now on in this process."""
    _resolvers[scheme] = resolver


def _from_environment(name: str) -> str:
    value = variable(name)
    if value is None:
        raise SecretError("is not set", subject=f"env:{name}", remedy=f"set the variable {name}")
    return value


def _from_file(path: str) -> str:
    """One trailing line break is not part of the secret. The open file is looked at, not its name."""
    reference = f"file:{path}"
    if not os.path.isabs(path):
        raise SecretError("is no absolute path", subject=reference, remedy="write file:/run/secrets/name")
    try:
        with open(path, "rb") as file:
            _refuse_open(os.fstat(file.fileno()), path)
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SecretError(error.strerror or "cannot be read", subject=reference) from error
    if len(content) > MOST_BYTES:
        raise SecretError(f"is larger than {MOST_BYTES} bytes", subject=reference)
    try:
        return re.sub(r"\r?\n\Z", "", content.decode())
    except UnicodeDecodeError:  # its message would quote the bytes
        raise SecretError("is not text in UTF-8", subject=reference) from None


def _refuse_open(facts: os.stat_result, path: str) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise SecretError("is no file", subject=f"file:{path}")
    # Group may read: that is how Kubernetes mounts a secret for a pod that is not root.
    if facts.st_mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise SecretError(
            f"may be read or changed by others (mode {stat.S_IMODE(facts.st_mode):04o})",
            subject=f"file:{path}",
            remedy=f"chmod 600 {path}; in containers mount it with mode 0400",
        )


def _from_one_password(rest: str) -> str:
    reference = f"op:{rest}"
    if not re.fullmatch(r"//[^/]+/[^/]+(/[^/]+){1,2}", rest):
        raise SecretError("is no 1Password reference", subject=reference, remedy="op://vault/item/field")
    try:
        output, _ = process.run(["op", "read", "--no-newline", reference], limits=OP_LIMITS)
    except EngineUnavailable as error:
        raise EngineUnavailable(
            error.message, subject="op", remedy="install 1Password's command line, or use another reference"
        ) from error
    except ProcessFailed as error:
        lines = error.tail.strip().splitlines() or [error.message]
        raise SecretError(
            f"1Password refuses: {OP_STAMP.sub('', lines[0])}",
            subject=reference,
            remedy="check `op whoami`, or OP_SERVICE_ACCOUNT_TOKEN on servers",
        ) from error
    return output.decode()


def _from_vault(rest: str) -> str:
    reference = f"vault:{rest}"
    parts = VAULT_PATH.fullmatch(rest)
    if parts is None:
        raise SecretError("is no Vault reference", subject=reference, remedy="vault:mount/path#field")
    data = _asked_of_vault(f"{quote(parts['mount'])}/data/{quote(parts['path'])}", reference)
    if parts["field"] not in data:
        raise SecretError(f"has no field {parts['field']}", subject=reference)
    value = data[parts["field"]]
    if not isinstance(value, str):
        raise SecretError(f"is a {type(value).__name__}, not a text", subject=reference)
    return value


def _asked_of_vault(path: str, reference: str) -> dict[str, Any]:
    import httpx

    address, token = settings().vault_address, resolve(settings().vault_token, subject="EDITRON_VAULT_TOKEN")
    where = urlsplit(address)
    if where.scheme != "https" and not (where.scheme == "http" and where.hostname in LOOPBACK):
        raise SecretError("needs Vault's address", subject=reference, remedy="set VAULT_ADDR to an https URL")
    headers = {"X-Vault-Token": token.reveal(), "X-Vault-Request": "true"}
    if settings().vault_namespace:
        headers["X-Vault-Namespace"] = settings().vault_namespace
    try:
        answer = httpx.get(f"{address.rstrip('/')}/v1/{path}", headers=headers, timeout=VAULT_WAIT_S)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # Not `from error`: it holds the request, and that the token.
        reason = f"Vault does not answer: {error}"
        raise SecretError(reason, subject=reference, remedy="check VAULT_ADDR") from None
    if answer.status_code != 200:
        message, remedy = VAULT_TROUBLE.get(
            answer.status_code, (f"Vault answered with status {answer.status_code}", "see Vault's own log")
        )
        raise SecretError(message, subject=reference, remedy=remedy)
    try:
        data = answer.json()["data"]["data"]
    except (ValueError, KeyError, TypeError):
        data = None
    if not isinstance(data, dict):
        remedy = "the mount must be a key-value engine of version 2"
        raise SecretError("got no secret from Vault", subject=reference, remedy=remedy) from None
    return data


def _from_prefect(rest: str) -> str:
    raise SecretError(
        "is resolved in flows only",
        subject=f"prefect:{rest}",
        remedy="use it in a flow, or another reference",
    )


_resolvers: dict[str, Resolver] = {
    "env": _from_environment,
    "file": _from_file,
    "op": _from_one_password,
    "vault": _from_vault,
    "prefect": _from_prefect,
}
