"""What the tests of rendering share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from editron_core.render import encode, presets

SHRINK = 3


@pytest.fixture(scope="module")
def quick() -> Iterator[None]:
    """Every shipped preset at a third of its size, encoded fast: the same graph, a tenth of the work."""
    small = {
        name: replace(
            preset, sizes={aspect: (w // SHRINK, h // SHRINK) for aspect, (w, h) in preset.sizes.items()}
        )
        for name, preset in presets._all().items()
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(presets, "_all", lambda: small)
        patch.setattr(encode, "X264_PRESET", "superfast")
        yield
