"""Every error Editron raises on purpose.

    EditronError
    ├── UsageError            the caller asked for something that cannot be (bad option, unknown name)
    │   ├── DefinitionError   a profile, blueprint, brand kit or recipe that does not hold together
    │   └── TooLarge          more bytes than are taken
    ├── SourceError           a source that cannot be reached or read (missing path, refused URL)
    ├── MediaError            one media file that cannot be used; the batch goes on
    ├── EngineUnavailable     weights or a library that an engine needs are not here
    │   ├── Unreachable       ... because the server that has them does not answer
    │   └── OutOfMemory       ... because the GPU's memory is full, even with smaller batches
    ├── ProcessFailed         a child process ended badly
    │   └── ProcessTimedOut   ... because it ran past its wall clock
    ├── SecretError           a reference to a secret that cannot be resolved
    ├── Interrupted           the program is being stopped, and its child processes with it
    ├── Held                  an operator paused or cancelled the work
    │   └── Withdrawn         ... or people want the cut no more, as it was to be rendered
    ├── StoreError            the database or the blob store refused
    │   ├── NotFound          no such row or blob
    │   ├── DiskFull          what arrives does not fit on the disk
    │   ├── Tampered          what is recorded was changed outside of Editron
    │   ├── Busy              somebody else holds the lease
    │   ├── Conflict          what is recorded already rules it out
    │   ├── Stale             it was changed since the caller looked at it
    │   └── LeaseLost         the fence moved on: somebody else took the work over
    └── CheckFailed           an output was made, measured and found wanting

Each error says in one line what is wrong with what, and carries the remedy. None holds a secret that this
process knows. All of them survive pickling, because they cross process borders. Vendor errors are translated
at the door they come through and never leak past it.
"""

from __future__ import annotations

import signal

from editron_core.redact import redact


class EditronError(Exception):
    """Base of all errors above. `str(error)` is one line fit for an operator."""

    def __init__(self, message: str, *, subject: str = "", remedy: str = "") -> None:
        message = redact(message)
        super().__init__(message)
        self.message = message
        """What is wrong, in one line, without a full stop."""
        self.subject = redact(subject)
        """The file, setting or name that it is about; empty when there is none."""
        self.remedy = redact(remedy)
        """What to do about it; empty when nothing helps."""

    def __str__(self) -> str:
        head = f"{self.subject}: {self.message}" if self.subject else self.message
        return f"{head} ({self.remedy})" if self.remedy else head

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.__dict__.copy())


def _rebuild(cls: type[EditronError], state: dict[str, object]) -> EditronError:
    error = cls.__new__(cls)
    Exception.__init__(error, state.get("message", ""))
    error.__dict__.update(state)
    return error


class UsageError(EditronError):
    """The caller asked for something that cannot be."""


class DefinitionError(UsageError):
    """A profile, blueprint, brand kit or recipe does not hold together."""


class TooLarge(UsageError):
    """There are more bytes than are taken."""


class SourceError(EditronError):
    """A source cannot be reached or read."""


class MediaError(EditronError):
    """One media file cannot be used. The rest of its batch goes on."""


class EngineUnavailable(EditronError):
    """An engine's weights or library are not here."""


class Unreachable(EngineUnavailable):
    """An engine's weights are not here, and the server that has them does not answer."""


class OutOfMemory(EngineUnavailable):
    """An engine does not fit into the GPU's memory, even with a smaller batch."""


class ProcessFailed(EditronError):
    """A child process ended with an exit code other than 0."""

    def __init__(self, program: str, code: int, tail: str, *, remedy: str = "", limit: str = "") -> None:
        last = tail.strip().splitlines()[-1] if tail.strip() else "it printed nothing"
        why = f"was ended by its limit of {limit}" if limit else f"ended with code {code}"
        super().__init__(f"{why}: {last}", subject=program, remedy=remedy)
        self.code = code
        """Exit code; negative is the signal that ended it."""
        self.tail = redact(tail)
        """The last lines of its standard error."""
        self.limit = limit
        """The limit of ours that ended it, in words; empty where it was none."""

    @property
    def killed(self) -> bool:
        """Whether somebody outside ended it, a person or a full machine: what it read is not at fault."""
        return self.code in (-signal.SIGKILL, -signal.SIGTERM) and not self.limit


class ProcessTimedOut(ProcessFailed):
    """A child process ran past its wall clock and was killed with its group."""

    def __init__(self, program: str, wall_s: float, tail: str) -> None:
        super().__init__(program, -9, tail)
        self.message = f"was stopped after {wall_s:g} s"

    @property
    def killed(self) -> bool:
        """Never: our own clock ended it."""
        return False


class SecretError(EditronError):
    """A reference to a secret cannot be resolved."""


class Interrupted(EditronError):
    """The program is being stopped, and its child processes with it."""


class Held(EditronError):
    """An operator paused or cancelled the batch, file or render job that was to be worked on."""


class Withdrawn(Held):
    """People want a cut no more as it was to be rendered: it was rejected, changed, or is not signed."""


class StoreError(EditronError):
    """The database or the blob store refused."""


class NotFound(StoreError):
    """There is no such row or blob."""


class DiskFull(StoreError):
    """What arrives does not fit on the disk: trying again helps only once somebody has made room."""


class Tampered(StoreError):
    """What is recorded was changed outside of Editron: trying again does not help."""


class Busy(StoreError):
    """Somebody else holds the lease."""


class Conflict(StoreError):
    """What is recorded already rules it out: trying the same again does not help."""


class Stale(StoreError):
    """It was changed since the caller looked at it."""


class LeaseLost(StoreError):
    """The fence moved on: somebody else has taken the work over, and ours must not be published."""


class CheckFailed(EditronError):
    """An output was made, measured and found wanting."""
