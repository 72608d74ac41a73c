"""Secrets by reference: each resolver against its interface, and no value of any of them anywhere else."""

from __future__ import annotations

import json
import os
import pickle
import re
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from editron_core import process, secrets
from editron_core.config import settings
from editron_core.errors import EditronError, EngineUnavailable, SecretError, UsageError
from editron_core.redact import SHORTEST, holds

VALUE = "correct horse battery staple"
TOKEN = "hvs.CAESIJtheTokenOfTheTests"


def refusal(reference: str, kind: type[EditronError] = SecretError) -> EditronError:
    """The error of a reference that cannot be resolved; it never holds a secret, not even pickled."""
    with pytest.raises(kind) as caught:
        secrets.resolve(reference)
    shown = f"{caught.value} {caught.value!r} {pickle.dumps(caught.value)!r}"
    assert VALUE not in shown
    assert TOKEN not in shown
    return caught.value


# --- what is no reference -----------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["hunter2-plain", "https:", "ssm:name", ":x", "op"])
def test_what_is_no_reference_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        secrets.resolve(text, subject="EDITRON_DATABASE_PASSWORD")
    assert "EDITRON_DATABASE_PASSWORD: is no reference" in str(caught.value)
    assert "hunter2" not in f"{caught.value} {caught.value.__dict__}"
    assert len(text) < SHORTEST or holds(f"it may be {text}")


def test_flows_may_register_a_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whether or not flows were imported before in this process.
    kinds = {name: one for name, one in secrets._resolvers.items() if name != "prefect"}
    monkeypatch.setattr(secrets, "_resolvers", kinds | {"prefect": secrets._from_prefect})
    assert "in flows only" in str(refusal("prefect:production/password"))
    secrets.register("prefect", {"production/password": VALUE}.__getitem__)
    assert secrets.resolve("prefect:production/password").reveal() == VALUE


# --- environment and files ----------------------------------------------------------------------------


def test_the_environment_gives_out_what_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", VALUE)
    secret = secrets.resolve("env:A_SECRET")
    assert secret.reveal() == VALUE
    assert secret.reference == "env:A_SECRET"
    monkeypatch.delenv("A_SECRET")
    assert "set the variable A_SECRET" in str(refusal("env:A_SECRET"))
    monkeypatch.setenv("A_SECRET", "")
    assert "is empty" in str(refusal("env:A_SECRET"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(f"{VALUE}\n")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o440, 0o640])
def test_a_file_that_others_cannot_read_gives_out_its_content(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert secrets.resolve(f"file:{file}").reveal() == VALUE


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o660, 0o666])
def test_a_file_that_others_can_read_or_change_is_refused_with_the_remedy(file: Path, mode: int) -> None:
    file.chmod(mode)
    error = refusal(f"file:{file}")
    assert f"mode {mode:04o}" in error.message
    assert f"chmod 600 {file}" in error.remedy


def test_the_file_behind_a_link_is_the_one_that_counts(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file)
    assert secrets.resolve(f"file:{link}").reveal() == VALUE
    file.chmod(0o644)
    refusal(f"file:{link}")


@pytest.mark.parametrize(
    ("content", "value"), [(b"a secret\r\n", "a secret"), (b" spaced \n\n", " spaced \n"), (b"bare", "bare")]
)
def test_one_line_break_is_not_part_of_the_secret(file: Path, content: bytes, value: str) -> None:
    file.write_bytes(content)
    assert secrets.resolve(f"file:{file}").reveal() == value


def test_files_that_are_no_secret_are_refused(file: Path, tmp_path: Path) -> None:
    assert "No such file" in str(refusal(f"file:{tmp_path}/none"))
    assert "no absolute path" in str(refusal("file:password"))
    assert "directory" in str(refusal(f"file:{tmp_path}")).lower()
    file.write_bytes(b"x" * (secrets.MOST_BYTES + 1))
    assert "larger than" in str(refusal(f"file:{file}"))
    file.write_bytes(VALUE.encode() + b"\xff")
    assert "UTF-8" in str(refusal(f"file:{file}"))
    file.write_bytes(b"\n")
    assert "is empty" in str(refusal(f"file:{file}"))


# --- 1Password ----------------------------------------------------------------------------------------

OP = """\
#!{python}
# Stands in for 1Password's command line 2.x: arguments, exit codes, and what it prints where.
import os, sys
STAMP = "[ERROR] 2026/11/25 10:00:00 "
def fail(message):
    print(STAMP + message, file=sys.stderr)
    sys.exit(1)
arguments = sys.argv[1:]
open({seen!r}, "a").write(repr(arguments) + "\\n")
if arguments[:1] != ["read"]:
    fail("unknown command")
newline = "--no-newline" not in arguments and "-n" not in arguments
(reference,) = [one for one in arguments[1:] if not one.startswith("-")]
if not os.environ.get("OP_SERVICE_ACCOUNT_TOKEN", "").startswith("ops_"):
    fail("No accounts configured for use with 1Password CLI.")
fields = {fields!r}
vault, item, field = reference.removeprefix("op://").split("/", 2)
why = f"could not read secret '{{reference}}': "
if vault != "production":
    fail(why + f'"{{vault}}" isn\\'t a vault in this account. Specify the vault with its ID or name.')
if item != "database":
    fail(why + f'could not get item {{vault}}/{{item}}: "{{item}}" isn\\'t an item in the "{{vault}}" vault.')
if field not in fields:
    fail(why + f"item '{{vault}}/{{item}}' does not have a field '{{field}}'")
sys.stdout.write(fields[field] + ("\\n" if newline else ""))
"""


@pytest.fixture
def op(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on PATH with a stand-in of `op`, signed in; returns the file of what it was asked."""
    folder, seen = tmp_path / "bin", tmp_path / "op-was-asked"
    folder.mkdir()
    fields = {"password": VALUE, "admin/password": "of a section"}
    program = folder / "op"
    program.write_text(OP.format(python=sys.executable, seen=str(seen), fields=fields))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("OP_SERVICE_ACCOUNT_TOKEN", "ops_token")
    return seen


def test_1password_gives_out_a_field(op: Path) -> None:
    assert secrets.resolve("op://production/database/password").reveal() == VALUE
    assert secrets.resolve("op://production/database/admin/password").reveal() == "of a section"
    assert op.read_text().splitlines()[0] == repr(
        ["read", "--no-newline", "op://production/database/password"]
    )


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("op://production/database/nothing", "does not have a field 'nothing'"),
        ("op://production/mail/password", '"mail" isn\'t an item'),
        ("op://private/database/password", '"private" isn\'t a vault in this account'),
    ],
)
def test_1password_says_what_it_does_not_hold(op: Path, reference: str, message: str) -> None:
    error = refusal(reference)
    assert message in str(error)
    assert "[ERROR]" not in str(error)
    assert error.subject == reference


def test_1password_without_a_session_names_the_token(op: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OP_SERVICE_ACCOUNT_TOKEN")
    assert "OP_SERVICE_ACCOUNT_TOKEN" in str(refusal("op://production/database/password"))


def test_1password_that_is_not_installed_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    error = refusal("op://production/database/password", EngineUnavailable)
    assert "install 1Password's command line" in error.remedy


@pytest.mark.parametrize("reference", ["op://production/database", "op:production/a/b", "op://a//b"])
def test_what_is_no_1password_reference_is_not_asked_for(op: Path, reference: str) -> None:
    assert "op://vault/item/field" in str(refusal(reference))
    assert not op.exists()


# --- Vault --------------------------------------------------------------------------------------------

DATA = {"password": VALUE, "port": 5432, "empty": ""}


def answer(data: object, **metadata: object) -> dict[str, object]:
    """What a key-value engine of version 2 answers."""
    facts = {"created_time": "2026-11-25T10:00:00Z", "deletion_time": "", "destroyed": False, "version": 3}
    return {
        "request_id": "0fd1",
        "lease_id": "",
        "data": {"data": data, "metadata": facts | metadata},
        "warnings": None,
    }


ANSWERS: dict[str, tuple[int, object]] = {
    "secret/data/editron/database": (200, answer(DATA)),
    "secret/data/deleted": (404, answer(None, deletion_time="2026-11-25T11:00:00Z")),
    "secret/data/others": (403, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]}),
    "secret/data/sealed": (503, {"errors": ["Vault is sealed"]}),
    "secret/data/standby": (429, {"errors": None}),
    "old/data/x": (200, {"data": {"password": VALUE}}),  # an engine of version 1
    "list/data/x": (200, [VALUE]),
    "moved/data/x": (307, {}),
}
"""By path under /v1/; every other path is unknown."""
BAD_TOKEN = {"errors": ["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"]}


def respond(request: Request) -> Response:
    """What Vault answers to who holds `TOKEN`, and to others."""
    status, body = ANSWERS.get(request.path.removeprefix("/v1/"), (404, {"errors": []}))
    if request.path == "/v1/team/data/a b/c":
        status, body = 200, answer({"key": request.headers.get("X-Vault-Namespace", "none")})
    if request.headers.get("X-Vault-Token") != TOKEN:
        status, body = 403, BAD_TOKEN
    moved = {"Location": "http://203.0.113.1/"} if status == 307 else {}
    return Response(json.dumps(body), status, moved, content_type="application/json")


@pytest.fixture
def vault(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> HTTPServer:
    """A server that answers as Vault does: tokens, policies, deleted versions, an unknown mount."""

    httpserver.expect_request(re.compile("/.*")).respond_with_handler(respond)
    monkeypatch.setenv("VAULT_ADDR", httpserver.url_for("/"))
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    settings.cache_clear()
    return httpserver


def test_vault_gives_out_a_field(vault: HTTPServer) -> None:
    assert secrets.resolve("vault:secret/editron/database#password").reveal() == VALUE
    ((request, _),) = vault.log
    assert request.method == "GET"
    assert TOKEN not in request.url


def test_vault_is_asked_in_its_namespace_and_paths_are_quoted(
    vault: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_NAMESPACE", "studio")
    settings.cache_clear()
    assert secrets.resolve("vault:team/a b/c#key").reveal() == "studio"


def test_the_token_for_vault_is_a_reference_too(
    vault: HTTPServer, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    monkeypatch.delenv("VAULT_TOKEN")
    assert "set the variable VAULT_TOKEN" in str(refusal("vault:secret/editron/database#password"))
    file.write_text(TOKEN)
    monkeypatch.setenv("EDITRON_VAULT_TOKEN", f"file:{file}")
    settings.cache_clear()
    assert secrets.resolve("vault:secret/editron/database#password").reveal() == VALUE


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("vault:secret/editron/database#user", "has no field user"),
        ("vault:secret/editron/database#port", "is a int, not a text"),
        ("vault:secret/editron/database#empty", "is empty"),
        ("vault:secret/deleted#password", "newest version was deleted"),
        ("vault:secret/nothing#password", "holds no such secret"),
        ("vault:secret/others#password", "denied permission"),
        ("vault:secret/sealed#password", "Vault is sealed"),
        ("vault:secret/standby#password", "standby"),
        ("vault:old/x#password", "key-value engine of version 2"),
        ("vault:list/x#password", "key-value engine of version 2"),
        ("vault:moved/x#password", "status 307"),
        ("vault:secret#password", "vault:mount/path#field"),
        ("vault:secret/database", "vault:mount/path#field"),
    ],
)
def test_vault_says_why_it_gives_out_nothing(vault: HTTPServer, reference: str, message: str) -> None:
    error = refusal(reference)
    assert message in str(error)
    assert error.subject == reference


def test_a_wrong_token_is_denied_and_not_shown(vault: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", VALUE)
    assert "EDITRON_VAULT_TOKEN" in str(refusal("vault:secret/editron/database#password"))


@pytest.mark.parametrize("address", ["", "http://vault.example:8200", "vault.example:8200", "ftp://x"])
def test_the_token_is_sent_in_clear_to_nobody(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("VAULT_ADDR", address)
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    settings.cache_clear()
    assert "https URL" in str(refusal("vault:secret/editron/database#password"))


def test_a_vault_that_does_not_answer_is_told_from_one_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_ADDR", "http://127.0.0.1:9")
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    settings.cache_clear()
    assert "does not answer" in str(refusal("vault:secret/editron/database#password"))


# --- what children see --------------------------------------------------------------------------------


def commands() -> str:
    """The command lines of all processes, as `ps` shows them."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(place.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:  # it has ended
            continue
    return "\n".join(found)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_no_secret_is_on_a_command_line_while_it_is_fetched_or_used(
    op: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Path(os.environ["PATH"].split(":")[0]) / "op"
    slow = program.read_text().replace("sys.stdout.write", "import time; time.sleep(0.5); sys.stdout.write")
    program.write_text(slow)
    found: list[str] = []
    fetch = threading.Thread(
        target=lambda: found.append(secrets.resolve("op://production/database/password").reveal())
    )
    fetch.start()
    seen = []
    while fetch.is_alive():
        seen.append(commands())
        time.sleep(0.05)
    assert found == [VALUE]
    assert any("op://production/database/password" in one for one in seen)
    assert not any(VALUE in one or "ops_token" in one for one in seen)


def test_programs_that_meet_footage_get_no_variable_with_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", VALUE)
    monkeypatch.setenv("EDITRON_DATABASE_URL", "postgresql://user:hunter2@host/db")
    settings.cache_clear()
    settings()
    secrets.resolve("env:A_SECRET")
    foreign = process.run(["env"])[0].decode()
    ours = process.run([sys.executable, "-c", "import os; print(dict(os.environ))"])[0].decode()
    assert VALUE not in foreign
    assert "hunter2" not in foreign
    assert "PATH=" in foreign
    assert VALUE in ours
    assert "hunter2" in ours


# --- the whole program --------------------------------------------------------------------------------


URLS = (
    "postgresql://user:secret@127.0.0.1:9/db",
    "postgresql://user:sec/secret@127.0.0.1:9/db",
    "postgresql://user:p@secret@127.0.0.1:9/db",
    "postgresql://user:secret@127.0.0.1:port/db",
    "postgresql://127.0.0.1:9/db?user=me&password=secret",
    "user:secret@127.0.0.1",
    "mysql://user:secret@127.0.0.1/db",
)
SHOW_ALL = """
import os, sys
from editron_core import doctor, log, redact
from editron_core.cli import app
from editron_core.config import settings
for url in sys.stdin.read().split():
    redact._known, redact._pattern = frozenset(), None  # each for itself
    os.environ["EDITRON_DATABASE_URL"] = url
    settings.cache_clear()
    print(settings(), doctor._guarded("database", "cost", lambda: doctor._database(settings())))
    log.configure("debug", "json")
    log.get("x").error("asked", settings=settings(), url=settings().database)
    try:
        app(["status", "x", "--json"])
    except SystemExit as exit:
        print("exit", exit.code)
"""


def test_the_password_of_the_database_shows_nowhere(tmp_path: Path) -> None:
    traces = tmp_path / "traces.jsonl"
    environment = {**os.environ, "EDITRON_TRACES": str(traces), "EDITRON_LOG_LEVEL": "debug"}
    done = subprocess.run(
        [sys.executable, "-c", SHOW_ALL],
        input="\n".join(URLS),
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.stdout.count("exit 1") == len(URLS), done.stderr
    assert done.stderr.count("error:") == len(URLS)
    assert len(traces.read_text().splitlines()) == len(URLS)
    assert "secret" not in done.stdout + done.stderr + traces.read_text()


def test_a_password_by_reference_reaches_the_server_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    from editron_core.store.database import Database

    monkeypatch.setenv("EDITRON_DATABASE_PASSWORD", f"file:{file}")
    settings.cache_clear()
    database = Database("postgresql://user@127.0.0.1:9/db")
    assert database.url.password == VALUE
    with pytest.raises(EditronError) as caught:
        database.open()
    assert VALUE not in f"{database.url} {caught.value} {caught.value!r} {settings()!r}"
    assert Database("postgresql://user:own-one@127.0.0.1:9/db").url.password == "own-one"
    assert Database("sqlite:////tmp/x.sqlite").url.password is None


def test_a_password_that_is_no_reference_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    from editron_core.store.database import Database

    monkeypatch.setenv("EDITRON_DATABASE_PASSWORD", "hunter2")
    settings.cache_clear()
    with pytest.raises(UsageError, match="EDITRON_DATABASE_PASSWORD: is no reference") as caught:
        Database("postgresql://user@127.0.0.1:9/db")
    assert "hunter2" not in f"{caught.value} {settings()!r}"
