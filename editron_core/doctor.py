"""What this installation has, what it lacks, and what each lack costs.

Looking changes nothing: no weights are fetched, no database is made or migrated. The neural libraries
are looked at in a child process, because importing them takes seconds and may crash on a broken driver.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from editron_core import process, secrets
from editron_core.config import ObjectPlace, Settings, hub_answers, settings
from editron_core.errors import EditronError, ProcessFailed
from editron_core.redact import redact

State = Literal["ok", "degraded", "missing"]
PYTHONS = ((3, 11), (3, 12))
NEURAL_LIMITS = process.Limits(wall_s=180, memory=None, open_files=4096)
"""CUDA reserves address space beyond any sensible limit."""
LITTLE_ROOM = 20 << 30
"""Bytes: about two hours of 1080p footage, its proxies and deliverables."""
NO_ROOM = 1 << 30
ANSWER_S = 2.0


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an installation."""

    name: str
    state: State
    """`degraded`: the lane runs, with less speed or less to go by."""
    detail: str
    """What was found."""
    cost: str = ""
    """What its lack costs; empty where nothing lacks."""
    remedy: str = ""


def examine_installation() -> tuple[Part, ...]:
    """Every part, in the order in which the lane comes to need it. Takes some ten seconds."""
    s = settings()
    looks: list[tuple[str, str, Callable[[], Part]]] = [
        ("python", "this version is not tested", _python),
        ("ffmpeg", "nothing can be decoded or rendered", _ffmpeg),
        ("nvenc", "H.264 is encoded on the CPU", _nvenc),
        ("decord", "proxies are read by PyAV, which is slower", _decord),
        ("fonts", "captions and slates cannot be drawn", _fonts),
        ("espeak-ng", "the drawn sample footage does not speak", _espeak),
        ("database", "nothing can be recorded", lambda: _database(s)),
        ("disk", "footage and deliverables may not fit", lambda: _disk(s.home)),
        ("blobs", "no footage can be kept", lambda: _blobs(s)),
        (
            "platforms",
            "films cannot be fetched from the video platforms that are allowed",
            lambda: _platforms(s),
        ),
        ("secrets", "what needs them cannot be reached", lambda: _secrets(s)),
        ("logs", "", lambda: _logs(s)),
        ("traces", "spans of runs are lost", lambda: _traces(s)),
        ("metrics", "nothing is served to Prometheus", lambda: _metrics(s)),
    ]
    plain = [_guarded(*look) for look in looks]
    return (*plain[:2], *_neural(s), *plain[2:])


def _guarded(name: str, cost: str, look: Callable[[], Part]) -> Part:
    """What `look` finds; a part that refuses is missing, and its refusal says why."""
    try:
        found = look()
    except EditronError as error:
        subject = f"{error.subject}: " if error.subject and error.subject != name else ""
        return Part(name, "missing", subject + error.message, cost, error.remedy)
    return (
        found
        if found.state == "ok" or found.cost
        else Part(name, found.state, found.detail, cost, found.remedy)
    )


def _python() -> Part:
    known = sys.version_info[:2] in PYTHONS
    remedy = "" if known else "use Python 3.11 or 3.12"
    return Part("python", "ok" if known else "degraded", platform.python_version(), remedy=remedy)


def _ffmpeg() -> Part:
    from editron_core.media import ffmpeg

    binary = ffmpeg.binary()
    return Part("ffmpeg", "ok", f"{'.'.join(map(str, ffmpeg.version(binary)))} at {binary}")


def _nvenc() -> Part:
    from editron_core.render import encode

    if encode.video_encoder() == "h264_nvenc":
        return Part("nvenc", "ok", "encodes H.264 on the GPU")
    return Part(
        "nvenc", "degraded", "this ffmpeg and machine do not encode with it", remedy="needs an NVIDIA GPU"
    )


def _decord() -> Part:
    if find_spec("decord") is None:
        return Part("decord", "degraded", "has no wheel for this platform")
    from importlib.metadata import version

    return Part("decord", "ok", version("decord"))


def _fonts() -> Part:
    from editron_core.edit import fonts

    families = sorted({face.family for face in fonts.shipped()})
    return Part("fonts", "ok", ", ".join(families))


def _espeak() -> Part:
    from editron_core.qa.voice import Voice, speak

    try:
        (line,) = speak(["hello"], Voice())
    except ProcessFailed as error:
        return Part("espeak-ng", "missing", error.message, remedy="install the extra `voice` again")
    except EditronError as error:
        # Only samples are spoken with it, so that footage of one's own lacks nothing.
        return Part("espeak-ng", "degraded", error.message, remedy=error.remedy)
    return Part("espeak-ng", "ok", f"speaks, at {line.sample_rate} Hz")


def _database(s: Settings) -> Part:
    from editron_core.store import migrations
    from editron_core.store.database import Database

    place = str(s.home / "editron.sqlite")
    if s.database_url is None and not (s.home / "editron.sqlite").exists():
        return Part("database", "ok", f"SQLite, made by the first run at {place}")
    database = Database(s.database)
    try:
        with database.read() as session:
            found = migrations.revision(session.connection())
    finally:
        database.close()
    shown = redact(database.url.render_as_string())
    if found == migrations.HEAD:
        return Part("database", "ok", f"{shown} at schema {found}")
    if found in (None, *migrations.KNOWN):
        return Part(
            "database", "ok", f"{shown} at schema {found}, which the next run brings to {migrations.HEAD}"
        )
    return Part(
        "database", "missing", f"{shown} is at schema {found} of a newer version", remedy="update Editron"
    )


def _disk(home: Path) -> Part:
    free = shutil.disk_usage(_existing(home)).free
    state: State = "missing" if free < NO_ROOM else "degraded" if free < LITTLE_ROOM else "ok"
    remedy = "" if state == "ok" else "free some space, or set EDITRON_HOME to a larger disk"
    return Part("disk", state, f"{free / (1 << 30):.1f} GiB free under {home}", remedy=remedy)


def _blobs(s: Settings) -> Part:
    from editron_core.store.objects import Objects

    places = []
    for place in (s.blobs, s.archived):
        if isinstance(place, ObjectPlace):
            Objects(place).head("files/none")  # raises where the server or the credentials refuse
        places.append(place.url if isinstance(place, ObjectPlace) else str(place))
    return Part("blobs", "ok", f"under {places[0]}, originals of warm batches under {places[1]}")


def _platforms(s: Settings) -> Part:
    from editron_core.ingest import platforms

    if not s.platforms:
        return Part("platforms", "ok", "none is allowed: EDITRON_PLATFORMS names hosts for yt-dlp")
    if platforms.installed() is None:
        return Part("platforms", "missing", "yt-dlp is not installed", remedy="uv sync --extra ytdlp")
    hosts = ", ".join(s.platforms)
    return Part("platforms", "ok", f"yt-dlp fetches from {hosts}; its connections are checked, not fenced in")


def _secrets(s: Settings) -> Part:
    """Every reference that is set is resolved, and what it gave is forgotten at once."""
    wanted = {"EDITRON_DATABASE_PASSWORD": s.database_password}
    if s.vault_address:
        wanted["EDITRON_VAULT_TOKEN"] = s.vault_token
    found = []
    for name, reference in wanted.items():
        if reference is not None and reference.startswith("prefect:"):
            found.append(f"{name} from a block, in flows only")
        elif reference is not None:
            found.append(f"{name} from {secrets.resolve(reference, subject=name).reference}")
    return Part("secrets", "ok", "; ".join(found) or "no reference is set")


def _logs(s: Settings) -> Part:
    form = "plain lines on a terminal, JSON elsewhere" if s.log_format == "auto" else s.log_format
    return Part("logs", "ok", f"{form}; level {s.log_level}, {s.service_log_level} in flows")


def _traces(s: Settings) -> Part:
    places = [str(place) for place in (s.traces, s.otlp_endpoint) if place is not None]
    if s.traces is not None and not os.access(_existing(s.traces), os.W_OK):
        remedy = "name another file by EDITRON_TRACES"
        return Part("traces", "missing", f"{s.traces} cannot be written", remedy=remedy)
    if s.otlp_endpoint is not None and not _installed("opentelemetry.exporter.otlp.proto.http"):
        return Part("traces", "missing", "the exporter is not installed", remedy="uv sync --extra otlp")
    if s.otlp_endpoint is not None and not _answers(s.otlp_endpoint):
        remedy = "check EDITRON_OTLP_ENDPOINT"
        return Part("traces", "degraded", f"{redact(s.otlp_endpoint)} does not answer", remedy=remedy)
    return Part("traces", "ok", f"spans go to {redact(' and '.join(places))}" if places else "none are kept")


def _metrics(s: Settings) -> Part:
    if s.metrics_port is None:
        return Part("metrics", "ok", "not served; EDITRON_METRICS_PORT lets flows do so")
    host = "127.0.0.1" if s.metrics_host in ("0.0.0.0", "::") else s.metrics_host
    address = f"http://{host}:{s.metrics_port}/metrics"
    state = "served" if _answers(address) else "served as soon as `editron flows` runs"
    return Part("metrics", "ok", f"{state} at {address}")


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even its parents are there
        return False


def _answers(address: str) -> bool:
    """Whether anything answers there within 2 s, whatever it says."""
    import httpx

    try:
        httpx.get(address, timeout=ANSWER_S)
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
    return True


def _existing(path: Path) -> Path:
    there = path.absolute()
    while not there.exists():
        there = there.parent
    return there


def _neural(s: Settings) -> tuple[Part, ...]:
    """PyTorch, the GPU, and the weights of speech and vision."""
    hub = hub_answers()
    # Offline, so that looking for weights never fetches them.
    environment = {"HF_HUB_OFFLINE": "1"}
    try:
        output, _ = process.run(
            [sys.executable, "-m", "editron_core.doctor"], limits=NEURAL_LIMITS, environment=environment
        )
        facts: dict[str, Any] = json.loads(output)
    except ProcessFailed as error:
        return (Part("torch", "missing", error.message, "no neural engine runs", "run uv sync"),)
    return (
        Part("torch", "ok", facts["torch"]),
        _gpu(facts["gpu"], s.device),
        _weights(
            "speech", facts["speech"], hub, "no transcript but those beside the footage, so no captions"
        ),
        _weights("vision", facts["vision"], hub, "no prompts; novelty goes by colours and edges"),
    )


def _gpu(found: str | None, device: str) -> Part:
    cost = "the neural engines run on the CPU, many times slower"
    if device == "cpu":
        return Part("gpu", "ok", "not used, as EDITRON_DEVICE says")
    if found is None:
        return Part("gpu", "degraded", "no CUDA device", cost, "needs an NVIDIA GPU and its driver")
    return Part("gpu", "ok", found)


def _weights(role: str, facts: dict[str, str], hub: bool, cost: str) -> Part:
    if "found" in facts:
        return Part(role, "ok", facts["found"])
    if hub and facts["kind"] == "EngineUnavailable":
        remedy = "the first run fetches the weights"
        return Part(role, "degraded", "not on this machine yet; the hub answers", cost, remedy)
    return Part(role, "missing", facts["why"], cost, facts["remedy"])


def _look_at_engines() -> dict[str, Any]:
    """What the child process finds; runs with the hub shut off."""
    import torch

    from editron_core.analyze import clip, whisper

    s = settings()
    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else None
    return {
        "torch": str(torch.__version__),
        "gpu": gpu,
        "speech": _sought(lambda: f"faster-whisper at {whisper.locate(s.whisper_model, s.models)}"),
        "vision": _sought(lambda: f"open-clip {clip.locate(s.clip_model, s.clip_pretrained, s.models).name}"),
    }


def _sought(locate: Callable[[], str]) -> dict[str, str]:
    try:
        return {"found": locate()}
    except EditronError as error:
        return {"why": error.message, "remedy": error.remedy, "kind": type(error).__name__}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_look_at_engines()))
