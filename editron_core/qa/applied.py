"""Whether every setting of a profile is read: two profiles that differ in it alone must not choose alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from editron_core.domain.moment import Selection
from editron_core.qa.evaluate import DIGITS
from editron_core.qa.exam import Exam, GateCheck
from editron_core.score.profile import Lengths, Normalisation, Profile, Prompts, Rules


def profile_is_applied(exam: Exam) -> GateCheck:
    """Moments carry the profile's hash, and every setting that changes changes what is chosen."""
    hashes = {moment.profile_hash for moment in exam.moments(exam.profile).moments}
    ignored = []
    for setting, sides in SETTINGS.items():
        one, other = sides(exam.profile)
        if one.hash == other.hash or _chosen(exam.moments(one)) == _chosen(exam.moments(other)):
            ignored.append(setting)
    if not hashes <= {exam.profile.hash}:
        ignored.insert(0, "the profile itself")
    return GateCheck(
        "the profile is applied",
        not ignored,
        f"{len(SETTINGS) - len(ignored)} of {len(SETTINGS)} settings change what is chosen",
        "all, and the hash that was asked for",
        f"not applied: {', '.join(ignored)}" if ignored else "",
    )


_OPEN = Rules(threshold=0.0, peak=0.3, max_overlap=0.2, diversity=0.0, max_moments=8, per_file=8)
"""Rules under which little but the one that is tried decides."""
_ALL = replace(_OPEN, max_overlap=1.0, max_moments=500, per_file=500)
"""Rules under which every candidate is a moment."""
_SHOWN = ("people celebrating", "a title card with letters")
"""Texts that drawn scenes are like, each another one (`wordeye.SHOWN`)."""
_LENGTHS = Lengths(Fraction(2), Fraction(6), Fraction(12))


def _rules(**changes: Any) -> Callable[[Profile], Profile]:
    return lambda profile: replace(profile, selection=replace(_OPEN, **changes))


def _lengths(**changes: int) -> Callable[[Profile], Profile]:
    lengths = replace(_LENGTHS, **{key: Fraction(value) for key, value in changes.items()})
    return lambda profile: replace(profile, selection=_ALL, lengths=lengths)


def _normalised(contrast: float, smoothing_s: float) -> Callable[[Profile], Profile]:
    return lambda profile: replace(profile, normalisation=Normalisation(contrast, smoothing_s))


def _shaped(*shape: float) -> Callable[[Profile], Profile]:
    """Every signal with this shape: one alone may have no data."""
    return lambda profile: replace(profile, selection=_ALL, shapes=dict.fromkeys(profile.weights, shape))


def _prompted(**texts: tuple[str, ...]) -> Callable[[Profile], Profile]:
    """The pictures' likeness to texts alone: whatever the profile weighs, its prompts must be read."""
    return lambda profile: replace(
        profile, selection=_ALL, weights={"vision_prompt": 1.0}, off=(), shapes={}, prompts=Prompts(**texts)
    )


def _pair(
    one: Callable[[Profile], Profile], other: Callable[[Profile], Profile]
) -> Callable[[Profile], tuple[Profile, Profile]]:
    return lambda profile: (one(profile), other(profile))


SETTINGS: Mapping[str, Callable[[Profile], tuple[Profile, Profile]]] = {
    "threshold": _pair(_rules(threshold=0.0), _rules(threshold=1.0)),
    "peak": _pair(_rules(peak=0.0), _rules(peak=1.0)),
    "max_overlap": _pair(_rules(max_overlap=0.0), _rules(max_overlap=1.0)),
    "diversity": _pair(_rules(max_moments=4), _rules(max_moments=4, diversity=1.0)),
    "max_moments": _pair(_rules(max_moments=1), _rules(max_moments=4)),
    "per_file": _pair(_rules(max_overlap=1.0, per_file=1), _rules(max_overlap=1.0)),
    "contrast": _pair(_normalised(0.0, 2.0), _normalised(1.0, 2.0)),
    "smoothing_s": _pair(_normalised(0.5, 0.0), _normalised(0.5, 10.0)),
    "min": _pair(_lengths(min=2), _lengths(min=4)),
    "target": _pair(_lengths(target=3), _lengths(target=9)),
    "max": _pair(_lengths(max=6), _lengths(max=12)),
    "shapes": _pair(_shaped(0.0, 1.0), _shaped(1.0, 0.0)),
    "positive": _pair(_prompted(positive=_SHOWN[:1]), _prompted(positive=_SHOWN[1:])),
    "negative": _pair(_prompted(positive=_SHOWN[:1]), _prompted(positive=_SHOWN[:1], negative=_SHOWN[1:])),
}
"""For each setting two profiles that differ in nothing else, and must not choose alike."""


def _chosen(found: Selection) -> list[tuple[str, object, float]]:
    return [(moment.file_id, moment.span, round(moment.score, DIGITS)) for moment in found.moments]
