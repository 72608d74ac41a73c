"""What may pass is tried three times, ever more slowly; what will not get better is tried once."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator

import pytest
import stamina

from editron_core import retry
from editron_core.errors import (
    Busy,
    EditronError,
    EngineUnavailable,
    Held,
    Interrupted,
    LeaseLost,
    MediaError,
    NotFound,
    OutOfMemory,
    ProcessFailed,
    ProcessTimedOut,
    SourceError,
    StoreError,
    Tampered,
    Unreachable,
    UsageError,
)


@pytest.fixture
def waits() -> Iterator[list[float]]:
    """The delays that would have been waited for; nobody waits."""
    seen: list[float] = []
    stamina.instrumentation.set_on_retry_hooks([lambda details: seen.append(details.wait_for)])
    with stamina.set_testing(True, attempts=3, cap=True):
        yield seen
    stamina.instrumentation.set_on_retry_hooks(None)


def failing(*errors: Exception) -> Callable[[], str]:
    """Work that ends with each of these errors in turn, and well after them."""
    left = list(errors)

    def work() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return work


@pytest.mark.parametrize(
    "error",
    [
        StoreError("the disk refused"),
        ProcessTimedOut("ffmpeg", 30.0, ""),
        ProcessFailed("ffmpeg", -24, "", limit="60 s of processor time"),
        ProcessFailed("ffmpeg", -9, ""),
        ProcessFailed("ffmpeg", 1, "av_interleaved_write_frame(): No space left on device"),
        OSError(errno.ENOSPC, "No space left on device"),
        Unreachable("the hub does not answer"),
        OutOfMemory("16 frames do not fit"),
    ],
    ids=repr,
)
def test_what_may_pass(error: Exception) -> None:
    assert retry.passing(error)


@pytest.mark.parametrize(
    "error",
    [
        MediaError("is broken"),
        SourceError("is not there"),
        UsageError("cannot be"),
        EngineUnavailable("is not installed"),
        ProcessFailed("ffmpeg", 1, "Invalid data"),
        NotFound("is no batch"),
        Tampered("was changed"),
        Busy("is being worked on"),
        LeaseLost("was taken over"),
        Held("is paused"),
        Interrupted("is being stopped"),
        OSError(errno.ENOENT, "No such file"),
        ValueError("a mistake of ours"),
    ],
    ids=repr,
)
def test_what_will_not_get_better(error: Exception) -> None:
    assert not retry.passing(error)


def test_work_that_goes_well_at_the_third_attempt_went_well(waits: list[float]) -> None:
    told: list[object] = []
    work = failing(StoreError("locked"), StoreError("locked"))
    assert retry.persist(work, lambda *what: told.append(what)) == "done"
    assert told == []
    assert len(waits) == 2


def test_work_is_given_up_after_three_attempts(waits: list[float]) -> None:
    told: list[tuple[Exception, int]] = []
    last = StoreError("still locked")
    work = failing(StoreError("locked"), StoreError("locked"), last, StoreError("never tried"))
    with pytest.raises(StoreError, match="still locked"):
        retry.persist(work, lambda error, count: told.append((error, count)))
    assert told == [(last, 3)]


def test_poison_is_given_up_at_once(waits: list[float]) -> None:
    told: list[tuple[Exception, int]] = []
    error = MediaError("is broken")
    with pytest.raises(MediaError):
        retry.persist(failing(error), lambda error, count: told.append((error, count)))
    assert told == [(error, 1)]
    assert waits == []


def test_delays_double(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []
    stamina.instrumentation.set_on_retry_hooks([lambda details: seen.append(details.wait_for)])
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda seconds: None)
    try:
        retry.persist(failing(StoreError("locked"), StoreError("locked")), lambda *what: None)
    finally:
        stamina.instrumentation.set_on_retry_hooks(None)
    first, second = seen
    assert retry.FIRST_WAIT_S <= first <= retry.FIRST_WAIT_S + 1
    assert 2 * retry.FIRST_WAIT_S <= second <= 2 * retry.FIRST_WAIT_S + 1


def test_the_log_tail_is_what_the_child_said_last() -> None:
    child = ProcessFailed("ffmpeg", 1, "\n".join(f"line {n}" for n in range(60)))
    try:
        try:
            raise child
        except ProcessFailed as error:
            raise MediaError("cannot be decoded") from error
    except EditronError as error:
        lines = retry.log_tail(error).splitlines()
    assert lines == [f"line {n}" for n in range(40, 60)]


def test_without_a_child_the_log_tail_says_where_it_happened() -> None:
    with pytest.raises(StoreError) as caught:
        failing(StoreError("locked"))()
    lines = retry.log_tail(caught.value)
    assert "in work" in lines
    assert "locked" in lines.splitlines()[-1]
