"""The scenes that drawn footage is made of, by the kind that a recipe names.

A scene is a function of its `Stage` that prepares its layers once and returns a painter: a function
of the seconds since the scene's start that gives one RGB frame. To add a scene, write that function
and enter it in `SCENES`.
"""

from __future__ import annotations

from editron_core.qa.scenes.cards import score_card, title_card
from editron_core.qa.scenes.match import dribble, goal, stadium, stand
from editron_core.qa.scenes.stage import Painter, Scene, Stage

SCENES: dict[str, Scene] = {
    "title": title_card,
    "score": score_card,
    "stadium": stadium,
    "dribble": dribble,
    "goal": goal,
    "stand": stand,
}

__all__ = ["SCENES", "Painter", "Scene", "Stage"]
