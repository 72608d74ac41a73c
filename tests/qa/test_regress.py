"""The harness: what changed is told with before and after, and only a blessing changes the baseline."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from editron_core.cli import app
from editron_core.errors import EngineUnavailable, UsageError
from editron_core.qa import golden, regress
from editron_core.qa.golden import Kind, Split
from editron_core.qa.reading import Reading
from editron_core.qa.suites import SUITES, scoring
from editron_core.score import profile
from tests.qa.made_golden import made_item, made_set

Suite = Callable[[], tuple[Reading, ...]]


def _made(folder: Path) -> golden.GoldenSet:
    return made_set(
        folder,
        made_item("a"),
        made_item("b", locale="de", genre="talk"),
        made_item("held", split=Split.HOLDOUT),
        made_item("drawn", Kind.DRAWN, locale="fr"),
    )


def _suite(**values: float) -> Suite:
    return lambda: tuple(Reading("sound", name, value, "LUFS", 0.2) for name, value in values.items())


def _broken() -> tuple[Reading, ...]:
    raise UsageError("a golden is missing", subject="captions")


def _absent() -> tuple[Reading, ...]:
    raise EngineUnavailable("is not installed", subject="espeak-ng")


def _scoring(folder: Path) -> dict[str, Suite]:
    return {"scoring": functools.partial(scoring.readings, folder)}


def test_what_was_blessed_passes(tmp_path: Path) -> None:
    _made(tmp_path)
    suites = {"sound": _suite(loud=-14.0, peak=-1.0), **_scoring(tmp_path)}
    first = regress.bless(tmp_path, suites)
    assert not first.passed
    assert {change.before for change in first.changes} == {None}
    again = regress.regress(tmp_path, suites)
    assert again.passed
    assert (again.changes, again.moments) == ((), {})


def test_a_reading_that_moved_further_than_its_tolerance_is_told_with_before_and_after(
    tmp_path: Path,
) -> None:
    _made(tmp_path)
    regress.bless(tmp_path, {"sound": _suite(loud=-14.0, peak=-1.0, quiet=-40.0)})
    report = regress.regress(tmp_path, {"sound": _suite(loud=-14.2, peak=-1.21, new=3.0)})
    assert not report.passed
    told = [(change.name, change.before, change.after) for change in report.changes]
    assert told == [("peak", -1.0, -1.21), ("new", None, 3.0), ("quiet", -40.0, None)]


def test_only_a_blessing_writes(tmp_path: Path) -> None:
    _made(tmp_path)
    regress.bless(tmp_path, {"sound": _suite(loud=-14.0), **_scoring(tmp_path)})
    before = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()}
    regress.regress(tmp_path, {"sound": _suite(loud=-9.0), **_scoring(tmp_path)})
    assert {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()} == before
    report = regress.bless(tmp_path, {"sound": _suite(loud=-9.0), **_scoring(tmp_path)})
    assert [(change.before, change.after) for change in report.changes] == [(-14.0, -9.0)]
    assert regress.regress(tmp_path, {"sound": _suite(loud=-9.0)}).passed


def test_a_suite_without_its_engine_is_skipped_and_keeps_its_baseline(tmp_path: Path) -> None:
    _made(tmp_path)
    regress.bless(tmp_path, {"sound": _suite(loud=-14.0)})
    for act in (regress.regress, regress.bless):
        report = act(tmp_path, {"sound": _absent})
        assert report.skipped == {"sound": "espeak-ng: is not installed"}
        assert not report.passed  # what was not looked at is not as blessed
    assert not regress.regress(tmp_path, {"sound": _suite(loud=-9.0)}).passed


def test_a_suite_that_reads_nothing_has_lost_its_readings(tmp_path: Path) -> None:
    _made(tmp_path)
    regress.bless(tmp_path, {"sound": _suite(loud=-14.0)})
    report = regress.regress(tmp_path, {"sound": lambda: ()})
    assert [(change.name, change.after) for change in report.changes] == [("loud", None)]


def test_a_suite_that_fails_is_a_failure_and_cannot_be_blessed(tmp_path: Path) -> None:
    _made(tmp_path)
    suites = {"captions": _broken, "sound": _suite(loud=-14.0)}
    report = regress.regress(tmp_path, suites)
    assert report.failed == {"captions": "captions: a golden is missing"}
    assert [reading.name for reading in report.readings] == ["loud"]
    assert not report.passed
    with pytest.raises(UsageError, match="suite captions: cannot be blessed"):
        regress.bless(tmp_path, suites)
    assert not (tmp_path / "baseline.json").exists()


def test_a_suite_alone_leaves_the_others_baseline(tmp_path: Path) -> None:
    _made(tmp_path)
    suites = {"sound": _suite(loud=-14.0), **_scoring(tmp_path)}
    regress.bless(tmp_path, suites)
    assert regress.bless(tmp_path, suites, only=["sound"]).passed
    assert regress.regress(tmp_path, suites).passed
    with pytest.raises(UsageError, match=r"sond: is no suite .*sound, scoring"):
        regress.regress(tmp_path, suites, only=["sond"])


def test_the_scoring_suite_reads_each_kind_locale_and_genre_apart(tmp_path: Path) -> None:
    _made(tmp_path)
    found = {reading.name: reading for reading in scoring.readings(tmp_path)}
    assert {name for name in found if name.startswith("real")} == {
        *("real: all", "real: pairs in the raters' order", "real: a", "real: b"),
        *("real: locale de", "real: locale en", "real: genre sport", "real: genre talk"),
    }
    mean = (found["real: a"].value + found["real: b"].value) / 2
    assert found["real: all"].value == pytest.approx(mean, abs=1e-4)
    assert found["real: locale de"].value == found["real: b"].value
    assert found["drawn: all"].value == found["drawn: drawn"].value
    assert "held" not in str(found)


def test_the_holdouts_truth_is_never_read(tmp_path: Path) -> None:
    _made(tmp_path)
    suites = _scoring(tmp_path)
    regress.bless(tmp_path, suites)
    sealed = tmp_path / "truth" / "held.json"
    manifest = tmp_path / "manifest.json"
    old = hashlib.sha256(sealed.read_bytes()).hexdigest()
    sealed.write_text("nobody may read this")
    new = hashlib.sha256(sealed.read_bytes()).hexdigest()
    manifest.write_text(manifest.read_text().replace(old, new))
    assert regress.regress(tmp_path, suites).passed
    with pytest.raises(UsageError, match=r"held\.json: is no truth"):
        golden.load(tmp_path).holdout(lambda: None)


def test_a_changed_profile_changes_readings_and_moments_readably(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _made(tmp_path)
    regress.bless(tmp_path, _scoring(tmp_path))
    monkeypatch.setattr(profile, "load", lambda name, load=profile.load: load("talk"))
    report = regress.regress(tmp_path, _scoring(tmp_path))
    assert "real: all" in {change.name for change in report.changes}
    lines = report.moments["drawn"]
    assert {line[0] for line in lines} == {"-", "+"}
    assert all(" s  score 0." in line for line in lines)


def test_the_coverage_map_counts_kinds_and_splits_apart(tmp_path: Path) -> None:
    _made(tmp_path)
    cells = regress.regress(tmp_path, {}).coverage
    assert [(c.kind, c.locale, c.genre, c.tune, c.holdout) for c in cells] == [
        (Kind.DRAWN, "fr", "sport", 1, 0),
        (Kind.REAL, "de", "talk", 1, 0),
        (Kind.REAL, "en", "sport", 1, 1),
    ]


@pytest.mark.parametrize("name", ["baseline.json", "expected/drawn.json"])
def test_a_damaged_baseline_is_named_with_the_remedy(tmp_path: Path, name: str) -> None:
    _made(tmp_path)
    regress.bless(tmp_path, _scoring(tmp_path))
    (tmp_path / name).write_text('{"readings": [{"suite": 3}]}')
    with pytest.raises(UsageError, match=rf"{name}: is no .*editron qa regress --bless"):
        regress.regress(tmp_path, _scoring(tmp_path))


def test_the_command_exits_1_on_a_change_and_prints_one_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _made(tmp_path)
    suites = {"sound": _suite(loud=-14.0)}
    monkeypatch.setattr(regress.regress, "__defaults__", (golden.FOLDER, suites, ()))
    monkeypatch.setattr(regress.bless, "__defaults__", (golden.FOLDER, suites, ()))
    words = ["qa", "regress", "--golden", str(tmp_path)]
    assert CliRunner().invoke(app, words).exit_code == 1
    blessed = CliRunner().invoke(app, [*words, "--bless"])
    assert blessed.exit_code == 0
    assert "new" in blessed.stdout
    assert "-14" in blessed.stdout
    suites["sound"] = _suite(loud=-9.0)
    changed = CliRunner().invoke(app, [*words, "--json"])
    assert changed.exit_code == 1
    (change,) = json.loads(changed.stdout)["changes"]
    assert (change["before"], change["after"]) == (-14.0, -9.0)
    told = CliRunner().invoke(app, words).stdout
    assert "they test wiring, not taste" in told
    assert "raters are automated" in told


def test_the_shipped_default_profile_scores_as_it_was_blessed() -> None:
    report = regress.regress(only=["scoring"])
    assert set(SUITES) >= {"scoring", "captions", "marks", "sound", "shots"}
    assert report.changes == ()
    assert report.moments == {}
