"""Supplied transcripts are read in whatever form they come, and only what is spoken is kept."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from editron_core.analyze import subtitles
from editron_core.errors import MediaError
from editron_core.times import Span

SRT = "1\n00:00:01,000 --> 00:00:02,500\n{}\n\n2\n00:00:03,000 --> 00:00:04,000\nSecond one.\n"


def read(
    folder: Path, text: str | bytes, name: str = "clip.srt", spoken: str | None = None
) -> subtitles.Script:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return subtitles.read(path, spoken)


def words(script: subtitles.Script) -> list[tuple[str, ...]]:
    return [line.words for line in script.lines]


def test_srt_cues_keep_their_times(tmp_path: Path) -> None:
    script = read(tmp_path, SRT.format("Hello there,\nworld!"))
    assert words(script) == [("Hello", "there,", "world!"), ("Second", "one.")]
    assert script.lines[0].span == Span(Fraction(1), Fraction(5, 2))
    assert script.timed


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("¿Cómo estás? Ahora puedo hablar en español y nunca sabrás", "latin-1"),
        ("Schöne Grüße aus München, wir müssen reden.", "cp1252"),
        ("Dziękuję bardzo, proszę usiąść. Żółte światło.", "cp1250"),
        ("Dziękuję bardzo, proszę usiąść. Żółte światło.", "iso8859-2"),
        ("Привет, как у тебя дела сегодня? Мы открываем магазин.", "cp1251"),
        ("Привет, как у тебя дела сегодня? Мы открываем магазин.", "koi8-r"),
        ("Καλημέρα σας, τι κάνετε σήμερα;", "cp1253"),
        ("Teşekkür ederim, şimdi başlıyoruz. Güneş doğuyor.", "cp1254"),
        ("مرحبا بالعالم كيف حالكم", "cp1256"),
        ("こんにちは 今日は新しい店を開きます", "shift_jis"),
        ("你好 今天我们开一家新的商店", "gb18030"),
        ("안녕하세요, 오늘 새 가게를 엽니다.", "euc_kr"),
        ("Grüße 你好 Привет", "utf-8"),
        ("Grüße 你好 Привет", "utf-8-sig"),
        ("Grüße 你好 Привет", "utf-16"),
        ("Grüße Ihnen allen, wie geht es", "utf-16-le"),
        ("Grüße Ihnen allen, wie geht es", "utf-16-be"),
        ("Grüße 你好 Привет", "utf-32"),
    ],
)
def test_any_encoding_is_read(tmp_path: Path, text: str, encoding: str) -> None:
    script = read(tmp_path, SRT.format(text).replace("Second one.", text).encode(encoding))
    assert words(script)[0] == tuple(text.split())


def test_old_line_ends_are_read(tmp_path: Path) -> None:
    for ends in ("\r\n", "\r"):
        assert len(read(tmp_path, SRT.format("Hello").replace("\n", ends)).lines) == 2


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("<i>Hello</i> <font color='red'>world</font>", ("Hello", "world")),
        ("{\\an8}Hello {\\i1}world{\\i0}", ("Hello", "world")),
        ("Tom &amp; Jerry &lt;3 &quot;here&quot;", ("Tom &", "Jerry", "<3", '"here"')),
        ("[door slams] Run! [music]", ("Run!",)),
        ("(applause)\nThank you (all) so much", ("Thank", "you", "(all)", "so", "much")),
        ("♪ We will meet ♪", ("We", "will", "meet")),
        ("JOHN: Hello.\n- MARY ANN: Bye.", ("Hello.", "Bye.")),
        (">> Welcome back", ("Welcome", "back")),
        ("in - in a bad mood...", ("in -", "in", "a", "bad", "mood...")),
        ("\u200bHello\ufeff \u202aworld\u202c", ("Hello", "world")),
        ("你好，今天开店。", ("你好，", "今天开店。")),
    ],
)
def test_only_what_is_spoken_is_kept(text: str, spoken: tuple[str, ...]) -> None:
    assert subtitles.spoken_words(text) == spoken


VTT = """WEBVTT - a title

STYLE
::cue { color: red }

NOTE this --> is no cue

intro
00:01.000 --> 00:02.500 align:start line:80%
<v Roger>Hello <c.loud>there</c>

00:00:03.000 --> 00:00:04.000
Second one.
"""


def test_vtt_notes_styles_and_names_are_not_spoken(tmp_path: Path) -> None:
    script = read(tmp_path, VTT, "clip.vtt")
    assert words(script) == [("Hello", "there"), ("Second", "one.")]
    assert script.lines[0].span == Span(Fraction(1), Fraction(5, 2))


ROLL_UP = """WEBVTT
Kind: captions
Language: en

00:00:00.160 --> 00:00:02.230 align:start position:0%
\x20
okay<00:00:00.480><c> now</c><00:00:00.719><c> I</c>

00:00:02.230 --> 00:00:02.240 align:start position:0%
okay now I
\x20

00:00:02.240 --> 00:00:04.550 align:start position:0%
okay now I
can<00:00:02.480><c> go</c>
"""


def test_roll_up_captions_are_said_once_with_their_word_times(tmp_path: Path) -> None:
    script = read(tmp_path, ROLL_UP, "clip.vtt")
    assert words(script) == [("okay", "now", "I"), ("can", "go")]
    assert script.lines[0].starts == (Fraction(4, 25), Fraction(12, 25), Fraction(719, 1000))
    assert script.has_word_times


def test_a_word_that_is_really_said_twice_is_kept(tmp_path: Path) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nNo!\n\n2\n00:00:02,000 --> 00:00:03,000\nNo!\n"
    assert words(read(tmp_path, text)) == [("No!",), ("No!",)]


def test_cues_are_put_in_order(tmp_path: Path) -> None:
    text = "1\n00:00:05,000 --> 00:00:06,000\nlater\n\n2\n00:00:01,000 --> 00:00:02,000\nsooner\n"
    assert words(read(tmp_path, text)) == [("sooner",), ("later",)]


def test_content_counts_and_not_the_suffix(tmp_path: Path) -> None:
    assert words(read(tmp_path, VTT, "clip.srt"))[0] == ("Hello", "there")
    assert read(tmp_path, SRT.format("Hello"), "clip.txt").timed


def test_a_text_has_lines_without_times(tmp_path: Path) -> None:
    script = read(tmp_path, "Hello there.\n\nHow are you?\n", "clip.txt")
    assert words(script) == [("Hello", "there."), ("How", "are", "you?")]
    assert not script.timed


@pytest.mark.parametrize(
    ("name", "spoken", "language"),
    [
        ("clip.de.srt", None, "de"),
        ("clip.pt-BR.srt", None, "pt"),
        ("clip.eng.vtt", None, "en"),
        ("clip.de.srt", "en", "de"),
        ("clip.srt", "fr", "fr"),
        ("clip.final.srt", None, "en"),
        ("clip.srt", None, "en"),
    ],
)
def test_the_language_is_the_names_or_the_askers_or_a_guess(
    tmp_path: Path, name: str, spoken: str | None, language: str
) -> None:
    text = SRT.format("This is what we have for you and it is not that bad.")
    assert read(tmp_path, text, name, spoken).language == language


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"", "clip.srt", "no cue"),
        (b"", "clip.txt", "nothing that is spoken"),
        (b"just some text without any times", "clip.srt", "no cue"),
        (b"1\n00:00:01,000 --> 00:00:02,000\n[music]\n", "clip.srt", "nothing that is spoken"),
        (b"WEBVTT\n\n", "clip.vtt", "nothing that is spoken"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 40, "clip.txt", "not text"),
        (bytes(range(128, 256)) * 50, "clip.srt", ""),
    ],
)
def test_what_is_no_transcript_says_why(tmp_path: Path, content: bytes, name: str, reason: str) -> None:
    with pytest.raises(MediaError, match=f"{name}: .*{reason}"):
        read(tmp_path, content, name)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="cannot be read"):
        subtitles.read(tmp_path / "gone.srt")


@pytest.mark.footage
def test_a_real_srt_that_is_not_valid_utf8_is_read(footage: Path) -> None:
    script = subtitles.read(footage / "video" / "tech_short_vertical_55s.srt")
    assert "español" in {word for line in script.lines for word in line.words}
    assert script.language == "en"
