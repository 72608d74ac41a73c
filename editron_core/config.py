"""Settings: the only place that reads the environment. Read once, then passed or asked for."""

from __future__ import annotations

import os
import threading
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from editron_core.errors import UsageError

ROOT = Path(__file__).resolve().parent.parent
"""The checkout, where datasets/ and qa_golden/ lie."""

DELIVERED = ".editron-delivered.json"
"""Stands in a folder of results and lists them, so that nobody takes them for footage."""


class Settings(BaseSettings):
    """Every setting is an environment variable `EDITRON_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="EDITRON_", frozen=True)

    mode: Literal["development", "production"] = "development"
    """In production only a promoted profile scores and only a signed cut renders."""
    home: Path = Path(".editron")
    """State: database, blobs, models."""
    database_url: str | None = None
    """SQLAlchemy URL; default is SQLite under `home`."""
    ffmpeg: Path | None = None
    """The ffmpeg binary to use; default is a fit one from PATH, else the imageio-ffmpeg wheel's."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    whisper_model: str = "small"
    """A faster-whisper model name, or the folder of a CTranslate2 model."""
    clip_model: str = "ViT-B-32"
    """An open-clip architecture."""
    clip_pretrained: str = "laion2b_s34b_b79k"
    """An open-clip tag, or the path of a checkpoint."""
    shot_detector: Literal["adaptive", "transnet", "auto"] = "auto"
    """`auto` takes TransNetV2 on a GPU and PySceneDetect's adaptive detector elsewhere."""
    jobs: int = Field(default=1, ge=1, le=64)
    """Files analysed side by side."""
    max_duration_s: float = Field(default=24 * 3600.0, gt=0)
    """Longer files are refused: a probe's word on duration is not to be trusted."""
    max_download_bytes: int = Field(default=200 << 30, gt=0)
    """Larger downloads are broken off."""
    allow_private_urls: bool = False
    """Whether URLs may lead to private, loopback and link-local addresses; refused by default, so
    that nobody can make this machine fetch from its own network."""
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    require_gpu: bool = False
    """Tests: a missing GPU fails instead of skipping."""
    require_postgres: bool = False
    """Tests: a missing PostgreSQL fails instead of skipping."""
    footage: Path | None = None
    """Tests: a folder of real clips."""
    benchmarks: Path | None = None
    """Tests: a folder of public annotations."""

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.home.resolve() / 'editron.sqlite'}"

    @property
    def blobs(self) -> Path:
        """Where content-addressed files lie."""
        return self.home / "blobs"

    @property
    def models(self) -> Path:
        """Where model weights are looked for before any hub is asked."""
        return self.home / "models"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process. Raises UsageError that names the variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        variable = f"EDITRON_{'_'.join(str(part) for part in first['loc'])}".upper()
        raise UsageError(first["msg"], subject=variable, remedy="correct or unset it") from error


HUB = "https://huggingface.co"
HUB_WAIT_S = 2.0


@lru_cache(maxsize=1)
def hub_answers() -> bool:
    """Whether the model hub answers within 2 s, asked once per process.

    Where it does not, its libraries are told to stay offline (`HF_HUB_OFFLINE`): their own retries make
    every load wait 46 s. They read that once, so ask before anything imports `huggingface_hub`.
    """
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        return False
    answered = threading.Event()
    # A thread, because looking up the name has no time limit of its own.
    asking = threading.Thread(target=_ask_hub, args=(answered,), daemon=True)
    asking.start()
    asking.join(HUB_WAIT_S)
    if not answered.is_set():
        os.environ["HF_HUB_OFFLINE"] = "1"
    return answered.is_set()


def _ask_hub(answered: threading.Event) -> None:
    import httpx

    try:
        httpx.head(os.environ.get("HF_ENDPOINT", HUB), timeout=HUB_WAIT_S)
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        return
    answered.set()
