"""Log lines: JSON for machines, on stderr alone, with the ids that hold, and without any secret."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from editron_core import log
from editron_core.redact import Secret


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    factory, hook = logging.getLogRecordFactory(), sys.excepthook
    yield
    logging.setLogRecordFactory(factory)
    sys.excepthook = hook
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    out, err = capsys.readouterr()
    assert out == ""
    return [json.loads(line) for line in err.splitlines()]


def test_a_line_is_one_json_document_on_stderr_with_the_ids_that_hold(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.configure("info", "json")
    with structlog.contextvars.bound_contextvars(batch="b1"):
        log.get("a.module").info("stage_began", stage="analyze", path=Path("/film"), size=(1, 2), share=0.5)
    log.get("a.module").debug("not_shown")
    (line,) = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "stage_began",
        "level": "info",
        "module": "a.module",
        "batch": "b1",
        "stage": "analyze",
        "path": "/film",
        "size": [1, 2],
        "share": 0.5,
    }


def test_people_read_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "console")
    log.get("a.module").info("stage_began", stage="analyze")
    _, err = capsys.readouterr()
    assert "stage_began" in err
    assert not err.startswith("{")


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_reaches_a_line_wherever_it_hides(
    capsys: pytest.CaptureFixture[str], form: log.Format
) -> None:
    secret = Secret('hunter"2', "env:NAME")
    number = Secret("12345678")
    log.configure("info", form)
    logger = log.get("a.module")
    logger.info(secret.reveal(), key=secret.reveal(), shown=secret)
    logger.info("nested", facts={"a": [{secret.reveal(): (secret.reveal(), int(number.reveal()))}]})
    logger.info("other", error=ValueError(secret.reveal()), raw=secret.reveal().encode())
    with structlog.contextvars.bound_contextvars(bound=secret.reveal()):
        try:
            raise ValueError(secret.reveal())
        except ValueError:
            logger.exception("went_wrong")
    _, err = capsys.readouterr()
    assert "went_wrong" in err
    assert "hunter" not in err
    assert "12345678" not in err


def test_what_libraries_log_is_clean_too(capsys: pytest.CaptureFixture[str]) -> None:
    Secret("hunter2")
    log.configure("info", "json")
    logger, handler = logging.getLogger("a.library"), logging.StreamHandler()
    logger.addHandler(handler)
    try:
        logger.warning("connecting with %s", "hunter2")
        logger.warning("%s of %d", "nothing to hide", 1)
        try:
            raise ValueError("hunter2")
        except ValueError:
            logger.warning("failed", exc_info=True)
    finally:
        logger.removeHandler(handler)
    _, err = capsys.readouterr()
    assert "nothing to hide of 1" in err
    assert "ValueError: [hidden]" in err
    assert "hunter2" not in err


def test_setting_up_twice_changes_nothing_more() -> None:
    log.configure("info", "json")
    factory = logging.getLogRecordFactory()
    log.configure("info", "json")
    assert logging.getLogRecordFactory() is factory


def test_the_traceback_of_an_uncaught_error_is_clean() -> None:
    program = (
        "from editron_core import log, redact; log.configure('info', 'json');"
        "raise ValueError(redact.Secret('hunt' + 'er2').reveal())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert "ValueError: [hidden]" in done.stderr
    assert "hunter2" not in done.stderr
