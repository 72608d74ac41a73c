"""Freezing: footage becomes golden items, evidence and truth on the disk, so that nobody needs the footage.

Drawn items are drawn from the recipes of datasets/golden; real items are the clips of a folder that have
labels. All are analysed as the lane does it, with the engines that need no weights: the numbers are those
that every installation gets. The same code, ffmpeg and footage give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from editron_core.analyze.observe import AnalyzeOptions, observe
from editron_core.analyze.speech import SpeechOptions
from editron_core.analyze.vision import Eye, LayoutEye
from editron_core.config import ROOT
from editron_core.domain.evidence import EngineUse, Evidence
from editron_core.domain.progress import Nobody, Step, Watcher
from editron_core.errors import DefinitionError, EngineUnavailable, MediaError, SourceError, UsageError
from editron_core.ingest import local, sources
from editron_core.ingest.examine import examine
from editron_core.ingest.sources import Found
from editron_core.ingest.staging import Arrival
from editron_core.qa import golden, keep, recipe, truths
from editron_core.qa.drawn import draw
from editron_core.qa.golden import Golden, Item, Kind, Raters, Split
from editron_core.qa.wordeye import WordEye

RECIPES = ROOT / "datasets" / "golden"
"""Recipes of golden items; the demo draws others."""
CATALOGUE = ROOT / "datasets" / "catalogue.toml"
"""What label files do not tell of their clips."""
EMBEDDED = "frozen evidence uses the engines that need no weights"
NO_MODEL = "embedded"
"""No speech model has this name: the voice detector listens alone."""
BLIND, DECIDED = ".people", ".review"
"""How the ids of items end that hold what people rated blind, and what follows from their decisions."""
HELD = 3
"""One item in so many is held out."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """What came of freezing."""

    kept: tuple[str, ...]
    """Ids of the items that were written."""
    failed: Mapping[str, str]
    """Why each of the others could not be, by the name of its clip or label file."""
    passed_over: int
    """Clips without labels, and files beside the labels that are none."""


def freeze_drawn(
    folder: Path, formula: str, recipes: Path = RECIPES, watcher: Watcher | None = None
) -> Frozen:
    """Draw and freeze every recipe in `recipes`; drawn items whose recipe is gone are forgotten.

    `formula` is the version of the analysis code. Raises UsageError where there is no recipe, or one does
    not hold together; EngineUnavailable without the extra `voice`.
    """
    paths = sorted(recipes.glob("*.toml"))
    if not paths:
        raise UsageError("holds no recipe", subject=str(recipes), remedy="run from a checkout of Editron")
    splits = deal(folder, Kind.DRAWN, [path.stem for path in paths])
    made: list[Golden] = []
    failed: dict[str, str] = {}
    for path in paths:
        with watched(watcher, path.stem, failed):
            made.append(_drawn(path, splits[path.stem], formula))
    keep.keep(folder, made, forget=_gone(folder, Kind.DRAWN, {path.stem for path in paths}))
    return Frozen(tuple(one.item.id for one in made), failed, 0)


def freeze_real(
    folder: Path, formula: str, footage: Path, labels: Path, watcher: Watcher | None = None
) -> Frozen:
    """Freeze the clips below `footage` that the files in `labels` rate; signals and labels only.

    A clip or label file that cannot be used is named in `failed`, and the others go on; what was frozen
    of it before stays. Raises UsageError where a folder is missing or holds no label file.
    """
    for place in (footage, labels):
        if not place.is_dir():
            raise UsageError("is no folder", subject=str(place), remedy="check the path")
    catalogue = _catalogue()
    told, failed, others = _labels(labels)
    if not told and not failed:
        raise UsageError("holds no label file", subject=str(labels), remedy="see qa_golden/README.md")
    splits = deal(folder, Kind.REAL, list(told))
    made: list[Golden] = []
    for name, label in told.items():
        with watched(watcher, label.clip, failed):
            made.append(_real(name, label, footage, catalogue, (splits[name], formula)))
    keep.keep(folder, made)
    rated = {(footage / label.clip).resolve() for label in told.values()}
    found = sources.expand([str(footage)]).found
    unrated = [one for one in found if Path(one.locator).resolve() not in rated]
    return Frozen(tuple(one.item.id for one in made), failed, len(unrated) + others)


def deal(folder: Path, kind: Kind, ids: Iterable[str]) -> dict[str, Split]:
    """The split of each id.

    An item keeps the split that it was frozen with, and that of the same clip by the ratings of people, so
    that what was tuned on never turns into holdout; of new ones those with the smallest SHA-256 are held out,
    until a third is.
    """
    items = [entry.item for entry in keep.entries_of(folder) if entry.item.kind is kind]
    people = {item.id.removesuffix(BLIND): item.split for item in items if item.id.endswith(BLIND)}
    return share_out(people | {item.id: item.split for item in items}, ids)


def share_out(known: Mapping[str, Split], ids: Iterable[str]) -> dict[str, Split]:
    """`deal`, where the splits that items have already are `known`."""
    ids = list(ids)
    splits = {name: known[name] for name in ids if name in known}
    fresh = sorted(set(ids) - set(splits), key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    wanted = round((len(splits) + len(fresh)) / HELD)
    missing = max(0, wanted - sum(split is Split.HOLDOUT for split in splits.values()))
    splits |= dict.fromkeys(fresh[:missing], Split.HOLDOUT)
    return splits | dict.fromkeys(fresh[missing:], Split.TUNE)


@contextmanager
def watched(watcher: Watcher | None, name: str, failed: dict[str, str]) -> Iterator[None]:
    """Tell the watcher of one item. What is wrong with its media or labels is noted, and ends it alone."""
    watching, step = watcher or Nobody(), Step("freeze", name)
    watching.begin(step)
    try:
        yield
    except (DefinitionError, EngineUnavailable):
        watching.end(step, "failed")
        raise
    except (MediaError, SourceError, UsageError) as error:
        failed[name] = str(error)
        watching.end(step, "failed", str(error))
    else:
        watching.end(step, "done")


def _drawn(path: Path, split: Split, formula: str) -> Golden:
    plan = recipe.load(path)
    facts = tomllib.loads(path.read_text("utf-8")).get("golden", {})
    missing = {"locale", "genre", "brief"} - set(facts)
    if missing:
        raise DefinitionError(
            f"has no {', '.join(sorted(missing))} under [golden]", subject=str(path), remedy="add them"
        )
    truth = truths.by_construction(plan, facts["brief"])
    with tempfile.TemporaryDirectory(prefix="editron-golden-") as aside:
        clip = draw(plan, Path(aside))
        if clip.spoken:
            raise EngineUnavailable(clip.spoken, subject=plan.name, remedy="install the extra `voice`")
        _, evidence = observed(_named(clip.video), WordEye(plan))
    item = Item(
        id=path.stem,
        kind=Kind.DRAWN,
        locale=facts["locale"],
        genre=facts["genre"],
        split=split,
        checksum=hashlib.sha256(path.read_bytes()).hexdigest(),
        raters=Raters.CONSTRUCTION,
        rater_count=1,
        footage=f"{path.stem}.mp4",
        formula=formula,
    )
    return golden.checked(Golden(item, evidence, truth))


def _real(
    name: str,
    label: truths.Labels,
    footage: Path,
    catalogue: Mapping[str, Any],
    facts: tuple[Split, str],
) -> Golden:
    clip = footage / label.clip
    if not clip.is_file():
        raise MediaError("is not there", subject=label.clip, remedy=f"put it into {footage}")
    sha256, evidence = observed(_named(clip), LayoutEye(EMBEDDED))
    item = Item(
        id=name,
        kind=Kind.REAL,
        locale=label.locale or catalogue["locales"].get(name, "und"),
        genre=label.genre,
        split=facts[0],
        checksum=sha256,
        raters=Raters(catalogue["raters"]),
        rater_count=len(label.truth.ratings),
        footage=clip.name,
        formula=facts[1],
    )
    return golden.checked(Golden(item, evidence, label.truth))


def observed(found: Found, eye: Eye) -> tuple[str, Evidence]:
    """The SHA-256 of a file and its evidence, by way of the rooms that the lane sends it through."""
    with tempfile.TemporaryDirectory(prefix="editron-freeze-") as folder:
        staging, out = Path(folder) / "in", Path(folder) / "out"
        staging.mkdir()
        out.mkdir()
        arrival = local.take(found, staging)
        speech = SpeechOptions(NO_MODEL, "cpu", staging, _transcript(arrival), found.language)
        options = AnalyzeOptions(speech=speech, eye=eye)
        evidence = observe(arrival.path, examine(arrival), out, options)
    return arrival.sha256, replace(evidence, engines=tuple(_plain(use) for use in evidence.engines))


def _named(clip: Path) -> Found:
    """A clip as it is found, with the transcript beside it."""
    (found,) = sources.expand([str(clip)]).found
    return found


def _transcript(arrival: Arrival) -> Path | None:
    """The transcript under a name that holds no checksum: it is named in the evidence."""
    if arrival.transcript is None:
        return None
    return arrival.transcript.rename(arrival.path.with_name(f"transcript{arrival.transcript.suffix}"))


def _plain(use: EngineUse) -> EngineUse:
    """The engine without this machine's paths, which the search for weights names."""
    absent = use.fallback is not None and NO_MODEL in use.fallback
    return replace(use, fallback=EMBEDDED) if absent else use


def _labels(folder: Path) -> tuple[dict[str, truths.Labels], dict[str, str], int]:
    """The labels by id (the file's stem), why others cannot be used, and how many files are no labels."""
    told: dict[str, truths.Labels] = {}
    failed: dict[str, str] = {}
    others = 0
    for path in sorted(folder.glob("*.json")):
        try:
            data = json.loads(path.read_text("utf-8"))
            if not isinstance(data, dict) or "clip" not in data:
                others += 1
                continue
            told[path.stem] = truths.of_labels(data)
        except ValueError as error:
            failed[path.name] = f"{path.name}: is not JSON: {error}"
        except UsageError as error:
            failed[path.name] = str(UsageError(error.message, subject=path.name, remedy=error.remedy))
    return told, failed, others


def _catalogue() -> dict[str, Any]:
    data = tomllib.loads(CATALOGUE.read_text("utf-8"))
    labels: dict[str, Any] = data["labels"]
    return labels


def _gone(folder: Path, kind: Kind, present: set[str]) -> set[str]:
    here = {entry.item.id for entry in keep.entries_of(folder) if entry.item.kind is kind}
    return here - present
