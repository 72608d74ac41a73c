"""HDR becomes SDR in one way, whoever asks."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from editron_core.analyze.decode import PROXY, Takers, decode
from editron_core.media.frames import proxy_frames
from editron_core.media.probe import probe
from editron_core.render.encode import render
from tests.render.drawing import clip, ff, frames_of, media, plan_of

X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error")
BT2020 = ("-color_primaries", "bt2020", "-colorspace", "bt2020nc")


def grey(path: Path, transfer: str, level: float, tags: tuple[str, ...] = BT2020) -> Path:
    """One second of plain grey at `level` of the signal's range."""
    luma = round(64 + level * 876)
    tagged = f"setparams=color_trc={transfer}" + (
        ":color_primaries=bt2020:colorspace=bt2020nc" if tags else ""
    )
    drawn = f"color=s=320x320:r=25:d=1,format=yuv420p10,lutyuv=y={luma}:u=512:v=512,{tagged}"
    ff("-f", "lavfi", "-i", drawn, *X265, "-color_trc", transfer, *tags, str(path))
    return path


def both(path: Path, out: Path) -> tuple[float, float]:
    """The brightness, 0..255, that the analysis sees and that the deliverable shows."""
    seen: list[np.ndarray] = []
    found = probe(path)
    assert found.video is not None
    assert found.video.hdr
    decode(path, found, out, Takers(lambda at, shown: None, lambda at, shown: seen.append(shown)))
    assert proxy_frames(out / PROXY, [Fraction(0)]).mean() == pytest.approx(seen[0].mean(), abs=4)
    (made,) = render(plan_of(out, [media(path)], [clip("a", 0, 10, Fraction(25))], Fraction(25)))
    shown = frames_of(Path(made.path), 320, 320)[5][120:200, 120:200]
    return float(seen[0].mean()), float((shown.mean() - 16) * 255 / 219)


@pytest.mark.parametrize(("transfer", "level"), [("smpte2084", 0.5), ("arib-std-b67", 0.5)])
def test_the_analysis_sees_what_the_deliverable_shows(tmp_path, transfer, level):
    seen, shown = both(grey(tmp_path / "hdr.mkv", transfer, level), tmp_path)
    assert 20 < seen < 235
    assert seen == pytest.approx(shown, abs=6)


def test_a_picture_that_names_its_transfer_alone_is_mapped_too(tmp_path):
    seen, shown = both(grey(tmp_path / "hdr.mkv", "smpte2084", 0.5, ()), tmp_path)
    assert seen == pytest.approx(shown, abs=6)
