"""Short clips cut from our own proxies, for people to look at."""

from __future__ import annotations

from pathlib import Path

from editron_core import process
from editron_core.media import ffmpeg
from editron_core.times import Span


def cut_clip(proxy: Path, span: Span, out: Path) -> None:
    """Cut `span` (seconds) of a proxy into an MP4 that browsers play; at the proxy's size.

    The clip is encoded anew, because copying could only start at a key frame. Written aside and renamed.
    """
    aside = out.with_name(f".{out.stem}.part.mp4")
    arguments = [
        *("-ss", f"{float(span.start):.6f}", "-t", f"{float(span.duration):.6f}"),
        *("-i", f"file:{proxy}", "-map", "0:v:0", "-map", "0:a:0?"),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "25", "-pix_fmt", "yuv420p"),
        *("-c:a", "aac", "-b:a", "96k", "-movflags", "+faststart"),
        *("-map_metadata", "-1", "-y", f"file:{aside}"),
    ]
    try:
        ffmpeg.run(arguments, limits=process.Limits(wall_s=300 + 20 * float(span.duration)))
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)
