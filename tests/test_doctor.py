"""The doctor: what is there is found, what lacks is named with its cost, and looking changes nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from editron_core import doctor, process, telemetry
from editron_core.config import Settings, settings
from editron_core.domain import codec
from editron_core.edit import fonts
from editron_core.media import ffmpeg
from editron_core.store import Store, migrations
from tests import tiny_whisper

NAMES = (
    *("python", "ffmpeg", "torch", "gpu", "speech", "vision"),
    *("nvenc", "decord", "fonts", "espeak-ng", "database", "disk"),
    *("blobs", "platforms", "secrets", "logs", "traces", "metrics"),
)


def part(name: str) -> doctor.Part:
    looks = {
        "ffmpeg": doctor._ffmpeg,
        "fonts": doctor._fonts,
        "database": lambda: doctor._database(settings()),
        "secrets": lambda: doctor._secrets(settings()),
        "traces": lambda: doctor._traces(settings()),
        "metrics": lambda: doctor._metrics(settings()),
        "blobs": lambda: doctor._guarded("blobs", "no footage", lambda: doctor._blobs(settings())),
        "platforms": lambda: doctor._platforms(settings()),
    }
    return doctor._guarded(name, "what it costs", looks[name])


def test_finds_every_part_of_a_fresh_installation_and_leaves_no_trace(home: Path) -> None:
    parts = doctor.examine_installation()
    assert tuple(one.name for one in parts) == NAMES
    state = {one.name: one.state for one in parts}
    for name in ("python", "ffmpeg", "torch", "fonts", "espeak-ng", "database"):
        assert state[name] == "ok", name
    assert state["speech"] == state["vision"] == "missing"  # the tests are offline
    for one in parts:
        assert one.detail
        assert one.state == "ok" or (one.cost and (one.remedy or one.name == "decord")), one
        assert codec.load(doctor.Part, codec.dump(one)) == one
    assert not home.exists()


def test_finds_weights_that_lie_in_our_models(home: Path) -> None:
    s = settings()
    tiny_whisper.build(s.models / s.whisper_model)
    (s.models / f"{s.clip_model}-{s.clip_pretrained}.safetensors").write_bytes(b"weights")
    found = {one.name: one for one in doctor._neural(s)}
    assert (found["speech"].state, found["vision"].state) == ("ok", "ok")
    assert str(s.models / s.whisper_model) in found["speech"].detail
    assert s.clip_pretrained in found["vision"].detail


def test_says_when_the_first_run_will_fetch_weights() -> None:
    absent = {"why": "neither cached nor reachable", "remedy": "connect once", "kind": "EngineUnavailable"}
    unknown = {"why": "is no architecture", "remedy": "name another", "kind": "UsageError"}
    assert doctor._weights("speech", absent, True, "no captions").state == "degraded"
    assert doctor._weights("speech", absent, False, "no captions").state == "missing"
    assert doctor._weights("vision", unknown, True, "no prompts").state == "missing"


def test_survives_neural_libraries_that_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "NEURAL_LIMITS", process.Limits(wall_s=60, memory=1 << 27))
    (found,) = doctor._neural(settings())
    assert (found.name, found.state) == ("torch", "missing")
    assert "ended with code" in found.detail


def test_says_whether_the_gpu_is_used() -> None:
    assert doctor._gpu("NVIDIA H200", "auto") == doctor.Part("gpu", "ok", "NVIDIA H200")
    assert doctor._gpu(None, "auto").state == "degraded"
    assert doctor._gpu(None, "cpu").state == "ok"


def test_an_ffmpeg_that_does_not_serve_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EDITRON_FFMPEG", str(tmp_path / "no-such-ffmpeg"))
    settings.cache_clear()
    ffmpeg.binary.cache_clear()
    try:
        found = part("ffmpeg")
    finally:
        ffmpeg.binary.cache_clear()
    assert (found.state, found.cost, found.remedy) == ("missing", "what it costs", "unset EDITRON_FFMPEG")


def test_missing_fonts_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "PACKAGES", ("no_such_package",))
    fonts.shipped.cache_clear()
    try:
        assert part("fonts").state == "missing"
    finally:
        fonts.shipped.cache_clear()


def test_a_new_database_is_no_lack(home: Path) -> None:
    found = part("database")
    assert found.state == "ok"
    assert "made by the first run" in found.detail
    assert not home.exists()


def test_finds_a_database_and_its_schema(home: Path) -> None:
    with Store.open(settings().database, settings().blobs):
        pass
    assert f"at schema {migrations.HEAD}" in part("database").detail


def test_a_database_of_a_newer_version_is_not_usable(home: Path) -> None:
    with Store.open(settings().database, settings().blobs):
        pass
    with sqlite3.connect(home / "editron.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    found = part("database")
    assert (found.state, found.remedy) == ("missing", "update Editron")


def test_a_file_that_is_no_database_is_said_to_be_none(home: Path) -> None:
    home.mkdir()
    (home / "editron.sqlite").write_bytes(b"not a database at all" * 100)
    found = part("database")
    assert found.state == "missing"
    assert "not a database" in found.detail


def test_an_unreachable_server_is_missing_and_its_password_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EDITRON_DATABASE_URL", "postgresql://editron:hunter2@127.0.0.1:9/editron")
    settings.cache_clear()
    found = part("database")
    assert found.state == "missing"
    assert "hunter2" not in repr(found)


def test_resolves_every_reference_and_shows_no_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert part("secrets").detail == "no reference is set"
    password = tmp_path / "password"
    password.write_text("hunter2")
    password.chmod(0o600)
    monkeypatch.setenv("EDITRON_DATABASE_PASSWORD", f"file:{password}")
    monkeypatch.setenv("VAULT_ADDR", "https://vault.example")
    monkeypatch.setenv("VAULT_TOKEN", "hvs.token")
    settings.cache_clear()
    found = part("secrets")
    assert found.detail == (
        f"EDITRON_DATABASE_PASSWORD from file:{password}; EDITRON_VAULT_TOKEN from env:VAULT_TOKEN"
    )
    password.chmod(0o644)
    found = part("secrets")
    assert (found.state, found.remedy) == (
        "missing",
        f"chmod 600 {password}; in containers mount it with mode 0400",
    )
    assert "hunter2" not in repr(found)


def test_says_where_spans_go_and_whether_they_can(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert part("traces").detail == "none are kept"
    monkeypatch.setenv("EDITRON_TRACES", str(tmp_path / "new" / "traces.jsonl"))
    settings.cache_clear()
    assert part("traces").detail == f"spans go to {tmp_path}/new/traces.jsonl"
    assert not (tmp_path / "new").exists()
    monkeypatch.setenv("EDITRON_OTLP_ENDPOINT", "http://127.0.0.1:9")
    settings.cache_clear()
    monkeypatch.setattr(doctor, "_installed", lambda module: False)
    assert part("traces").remedy == "uv sync --extra otlp"
    monkeypatch.setattr(doctor, "_installed", lambda module: True)
    found = part("traces")
    assert (found.state, found.detail) == ("degraded", "http://127.0.0.1:9 does not answer")


def test_says_whether_metrics_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "not served" in part("metrics").detail
    server = telemetry.serve_metrics(0)
    monkeypatch.setenv("EDITRON_METRICS_PORT", str(server.port))
    settings.cache_clear()
    assert part("metrics").detail == f"served at http://127.0.0.1:{server.port}/metrics"
    server.close()
    assert "as soon as" in part("metrics").detail


@pytest.mark.parametrize(
    ("little", "none", "state"), [(0, 0, "ok"), (1 << 62, 0, "degraded"), (1 << 62, 1 << 62, "missing")]
)
def test_says_when_the_disk_is_nearly_full(
    monkeypatch: pytest.MonkeyPatch, home: Path, little: int, none: int, state: str
) -> None:
    monkeypatch.setattr(doctor, "LITTLE_ROOM", little)
    monkeypatch.setattr(doctor, "NO_ROOM", none)
    assert doctor._disk(Settings().home).state == state


def test_says_where_blobs_lie_and_that_an_object_store_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("editron_core.store.objects.RETRIES", 0)
    monkeypatch.setattr("editron_core.store.objects.RETRY_S", 1)
    assert part("blobs").state == "ok"
    assert "originals of warm batches" in part("blobs").detail
    monkeypatch.setenv("EDITRON_BLOBS", "s3://footage/blobs")
    monkeypatch.setenv("EDITRON_S3_ENDPOINT", "http://127.0.0.1:9")
    settings.cache_clear()
    assert part("blobs").state == "missing"
    assert "EDITRON_S3_ENDPOINT" in part("blobs").remedy


def test_says_what_platforms_lack(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "none is allowed" in part("platforms").detail
    monkeypatch.setenv("EDITRON_PLATFORMS", "vimeo.com")
    settings.cache_clear()
    assert "not fenced in" in part("platforms").detail
    monkeypatch.setattr("editron_core.ingest.platforms.installed", lambda: None)
    assert part("platforms").remedy == "uv sync --extra ytdlp"
