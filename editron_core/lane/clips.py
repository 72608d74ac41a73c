"""Clips of moments for people to look at: cut from the proxy once somebody asks, and kept in the ledger."""

from __future__ import annotations

from fractions import Fraction

from editron_core.domain import codec
from editron_core.domain.batch import MediaFile
from editron_core.errors import UsageError
from editron_core.media.clips import cut_clip
from editron_core.review import footage
from editron_core.store import Stage, Store
from editron_core.times import Span

LONGEST_S = 300
NAME = "clip.mp4"
VERSION = "1"
WAIT_S = 30.0
"""How long one who asks waits for another who is cutting the same clip."""


def of_file(store: Store, file: MediaFile, span: Span) -> str:
    """The key of the folder in the blob store that holds the clip of a span, as `clip.mp4`.

    Raises NotFound where the file has no proxy, UsageError for a span that it does not have or that is
    longer than 5 minutes, Busy where somebody else takes long to cut it.
    """
    length = file.probe.duration if file.probe else Fraction(0)
    if span.end > length or not 0 < span.duration <= LONGEST_S:
        raise UsageError(
            f"is no span of it: give one of up to {LONGEST_S} s within {float(length):.3f} s",
            subject=f"{float(span.start):g}-{float(span.end):g} s",
        )
    proxy = footage.proxy(store, file)
    stage = Stage("clip", (file.sha256, proxy.parent.name), {"span": codec.dump(span)}, VERSION)
    with store.ledger.run(stage, wait_s=WAIT_S) as claim:
        if claim.output is None:
            cut_clip(proxy, span, claim.folder / NAME)
            claim.publish()
        assert claim.key is not None
        return claim.key
