"""kill -9 of worker and children at random points of whole batches: all end with the same deliverables.

Batches run in pairs, so that one kill hits two of them, each at its own point.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from editron_core.domain.job import StageStatus
from editron_core.media import ffmpeg
from editron_core.process import run as child
from tests.flows.conftest import BLUEPRINT, Serving, until
from tests.flows.witness import alone, facts, kill

POINTS = 50
PAIR = 2
LONGEST_S = 20.0
"""Kills fall this long after the first stage of a batch began, or earlier."""


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


@pytest.mark.proof
@pytest.mark.timeout(7200)
def test_batches_killed_at_random_points_end_with_identical_deliverables(
    serving: Serving, parts: tuple[Path, ...], tmp_path: Path
) -> None:
    dice = random.Random(4)
    (tmp_path / "tiny.toml").write_text(BLUEPRINT)
    recoveries: list[float] = []
    hit: Counter[str] = Counter()
    for number in range(1, POINTS // PAIR + 1):
        pair = [_clips(tmp_path / f"pair-{number}", parts, PAIR * number + side) for side in range(PAIR)]
        order = {"brief": "the jump", "blueprints": [str(tmp_path / "tiny.toml")]}
        runs = [
            serving.trigger("produce", {"sources": [str(c)], "order": order, "auto_approve": True}).id
            for c in pair
        ]
        until(lambda runs=runs: _begun(serving, runs))
        time.sleep(dice.uniform(0, LONGEST_S))
        finished = _ledger(serving)
        with serving.store() as store:
            hit.update(r.stage for r in store.ledger.list(StageStatus.RUNNING))
        killed = kill(serving)
        until(lambda runs=runs: _recovered(serving, runs))
        recoveries.append(time.monotonic() - killed)
        for run in runs:
            assert serving.ended(run).state.is_completed()
        again = _ledger(serving)
        assert {key: again[key] for key in finished} == finished, "a finished stage was run again"
        for clips in pair:
            _check(
                serving, clips, alone(tmp_path, clips)
            )  # of equals, content hashes decide: no other's frames
        print(
            f"{PAIR * number} points, {sum(hit.values())} stages hit {dict(hit)}, last recovery "
            f"{recoveries[-1]:.0f} s, worst {max(recoveries):.0f} s",
            flush=True,
        )
    assert max(recoveries) < 120


def _check(serving: Serving, clips: Path, wanted: dict[str, Any]) -> None:
    with serving.store() as store:
        batches = [b for b in store.batches.list(limit=1000) if b.source_url == str(clips)]
    assert len(batches) == 1, "a batch came twice"
    made = facts(serving, batches[0].id)
    assert [status for _, _, status in made["files"]] == ["analyzed", "analyzed"], made["files"]
    assert made["videos"] == wanted
    assert len(made["sessions"]) == 1
    assert made["jobs"].count("complete") == 1
