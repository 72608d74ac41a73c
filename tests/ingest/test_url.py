"""Downloads from a real server on this machine: whole, resumed, redirected, refused."""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import stamina
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from editron_core.config import Settings
from editron_core.errors import SourceError, StoreError
from editron_core.ingest import addresses, url

BODY = random.Random(7).randbytes(3_000_000)
DIGEST = hashlib.sha256(BODY).hexdigest()


@pytest.fixture(autouse=True)
def local_and_quick(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level("CRITICAL", logger="werkzeug")  # it reports the breaks that the tests make
    monkeypatch.setattr(url, "settings", lambda: Settings(allow_private_urls=True))
    with stamina.set_testing(True, attempts=url.ATTEMPTS):  # without waits
        yield


class Server:
    """A file server that keeps count and breaks off where it is told to."""

    def __init__(
        self, *, etag: str | None = '"one"', ranges: bool = True, cuts: list[int] | None = None
    ) -> None:
        self.etag = etag
        self.ranges = ranges
        self.cuts = cuts or []
        self.body = BODY
        self.asked: list[str | None] = []
        self.sent = 0

    def __call__(self, request: Request) -> Response:
        asked = request.headers.get("Range")
        self.asked.append(asked)
        first = 0
        if asked and self.ranges and request.headers.get("If-Range") == self.etag:
            first = int(asked.removeprefix("bytes=").rstrip("-"))
        if first >= len(self.body):
            return Response(status=416)
        status = 206 if first else 200
        cut = self.cuts.pop(0) if self.cuts else None
        response = Response(self._send(first, cut), status, direct_passthrough=True)
        response.headers["Content-Length"] = str(len(self.body) - first)
        if first:
            response.headers["Content-Range"] = f"bytes {first}-{len(self.body) - 1}/{len(self.body)}"
        if self.etag:
            response.headers["ETag"] = self.etag
        return response

    def _send(self, first: int, cut: int | None) -> Iterator[bytes]:
        end = len(self.body) if cut is None else min(len(self.body), first + cut)
        for at in range(first, end, 50_000):
            piece = self.body[at : min(end, at + 50_000)]
            self.sent += len(piece)
            yield piece
        if end < len(self.body):
            raise ConnectionAbortedError("cut on purpose")


def serve(httpserver: HTTPServer, server: Callable[[Request], Response], path: str = "/a/clip.MP4") -> str:
    httpserver.expect_request(path).respond_with_handler(server)
    return httpserver.url_for(path)


def test_streams_into_staging_under_our_own_name(httpserver: HTTPServer, tmp_path: Path) -> None:
    told: list[float] = []
    arrival = url.fetch(serve(httpserver, Server()) + "?token=x", tmp_path, told.append)
    assert arrival == url.Arrival("clip.MP4", tmp_path / f"{DIGEST}.mp4", DIGEST, len(BODY))
    assert arrival.path.read_bytes() == BODY
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert list(tmp_path.iterdir()) == [arrival.path]


def test_goes_on_where_broken_transfers_stopped(httpserver: HTTPServer, tmp_path: Path) -> None:
    server = Server(cuts=[500_000, 1, 700_000, 0])
    assert url.fetch(serve(httpserver, server), tmp_path).sha256 == DIGEST
    assert len(server.asked) == 5
    assert server.asked[0] is None
    assert all(asked for asked in server.asked[1:])
    assert server.sent == len(BODY), "no byte is sent twice"


def test_goes_on_in_the_next_run(httpserver: HTTPServer, tmp_path: Path) -> None:
    server = Server(cuts=[1_000_000])
    address = serve(httpserver, server)

    def interrupt(share: float) -> None:
        if share > 0.2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        url.fetch(address, tmp_path, interrupt)
    assert url.fetch(address, tmp_path).path.read_bytes() == BODY
    assert server.asked[-1] is not None
    assert len(list(tmp_path.iterdir())) == 1


def test_takes_up_a_download_that_was_whole_when_it_was_killed(
    httpserver: HTTPServer, tmp_path: Path
) -> None:
    server = Server()
    address = serve(httpserver, server)
    part = url._Part(address, tmp_path)
    part.learn(url._Known('"one"', len(BODY), "clip.mp4"))
    part.sink.write(BODY)
    part.sink.close()
    assert url.fetch(address, tmp_path).sha256 == DIGEST
    assert server.sent == 0


@pytest.mark.parametrize("how", ["file changed", "no ranges", "no validator"])
def test_starts_over_where_it_cannot_go_on(httpserver: HTTPServer, tmp_path: Path, how: str) -> None:
    server = Server(
        cuts=[500_000], ranges=how != "no ranges", etag=None if how == "no validator" else '"one"'
    )

    def handle(request: Request) -> Response:
        if how == "file changed" and server.asked:
            server.etag, server.body = '"two"', BODY[::-1]
        return server(request)

    arrival = url.fetch(serve(httpserver, handle), tmp_path)
    assert arrival.path.read_bytes() == server.body
    assert server.sent == 500_000 + len(BODY)


def test_a_server_that_goes_on_at_the_wrong_place_is_not_believed(
    httpserver: HTTPServer, tmp_path: Path
) -> None:
    server = Server(cuts=[500_000])

    def handle(request: Request) -> Response:
        response = server(request)
        if response.status_code == 206 and len(server.asked) == 2:
            response.headers["Content-Range"] = f"bytes 7-{len(BODY) - 1}/{len(BODY)}"
        return response

    assert url.fetch(serve(httpserver, handle), tmp_path).sha256 == DIGEST


def test_gives_up_where_nothing_comes_through(httpserver: HTTPServer, tmp_path: Path) -> None:
    server = Server(cuts=[0] * 50)
    with pytest.raises(SourceError, match=r"clip\.MP4: the connection fails: .*what has arrived is kept"):
        url.fetch(serve(httpserver, server), tmp_path)
    assert len(server.asked) == url.ATTEMPTS


def test_a_server_that_always_breaks_at_the_same_place_does_not_hold_us(
    httpserver: HTTPServer, tmp_path: Path
) -> None:
    server = Server(cuts=[2_000_000] * 50, ranges=False)
    with pytest.raises(SourceError, match="the connection fails"):
        url.fetch(serve(httpserver, server), tmp_path)
    assert len(server.asked) == url.ATTEMPTS + 1


def test_as_many_cuts_as_it_takes_while_it_moves_on(
    httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(url, "PROGRESS_BYTES", 100_000)
    server = Server(cuts=[100_000] * 29)
    assert url.fetch(serve(httpserver, server), tmp_path).sha256 == DIGEST
    assert len(server.asked) == 30
    assert server.sent == len(BODY)


@pytest.mark.parametrize("code", [429, 500, 503])
def test_tries_again_where_the_answer_may_change(httpserver: HTTPServer, tmp_path: Path, code: int) -> None:
    httpserver.expect_ordered_request("/x.mp4").respond_with_data(
        "busy", status=code, headers={"Retry-After": "0"}
    )
    httpserver.expect_ordered_request("/x.mp4").respond_with_handler(Server())
    assert url.fetch(httpserver.url_for("/x.mp4"), tmp_path).sha256 == DIGEST


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (404, "is not there (404)"),
        (410, "is not there (410)"),
        (401, "the server refuses it (401)"),
        (403, "the server refuses it (403)"),
        (418, "the server answers 418 I'M A TEAPOT"),
        (204, "the server answers 204 NO CONTENT"),
        (503, "the server answers 503 SERVICE UNAVAILABLE"),
    ],
)
def test_says_why_there_is_no_file(httpserver: HTTPServer, tmp_path: Path, code: int, reason: str) -> None:
    httpserver.expect_request("/x.mp4").respond_with_data("", status=code)
    with pytest.raises(SourceError) as caught:
        url.fetch(httpserver.url_for("/x.mp4") + "?token=secret", tmp_path)
    assert caught.value.message == reason
    assert caught.value.subject == httpserver.url_for("/x.mp4")
    assert not list(tmp_path.glob("*.json"))


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="our clip.mov"', "our clip.mov"),
        ("attachment; filename*=UTF-8''K%C3%B6ln.mkv", "Köln.mkv"),
        ('attachment; filename="../../etc/cron.d/x.mp4"', "x.mp4"),
        ('attachment; filename="C:\\\\evil\\\\y.mp4"', "y.mp4"),
        ("inline", "clip.MP4"),
    ],
)
def test_takes_the_name_that_the_server_gives(
    httpserver: HTTPServer, tmp_path: Path, header: str, name: str
) -> None:
    def handle(request: Request) -> Response:
        return Response(b"bytes", headers={"Content-Disposition": header})

    arrival = url.fetch(serve(httpserver, handle), tmp_path)
    assert arrival.name == name
    assert arrival.path.parent == tmp_path
    assert arrival.path.stem == hashlib.sha256(b"bytes").hexdigest()


def redirect(httpserver: HTTPServer, path: str, to: str) -> str:
    httpserver.expect_request(path).respond_with_data("", status=302, headers={"Location": to})
    return httpserver.url_for(path)


def test_follows_three_redirects_and_no_more(httpserver: HTTPServer, tmp_path: Path) -> None:
    serve(httpserver, Server(), "/clip.webm")
    redirect(httpserver, "/1", "/clip.webm")
    redirect(httpserver, "/2", httpserver.url_for("/1"))
    three, four = redirect(httpserver, "/3", "2"), redirect(httpserver, "/4", "/3")
    assert url.fetch(three, tmp_path).name == "clip.webm"
    with pytest.raises(SourceError, match="redirects more than 3 times"):
        url.fetch(four, tmp_path)


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://0177.0.0.1/"])
def test_refuses_redirects_to_elsewhere(httpserver: HTTPServer, tmp_path: Path, to: str) -> None:
    with pytest.raises(SourceError, match=r"is not an http or https address|Invalid URL in location"):
        url.fetch(redirect(httpserver, "/x", to), tmp_path)


def test_never_reaches_private_addresses_by_default(
    httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(url, "settings", Settings)
    server = Server()
    with pytest.raises(SourceError, match="which is not a public address"):
        url.fetch(serve(httpserver, server), tmp_path)
    assert server.asked == []


def test_checks_each_redirect_anew(
    httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(url, "settings", Settings)
    canary = Server()
    inner = serve(httpserver, canary)
    checked = addresses.is_public
    seen: list[object] = []

    def first_is_public(address: object) -> bool:
        seen.append(address)
        return len(seen) == 1 or checked(address)  # type: ignore[arg-type]

    monkeypatch.setattr(addresses, "is_public", first_is_public)
    with pytest.raises(SourceError, match="which is not a public address"):
        url.fetch(redirect(httpserver, "/public", inner), tmp_path)
    assert len(seen) == 2
    assert canary.asked == []


def test_a_name_is_looked_up_once_and_that_address_is_used(
    httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that changes its address between check and connection gains nothing."""
    server = Server()
    address = (
        serve(httpserver, server).replace("localhost", "media.example").replace("127.0.0.1", "media.example")
    )
    lookups: list[str] = []

    def resolve(host: str, port: object = None, *_: object, **__: object) -> list[object]:
        if host != "media.example":  # the connection itself, to the address that was found
            return [(2, 1, 6, "", (host, port))]
        lookups.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", 0))]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", resolve)
    assert url.fetch(address, tmp_path).sha256 == DIGEST
    assert lookups == ["media.example"]
    assert httpserver.log[0][0].headers["Host"].startswith("media.example:")


def test_sends_a_password_to_its_own_server_only(httpserver: HTTPServer, tmp_path: Path) -> None:
    other = httpserver.url_for("/clip.mp4")
    serve(httpserver, Server(), "/clip.mp4")
    first = redirect(httpserver, "/login", other).replace("://", "://user:pass@")
    url.fetch(first, tmp_path)
    sent = [request.headers.get("Authorization") for request, _ in httpserver.log]
    assert sent == ["Basic " + base64.b64encode(b"user:pass").decode(), None]


@pytest.mark.parametrize("honest", [True, False])
def test_breaks_off_what_is_too_large(
    httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, honest: bool
) -> None:
    monkeypatch.setattr(
        url, "settings", lambda: Settings(allow_private_urls=True, max_download_bytes=1_000_000)
    )
    server = Server()
    server.body = BODY * 10  # far more than sockets hold between server and client

    def handle(request: Request) -> Response:
        response = server(request)
        if not honest:
            del response.headers["Content-Length"]
        return response

    with pytest.raises(SourceError, match="EDITRON_MAX_DOWNLOAD_BYTES"):
        url.fetch(serve(httpserver, handle), tmp_path)
    assert server.sent < len(server.body) / 2
    assert list(tmp_path.iterdir()) == []


def test_asks_for_room_before_it_fills_the_disk(httpserver: HTTPServer, tmp_path: Path) -> None:
    def handle(request: Request) -> Response:
        return Response(iter([b"x"]), headers={"Content-Length": str(150 << 30)})

    free = url.shutil.disk_usage(tmp_path).free
    if free > 150 << 30:
        pytest.skip("this disk has room for it")
    with pytest.raises(StoreError, match="free some space"):
        url.fetch(serve(httpserver, handle), tmp_path)


def test_a_trickle_is_broken_off(
    httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(url, "STALL_S", 1e-9)
    monkeypatch.setattr(url, "SLOWEST", float("inf"))
    with pytest.raises(SourceError, match="the connection fails"):
        url.fetch(serve(httpserver, Server()), tmp_path)


def test_refuses_an_answer_that_is_packed(httpserver: HTTPServer, tmp_path: Path) -> None:
    def handle(request: Request) -> Response:
        return Response(b"x", headers={"Content-Encoding": "gzip"})

    with pytest.raises(SourceError, match="is sent compressed"):
        url.fetch(serve(httpserver, handle), tmp_path)


def test_says_that_an_address_is_none(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is not a valid address"):
        url.fetch("http://0177.0.0.1/clip.mp4", tmp_path)


def test_a_server_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"^http://127\.0\.0\.1:9/x\.mp4: the connection fails: "):
        url.fetch("http://127.0.0.1:9/x.mp4?token=secret", tmp_path)
