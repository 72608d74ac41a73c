"""`editron sources`: places at Dropbox added, looked at and removed from the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from editron_core.cli import app
from editron_core.config import settings
from editron_core.ingest.fake_dropbox import Account, FakeDropbox
from editron_core.store import Store

KEY = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDropbox]:
    with FakeDropbox() as running:
        monkeypatch.setenv("EDITRON_DROPBOX_URL", running.url)
        monkeypatch.setenv("DROPBOX_APP_KEY", running.state.app_key)
        monkeypatch.setenv("DROPBOX_APP_SECRET", running.state.app_secret)
        monkeypatch.setenv("EDITRON_SEALING_KEY", KEY)
        settings.cache_clear()
        yield running


@pytest.fixture
def account(fake: FakeDropbox, monkeypatch: pytest.MonkeyPatch) -> Account:
    made = fake.account()
    made.put("/Shoots/a.mp4", b"not looked at here")
    monkeypatch.setenv("TOKEN_OF_THE_TEST", made.refresh_token)
    return made


def run(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["sources", *words], input=typed)


def told(*words: str, typed: str = "") -> object:
    done = run(*words, "--json", typed=typed)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_folder_is_added_by_reference_looked_at_and_removed(account: Account) -> None:
    made = told(
        "add", "Shoots", "--folder", "/Shoots/", "--token", "env:TOKEN_OF_THE_TEST", "--project", "Acme"
    )
    assert isinstance(made, dict)
    assert made["where"] == f"{account.id}/Shoots"
    [seen] = told("sync", "Shoots")  # type: ignore[misc]
    assert seen["files"] == 1
    [row] = told("list")  # type: ignore[misc]
    assert (row["state"], row["last_error"]) == ("up to date", None)
    assert told("remove", made["id"][:8]) == {"removed": made["id"]}
    assert "No source yet" in run("list").output


def test_a_token_that_is_piped_in_or_given_for_a_code_is_sealed(account: Account) -> None:
    told("add", "Piped", "--token", "-", typed=f"{account.refresh_token}\n")
    done = run("add", "Agreed", "--authorize", typed=f"{account.id}\n")
    assert done.exit_code == 0, done.output
    with Store.open(settings().database, settings().blobs) as store:
        kept = store.sources.list()
    assert [one.account_id for one in kept] == [account.id] * 2
    assert all(one.refresh_token.startswith("sealed:1:") for one in kept)
    assert run("add", "Wrong", "--authorize", typed="no code\n").exit_code == 2


def test_what_cannot_be_is_one_line(account: Account) -> None:
    for words in (
        ("add", "Typed", "--token", account.refresh_token),
        ("add", "Elsewhere", "--link", "https://evil.example/s/a/b"),
        ("add", "Odd", "--account", account.id, "--name", "{odd}"),
        ("remove", "nobody"),
    ):
        done = run(*words)
        assert done.exit_code == 2
        assert "Traceback" not in done.output
    with Store.open(settings().database, settings().blobs) as store:
        assert store.sources.list() == ()


def test_one_that_fails_says_so_and_the_others_go_on(fake: FakeDropbox, account: Account) -> None:
    told("add", "Good", "--folder", "/Shoots", "--token", "env:TOKEN_OF_THE_TEST")
    told("add", "Gone", "--link", "https://www.dropbox.com/scl/fo/gone/h")
    done = run("sync", "--json")
    assert done.exit_code == 1
    rows = {row["label"]: row for row in json.loads(done.stdout)}
    assert rows["Good"]["files"] == 1
    assert "shared_link_not_found" in rows["Gone"]["error"]
