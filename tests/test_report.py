"""The report: everything is there, nothing from outside is asked for, and no text becomes markup."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from lxml import html

from editron_core.domain.batch import AudioStream, BatchStatus, MediaFile, MediaProbe, VideoStream
from editron_core.domain.evidence import FOCUS, MEASURED, EngineUse, Evidence
from editron_core.domain.job import Check, Deliverable, Finding, Severity
from editron_core.domain.moment import Moment, Selection
from editron_core.domain.transcript import Transcript, Word
from editron_core.errors import UsageError
from editron_core.report import RunDocument, write_report
from editron_core.times import Span

PAYLOAD = (
    "\"'><img src=x onerror=alert(1)></title></script><script>document.title='owned'</script>{{ 7*7 }}&amp;"
)
CHROMIUM = shutil.which("chromium")


def media_file(key: str = "one", name: str = "match.mp4", **changes: Any) -> MediaFile:
    video = VideoStream(0, "h264", 1280, 720, Fraction(30000, 1001), False, 0, "yuv420p", 8, "bt709", False)
    audio = AudioStream(1, "aac", 48000, 2, "stereo")
    probe = MediaProbe("mov", Fraction(20), video, audio)
    values = {"probe": probe, "status": BatchStatus.ANALYZED, **changes}
    return MediaFile(key, "batch", name, f"/footage/{name}", "0" * 64, 1, **values)


def evidence(rows: int = 40, said: str = "What a goal!", fallback: str | None = None) -> Evidence:
    columns: dict[str, Any] = {"time_s": np.arange(rows) / 2}
    columns |= {name: np.linspace(0, 1, rows, dtype=np.float32) for name in MEASURED}
    columns |= {name: [None] * rows for name in FOCUS}
    columns["novelty"] = pl.Series([None] * rows, dtype=pl.Float32)
    words = [
        Word(text, Span.of(4 + n / 2, Fraction(45, 10) + Fraction(n, 2)))
        for n, text in enumerate(said.split(" "))
    ]
    return Evidence(
        table=pl.DataFrame(columns),
        duration=Fraction(rows, 2),
        shots=(Span.of(0, 4), Span(Fraction(4), Fraction(rows, 2))),
        transcript=Transcript("en", tuple(words), "match.en.srt"),
        engines=(
            EngineUse("speech", "supplied transcript", "1", fallback),
            EngineUse("sound", "EBU R128", "1"),
        ),
    )


def curve(rows: int = 40) -> pl.DataFrame:
    score = np.sin(np.arange(rows) / rows * math.pi)
    return pl.DataFrame(
        {
            "time_s": np.arange(rows) / 2,
            "score": score,
            "motion": score,
            "loudness": [None, *score[1:20], None, *score[21:]],
        }
    )


def moment(reason: str = "Loud cheering and fast movement", file_id: str = "one") -> Moment:
    signals = {"motion": 0.9, "loudness": 0.5, "vision_prompt": None}
    return Moment(
        file_id, Span.of(3, 9), 0.8123, signals, {"motion": 0.6123, "loudness": 0.2}, reason, "h4sh"
    )


def document(folder: Path, *, text: str = "", **changes: Any) -> RunDocument:
    """A run with everything in it; with `text`, every string that a file or person can set is that text."""
    clip = folder / "media" / "moment-01.mp4"
    output = folder / "hero-reel_16x9.mp4"
    checks = (
        Check("loudness", True, "-14.1 LUFS", "-14 ± 1 LUFS"),
        Check("caption box", False, text or "1301 px", "≤ 1248 px"),
    )
    failed = media_file(
        "bad", text or "notes.mp4", status=BatchStatus.FAILED, probe=None, error=text or "is not media"
    )
    values: dict[str, Any] = {
        "title": text or "Cup final",
        "batch_id": text or "batch-7",
        "files": (media_file(name=text or "match.mp4"), failed),
        "brief": text or "the goal",
        "evidence": {"one": evidence(said=text or "What a goal!", fallback=text or None)},
        "curves": {"one": curve()},
        "selection": Selection(
            (moment(text or "Loud cheering and fast movement"),), 41, 0.81, text or "1 of 41 kept"
        ),
        "clips": (clip,),
        "deliverables": (
            Deliverable(
                str(output),
                text or "hero-reel",
                "16:9",
                "youtube",
                Fraction(6),
                1920,
                1080,
                (str(folder / "captions" / "hero-reel.srt"),),
                -14.1,
                -1.2,
                checks,
            ),
        ),
        "findings": (
            Finding(Severity.NOTE, "short", text or "6 s of 60 s"),
            Finding(Severity.FAILURE, "safe-area", text or "captions too low"),
        ),
        "profile": {"name": text or "default", "hash": "c0ffee" * 8},
        "timings": {"analyze": 4.2, "render": 8.4},
    }
    return RunDocument(**(values | changes))


def page(made: RunDocument, folder: Path) -> html.HtmlElement:
    return html.fromstring(write_report(made, folder).read_text("utf-8"))


def words(node: html.HtmlElement) -> str:
    return re.sub(r"\s+", " ", node.text_content())


@pytest.fixture
def shown(tmp_path: Path) -> html.HtmlElement:
    return page(document(tmp_path), tmp_path)


def section(root: html.HtmlElement, name: str) -> html.HtmlElement:
    (found,) = root.xpath(f"//section[@id='{name}']")
    return found


def test_files_stand_with_their_state_and_their_reason(shown: html.HtmlElement) -> None:
    good, bad = section(shown, "files").xpath(".//li")
    assert "match.mp4" in words(good)
    assert "1280×720" in words(good)
    assert "29.97 fps" in words(good)
    assert "analyzed" in words(good)
    assert "is not media" in words(bad)
    assert "failed" in words(bad)


def test_a_moment_plays_and_says_why(shown: html.HtmlElement) -> None:
    (card,) = section(shown, "moments").xpath(".//article")
    assert card.xpath(".//video/@src") == ["media/moment-01.mp4#t=0.1"]
    text = words(card)
    assert "Loud cheering and fast movement" in text
    assert "0:03.0–0:09.0" in text
    assert "What a goal!" in text
    assert [words(li).strip() for li in card.xpath(".//ul/li")] == [
        "motion +0.61",
        "loudness +0.20",
        "picture fits not measured",
    ]
    assert "1 of 41 kept" in words(section(shown, "moments"))


def test_deliverables_show_every_check(shown: html.HtmlElement) -> None:
    (output,) = section(shown, "deliverables").xpath(".//article")
    assert output.xpath(".//video/@src") == ["hero-reel_16x9.mp4#t=0.5"]
    assert [words(row).strip() for row in output.xpath(".//tbody/tr")] == [
        "✓loudness-14.1 LUFS-14 ± 1 LUFS",
        "✗caption box1301 px≤ 1248 px",
    ]
    assert "needs a look" in words(output)
    assert output.xpath(".//a[text()='SRT']/@href") == ["captions/hero-reel.srt"]
    assert "1 of 2 checks failed" in words(shown.xpath("//header")[0])


def test_curves_are_drawn_where_they_were_measured(shown: html.HtmlElement) -> None:
    (plot,) = section(shown, "signals").xpath(".//figure")
    lanes = {
        lane.xpath("string(.//*[@class='name'])"): lane for lane in plot.xpath(".//span[@data-values]/..")
    }
    assert list(lanes)[:3] == ["score", "motion", "loudness"]
    assert len(lanes) == len(MEASURED) + 1
    assert "not measured" in words(lanes["novelty"])

    line = lanes["score"].xpath(".//path[@class='line']/@d")[0]
    points = [tuple(map(float, pair.split())) for pair in re.split("[ML]", line)[1:]]
    top = min(points, key=lambda point: point[1])
    assert top[0] == pytest.approx(512.5, abs=26)  # the middle of 20 s, on a grid of 1000
    assert top[1] == pytest.approx(4, abs=0.1)
    assert points[0][0] == 0
    assert points[-1][0] == pytest.approx(1000)

    values = json.loads(lanes["score"].xpath(".//@data-values")[0])
    assert len(values) == 40
    assert max(values) == 1.0
    gap = lanes["loudness"].xpath(".//path[@class='line']/@d")[0]
    assert gap.startswith("M25.0 ")  # the first half second is null
    assert gap.count("M") == 2  # and so is one in the middle
    assert json.loads(lanes["loudness"].xpath(".//@data-values")[0])[0] is None


def test_moments_are_marked_on_the_plot(shown: html.HtmlElement) -> None:
    (band,) = section(shown, "signals").xpath(".//a[@class='band']")
    assert band.get("href") == "#moment-1"
    assert shown.xpath("//article[@id='moment-1']")
    left, width = (float(re.search(rf"{key}:([\d.]+)%", band.get("style"))[1]) for key in ("left", "width"))
    assert (left, width) == (15, 30)  # 3 s to 9 s of 20 s


def test_long_footage_keeps_its_peaks_and_the_page_small(tmp_path: Path) -> None:
    rows = 8 * 3600 * 2
    spike = curve(rows).with_columns(score=pl.Series([0.1] * 30_000 + [1.0] + [0.1] * (rows - 30_001)))
    made = document(tmp_path, evidence={"one": evidence(rows)}, curves={"one": spike})
    path = write_report(made, tmp_path)
    values = json.loads(html.fromstring(path.read_text()).xpath("//@data-values")[0])
    assert len(values) <= 900
    assert values.index(1.0) == pytest.approx(30_000 / rows * len(values), abs=1)
    assert path.stat().st_size < 700_000
    assert "not measured" in words(section(html.fromstring(path.read_text()), "signals"))


def test_the_transcript_names_the_moments_it_is_part_of(shown: html.HtmlElement) -> None:
    (sentence,) = section(shown, "transcript").xpath(".//li")
    assert words(sentence).strip() == "0:04.0What a goal! 1"
    assert sentence.xpath(".//a/@href") == ["#moment-1"]


def test_engines_say_when_they_are_fallbacks(tmp_path: Path) -> None:
    made = document(tmp_path, evidence={"one": evidence(fallback="no weights on this machine")})
    first, second = section(page(made, tmp_path), "engines").xpath(".//li")
    assert "Fallback: no weights on this machine" in words(first)
    assert "Fallback" not in words(second)


def test_findings_stand_worst_first_and_timings_in_order(shown: html.HtmlElement) -> None:
    assert [li.xpath("string(.//b)") for li in section(shown, "findings").xpath(".//li")] == [
        "safe-area",
        "short",
    ]
    assert [words(li).strip() for li in section(shown, "timings").xpath(".//li")] == [
        "analyze4.20 s",
        "render8.40 s",
    ]


def test_the_page_asks_nothing_of_anybody(tmp_path: Path) -> None:
    text = write_report(document(tmp_path), tmp_path).read_text()
    root = html.fromstring(text)
    assert root.xpath("//link | //iframe | //img | //object | //script[@src] | //base") == []
    urls = root.xpath("//@src | //@href | //@action | //@poster")
    assert urls
    assert all(re.fullmatch(r"#[\w-]+|[\w./%-]+(#t=[\d.]+)?", url) for url in urls), urls
    assert "http" not in re.sub(r'http-equiv="', "", text)
    assert "@import" not in text
    assert "url(" not in text


def test_the_policy_allows_our_script_alone(tmp_path: Path) -> None:
    root = page(document(tmp_path), tmp_path)
    (policy,) = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert "default-src 'none'" in policy
    (script,) = root.xpath("//script")
    digest = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy


def test_text_from_media_never_becomes_markup(tmp_path: Path) -> None:
    plain, hostile = page(document(tmp_path), tmp_path), page(document(tmp_path, text=PAYLOAD), tmp_path)
    assert len(hostile.xpath("//script")) == 1
    assert hostile.xpath("//img") == []
    assert hostile.xpath("//@*[starts-with(name(), 'on')]") == []
    tags = [
        sorted({node.tag for node in root.iter() if isinstance(node.tag, str)}) for root in (plain, hostile)
    ]
    assert set(tags[1]) <= set(tags[0])
    assert hostile.xpath("string(//title)") == f"{PAYLOAD} · Editron"
    for name in ("deliverables", "moments", "findings", "files", "transcript", "engines"):
        assert PAYLOAD.split()[1] in words(section(hostile, name)), name
    assert "49" not in words(section(hostile, "findings"))  # no template in a text is run


def test_a_file_name_cannot_leave_the_folder_or_become_a_scheme(tmp_path: Path) -> None:
    inside = page(document(tmp_path, clips=(tmp_path / "javascript:alert(1) #?.mp4",)), tmp_path)
    assert inside.xpath("//section[@id='moments']//video/@src") == [
        "javascript%3Aalert%281%29%20%23%3F.mp4#t=0.1"
    ]
    outside = page(document(tmp_path / "out", clips=(tmp_path / "secret.mp4",)), tmp_path / "out")
    assert outside.xpath("//section[@id='moments']//video") == []


def test_a_run_that_came_to_little_still_has_a_report(tmp_path: Path) -> None:
    root = page(RunDocument("Nothing", "batch-1", ()), tmp_path)
    assert "No moments were chosen" in words(section(root, "moments"))
    empty = Selection((), 41, 0.64, "0 of 41 passed; best 0.64 < 0.70; at 0.62 there are 5")
    root = page(document(tmp_path, selection=empty, clips=()), tmp_path)
    assert "at 0.62 there are 5" in words(section(root, "moments"))


def test_the_same_run_gives_the_same_bytes_and_leaves_no_part(tmp_path: Path) -> None:
    first = write_report(document(tmp_path), tmp_path).read_bytes()
    assert write_report(document(tmp_path), tmp_path).read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_clips_that_do_not_match_the_moments_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="2 clips for 1 moments"):
        write_report(document(tmp_path, clips=(None, None)), tmp_path)


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("text", ["", PAYLOAD], ids=["plain", "hostile"])
def test_a_browser_runs_our_script_and_nobody_elses(tmp_path: Path, text: str) -> None:
    write_report(document(tmp_path, text=text), tmp_path)
    flags = ("headless", "no-sandbox", "disable-gpu", "no-first-run", "disable-background-networking")
    argv = [str(CHROMIUM), *(f"--{flag}" for flag in flags), f"--user-data-dir={tmp_path / 'profile'}"]
    argv += ["--window-size=390,800", "--virtual-time-budget=2000", "--dump-dom"]
    argv.append(f"file://{tmp_path / 'report.html'}")
    seen = subprocess.run(argv, capture_output=True, timeout=120, check=True).stdout.decode()
    root = html.fromstring(seen)
    assert root.xpath("string(//title)") == f"{text or 'Cup final'} · Editron"
    assert root.xpath("//figure[@data-ready]"), "our own script did not run"
