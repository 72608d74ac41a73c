"""The page by which people rate footage tells nothing of what the machine thinks, or others."""

from __future__ import annotations

from fractions import Fraction

import pytest

from editron_core.errors import NotFound
from editron_core.review import blind, labels
from editron_core.store import Store
from tests.api.seeded import SHA, Seeded, see


def test_footage_is_offered_once_it_can_be_played(store: Store, seeded: Seeded) -> None:
    assert blind.shown(store, {}, "ann")["files"] == []
    see(store)
    (file,) = blind.shown(store, {}, "ann")["files"]
    assert (file["name"], file["raters"], file["mine"], file["agreement"]) == ("goal.mp4", 0, False, None)


def test_who_rated_sees_it_and_nobody_sees_the_others_ratings(store: Store, seeded: Seeded) -> None:
    see(store)
    footage = labels.Footage("goal.mp4", SHA, Fraction(4))
    labels.rate(store, footage, "ann", (1, 5))
    labels.rate(store, footage, "ben", (2, 5))
    for rater, mine in (("ann", True), ("cleo", False)):
        shown = blind.shown(store, {"file": seeded.file_id}, rater)
        (file,) = shown["files"]
        assert (file["raters"], file["mine"]) == (2, mine)
        assert shown["chosen"]["windows"] == [[0.0, 2.0], [2.0, 4.0]]
        assert "ratings" not in str(shown)
        assert "score" not in str(shown)


def test_a_file_that_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        blind.shown(store, {"file": "f" * 32}, "ann")
