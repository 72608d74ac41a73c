"""A timeline in whole frames: what all four interchange formats are written from.

Rules (reference: delivery specifications, interchange):

- The sequence counts in timeline frames. A file counts in its own frames where its rate is constant,
  else in timeline frames, which is how editing programs conform variable rates.
- No event reaches beyond its file: where rounding to another grid would, the event starts earlier.
- The file's own timecode is carried; drop-frame is used only where the file says so.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from urllib.parse import quote_from_bytes

from editron_core.domain.batch import MediaFile
from editron_core.domain.moment import Moment
from editron_core.domain.timeline import Clip, Timeline
from editron_core.edit.interchange import timecode
from editron_core.edit.interchange.timecode import Timecode
from editron_core.errors import UsageError
from editron_core.times import to_frames

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Media:
    """One file of the cut."""

    number: int
    """From 1, in the order of first use."""
    name: str
    """What people know it by; fit for XML."""
    url: str
    """`file:///...`, percent-escaped."""
    reel: str
    """Unique; at most eight of A-Z, 0-9 and _."""
    rate: Fraction
    """Frames per second that its frames are counted in."""
    frames: int
    """How many frames it has."""
    start: Timecode
    """The timecode of its first frame."""
    size: tuple[int, int] | None
    """Displayed pixels; null without a picture."""
    channels: int
    """Channels of sound; 0 without."""
    sample_rate: int

    @property
    def length(self) -> Fraction:
        """Seconds."""
        return self.frames / self.rate


@dataclass(frozen=True, slots=True)
class Event:
    """One clip of the cut."""

    media: Media
    record: int
    """Where it starts on the sequence, in sequence frames."""
    frames: int
    """How long it is, in sequence frames."""
    source: int
    """The file's frame that it starts with, in the file's frames."""
    source_on_sequence: int
    """The same instant in sequence frames from the file's start."""
    moment: Moment | None
    reframed: tuple[str, ...]
    """Aspect ratios for which the cut holds a crop, which these formats do not express."""

    @property
    def marker(self) -> tuple[str, str]:
        """Name and comment of its marker: score and reason; empty without a moment."""
        if self.moment is None:
            return "", ""
        return f"Score {self.moment.score:.2f}", legal(self.moment.reason)


@dataclass(frozen=True, slots=True)
class Cut:
    """A timeline in whole frames."""

    name: str
    rate: Fraction
    size: tuple[int, int]
    drop: bool
    """Whether the sequence's timecode drops labels: it does where a file of its rate does."""
    media: tuple[Media, ...]
    events: tuple[Event, ...]

    @property
    def frames(self) -> int:
        """Length in sequence frames."""
        return sum(event.frames for event in self.events)


def legal(text: str) -> str:
    """`text` without what XML 1.0 cannot hold."""
    return _ILLEGAL.sub("", text)


def cut(timeline: Timeline, files: Mapping[str, MediaFile], size: tuple[int, int]) -> Cut:
    """`timeline` in whole frames, its sequence of `size` (width, height in pixels).

    Raises UsageError for a clip whose file is unknown, was not probed, or ends before the clip does.
    """
    media: dict[str, Media] = {}
    events = []
    record = 0
    for clip in timeline.clips:
        if clip.file_id not in media:
            media[clip.file_id] = _media(clip, timeline, files, media)
        event = _event(clip, media[clip.file_id], record, timeline.rate)
        events.append(event)
        record += event.frames
    return Cut(
        name=timeline.name,
        rate=timeline.rate,
        size=size,
        drop=any(item.start.drop and item.rate == timeline.rate for item in media.values()),
        media=tuple(media.values()),
        events=tuple(events),
    )


def _media(
    clip: Clip, timeline: Timeline, files: Mapping[str, MediaFile], known: Mapping[str, Media]
) -> Media:
    file = files.get(clip.file_id)
    if file is None or file.probe is None:
        name = clip.file_id if file is None else file.name
        raise UsageError("is on the timeline, but was not probed", subject=name, remedy="ingest it again")
    probe = file.probe
    video, audio = probe.video, probe.audio
    rate = timeline.rate if video is None or video.vfr else video.fps
    own = [other.source for other in timeline.clips if other.file_id == clip.file_id]
    last, longest = max(span.end for span in own), max(span.duration for span in own)
    if last >= probe.duration + 1 / timeline.rate:
        raise UsageError(
            f"ends at {float(probe.duration):.3f} s, before the clip that ends at {float(last):.3f} s",
            subject=file.name,
            remedy="assemble the timeline again",
        )
    return Media(
        number=len(known) + 1,
        name=legal(file.name),
        url="file://" + quote_from_bytes(os.fsencode(os.path.abspath(file.path))),
        reel=_reel(file.name, {item.reel for item in known.values()}),
        rate=rate,
        # A part of a frame at the end does not count, unless a clip needs all of the file.
        frames=max(floor(probe.duration * rate), ceil(longest * rate)),
        start=timecode.parse(video.timecode if video else None, rate),
        size=(video.width, video.height) if video else None,
        channels=audio.channels if audio else 0,
        sample_rate=audio.sample_rate if audio else 0,
    )


def _event(clip: Clip, media: Media, record: int, rate: Fraction) -> Event:
    frames = to_frames(clip.source.duration, rate)
    shown = frames / rate
    return Event(
        media=media,
        record=record,
        frames=frames,
        source=min(to_frames(clip.source.start, media.rate), floor((media.length - shown) * media.rate)),
        source_on_sequence=min(to_frames(clip.source.start, rate), floor(media.length * rate) - frames),
        moment=clip.moment,
        reframed=tuple(sorted(clip.crops or {})),
    )


def _reel(name: str, taken: set[str]) -> str:
    """Up to eight capital letters, digits and underscores: all that CMX3600 readers agree on."""
    plain = re.sub(r"[^A-Z0-9]+", "_", Path(name).stem.upper()).strip("_")[:8] or "REEL"
    reel, number = plain, 1
    while reel in taken:
        number += 1
        reel = f"{plain[: 8 - len(str(number))]}{number}"
    return reel
