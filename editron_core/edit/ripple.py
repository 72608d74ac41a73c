"""Ripple edits: change one clip of a timeline and let everything after it move up.

Each function returns a new timeline; on the same grid, with the same clips elsewhere.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from editron_core.domain.timeline import Clip, Crop, CropKey, Cue, Timeline
from editron_core.domain.transcript import Transcript
from editron_core.edit import captions
from editron_core.errors import UsageError
from editron_core.times import Span, on_frame


def trim(timeline: Timeline, keep: Span) -> Timeline:
    """Of the clip that shows at the middle of `keep` (timeline seconds), keep only that part.

    The part is taken to whole frames. What follows moves up; captions hold the words still heard.
    Raises UsageError where `keep` names no clip or would leave less than one frame.
    """
    places = list(timeline.placed())
    index = next((i for i, (place, _) in enumerate(places) if place.holds(keep.middle)), None)
    if index is None:
        raise UsageError(
            f"{keep} lies outside the cut", subject=timeline.name, remedy=f"it runs 0 to {timeline.duration}"
        )
    place, clip = places[index]
    wanted = keep.clamp(place)
    kept = Span(on_frame(wanted.start, timeline.rate), on_frame(wanted.end, timeline.rate))
    if kept.duration < 1 / timeline.rate:
        raise UsageError("a trim must keep at least one frame", subject=timeline.name)
    clips = (*timeline.clips[:index], _inside(clip, kept.shift(-place.start)), *timeline.clips[index + 1 :])
    trimmed = replace(timeline, clips=clips)
    return replace(trimmed, cues=_recaptioned(timeline, trimmed, index, kept))


def _inside(clip: Clip, kept: Span) -> Clip:
    source = Span(clip.source.start + kept.start, clip.source.start + kept.end)
    crops = {aspect: _crop_inside(crop, kept) for aspect, crop in (clip.crops or {}).items()}
    return replace(clip, source=source, crops=crops if clip.crops is not None else None)


def _crop_inside(crop: Crop, kept: Span) -> Crop:
    inside = [key for key in crop.keys if kept.start < key.at < kept.end]
    keys = [_key_at(crop, kept.start), *inside, _key_at(crop, kept.end)]
    return replace(crop, keys=tuple(replace(key, at=key.at - kept.start) for key in keys))


def _key_at(crop: Crop, at: Fraction) -> CropKey:
    before = max((k for k in crop.keys if k.at <= at), key=lambda k: k.at, default=crop.keys[0])
    after = min((k for k in crop.keys if k.at >= at), key=lambda k: k.at, default=crop.keys[-1])
    width = after.at - before.at
    share = float((at - before.at) / width) if width > 0 else 0.0
    return CropKey(at, before.x + share * (after.x - before.x), before.y + share * (after.y - before.y))


def _recaptioned(before: Timeline, after: Timeline, index: int, kept: Span) -> tuple[Cue, ...]:
    """The cues of `after`, which shows of `before` the same clips, but of clip `index` only `kept`.

    Captions are cut anew, from the words that are still heard: `before` is the footage of `after`.
    """
    places = [place for place, _ in before.placed()]
    places[index] = kept
    words = tuple(word for cue in before.cues for word in cue.words)
    placed = [(place, Clip(before.name, old)) for (place, _), old in zip(after.placed(), places, strict=True)]
    return captions.cues_for(placed, {before.name: Transcript("und", words, before.name)}, before.rate)
