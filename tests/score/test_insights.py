"""Insights are figures of this footage, not phrases that fit any."""

from __future__ import annotations

from fractions import Fraction

import polars as pl

from editron_core.domain.batch import AudioStream, BatchStatus, MediaFile, MediaProbe, VideoStream
from editron_core.domain.evidence import Evidence
from editron_core.domain.moment import Moment, Selection
from editron_core.domain.transcript import Transcript, Word
from editron_core.score import insights
from editron_core.times import Span

NOTHING = Selection((), 4, 0.1, "0 of 4 passed; best 0.10 < 0.20; at 0.10 there is 1")


def file(name: str, size: tuple[int, int] = (1280, 720), *, sound: bool = True) -> MediaFile:
    video = VideoStream(0, "h264", *size, Fraction(25), False, 0, "yuv420p", 8, "unknown", False)
    audio = AudioStream(1, "aac", 48000, 2, "stereo") if sound else None
    probe = MediaProbe("mov", Fraction(8), video, audio)
    return MediaFile(name, "b", name, name, name, 1, BatchStatus.ANALYZED, probe)


def seen(speech: float, exposure: float = 0.9, words: str = "") -> Evidence:
    said = tuple(Word(text, Span.of(i, i + 1)) for i, text in enumerate(words.split()))
    table = pl.DataFrame(
        {
            "time_s": [i / 2 for i in range(16)],
            "speech_presence": [speech] * 16,
            "motion": [0.5] * 16,
            "exposure": [exposure] * 16,
            "faces": [0.0, 0.5] * 8,
        }
    )
    transcript = Transcript("en", said, "test") if said else None
    return Evidence(table, Fraction(8), (Span.of(0, 3), Span.of(3, 8)), transcript, ())


def chosen(file_id: str) -> Selection:
    moment = Moment(file_id, Span.of(1, 4), 0.6, {"motion": 0.5}, {"motion": 0.6}, "Fast movement", "h")
    return Selection((moment,), 1, 0.6, "1 of 1 passed")


def test_figures_are_measured() -> None:
    found = insights.gather({"a": file("a")}, {"a": seen(0.25)}, chosen("a"))

    assert found.figures["duration_s"] == 8
    assert found.figures["mean_shot_s"] == 4
    assert found.figures["speech_share"] == 0.25
    assert found.figures["faces_share"] == 0.5


def test_keywords_are_what_is_said_and_not_function_words() -> None:
    evidence = seen(0.9, words="The lantern and the lantern with their lantern over water")

    found = insights.gather({"a": file("a")}, {"a": evidence}, chosen("a"))

    assert found.keywords[0] == "lantern"
    assert not {"with", "their", "over"} & set(found.keywords)
    assert "lantern" in found.summary


def test_an_empty_choice_is_explained_in_the_summary_and_recommends_nothing() -> None:
    found = insights.gather({"a": file("a")}, {"a": seen(0.0)}, NOTHING)

    assert "0 of 4 passed" in found.summary
    assert found.targets == ()


def test_talk_and_vertical_footage_call_for_shorts_first() -> None:
    talk = insights.gather({"a": file("a")}, {"a": seen(0.8)}, chosen("a"))
    vertical = insights.gather({"a": file("a", (720, 1280))}, {"a": seen(0.0)}, chosen("a"))
    scenic = insights.gather({"a": file("a")}, {"a": seen(0.0)}, chosen("a"))

    assert [talk.targets[0].blueprint, vertical.targets[0].blueprint] == ["shorts", "shorts"]
    assert scenic.targets[0].blueprint == "hero-reel"


def test_flaws_of_the_footage_are_warned_of() -> None:
    found = insights.gather({"a": file("a", sound=False)}, {"a": seen(0.0, exposure=0.2)}, chosen("a"))

    assert any("badly exposed" in warning for warning in found.warnings)
    assert any("no sound" in warning for warning in found.warnings)
