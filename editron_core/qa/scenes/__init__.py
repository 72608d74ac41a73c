"""The scenes that drawn footage is made of, by the kind that a recipe names.

A scene is made from its `Stage`, prepares its layers once, and is then called with the seconds since
its start for one RGB frame at a time. To add a scene, write such a class and enter it in `SCENES`.
"""

from __future__ import annotations

from editron_core.qa.scenes.cards import Score, Title
from editron_core.qa.scenes.goal import Goal, Stand
from editron_core.qa.scenes.match import Dribble, Stadium
from editron_core.qa.scenes.stage import Painter, Scene, Stage
from editron_core.qa.scenes.street import Selfie, Skate, Trick
from editron_core.qa.scenes.studio import Host, Product, Reveal

SCENES: dict[str, Scene] = {
    "title": Title,
    "score": Score,
    "stadium": Stadium,
    "dribble": Dribble,
    "goal": Goal,
    "stand": Stand,
    "host": Host,
    "product": Product,
    "reveal": Reveal,
    "skate": Skate,
    "trick": Trick,
    "selfie": Selfie,
}

__all__ = ["SCENES", "Painter", "Scene", "Stage"]
