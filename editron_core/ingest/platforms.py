"""Footage from video platforms: by yt-dlp (extra `ytdlp`), in a child behind a door that checks addresses.

Only hosts that the operator allows (`EDITRON_PLATFORMS`) are handed to it, https alone. It reads no
configuration but ours, no plugins, cookies or `.netrc`, starts no other program, writes one file under a name
of ours, and knows none of our secrets. Its connections go through `proxy.checking`, which tells what it
cannot fence. The address to fetch and the door's password lie in a file for our user alone: everybody on this
machine may read the words that a program was started with.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import uuid
from pathlib import Path
from typing import Any

import httpx

from editron_core import process
from editron_core.config import Settings
from editron_core.errors import EngineUnavailable, ProcessFailed, SourceError
from editron_core.ingest import addresses, names, proxy
from editron_core.ingest.staging import Arrival, Sink

PROGRAM = "yt-dlp"
LIMITS = process.Limits(wall_s=6 * 3600.0, memory=2 * process.GIB)
FORMAT = "b[protocol=https]/b[protocol=http]/bv*[protocol=https]"
"""One file with picture and sound, as it is: nothing that needs ffmpeg to fetch or to join it."""
FLAGS = (
    *("--ignore-config", "--no-plugin-dirs", "--no-js-runtimes", "--no-remote-components"),
    *("--no-cache-dir", "--no-cookies", "--no-cookies-from-browser", "--no-update"),
    *("--no-playlist", "--playlist-items", "1", "--match-filters", "!is_live"),
    *("--downloader", "native", "--fixup", "never", "--no-write-info-json", "--no-mtime", "--no-continue"),
    *("--no-progress", "--no-warnings", "--quiet", "--no-simulate", "--color", "never"),
    *("--socket-timeout", "30", "--retries", "5", "--abort-on-error"),
)
PRIVATE = "private.conf"


def is_platform(url: str, settings: Settings) -> bool:
    """Whether a URL is one of a platform that the operator allows; a name also stands for those below it."""
    try:
        host = httpx.URL(url).host.lower().rstrip(".")
    except httpx.InvalidURL:
        return False
    return any(host == one or host.endswith(f".{one}") for one in settings.platforms)


def installed() -> Path | None:
    """The program, of this environment or from PATH; null where there is none."""
    beside = Path(sys.executable).with_name(PROGRAM)
    found = beside if beside.is_file() else shutil.which(PROGRAM)
    return Path(found) if found else None


def fetch(url: str, staging: Path, settings: Settings) -> Arrival:
    """The film behind a platform's page, in `staging`.

    Raises EngineUnavailable where yt-dlp is not installed, SourceError where the address is refused or the
    platform does not give it, ProcessTimedOut.
    """
    program = installed()
    if program is None:
        raise EngineUnavailable("is not installed", subject=PROGRAM, remedy="uv sync --extra ytdlp")
    where = httpx.URL(url)
    if where.scheme != "https" and not settings.allow_private_urls:
        raise SourceError("is not an https address", subject=addresses.label(where))
    addresses.targets(where, allow_private=settings.allow_private_urls)
    folder = staging / f"platform-{uuid.uuid4().hex}"
    folder.mkdir()
    try:
        facts = _told(program, url, folder, settings)
        return _taken(folder, facts, staging)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _told(program: Path, url: str, folder: Path, settings: Settings) -> dict[str, Any]:
    """Run it; returns what it says of the film."""
    most = settings.max_download_bytes
    alone = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "YTDLP_NO_PLUGINS": "1", "PATH": ""}
    words = [
        *(str(program), *FLAGS, "--config-locations", PRIVATE, "--max-filesize", str(most), "-f", FORMAT),
        *("-o", str(folder / "film.%(ext)s"), "--print", "after_move:%(.{title,ext,id})j"),
    ]
    with proxy.checking(allow_private=settings.allow_private_urls, most_bytes=2 * most) as door:
        _tell_apart(folder / PRIVATE, "--proxy", door.url, url)
        try:
            output, _ = process.run(words, limits=LIMITS, environment=alone, cwd=folder)
        except ProcessFailed as error:
            why = door.refused[-1] if door.refused else _reason(error)
            raise SourceError(
                f"the platform does not give it: {why}", subject=addresses.label(httpx.URL(url))
            ) from error
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return _facts(lines[-1]) if lines else {}


def _tell_apart(path: Path, *words: str) -> None:
    """Write options to a file of yt-dlp's that only our user reads."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(f"# coding: utf-8\n{shlex.join(words)}\n")


def _taken(folder: Path, facts: dict[str, Any], staging: Path) -> Arrival:
    """The one file that it left, hashed and under our own name."""
    found = [path for path in folder.iterdir() if path.stem == "film" and path.is_file()]
    if len(found) != 1 or found[0].is_symlink() or not found[0].stat().st_size:
        raise SourceError("the platform gave no film, or one that is too large", subject=str(facts.get("id")))
    title = names.shown(str(facts.get("title") or "film").replace("/", "_"))
    name = f"{title[:200]}{found[0].suffix}"
    aside = staging / f"{folder.name}.part"
    found[0].replace(aside)
    sink = Sink(aside)
    size = sink.size
    path, sha256 = sink.finish(name)
    return Arrival(name, path, sha256, size)


def _facts(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _reason(error: ProcessFailed) -> str:
    lines = [line for line in error.tail.splitlines() if line.startswith("ERROR:")]
    return lines[-1].removeprefix("ERROR:").strip()[:300] if lines else error.message
