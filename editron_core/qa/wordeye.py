"""The eye of drawn footage: it knows which scene each frame shows, and reads texts into the same space.

Without the weights of a vision model, prompts compare with nothing, and a weighted channel would go
untested. This eye sees nothing: a recipe tells it what is drawn when, in words (`SHOWN`). Words are
embedded by feature hashing (Weinberger et al. 2009, without signs): one axis per stem. It makes prompts,
the meaning of briefs, novelty and diversity work on drawn footage; it says nothing about taste.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from editron_core.domain.evidence import STEP, EngineUse
from editron_core.errors import UsageError
from editron_core.qa.recipe import Recipe, SceneSpec
from editron_core.score.brief import Brief, stems
from editron_core.score.derive import PromptVectors
from editron_core.score.profile import Profile
from editron_core.times import Span

ENGINE = EngineUse("vision", "drawn words", "1")
AXES = 794
"""Axes of words; two more are common to all texts, and to those without a word. No two stems of the words
below fall on one axis."""
RESTING = 0.7
"""Cosine of two texts that share no word. CLIP's cosines rest far above 0 too: from there, one shared
word of five makes a difference of 0.06, which is what the scorer's slope is made for."""

SHOWN: dict[str, tuple[str, str]] = {
    "title": ("a title card with letters", "a title card with letters"),
    "score": ("a closing card with the score", "a closing card with the score"),
    "stadium": ("a football ground with two teams, from high up", "a football match begins"),
    "dribble": ("an athlete in action runs with the ball", "an athlete in action passes a defender"),
    "goal": ("an athlete shoots at the goal", "people celebrating a goal, an exciting moment"),
    "stand": ("a crowd cheering on the stand", "a crowd cheering, people celebrating"),
    "host": ("a person speaking to the camera", "a happy face close up, a person laughing"),
    "product": ("a product photo on a clean background", "a close up of a product in use"),
    "reveal": (
        "a dark room with a product",
        "a beautiful shot of a bright, well lit room, an exciting moment",
    ),
    "skate": ("a skater rolls along a street", "a skater waves on a street"),
    "trick": ("a skater rolls towards boxes", "an exciting moment, an athlete in action jumps over boxes"),
    "selfie": ("a person speaking to the camera on a street", "a happy face close up on a street"),
}
"""What each kind of scene shows, before its payoff and in it."""


class WordEye:
    """An `Eye` (analyze/vision.py) for the footage of one recipe; frames come one per row, in order."""

    engine = ENGINE
    input_size = 16

    def __init__(self, plan: Recipe) -> None:
        self._plan = plan
        self._seen = 0

    def see(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The embeddings (n, d) of the next n frames. Raises UsageError where the recipe has no more."""
        first, self._seen = self._seen, self._seen + len(frames)
        if (self._seen - 1) * STEP >= self._plan.duration:
            raise UsageError("has more frames than its recipe", subject=self._plan.name)
        return embed([shown(self._plan, row) for row in range(first, self._seen)])

    def read(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embeddings (n, d) of texts."""
        return embed(texts)


def shown(plan: Recipe, row: int) -> str:
    """What the drawn frame at the start of `row` shows, in words."""
    at = row * STEP
    scene: SceneSpec = next(scene for scene in plan.scenes if at < scene.span.end)
    return SHOWN[scene.kind][scene.payoff is not None and Span.holds(scene.payoff, at)]


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """Texts as unit rows, (n, AXES + 2): equal weights on the axes of their stems, and one axis for all.

    Two texts compare at `RESTING`, and above it by the cosine of their words.
    """
    rows = np.zeros((len(texts), AXES + 2))
    for row, text in zip(rows, texts, strict=True):
        axes = sorted({axis(stem) for stem in stems(text)}) or [AXES + 1]
        row[axes] = np.sqrt((1 - RESTING) / len(axes))
        row[AXES] = np.sqrt(RESTING)
    return rows.astype(np.float32)


def axis(stem: str) -> int:
    """The axis of a stem, 0..AXES - 1."""
    return int.from_bytes(hashlib.sha256(stem.encode()).digest()[:8], "big") % AXES


def prompts(profile: Profile, brief: Brief) -> PromptVectors:
    """A profile's prompts and a brief, as the eye reads them.

    It knows the words of `SHOWN` and no others: sentences of the brief without any are left out.
    """
    known = {stem for both in SHOWN.values() for text in both for stem in stems(text)}
    sentences = [text for text in brief.texts if known & set(stems(text))]
    return PromptVectors(
        positive=embed(profile.prompts.positive),
        negative=embed(profile.prompts.negative),
        brief=embed(sentences) if sentences else None,
        engine=f"{ENGINE.name} {ENGINE.version}",
    )
