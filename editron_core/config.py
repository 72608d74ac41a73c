"""Settings: the only place that reads the environment. Read once, then passed or asked for."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from editron_core.errors import UsageError
from editron_core.redact import know, know_url

ROOT = Path(__file__).resolve().parent.parent
"""The checkout, where datasets/ and qa_golden/ lie."""

SHARED_METRICS = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which `prometheus_client` is told where processes add up."""

REFERENCE = re.compile(r"(env|file|op|vault|prefect):.")
"""How references to secrets begin, in settings that may hold the secret itself as well; see `secrets`."""

MOST_FILES = 4
"""Files analysed side by side where nobody says how many."""

DELIVERED = ".editron-delivered.json"
"""Stands in a folder of results and lists them, so that nobody takes them for footage."""


@dataclass(frozen=True, slots=True)
class ObjectPlace:
    """A blob store in an S3-compatible object store, and where copies at hand are kept."""

    url: str
    """`s3://bucket/prefix`."""
    cache: Path
    endpoint: str
    """URL of a server other than Amazon's; empty for that."""
    region: str
    access_key: str
    """Reference to the access key's id: see `secrets`."""
    secret_key: str
    """Reference to the secret of that key."""


class Settings(BaseSettings):
    """Every setting is an environment variable `EDITRON_<NAME>`."""

    model_config = SettingsConfigDict(
        env_prefix="EDITRON_", frozen=True, hide_input_in_errors=True, populate_by_name=True
    )

    mode: Literal["development", "production"] = "development"
    """In production only a promoted profile scores and only a signed cut renders."""
    home: Path = Path(".editron")
    """State: database, blobs, models."""
    database_url: str | None = Field(default=None, repr=False)
    """SQLAlchemy URL; default is SQLite under `home`."""
    database_password: str | None = Field(default=None, repr=False)
    """Reference to the password for a PostgreSQL URL that names none: see `secrets`."""
    blob_place: str = Field(default="", validation_alias=AliasChoices("EDITRON_BLOBS", "blob_place"))
    """Where blobs lie: a folder, or `s3://bucket/prefix`; default is `blobs` under `home`."""
    s3_endpoint: str = ""
    """URL of an S3-compatible server other than Amazon's, such as http://127.0.0.1:9000."""
    s3_region: str = "us-east-1"
    s3_access_key: str = Field(default="env:AWS_ACCESS_KEY_ID", repr=False)
    """Reference to the id of the access key; where the variable is not set, the machine's own role counts."""
    s3_secret_key: str = Field(default="env:AWS_SECRET_ACCESS_KEY", repr=False)
    """Reference to the secret of that key."""
    blob_cache_bytes: int = Field(default=100 << 30, ge=0)
    """Housekeeping removes copies of what lies in the object store beyond this, the longest unused first."""
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
    jobs: int = Field(default_factory=lambda: max(1, min(MOST_FILES, cores() // 2)), ge=1, le=64)
    """Files of a batch analysed side by side; default is half of the cores, 4 at most: decoding takes more
    than one of them for each file, and memory."""
    max_duration_s: float = Field(default=24 * 3600.0, gt=0)
    """Longer files are refused: a probe's word on duration is not to be trusted."""
    max_download_bytes: int = Field(default=200 << 30, gt=0)
    """Larger downloads are broken off."""
    platforms: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts of video platforms whose pages yt-dlp may fetch films from, separated by commas, such as
    `vimeo.com`; none by default."""
    max_upload_bytes: int = Field(default=200 << 30, gt=0)
    """Larger uploads are refused."""
    upload_hours: float = Field(default=24, gt=0)
    """An upload that nobody went on with for so long is removed."""
    allow_private_urls: bool = False
    """Whether URLs may lead to private, loopback and link-local addresses; refused by default, so
    that nobody can make this machine fetch from its own network."""
    download_jobs: int = Field(default=4, ge=1, le=32)
    """Files downloaded side by side."""
    dropbox_app_key: str = Field(
        default="", validation_alias=AliasChoices("DROPBOX_APP_KEY", "EDITRON_DROPBOX_APP_KEY")
    )
    """The key of the app that is registered with Dropbox; no secret."""
    dropbox_app_secret: str = Field(
        default="",
        repr=False,
        validation_alias=AliasChoices("DROPBOX_APP_SECRET", "EDITRON_DROPBOX_APP_SECRET"),
    )
    """The app's secret, or a reference to it."""
    dropbox_webhook_secret: str = Field(
        default="",
        repr=False,
        validation_alias=AliasChoices("DROPBOX_WEBHOOK_SECRET", "EDITRON_DROPBOX_WEBHOOK_SECRET"),
    )
    """What notifications are signed with, or a reference to it; by default the app's secret. Two, separated
    by a comma, both count: for the time in which the secret is changed."""
    dropbox_refresh_token: str = Field(
        default="",
        repr=False,
        validation_alias=AliasChoices("DROPBOX_REFRESH_TOKEN", "EDITRON_DROPBOX_REFRESH_TOKEN"),
    )
    """For sources without a token of their own: a refresh token, or a reference to it."""
    dropbox_url: str = ""
    """Where Dropbox answers, if that is not Dropbox: the address of a `FakeDropbox`."""
    dropbox_stale_s: float = Field(default=300.0, gt=0)
    """A source that nobody looked at for so long is looked at again, notified or not."""
    sealing_key: str = Field(default="", repr=False)
    """What tokens at rest are sealed with: 32 bytes in base64, or a reference to them. Of several, separated
    by commas, the first one seals and all of them open."""
    prefect_api_url: str | None = Field(default=None, validation_alias="PREFECT_API_URL")
    """The Prefect server to use (`http://host:4200/api`); without one, `editron flows` starts its own."""
    prefect_start_s: float = Field(default=180.0, gt=0)
    """How long that server may take to answer for the first time."""
    watch: Annotated[tuple[Path, ...], NoDecode] = ()
    """Folders in which footage arrives, separated as in PATH; each folder and file in one is a batch."""
    footage_roots: Annotated[tuple[Path, ...], NoDecode] = ()
    """Folders, separated as in PATH, that callers of the API may name footage in; an admin may name any."""
    watch_still_s: float = Field(default=60.0, ge=0)
    """For how long the size and time of a file must stand still before it counts as arrived."""
    archive: Path | str | None = None
    """The blob store that originals of warm batches are moved to, such as a folder on a large slow disk or
    `s3://bucket/prefix`; default is `archive` under `home`."""
    hot_days: float | None = Field(default=30, ge=0)
    """A batch that nobody touched for so long goes from hot to warm; unset (`null`) is never."""
    warm_days: float | None = Field(default=None, ge=0)
    """After so long a warm batch goes to cold, which removes its originals; by default it never does."""
    cold_days: float | None = Field(default=None, ge=0)
    """After so long a cold batch goes altogether; by default it never does."""
    orphan_hours: float = Field(default=24, ge=0)
    """Bytes that nothing refers to, and interrupted downloads, are kept for so long."""
    rows_days: float = Field(default=30, ge=0)
    """Dead letters that were dealt with, dispatches that were begun and leases that ran out, as well."""
    canary: str = ""
    """A candidate profile (name, file or hash), tried on a share of the batches beside the applied one."""
    canary_share: float = Field(default=0.1, ge=0, le=1)
    """Which share of the batches, 0..1; each is in it or not by its id."""
    delivered: Path | None = None
    """Where flows deliver, a folder per batch; default is `delivered` under `home`."""
    gpu_slots: int = Field(default=1, ge=1)
    """GPU stages at a time, over all workers of one Prefect server."""
    gpu_wait_s: float = Field(default=3600.0, ge=0)
    """How long a GPU stage waits for one of these slots before it says that it got none."""
    dask: str | None = None
    """Address of a Dask scheduler that the files of a batch are spread over; default is this process."""
    retry_s: float = Field(default=10.0, ge=0)
    """What the delay between the attempts of a failing stage begins with; it doubles each time."""
    deployment: str = "editron"
    """Name of the deployments that triggers and dispatches begin; `editron flows` serves these."""
    timezone: str = "UTC"
    """IANA name of the zone that the schedules are meant in."""
    jitter_s: float = Field(default=20.0, ge=0)
    """Scheduled runs begin up to this much late, so that many installations do not at one instant."""
    poll_cron: str = "*/5 * * * *"
    housekeeping_cron: str = "7 * * * *"
    nightly_tune_cron: str = "0 1 * * *"
    nightly_qa_cron: str = "0 4 * * *"
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    """At `info`, each stage says when it began and how it ended."""
    log_format: Literal["json", "console", "auto"] = "auto"
    """`auto` is for people on a terminal, and JSON lines elsewhere."""
    traces: Path | None = None
    """A file that each finished span is appended to as one line of JSON."""
    otlp_endpoint: str | None = None
    """URL of an OpenTelemetry collector, such as http://127.0.0.1:4318; needs the extra `otlp`."""
    traceparent: str = Field(default="", validation_alias=AliasChoices("TRACEPARENT", "EDITRON_TRACEPARENT"))
    """The caller's span (W3C Trace Context), which ours then belong to."""
    metrics_port: int | None = Field(default=None, ge=0, le=65535)
    """Where long-running commands serve metrics to Prometheus; nothing is served without."""
    metrics_host: str = "127.0.0.1"
    """The address that metrics are served on; 0.0.0.0 opens them to the network, without any sign-in."""
    metrics_dir: Path | None = None
    """A folder in which all processes of one machine add up their metrics; without it each has its own."""
    hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Names that the API is reached under, separated by commas; addresses and localhost always are."""
    origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins of other pages that may change things through the API (`https://desk.example`)."""
    trusted_proxies: str = ""
    """Addresses of reverse proxies, separated by commas, whose `X-Forwarded-For` is believed. With one, a
    caller on this machine needs a key too."""
    rate_key: int = Field(default=600, gt=0)
    """Requests a minute with one key."""
    rate_address: int = Field(default=1200, gt=0)
    """Requests a minute from one address."""
    rate_logins: int = Field(default=20, gt=0)
    """Keys a minute that do not fit, from one address."""
    rate_hooks: int = Field(default=60_000, gt=0)
    """Notifications (webhooks) a minute from one address."""
    vault_address: str = Field(
        default="", validation_alias=AliasChoices("EDITRON_VAULT_ADDRESS", "VAULT_ADDR")
    )
    """URL of HashiCorp Vault, for references `vault:...`."""
    vault_namespace: str = Field(
        default="", validation_alias=AliasChoices("EDITRON_VAULT_NAMESPACE", "VAULT_NAMESPACE")
    )
    """Vault's namespace, where it has any."""
    vault_token: str = Field(default="env:VAULT_TOKEN", repr=False)
    """Reference to the token that Vault wants."""
    require_gpu: bool = False
    """Tests: a missing GPU fails instead of skipping."""
    require_postgres: bool = False
    """Tests: a missing PostgreSQL fails instead of skipping."""
    require_promtool: bool = False
    """Tests: a missing promtool fails instead of skipping."""
    footage: Path | None = None
    """Tests: a folder of real clips."""
    benchmarks: Path | None = None
    """Tests: a folder of public annotations."""

    @model_validator(mode="after")
    def _hide_passwords(self) -> Settings:
        if self.database_url:
            know_url(self.database_url)
        for value in (
            *self.dropbox_webhook_secret.split(","),
            *self.sealing_key.split(","),
            self.dropbox_app_secret,
            self.dropbox_refresh_token,
        ):
            if not REFERENCE.match(value):
                know(value)
        return self

    @field_validator("watch", "footage_roots", mode="before")
    @classmethod
    def _separated(cls, value: object) -> object:
        return tuple(part for part in value.split(os.pathsep) if part) if isinstance(value, str) else value

    @field_validator("hosts", "origins", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip().lower() for part in value.split(",") if part.strip())

    @field_validator("platforms", mode="before")
    @classmethod
    def _hosts(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip().lower().strip(".") for part in value.split(",") if part.strip())

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.home.resolve() / 'editron.sqlite'}"

    @property
    def service_log_level(self) -> str:
        """The level for what runs unattended: unless told otherwise, each stage leaves a line."""
        return self.log_level if "log_level" in self.model_fields_set else "info"

    @property
    def blobs(self) -> Path | ObjectPlace:
        """Where content-addressed files lie."""
        return self._place(self.blob_place or self.home / "blobs", "blobs")

    @property
    def archived(self) -> Path | ObjectPlace:
        """Where the originals of warm batches lie."""
        return self._place(self.archive or self.home / "archive", "archive")

    def _place(self, where: Path | str, cache: str) -> Path | ObjectPlace:
        if not str(where).startswith("s3://"):
            return Path(where)
        return ObjectPlace(
            str(where),
            self.home / cache,
            self.s3_endpoint,
            self.s3_region,
            self.s3_access_key,
            self.s3_secret_key,
        )

    @property
    def models(self) -> Path:
        """Where model weights are looked for before any hub is asked."""
        return self.home / "models"


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process. Raises UsageError that names the variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        variable = f"EDITRON_{'_'.join(str(part) for part in first['loc'])}".upper()
        raise UsageError(first["msg"], subject=variable, remedy="correct or unset it") from error


def variable(name: str) -> str | None:
    """A variable of the environment that is no setting of ours, for references `env:NAME`."""
    return os.environ.get(name)


def unless_set(defaults: Mapping[str, str]) -> dict[str, str]:
    """Variables for a child process: `defaults`, overruled where this environment sets one."""
    return {name: os.environ.get(name, value) for name, value in defaults.items()}


def share_metrics(folder: Path) -> None:
    """Tell `prometheus_client` the folder in which processes add up; it knows no other way."""
    os.environ[SHARED_METRICS] = str(folder)


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
