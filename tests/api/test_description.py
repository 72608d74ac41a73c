"""The API attacked by its own description: every check of schemathesis, as every role."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from editron_core.domain.access import Role
from editron_core.domain.registry import ProfileStage, Promotion
from editron_core.score import profile as profiles
from editron_core.store import Store
from tests.api.conftest import Served
from tests.api.seeded import Seeded, see

HERE = Path(__file__).parent
LEFT_OUT = r"/api/events$"
"""It never ends: events are sent for as long as somebody listens. `test_events.py` attacks it by hand."""
CHAMPION = "champion"


def promoted(store: Store) -> None:
    """A profile that stands in production."""
    made = replace(profiles.load("default"), name=CHAMPION)
    store.profiles.register(made.hash, made.name, made.to_data())
    for here, there in pairwise(list(ProfileStage)[:4]):
        store.promotions.record(Promotion(made.hash, here, there, "ann", "the best"))


def attack(served: Served, key: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    store: Store = served.app.state.store
    promoted(store)
    spare, _ = store.keys.issue("spare", Role.VIEWER)
    with served.client() as client:  # describing takes seconds on a machine that is busy
        client.get("/openapi.json", timeout=120)
    program = Path(sys.executable).parent / "st"
    words = [str(program), "--config-file", str(HERE / "schemathesis.toml"), "run"]
    words += [f"{served.url}/openapi.json", "-H", f"Authorization: Bearer {key}", "--checks", "all"]
    words += ["--exclude-path-regex", LEFT_OUT, "--request-timeout", "60", "--no-color", "--warnings", "off"]
    aims = {"ATTACKING_KEY": key.split("_")[1], "SPARE_KEY": spare.id, "PROMOTED_PROFILE": CHAMPION}
    here = {**os.environ, **aims, "SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py")}
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


def test_keys_are_ended_and_profiles_promoted_by_the_attack_too(
    local: object, store: Store, keys: dict[Role, str], served: Served, tmp_path: Path
) -> None:
    """Each of them is reached, and the key that asks outlives it."""
    only = ("--include-path-regex", r"/api/keys|/promote$", "--max-examples", "5")
    found = attack(served, keys[Role.ADMIN], tmp_path, *only, "--phases", "coverage,fuzzing,stateful")
    assert found.returncode == 0, found.stdout[-8000:]
    assert store.keys.get(keys[Role.ADMIN].split("_")[1]).valid()
    spare = [key for key in store.keys.page(limit=200).items if key.name == "spare"][-1]  # the oldest
    assert not spare.valid()
