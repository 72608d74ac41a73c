"""Ripple edits: change one clip of a timeline and let everything after it move up.

Each function returns a new timeline; on the same grid, with the same clips elsewhere. Captions are cut
anew from the words that are still heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from editron_core.domain.timeline import Clip, Crop, CropKey, Timeline
from editron_core.domain.transcript import Word
from editron_core.edit import captions
from editron_core.edit.captions import Stretch
from editron_core.errors import UsageError
from editron_core.times import Span, on_frame


def trim(timeline: Timeline, keep: Span) -> Timeline:
    """Of the clip that shows at the middle of `keep` (timeline seconds), keep only that part.

    The part is taken to whole frames. What follows moves up; captions hold the words still heard.
    Raises UsageError where `keep` names no clip or would leave less than one frame.
    """
    index, place = _at(timeline, keep.middle, str(keep))
    wanted = keep.clamp(place)
    kept = Span(on_frame(wanted.start, timeline.rate), on_frame(wanted.end, timeline.rate))
    if kept.duration < 1 / timeline.rate:
        raise UsageError("a trim must keep at least one frame", subject=timeline.name)
    shown = [each for each, _ in timeline.placed()]
    shown[index] = kept
    return _with(timeline, _put(timeline.clips, index, _part(timeline, index, kept)), shown)


def split(timeline: Timeline, at: Fraction) -> Timeline:
    """Cut the clip that shows at `at` (timeline seconds, taken to a whole frame) in two.

    Raises UsageError where no clip shows there, or a part would be shorter than one frame.
    """
    index, place = _at(timeline, at, f"{float(at):g} s")
    seam = on_frame(at, timeline.rate)
    if not place.start < seam < place.end:
        raise UsageError("each part must keep at least one frame", subject=timeline.name)
    halves = (Span(place.start, seam), Span(seam, place.end))
    clips = _put(timeline.clips, index, *(_part(timeline, index, half) for half in halves))
    shown = [each for each, _ in timeline.placed()]
    return _with(timeline, clips, [*shown[:index], *halves, *shown[index + 1 :]])


def merge(timeline: Timeline, first: int) -> Timeline:
    """Make one clip of clip number `first` (from 0) and the next, which must go on where it ends.

    Raises UsageError where there is no such pair, or the two do not belong together.
    """
    if not 0 <= first < len(timeline.clips) - 1:
        raise UsageError("has no clip after that one", subject=timeline.name)
    one, other = timeline.clips[first], timeline.clips[first + 1]
    if one.file_id != other.file_id or one.source.end != other.source.start:
        raise UsageError(
            f"clips {first + 1} and {first + 2} are not one piece of footage",
            subject=timeline.name,
            remedy="only what follows on in the same file can be merged",
        )
    joined = replace(
        one,
        source=Span(one.source.start, other.source.end),
        moment=one.moment or other.moment,
        crops=_joined_crops(timeline, one, other),
    )
    shown = [each for each, _ in timeline.placed()]
    both = Span(shown[first].start, shown[first + 1].end)
    clips = (*timeline.clips[:first], joined, *timeline.clips[first + 2 :])
    return _with(timeline, clips, [*shown[:first], both, *shown[first + 2 :]])


def extend(timeline: Timeline, index: int, source: Span) -> Timeline:
    """Let clip number `index` (from 0) show `source` (seconds of its file), more or less than it did.

    Both ends move by whole frames; a crop stands still where there was none. What is said in footage that
    was not shown before is not captioned here. Raises UsageError where less than a frame would be left.
    """
    _check(timeline, index)
    clip, rate = timeline.clips[index], timeline.rate
    first = on_frame(source.start - clip.source.start, rate)
    last = on_frame(source.end - clip.source.start, rate)
    if last - first < 1 / rate or clip.source.start + first < 0:
        raise UsageError("a clip must keep at least one frame of its file", subject=timeline.name)
    shown = [each for each, _ in timeline.placed()]
    after = _inside(clip, Span(first, last))
    place = shown[index]
    # The words come from what was shown before; whoever has the transcript captions the rest.
    shown[index] = Span(place.start + first, place.start + last)
    changed = _put(timeline.clips, index, after)
    if first >= 0 and last <= place.duration:
        return _with(timeline, changed, shown)
    return replace(timeline, clips=changed, cues=())


def remove(timeline: Timeline, index: int) -> Timeline:
    """Take clip number `index` (from 0) out. Raises UsageError where there is none, or no other."""
    _check(timeline, index)
    if len(timeline.clips) == 1:
        raise UsageError("would hold nothing", subject=timeline.name, remedy="reject the cut instead")
    shown = [each for each, _ in timeline.placed()]
    return _with(timeline, _put(timeline.clips, index), [*shown[:index], *shown[index + 1 :]])


def move(timeline: Timeline, index: int, to: int) -> Timeline:
    """Put clip number `index` (from 0) where clip number `to` is. Raises UsageError where there is none."""
    _check(timeline, index)
    _check(timeline, to)
    order = list(range(len(timeline.clips)))
    order.insert(to, order.pop(index))
    shown = [each for each, _ in timeline.placed()]
    return _with(timeline, tuple(timeline.clips[i] for i in order), [shown[i] for i in order])


def _check(timeline: Timeline, index: int) -> None:
    if not 0 <= index < len(timeline.clips):
        raise UsageError(f"has no clip {index + 1}", subject=timeline.name)


def _at(timeline: Timeline, at: Fraction, words: str) -> tuple[int, Span]:
    """The number and the place of the clip that shows at an instant. Raises UsageError."""
    for index, (place, _) in enumerate(timeline.placed()):
        if place.holds(at):
            return index, place
    raise UsageError(
        f"{words} lies outside the cut", subject=timeline.name, remedy=f"it runs 0 to {timeline.duration}"
    )


def _put(clips: tuple[Clip, ...], index: int, *parts: Clip) -> tuple[Clip, ...]:
    return (*clips[:index], *parts, *clips[index + 1 :])


def _part(timeline: Timeline, index: int, kept: Span) -> Clip:
    """Of clip number `index` what shows during `kept`, in timeline seconds."""
    place = [each for each, _ in timeline.placed()][index]
    return _inside(timeline.clips[index], kept.shift(-place.start))


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


def _joined_crops(timeline: Timeline, one: Clip, other: Clip) -> dict[str, Crop] | None:
    if (one.crops or {}).keys() != (other.crops or {}).keys():
        raise UsageError("the two are framed differently", subject=timeline.name)
    joined = {}
    for aspect, first in (one.crops or {}).items():
        second = (other.crops or {})[aspect]
        if (first.width, first.height) != (second.width, second.height):
            raise UsageError("the two are framed differently", subject=timeline.name)
        later = [replace(key, at=key.at + one.source.duration) for key in second.keys]
        # Where the two were one before, the seam holds the same key twice.
        keys = (*first.keys, *(later[1:] if first.keys[-1] == later[0] else later))
        joined[aspect] = replace(first, keys=keys)
    return joined if one.crops is not None else None


def _with(before: Timeline, clips: tuple[Clip, ...], shown: Sequence[Span]) -> Timeline:
    """`before` with other clips; `shown` says where in `before` each of them is seen, in seconds."""
    after = replace(before, clips=clips)
    said: list[Stretch] = []
    for (place, _), old in zip(after.placed(), shown, strict=True):
        moved = place.start - old.start
        by_line: dict[int, list[Stretch]] = {}
        for stretch in captions.stretches(before):
            if stretch.place.overlap(old):
                by_line.setdefault(stretch.line, []).append(stretch)
        for line, parts in by_line.items():
            words = [
                _heard(word, old, moved)
                for part in parts
                for word in part.words
                if old.holds(word.span.middle)
            ]
            stands = Span(parts[0].place.start, parts[-1].place.end) if line else old
            said.append(Stretch(stands.clamp(old).shift(moved), tuple(words), line))
    return replace(after, cues=captions.cues_of(said, before.rate))


def _heard(word: Word, old: Span, moved: Fraction) -> Word:
    return replace(word, span=word.span.clamp(old).shift(moved))
