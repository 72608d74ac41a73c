"""Choices in words: why a moment was taken, and why there are as many as there are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from editron_core.domain.evidence import Evidence
from editron_core.score.profile import Profile
from editron_core.times import Span

if TYPE_CHECKING:
    from editron_core.score.select import Candidate

WORDS: dict[str, tuple[str, str]] = {
    "motion": ("fast movement", "movement"),
    "action": ("much going on", "something going on"),
    "shot_rhythm": ("quick cutting", "some cutting"),
    "shot_opening": ("the beginning of a shot", "early in a shot"),
    "sharpness": ("a crisp picture", "a clear picture"),
    "exposure": ("good light", "fair light"),
    "colour": ("vivid colour", "some colour"),
    "richness": ("a full picture", "a picture with some depth"),
    "detail": ("a picture full of detail", "a picture with detail"),
    "subject": ("a clear subject", "a subject in view"),
    "skin": ("somebody very near", "somebody near"),
    "faces": ("faces close up", "faces in view"),
    "loudness": ("loud sound", "full sound"),
    "onset": ("strong beats", "a beat"),
    "audio_event": ("cheering, laughter or applause", "a hint of cheering, laughter or applause"),
    "speech_presence": ("speech all through", "speech"),
    "speech_rate": ("lively speech", "calm speech"),
    "novelty": ("something new to see", "a change of picture"),
    "freshness": ("nothing like it before", "little like it before"),
    "brief_coverage": ("just what the brief asks for", "part of what the brief asks for"),
    "vision_prompt": ("pictures just as the prompts ask", "pictures near what the prompts ask"),
}
"""Each signal in an editor's words, where its value is `STRONG` or more, and from `NOTABLE` to there."""
STRONG = 0.6
NOTABLE = 0.3
MOST_NAMED = 3
IN_ALL = 0.25
QUOTE_CHARACTERS = 72


def reason(moment: Candidate, evidence: Evidence) -> str:
    """What speaks for a moment, in words, and what is said in it.

    Signals are named in the order of what they add beyond the file's usual (a good picture all through is
    no reason for one moment), a quarter of what they add in all counting too.
    """
    added, usual = moment.contributions, moment.usual
    ranked = sorted(added, key=lambda name: (usual[name] - added[name] * (1 + IN_ALL), name))
    named: list[str] = []
    for name in ranked[: 2 * MOST_NAMED]:
        value = moment.signals[name]
        if value is not None and value >= NOTABLE and len(named) < MOST_NAMED:
            named.append(WORDS[name][0 if value >= STRONG else 1])
    text = _list(named) if named else "nothing stands out, and nothing else scores higher"
    said = quote(moment.span, evidence)
    return text[0].upper() + text[1:] + (f"; “{said}”" if said else "")


def quote(span: Span, evidence: Evidence) -> str:
    """The first words said in `span`, by whole sentences where they fit, at most `QUOTE_CHARACTERS`."""
    words = evidence.transcript.within(span) if evidence.transcript else ()
    text = " ".join(" ".join(word.text for word in words).split())
    if len(text) <= QUOTE_CHARACTERS:
        return text
    cut = text[:QUOTE_CHARACTERS]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut).rstrip(" ,;:") + " …"


def selection(
    found: Sequence[Candidate],
    chosen: Sequence[Candidate],
    profile: Profile,
    near: tuple[float, int] | None,
) -> str:
    """How many candidates passed and why no more are kept. `found` is best first.

    `near` is a threshold that would let some in, and how many; it is given where none passed.
    """
    rules = profile.selection
    passed = sum(c.score >= rules.threshold for c in found)
    if not found:
        return "0 of 0 passed; there was nothing to score"
    best = found[0].score
    if near is not None:
        verb = "is" if near[1] == 1 else "are"
        return (
            f"0 of {len(found)} passed; best {_floor(best)} < {_figure(rules.threshold)}; "
            f"at {_figure(near[0])} there {verb} {near[1]}"
        )
    text = f"{passed} of {len(found)} passed {_figure(rules.threshold)}; best {best:.2f}; {len(chosen)} kept"
    if len(chosen) < passed:
        text += f" (the rest overlap, or exceed what one file may give or {rules.max_moments} in all)"
    return text


def unmeasured(profile: Profile, share: float, filled: Mapping[str, float]) -> str:
    """Which weighted signals were not measured; empty where all were. Takes what `coverage` gave."""
    if not filled or share >= 1:
        return ""
    none = [f"{name} ({profile.weights[name]:.2f})" for name in profile.weights if filled[name] == 0]
    part = [f"{name} ({filled[name]:.0%} of the time)" for name in profile.weights if 0 < filled[name] < 1]
    text = f". Coverage {share:.2f}: the weight of what was not measured went to the other signals"
    for label, names in (("never", none), ("in part", part)):
        text += f"; measured {label}: {', '.join(names)}" if names else ""
    return text


def _list(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _floor(score: float) -> str:
    """Two decimals, never rounded up to a threshold that was missed."""
    return f"{math.floor(score * 100) / 100:.2f}"


def _figure(value: float) -> str:
    text = f"{value:.2f}"
    return text if math.isclose(float(text), value, abs_tol=1e-9) else f"{value:.6g}"
