"""kill -9 of worker and children at random points of whole batches: all end with the same deliverables.

Several batches run at once, begun a moment apart, so that one kill hits each of them at a point of its own.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from editron_core.config import Settings
from editron_core.domain.job import StageStatus
from editron_core.lane import retention
from editron_core.media import ffmpeg
from editron_core.process import run as child
from tests import tiny_blueprint
from tests.flows.conftest import Serving, at, begin, stop, until
from tests.flows.witness import alone, facts, kill

POINTS = 50
AT_ONCE = 5
LONGEST_S = 20.0
"""Kills fall this long after the first stage of the batches began, or earlier."""
PATIENCE_S = 900.0
RECOVERY_S = 120.0


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    """A server and a worker of the proof's own, which runs all batches at once."""
    (tmp_path / "watched").mkdir()
    never = {"EDITRON_POLL_CRON": "0 0 1 1 *", "EDITRON_HOUSEKEEPING_CRON": "0 0 1 1 *"}
    started = begin(tmp_path / "home", tmp_path / "watched", limit=AT_ONCE, **never)
    with at(started):
        yield started
    stop(started)


@dataclass
class Tally:
    """What was killed, and how long it took to begin again."""

    points: int = 0
    """Runs that were at work when the kill came."""
    stages: Counter[str] = field(default_factory=Counter)
    recoveries: list[float] = field(default_factory=list)


def _clips(folder: Path, parts: tuple[Path, ...], number: int) -> Path:
    """Two clips whose frames are those of all other batches and whose bytes are not."""
    clips = folder / f"batch-{number:03d}"
    clips.mkdir(parents=True)
    for path in parts[:2]:
        named = ["-c", "copy", "-metadata", f"comment=batch {number}", "-movflags", "+faststart"]
        child([ffmpeg.binary(), "-v", "error", "-i", path, *named, clips / path.name])
    return clips


def _begun(serving: Serving, run_ids: list[str]) -> bool:
    """Whether a stage of one of these runs is at work, or they have ended."""
    with serving.store() as store:
        at_work = bool(store.ledger.list(StageStatus.RUNNING))
    return at_work or all(serving.run(one).state.is_final() for one in run_ids)


def _recovered(serving: Serving, run_ids: list[str]) -> bool:
    """Whether every run has begun again, or had ended before the kill."""
    runs = [serving.run(one) for one in run_ids]
    # Its lease is not asked for: whoever takes it to see whether it is free keeps the reconciler from it.
    return all(run.state.is_completed() or (run.run_count > 1 and run.state.is_running()) for run in runs)


def _ledger(serving: Serving) -> dict[str, tuple[str, int]]:
    with serving.store() as store:
        return {r.key: (r.stage, r.attempts) for r in store.ledger.list() if r.status is StageStatus.DONE}


def _kill_once(serving: Serving, runs: list[str], dice: random.Random, tally: Tally) -> None:
    """Kill everything that works for these runs at some instant, and see it begin again by itself."""
    until(lambda: _begun(serving, runs), PATIENCE_S)
    time.sleep(dice.uniform(0, LONGEST_S))
    finished = _ledger(serving)
    with serving.store() as store:
        tally.stages.update(r.stage for r in store.ledger.list(StageStatus.RUNNING))
    hit = [one for one in runs if serving.run(one).state.is_running()]
    killed = kill(serving)
    until(lambda: _recovered(serving, hit), PATIENCE_S)
    tally.recoveries.append(time.monotonic() - killed)
    tally.points += len(hit)
    for one in runs:
        run = serving.ended(one, PATIENCE_S)
        assert run.state.is_completed(), run.state.message
    again = _ledger(serving)
    assert {key: again[key] for key in finished} == finished, "a finished stage was run again"


@pytest.mark.proof
@pytest.mark.timeout(7200)
def test_batches_killed_at_random_points_end_with_identical_deliverables(
    serving: Serving, parts: tuple[Path, ...], tmp_path: Path
) -> None:
    dice, tally, number = random.Random(4), Tally(), 0
    order = {"brief": "the jump", "blueprints": [tiny_blueprint.written(tmp_path)]}
    wanted = alone(tmp_path, _clips(tmp_path, parts, number))
    while tally.points < POINTS:
        clips, runs = [], []
        for _ in range(AT_ONCE):
            number += 1
            clips.append(_clips(tmp_path, parts, number))
            wish = {"sources": [str(clips[-1])], "order": order, "auto_approve": True}
            runs.append(serving.trigger("produce", wish).id)
            time.sleep(dice.uniform(0, 3))
        _kill_once(serving, runs, dice, tally)
        for one in clips:
            _check(serving, one, wanted)
        print(
            f"{tally.points} points of {number} batches, stages at work {dict(tally.stages)}, "
            f"recovery began after {tally.recoveries[-1]:.0f} s",
            flush=True,
        )
    _clean(serving)
    recoveries = sorted(tally.recoveries)
    print(f"recoveries: median {recoveries[len(recoveries) // 2]:.0f} s, worst {recoveries[-1]:.0f} s")
    assert recoveries[-1] < RECOVERY_S


def _check(serving: Serving, clips: Path, wanted: dict[str, Any]) -> None:
    with serving.store() as store:
        batches = [b for b in store.batches.list(limit=1000) if b.source_url == str(clips)]
    assert len(batches) == 1, "a batch came twice"
    made = facts(serving, batches[0].id)
    assert [status for _, _, status in made["files"]] == ["analyzed", "analyzed"], made["files"]
    # Of moments that are equals content hashes decide, so bytes may: then its own footage is the measure.
    assert made["videos"] == wanted or made["videos"] == alone(clips.parent, clips)
    assert len(made["sessions"]) == 1
    assert made["jobs"] == ["complete"]


def _clean(serving: Serving) -> None:
    """One pass of housekeeping leaves nothing that interrupted work had left."""
    with serving.store() as store:
        before = len(list(store.blobs.tmp.iterdir()))
        done = retention.carry_out(store, retention.plan(store, Settings(home=serving.home)))
        assert done.problems == ()
        assert list(store.blobs.tmp.iterdir()) == []
    assert [path for path in serving.home.rglob("*.part") if path.is_file()] == []
    print(f"{before} interrupted folders and files removed by one pass of housekeeping")
