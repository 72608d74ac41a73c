"""A profile as a TOML file: what `profile.load` reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction

from editron_core.score.profile import Profile


def to_toml(profile: Profile) -> str:
    """The profile as TOML text; loading it gives the same hash.

    Every key is written, those at their defaults too: the file says all that the profile does.
    """
    head = {"name": profile.name, "description": profile.description, "off": profile.off}
    heaviest = sorted(profile.weights.items(), key=lambda item: (-item[1], item[0]))
    lengths, how, rules = profile.lengths, profile.normalisation, profile.selection
    tables: dict[str, Mapping[str, object]] = {
        "weights": dict(heaviest),
        "shapes": profile.shapes,
        "prompts": {"positive": profile.prompts.positive, "negative": profile.prompts.negative},
        "lengths": {"min": lengths.min, "target": lengths.target, "max": lengths.max},
        "normalisation": {key: getattr(how, key) for key in how.__dataclass_fields__},
        "selection": {key: getattr(rules, key) for key in rules.__dataclass_fields__},
    }
    parts = [_lines(head)]
    parts += [f"[{name}]\n{_lines(table)}" for name, table in tables.items() if table]
    return "\n\n".join(parts) + "\n"


def _lines(table: Mapping[str, object]) -> str:
    return "\n".join(f"{key} = {_value(value)}" for key, value in table.items())


def _value(value: object) -> str:
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for DEL, which TOML alone wants escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Fraction):
        return str(value.numerator) if value.denominator == 1 else f'"{value}"'
    if isinstance(value, (int, float)):
        return repr(value)
    assert isinstance(value, tuple)
    if any(isinstance(item, str) for item in value) and len(value) > 2:
        return "[\n" + "".join(f"  {_value(item)},\n" for item in value) + "]"
    return "[" + ", ".join(_value(item) for item in value) + "]"
