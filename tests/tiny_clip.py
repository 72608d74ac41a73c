"""A tiny CLIP of open-clip's own architecture, trained in seconds on drawn shapes and colours.

Its prompts really find the right frames, so the whole vision path (loading, preprocessing, both towers)
is tested with the real engine and no download. It knows `a <colour> <shape>` and `an empty room`.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

COLOURS = {"red": (210, 40, 40), "green": (40, 170, 60), "blue": (50, 70, 220), "yellow": (230, 210, 50)}
SHAPES = ("circle", "square", "triangle")
EMPTY = "an empty room"
CAPTIONS = (*(f"a {colour} {shape}" for colour in COLOURS for shape in SHAPES), EMPTY)
SIZE = 32
MODEL = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": SIZE, "layers": 2, "width": 64, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 12, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}
STEPS = 320
PER_CAPTION = 5
PEAK_RATE = 1.5e-3


def draw(caption: str, rng: np.random.Generator, size: tuple[int, int] = (SIZE, SIZE)) -> np.ndarray:
    """A frame (H, W, 3) uint8 of what `caption` says; place, size, ground and noise vary with `rng`."""
    height, width = size
    frame = np.empty((height, width, 3), np.float32)
    frame[:] = rng.uniform(60, 150) + rng.uniform(-12, 12, 3)
    if caption != EMPTY:
        _, colour, shape = caption.split()
        radius = min(size) * rng.uniform(0.22, 0.36)
        # The middle square is what a model sees of a wide frame: the shape stays inside it.
        slack = max(0.0, min(size) / 2 - radius - 1)
        y, x = np.mgrid[:height, :width]
        y = (y - height / 2 - rng.uniform(-slack, slack)) / radius
        x = (x - width / 2 - rng.uniform(-slack, slack)) / radius
        inside = {
            "circle": y**2 + x**2 <= 1,
            "square": np.maximum(abs(y), abs(x)) <= 0.85,
            "triangle": (y <= 0.8) & (y >= 2 * abs(x) - 0.95),
        }[shape]
        frame[inside] = COLOURS[colour]
    return np.clip(frame + rng.normal(0, 6, frame.shape), 0, 255).astype(np.uint8)


def tiny_clip(factory: pytest.TempPathFactory) -> Path:
    """The folder of the trained model (`open_clip_config.json` and weights), as `pretrained` takes it.

    Trained once per test session; pass the fixture `tmp_path_factory`.
    """
    base = factory.getbasetemp()
    # Each worker of pytest-xdist has its own folder inside the session's.
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "tiny-clip"
    if not folder.is_dir():
        made = factory.mktemp("tiny-clip-made")
        _train(made)
        try:
            made.rename(folder)
        except OSError:  # another worker was faster
            shutil.rmtree(made)
    return folder


def _train(folder: Path) -> None:
    import open_clip
    import torch
    from safetensors.torch import save_file

    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": MODEL, "preprocess_cfg": {}}))
    torch.manual_seed(0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # such small matrices are slower on several threads, far slower on busy ones
    rng = np.random.default_rng(0)
    model = open_clip.model.CLIP(**MODEL)
    tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
    tokens = tokenizer(list(CAPTIONS))
    mean = torch.tensor(open_clip.OPENAI_DATASET_MEAN).view(1, 3, 1, 1)
    std = torch.tensor(open_clip.OPENAI_DATASET_STD).view(1, 3, 1, 1)
    # Random word vectors tell a dozen captions apart as they are: most of the weights need no training.
    model.token_embedding.weight.requires_grad_(False)
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], weight_decay=0.01)
    target = torch.arange(len(CAPTIONS)).repeat(PER_CAPTION)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=STEPS)
    for _ in range(STEPS):
        frames = np.stack([draw(CAPTIONS[i], rng) for i in target.tolist()])
        pixels = (torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255 - mean) / std
        seen = model.encode_image(pixels, normalize=True)
        read = model.encode_text(tokens, normalize=True)
        # CLIP's loss with several pictures per text; a fixed, mild temperature keeps cosines wide apart.
        logits = 14.0 * seen @ read.T
        loss = torch.nn.functional.cross_entropy(logits, target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    torch.set_num_threads(threads)
    save_file(model.state_dict(), str(folder / "open_clip_model.safetensors"))
