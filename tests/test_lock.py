"""The locked versions work together: newer ones of several packages break each other only when they run.

FastAPI past 0.150 keeps Prefect 3.8's server from starting though every import passes, and OpenCV 5's
wheels hold no cascades. The Whisper load is proved in tests/analyze.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

FLOW = """
from prefect import flow, task

@task
def double(number):
    return 2 * number

@flow
def tiny():
    return [future.result() for future in double.map([1, 2, 3])]

if __name__ == "__main__":
    state = tiny(return_state=True)
    print(state.type.value, state.result())
"""


def test_a_prefect_flow_runs_on_a_temporary_server(tmp_path: Path) -> None:
    script = tmp_path / "tiny_flow.py"
    script.write_text(FLOW)
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(
        [sys.executable, str(script)],
        env={
            **ours,
            "PREFECT_HOME": str(tmp_path / "prefect"),
            # The server needs 11 to 20 s on two cores, and more where others work beside it.
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
        },
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert "COMPLETED [2, 4, 6]" in done.stdout.splitlines(), done.stdout + done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize(
    "cascade", ["haarcascade_frontalface_default.xml", "haarcascade_frontalface_alt2.xml"]
)
def test_opencv_finds_a_drawn_face(cascade: str) -> None:
    detector = cv2.CascadeClassifier(str(Path(cv2.data.haarcascades) / cascade))
    found = detector.detectMultiScale(drawn_face(), 1.1, 3)
    assert len(found) == 1
    x, y, width, height = found[0]
    assert abs(x + width / 2 - 120) < 20
    assert abs(y + height / 2 - 120) < 20
    assert len(detector.detectMultiScale(np.full((240, 240), 170, np.uint8), 1.1, 3)) == 0


def drawn_face() -> np.ndarray:
    """A face in the middle of 240x240 grey pixels."""
    picture = np.full((240, 240), 210, np.uint8)
    cv2.ellipse(picture, (120, 120), (62, 80), 0, 0, 360, 170, -1)
    for x in (96, 144):
        cv2.ellipse(picture, (x, 104), (15, 8), 0, 0, 360, 90, -1)
        cv2.ellipse(picture, (x, 88), (18, 4), 0, 0, 360, 70, -1)
        cv2.circle(picture, (x, 104), 5, 30, -1)
    cv2.ellipse(picture, (120, 130), (7, 20), 0, 0, 360, 195, -1)
    cv2.ellipse(picture, (120, 160), (24, 7), 0, 0, 360, 90, -1)
    return cv2.GaussianBlur(picture, (9, 9), 0)
