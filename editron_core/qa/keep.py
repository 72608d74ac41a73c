"""Golden items on their way to the disk: the same items give the same bytes."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from editron_core.domain import codec
from editron_core.domain.evidence import FOCUS, Evidence
from editron_core.qa.golden import MANIFEST, Entry, Golden, Kind, Raters

NOTES = {
    Kind.DRAWN.value: "Made by recipes: they test wiring, not taste.",
    Kind.REAL.value: "Signals and labels only.",
    Raters.CONSTRUCTION.value: "Nobody rated: the recipe knows where the payoff is.",
    Raters.AUTOMATED.value: "One vision-language model under five briefs: one taste, not five people.",
    Raters.PEOPLE.value: "People, by number. Split review: what follows from their decisions about cuts.",
}
"""What stands in the manifest about each kind of items and of raters."""


def keep(folder: Path, found: Iterable[Golden], *, forget: Iterable[str] = ()) -> tuple[Entry, ...]:
    """Write the items into `folder` and take out those to `forget`; all others stay as they are.

    Of real items only signals and ratings are written: focus, embeddings and words are left out.
    Returns all entries of the manifest, by id.
    """
    entries = {entry.item.id: entry for entry in entries_of(folder)}
    for golden in found:
        entries[golden.item.id] = _keep(folder, golden)
    gone = [entries.pop(name) for name in forget if name in entries]
    ordered = tuple(entries[name] for name in sorted(entries))
    items = [codec.dump(entry) for entry in ordered]
    write_json(folder / MANIFEST, {"notes": NOTES, "items": items})
    for entry in gone:
        (folder / "truth" / f"{entry.item.id}.json").unlink(missing_ok=True)
        shutil.rmtree(folder / "evidence" / entry.item.id, ignore_errors=True)
    return ordered


def entries_of(folder: Path) -> tuple[Entry, ...]:
    """The entries of a manifest, nothing verified; none where there is no manifest."""
    path = folder / MANIFEST
    if not path.exists():
        return ()
    return tuple(codec.load(Entry, entry) for entry in json.loads(path.read_text("utf-8"))["items"])


def write_json(path: Path, data: Any) -> None:
    """`data` as indented JSON with a newline at its end, replaced in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    aside.write_bytes(as_json(data))
    aside.replace(path)


def as_json(data: Any) -> bytes:
    """`data` as indented JSON with a newline at its end."""
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode()


def bare(evidence: Evidence) -> Evidence:
    """The evidence of a real clip as it may be kept: its signals, and no picture nor word of it."""
    import polars as pl

    # The columns stay, empty: every evidence has the same schema.
    empty = [pl.lit(None, evidence.table.schema[name]).alias(name) for name in (*FOCUS, "focus_kind")]
    empty.append(pl.lit(None, evidence.table.schema["embedding"]).alias("embedding"))
    return replace(evidence, table=evidence.table.with_columns(empty), transcript=None)


def _keep(folder: Path, golden: Golden) -> Entry:
    name = golden.item.id
    evidence = bare(golden.evidence) if golden.item.kind is Kind.REAL else golden.evidence
    place = folder / "evidence" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".freeze-", dir=place.parent) as aside:
        part = Path(aside) / name
        part.mkdir()
        evidence.save(part)
        if place.exists():
            shutil.rmtree(place)
        part.replace(place)
    truth = folder / "truth" / f"{name}.json"
    write_json(truth, codec.dump(golden.truth))
    paths = sorted([truth, *place.iterdir()])
    files = {path.relative_to(folder).as_posix(): _sha256(path) for path in paths}
    return Entry(golden.item, files)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
