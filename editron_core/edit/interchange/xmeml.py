"""Final Cut Pro 7 XML (xmeml 5), the safe way into Premiere Pro.

`in` and `out` are counted on the sequence's grid, which is what Premiere reads where a file has another
rate; a file's own `duration` and timecode are in its own frames.
"""

from __future__ import annotations

from fractions import Fraction
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from editron_core.edit.interchange.cut import Cut, Event, Media
from editron_core.edit.interchange.timecode import Timecode, base_of, is_ntsc
from editron_core.times import to_frames

TRACKS = 2
"""At most this many channels of a file are laid on tracks."""


def write(cut: Cut) -> str:
    """The whole document."""
    root = Element("xmeml", version="5")
    sequence = SubElement(root, "sequence", id="sequence-1")
    _text(sequence, name=cut.name, duration=cut.frames)
    _rate(sequence, cut.rate)
    _timecode(sequence, Timecode(0, base_of(cut.rate), cut.drop), cut.rate)
    media = SubElement(sequence, "media")
    video = SubElement(media, "video")
    _picture(SubElement(video, "format"), cut.size, cut.rate)
    audio = SubElement(media, "audio")
    _text(audio, numOutputChannels=2)
    _text(SubElement(SubElement(audio, "format"), "samplecharacteristics"), depth=16, samplerate=48000)
    _tracks(video, audio, cut)
    for event in cut.events:
        name, comment = event.marker
        if name:
            _text(
                SubElement(sequence, "marker"), name=name, comment=comment, **{"in": event.record, "out": -1}
            )
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n{tostring(root, encoding="unicode")}\n'


def _tracks(video: Element, audio: Element, cut: Cut) -> None:
    picture = SubElement(video, "track")
    width = max((min(media.channels, TRACKS) for media in cut.media), default=0)
    sound = [SubElement(audio, "track") for _ in range(width)]
    described: set[int] = set()
    places = [0] * (width + 1)
    for number, event in enumerate(cut.events, start=1):
        links = []
        if event.media.size is not None:
            places[0] += 1
            links.append((f"video-{number}", "video", 1, places[0]))
        for channel in range(1, min(event.media.channels, TRACKS) + 1):
            places[channel] += 1
            links.append((f"audio-{number}-{channel}", "audio", channel, places[channel]))
        for name, kind, track, _ in links:
            item = SubElement(picture if kind == "video" else sound[track - 1], "clipitem", id=name)
            _clip(item, event, cut, described)
            if kind == "audio":
                _text(SubElement(item, "sourcetrack"), mediatype="audio", trackindex=track)
            for other, other_kind, other_track, place in links:
                _text(
                    SubElement(item, "link"),
                    linkclipref=other,
                    mediatype=other_kind,
                    trackindex=other_track,
                    clipindex=place,
                )


def _clip(item: Element, event: Event, cut: Cut, described: set[int]) -> None:
    media = event.media
    start = event.source_on_sequence
    _text(item, masterclipid=f"master-{media.number}", name=media.name, enabled="TRUE")
    _text(item, duration=max(to_frames(media.length, cut.rate), start + event.frames))
    _rate(item, cut.rate)
    _text(
        item,
        start=event.record,
        end=event.record + event.frames,
        **{"in": start, "out": start + event.frames},
    )
    file = SubElement(item, "file", id=f"file-{media.number}")
    if media.number not in described:
        described.add(media.number)
        _file(file, media)
    if event.reframed:
        _text(
            SubElement(item, "comments"),
            mastercomment1=f"Reframed for {', '.join(event.reframed)} in Editron",
        )


def _file(file: Element, media: Media) -> None:
    _text(file, name=media.name, pathurl=media.url.replace("file://", "file://localhost", 1))
    _rate(file, media.rate)
    _text(file, duration=media.frames)
    _timecode(file, media.start, media.rate, reel=media.reel)
    kinds = SubElement(file, "media")
    if media.size is not None:
        _picture(SubElement(kinds, "video"), media.size, media.rate)
    if media.channels:
        sound = SubElement(kinds, "audio")
        _text(SubElement(sound, "samplecharacteristics"), depth=16, samplerate=media.sample_rate)
        _text(sound, channelcount=media.channels)


def _picture(parent: Element, size: tuple[int, int], rate: Fraction) -> None:
    seen = SubElement(parent, "samplecharacteristics")
    _rate(seen, rate)
    _text(
        seen,
        width=size[0],
        height=size[1],
        anamorphic="FALSE",
        pixelaspectratio="square",
        fielddominance="none",
    )


def _rate(parent: Element, rate: Fraction) -> None:
    _text(SubElement(parent, "rate"), timebase=base_of(rate), ntsc="TRUE" if is_ntsc(rate) else "FALSE")


def _timecode(parent: Element, start: Timecode, rate: Fraction, reel: str = "") -> None:
    code = SubElement(parent, "timecode")
    _rate(code, rate)
    _text(code, string=str(start), frame=start.frame, displayformat="DF" if start.drop else "NDF")
    if reel:
        _text(SubElement(code, "reel"), name=reel)


def _text(parent: Element, **values: str | int) -> None:
    for name, value in values.items():
        SubElement(parent, name).text = str(value)
