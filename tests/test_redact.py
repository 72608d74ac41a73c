"""Secrets show themselves to nobody, and every text that leaves us is clean of those we know."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import dataclass
from typing import Any

import pytest

from editron_core.config import Settings
from editron_core.errors import EditronError, ProcessFailed, ProcessTimedOut
from editron_core.redact import HIDDEN, Secret, holds, know, know_url, redact

VALUE = "cor+rect ho/rse%"


@dataclass
class Holder:
    secret: Secret


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{!r:>40}".format, "%s".__mod__, Holder])
def test_a_secret_shows_itself_to_nobody(show: Any) -> None:
    assert VALUE not in str(show(Secret(VALUE, "env:NAME")))


def test_a_secret_shows_where_it_came_from() -> None:
    assert str(Secret(VALUE, "env:NAME")) == "Secret(env:NAME)"
    assert Secret(VALUE).reveal() == VALUE


@pytest.mark.parametrize(
    "send", [pickle.dumps, json.dumps, copy.copy, copy.deepcopy, lambda secret: pickle.dumps([secret], 0)]
)
def test_a_secret_is_neither_pickled_nor_serialised(send: Any) -> None:
    with pytest.raises(TypeError) as caught:
        send(Secret(VALUE))
    assert VALUE not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f"password is {VALUE}!",
        "https://host/?key=cor%2Brect%20ho%2Frse%25",
        "https://host/cor%2Brect%20ho/rse%25/",
        "form key=cor%2Brect+ho%2Frse%25",
        json.dumps({"key": VALUE}),
        repr(VALUE.encode()),
    ],
)
def test_a_known_secret_is_taken_out_in_every_form_it_is_quoted_in(text: str) -> None:
    Secret(VALUE)
    clean = redact(text)
    assert HIDDEN in clean
    assert "rect" not in clean


def test_quotes_and_lines_of_a_secret_do_not_hide_it_from_us() -> None:
    Secret('a"quoted\\one')
    Secret("first line\nsecond line")
    assert "quoted" not in redact(json.dumps(['a"quoted\\one']) + repr('a"quoted\\one'))
    assert "line" not in redact("only the second line, and the first line")


def test_the_longer_of_two_secrets_leaves_no_rest() -> None:
    know("abcd")
    know("abcd-efgh")
    assert redact("abcd-efgh abcd") == f"{HIDDEN} {HIDDEN}"


def test_what_is_too_short_to_be_looked_for_leaves_texts_alone() -> None:
    assert redact(f"banana {Secret('a')}") == "banana Secret([hidden])"


@pytest.mark.parametrize(
    ("url", "password"),
    [
        ("postgresql://user:secret@host/db", "secret"),
        ("postgresql://user:sec%2Fret%40@host/db", "sec/ret@"),
        ("postgresql://user:sec%2Fret%40@host/db", "sec%2Fret%40"),
        ("postgresql://user:sec/ret@host/db", "sec/ret"),
        ("postgresql://user:p@ssword@host/db", "p@ssword"),
        ("user:secret@host", "secret"),
        ("postgresql://host/db?user=me&password=secret", "secret"),
        ("postgresql://host/db?sslpassword=secret&sslmode=require", "secret"),
    ],
)
def test_the_password_of_a_database_is_known(url: str, password: str) -> None:
    know_url(url)
    assert holds(f"it is {password}.")
    assert password not in redact(url)


def test_a_password_that_is_public_anyway_spoils_no_text() -> None:
    know_url("postgresql://editron:editron@host/editron")
    assert redact("editron housekeeping") == "editron housekeeping"
    assert redact("postgresql://editron:editron@host/editron") == "postgresql://editron:[hidden]@host/editron"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("at redis://me:unknown@host:6379/0 now", f"at redis://me:{HIDDEN}@host:6379/0 now"),
        ("redis://:unknown@host", f"redis://:{HIDDEN}@host"),
        ("http://host:8080/clip@2x.mp4", "http://host:8080/clip@2x.mp4"),
        ("https://user@host/a:b", "https://user@host/a:b"),
    ],
)
def test_the_password_of_any_url_is_hidden_and_nothing_else_of_it(text: str, clean: str) -> None:
    assert redact(text) == clean


def test_settings_show_no_password_and_make_it_known() -> None:
    here = Settings(database_url="postgresql://user:hunter2@host/db")
    assert "hunter2" not in f"{here} {here!r}"
    assert holds("hunter2")


def test_no_error_holds_a_known_secret_even_pickled() -> None:
    Secret("hunter2")
    errors = [
        EditronError("no hunter2", subject="at hunter2", remedy="not hunter2"),
        ProcessFailed("psql", 1, "first hunter2\nlast hunter2", remedy="hunter2"),
        ProcessTimedOut("psql", 3.0, "hunter2"),
    ]
    for error in errors:
        again = pickle.loads(pickle.dumps(error))
        assert b"hunter2" not in pickle.dumps(error)
        assert "hunter2" not in f"{error} {error!r} {again} {again.__dict__} {again.args}"
