"""How long work tells whoever watches how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

Ending = Literal["done", "kept", "failed"]
"""`kept`: the ledger held the result already, so nothing was run."""


@dataclass(frozen=True, slots=True)
class Step:
    """One stage on one file or timeline."""

    stage: str
    label: str
    seconds: float | None = None
    """Seconds of media that it covers, for a speed as a multiple of real time."""
    batch: str = ""
    """Id of the batch that it works for; this and the next are empty where there is none."""
    file: str = ""
    """Id of the media file."""
    session: str = ""
    """Id of the edit session."""
    job: str = ""
    """Id of the render job."""
    bytes: int | None = None
    """Bytes that it brings here, for a speed in MB/s."""


class Watcher(Protocol):
    """Somebody who watches a run."""

    def begin(self, step: Step) -> Callable[[float], None]:
        """A step begins; the returned function is told how much of it is done, 0..1."""
        ...

    def end(self, step: Step, ending: Ending, detail: str = "") -> None:
        """A step ended."""
        ...


class Nobody:
    """The watcher of a run that nobody watches."""

    def begin(self, step: Step) -> Callable[[float], None]:
        """Ignores the step."""
        return lambda fraction: None

    def end(self, step: Step, ending: Ending, detail: str = "") -> None:
        """Ignores the ending."""
