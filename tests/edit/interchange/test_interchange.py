"""What is written for editors' tools, read back by readers that share no code with the writers."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from editron_core.domain.batch import AudioStream, BatchStatus, MediaFile, MediaProbe, VideoStream
from editron_core.domain.moment import Moment
from editron_core.domain.timeline import Clip, Crop, CropKey, Timeline
from editron_core.edit import interchange
from editron_core.errors import UsageError
from editron_core.times import Span

FILM, PAL, NTSC, FAST = Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60000, 1001)
RATES = {"23.976": FILM, "25": PAL, "29.97": NTSC, "59.94": FAST}
NAME = 'A day & a "night" <1> ü 50%.mp4'
REASON = 'Loudest <cheer> & "ball" – in 10 s'


def media_file(
    key: str,
    fps: Fraction,
    *,
    name: str = "",
    timecode: str | None = None,
    seconds: Fraction = Fraction(60),
    **changes: Any,
) -> MediaFile:
    video = VideoStream(
        0, "h264", 1280, 720, fps, False, 0, "yuv420p", 8, "bt709/bt709/bt709", False, timecode
    )
    audio = AudioStream(1, "aac", 48000, 2, "stereo")
    probe = MediaProbe("mov", seconds, dataclasses.replace(video, **changes), audio)
    name = name or f"{key}.mp4"
    path = f"/footage/day one/{name}"
    return MediaFile(key, "batch", name, path, "0" * 64, 1, BatchStatus.READY, probe)


def clip(file: MediaFile, first: int, frames: int, rate: Fraction, **more: Any) -> Clip:
    """`frames` frames of a timeline of `rate`, from the file's frame `first`."""
    assert file.probe is not None
    assert file.probe.video is not None
    start = first / file.probe.video.fps
    return Clip(file.id, Span(start, start + frames / rate), **more)


def write_all(
    made: Timeline, files: Mapping[str, MediaFile], folder: Path, size: tuple[int, int] = (1920, 1080)
) -> dict[str, Path]:
    return interchange.write_all(made, files, folder, size)


def moment(file: MediaFile) -> Moment:
    return Moment(
        file.id, Span.of(1, 2), 0.8349, {"motion": 0.5, "faces": None}, {"motion": 0.8349}, REASON, "h4sh"
    )


def timeline(rate: Fraction, *clips: Clip, aspects: tuple[str, ...] = ("16:9",)) -> Timeline:
    return Timeline("best-of", "hero-reel", rate, aspects, clips)


@dataclass(frozen=True)
class Seen:
    """One clip as a reader sees it, in whole frames."""

    record: int
    frames: int
    source: int
    """From the file's first frame, in frames of `source_rate`."""
    source_rate: Fraction


def whole(value: float | Fraction) -> int:
    assert abs(value - round(value)) < 1e-6, f"{value} is not on a frame"
    return round(value)


def from_fcpxml(path: Path) -> list[Seen]:
    """Recomputes every frame from the rational strings."""
    root = etree.parse(str(path)).getroot()
    assert root.get("version") == "1.10"

    def time(text: str) -> Fraction:
        found = re.fullmatch(r"(-?\d+)(?:/(\d+))?s", text)
        assert found, text
        return Fraction(int(found[1]), int(found[2] or 1))

    step = {node.get("id"): time(node.get("frameDuration")) for node in root.iter("format")}
    assets = {node.get("id"): node for node in root.iter("asset")}
    sequence = root.find(".//sequence")
    grid, seen = step[sequence.get("format")], []
    for node in sequence.find("spine"):
        asset = assets[node.get("ref")]
        own = step[asset.get("format")]
        start, duration = time(node.get("start")), time(node.get("duration"))
        first, length = time(asset.get("start")), time(asset.get("duration"))
        assert first <= start
        assert start + duration <= first + length, "Invalid edit with no respective media"
        assert (length / own).denominator == 1
        marks = [(time(node.get("offset")) / grid), (duration / grid), ((start - first) / own)]
        assert all(mark.denominator == 1 for mark in marks), marks
        seen.append(Seen(*(int(mark) for mark in marks), source_rate=1 / own))
    assert time(sequence.get("duration")) / grid == sum(one.frames for one in seen)
    return seen


def from_otio_tracks(read: Any, rate: Fraction, kind: str = "Video") -> list[Seen]:
    track = next(track for track in read.tracks if track.kind == kind)
    seen, at = [], 0
    for item in track:
        span, reference = item.source_range, item.media_reference
        known = getattr(reference, "available_range", None)
        first = known.start_time.rescaled_to(span.start_time.rate).value if known else 0.0
        own = next(r for r in (*RATES.values(), rate) if abs(float(r) - span.start_time.rate) < 0.005)
        frames = whole(span.duration.value)
        seen.append(Seen(at, frames, whole(span.start_time.value - first), own))
        at += frames
    return seen


def from_otio(path: Path, rate: Fraction) -> list[Seen]:
    return from_otio_tracks(otio.adapters.read_from_file(str(path)), rate)


def from_xmeml(path: Path, rate: Fraction) -> list[Seen]:
    return from_otio_tracks(otio.adapters.read_from_file(str(path), "fcp_xml"), rate)


def from_edl(path: Path, rate: Fraction) -> list[Seen]:
    return from_otio_tracks(otio.adapters.read_from_file(str(path), "cmx_3600", rate=float(rate)), rate)


@pytest.mark.parametrize("name", RATES)
def test_every_format_holds_the_same_whole_frames(name: str, tmp_path: Path) -> None:
    rate = RATES[name]
    one, two = media_file("one", rate, name=NAME), media_file("two", rate)
    cuts = [(one, 7, 100), (two, 0, 33), (one, 911, 1), (two, 1001, 240)]
    made = timeline(rate, *(clip(file, first, frames, rate) for file, first, frames in cuts))
    out = write_all(made, {"one": one, "two": two}, tmp_path)
    expected, at = [], 0
    for _, first, frames in cuts:
        expected.append(Seen(at, frames, first, rate))
        at += frames
    assert from_fcpxml(out["fcpxml"]) == expected
    assert from_otio(out["otio"], rate) == expected
    assert from_xmeml(out["xmeml"], rate) == expected
    assert from_edl(out["edl"], rate) == expected


@pytest.mark.parametrize("name", RATES)
def test_mixed_rates_keep_the_sequence_grid(name: str, tmp_path: Path) -> None:
    rate = RATES[name]
    files = {key: media_file(key, fps) for key, fps in RATES.items()}
    cuts = [(files[key], 48 + 7 * n, 50 + n) for n, key in enumerate(RATES)]
    made = timeline(rate, *(clip(file, first, frames, rate) for file, first, frames in cuts))
    out = write_all(made, files, tmp_path)
    own = [Seen(50 * n + n * (n - 1) // 2, 50 + n, 48 + 7 * n, RATES[key]) for n, key in enumerate(RATES)]
    assert from_fcpxml(out["fcpxml"]) == own
    assert from_otio(out["otio"], rate) == own
    on_grid = [
        dataclasses.replace(
            seen, source=floor(seen.source / seen.source_rate * rate + Fraction(1, 2)), source_rate=rate
        )
        for seen in own
    ]
    assert from_xmeml(out["xmeml"], rate) == on_grid
    for seen, expected in zip(from_edl(out["edl"], rate), on_grid, strict=True):
        assert (seen.record, seen.frames) == (expected.record, expected.frames)
        assert abs(seen.source - expected.source) <= 4  # labels keep their second, frames are rounded


@settings(max_examples=60, deadline=None)
@given(
    rate=st.sampled_from([*RATES.values(), Fraction(24), Fraction(30), Fraction(50), Fraction(60)]),
    fps=st.sampled_from(
        [*RATES.values(), Fraction(24), Fraction(30), Fraction(50), Fraction(15), Fraction(359, 12)]
    ),
    length=st.integers(1_000_000, 40_000_000),
    data=st.data(),
)
def test_no_event_reaches_beyond_its_file(
    rate: Fraction, fps: Fraction, length: int, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    seconds = Fraction(length, 1_000_000)
    frames = data.draw(st.integers(1, int(seconds * rate)))
    latest = seconds - frames / rate
    start = data.draw(st.sampled_from([latest, latest * Fraction(9, 10), Fraction(0)]))
    file = media_file("one", fps, seconds=seconds)
    made = timeline(rate, Clip("one", Span(start, start + frames / rate)))
    out = write_all(made, {"one": file}, tmp_path_factory.mktemp("cut"))
    (seen,) = from_fcpxml(out["fcpxml"])  # asserts start + duration <= media length
    assert seen.frames == frames
    assert abs(seen.source / fps - start) < 2 / fps
    item = etree.parse(str(out["xmeml"])).find(".//clipitem")
    first, last, whole_file = (int(item.findtext(tag)) for tag in ("in", "out", "duration"))
    assert first >= 0
    assert last - first == frames
    assert last <= whole_file
    assert last / rate <= int(item.findtext("file/duration")) / fps


def test_frame_durations_are_exact(tmp_path: Path) -> None:
    """23.976 is 1001/24000 s and nothing near it."""
    file = media_file("one", FILM)
    out = write_all(timeline(FILM, clip(file, 0, 24, FILM)), {"one": file}, tmp_path)
    text = out["fcpxml"].read_text()
    assert text.count('frameDuration="1001/24000s"') == 2
    assert "23.97" not in text
    assert re.search(r"\d\.\d+s", text) is None


@pytest.mark.parametrize(
    ("fps", "timebase", "ntsc"),
    [
        (FILM, 24, "TRUE"),
        (PAL, 25, "FALSE"),
        (NTSC, 30, "TRUE"),
        (FAST, 60, "TRUE"),
        (Fraction(30), 30, "FALSE"),
    ],
)
def test_xmeml_says_timebase_and_ntsc_everywhere(
    fps: Fraction, timebase: int, ntsc: str, tmp_path: Path
) -> None:
    file = media_file("one", fps)
    out = write_all(timeline(fps, clip(file, 0, 24, fps)), {"one": file}, tmp_path)
    rates = etree.parse(str(out["xmeml"])).findall(".//rate")
    assert len(rates) >= 6
    assert {(int(node.findtext("timebase")), node.findtext("ntsc")) for node in rates} == {(timebase, ntsc)}


def test_source_timecode_and_drop_frame_are_carried(tmp_path: Path) -> None:
    """00:59:59;28 is frame 107890: two frames before the hour, which drop-frame counts as 107892."""
    drop, plain = (
        media_file("drop", NTSC, timecode="00:59:59;28"),
        media_file("plain", NTSC, timecode="01:00:00:00"),
    )
    made = timeline(NTSC, clip(drop, 30, 45, NTSC), clip(plain, 10, 20, NTSC))
    out = write_all(made, {"drop": drop, "plain": plain}, tmp_path)

    xml = etree.parse(str(out["fcpxml"]))
    starts = [Fraction(node.get("start")[:-1]) * NTSC for node in xml.iter("asset")]
    assert starts == [107890, 108000]
    assert [node.get("tcFormat") for node in xml.iter("asset-clip")] == ["DF", "NDF"]

    codes = etree.parse(str(out["xmeml"])).findall(".//file/timecode")
    told = [tuple(code.findtext(tag) for tag in ("string", "frame", "displayformat")) for code in codes]
    assert told == [("00:59:59;28", "107890", "DF"), ("01:00:00:00", "108000", "NDF")]

    lines = out["edl"].read_text().splitlines()
    assert lines[1] == "FCM: DROP FRAME"
    assert lines[3].split()[4:] == ["01:00:00;28", "01:00:02;13", "01:00:00;00", "01:00:01;15"]
    assert lines[7].split()[4:6] == ["01:00:00:10", "01:00:01:00"]

    read = otio.adapters.read_from_file(str(out["otio"]))
    assert read.tracks[0][0].source_range.start_time.value == 107920


def test_without_drop_frame_footage_the_list_says_non_drop(tmp_path: Path) -> None:
    file = media_file("one", NTSC, seconds=Fraction(90))
    out = write_all(
        timeline(NTSC, clip(file, 0, 1800, NTSC), clip(file, 0, 10, NTSC)), {"one": file}, tmp_path
    )
    text = out["edl"].read_text()
    assert "FCM: NON-DROP FRAME" in text
    assert "01:01:00:00 01:01:00:10" in text  # 1800 frames are one minute of labels
    assert ";" not in "".join(line for line in text.splitlines() if line[:1].isdigit())


@pytest.mark.parametrize("key", ["otio", "fcpxml", "xmeml"])
def test_files_can_be_found_again_by_their_urls(key: str, tmp_path: Path) -> None:
    file = media_file("one", PAL, name=NAME)
    out = write_all(timeline(PAL, clip(file, 0, 25, PAL)), {"one": file}, tmp_path)
    if key == "otio":
        url = otio.adapters.read_from_file(str(out[key])).tracks[0][0].media_reference.target_url
    elif key == "fcpxml":
        url = etree.parse(str(out[key])).find(".//media-rep").get("src")
    else:
        url = etree.parse(str(out[key])).findtext(".//pathurl")
    assert " " not in url
    assert unquote(urlparse(url).path) == file.path


def _marker_of_otio(path: Path) -> tuple[str, str]:
    (marker,) = otio.adapters.read_from_file(str(path)).tracks[0][1].markers
    assert marker.metadata["editron"]["score"] == pytest.approx(0.8349)
    assert dict(marker.metadata["editron"]["signals"]) == {"motion": 0.5}
    assert whole(marker.marked_range.start_time.value) == 50
    return marker.name, marker.metadata["editron"]["reason"]


def _marker_of_fcpxml(path: Path) -> tuple[str, str]:
    (marker,) = etree.parse(str(path)).findall(".//spine/asset-clip[2]/marker")
    assert Fraction(marker.get("start")[:-1]) == 2  # the clip's own time
    return marker.get("value"), marker.get("note")


def _marker_of_xmeml(path: Path) -> tuple[str, str]:
    (marker,) = otio.adapters.read_from_file(str(path), "fcp_xml").tracks.markers
    assert whole(marker.marked_range.start_time.value) == 25
    return marker.name, marker.metadata["fcp_xml"]["comment"]


def _marker_of_edl(path: Path) -> tuple[str, str]:
    found = re.search(r"^\* LOC: 01:00:01:00 GREEN +(Score [\d.]+): (.*)$", path.read_text(), re.MULTILINE)
    assert found
    return found[1], found[2]


@pytest.mark.parametrize(
    ("key", "read"),
    [
        ("otio", _marker_of_otio),
        ("fcpxml", _marker_of_fcpxml),
        ("xmeml", _marker_of_xmeml),
        ("edl", _marker_of_edl),
    ],
)
def test_markers_carry_score_and_reason(
    key: str, read: Callable[[Path], tuple[str, str]], tmp_path: Path
) -> None:
    file = media_file("one", PAL)
    made = timeline(PAL, clip(file, 0, 25, PAL), clip(file, 50, 25, PAL, moment=moment(file)))
    assert read(write_all(made, {"one": file}, tmp_path)[key]) == ("Score 0.83", REASON)


def test_sound_lies_on_tracks_of_its_own_where_the_file_has_any(tmp_path: Path) -> None:
    loud, mute = media_file("loud", PAL), media_file("mute", PAL)
    assert mute.probe is not None
    mute = dataclasses.replace(mute, probe=dataclasses.replace(mute.probe, audio=None))
    out = write_all(
        timeline(PAL, clip(mute, 0, 25, PAL), clip(loud, 5, 25, PAL)), {"loud": loud, "mute": mute}, tmp_path
    )

    xml = etree.parse(str(out["fcpxml"]))
    assert [node.get("hasAudio") for node in xml.iter("asset")] == [None, "1"]

    sequence = etree.parse(str(out["xmeml"]))
    tracks = sequence.findall(".//sequence/media/audio/track")
    assert [[item.findtext("start") for item in track.findall("clipitem")] for track in tracks] == [
        ["25"],
        ["25"],
    ]
    assert [track.findtext("clipitem/sourcetrack/trackindex") for track in tracks] == ["1", "2"]
    links = sequence.findall(".//video/track/clipitem")[1].findall("link")
    items = {item.get("id") for item in sequence.iter("clipitem")}
    assert {link.findtext("linkclipref") for link in links} <= items
    assert [link.findtext("clipindex") for link in links] == ["2", "1", "1"]

    read = otio.adapters.read_from_file(str(out["otio"]))
    sound = next(track for track in read.tracks if track.kind == "Audio")
    assert [type(item).__name__ for item in sound] == ["Gap", "Clip"]
    assert whole(sound.range_of_child_at_index(1).start_time.value) == 25

    channels = [line.split()[2] for line in out["edl"].read_text().splitlines() if line[:3].isdigit()]
    assert channels == ["V", "AA/V"]


def test_the_whole_file_stands_behind_a_clip(tmp_path: Path) -> None:
    """An editor can pull both ends: the media starts before the clip and ends after it."""
    file = media_file("one", PAL)
    out = write_all(timeline(PAL, clip(file, 100, 50, PAL)), {"one": file}, tmp_path)
    item = otio.adapters.read_from_file(str(out["otio"])).tracks[0][0]
    known, used = item.media_reference.available_range, item.source_range
    assert (known.start_time.value, known.duration.value) == (0, 1500)
    assert used.start_time.value - known.start_time.value == 100


def test_reels_are_plain_short_and_distinct(tmp_path: Path) -> None:
    names = ("tag 1 – größe & co.mp4", "tag 1 – größer.mp4", "日本.mp4", "映画.mp4")
    files = {name: dataclasses.replace(media_file(name, PAL, name=name)) for name in names}
    out = write_all(timeline(PAL, *(clip(file, 0, 5, PAL) for file in files.values())), files, tmp_path)
    reels = [line.split()[1] for line in out["edl"].read_text().splitlines() if line[:3].isdigit()]
    assert len(set(reels)) == 4
    assert all(re.fullmatch(r"[A-Z0-9_]{1,8}", reel) for reel in reels)


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    """Control characters, line breaks and markup in names and reasons break neither XML nor EDL."""
    file = media_file("one", PAL, name="a\x00\x1b]]><!-- \n002  EVIL V C.mp4")
    wild = dataclasses.replace(moment(file), reason="</note>\x08 &amp;\n003  EVIL")
    out = write_all(timeline(PAL, clip(file, 0, 25, PAL, moment=wild)), {"one": file}, tmp_path)
    note = etree.parse(str(out["fcpxml"])).find(".//marker").get("note")
    assert "</note> &amp;" in note
    assert etree.parse(str(out["xmeml"])).findtext(".//clipitem/name").startswith("a]]><!--")
    assert [line[:3] for line in out["edl"].read_text().splitlines() if line[:3].isdigit()] == ["001"]


def test_reframing_is_noted_not_pretended(tmp_path: Path) -> None:
    file = media_file("one", PAL)
    crop = Crop(0.3, 1.0, (CropKey(Fraction(0), 0.5, 0.5),))
    made = timeline(PAL, clip(file, 0, 25, PAL, crops={"9:16": crop}), aspects=("9:16",))
    out = write_all(made, {"one": file}, tmp_path, (1080, 1920))
    xml = etree.parse(str(out["fcpxml"]))
    assert "9:16" in xml.findtext(".//asset-clip/note")
    assert (xml.find(".//format").get("width"), xml.find(".//format").get("height")) == ("1080", "1920")
    assert "9:16" in out["edl"].read_text()


def test_a_variable_rate_is_counted_on_the_sequence_grid(tmp_path: Path) -> None:
    file = media_file("one", Fraction(2817, 100), vfr=True)
    made = timeline(PAL, Clip("one", Span(Fraction(2), Fraction(4))))
    (seen,) = from_fcpxml(write_all(made, {"one": file}, tmp_path)["fcpxml"])
    assert seen == Seen(0, 50, 50, PAL)


def test_a_garbled_timecode_counts_as_none(tmp_path: Path) -> None:
    file = media_file("one", PAL, timecode="01:00:00:77")
    out = write_all(timeline(PAL, clip(file, 5, 25, PAL)), {"one": file}, tmp_path)
    assert etree.parse(str(out["fcpxml"])).find(".//asset").get("start") == "0s"


def test_the_same_cut_gives_the_same_bytes(tmp_path: Path) -> None:
    file = media_file("one", FILM)
    made = timeline(FILM, clip(file, 5, 25, FILM, moment=moment(file)))
    first, second = (write_all(made, {"one": file}, tmp_path / name) for name in "ab")
    assert all(first[key].read_bytes() == second[key].read_bytes() for key in first)
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "best-of.edl",
        "best-of.fcpxml",
        "best-of.otio",
        "best-of.xml",
    ]


def test_a_clip_beyond_its_file_is_refused(tmp_path: Path) -> None:
    file = media_file("one", PAL, seconds=Fraction(2))
    with pytest.raises(UsageError, match=r"one\.mp4"):
        write_all(timeline(PAL, clip(file, 30, 25, PAL)), {"one": file}, tmp_path)
    with pytest.raises(UsageError, match="probed"):
        write_all(timeline(PAL, clip(file, 0, 25, PAL)), {}, tmp_path)
    assert list(tmp_path.iterdir()) == []
