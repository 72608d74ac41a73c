"""Words of a supplied transcript get the times at which they are really said."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from editron_core.analyze import align
from editron_core.analyze.subtitles import Line, Script
from editron_core.domain.transcript import Word
from editron_core.media.audio import Sound, open_wav
from editron_core.times import Span, seconds
from tests import sounds

LINES = (
    "The quick brown fox jumps over the lazy dog.",
    "We open the new store on Monday morning, and everybody is invited.",
    "Thank you all for coming tonight, it means a great deal to us.",
    "After the break we will show you how it was made.",
)
GAP = 0.5


class Spoken:
    """Speech with its true word times, in a WAV."""

    def __init__(self, folder: Path, lines: tuple[str, ...], voice: str = "en-us") -> None:
        samples, self.words = sounds.spoken(lines, voice)
        self.sound: Sound = open_wav(sounds.write(folder / "spoken.wav", samples))
        self.lines = lines

    def script(self, jitter: float = 0.0, language: str = "en") -> Script:
        """Cues that begin and end with their lines, each edge off by up to `jitter` seconds."""
        rng, rest, cues = np.random.default_rng(5), list(self.words), []
        for line in self.lines:
            own, rest = rest[: len(line.split())], rest[len(line.split()) :]
            edges = np.array([own[0][1], own[-1][2]]) + rng.uniform(-jitter, jitter, 2)
            cues.append(Line(Span.of(float(max(0, edges[0])), float(edges[1])), tuple(line.split())))
        return Script("clip.srt", language, tuple(cues))

    def touching(self, offset: float = 0.0) -> Script:
        """Cues without gaps, as most files have them: each lasts until the next begins."""
        lines = self.script().lines
        starts = [line.span.start + seconds(offset) for line in lines if line.span] + [self.sound.duration]
        spans = [Span(start, end) for start, end in pairwise(starts)]
        cues = (Line(span, line.words) for span, line in zip(spans, lines, strict=True))
        return Script("clip.srt", "en", tuple(cues))

    def text(self) -> Script:
        return Script("clip.txt", "en", tuple(Line(None, tuple(line.split())) for line in self.lines))

    @property
    def speech(self) -> list[Span]:
        """What a voice detector says: a span per line."""
        return [line.span for line in self.script().lines if line.span is not None]

    def aligned(self, script: Script) -> tuple[bool, np.ndarray]:
        """Whether the transcript says that it is aligned, and the error of each word's start in seconds."""
        found = align.to_words(script, self.sound, self.speech, self.sound.duration)
        assert [word.text for word in found.words] == [text for text, _, _ in self.words]
        starts = np.array([float(word.span.start) for word in found.words])
        return found.aligned, np.abs(starts - [start for _, start, _ in self.words])


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> Spoken:
    return Spoken(tmp_path_factory.mktemp("english"), LINES, "en-us+f3")


class TestEnglish:
    def test_words_of_exact_cues_are_found(self, english: Spoken) -> None:
        aligned, error = english.aligned(english.script())
        assert aligned
        assert np.median(error) < 0.05
        assert np.percentile(error, 95) < 0.15

    def test_words_of_rough_cues_are_found(self, english: Spoken) -> None:
        aligned, error = english.aligned(english.script(jitter=0.2))
        assert aligned
        assert np.median(error) < 0.05

    def test_words_of_touching_cues_are_found(self, english: Spoken) -> None:
        aligned, error = english.aligned(english.touching())
        assert aligned
        assert np.median(error) < 0.05
        assert np.percentile(error, 95) < 0.15

    def test_cues_that_come_a_little_late_do_not_cut_words(self, english: Spoken) -> None:
        aligned, error = english.aligned(english.touching(offset=0.15))
        assert aligned
        assert np.median(error) < 0.05

    def test_a_text_without_times_is_found_in_the_whole_sound(self, english: Spoken) -> None:
        aligned, error = english.aligned(english.text())
        assert aligned
        assert np.median(error) < 0.05

    def test_names_and_numbers_that_no_dictionary_has_are_found(self, tmp_path: Path) -> None:
        spoken = Spoken(tmp_path, ("We love Editron and Captionary very much.", "Zorblatt paid 250 for it."))
        aligned, error = spoken.aligned(spoken.script())
        assert aligned
        assert np.median(error) < 0.05

    def test_it_beats_spreading_the_words(self, english: Spoken) -> None:
        _, measured = english.aligned(english.script())
        _, spread = english.aligned(english.script(language="und"))
        assert np.median(measured) < np.median(spread)

    def test_the_same_sound_gives_the_same_words(self, english: Spoken) -> None:
        script = english.script()
        first, second = (
            align.to_words(script, english.sound, english.speech, english.sound.duration) for _ in range(2)
        )
        assert first == second


def test_cues_that_do_not_fit_the_sound_keep_their_times(tmp_path: Path) -> None:
    sound = open_wav(sounds.write(tmp_path / "hum.wav", sounds.silence(6)))
    lines = (Line(Span.of(1, 2), ("Hello", "there")), Line(Span.of(4, 5), ("Bye", "now")))
    found = align.to_words(Script("clip.srt", "en", lines), sound, [], sound.duration)
    assert not found.aligned
    assert [(word.text, word.span.start) for word in found.words] == [
        ("Hello", Fraction(1)),
        ("there", Fraction(3, 2)),
        ("Bye", Fraction(4)),
        ("now", pytest.approx(Fraction(9, 2))),
    ]


def test_another_language_is_spread_over_the_speech_in_its_cue(tmp_path: Path) -> None:
    sound = open_wav(sounds.write(tmp_path / "speech.wav", sounds.silence(10)))
    line = Line(Span.of(2, 8), ("Guten", "Morgen", "liebe", "Leute"))
    found = align.to_words(
        Script("clip.srt", "de", (line,)), sound, [Span.of(0, 4), Span.of(6, 7)], Fraction(10)
    )
    assert not found.aligned
    assert all(
        Span.of(2, 4).overlap(word.span) + Span.of(6, 7).overlap(word.span) == word.span.duration
        for word in found.words
    )
    assert found.words[-1].span.end == 7


def test_an_english_file_keeps_a_foreign_cue_in_its_place(english: Spoken) -> None:
    foreign = Line(english.script().lines[1].span, ("Ahora", "puedo", "hablar", "nunca", "sabrás"))
    lines = (english.script().lines[0], foreign, *english.script().lines[2:])
    found = align.to_words(
        Script("clip.srt", "en", lines), english.sound, english.speech, english.sound.duration
    )
    assert foreign.span is not None
    said = [word for word in found.words if word.text in foreign.words]
    assert all(foreign.span.overlap(word.span) == word.span.duration for word in said)
    assert not found.aligned


def test_word_times_of_the_file_itself_are_kept() -> None:
    marks = (Fraction(1), None, Fraction(2))
    line = Line(Span.of(1, 3), ("one", "two", "three"), marks)
    found = align.to_words(Script("clip.vtt", "de", (line,)), None, [], Fraction(9))
    assert found.aligned
    assert [word.span for word in found.words] == [Span.of(1, 1.5), Span.of(1.5, 2), Span.of(2, 3)]


def test_a_cue_of_one_word_is_a_word_time() -> None:
    lines = (Line(Span.of(1, 1.4), ("one",)), Line(Span.of(1.4, 2), ("two",)))
    found = align.to_words(Script("clip.srt", "de", lines), None, [], Fraction(9))
    assert found.aligned
    assert [word.span for word in found.words] == [Span.of(1, 1.4), Span.of(1.4, 2)]


def test_what_comes_after_the_end_is_left_out_and_what_lasts_longer_is_cut() -> None:
    lines = (Line(Span.of(1, 8), ("one", "two")), Line(Span.of(9, 10), ("never",)))
    found = align.to_words(Script("clip.srt", "de", lines), None, [], Fraction(4))
    assert [word.text for word in found.words] == ["one", "two"]
    assert found.words[-1].span.end == 4


def test_a_text_without_times_and_without_sound_is_spread_over_the_file() -> None:
    script = Script("clip.txt", "en", (Line(None, ("aaaa", "bb")), Line(None, ("cc",))))
    found = align.to_words(script, None, [], Fraction(8))
    assert [word.span for word in found.words] == [Span.of(0, 4), Span.of(4, 6), Span.of(6, 8)]
    assert not found.aligned


spans = st.tuples(st.integers(-5, 60), st.integers(0, 20)).map(
    lambda pair: Span(Fraction(pair[0], 4), Fraction(pair[0] + pair[1], 4))
)


@given(st.lists(spans, max_size=12))
def test_words_never_run_backwards_and_stay_inside(found: list[Span]) -> None:
    ordered = align.in_order([Word("w", span) for span in found], Fraction(10))
    assert len(ordered) == len(found)
    at = Fraction(0)
    for word in ordered:
        assert at <= word.span.start <= word.span.end <= 10
        at = word.span.end


@given(st.lists(st.text("ab-", min_size=1), min_size=1, max_size=9), st.lists(spans, min_size=1, max_size=5))
def test_spread_words_lie_in_the_stretches_in_order(words: list[str], over: list[Span]) -> None:
    stretches = sorted(over)
    placed = align.spread(words, stretches)
    assert [word.text for word in placed] == words
    assert all(any(s.start <= w.span.start and w.span.end <= s.end for s in stretches) for w in placed)
