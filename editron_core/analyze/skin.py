"""How much of a picture has the hues of skin: people close to the camera show much of it.

Nobody is recognised by it, and it needs no face that looks into the lens. Wood, sand and fur share these
hues, so it says that the picture is of something warm and near, not who it is.
"""

from __future__ import annotations

import math

import numpy as np

from editron_core.analyze.subject import middle
from editron_core.media.frames import opencv

LEAST, MOST = (0, 38, 51), (25, 191, 255)
"""Hue 0 to 50 degrees (Sobottka and Pitas, "Looking for faces and facial features in color images", 1997), as
OpenCV counts it in bytes: by 2. Their bounds of saturation and value, 0.23 to 0.68 and from 0.35, leave out
the lightest and the darkest skins; 0.15 to 0.75 and from 0.2 hold all of Monk's ten tones (2022) but the two
lightest, which are as good as white, and the darkest."""


def skin(small: np.ndarray) -> float:
    """The root of the share of the picture in these hues, its middle first: (h, w, 3) RGB uint8 to 0..1.

    A root, as a face twice as near is twice as wide and not four times as good.
    """
    cv2 = opencv()
    here = cv2.inRange(cv2.cvtColor(small, cv2.COLOR_RGB2HSV), LEAST, MOST)
    share = float(middle(*here.shape)[here > 0].sum())
    return math.sqrt(min(1.0, share))
