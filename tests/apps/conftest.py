"""The apps as people see them: a served Editron in a process of its own, and a real Chromium."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from editron_core.config import Settings
from editron_core.domain.access import Role
from editron_core.store import Store
from tests.apps.stage import Staged, stage

CHROMIUM = "/usr/bin/chromium"
WAIT_MS = 40_000
expect.set_options(timeout=WAIT_MS)
START = "from editron_core.cli import main; main()"


@dataclass(frozen=True)
class Served:
    """A server with the apps, over a store with a staged batch."""

    url: str
    home: Path
    keys: dict[str, str]
    """By the name of the person."""
    staged: Staged

    def store(self) -> Store:
        """The store that it serves, opened beside it."""
        here = Settings(home=self.home)
        return Store.open(here.database, here.blobs)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("served") / "home"
    here = Settings(home=home)
    with Store.open(here.database, here.blobs) as store:
        staged = stage(store, tmp_path_factory.mktemp("footage"))
        people = {"ann": Role.REVIEWER, "ben": Role.REVIEWER, "olga": Role.ADMIN, "vera": Role.VIEWER}
        keys = {name: store.keys.issue(name, role)[1] for name, role in people.items()}
    with serving(home, "--no-work") as url:
        yield Served(url, home, keys, staged)


@contextmanager
def serving(home: Path, *options: str, **environment: str) -> Iterator[str]:
    """`editron serve` over a home, with more of an environment; its address."""
    free = {name: "1000000" for name in ("EDITRON_RATE_KEY", "EDITRON_RATE_ADDRESS")}
    environment = {**os.environ, "EDITRON_HOME": str(home), **free, **environment}
    command = [sys.executable, "-c", START, "serve", "--port", "0", "--json", *options]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        lines = ""
        for line in server.stdout:
            lines += line
            if line.rstrip() == "}" or (line.startswith("{") and line.rstrip().endswith("}")):
                break
        yield json.loads(lines)["url"]
        server.kill()  # pages that are open still would hold a stop up


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


As = Callable[[str], Page]


@pytest.fixture
def page_as(chromium: Browser, served: Served) -> Iterator[As]:
    """A page of a browser in which a person has signed in; errors of its scripts fail the test."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def made(name: str) -> Page:
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        contexts.append(context)
        signed_in = httpx.post(f"{served.url}/login", data={"key": served.keys[name]}, timeout=60)
        for cookie, value in signed_in.cookies.items():
            context.add_cookies([{"name": cookie, "value": value, "url": served.url}])
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith((served.url, "blob:", "data:"))
                else wrong.append(f"asked outside for {asked.url}")
            ),
        )
        return page

    yield made
    for context in contexts:
        context.close()
    assert not wrong
