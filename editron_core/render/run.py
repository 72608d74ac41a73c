"""Running a graph: from ffmpeg-python's nodes to a limited child process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from editron_core import process
from editron_core.media import ffmpeg

GRAPH_FILE_SINCE = (7, 0)
"""From this version on any option's value may come from a file (`-/option file`)."""
BYTES = 8 * process.GIB
"""Address space of a graph with three encoders; what is really used stays near 1 GiB."""
BYTES_PER_INPUT = process.GIB // 4
"""Address space per input: decoder, its threads' stacks and a few frames of 4K."""
FILES_PER_INPUT = 4


def run(
    target: Any,
    folder: Path,
    *,
    wall_s: float,
    file_bytes: int | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> None:
    """Run the ffmpeg-python output node(s) `target` inside `folder`, overwriting what is there.

    `on_progress` is told the seconds written. Raises ProcessFailed where ffmpeg does.
    """
    import ffmpeg as graph

    words = graph.compile(target, cmd=str(ffmpeg.binary()), overwrite_output=True)[1:]
    inputs = words.count("-i")
    limits = process.Limits(
        wall_s=wall_s,
        memory=BYTES + inputs * BYTES_PER_INPUT,
        file_bytes=file_bytes,
        open_files=256 + FILES_PER_INPUT * inputs,
    )
    ffmpeg.run(_graph_by_file(words, folder), limits=limits, on_progress=on_progress, cwd=folder)


def _graph_by_file(words: list[str], folder: Path) -> list[str]:
    """The same command with the graph in a file: one argument may not be longer than 128 KiB on Linux."""
    if "-filter_complex" not in words:
        return words
    at = words.index("-filter_complex")
    path = folder / "graph.txt"
    path.write_text(words[at + 1])
    newer = ffmpeg.version(ffmpeg.binary()) >= GRAPH_FILE_SINCE
    return [
        *words[:at],
        "-/filter_complex" if newer else "-filter_complex_script",
        path.name,
        *words[at + 2 :],
    ]
