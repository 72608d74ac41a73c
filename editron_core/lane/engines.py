"""The engines that this installation has: opened once, when a stage really needs them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from editron_core.analyze import clip, subtitles, whisper
from editron_core.analyze.shots import Choice
from editron_core.analyze.speech import SpeechOptions
from editron_core.analyze.vision import Eye, open_eye
from editron_core.config import Settings
from editron_core.domain.batch import MediaFile
from editron_core.domain.evidence import Evidence
from editron_core.errors import EngineUnavailable, MediaError
from editron_core.score.brief import Brief
from editron_core.score.derive import PromptVectors
from editron_core.score.profile import Profile

NONE = "none"
"""What stands in a stage's key for an engine whose weights are not here."""


class Engines:
    """Speech and vision, as the settings name them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._eye: Eye | None = None
        self._opening = threading.Lock()

    @property
    def eye(self) -> Eye:
        """The vision engine; opening it, the first time, may take seconds."""
        with self._opening:
            if self._eye is None:
                s = self._settings
                self._eye = open_eye(s.clip_model, s.clip_pretrained, s.device, s.models)
            return self._eye

    @cached_property
    def seeing(self) -> str:
        """Which vision weights would be used, without loading them."""
        s = self._settings
        try:
            return clip.locate(s.clip_model, s.clip_pretrained, s.models).name
        except EngineUnavailable:
            return NONE

    @cached_property
    def hearing(self) -> str:
        """Which speech weights would be used, without loading them."""
        try:
            folder = whisper.locate(self._settings.whisper_model, self._settings.models)
            # Weights that are fetched anew, because the old ones were broken, are others.
            facts = (folder / "model.bin").stat()
            return f"{folder} {facts.st_size} {facts.st_mtime_ns}"
        except EngineUnavailable:
            return NONE

    @cached_property
    def device(self) -> str:
        """`cuda` where it is asked for, or not refused and there; else `cpu`."""
        if self._settings.device != "auto":
            return self._settings.device
        import torch

        return "cuda" if torch.cuda.is_available() else "cpu"

    @cached_property
    def shots(self) -> Choice:
        """The shot detector: as the settings say, or by the device."""
        if self._settings.shot_detector != "auto":
            return self._settings.shot_detector
        return "transnet" if self.device == "cuda" else "adaptive"

    def speech(self, file: MediaFile) -> SpeechOptions:
        """How one file is to be heard."""
        s = self._settings
        supplied = Path(file.transcript_path) if file.transcript_path else None
        return SpeechOptions(s.whisper_model, s.device, s.models, supplied)

    def identity(self, file: MediaFile) -> dict[str, Any]:
        """All that makes an analysis of this file what it is, besides its bytes and our code."""
        supplied = Path(file.transcript_path) if file.transcript_path else None
        return {
            "vision": self.seeing,
            "speech": NONE if supplied and _readable(supplied) else self.hearing,
            "transcript": supplied.parent.name if supplied else None,
            "language": supplied.name if supplied else None,
            "shots": self.shots,
        }

    def prompts(
        self, profile: Profile, brief: Brief, evidence: Mapping[str, Evidence]
    ) -> PromptVectors | None:
        """The vectors of the profile's prompts and the brief; null where no engine reads text.

        The engine is only opened where some evidence was made by one that reads text.
        """
        used = {use.fallback for e in evidence.values() for use in e.engines if use.role == "vision"}
        if None not in used or not (profile.prompts.positive or brief.texts):
            return None
        positive = self._read(profile.prompts.positive)
        negative = self._read(profile.prompts.negative)
        if positive is None or negative is None:
            return None
        engine = self.eye.engine
        return PromptVectors(positive, negative, self._read(brief.texts), f"{engine.name} {engine.version}")

    def _read(self, texts: tuple[str, ...]) -> np.ndarray | None:
        if texts:
            return self.eye.read(texts)
        # An empty block of the right width, so that a missing side compares with nothing.
        width = self.eye.read(("x",))
        return None if width is None else width[:0]


def _readable(transcript: Path) -> bool:
    try:
        subtitles.read(transcript, None)
    except MediaError:  # the speech room says why it is passed over; somebody may have to listen
        return False
    return True
