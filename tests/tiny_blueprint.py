"""A blueprint that is rendered in a second: for tests of what happens around the rendering."""

from __future__ import annotations

from pathlib import Path

TINY = """
name = "tiny"
title = "Tiny: a few seconds, to be rendered fast"
kind = "reel"
aspects = ["1:1"]
order = "story"
min_duration_s = 3
max_duration_s = 4
count = 1

[captions]
preset = "clean"
burn = false
"""


def written(folder: Path, name: str = "tiny") -> str:
    """The path of the blueprint, written to `folder` under `name`."""
    path = folder / f"{name}.toml"
    path.write_text(TINY.replace('"tiny"', f'"{name}"'), encoding="utf-8")
    return str(path)
