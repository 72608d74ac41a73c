"""The child that speaks: espeak-ng (GPL) through ctypes, never in the process that asked.

`python -m editron_core.qa.espeak REQUEST.json` reads `{"voice", "speed", "pitch", "lines": [text],
"out": folder}` and writes, for line n, `<n>.wav` (mono, 16 bit) into the folder. Standard output is
`{"words": [[[text, start_s, end_s], ...] per line]}`. Exit code 3: espeak-ng is not installed.
"""

from __future__ import annotations

import ctypes
import json
import sys
import wave
from pathlib import Path
from typing import Any

SYNCHRONOUS = 2  # espeak_AUDIO_OUTPUT: samples go to the callback, nothing is played
CHARS_UTF8 = 1
RATE, PITCH = 1, 3  # espeak_PARAMETER
EVENT_LAST, EVENT_WORD, EVENT_END = 0, 1, 5
MISSING = 3


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    # espeak_EVENT of speak_lib.h
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Speaker:
    """One espeak-ng synthesiser."""

    def __init__(self, library: str, data: str, voice: str, *, speed: int, pitch: int) -> None:
        self._lib: Any = ctypes.CDLL(library)
        self._lib.espeak_Synth.argtypes = [
            *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int),
            *(ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p),
        ]
        self.sample_rate = int(self._lib.espeak_Initialize(SYNCHRONOUS, 500, data.encode(), 0))
        self._samples = bytearray()
        self._marks: list[tuple[int, float, int]] = []
        self._callback = _Callback(self._take)
        self._lib.espeak_SetSynthCallback(self._callback)
        if self._lib.espeak_SetVoiceByName(voice.encode()) != 0:
            raise SystemExit(f"espeak-ng has no voice {voice!r}")
        self._lib.espeak_SetParameter(RATE, speed, 0)
        self._lib.espeak_SetParameter(PITCH, pitch, 0)

    def say(self, text: str, out: Path) -> list[tuple[str, float, float]]:
        """Speak `text` into a WAV file; returns its words with start and end in seconds."""
        self._samples.clear()
        self._marks.clear()
        spoken = text.encode()
        self._lib.espeak_Synth(spoken, len(spoken) + 1, 0, 0, 0, CHARS_UTF8, None, None)
        self._lib.espeak_Synchronize()
        with wave.open(str(out), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self.sample_rate)
            file.writeframes(bytes(self._samples))
        return self._words(text)

    def _take(self, samples: Any, count: int, events: Any) -> int:
        if samples and count:
            self._samples += ctypes.string_at(samples, count * 2)
        index = 0
        while events[index].type != EVENT_LAST:
            event = events[index]
            if event.type in (EVENT_WORD, EVENT_END):
                position = event.text_position if event.type == EVENT_WORD else 0
                self._marks.append((event.type, event.audio_position / 1000, position))
            index += 1
        return 0

    def _words(self, text: str) -> list[tuple[str, float, float]]:
        """One entry per written word: espeak may break a number or a compound into several."""
        bounds, at = [], 0
        for word in text.split():
            start = text.index(word, at)
            at = start + len(word)
            bounds.append((word, start, at))
        groups: list[list[tuple[str, int, int]]] = []
        for bound in bounds:
            if not groups or self._marked(bound):
                groups.append([])
            groups[-1].append(bound)
        return [word for group in groups for word in self._timed(group)]

    def _marked(self, bound: tuple[str, int, int]) -> list[int]:
        _, start, end = bound
        return [n for n, (kind, _, at) in enumerate(self._marks) if kind == EVENT_WORD and start < at <= end]

    def _timed(self, group: list[tuple[str, int, int]]) -> list[tuple[str, float, float]]:
        # espeak runs small words together ("of the"): they share their stretch by their letters.
        own = self._marked(group[0])
        if not own:
            return []
        last = self._marked(group[0])[-1]
        length = len(self._samples) / 2 / self.sample_rate
        at, end = self._marks[own[0]][1], min([length, *(when for _, when, _ in self._marks[last + 1 :])])
        letters = sum(len(word) for word, _, _ in group)
        step = (end - at) / letters
        words = []
        for word, _, _ in group:
            words.append((word, at, at + step * len(word)))
            at += step * len(word)
        return words


def main(request: Path) -> int:
    """Serve one request; see the module's docstring."""
    try:
        import espeakng_loader
    except ImportError:
        return MISSING
    asked = json.loads(request.read_text("utf-8"))
    speaker = Speaker(
        espeakng_loader.get_library_path(),
        espeakng_loader.get_data_path(),
        asked["voice"],
        speed=asked["speed"],
        pitch=asked["pitch"],
    )
    out = Path(asked["out"])
    words = [speaker.say(line, out / f"{number}.wav") for number, line in enumerate(asked["lines"])]
    sys.stdout.write(json.dumps({"words": words}))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
