"""What arrived: batches, their files, and what the probe says of each file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any

from editron_core.domain.moment import Moment
from editron_core.errors import UsageError

BETWEEN = "\n"
"""What stands between the sources of a batch where they are kept as one text."""


class BatchStatus(StrEnum):
    """Where a batch or one of its files stands."""

    QUEUED = "queued"
    DOWNLOADING = "downloading"
    READY = "ready"
    ANALYZING = "analyzing"
    ANALYZED = "analyzed"
    FAILED = "failed"

    def may_become(self, then: BatchStatus) -> bool:
        """Whether `then` may follow; staying is allowed, since work that was killed is taken up again."""
        return then in (self, BatchStatus.FAILED) or then in _FOLLOWS[self]


_FOLLOWS: dict[BatchStatus, tuple[BatchStatus, ...]] = {
    BatchStatus.QUEUED: (BatchStatus.DOWNLOADING,),
    BatchStatus.DOWNLOADING: (BatchStatus.READY,),
    # A batch some of whose files failed is queued again when these are tried again.
    BatchStatus.READY: (BatchStatus.ANALYZING, BatchStatus.QUEUED),
    BatchStatus.ANALYZING: (BatchStatus.ANALYZED, BatchStatus.QUEUED),
    BatchStatus.ANALYZED: (BatchStatus.ANALYZING, BatchStatus.QUEUED),
    BatchStatus.FAILED: (BatchStatus.QUEUED,),
}


class StorageTier(StrEnum):
    """How close at hand the originals are kept."""

    HOT = "hot"
    WARM = "warm"
    COLD = "cold"


class Hold(StrEnum):
    """What an operator asked of a batch, a file or a render job."""

    NONE = "none"
    PAUSED = "paused"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class VideoStream:
    """The picture of a file, as it is shown (rotation applied)."""

    index: int
    """The stream's number in the container, for `-map 0:<index>`."""
    codec: str
    width: int
    """Displayed width in square pixels, after rotation."""
    height: int
    """Displayed height in square pixels, after rotation."""
    fps: Fraction
    """Average frames per second."""
    vfr: bool
    """Whether frame durations vary by more than half a frame."""
    rotation: int
    """Degrees clockwise that a player turns the coded picture by: 0, 90, 180 or 270."""
    pixel_format: str
    bit_depth: int
    colour: str
    """`primaries/transfer/matrix` by ffmpeg's names, `unknown` where the file does not say."""
    hdr: bool
    """Whether the transfer function is PQ or HLG."""
    timecode: str | None = None
    """The source timecode of the first frame, as written in the file."""


@dataclass(frozen=True, slots=True)
class AudioStream:
    """The sound of a file: the stream that a player would choose."""

    index: int
    """The stream's number in the container, for `-map 0:<index>`."""
    codec: str
    sample_rate: int
    """Samples per second."""
    channels: int
    layout: str
    """ffmpeg's name of the channel layout."""


@dataclass(frozen=True, slots=True)
class MediaProbe:
    """What a file holds."""

    container: str
    """ffmpeg's demuxer name."""
    duration: Fraction
    """Seconds from the first frame (or sample) to the end of the last."""
    video: VideoStream | None
    audio: AudioStream | None
    start: Fraction = Fraction(0)
    """The container's first timestamp, in seconds; times in evidence count from here."""
    size_bytes: int = 0
    notes: tuple[str, ...] = ()
    """What is wrong with a file that can be used all the same, each in one plain line."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One media file of a batch. Bytes live in the blob store under `sha256`."""

    id: str
    batch_id: str
    name: str
    """The name it arrived under: shown to people, never used as a path."""
    path: str
    """Where our own copy or the local original lies."""
    sha256: str
    size_bytes: int
    status: BatchStatus
    probe: MediaProbe | None = None
    error: str | None = None
    """One line that says why the file failed."""
    transcript_path: str | None = None
    """The transcript that arrived beside it."""
    source: str = ""
    """The path or URL it came from; unique in its batch."""
    hold: Hold = Hold.NONE


@dataclass(frozen=True, slots=True)
class Project:
    """Whom footage is for."""

    id: str
    name: str
    """Unique."""


@dataclass(frozen=True, slots=True)
class MediaBatch:
    """What arrived together."""

    id: str
    source_url: str
    """The paths and URLs that it was asked for by, as `joined` writes them; read them from `sources`."""
    status: BatchStatus
    reference_name: str = ""
    """What people call it."""
    project_id: str | None = None
    storage_tier: StorageTier = StorageTier.HOT
    checksum_required: bool = True
    """Whether a file from Dropbox fails for which that states no content hash. One that it states is always
    held against what arrived; disks and other servers state none."""
    hold: Hold = Hold.NONE
    file_count: int = 0
    failed_count: int = 0
    """How many of its files have failed."""
    total_size_bytes: int = 0
    last_error: str | None = None
    """One line; null where nothing went wrong last."""
    metadata: dict[str, Any] = field(default_factory=dict)
    """JSON-ready facts of whoever made the batch."""
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def partial(self) -> bool:
        """Whether some of its files failed and others did not."""
        return 0 < self.failed_count < self.file_count

    @property
    def sources(self) -> tuple[str, ...]:
        """The paths and URLs that it was asked for by."""
        # Not `splitlines`, which also splits at characters that names of files may hold.
        return tuple(self.source_url.split(BETWEEN))


def joined(sources: Sequence[str]) -> str:
    """Sources as the one text that a batch keeps. Raises UsageError for one that would read as two."""
    for source in sources:
        if BETWEEN in source:
            raise UsageError("holds a line break", subject=repr(source), remedy="rename it")
    return BETWEEN.join(sources)


@dataclass(frozen=True, slots=True)
class BatchAnalysis:
    """What the analysis of a batch came to, for one brief and one profile."""

    batch_id: str
    brief: str
    summary: str
    """Two or three sentences for a person."""
    hero_moments: tuple[Moment, ...]
    """Best first."""
    insights: dict[str, Any]
    """JSON-ready figures and findings."""
    deliverable_targets: tuple[dict[str, Any], ...]
    """JSON-ready recommended deliverables, the most fitting first."""
    passes_completed: int = 1
    """How many analysis passes the result rests on."""
    profile_hash: str = ""
    """The profile that was applied."""
