"""Regression: everything the harness reads, held against what was blessed.

A reading counts as unchanged within the tolerance that was blessed with it, in its unit. A reading that is
new or gone is a change too. A suite that this machine lacks an engine for is skipped, and said to be; one
that fails is a failure of the whole.

A blessing runs everything first and is shown before it is written (`propose`, `Blessing.commit`).
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import ValidationError

from editron_core.domain import codec
from editron_core.errors import EditronError, EngineUnavailable, UsageError
from editron_core.qa import expected, golden, keep, swap
from editron_core.qa.coverage import Cell, coverage
from editron_core.qa.reading import Reading
from editron_core.qa.suites import GOLDENS, SUITES, Goldens, scoring
from editron_core.score import profile as profiles

BASELINE = "baseline.json"
ROUNDING = 1e-9
"""So much further than its tolerance a reading may lie: decimals are no exact numbers."""

Suites = Mapping[str, Callable[[], tuple[Reading, ...]]]


@dataclass(frozen=True, slots=True)
class Change:
    """A reading that is not what was blessed."""

    suite: str
    name: str
    before: float | None
    """Null where it is new."""
    after: float | None
    """Null where it is gone."""
    unit: str
    tolerance: float
    locale: str = ""
    genre: str = ""


@dataclass(frozen=True)
class Report:
    """What came of a comparison."""

    readings: tuple[Reading, ...]
    changes: tuple[Change, ...]
    moments: Mapping[str, tuple[str, ...]]
    """Changed expected results by item, as the lines of a diff."""
    coverage: tuple[Cell, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)
    """Why suites were not run, by suite."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """Why suites broke off, by suite."""

    @property
    def passed(self) -> bool:
        """Whether everything is as it was blessed. What was not looked at is not."""
        return not (self.changes or self.moments or self.failed or self.skipped)


@dataclass(frozen=True)
class _Taken:
    """What the suites gave."""

    readings: tuple[Reading, ...]
    ran: frozenset[str]
    skipped: Mapping[str, str]
    failed: Mapping[str, str]


def regress(folder: Path = golden.FOLDER, suites: Suites = SUITES, only: Sequence[str] = ()) -> Report:
    """Take the readings of `suites` (of those named in `only`) and compare them with the baseline.

    Raises UsageError for an unknown suite, and for a golden dataset or a baseline that is damaged.
    """
    swap.recover(folder)
    return _compare(folder, _take(suites, only))


@dataclass(frozen=True)
class Blessing:
    """What would be blessed. Nothing is written before `commit`."""

    report: Report
    """What was before and would be."""
    goldens: tuple[Path, ...]
    """The golden frames that would change."""
    folder: Path
    files: Mapping[str, bytes | None]
    """New content by place below the folder; null for a file that goes."""

    def commit(self) -> None:
        """Write it: all or, where it is interrupted, nothing."""
        swap.replace_all(self.folder, self.files)


def propose(
    folder: Path = golden.FOLDER,
    suites: Suites = SUITES,
    only: Sequence[str] = (),
    goldens: Mapping[str, Goldens] | None = None,
) -> Blessing:
    """Run every suite (those in `only`), and say what a blessing would make of it; nothing is changed.

    Golden frames are drawn anew aside, and their suites read against those. Suites that were skipped or not
    asked for keep what was blessed. Raises UsageError as `regress` does, and where a suite fails: what could
    not be read cannot be blessed.
    """
    goldens = GOLDENS if goldens is None and folder == golden.FOLDER else goldens or {}
    swap.recover(folder)
    taken = _take(suites, only)
    kept = {name: one for name, one in goldens.items() if name in taken.ran or name in taken.failed}
    frames, anew = _drawn_anew(folder, kept)
    # What failed for want of a golden is read now.
    failed = {name: why for name, why in taken.failed.items() if name not in anew}
    for suite, why in failed.items():
        raise UsageError(f"cannot be blessed: {why}", subject=f"suite {suite}", remedy="mend it first")
    missing = [reading for name in taken.failed for reading in anew[name]]
    seen = replace(
        taken, readings=(*taken.readings, *missing), ran=taken.ran | set(taken.failed), failed=failed
    )
    blessed = [reading for reading in seen.readings if reading.suite not in anew]
    blessed += [reading for readings in anew.values() for reading in readings]
    blessed += [reading for reading in baseline(folder) if reading.suite in set(suites) - seen.ran]
    ordered = sorted(blessed, key=lambda reading: reading.suite)
    files = {**frames, BASELINE: keep.as_json({"readings": codec.dump(tuple(ordered))})}
    if scoring.SUITE in seen.ran:
        files |= expected.files(folder, _moments(folder))
    changed = {name: content for name, content in files.items() if content != _content(folder / name)}
    pictures = tuple(folder / name for name in frames if name in changed)
    return Blessing(_compare(folder, seen), pictures, folder, changed)


def _drawn_anew(
    folder: Path, goldens: Mapping[str, Goldens]
) -> tuple[dict[str, bytes | None], dict[str, tuple[Reading, ...]]]:
    """The golden frames as they are drawn now, by place below `folder`; and by suite what is read against
    them, of suites whose frames change."""
    frames: dict[str, bytes | None] = {}
    anew: dict[str, tuple[Reading, ...]] = {}
    for name, one in goldens.items():
        with tempfile.TemporaryDirectory(prefix="editron-goldens-") as room:
            aside = Path(room) / "goldens"
            shutil.copytree(one.folder, aside) if one.folder.is_dir() else aside.mkdir()
            one.write(aside)
            before, after = _folder(one.folder), _folder(aside)
            changed = {key: after.get(key) for key in {*before, *after} if before.get(key) != after.get(key)}
            if changed:
                place = one.folder.relative_to(folder).as_posix()
                frames |= {f"{place}/{key}": changed[key] for key in sorted(changed)}
                anew[name] = one.readings(aside)
    return frames, anew


def _folder(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*") if path.is_file()}


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def changes(before: Sequence[Reading], after: Sequence[Reading]) -> tuple[Change, ...]:
    """What differs between two sets of readings, in the order of `after`, then what is gone."""
    was = {(reading.suite, reading.name): reading for reading in before}
    now = {(reading.suite, reading.name): reading for reading in after}
    found = []
    for key, reading in now.items():
        old = was.get(key)
        if old is None or abs(reading.value - old.value) > old.tolerance + ROUNDING:
            found.append(_change(old, reading))
    found += [_change(old, None) for key, old in was.items() if key not in now]
    return tuple(found)


def _change(old: Reading | None, new: Reading | None) -> Change:
    known = old or new
    assert known is not None
    before, after = old.value if old else None, new.value if new else None
    place = (known.locale, known.genre)
    return Change(known.suite, known.name, before, after, known.unit, known.tolerance, *place)


def _take(suites: Suites, only: Sequence[str]) -> _Taken:
    for name in only:
        if name not in suites:
            raise UsageError("is no suite", subject=name, remedy=f"suites are {', '.join(suites)}")
    readings: list[Reading] = []
    ran: set[str] = set()
    skipped, failed = {}, {}
    for name, read in suites.items():
        if only and name not in only:
            continue
        try:
            readings += read()
            ran.add(name)
        except EngineUnavailable as error:
            skipped[name] = str(error)
        except EditronError as error:
            failed[name] = str(error)
    return _Taken(tuple(readings), frozenset(ran), skipped, failed)


def _compare(folder: Path, taken: _Taken) -> Report:
    cells = coverage(golden.load(folder).items)
    before = [reading for reading in baseline(folder) if reading.suite in taken.ran]
    moments = expected.differences(folder, _moments(folder)) if scoring.SUITE in taken.ran else {}
    found = changes(before, taken.readings)
    return Report(taken.readings, found, moments, cells, taken.skipped, taken.failed)


def _moments(folder: Path) -> dict[str, tuple[expected.Chosen, ...]]:
    return expected.results(golden.load(folder), profiles.load("default"))


def baseline(folder: Path = golden.FOLDER) -> tuple[Reading, ...]:
    """What was blessed; empty where nothing was. Raises UsageError for what is no baseline."""
    path = folder / BASELINE
    if not path.exists():
        return ()
    try:
        return tuple(codec.load(Reading, one) for one in json.loads(path.read_text("utf-8"))["readings"])
    except (ValidationError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            "is no baseline",
            subject=str(path),
            remedy="restore it from version control, or bless anew: editron qa regress --bless",
        ) from error
