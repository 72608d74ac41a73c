"""A timeline for the editor's own tool: OTIO, FCPXML 1.10, Premiere's xmeml and a CMX3600 EDL.

Cuts, sources, sound, timecode and a marker with score and reason for every moment are expressed, in
whole frames; the whole file stands behind every clip, so its handles are there. Crops (reframing),
captions and brand are not: where a clip is reframed, a note says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from editron_core.domain.batch import MediaFile
from editron_core.domain.timeline import Timeline
from editron_core.edit.interchange import edl, fcpxml, otio, xmeml
from editron_core.edit.interchange.cut import Cut, cut

FORMATS: dict[str, tuple[str, Callable[[Cut], str]]] = {
    "otio": (".otio", otio.write),
    "fcpxml": (".fcpxml", fcpxml.write),
    "xmeml": (".xml", xmeml.write),
    "edl": (".edl", edl.write),
}
"""Suffix and writer of each format."""


def write_all(
    timeline: Timeline, files: Mapping[str, MediaFile], folder: Path, size: tuple[int, int]
) -> dict[str, Path]:
    """Write `timeline` in every format into `folder`; returns the path of each by its name in `FORMATS`.

    `files[...].path` is what the editor's tool will look for, under the name `files[...].name`;
    `size` is the sequence's, width and height in pixels.
    Raises UsageError for a clip whose file is unknown, was not probed, or ends before the clip does.
    """
    whole = cut(timeline, files, size)
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for name, (suffix, write) in FORMATS.items():
        path = folder / f"{timeline.name}{suffix}"
        part = path.with_name(path.name + ".part")
        part.write_text(write(whole), encoding="utf-8")
        written[name] = part.replace(path)
    return written


__all__ = ["FORMATS", "write_all"]
