"""A profile written as TOML is the same profile when it is loaded."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from editron_core.score import profile as profiles
from editron_core.score.profile import Lengths, Normalisation, Profile, Prompts
from editron_core.score.writing import to_toml

HOSTILE = 'quotes " and \\ back, \x7f del, \t tab\nline, [table]\n# no comment, 終わり 🎬'


def loaded(profile: Profile, folder: Path) -> Profile:
    path = folder / "written.toml"
    path.write_text(to_toml(profile), "utf-8")
    return profiles.load(str(path))


@pytest.mark.parametrize("name", profiles.shipped())
def test_a_shipped_profile_survives(name: str, tmp_path: Path) -> None:
    profile = profiles.load(name)

    assert loaded(profile, tmp_path) == profile
    assert loaded(profile, tmp_path).hash == profile.hash


def test_shapes_odd_numbers_and_hostile_texts_survive(tmp_path: Path) -> None:
    profile = Profile(
        name=HOSTILE,
        description=HOSTILE,
        weights={"motion": 1 / 3, "faces": 2 / 3},
        off=("colour", "onset", "loudness"),
        shapes={"motion": (0.0, 0.125, 1e-7, 1.0)},
        prompts=Prompts((HOSTILE, "a"), ()),
        lengths=Lengths(Fraction(1, 3), Fraction(7, 2), Fraction(600)),
        normalisation=Normalisation(1 / 7, 0.0),
    )

    found = loaded(profile, tmp_path)

    assert found == profile
    assert found.hash == profile.hash


def test_the_heaviest_weight_comes_first(tmp_path: Path) -> None:
    profile = replace(
        profiles.load("default"), weights={"colour": 0.25, "motion": 0.5, "onset": 0.25}, off=()
    )

    lines = to_toml(profile).splitlines()

    at = lines.index("[weights]")
    assert lines[at + 1 : at + 4] == ["motion = 0.5", "colour = 0.25", "onset = 0.25"]
