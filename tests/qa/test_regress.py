"""The harness: what changed is told with before and after, and only a blessing changes the baseline."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from editron_core.cli import app
from editron_core.cli.shared import open_store
from editron_core.domain.registry import QaKind
from editron_core.errors import EngineUnavailable, UsageError
from editron_core.qa import golden, regress
from editron_core.qa.golden import Kind, Raters, Split
from editron_core.qa.reading import Reading
from editron_core.qa.suites import SUITES, Goldens, scoring
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


def bless(folder: Path, suites: regress.Suites, only: Sequence[str] = ()) -> regress.Report:
    """What a blessing is of, and the blessing."""
    blessing = regress.propose(folder, suites, only)
    blessing.commit()
    return blessing.report


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_what_was_blessed_passes(tmp_path: Path) -> None:
    _made(tmp_path)
    suites = {"sound": _suite(loud=-14.0, peak=-1.0), **_scoring(tmp_path)}
    first = bless(tmp_path, suites)
    assert not first.passed
    assert {change.before for change in first.changes} == {None}
    again = regress.regress(tmp_path, suites)
    assert again.passed
    assert (again.changes, again.moments) == ((), {})


def test_a_reading_that_moved_further_than_its_tolerance_is_told_with_before_and_after(
    tmp_path: Path,
) -> None:
    _made(tmp_path)
    bless(tmp_path, {"sound": _suite(loud=-14.0, peak=-1.0, quiet=-40.0)})
    report = regress.regress(tmp_path, {"sound": _suite(loud=-14.2, peak=-1.21, new=3.0)})
    assert not report.passed
    told = [(change.name, change.before, change.after) for change in report.changes]
    assert told == [("peak", -1.0, -1.21), ("new", None, 3.0), ("quiet", -40.0, None)]


def test_only_a_blessing_writes(tmp_path: Path) -> None:
    _made(tmp_path)
    bless(tmp_path, {"sound": _suite(loud=-14.0), **_scoring(tmp_path)})
    before = _files(tmp_path)
    regress.regress(tmp_path, {"sound": _suite(loud=-9.0), **_scoring(tmp_path)})
    regress.propose(tmp_path, {"sound": _suite(loud=-9.0), **_scoring(tmp_path)})
    assert _files(tmp_path) == before
    report = bless(tmp_path, {"sound": _suite(loud=-9.0), **_scoring(tmp_path)})
    assert [(change.before, change.after) for change in report.changes] == [(-14.0, -9.0)]
    assert regress.regress(tmp_path, {"sound": _suite(loud=-9.0)}).passed


def _looks(folder: Path, look: str) -> tuple[regress.Suites, dict[str, Goldens]]:
    """A suite that holds one picture, a word, against its golden, and what makes the golden anew."""
    shelf = folder / "frames" / "looks"

    def readings(goldens: Path = shelf) -> tuple[Reading, ...]:
        if not (goldens / "title.txt").exists():
            raise UsageError("there is no such golden frame", subject="title.txt")
        differs = (goldens / "title.txt").read_text() != look
        return (Reading("looks", "frames that differ", float(differs), "count", 0),)

    def write(goldens: Path) -> None:
        (goldens / "title.txt").write_text(look)

    return {"looks": readings}, {"looks": Goldens(shelf, write, readings)}


def test_a_look_is_blessed_after_all_has_run_and_the_report_tells_what_differed(tmp_path: Path) -> None:
    _made(tmp_path)
    suites, goldens = _looks(tmp_path, "old")
    regress.propose(tmp_path, suites, goldens=goldens).commit()  # there was no golden yet
    assert regress.regress(tmp_path, suites).passed
    before = _files(tmp_path)

    suites, goldens = _looks(tmp_path, "new")
    blessing = regress.propose(tmp_path, {**suites, "sound": _suite(loud=-14.0)}, goldens=goldens)

    assert _files(tmp_path) == before, "frames were written before the blessing"
    told = {change.name: (change.before, change.after) for change in blessing.report.changes}
    assert told == {"frames that differ": (0.0, 1.0), "loud": (None, -14.0)}
    assert blessing.goldens == (tmp_path / "frames" / "looks" / "title.txt",)
    blessing.commit()
    assert blessing.goldens[0].read_text() == "new"
    assert regress.regress(tmp_path, {**suites, "sound": _suite(loud=-14.0)}).passed


@pytest.mark.parametrize("trouble", [KeyboardInterrupt, UsageError("is broken")])
def test_where_a_later_suite_ends_it_no_golden_was_written(
    tmp_path: Path, trouble: BaseException | type[BaseException]
) -> None:
    _made(tmp_path)
    suites, goldens = _looks(tmp_path, "old")
    regress.propose(tmp_path, suites, goldens=goldens).commit()
    before = _files(tmp_path)

    def ends() -> tuple[Reading, ...]:
        raise trouble

    suites, goldens = _looks(tmp_path, "new")
    with pytest.raises((KeyboardInterrupt, UsageError)):
        regress.propose(tmp_path, {**suites, "sound": ends}, goldens=goldens)

    assert _files(tmp_path) == before


def test_a_suite_without_its_engine_is_skipped_and_keeps_its_baseline(tmp_path: Path) -> None:
    _made(tmp_path)
    bless(tmp_path, {"sound": _suite(loud=-14.0)})
    for act in (regress.regress, bless):
        report = act(tmp_path, {"sound": _absent})
        assert report.skipped == {"sound": "espeak-ng: is not installed"}
        assert not report.passed  # what was not looked at is not as blessed
    assert not regress.regress(tmp_path, {"sound": _suite(loud=-9.0)}).passed


def test_a_suite_that_reads_nothing_has_lost_its_readings(tmp_path: Path) -> None:
    _made(tmp_path)
    bless(tmp_path, {"sound": _suite(loud=-14.0)})
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
        bless(tmp_path, suites)
    assert not (tmp_path / "baseline.json").exists()


def test_a_suite_alone_leaves_the_others_baseline(tmp_path: Path) -> None:
    _made(tmp_path)
    suites = {"sound": _suite(loud=-14.0), **_scoring(tmp_path)}
    bless(tmp_path, suites)
    assert bless(tmp_path, suites, only=["sound"]).passed
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
    bless(tmp_path, suites)
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
    bless(tmp_path, _scoring(tmp_path))
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
    assert {(c.kind, c.raters) for c in cells} == {
        (Kind.DRAWN, Raters.CONSTRUCTION),
        (Kind.REAL, Raters.AUTOMATED),
    }


@pytest.mark.parametrize("name", ["baseline.json", "expected/drawn.json"])
def test_a_damaged_baseline_is_named_with_the_remedy(tmp_path: Path, name: str) -> None:
    _made(tmp_path)
    bless(tmp_path, _scoring(tmp_path))
    (tmp_path / name).write_text('{"readings": [{"suite": 3}]}')
    with pytest.raises(UsageError, match=rf"{name}: is no .*editron qa regress --bless"):
        regress.regress(tmp_path, _scoring(tmp_path))


def test_the_command_exits_1_on_a_change_and_prints_one_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _made(tmp_path)
    suites = {"sound": _suite(loud=-14.0)}
    monkeypatch.setattr(regress.regress, "__defaults__", (golden.FOLDER, suites, ()))
    monkeypatch.setattr(regress.propose, "__defaults__", (golden.FOLDER, suites, (), None))
    words = ["qa", "regress", "--golden", str(tmp_path)]
    assert CliRunner().invoke(app, words).exit_code == 1
    blessed = CliRunner().invoke(app, [*words, "--bless"])
    assert blessed.exit_code == 0
    assert "new" in blessed.stdout
    assert "-14" in blessed.stdout
    suites["sound"] = _suite(loud=-9.0)
    changed = CliRunner().invoke(app, [*words, "--json"])
    assert changed.exit_code == 1
    with open_store() as store:
        runs = store.qa_runs.list(QaKind.REGRESS)
    assert [(run.result or {})["passed"] for run in runs] == [False, False, False]
    assert [(run.result or {})["blessed"] for run in runs] == [False, True, False]
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
