"""The reader of untrusted containers. Runs as a child process only: see `probe`.

    python -m editron_core.media.probe_child PATH OPTIONS

prints one JSON document: the facts of the streams that a player would choose, or `{"refused": why}`.
A crash of the native libraries, or a limit that is hit, ends this process and nothing else. It
imports nothing of Editron, so that it starts fast and inside little memory.
"""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from typing import Any

HEAD_PACKETS = 300
"""Packets of the main stream that are read to judge the frame rate."""
REORDER = 16
"""Frames that H.264 and HEVC may hold back: so many of the head's last times may have gaps."""
TAIL_S = 5
"""How far before the claimed end reading starts to find the true end."""
WHOLE = Fraction(95, 100)
"""Below this share of the claimed length the whole file is read to find where it really ends."""


def main(path: str, options: str) -> None:
    """Print the facts of `path`, opened with the JSON object of container `options`."""
    import av

    try:
        with av.open(f"file:{path}", metadata_errors="replace", options=json.loads(options)) as container:
            facts = _facts(container, int(json.loads(options)["max_pixels"]))
    except av.error.FFmpegError as error:
        facts = {"refused": error.strerror or type(error).__name__}
    print(json.dumps(facts))  # noqa: T201


def _facts(container: Any, max_pixels: int) -> dict[str, Any]:
    video, audio = _chosen(container)
    chosen = [stream for stream in (video, audio) if stream is not None]
    facts: dict[str, Any] = {"container": container.format.name, "video": None, "audio": None}
    facts["unsized"] = video is None and any(not _cover(s) and not s.width for s in container.streams.video)
    if not chosen:
        return facts
    reach = _Reach(container, chosen)
    if video is not None and video.width * video.height <= max_pixels:
        rotation = reach.read_head(turn_within=max_pixels)
    else:
        rotation = reach.read_head()
    reach.read_tail()
    facts["start"] = _text(reach.start)
    facts["claimed"] = _text(reach.claimed)
    if video is not None:
        facts["video"] = _video(container, video, reach) | {"rotation": rotation}
    if audio is not None:
        facts["audio"] = _audio(audio, reach)
    return facts


def _chosen(container: Any) -> tuple[Any, Any]:
    """The video and audio streams that a player would choose; attached pictures are not footage."""
    from av.stream import Disposition

    videos = [s for s in container.streams.video if _known(s) and s.width and not _cover(s)]
    audios = [s for s in container.streams.audio if _known(s) and s.sample_rate and s.channels]

    def wanted(stream: Any, size: int) -> tuple[bool, int, int]:
        return (not stream.disposition & Disposition.default, -size, stream.index)

    video = min(videos, key=lambda s: wanted(s, s.width * s.height), default=None)
    return video, min(audios, key=lambda s: wanted(s, s.channels), default=None)


def _cover(stream: Any) -> bool:
    from av.stream import Disposition

    still = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    return bool(stream.disposition & still)


def _known(stream: Any) -> bool:
    return stream.codec_context is not None and stream.time_base is not None


class _Reach:
    """Reads packets to learn where the chosen streams begin and end, without decoding them."""

    def __init__(self, container: Any, chosen: list[Any]) -> None:
        self._container = container
        self._chosen = chosen
        self._main = chosen[0]
        self.claimed = _positive(container.duration, Fraction(1, 1_000_000))
        """The container's word on its length in seconds; null where it gives none."""
        self.times: list[Fraction] = []
        """When the first frames of the main stream are shown, as far as known, in order."""
        self.first: dict[int, Fraction] = {}
        self.ends: dict[int, Fraction] = {}
        self._at_end = False

    @property
    def start(self) -> Fraction:
        """The container's first timestamp; ffmpeg counts its times from there."""
        if self._container.start_time is not None:
            return Fraction(self._container.start_time, 1_000_000)
        return min(self.first.values(), default=Fraction(0))

    def read_head(self, turn_within: int = 0) -> int | None:
        """Read the beginning and decode one frame of up to `turn_within` pixels for its rotation."""
        times, rotation = [], None
        if turn_within:
            self._main.codec_context.thread_count = 1
            self._main.codec_context.options = {"max_pixels": str(turn_within)}
        for packet in self._packets():
            if packet.stream_index != self._main.index:
                continue
            if packet.pts is not None and not packet.is_discard:
                times.append(packet.pts * packet.time_base)
            if turn_within and rotation is None:
                rotation = _rotation(packet)
            if len(times) >= HEAD_PACKETS:
                break
        else:
            self._at_end = True
        times.sort()
        self.times = times if self._at_end else times[:-REORDER]
        return rotation

    def read_tail(self) -> None:
        """Read the end, so that `ends` holds it; all of the file where it is not where claimed."""
        if self._at_end:
            return
        if self.claimed is not None and self._seek(self.start + self.claimed - TAIL_S):
            self._drain()
            if all(self.reached(stream) >= WHOLE for stream in self._chosen):
                return
            self._seek(self.start)
        self._drain()

    def reached(self, stream: Any) -> Fraction:
        """The share of the stream's claimed length (else the container's) that was really found."""
        end = self.ends.get(stream.index)
        if end is None:
            return Fraction(0)
        length = _positive(stream.duration, stream.time_base)
        if length is not None and stream.start_time is not None:
            return Fraction((end - stream.start_time * stream.time_base) / length)
        # A container's length is that of its longest stream: no stream is measured against it alone.
        return (max(self.ends.values()) - self.start) / self.claimed if self.claimed else Fraction(1)

    def _seek(self, to: Fraction) -> bool:
        import av

        try:
            self._container.seek(max(0, int(to * 1_000_000)), backward=True)
        except av.error.FFmpegError:
            return False  # it has no index: whoever asked reads on from where it stands
        return True

    def _drain(self) -> None:
        for _ in self._packets():
            pass

    def _packets(self) -> Any:
        import av

        packets = self._container.demux(*self._chosen)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.error.FFmpegError):
                return  # where reading fails, the file ends: `reached` judges whether too early
            if packet.size == 0:
                continue
            self._note(packet)
            yield packet

    def _note(self, packet: Any) -> None:
        at = packet.pts if packet.pts is not None else packet.dts
        if at is None or packet.is_discard:
            return
        index, base = packet.stream_index, packet.time_base
        self.first[index] = min(self.first.get(index, at * base), at * base)
        end = (at + (packet.duration or 0)) * base
        self.ends[index] = max(self.ends.get(index, end), end)


def _rotation(packet: Any) -> int | None:
    """Degrees counter-clockwise of the first frame that `packet` gives; null where it gives none."""
    import av

    try:
        for frame in packet.decode():
            return int(frame.rotation)
    except av.error.FFmpegError:
        return None  # a damaged packet; the next may be whole
    return None


def _video(container: Any, stream: Any, reach: _Reach) -> dict[str, Any]:
    context = stream.codec_context
    length = _positive(stream.duration, stream.time_base)
    aspect = stream.sample_aspect_ratio or context.sample_aspect_ratio
    return _common(stream, reach) | {
        "width": stream.width,
        "height": stream.height,
        "aspect": _text(aspect if aspect else None),
        "rates": [_text(rate) for rate in (stream.base_rate, stream.average_rate) if rate],
        "average": _text(stream.frames / length if stream.frames and length else None),
        "times": [_text(time) for time in reach.times],
        "pixel_format": context.pix_fmt or "unknown",
        "bit_depth": max((c.bits for c in context.format.components), default=8) if context.format else 8,
        "colour": [int(context.color_primaries), int(context.color_trc), int(context.colorspace)],
        "timecode": _timecode(container, stream),
    }


def _audio(stream: Any, reach: _Reach) -> dict[str, Any]:
    return _common(stream, reach) | {
        "sample_rate": stream.sample_rate,
        "channels": stream.channels,
        "layout": stream.layout.name,
    }


def _common(stream: Any, reach: _Reach) -> dict[str, Any]:
    return {
        "index": stream.index,
        "codec": stream.codec_context.codec.canonical_name,
        "first": _text(reach.first.get(stream.index)),
        "end": _text(reach.ends.get(stream.index)),
        "reached": _text(reach.reached(stream)),
    }


def _timecode(container: Any, stream: Any) -> str | None:
    tracks = [stream, *(other for other in container.streams if other is not stream)]
    texts = [track.metadata.get("timecode") for track in tracks] + [container.metadata.get("timecode")]
    return next((text[:32] for text in texts if text), None)


def _positive(count: int | None, base: Fraction) -> Fraction | None:
    return count * base if count is not None and count > 0 else None


def _text(value: Fraction | None) -> str | None:
    return None if value is None else str(Fraction(value))


if __name__ == "__main__":
    main(*sys.argv[1:])
