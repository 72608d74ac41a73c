"""What the analysis left of a file, looked up and never made: for those who show it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from editron_core.domain.batch import MediaFile
from editron_core.domain.evidence import MEASURED, Evidence
from editron_core.errors import NotFound
from editron_core.store import Store

REMEDY = "it is analysed when its batch is produced"


def folder(store: Store, file: MediaFile) -> Path:
    """Where the newest evidence of a file lies, with its proxy. Raises NotFound where there is none."""
    run = store.ledger.newest("analyze", (file.sha256,)) if file.sha256 else None
    if run is None or run.output is None or store.blobs.broken(run.output):
        raise NotFound("has no evidence yet", subject=file.name, remedy=REMEDY)
    return store.blobs.folder(run.output)


def evidence(store: Store, file: MediaFile) -> Evidence:
    """The newest evidence of a file. Raises NotFound where there is none."""
    return _loaded(folder(store, file))


def proxy(store: Store, file: MediaFile) -> Path:
    """The film that people play instead of the file. Raises NotFound where there is none."""
    path = folder(store, file) / "proxy.mp4"
    if not path.exists():
        raise NotFound("has no proxy: it holds no picture", subject=file.name)
    return path


def signals(found: Evidence, names: Sequence[str], points: int) -> dict[str, list[float | None]]:
    """Signals over time for a chart: `time_s` and each of `names`, at most `points` values of each.

    Where the table has more rows, each value is the mean of as many neighbours as it takes; a stretch
    that was not measured at all is null.
    """
    import polars as pl

    wanted = [name for name in names or MEASURED if name in found.table.columns]
    table = found.table.select("time_s", *wanted)
    size = -(-table.height // points) if points else 1
    if size > 1:
        group = (pl.int_range(pl.len()) // size).alias("group")
        mean = [pl.col(name).mean() for name in wanted]
        grouped = table.group_by(group, maintain_order=True).agg(pl.col("time_s").first(), *mean)
        table = grouped.select("time_s", *wanted)
    return {
        name: [None if value is None else round(float(value), 4) for value in table[name].to_list()]
        for name in table.columns
    }


@lru_cache(maxsize=16)
def _loaded(place: Path) -> Evidence:
    # Folders are named by what they hold: what was read once stays right.
    return Evidence.load(place)
