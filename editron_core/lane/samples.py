"""Sample footage: every shipped recipe, drawn once."""

from __future__ import annotations

import filecmp
import hashlib
import shutil
from pathlib import Path
from typing import Any

from editron_core.domain.progress import Step
from editron_core.errors import SourceError
from editron_core.lane.desk import Desk, Progress, code_version
from editron_core.qa.drawn import draw
from editron_core.qa.recipe import FOLDER, load, shipped
from editron_core.store import Stage


def draw_samples(desk: Desk, out: Path) -> Path:
    """The sample footage in the folder `out`; drawn where the ledger does not hold it yet.

    Raises SourceError where the recipes are not beside the package.
    """
    recipes = shipped()
    if not recipes:
        raise SourceError("holds no recipe", subject=str(FOLDER), remedy="run from a checkout of Editron")
    out.mkdir(parents=True, exist_ok=True)
    with desk.timed("draw"):
        for recipe in recipes:
            _one(desk, recipe, out)
    return out


def _one(desk: Desk, recipe: Path, out: Path) -> None:
    plan = load(recipe)
    digest = hashlib.sha256(recipe.read_bytes()).hexdigest()

    def work(folder: Path, tell: Progress) -> dict[str, Any]:
        return {"spoken": draw(recipe, folder, progress=tell).spoken}

    stage = Stage("draw", (digest,), {}, code_version("qa", "media"))
    made = desk.make(stage, Step("draw", plan.name, float(plan.duration)), work)
    for path in sorted(made.folder.iterdir()):
        target = out / path.name
        # What is there already stays untouched, so that it counts as the same footage.
        if path.suffix in (".mp4", ".srt") and not (target.exists() and filecmp.cmp(path, target, False)):
            shutil.copyfile(path, target)
