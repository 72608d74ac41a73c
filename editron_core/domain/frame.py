"""Frames: the shape of one deliverable, and the part of it that nothing covers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SafeArea:
    """The part of a frame that no control of a platform covers, 0..1 of its width and height."""

    left: float
    top: float
    right: float
    bottom: float

    def pixels(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Left, top, right and bottom edge in pixels of a frame of `size` (width, height)."""
        width, height = size
        return (
            round(self.left * width),
            round(self.top * height),
            round(self.right * width),
            round(self.bottom * height),
        )


SAFE_AREAS = {
    "9:16": SafeArea(65 / 1080, 269 / 1920, 918 / 1080, 1248 / 1920),
    "16:9": SafeArea(0.05, 0.05, 0.95, 0.95),
    "1:1": SafeArea(0.05, 0.06, 0.95, 0.94),
    "4:5": SafeArea(0.05, 0.06, 0.95, 0.94),
}
"""By aspect ratio, wherever a platform's preset does not say otherwise.

- 9:16: the union of what Instagram Reels (top 14 %, bottom 35 %, sides 6 %; Meta, March 2026, read
  through third parties) and TikTok (right 15 %, by third parties) cover with their buttons, so that one
  vertical cut fits every app.
- 16:9: title-safe, 90 % of either side (SMPTE ST 2046-1, EBU R95 graphics).
- 1:1, 4:5: no platform publishes one; feeds round the corners, so 5 % at the sides and 6 % above and below.
"""


@dataclass(frozen=True, slots=True)
class Frame:
    """What captions are drawn into."""

    size: tuple[int, int]
    """Width and height in pixels."""
    free: SafeArea
    """Where captions may stand: the safe area without what a watermark takes of it."""
