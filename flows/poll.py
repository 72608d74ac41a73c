"""Watched folders: what has arrived there and stands still becomes a batch.

Each folder right below a watched one is a batch, and each file in it that stands alone. What was seen is
kept in the home from pass to pass, so a file counts once two looks, far enough apart, saw the same.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from prefect import flow

from editron_core import log
from editron_core.config import DELIVERED, Settings, settings
from editron_core.domain import codec
from editron_core.errors import SourceError
from editron_core.ingest import kinds
from editron_core.lane import production
from editron_core.lane.monitor import Monitor
from flows import runs, server
from flows.trigger import trigger

Seen = dict[str, list[float]]
"""By path: size in bytes, time of change in ns, and since when (seconds since 1970) it has been so."""
_log = log.get(__name__)


@flow(name="poll_sources", on_failure=[runs.bury])
def poll_sources() -> list[str]:
    """Begin `produce` for everything that has arrived in the watched folders; returns these places.

    Dropbox sources are looked at, too: what is new there is begun by the dispatches that it leaves.
    """
    with runs.attended():
        with runs.open_lane() as lane:
            Monitor(lane.desk).once()
        return [str(place) for place in begin(settings(), time.time())]


def begin(here: Settings, now: float) -> list[Path]:
    """Trigger `produce` for each place that has stood still; the same unchanged place is the same run."""
    begun: list[Path] = []
    for place in arrived(here, now):
        try:
            key = codec.content_hash(["watch", str(place), production.fingerprint([str(place)])])
        except SourceError as error:  # no footage in it, or gone since we looked
            _log.info("passed_over", place=str(place), reason=str(error))
            continue
        trigger("produce", {"sources": [str(place)]}, key=key)
        begun.append(place)
    return begun


def arrived(here: Settings, now: float) -> list[Path]:
    """The places that have stood still for long enough; remembers what it saw for the next look."""
    record = server.folder(here) / "watched.json"
    before = _read(record)
    after: Seen = {}
    still: list[Path] = []
    for place in _places(here.watch):
        files = list(_files(place))
        looks = [_look(path, before, now) for path in files]
        after |= {str(path): look for path, look in zip(files, looks, strict=True)}
        if files and all(now - since >= here.watch_still_s for _, _, since in looks):
            still.append(place)
    aside = record.with_suffix(".part")
    aside.write_text(json.dumps(after), "utf-8")
    aside.replace(record)
    return still


def _look(path: Path, before: Seen, now: float) -> list[float]:
    facts = path.stat()
    seen = before.get(str(path))
    if seen is not None and seen[:2] == [facts.st_size, facts.st_mtime_ns]:
        return seen
    return [facts.st_size, facts.st_mtime_ns, now]


def _places(watched: Iterable[Path]) -> Iterator[Path]:
    for folder in watched:
        try:
            entries = sorted(folder.iterdir())
        except OSError as error:
            reason = error.strerror or str(error)
            raise SourceError(reason, subject=str(folder), remedy="check EDITRON_WATCH") from error
        yield from (entry.absolute() for entry in entries if _may_be_footage(entry))


def _may_be_footage(entry: Path) -> bool:
    """Whether an entry of a watched folder may hold footage, by its name; what lies beside it is no batch."""
    return not entry.name.startswith(".") and (entry.is_dir() or kinds.ending(entry.name) != "bin")


def _files(place: Path) -> Iterator[Path]:
    """The files of a place; none of a folder that we delivered into."""
    if place.is_file():
        yield place
    elif place.is_dir() and not (place / DELIVERED).exists():
        yield from (path for path in sorted(place.rglob("*")) if path.is_file())


def _read(record: Path) -> Seen:
    try:
        seen: Seen = json.loads(record.read_text("utf-8"))
    except (OSError, ValueError):  # the first look, or one that was cut short
        return {}
    return seen
