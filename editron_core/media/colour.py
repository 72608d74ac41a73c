"""How HDR pictures are brought down to SDR: one curve, for what is measured and for what is delivered."""

from __future__ import annotations

from editron_core.domain.batch import VideoStream

SDR_WHITE = 100
"""Nits of a bt709 display's white (ITU-R BT.2035), and what ffmpeg's `tonemap` counts a file's peak in."""

Step = tuple[str, dict[str, str]]
"""A filter and its options."""


def to_sdr(video: VideoStream) -> tuple[Step, ...]:
    """The filters that map PQ and HLG pictures to limited-range bt709; none for all others.

    Linear light in floats, Hable's curve, and back. What the file does not say of its colours is taken
    to be bt2020, because `zscale` refuses pictures that do not say.
    """
    if not video.hdr:
        return ()
    primaries, transfer, matrix = (video.colour.split("/") + ["unknown"] * 3)[:3]
    said = {
        "color_primaries": "bt2020" if primaries == "unknown" else primaries,
        "color_trc": "arib-std-b67" if transfer == "arib-std-b67" else "smpte2084",
        "colorspace": matrix if matrix in ("bt709", "bt2020c") else "bt2020nc",
    }
    return (
        ("setparams", said),
        ("zscale", {"t": "linear", "npl": str(SDR_WHITE)}),
        ("format", {"pix_fmts": "gbrpf32le"}),
        ("zscale", {"p": "bt709"}),
        ("tonemap", {"tonemap": "hable", "desat": "0"}),
        ("zscale", {"t": "bt709", "m": "bt709", "r": "limited"}),
        ("format", {"pix_fmts": "yuv420p"}),
    )
