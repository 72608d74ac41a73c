"""`editron tune` as a shell sees it: a candidate file, figures of items held out, and the same again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from editron_core.cli import app
from editron_core.cli.shared import open_store
from editron_core.qa.golden import Golden, GoldenSet, Split
from editron_core.qa.keep import keep
from editron_core.score import profile as profiles
from tests.qa.made_golden import made_golden, made_item, made_set


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    made_set(
        tmp_path / "golden", *(made_item(f"i{n}") for n in range(6)), made_item("secret", split=Split.HOLDOUT)
    )
    return tmp_path / "golden"


def tune(golden: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["tune", "--golden", str(golden), *arguments])


def test_it_writes_a_candidate_and_prints_its_figure_beside_the_others(golden: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "candidate.toml"

    result = tune(golden, "--trials", "12", "--out", str(out), "--json")

    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    written = profiles.load(str(out))
    assert written.hash == document["profile"]["hash"]
    assert written.name == "default-linear"
    assert document["trials"] == 12
    assert document["raters"] == "automated"
    assert document["rho"]["count"] == len(document["items"]) == 6
    assert document["rho"]["low"] <= document["rho"]["mean"] <= document["rho"]["high"]
    names = [entry["with"] for entry in document["compared"]]
    assert names == ["profile default", "random", "uniform", "middle", "loudest", "longest"]
    assert "better by" in document["compared"][1]["verdict"]


def test_the_same_command_again_runs_no_trial_and_gives_the_same(golden: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "candidate.toml")
    first = json.loads(tune(golden, "--trials", "8", "--out", out, "--json").stdout)
    before = Path(out).read_bytes()

    longer = json.loads(tune(golden, "--trials", "10", "--out", out, "--force", "--json").stdout)
    again = json.loads(tune(golden, "--trials", "8", "--out", out, "--force", "--json").stdout)

    assert again == first
    assert longer["study"] == first["study"]
    assert Path(out).read_bytes() == before


def test_a_file_that_is_there_is_replaced_only_on_purpose(
    golden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "default-linear.toml"  # where the candidate goes that nobody names
    mine.write_text("my own notes")

    refused = tune(golden, "--trials", "1")

    assert refused.exit_code == 2
    assert "default-linear.toml: is there already" in refused.stderr
    assert "--force replaces it" in refused.stderr
    assert "tune" not in refused.stderr, "the search began all the same"
    assert mine.read_text() == "my own notes"
    assert tune(golden, "--trials", "1", "--force").exit_code == 0
    assert profiles.load(str(mine)).name == "default-linear"


def test_people_see_the_verdicts_in_words(golden: Path, tmp_path: Path) -> None:
    result = tune(golden, "--trials", "6", "--out", str(tmp_path / "c.toml"))

    assert result.exit_code == 0
    text = " ".join(result.stdout.split())
    assert "6 items) on items held out" in text
    assert "raters: automated" in text
    assert "better by" in text
    assert f"next editron qa gate {tmp_path / 'c.toml'}" in text


def test_it_starts_from_a_registered_profile_named_by_its_hash(golden: Path, tmp_path: Path) -> None:
    start = replace(profiles.load("talk"), name="mine", off=("motion",))
    with open_store() as store:
        store.profiles.register(start.hash, start.name, start.to_data())

    result = tune(
        golden, "--profile", start.hash[:12], "--trials", "1", "--out", str(tmp_path / "c.toml"), "--json"
    )

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["profile"]["name"] == "mine-linear"


def test_the_holdout_is_never_read(golden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    whole = GoldenSet._read

    def noting(self: GoldenSet, entry: object) -> Golden:
        read.append(entry.item.id)  # type: ignore[attr-defined]
        return whole(self, entry)  # type: ignore[arg-type]

    monkeypatch.setattr(GoldenSet, "_read", noting)
    result = tune(golden, "--trials", "2", "--out", str(tmp_path / "c.toml"), "--json")

    assert "secret" not in result.stdout
    assert sorted(set(read)) == [f"i{n}" for n in range(6)]


def test_a_named_study_of_other_items_is_refused_in_one_line(golden: Path, tmp_path: Path) -> None:
    out, other = str(tmp_path / "c.toml"), str(tmp_path / "d.toml")
    assert tune(golden, "--trials", "2", "--study", "mine", "--out", out).exit_code == 0
    items = [made_golden(made_item(f"i{n}"), seed=n + 50) for n in range(6)]
    keep(tmp_path / "other", items)

    result = tune(tmp_path / "other", "--trials", "2", "--study", "mine", "--out", other)

    assert result.exit_code == 2
    assert "study mine-linear" in result.stderr
    assert "--study NAME" in result.stderr


def test_bad_usage_is_one_line_and_exit_code_2(golden: Path, tmp_path: Path) -> None:
    one = tmp_path / "one"
    keep(one, [replace(made_golden(made_item("only")))])
    two = tmp_path / "two"
    keep(two, [made_golden(made_item("one")), made_golden(made_item("other"))])
    none = tmp_path / "none"
    keep(none, [made_golden(made_item("secret", split=Split.HOLDOUT))])
    cases = {
        ("--profile", "nope"): (golden, "profile nope"),
        ("--out", "candidate.json"): (golden, "candidate.json: is no .toml file"),
        ("--trials", "3"): (one, "1 golden item of one group"),
        ("--trials", "4"): (two, "2 golden items of 2 groups"),
        ("--trials", "2"): (none, "holds no real items rated by automated raters"),
        ("--trials", "1"): (tmp_path / "nowhere", "this folder is no golden dataset"),
    }
    for arguments, (folder, told) in cases.items():
        result = tune(folder, *arguments)

        assert result.exit_code == 2, arguments
        assert result.stderr.count("error:") == 1
        assert told in " ".join(result.stderr.split())
        assert "Traceback" not in result.output
    assert tune(golden, "--trials", "0").exit_code == 2
    assert tune(golden, "--scorer", "deep").exit_code == 2
