"""Large downloads from a server in another process: what cuts and kills cost, and how fast it is beside curl.

    uv run pytest -m proof -n 0 -s tests/bench/test_download_proof.py

At full size 20 GiB and 5 GiB; `EDITRON_PROOF_SCALE=0.2` makes both a fifth.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from editron_core.config import ROOT

pytestmark = [pytest.mark.proof, pytest.mark.timeout(3600)]
MIB, GIB = 1 << 20, 1 << 30
SCALE = float(os.environ.get("EDITRON_PROOF_SCALE", "1"))


@dataclass
class Fake:
    """The server's process."""

    process: subprocess.Popen[str]
    facts: dict[str, Any]

    def sent(self) -> int:
        """Bytes that it has handed to the network."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        count: int = json.loads(self.process.stdout.readline())["sent"]
        return count


@contextmanager
def serving(size: int, cut: int) -> Iterator[Fake]:
    command = [sys.executable, "-m", "tests.bench.faraway", "serve", str(size), str(cut)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        yield Fake(process, json.loads(process.stdout.readline()))
    finally:
        process.kill()
        process.communicate()


def receiver(fake: Fake, folder: Path) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "tests.bench.faraway", "receive", json.dumps(fake.facts), str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def curl(fake: Fake, target: Path) -> float:
    """Seconds that `curl -C -` takes in a loop, until the file is whole."""
    arg = json.dumps({"path": f"rev:{fake.facts['rev']}"})
    command = [
        *("curl", "-s", "-C", "-", "-o", str(target), "-X", "POST"),
        *("-H", "Authorization: Bearer for-curl", "-H", f"Dropbox-API-Arg: {arg}"),
        f"{fake.facts['url']}/2/files/download",
    ]
    began = time.monotonic()
    while not target.exists() or target.stat().st_size < fake.facts["size"]:
        subprocess.run(command, check=False)
    return time.monotonic() - began


def test_cuts_cost_nothing_and_the_pace_is_curls(tmp_path: Path) -> None:
    size, cut = int(20 * GIB * SCALE), int(512 * MIB * max(SCALE, 0.05))
    with serving(size, cut) as fake:
        rounds = []
        for count in range(3):
            theirs = curl(fake, tmp_path / "curl.mp4")
            (tmp_path / "curl.mp4").unlink()
            before = fake.sent()
            child = receiver(fake, tmp_path / f"{count}")
            output, _ = child.communicate()
            told = json.loads(output)
            sent = fake.sent() - before
            path = Path(told["path"])
            blocks = path.stat().st_blocks * 512
            shutil.rmtree(tmp_path / f"{count}")
            rounds.append((told["seconds"], theirs))
            pace, curls = (size / seconds / 1e6 for seconds in rounds[-1])
            print(f"\n{size / GIB:.1f} GiB, cut each {cut / MIB:.0f} MiB: {pace:.0f} MB/s", end=", ")
            print(f"curl {curls:.0f} MB/s")
            print(f"sent {sent / size:.4f}, received {told['received'] / size:.4f}", end=", ")
            print(f"peak {told['peak_bytes'] / MIB:.0f} MiB, on the disk {blocks / MIB:.0f} MiB")
            assert told["by_hash"]
            assert max(sent, told["received"]) <= 1.01 * size
            assert told["peak_bytes"] <= 200 * MIB
            assert blocks < 100 * MIB, "holes stay holes"
    ours, theirs = (sorted(times)[1] for times in zip(*rounds, strict=True))
    assert ours <= theirs / 0.9


def test_a_kill_costs_little_and_each_download_ends(tmp_path: Path) -> None:
    size, chance = int(5 * GIB * SCALE), random.Random(20)
    worst = 0
    with serving(size, 0) as fake:
        for count in range(20):
            folder = tmp_path / f"{count}"
            before, stop_at = fake.sent(), size * chance.uniform(0.02, 0.98)
            child = receiver(fake, folder)
            while fake.sent() - before < stop_at and child.poll() is None:
                time.sleep(0.005)
            killed = child.poll() is None
            child.kill()
            child.communicate()
            output, _ = receiver(fake, folder).communicate()
            told = json.loads(output)
            extra = fake.sent() - before - size
            worst = max(worst, extra)
            assert told["by_hash"]
            assert list((folder / "parts").iterdir()) == []
            assert len(list((folder / "staging").iterdir())) == 1
            shutil.rmtree(folder)
            print(
                f"\n{count + 1}/20 killed {killed} at {stop_at / size:.0%}: {extra / MIB:.1f} MiB extra",
                end="",
            )
            assert extra <= 64 * MIB
    print(f"\n20/20 ended, at most {worst / MIB:.1f} MiB extra")
