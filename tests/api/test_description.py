"""The API attacked by its own description: every check of schemathesis, as every role."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from editron_core.domain.access import Role
from editron_core.store import Store
from tests.api.conftest import Served
from tests.api.seeded import Seeded, see

HERE = Path(__file__).parent
LEFT_OUT = r"/api/keys/.*/(revoke|rotate)|/promote$|/api/events$"
"""They would end the key that asks, take minutes for the gate, and never end."""


def attack(served: Served, key: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    with served.client() as client:  # describing takes seconds on a machine that is busy
        client.get("/openapi.json", timeout=120)
    program = Path(sys.executable).parent / "st"
    words = [str(program), "--config-file", str(HERE / "schemathesis.toml"), "run"]
    words += [f"{served.url}/openapi.json", "-H", f"Authorization: Bearer {key}", "--checks", "all"]
    words += ["--exclude-path-regex", LEFT_OUT, "--request-timeout", "60", "--no-color", "--warnings", "off"]
    here = {**os.environ, "SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py")}
    return subprocess.run([*words, *options], cwd=folder, env=here, text=True, capture_output=True)


@pytest.fixture
def believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dropbox's notifications have a secret to be told by."""
    monkeypatch.setenv("DROPBOX_WEBHOOK_SECRET", "the secret of the test")


def test_a_short_attack_finds_nothing(
    believed: None,
    local: object,
    store: Store,
    seeded: Seeded,
    keys: dict[Role, str],
    served: Served,
    tmp_path: Path,
) -> None:
    found = attack(
        served,
        keys[Role.ADMIN],
        tmp_path,
        *("--phases", "fuzzing", "--max-examples", "1", "--max-time", "10"),
    )
    assert found.returncode == 0, found.stdout[-8000:]


@pytest.mark.proof
@pytest.mark.timeout(700)
@pytest.mark.parametrize("role", list(Role))
def test_a_long_attack_finds_nothing(
    believed: None,
    local: object,
    store: Store,
    seeded: Seeded,
    keys: dict[Role, str],
    served: Served,
    tmp_path: Path,
    role: Role,
) -> None:
    see(store)
    phases = "examples,coverage,fuzzing,stateful"
    found = attack(served, keys[role], tmp_path, "--phases", phases, "--max-time", "300")
    print(found.stdout[-2000:])
    assert found.returncode == 0, found.stdout[-20000:]
