"""The scoring profile: the one object that crosses from research to production.

A profile says what makes a moment: how much each signal weighs, the prompts that the picture is compared
with, how long moments are, how signals are normalised and which candidates are kept. It is written in
TOML, checked on load, and identified by the SHA-256 of its canonical form. Formatting, comments, key
order, prompt order, name and description do not enter the hash; everything that can change a choice does.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, TypeAdapter, ValidationError

from editron_core.domain import codec
from editron_core.domain.evidence import SIGNALS
from editron_core.errors import DefinitionError
from editron_core.times import seconds

PROFILES = Path(__file__).parent / "profiles"
"""Where the shipped profiles lie."""
SUM_TOLERANCE = 1e-6
KNOB_STRENGTH = 4.0
"""A knob at 1 multiplies its signals' weights by this before all are renormalised, at -1 divides."""
KNOBS: dict[str, tuple[str, ...]] = {
    "energy": ("motion", "action", "shot_rhythm", "loudness", "onset", "audio_event"),
    "talk": ("speech_presence", "speech_rate", "brief_coverage"),
    "beauty": ("sharpness", "exposure", "colour", "richness", "detail", "subject", "vision_prompt"),
}
"""The signals that each knob moves. Faces, skin, novelty, freshness and shot opening belong to none."""

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


def _exact(value: Any) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Fraction)):
        raise ValueError("is not a number of seconds")
    return seconds(value)


Seconds = Annotated[Fraction, BeforeValidator(_exact)]


@dataclass(frozen=True, slots=True)
class Prompts:
    """Texts that the picture is compared with, where the vision engine reads text."""

    __pydantic_config__ = _STRICT

    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long moments are, in seconds: 0 < min <= target <= max <= 600."""

    __pydantic_config__ = _STRICT

    min: Seconds = Fraction(3)
    target: Seconds = Fraction(8)
    max: Seconds = Fraction(15)


@dataclass(frozen=True, slots=True)
class Normalisation:
    """How a signal's fixed-scale values become what is weighted."""

    __pydantic_config__ = _STRICT

    contrast: float = 0.5
    """0..1. Share of the value that is relative to the same file (`scorer.value`); the rest keeps the
    signal's fixed scale, which is what makes files comparable with each other."""
    smoothing_s: float = 2.0
    """Width (full, at the base) of the triangle that the score is smoothed with, 0..30 seconds."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Which candidates are kept."""

    __pydantic_config__ = _STRICT

    threshold: float = 0.4
    """0..1. Candidates that score less are not moments."""
    peak: float = 0.3
    """0..1. Share of a candidate's score that its best instant makes up; its mean makes up the rest."""
    max_overlap: float = 0.2
    """0..1. Two moments of a file share at most this much of the shorter one."""
    diversity: float = 0.15
    """0..1. How much looking like a moment already chosen costs a candidate."""
    max_moments: int = 12
    per_file: int = 4
    """Most moments of one file, 1 at least. Where there are so few files that an even share of
    `max_moments` is more, that share counts: a single file may give them all."""


@dataclass(frozen=True)
class Profile:
    """Weights, shapes, prompts, lengths, normalisation and selection rules."""

    __pydantic_config__ = _STRICT

    name: str
    weights: Mapping[str, float]
    """By signal; each above 0; they sum to 1."""
    description: str = ""
    off: tuple[str, ...] = ()
    """Signals that the author left out on purpose."""
    shapes: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """By weighted signal: what its values count as, 0..1, at even distances over 0..1 (two points at least),
    with straight lines between. A signal without a shape counts as what it is. Learned shapes make the
    score a generalised additive model (Hastie and Tibshirani, 1986)."""
    prompts: Prompts = field(default_factory=Prompts)
    lengths: Lengths = field(default_factory=Lengths)
    normalisation: Normalisation = field(default_factory=Normalisation)
    selection: Rules = field(default_factory=Rules)

    def __post_init__(self) -> None:
        """Bring to canonical order and check. Raises DefinitionError naming the key and the remedy."""
        order = {name: float(self.weights[name]) for name in sorted(self.weights)}
        object.__setattr__(self, "weights", order)
        object.__setattr__(self, "off", tuple(sorted(set(self.off))))
        shapes = {name: tuple(float(y) for y in self.shapes[name]) for name in sorted(self.shapes)}
        object.__setattr__(self, "shapes", shapes)
        texts = Prompts(tuple(sorted(set(self.prompts.positive))), tuple(sorted(set(self.prompts.negative))))
        object.__setattr__(self, "prompts", texts)
        _check(self)

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) over the canonical form of everything but name and description."""
        data = self.to_data()
        return codec.content_hash({k: v for k, v in data.items() if k not in ("name", "description")})

    def to_data(self) -> dict[str, Any]:
        """The profile as JSON-ready data; `parse` is the inverse."""
        data: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return data

    def with_knobs(self, *, energy: float = 0.0, talk: float = 0.0, beauty: float = 0.0) -> Profile:
        """The profile with the three knobs turned, each -1 (less) to 1 (more); 0 leaves it as it is.

        A knob multiplies the weights of its signals (`KNOBS`) by `KNOB_STRENGTH ** knob`; then all
        weights are renormalised. The result has its own name and hash. Raises DefinitionError for a
        knob out of range, or one that is turned up although the profile weights none of its signals.
        """
        turned = {k: v for k, v in (("energy", energy), ("talk", talk), ("beauty", beauty)) if v}
        if not turned:
            return self
        weights = dict(self.weights)
        for knob, value in turned.items():
            if not -1 <= value <= 1:
                raise DefinitionError(f"is {value:g}", subject=f"knob {knob}", remedy="use -1 to 1")
            signals = [name for name in KNOBS[knob] if name in weights]
            if not signals:
                raise DefinitionError(
                    f"moves nothing: profile {self.name} weights none of {', '.join(KNOBS[knob])}",
                    subject=f"knob {knob}",
                    remedy="leave it at 0 or choose another profile",
                )
            for name in signals:
                weights[name] *= KNOB_STRENGTH**value
        label = ", ".join(f"{knob} {value:+g}" for knob, value in turned.items())
        return replace(self.with_weights(weights), name=f"{self.name} ({label})")

    def with_weights(self, weights: Mapping[str, float]) -> Profile:
        """The profile with other weights, by signal, scaled to sum to 1; a weight of 0 leaves its signal out.

        What was shaped and is not weighted any more loses its shape. Raises DefinitionError where nothing
        is left, or a signal is none.
        """
        kept = {name: weight for name, weight in weights.items() if weight != 0}
        total = math.fsum(kept.values())
        if not total > 0:
            raise DefinitionError("weighs nothing", subject=f"profile {self.name}", remedy="weigh a signal")
        shapes = {name: shape for name, shape in self.shapes.items() if name in kept}
        off = tuple({*self.off, *weights} - kept.keys())
        # What sums to 1 already stays to the last digit: the same weights are the same profile.
        if not math.isclose(total, 1.0, abs_tol=1e-12):
            kept = {name: weight / total for name, weight in kept.items()}
        return replace(self, weights=kept, shapes=shapes, off=off)


def shipped() -> tuple[str, ...]:
    """The names of the profiles that ship with Editron, `default` first."""
    names = sorted(path.stem for path in PROFILES.glob("*.toml"))
    return tuple(sorted(names, key=lambda name: name != "default"))


def load(name_or_path: str) -> Profile:
    """A shipped profile by name, or one from the path of a TOML file.

    Raises DefinitionError where there is none, or where it does not hold together.
    """
    path = PROFILES / f"{name_or_path}.toml" if name_or_path in shipped() else Path(name_or_path)
    if not path.is_file():
        raise DefinitionError(
            "is neither a shipped profile nor a file",
            subject=f"profile {name_or_path}",
            remedy=f"shipped are {', '.join(shipped())}; a file ends in .toml",
        )
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DefinitionError(
            f"is not TOML: {error}", subject=str(path), remedy="correct the file"
        ) from error
    return parse({"name": path.stem, **data}, source=str(path))


def parse(data: Mapping[str, Any], *, source: str) -> Profile:
    """A profile from plain data, as `Profile.to_data` gives it. `source` names it in errors."""
    try:
        return _adapter().validate_python(dict(data))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        remedy = "correct the key"
        if first["type"] == "unexpected_keyword_argument":
            remedy = "remove it or correct its spelling"
        message = first["msg"].removeprefix("Value error, ")
        raise DefinitionError(f"{key}: {message}", subject=source, remedy=remedy) from error
    except DefinitionError as error:
        subject = f"{source}: {error.subject}" if error.subject else source
        raise DefinitionError(error.message, subject=subject, remedy=error.remedy) from error


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Profile]:
    return TypeAdapter(Profile)


def _check(profile: Profile) -> None:
    _check_weights(profile.weights, profile.off)
    _check_shapes(profile.shapes, profile.weights)
    lengths = profile.lengths
    if not 0 < lengths.min <= lengths.target <= lengths.max <= 600:
        raise _wrong(
            "lengths",
            f"min {float(lengths.min):g}, target {float(lengths.target):g}, max {float(lengths.max):g}",
            "use 0 < min <= target <= max <= 600 seconds",
        )
    rules, norm = profile.selection, profile.normalisation
    shares = {
        "normalisation.contrast": norm.contrast,
        "selection.threshold": rules.threshold,
        "selection.peak": rules.peak,
        "selection.max_overlap": rules.max_overlap,
        "selection.diversity": rules.diversity,
    }
    for key, value in shares.items():
        if not 0 <= value <= 1:
            raise _wrong(key, f"is {value:g}", "use a share, 0 to 1")
    if not 0 <= norm.smoothing_s <= 30:
        raise _wrong("normalisation.smoothing_s", f"is {norm.smoothing_s:g}", "use 0 to 30 seconds")
    for key, count in (("max_moments", rules.max_moments), ("per_file", rules.per_file)):
        if count < 1:
            raise _wrong(f"selection.{key}", f"is {count}", "use 1 or more")
    if any(not text.strip() for text in (*profile.prompts.positive, *profile.prompts.negative)):
        raise _wrong("prompts", "holds an empty text", "remove it")


def _check_weights(weights: Mapping[str, float], off: tuple[str, ...]) -> None:
    for name in (*weights, *off):
        if name not in SIGNALS:
            raise _wrong(f"weights.{name}", "is no signal", f"signals are {', '.join(SIGNALS)}")
    for name, weight in weights.items():
        if name in off:
            raise _wrong(f"weights.{name}", "is weighted and declared off", "remove it from one of the two")
        if not weight > 0:
            raise _wrong(
                f"weights.{name}",
                f"is {weight:g}: a signal that weighs nothing is a mistake or a decision",
                f"give it a weight above 0, or remove it and list it: off = [{name!r}]",
            )
    total = math.fsum(weights.values())
    if abs(total - 1) > SUM_TOLERANCE:
        raise _wrong("weights", f"sum to {total:.6g}", "make them sum to 1")


def _check_shapes(shapes: Mapping[str, tuple[float, ...]], weights: Mapping[str, float]) -> None:
    for name, shape in shapes.items():
        key = f"shapes.{name}"
        if name not in weights:
            raise _wrong(key, "is of no weighted signal", "weigh the signal, or remove its shape")
        if len(shape) < 2 or not all(0 <= y <= 1 for y in shape):
            raise _wrong(key, f"is {list(shape)}", "give two values or more, each 0 to 1")
        if len(set(shape)) == 1:
            raise _wrong(key, "is flat: the signal says nothing", f"remove it and list it: off = [{name!r}]")


def _wrong(key: str, message: str, remedy: str) -> DefinitionError:
    return DefinitionError(message, subject=key, remedy=remedy)
