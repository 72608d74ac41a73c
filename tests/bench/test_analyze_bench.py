"""What the analysis costs beside a plain decode of the same file, and how much memory two hours take.

Imports do not count: they are paid once per process, and done before the clock starts.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from editron_core import process
from editron_core.analyze.observe import AnalyzeOptions, observe
from editron_core.analyze.vision import LayoutEye
from editron_core.config import settings
from editron_core.media import ffmpeg
from editron_core.media.probe import probe
from tests.numbered import ff

ROUNDS = 5
LIMITS = process.Limits(wall_s=3000, memory=None)
OPTIONS = AnalyzeOptions(eye=LayoutEye("no neural engine in this bench"))
NOISE = "noise=alls=12:allf=t:all_seed=1"

IN_A_PROCESS = """
import json, resource, sys
from pathlib import Path
from editron_core.analyze.observe import AnalyzeOptions, observe
from editron_core.analyze.speech import SpeechOptions
from editron_core.analyze.vision import LayoutEye
from editron_core.media.probe import probe
path, out = Path(sys.argv[1]), Path(sys.argv[2])
speech = SpeechOptions(model="none", device="cpu", models=out)
evidence = observe(path, probe(path), out, AnalyzeOptions(eye=LayoutEye("a bench"), speech=speech))
usage = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps({"rows": evidence.table.height, "ours": usage[0] * 1024, "ffmpeg": usage[1] * 1024}))
"""


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def source(name: str, drawn: str, folder: Path) -> Path:
    """The real clip where there is one, else a drawn one of the same size and rate."""
    if settings().footage is not None:
        return settings().footage / "video" / name
    path = folder / name
    ff("-f", "lavfi", "-i", drawn, "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", path)
    return path


@pytest.mark.proof
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("name", "drawn", "most"),
    [
        ("pickleball_40s.mp4", f"testsrc2=s=1920x1080:r=30:d=20,{NOISE}", 1.4),
        ("people_one_by_one_139s.mp4", f"testsrc2=s=768x432:r=10:d=60,{NOISE}", 2.0),
    ],
)
def test_the_analysis_costs_little_more_than_decoding(name, drawn, most, tmp_path):
    path = source(name, drawn, tmp_path)
    found = probe(path)
    plain = ffmpeg.command("-i", str(path), "-f", "null", "-")
    scenedetect = [sys.executable, "-m", "scenedetect", "-q", "-i", path, "detect-adaptive"]

    def ours(number: int) -> None:
        (tmp_path / f"{number}").mkdir()
        observe(path, found, tmp_path / f"{number}", OPTIONS)

    ours(-1)  # imports everything
    took: dict[str, list[float]] = {"decode": [], "analysis": [], "scenedetect": []}
    for number in range(ROUNDS):
        took["decode"].append(timed(lambda: process.run(plain, limits=LIMITS)))
        took["analysis"].append(timed(lambda number=number: ours(number)))
        took["scenedetect"].append(timed(lambda: process.run(scenedetect, limits=LIMITS, cwd=tmp_path)))
    # The least of each: what other programs on the machine add can only lengthen a run.
    best = {what: min(times) for what, times in took.items()}
    print(f"\n{name}: plain decode {best['decode']:.2f} s")
    print(f"  analysis / decode: {best['analysis'] / best['decode']:.3f} (at most {most})")
    print(f"  scenedetect detect-adaptive / decode: {best['scenedetect'] / best['decode']:.3f}")
    assert best["analysis"] / best["decode"] <= most


@pytest.mark.proof
@pytest.mark.timeout(7200)
def test_two_hours_take_little_more_memory_than_ten_minutes(tmp_path):
    minute = tmp_path / "minute.mp4"
    inputs = ["-f", "lavfi", "-i", f"testsrc2=s=640x360:r=25:d=60,{NOISE}"]
    inputs += ["-f", "lavfi", "-i", "sine=frequency=300:duration=60,tremolo=f=3"]
    ff(
        *inputs,
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-crf",
        33,
        "-pix_fmt",
        "yuv420p",
        "-shortest",
        minute,
    )
    used = {}
    for minutes in (10, 120):
        path, out = tmp_path / f"{minutes}.mp4", tmp_path / f"out{minutes}"
        out.mkdir()
        ff("-stream_loop", minutes - 1, "-i", minute, "-c", "copy", path)
        argv = [sys.executable, "-c", IN_A_PROCESS, str(path), str(out)]
        output, _ = process.run(argv, limits=LIMITS)
        seen = json.loads(output.splitlines()[-1])
        assert seen["rows"] == pytest.approx(minutes * 120, abs=20)
        used[minutes] = (seen["ours"] + seen["ffmpeg"]) / process.GIB
        print(f"\n{minutes} minutes: ours {seen['ours'] >> 20} MiB, ffmpeg {seen['ffmpeg'] >> 20} MiB")
    assert used[120] <= 1.5
    # What grows is the result itself and the index of an MP4 with twelve times the frames.
    assert used[120] - used[10] <= 0.3
