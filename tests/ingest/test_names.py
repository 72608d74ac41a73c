"""Names from outside: shown safely, never used as paths, and transcripts matched exactly."""

from __future__ import annotations

from pathlib import Path

import pytest

from editron_core.ingest import names


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("clip.mp4", "clip.mp4"),
        ("Prüfung 日本 👩‍🚀.mov", "Prüfung 日本 👩‍🚀.mov"),
        ("two\nlines\x1b[31m.mp4", "two\ufffdlines\ufffd[31m.mp4"),
        ("gpj.\u202e4pm", "gpj.\ufffd4pm"),
        ("bad\udcff.mp4", "bad\ufffd.mp4"),
        ("   ", "unnamed"),
        ("x" * 400, "x" * 255),
    ],
)
def test_shows_names_on_one_line_without_tricks(name: str, shown: str) -> None:
    assert names.shown(name) == shown
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("a.MP4", "mp4"),
        ("a.exe", "bin"),
        ("a", "bin"),
        (".mp4", "bin"),
        ("a.mp4/../../etc/passwd", "bin"),
        ("a.mp4 ", "bin"),
        ("a.SRT", "srt"),
        ("a.p\x00", "bin"),
    ],
)
def test_names_our_copy_by_content_and_a_known_ending_only(name: str, ending: str) -> None:
    assert names.stored("0" * 64, name) == "0" * 64 + "." + ending


@pytest.mark.parametrize(
    ("neighbours", "chosen"),
    [
        (["clip.srt"], "clip.srt"),
        (["clip.en.vtt"], "clip.en.vtt"),
        (["clip.pt-BR.txt", "clip.de.vtt"], "clip.de.vtt"),
        (["clip.TXT", "clip.vtt", "clip.en.srt"], "clip.vtt"),
        (["clip.srt.bak", "clip.descriptions.vtt", "clip2.srt", "Clip.srt", "clip..srt", "clip.ass"], None),
        (["clip.en.srt", "clip.en.mp4"], None),
        (["clip.en.srt", "clip.en.sub"], "clip.en.srt"),
        ([], None),
    ],
)
def test_takes_the_transcript_that_the_rule_names(neighbours: list[str], chosen: str | None) -> None:
    assert names.transcript_beside(Path("/f/clip.mp4"), neighbours) == chosen
    assert names.transcript_beside(Path("/f/clip.mp4"), list(reversed(neighbours))) == chosen


def test_takes_pattern_signs_in_a_name_literally() -> None:
    assert names.transcript_beside(Path("a.*[1].mp4"), ["a.b1.srt", "a.*[1].srt"]) == "a.*[1].srt"


@pytest.mark.parametrize(
    ("name", "language"), [("a.srt", None), ("a.en.srt", "en"), ("a.zh_Hant.vtt", "zh_Hant")]
)
def test_reads_the_language_from_the_name(name: str, language: str | None) -> None:
    assert names.language_of(name, "a") == language


def test_refuses_to_read_a_language_from_another_name() -> None:
    with pytest.raises(ValueError, match="not the name of a transcript"):
        names.language_of("b.srt", "a")
