"""Films from platforms: the real yt-dlp in a child, which reaches what our check lets it reach."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from editron_core.config import Settings
from editron_core.errors import EngineUnavailable, SourceError
from editron_core.ingest import platforms, proxy
from editron_core.media import ffmpeg
from editron_core.process import run


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=192x108:rate=25:duration=1", "-pix_fmt", "yuv420p"]
    run([ffmpeg.binary(), "-v", "error", *picture, path])
    return path.read_bytes()


def test_takes_a_film_through_the_door_and_under_our_own_name(
    httpserver: HTTPServer, film: bytes, tmp_path: Path
) -> None:
    agents: list[str] = []

    def give(request: Request) -> Response:
        agents.append(request.headers.get("Proxy-Authorization", ""))
        return Response(film, content_type="video/mp4")

    httpserver.expect_request("/a clip.mp4").respond_with_handler(give)
    arrival = platforms.fetch(
        httpserver.url_for("/a%20clip.mp4"), tmp_path, Settings(allow_private_urls=True)
    )

    assert arrival.sha256 == hashlib.sha256(film).hexdigest()
    assert arrival.path == tmp_path / f"{arrival.sha256}.mp4"
    assert arrival.path.read_bytes() == film
    assert arrival.name == "a clip.mp4"
    assert [path.name for path in tmp_path.iterdir()] == [arrival.path.name]
    assert set(agents) == {""}  # the door's password stays between the child and us


def all_words() -> Iterator[bytes]:
    """The words that each process of this machine was started with."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended
            yield path.read_bytes()


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="the system has no /proc")
def test_nobody_else_on_this_machine_reads_what_is_fetched_and_how(
    httpserver: HTTPServer, film: bytes, tmp_path: Path
) -> None:
    """Not in the words that the program was started with, nor in a file: `ps` shows these to everybody."""
    lines: list[bytes] = []
    modes: list[int] = []

    def give(request: Request) -> Response:
        if request.method == "GET" and not lines:
            (folder,) = tmp_path.glob("platform-*")
            modes.extend(path.stat().st_mode & 0o077 for path in folder.iterdir())
            lines.extend(line for line in all_words() if str(tmp_path).encode() in line)
        return Response(film, content_type="video/mp4")

    httpserver.expect_request("/film ü.mp4").respond_with_handler(give)
    address = httpserver.url_for("/film ü.mp4?key=s3cr3t&x='$(id)'#there")
    arrival = platforms.fetch(address, tmp_path, Settings(allow_private_urls=True))

    assert arrival.path.read_bytes() == film
    (request, *_) = [one for one, _ in httpserver.log if one.method == "GET"]
    assert request.args["key"] == "s3cr3t"
    assert any(b"yt-dlp" in line for line in lines)
    shown = b" ".join(lines)
    for secret in (b"s3cr3t", b"editron:", address.encode(), b"127.0.0.1:", b"localhost"):
        assert secret not in shown
    assert modes == [0]


def test_a_redirect_of_the_platform_to_this_network_is_refused(
    httpserver: HTTPServer, film: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hits: list[str] = []

    def canary(request: Request) -> Response:
        hits.append(request.path)
        return Response(film, content_type="video/mp4")

    httpserver.expect_request("/canary.mp4").respond_with_handler(canary)
    inner = httpserver.url_for("/canary.mp4").replace("localhost", "127.0.0.1")
    httpserver.expect_request("/film.mp4").respond_with_data(
        "", status=302, headers={"Location": inner.replace("127.0.0.1", "127.0.0.2")}
    )
    private = Settings(allow_private_urls=True)
    start = httpserver.url_for("/film.mp4").replace("localhost", "127.0.0.1")
    # The first address counts as public, as a platform's would; no other one of this machine does.
    monkeypatch.setattr("editron_core.ingest.addresses.is_public", lambda one: str(one) == "127.0.0.1")
    monkeypatch.setattr(
        platforms, "proxy", type("Strict", (), {"checking": staticmethod(_strict)}), raising=True
    )
    with pytest.raises(SourceError, match=r"leads to 127\.0\.0\.2, which is not a public address"):
        platforms.fetch(start, tmp_path, private)
    assert hits == []
    assert list(tmp_path.iterdir()) == []


def _strict(*, allow_private: bool, most_bytes: int) -> object:
    return proxy.checking(allow_private=False, most_bytes=most_bytes)


def test_refuses_what_is_no_film_too_large_and_not_https(
    httpserver: HTTPServer, film: bytes, tmp_path: Path
) -> None:
    httpserver.expect_request("/page").respond_with_data("<html>nothing</html>", content_type="text/html")
    httpserver.expect_request("/film.mp4").respond_with_data(film, content_type="video/mp4")
    with pytest.raises(SourceError, match="does not give it"):
        platforms.fetch(httpserver.url_for("/page"), tmp_path, Settings(allow_private_urls=True))
    small = Settings(allow_private_urls=True, max_download_bytes=1000)
    with pytest.raises(SourceError, match=r"too large|does not give it"):
        platforms.fetch(httpserver.url_for("/film.mp4"), tmp_path, small)
    with pytest.raises(SourceError, match="https"):
        platforms.fetch(httpserver.url_for("/film.mp4"), tmp_path, Settings())
    assert list(tmp_path.iterdir()) == []


def test_says_where_it_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platforms, "installed", lambda: None)
    with pytest.raises(EngineUnavailable, match="--extra ytdlp"):
        platforms.fetch("https://video.example/1", tmp_path, Settings())


def test_only_hosts_that_the_operator_names_are_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not platforms.is_platform("https://vimeo.com/1", Settings())
    monkeypatch.setenv("EDITRON_PLATFORMS", "vimeo.com, Example.org.")
    here = Settings()
    for url, wanted in (
        ("https://vimeo.com/1", True),
        ("https://player.VIMEO.com./1", True),
        ("https://evilvimeo.com/1", False),
        ("https://vimeo.com.evil.org/1", False),
        ("https://vimeo.com@evil.org/1", False),
        ("https://example.org/x", True),
        ("https://[::1", False),
    ):
        assert platforms.is_platform(url, here) is wanted, url
