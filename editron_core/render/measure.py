"""Measuring: what a file of ours really holds, read from its own bytes and decoded once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SILENT_LUFS = -69.9
"""The meter's floor: at -70 LUFS nothing passed its gate (EBU Tech 3341)."""


@dataclass(frozen=True, slots=True)
class Loudness:
    """What the EBU R128 meter says of a piece of sound."""

    lufs: float | None
    """Integrated loudness; null for silence."""
    dbtp: float | None
    """True peak; null for digital silence."""


def loudness(log: Path) -> Loudness:
    """Read the file that `ebur128=metadata=1:peak=true,ametadata=mode=print` wrote."""
    import math

    integrated, peak = None, 0.0
    with log.open() as lines:
        for line in lines:
            key, _, value = line.strip().partition("=")
            if key == "lavfi.r128.I":
                integrated = float(value)
            elif key == "lavfi.r128.true_peak":
                peak = max(peak, float(value))
    heard = integrated is not None and math.isfinite(integrated) and integrated > SILENT_LUFS
    return Loudness(integrated if heard else None, 20 * math.log10(peak) if peak > 0 else None)
