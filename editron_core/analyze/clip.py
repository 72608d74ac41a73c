"""The door to open-clip: find the weights, load them, embed frames and texts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import PickleError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editron_core import config
from editron_core.domain.evidence import EngineUse
from editron_core.errors import EngineUnavailable, OutOfMemory, Unreachable, UsageError

Embeddings = NDArray[np.float32]

CONFIG_FILE = "open_clip_config.json"
SUFFIXES = (".safetensors", ".pt", ".bin", ".pth")
CPU_BATCH = 16
CUDA_BATCH = 256
CUDA_BYTES_PER_PIXEL = 400
"""Activations of a large vision transformer in half precision, per input pixel and frame, rounded up."""
TEXT_BATCH = 64
_BROKEN = (
    *(RuntimeError, ValueError, LookupError, OSError, TypeError, AttributeError, AssertionError, EOFError),
    PickleError,
)
"""What open-clip, torch and pickle raise for a weights file that is broken or of another architecture."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Where a model's weights lie."""

    name: str
    """Architecture and weights, as they are named in `engines`."""
    architecture: str
    """What open-clip calls the model; `local-dir:<folder>` for a folder with its own configuration."""
    checkpoint: Path | None
    """The weights file; null where the folder holds it."""


def locate(model: str, pretrained: str, models: Path) -> Weights:
    """The weights `pretrained` of `model`; see `vision.open_eye` for where they are looked for.

    Raises EngineUnavailable where they are nowhere, UsageError where the architecture is unknown.
    """
    for place in (Path(pretrained), models / f"{model}-{pretrained}"):
        if (place / CONFIG_FILE).is_file():
            return Weights(f"{place.name} {_digest(place)}", f"local-dir:{place}", None)
        for file in (place, *(place.with_name(place.name + suffix) for suffix in SUFFIXES)):
            if file.is_file():
                return Weights(f"{model} {file.stem} {_digest(file)}", model, file)
    if Path(pretrained).suffix in SUFFIXES or len(Path(pretrained).parts) > 1:
        raise EngineUnavailable(
            "no such checkpoint", subject=pretrained, remedy="correct EDITRON_CLIP_PRETRAINED"
        )
    return Weights(f"{model} {pretrained}", model, _from_hub(model, pretrained, models))


def load(weights: Weights, device: str) -> ClipEye:
    """The engine with its weights, on `device` (auto, cpu or cuda).

    Raises EngineUnavailable where the weights do not load, UsageError for an unknown architecture.
    """
    import open_clip
    import torch
    from safetensors import SafetensorError

    chosen, note = _device(device)
    if not weights.architecture.startswith("local-dir:"):
        _check_architecture(weights.architecture)
    checkpoint = str(weights.checkpoint) if weights.checkpoint else None
    try:
        model = open_clip.create_model(
            weights.architecture, checkpoint, device=chosen, require_pretrained=True
        )
        tokenizer = open_clip.get_tokenizer(weights.architecture)
    except (*_BROKEN, SafetensorError) as error:
        raise EngineUnavailable(
            f"the weights cannot be loaded: {str(error).splitlines()[0] if str(error) else error!r}",
            subject=f"open-clip {weights.name}",
            remedy=f"replace {checkpoint or weights.architecture.removeprefix('local-dir:')}",
        ) from error
    model.eval()
    version = f"{open_clip.__version__} torch {torch.__version__}"
    return ClipEye(model, tokenizer, chosen, EngineUse("vision", f"open-clip {weights.name}", version, note))


class ClipEye:
    """open-clip as an `Eye`."""

    def __init__(self, model: Any, tokenizer: Any, device: str, engine: EngineUse) -> None:
        import open_clip

        self.engine = engine
        self._model, self._tokenizer, self._device = model, tokenizer, device
        how = open_clip.get_model_preprocess_cfg(model)
        size = how["size"]
        self.input_size = int(size if isinstance(size, int) else max(size))
        self._mean, self._std = how["mean"], how["std"]
        self._mode = how.get("interpolation", "bicubic")
        self._fit = how.get("resize_mode", "shortest")
        self._batch = self._largest_batch()
        self._halved = False

    def see(self, frames: NDArray[np.uint8]) -> Embeddings:
        """See `vision.Eye.see`. Frames are taken in batches that fit the device.

        Where the GPU's memory is full all the same, half the batch is tried, once in this engine's life.
        Raises OutOfMemory where that does not fit either.
        """
        import torch

        done, out = 0, []
        while done < len(frames):
            try:
                out.append(self._encode(frames[done : done + self._batch]))
            except torch.OutOfMemoryError as error:
                if self._halved or self._batch == 1:
                    raise OutOfMemory(
                        f"{self._batch} frames do not fit into the GPU's memory",
                        subject=self.engine.name,
                        remedy="choose a smaller model with EDITRON_CLIP_MODEL, or EDITRON_DEVICE=cpu",
                    ) from error
                torch.cuda.empty_cache()
                self._batch, self._halved = self._batch // 2, True
                continue
            done += len(out[-1])
        return np.concatenate(out) if out else np.empty((0, self._width()), np.float32)

    def read(self, texts: Sequence[str]) -> Embeddings | None:
        """See `vision.Eye.read`."""
        import torch

        out = [np.empty((0, self._width()), np.float32)]
        with torch.inference_mode(), self._autocast():
            for at in range(0, len(texts), TEXT_BATCH):
                tokens = self._tokenizer(list(texts[at : at + TEXT_BATCH])).to(self._device)
                out.append(_rows(self._model.encode_text(tokens, normalize=True)))
        return np.concatenate(out)

    def prepare(self, frames: NDArray[np.uint8]) -> Any:
        """Frames (n, H, W, 3) as the model's input, a float tensor (n, 3, size, size) on the device.

        The same as open-clip's own transform (resize, crop, normalise), on whole batches of bytes.
        """
        import torch

        pixels = torch.from_numpy(np.ascontiguousarray(frames)).to(self._device)
        pixels = self._resize(pixels.permute(0, 3, 1, 2))
        mean = torch.tensor(self._mean, device=self._device).view(1, 3, 1, 1)
        std = torch.tensor(self._std, device=self._device).view(1, 3, 1, 1)
        return pixels.float().sub_(mean * 255).div_(std * 255)

    def _encode(self, frames: NDArray[np.uint8]) -> Embeddings:
        import torch

        with torch.inference_mode(), self._autocast():
            return _rows(self._model.encode_image(self.prepare(frames), normalize=True))

    def _resize(self, pixels: Any) -> Any:
        """Resized and cropped as the model was trained: `shortest` crops the middle, `squash` distorts,
        `longest` pads."""
        import torch

        height, width = pixels.shape[-2:]
        target = self._target(height, width)
        if (height, width) != target:
            # The CPU's kernel resizes bytes (and rounds as Pillow does); CUDA's takes floats only.
            source = pixels if pixels.device.type == "cpu" else pixels.float()
            pixels = torch.nn.functional.interpolate(
                source, target, mode=self._mode, antialias=True, align_corners=False
            )
            pixels = pixels if pixels.dtype == torch.uint8 else pixels.round().clamp(0, 255)
        size = self.input_size
        if self._fit == "longest":
            up, left = ((size - have) // 2 for have in target)
            edges = (left, size - target[1] - left, up, size - target[0] - up)
            return torch.nn.functional.pad(pixels, edges)
        down, across = (round((have - size) / 2.0) for have in target)
        return pixels[..., down : down + size, across : across + size]

    def _target(self, height: int, width: int) -> tuple[int, int]:
        """Height and width to resize to before the crop; rounded as open-clip's transform rounds."""
        size = self.input_size
        if self._fit == "squash":
            return size, size
        if self._fit == "longest":
            longest = max(height, width)
            return round(height * size / longest), round(width * size / longest)
        shortest = min(height, width)
        return height * size // shortest, width * size // shortest

    def _autocast(self) -> Any:
        import torch

        return torch.autocast(self._device, dtype=torch.float16, enabled=self._device == "cuda")

    def _width(self) -> int:
        return int(self._model.visual.output_dim)

    def _largest_batch(self) -> int:
        import torch

        if self._device != "cuda":
            return CPU_BATCH
        free, _ = torch.cuda.mem_get_info()
        return max(1, min(CUDA_BATCH, free // 2 // (CUDA_BYTES_PER_PIXEL * self.input_size**2)))


def _rows(tensor: Any) -> Embeddings:
    rows: Embeddings = tensor.float().cpu().numpy()
    return rows


def _device(asked: str) -> tuple[str, str | None]:
    """The device to run on, and why it is not the one asked for."""
    import torch

    if asked != "cpu" and torch.cuda.is_available():
        return "cuda", None
    return "cpu", "no usable CUDA device was found, so it ran on the CPU" if asked == "cuda" else None


def _check_architecture(name: str) -> None:
    from open_clip import list_models

    if name not in list_models():
        raise UsageError(
            "is no open-clip architecture",
            subject=name,
            remedy="correct EDITRON_CLIP_MODEL; ViT-B-32 is the default",
        )


def _from_hub(model: str, pretrained: str, models: Path) -> Path:
    """A tag's weights from the hub's cache, or from the hub where it answers."""
    # Asked first: where the hub is silent, this keeps its library from retrying for most of a minute.
    reachable = config.hub_answers()
    from open_clip import pretrained as known

    _check_architecture(model)
    entry = known.get_pretrained_cfg(model, pretrained)
    if not entry:
        tags = ", ".join(known.list_pretrained_tags_by_model(model))
        raise UsageError(f"is no tag of {model}", subject=pretrained, remedy=f"use one of {tags}")
    if not reachable and not entry.get("hf_hub"):
        raise _missing(model, pretrained, models, "its server was not asked, because the hub does not answer")
    try:
        return Path(known.download_pretrained(entry))
    except (OSError, RuntimeError, ValueError) as error:
        why = "the hub broke off" if reachable else "the hub does not answer"
        raise _missing(model, pretrained, models, why) from error


def _missing(model: str, pretrained: str, models: Path, why: str) -> EngineUnavailable:
    return Unreachable(
        f"no weights {pretrained} on this machine, and {why}",
        subject=f"open-clip {model}",
        remedy=f"put them into {models / f'{model}-{pretrained}'}.safetensors, or connect once",
    )


def _digest(place: Path) -> str:
    """Eight hex digits that tell local weights apart: their embeddings must not be mixed."""
    files = sorted(f for f in place.iterdir() if f.suffix in SUFFIXES) if place.is_dir() else [place]
    total = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            total.update(hashlib.file_digest(stream, "sha256").digest())
    return total.hexdigest()[:8]
