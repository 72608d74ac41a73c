"""Bodies, through a real server's socket: what is malformed, mistyped or too large is turned down in time."""

from __future__ import annotations

import json
import re
import socket
import time

import pytest

from editron_core.api import strict
from editron_core.api.problem import Refused
from editron_core.api.shapes import LINE
from editron_core.domain.access import Role
from tests.api.conftest import Served

PATH = "/api/projects"
JSON = {"Content-Type": "application/json"}
MALFORMED = [
    b"{",
    b'{"name": }',
    b"",
    b"name=x",
    b'{"name": NaN}',
    b'{"name": Infinity}',
    b'{"name": -Infinity}',
    b'{"name": 1e999}',
    b'{"name": "\\ud800"}',
    b'{"name": "\\udc00\\ud800"}',
    b'{"\\udfff": 1}',
    b'{"name": "a", "name": "b"}',
    b'{"name": {"x": 1, "x": 2}}',
    b'{"name": ' + b"[" * 70 + b"]" * 70 + b"}",
    b'{"name": ' + b'{"a":' * 70 + b"1" + b"}" * 70 + b"}",
    b'{"name": ' + b"[" * 200_000 + b"}",
    b'{"name": ' + b"9" * 5000 + b"}",
    b'{"name": "\xff"}',
    b"\xef\xbb\xbf{}",
    '{"name": "x"}'.encode("utf-16"),
    b'{"name": "a\nb"}',
]
FINE = [
    b'{"name": "x"}',
    b' {"name": "\\ud83c\\udfac"} ',
    '{"name": "Ünïcödé 🎬"}'.encode(),
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_json_is_400(served: Served, body: bytes) -> None:
    with served.client() as client:
        answer = client.post(PATH, content=body, headers=JSON)
        assert answer.status_code in ((400, 422) if not body else (400,))
        assert answer.headers["content-type"] == "application/problem+json"
        assert client.get(PATH).json()["items"] == []


@pytest.mark.parametrize("body", FINE, ids=range(len(FINE)))
def test_whatever_json_may_hold_is_taken(served: Served, body: bytes) -> None:
    with served.client() as client:
        answer = client.post(PATH, content=body, headers=JSON)
        assert answer.status_code == 201
        assert answer.json()["name"] == json.loads(body)["name"]


def test_depth_is_counted_in_objects_and_lists_alike() -> None:
    strict.parse(b"[" * 64 + b"]" * 64)
    for body in (b"[" * 65 + b"]" * 65, b'{"a":' * 65 + b"[]" + b"}" * 65):
        with pytest.raises(Refused, match="deeper"):
            strict.parse(body)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/jsonp", "multipart/form-data; boundary=x", None]
)
def test_another_media_type_is_415(served: Served, kind: str | None) -> None:
    with served.client() as client:
        headers = {"Content-Type": kind} if kind else {}
        assert client.post(PATH, content=b'{"name": "x"}', headers=headers).status_code == 415


def test_what_does_not_fit_the_schema_is_422_and_says_where(served: Served) -> None:
    with served.client() as client:
        for body in ({}, {"name": ""}, {"name": 3}, {"name": "x", "more": 1}, {"name": "x" * 201}, []):
            answer = client.post(PATH, json=body)
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["where"].startswith("body")


def test_too_long_a_body_is_413_before_any_of_it_is_read(served: Served) -> None:
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "Content-Length: 60000000000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        began = time.monotonic()
        connection.sendall(head.encode())  # and not a byte of the body
        answer = connection.recv(65536).decode()
        took = time.monotonic() - began
        connection.settimeout(5)
        while connection.recv(65536):  # the server closes: what was promised cannot follow
            pass
    assert answer.startswith("HTTP/1.1 413 ")
    assert "connection: close" in answer.lower()
    assert took < 0.5


def test_a_chunked_body_is_cut_at_the_limit(served: Served) -> None:
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        connection.sendall(head.encode())
        try:
            for _ in range(640):  # 40 MiB
                connection.sendall(chunk)
                sent += 65536
        except (ConnectionResetError, BrokenPipeError):
            pass
        answer = connection.recv(65536).decode() if sent == 640 * 65536 else "HTTP/1.1 413 "
    assert answer.startswith("HTTP/1.1 413 ")


def test_a_body_where_none_is_asked_for_is_bounded_too(served: Served) -> None:
    with served.client() as client:
        assert client.post("/logout", content=b"x" * 1000).status_code == 303
        assert client.post("/logout", content=b"x" * (1 << 20)).status_code == 413


def test_who_may_not_call_is_told_so_before_the_body_is_read(served: Served, keys: dict[Role, str]) -> None:
    with served.client() as anonymous, served.client(keys[Role.VIEWER]) as viewer:
        for client, status in ((anonymous, 401), (viewer, 403)):
            assert client.post(PATH, content=b"{broken", headers=JSON).status_code == status


def test_a_content_length_that_is_no_number_is_400(served: Served) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    for length in ("-1", "1e3", "0x10", "+5"):
        with socket.create_connection(("127.0.0.1", served.port)) as connection:
            connection.sendall(f"{head}Content-Length: {length}\r\n\r\n".encode())
            assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")


def test_a_client_that_goes_away_leaves_the_server_well(served: Served) -> None:
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "Content-Length: 1000\r\n\r\n{"
    )
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", served.port)) as connection:
            connection.sendall(head.encode())
    with served.client() as client:
        assert client.get("/healthz").json()["status"] == "ok"


@pytest.mark.parametrize("line", [" ", "\u2003", "\x85", "", "a\nb"])
def test_a_line_in_which_nothing_is_to_be_seen_is_described_as_refused(line: str) -> None:
    assert not re.search(LINE, line)
    assert re.search(LINE, " a name ")
