"""What tests of the tuner start from: tables of channels made up of raters and noise, and a profile."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np

from editron_core.qa.channels import Channels
from editron_core.score.profile import Normalisation, Profile

STEP = Fraction(2)
"""One row per window."""
START = Profile(
    name="start",
    weights={
        **dict.fromkeys(("motion", "loudness", "colour", "sharpness", "faces", "exposure"), 0.1),
        "speech_rate": 0.2,
        "brief_coverage": 0.1,
        "vision_prompt": 0.1,
    },
    normalisation=Normalisation(0.25, 3.0),
)
"""A profile to start from that stays what it is, whatever profiles are shipped."""


def channels(
    tables: list[np.ndarray], panels: list[np.ndarray], names: tuple[str, ...], prefix: str = "item"
) -> Channels:
    """Items of one row per window; the values are the same at every contrast."""
    ids = tuple(f"{prefix}-{number}" for number in range(len(tables)))
    rows = tuple(np.arange(len(panel)) for panel in panels)
    return Channels(names, ids, ids, tuple(panels), rows, lambda contrast: tables, STEP)


def made_up(items: int, *, noise: int, windows: int = 30, seed: int = 0, signal: float = 0.5) -> Channels:
    """A channel `good` that follows the panel in part, and channels that follow nothing."""
    rng = np.random.default_rng(seed)
    panels = [rng.integers(1, 6, windows).astype(np.float64) for _ in range(items)]
    tables = [
        np.column_stack(
            [np.clip(signal * panel / 5 + rng.normal(0.3, 0.1, windows), 0, 1), rng.random((windows, noise))]
        )
        for panel in panels
    ]
    return channels(tables, panels, ("good", *(f"noise-{n}" for n in range(noise))), f"made-{seed}")


def tvsum(folder: Path, videos: range, *, raters: int, noise: int, seed: int) -> Channels:
    """Videos of TVSum: a few of its raters and noise as channels, the mean of the other raters as panel."""
    rng = np.random.default_rng(seed)
    data = json.loads((folder / "tvsum_40" / "raters.json").read_text("utf-8"))
    shots = [np.array(data[number]["shots"], dtype=np.float64) for number in videos]
    tables = [np.column_stack([(s[:raters].T - 1) / 4, rng.random((s.shape[1], noise))]) for s in shots]
    names = (*(f"rater-{n}" for n in range(raters)), *(f"noise-{n}" for n in range(noise)))
    return channels(tables, [s[raters:].mean(axis=0) for s in shots], names, f"video-{seed}")
