"""What every scene is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from editron_core.qa.canvas import Colour

Painter = Callable[[float], Image.Image]
"""Seconds since the scene's start (a little outside of it in a dissolve) to one RGB frame."""


@dataclass(frozen=True)
class Stage:
    """Size, time, colours and words of one scene."""

    size: tuple[int, int]
    """Pixels, both even."""
    seconds: float
    palette: tuple[Colour, ...]
    """Four or more: deep, middle, light, accent, ..."""
    seed: int
    title: str = ""
    note: str = ""
    payoff: float = 0.0
    """When the payoff lands, in seconds from the scene's start."""
    voice: Callable[[float], float] = lambda at: 0.0
    """How loud the speaker is at an instant, 0..1."""

    @property
    def unit(self) -> float:
        """One 720th of the shorter side: sizes are multiples of it."""
        return min(self.size) / 720

    def rng(self) -> np.random.Generator:
        """Fresh random numbers, the same at each call."""
        return np.random.default_rng(self.seed)


Scene = Callable[[Stage], Painter]
