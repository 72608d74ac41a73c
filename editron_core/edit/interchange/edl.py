"""CMX3600 edit decision list: the lowest common form, one video track.

An EDL knows one rate. The source timecode of a file with another rate keeps its label to the second;
its frames are brought to the sequence's base. Record timecode starts at one hour, as is the custom.
"""

from __future__ import annotations

from editron_core.edit.interchange.cut import Cut, Event
from editron_core.edit.interchange.timecode import Timecode, base_of, parse


def write(cut: Cut) -> str:
    """The whole list."""
    lines = [f"TITLE: {_line(cut.name)}", f"FCM: {'DROP FRAME' if cut.drop else 'NON-DROP FRAME'}", ""]
    hour = parse("01:00:00;00" if cut.drop else "01:00:00:00", cut.rate)
    for number, event in enumerate(cut.events, start=1):
        source, record = _source(event, cut), hour + event.record
        stamps = (source, source + event.frames, record, record + event.frames)
        times = " ".join(str(stamp) for stamp in stamps)
        lines.append(f"{number:03d}  {event.media.reel:<8} {_channels(event):<5} C        {times}")
        lines.append(f"* FROM CLIP NAME: {_line(event.media.name)}")
        lines.append(f"* SOURCE FILE: {event.media.url}")
        name, comment = event.marker
        if name:
            lines.append(f"* LOC: {record} GREEN   {name}: {_line(comment)}")
        if event.reframed:
            lines.append(f"* COMMENT: reframed for {', '.join(event.reframed)} in Editron")
        lines.append("")
    return "\n".join(lines)


def _source(event: Event, cut: Cut) -> Timecode:
    media, base = event.media, base_of(cut.rate)
    if media.rate == cut.rate:
        return media.start + event.source
    label = str(Timecode(media.start.frame + event.source, media.start.base, media.start.drop))
    hours, minutes, seconds, frames = (int(part) for part in label.replace(";", ":").split(":"))
    whole = ((hours * 60 + minutes) * 60 + seconds) * base
    return Timecode(whole + frames * base // media.start.base, base)


def _channels(event: Event) -> str:
    sound = {0: "", 1: "A"}.get(event.media.channels, "AA")
    if event.media.size is None:
        return sound or "NONE"
    return {"": "V", "A": "B", "AA": "AA/V"}[sound]


def _line(text: str) -> str:
    """One line of ASCII-safe text: what is not printable becomes a space."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
