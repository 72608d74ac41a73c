"""The locked versions work together: newer ones of several packages break each other only when they run.

OpenCV 5's wheels hold no cascades. The Whisper load is proved in tests/analyze, and in tests/flows that
Prefect's server starts: FastAPI past 0.150 keeps it from starting though every import passes.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest


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
