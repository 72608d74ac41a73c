"""`editron profiles` as a shell sees it: the way to production, what was checked, and what comes next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from editron_core.cli import app
from editron_core.config import settings
from editron_core.domain.label import Raters
from editron_core.lane import judges
from editron_core.score import profile as profiles
from editron_core.store import Store
from tests.lane.test_promotion import Bench, another, raised

SIGNED = ("--as", "ann", "--why", "better on interviews")


def editron(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def document(*arguments: str) -> dict[str, Any]:
    result = editron(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Judges that pass everything, in place of the golden set's: that these are asked is what is shown."""
    with Store.open(settings().database, settings().blobs) as store:
        made = Bench(store=store)
        monkeypatch.setattr(judges, "judges", made)
        yield made


def test_people_judge_where_they_are_asked_to_and_at_the_next_step_too(bench: Bench) -> None:
    editron("profiles", "promote", "talk", *SIGNED)
    said = document("profiles", "promote", "default", "--raters", "people", *SIGNED)

    assert bench.raters == [Raters.AUTOMATED, Raters.PEOPLE]
    assert said["gate"]["raters"] == "people"
    assert "--to approved --raters people" in said["next"]


def test_each_promotion_says_what_was_checked_and_what_comes_next(bench: Bench) -> None:
    shipped = profiles.load("default")
    assert {row["stage"] for row in document("profiles", "list")["profiles"]} == {"research"}

    said = editron("profiles", "promote", "default", *SIGNED)

    assert said.exit_code == 0, said.stderr
    assert "baselines: 0.41 (must be > 0.2)" in said.stdout
    command = f"editron profiles promote {shipped.hash[:12]} --to approved --as NAME --why TEXT"
    assert command in said.stdout
    approved = document("profiles", "promote", shipped.hash[:12], "--to", "approved", *SIGNED)
    assert (approved["stage"], approved["holdout"]["passed"]) == ("approved", True)
    last = document("profiles", "promote", "default", *SIGNED)
    assert (last["went_to"], last["next"], last["author"]) == ("production", None, "ann")
    (row,) = [row for row in document("profiles", "list")["profiles"] if row["hash"] == shipped.hash]
    assert (row["stage"], row["by"]) == ("production", "ann")
    assert len(document("profiles", "show", "default")["promotions"]) == 3
    assert "better on interviews" in " ".join(editron("profiles", "show", "default").stdout.split())


def test_what_the_gate_refuses_is_exit_code_1_with_one_line(bench: Bench) -> None:
    bench.passes = False
    result = editron("profiles", "promote", "default", *SIGNED)
    assert result.exit_code == 1
    assert result.stderr.count("error:") == 1
    assert "does not pass the gate: baselines" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("default",), "--as"),
        (("default", "--as", "ann", "--why", ""), "--why TEXT"),
        (("default", "--to", "heaven", *SIGNED), "candidate, approved, production"),
        (("default", "--to", "production", *SIGNED), "--to candidate"),
        (("nope", *SIGNED), "editron profiles list"),
        (("default", "--notebook", "gone.ipynb", *SIGNED), "gone.ipynb"),
    ],
)
def test_what_cannot_be_promoted_teaches_the_remedy(
    bench: Bench, arguments: tuple[str, ...], says: str
) -> None:
    result = editron("profiles", "promote", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert "Traceback" not in result.output


def test_a_rollback_is_one_command_and_stands_in_the_history(bench: Bench) -> None:
    assert bench.store is not None
    assert "promote default" in editron("profiles", "history").stdout
    raised(bench.store, bench, profiles.load("default"))
    raised(bench.store, bench, another())

    back = document("profiles", "rollback", "--as", "ben", "--why", "dull reels")

    assert back["restored"]["profile_hash"] == profiles.load("default").hash
    last = document("profiles", "history", "default")["promotions"][-1]
    assert (last["went_to"], last["author"], last["reason"]) == ("production", "ben", "dull reels")
    assert "dull reels" in " ".join(editron("profiles", "history").stdout.split())
    again = editron("profiles", "rollback", "--as", "ben", "--why", "dull reels")
    assert again.exit_code == 2
    assert "nothing to go back to" in again.stderr


def test_production_of_a_fresh_store_takes_footage_in_and_says_how_to_get_a_profile(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EDITRON_MODE", "production")
    settings.cache_clear()
    (tmp_path / "empty.mov").touch()

    scored = editron("moments", str(tmp_path / "empty.mov"))
    taken = editron("ingest", str(tmp_path / "empty.mov"), "--json")

    assert scored.exit_code == 2
    assert "editron profiles promote default --as NAME --why TEXT" in scored.stderr
    assert json.loads(taken.stdout)["files"][0]["status"] == "failed"
