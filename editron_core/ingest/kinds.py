"""What a file is by its first bytes and by the ending of its name.

The bytes decide; the ending only says what is worth a look in a folder and how our copy is named.
Magic numbers: the formats' own specifications, as collected in the `file` program's database.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import BinaryIO

HEAD_BYTES = 4096
"""How much of a file's beginning `looks_like_media` and `other_kind` want to see."""
MOVING = "mp4 mov m4v mkv webm avi ts mts m2ts mpg mpeg vob wmv asf flv f4v mxf 3gp 3g2 ogv insv lrv"
SOUNDING = "mp3 wav flac ogg oga opus aac m4a m4b wma"
MEDIA_ENDINGS = frozenset(f"{MOVING} {SOUNDING}".split())
"""Endings of footage, in lower case, without the dot; also the only ones that our copies carry."""
STILL_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis")
"""ISO base media brands that hold pictures, not footage."""
TS_PACKET = 188
M2TS_PACKET = 192
MAX_BOXES = 64
"""Top-level boxes of an MP4 that are looked at in search of its index."""

_MEDIA_MAGIC = (
    (0, b"\x1aE\xdf\xa3"),  # EBML: Matroska and WebM
    (8, b"AVI "),
    (8, b"WAVE"),
    (0, b"OggS"),
    (0, b"fLaC"),
    (0, b"ID3"),
    (0, b"FLV\x01"),
    (0, b"\x06\x0e\x2b\x34"),  # a SMPTE key: MXF
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),  # ASF and WMV
    (0, b"\x00\x00\x01\xba"),  # MPEG programme stream
    (0, b"\xff\xf1"),  # AAC in ADTS
    (0, b"\xff\xf9"),
    (0, b"\xff\xfb"),  # MP3 without a tag
)
_ISO_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_OTHER_MAGIC = (
    (b"#EXTM3U", "a playlist"),
    (b"ffconcat", "a playlist"),
    (b"[playlist]", "a playlist"),
    (b"<?xml", "an XML document"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"v=0", "a session description"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\xff\xd8\xff", "a still picture"),
    (b"\x89PNG", "a still picture"),
    (b"II*\x00", "a still picture"),
    (b"MM\x00*", "a still picture"),
    (b"GIF8", "a GIF"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "a database"),
)


def ending(name: str) -> str:
    """The ending of `name` in lower case where it is one of footage, else `bin`."""
    found = PurePath(name).suffix.lower().lstrip(".")
    return found if found in MEDIA_ENDINGS else "bin"


def looks_like_media(head: bytes) -> bool:
    """Whether a file that begins with `head` is footage of a kind that we may open."""
    if head[4:8] in _ISO_BOXES:
        return head[8:12] not in STILL_BRANDS
    if any(head.startswith(magic, at) for at, magic in _MEDIA_MAGIC):
        return True
    return _is_transport_stream(head)


def other_kind(head: bytes) -> str | None:
    """What a file that is not footage is, in words such as `a web page`; null where unknown."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for magic, kind in _OTHER_MAGIC:
        if head.startswith(magic) or text[: len(magic)].lower() == magic.lower():
            return kind
    if head[4:8] == b"ftyp" and head[8:12] in STILL_BRANDS:
        return "a still picture"
    if head and not head.strip(b"\0"):
        return "nothing but zero bytes"
    return "a text" if _is_text(head) else None


def lost_index(file: BinaryIO) -> bool:
    """Whether `file` is an MP4 or MOV that ends before its index (the `moov` box) came.

    Recorders and cameras write the index last, so this is what a broken copy leaves.
    """
    size, at = file.seek(0, 2), 0
    for _ in range(MAX_BOXES):
        file.seek(at)
        header = file.read(16)
        if at == 0 and header[4:8] not in _ISO_BOXES:
            return False
        if len(header) < 8:
            return True
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        at += max(8, length) if length else size
        if header[4:8] in (b"moov", b"moof") or at > size:
            return at > size
    return False


def _is_transport_stream(head: bytes) -> bool:
    for first, step in ((0, TS_PACKET), (4, M2TS_PACKET)):
        marks = head[first::step]
        if len(marks) >= 5 and set(marks) == {0x47}:
            return True
    return False


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # not merely a character that `head` cuts in two
            return False
        text = head[: error.start].decode("utf-8")
    return bool(text) and all(letter.isprintable() or letter in "\r\n\t\f" for letter in text)
