"""FCPXML 1.10 for Final Cut Pro and DaVinci Resolve (18.6.6 refuses 1.12).

All times are rational seconds, whole multiples of a frame: `1001/24000s` per frame at 23.976.
"""

from __future__ import annotations

from fractions import Fraction
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from editron_core.edit.interchange.cut import Cut, Event, Media

CONFORMED = {
    "23.98": Fraction(24000, 1001),
    "24": Fraction(24),
    "25": Fraction(25),
    "29.97": Fraction(30000, 1001),
    "30": Fraction(30),
    "47.95": Fraction(48000, 1001),
    "48": Fraction(48),
    "50": Fraction(50),
    "59.94": Fraction(60000, 1001),
    "60": Fraction(60),
    "119.88": Fraction(120000, 1001),
    "120": Fraction(120),
}
"""Values that the DTD allows for `srcFrameRate`."""


def write(cut: Cut) -> str:
    """The whole document."""
    root = Element("fcpxml", version="1.10")
    resources = SubElement(root, "resources")
    width, height = cut.size
    SubElement(
        resources,
        "format",
        id="r1",
        frameDuration=_time(1 / cut.rate),
        width=str(width),
        height=str(height),
        colorSpace="1-1-1 (Rec. 709)",
    )
    for media in cut.media:
        _asset(resources, media)
    event = SubElement(SubElement(root, "library"), "event", name=cut.name)
    project = SubElement(event, "project", name=cut.name)
    sequence = SubElement(
        project,
        "sequence",
        format="r1",
        duration=_time(cut.frames / cut.rate),
        tcStart="0s",
        tcFormat="DF" if cut.drop else "NDF",
        audioLayout="stereo",
        audioRate="48k",
    )
    spine = SubElement(sequence, "spine")
    for item in cut.events:
        _clip(spine, item, cut)
    indent(root)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n{tostring(root, encoding="unicode")}\n'
    )


def _time(at: Fraction) -> str:
    return f"{at.numerator}s" if at.denominator == 1 else f"{at.numerator}/{at.denominator}s"


def _start(media: Media) -> Fraction:
    """The file's timecode in real seconds: its frame count by its rate."""
    return media.start.frame / media.rate


def _asset(resources: Element, media: Media) -> None:
    number = media.number
    asset = Element(
        "asset", id=f"a{number}", name=media.name, start=_time(_start(media)), duration=_time(media.length)
    )
    if media.size is not None:
        width, height = media.size
        SubElement(
            resources,
            "format",
            id=f"f{number}",
            frameDuration=_time(1 / media.rate),
            width=str(width),
            height=str(height),
        )
        asset.attrib |= {"hasVideo": "1", "videoSources": "1", "format": f"f{number}"}
    if media.channels:
        asset.attrib |= {
            "hasAudio": "1",
            "audioSources": "1",
            "audioChannels": str(media.channels),
            "audioRate": str(media.sample_rate),
        }
    SubElement(asset, "media-rep", kind="original-media", src=media.url)
    resources.append(asset)


def _clip(spine: Element, event: Event, cut: Cut) -> None:
    media = event.media
    start = _start(media) + event.source / media.rate
    clip = SubElement(
        spine,
        "asset-clip",
        ref=f"a{media.number}",
        name=media.name,
        offset=_time(event.record / cut.rate),
        start=_time(start),
        duration=_time(event.frames / cut.rate),
        tcFormat="DF" if media.start.drop else "NDF",
    )
    if media.size is not None:
        clip.set("format", f"f{media.number}")
    if media.channels:
        clip.set("audioRole", "dialogue")
    if event.reframed:
        SubElement(
            clip, "note"
        ).text = f"Reframed for {', '.join(event.reframed)} in Editron; not in this file."
    source_rate = next((name for name, rate in CONFORMED.items() if rate == media.rate), None)
    if media.size is not None and media.rate != cut.rate and source_rate is not None:
        SubElement(clip, "conform-rate", scaleEnabled="0", srcFrameRate=source_rate)
    name, comment = event.marker
    if name:
        SubElement(clip, "marker", start=_time(start), duration=_time(1 / cut.rate), value=name, note=comment)
