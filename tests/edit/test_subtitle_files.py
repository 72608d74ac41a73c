"""Sidecars that other programs read back as they were meant."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pysubs2
import pytest

from editron_core.domain.brand import BrandKit, Slate, slate_frames
from editron_core.domain.frame import SAFE_AREAS, Frame
from editron_core.domain.timeline import Clip, Cue, Timeline
from editron_core.edit import blueprint, captions, subtitle_files
from editron_core.times import Span
from tests.edit.stock import say, transcript

RATE = Fraction(30000, 1001)
FRAMES = {a: Frame(size, SAFE_AREAS[a]) for a, size in (("9:16", (360, 640)), ("16:9", (640, 360)))}
BARE = Timeline("shorts-01", "shorts", RATE, ("9:16", "16:9"), (Clip("a", Span.of(0, 12)),))
TALK = replace(
    BARE,
    cues=captions.cues_for(BARE.placed(), {"a": transcript(say("Ça va? Grüße an alle & bis bald."))}, RATE),
)


@pytest.mark.parametrize(
    ("at", "stamp"),
    [
        ("0", "00:00:00,000"),
        ("0.9996", "00:00:01,000"),
        ("59.9995", "00:01:00,000"),
        ("3599.99949", "00:59:59,999"),
        ("3599.9999", "01:00:00,000"),
        ("1001/30000", "00:00:00,033"),
    ],
)
def test_stamps_round_as_one_number(tmp_path: Path, at: str, stamp: str) -> None:
    start = Fraction(at)
    subtitle_files.write_srt([Cue(Span(start, start + 1), ("x",))], tmp_path / "a.srt")
    assert (tmp_path / "a.srt").read_text().splitlines()[1].startswith(f"{stamp} --> ")


def test_srt_and_vtt_are_read_back_by_another_reader(tmp_path: Path) -> None:
    subtitle_files.write_srt(TALK.cues, tmp_path / "a.srt")
    subtitle_files.write_vtt(TALK.cues, tmp_path / "a.vtt")
    for name in ("a.srt", "a.vtt"):
        assert b"\r" not in (tmp_path / name).read_bytes()
        read = pysubs2.load(str(tmp_path / name), encoding="utf-8")
        assert [event.start for event in read] == [round(cue.span.start * 1000) for cue in TALK.cues]
        assert [event.end for event in read] == [round(cue.span.end * 1000) for cue in TALK.cues]
    assert "Grüße an alle & bis bald." in (tmp_path / "a.srt").read_text("utf-8")
    assert (tmp_path / "a.vtt").read_text("utf-8").startswith("WEBVTT\n\n")


def test_markup_stays_text(tmp_path: Path) -> None:
    nasty = Cue(Span.of(0, 2), ("<b>&amp; {\\an8} -->", " ", "two\nlines"))
    subtitle_files.write_vtt([nasty], tmp_path / "a.vtt")
    body = (tmp_path / "a.vtt").read_text("utf-8").split("\n", 4)[4]
    assert body == "&lt;b&gt;&amp;amp; {\\an8} --&gt;\ntwo lines\n"
    subtitle_files.write_srt([nasty], tmp_path / "a.srt")
    text = (tmp_path / "a.srt").read_text("utf-8")
    assert "<b>" not in text
    assert "{\\" not in text
    assert text.count("-->") == 1
    assert text.replace("\u2060", "").splitlines()[2:] == ["<b>&amp; {\\an8} -->", "two lines"]


def test_files_of_a_timeline_follow_its_blueprint(tmp_path: Path) -> None:
    shorts = blueprint.load("shorts")
    files = subtitle_files.write_captions(TALK, shorts, BrandKit(), tmp_path, FRAMES)
    assert [path.name for path in files.sidecars] == ["shorts-01.srt", "shorts-01.vtt"]
    assert {aspect: path.name for aspect, path in files.burned.items()} == {
        "9:16": "shorts-01-9x16.ass",
        "16:9": "shorts-01-16x9.ass",
    }
    assert all(path.is_file() for path in (*files.sidecars, *files.burned.values()))
    assert files.findings == ()
    unburned = replace(shorts, captions=replace(shorts.captions, burn=False))
    assert subtitle_files.write_captions(TALK, unburned, BrandKit(), tmp_path, FRAMES).burned == {}


def test_without_cues_there_is_no_file(tmp_path: Path) -> None:
    files = subtitle_files.write_captions(BARE, blueprint.load("shorts"), BrandKit(), tmp_path, FRAMES)
    assert files == subtitle_files.CaptionFiles()
    assert list(tmp_path.iterdir()) == []


def test_an_intro_slate_moves_sidecars_but_not_what_is_burned_in(tmp_path: Path) -> None:
    branded = BrandKit(intro=Slate("Acme", seconds=1.5))
    files = subtitle_files.write_captions(TALK, blueprint.load("shorts"), branded, tmp_path, FRAMES)
    lead = slate_frames(branded.intro, RATE) / RATE
    assert lead == 45 / RATE
    srt = pysubs2.load(str(files.sidecars[0]), encoding="utf-8")
    assert srt[0].start == round((TALK.cues[0].span.start + lead) * 1000)
    assert pysubs2.load(str(files.burned["9:16"]))[0].start < 100
