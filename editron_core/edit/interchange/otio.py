"""OpenTimelineIO's own format: lossless, with each moment's score, signals and reason as metadata."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from editron_core.edit.interchange.cut import Cut, Event


def write(cut: Cut) -> str:
    """The whole document, as JSON."""
    import opentimelineio as otio

    timeline = otio.schema.Timeline(name=cut.name, global_start_time=_time(0, cut.rate))
    picture = otio.schema.Track(name="V1", kind=otio.schema.TrackKind.Video)
    sound = otio.schema.Track(name="A1", kind=otio.schema.TrackKind.Audio)
    for event in cut.events:
        gap = otio.schema.Gap(duration=_time(event.frames, cut.rate))
        picture.append(gap if event.media.size is None else _clip(event, cut, marked=True))
        sound.append(
            _clip(event, cut, marked=event.media.size is None) if event.media.channels else gap.clone()
        )
    timeline.tracks.append(picture)
    if any(event.media.channels for event in cut.events):
        timeline.tracks.append(sound)
    width, height = cut.size
    timeline.metadata["editron"] = {
        "rate": f"{cut.rate.numerator}/{cut.rate.denominator}",
        "drop_frame": cut.drop,
        "width": width,
        "height": height,
    }
    return str(timeline.to_json_string(indent=1))


def _time(frame: int, rate: Fraction) -> Any:
    import opentimelineio as otio

    return otio.opentime.RationalTime(frame, float(rate))


def _clip(event: Event, cut: Cut, *, marked: bool) -> Any:
    import opentimelineio as otio

    media = event.media
    reference = otio.schema.ExternalReference(
        target_url=media.url,
        available_range=otio.opentime.TimeRange(
            _time(media.start.frame, media.rate), _time(media.frames, media.rate)
        ),
        metadata={"editron": {"timecode": str(media.start), "reel": media.reel, "channels": media.channels}},
    )
    start = media.start.frame + event.source
    span = otio.opentime.TimeRange(_time(start, media.rate), _time(event.frames, cut.rate))
    clip = otio.schema.Clip(name=media.name, media_reference=reference, source_range=span)
    facts: dict[str, Any] = {"rate": f"{media.rate.numerator}/{media.rate.denominator}"}
    if event.reframed:
        facts["reframed_for"] = list(event.reframed)
    clip.metadata["editron"] = facts
    if marked and event.moment is not None:
        clip.markers.append(_marker(event, start))
    return clip


def _marker(event: Event, start: int) -> Any:
    import opentimelineio as otio

    assert event.moment is not None
    name, comment = event.marker
    at = otio.opentime.TimeRange(_time(start, event.media.rate), _time(0, event.media.rate))
    marker = otio.schema.Marker(name=name, marked_range=at, color=otio.schema.MarkerColor.GREEN)
    marker.metadata["editron"] = {
        "score": event.moment.score,
        "reason": comment,
        "signals": {signal: value for signal, value in event.moment.signals.items() if value is not None},
        "profile": event.moment.profile_hash,
    }
    return marker
