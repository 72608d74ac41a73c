"""Frames per second through our engine against bare open-clip on preloaded tensors, in one run."""

from __future__ import annotations

import time

import numpy as np
import pytest

from editron_core.analyze.clip import ClipEye
from editron_core.domain.evidence import EngineUse

ROUNDS = 7
FRAMES = 64


@pytest.mark.proof
@pytest.mark.timeout(1800)
def test_frames_per_second_are_nine_tenths_of_bare_open_clip():
    import open_clip
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    model = open_clip.create_model("ViT-B-32", device=device).eval()
    eye = ClipEye(model, None, device, EngineUse("vision", "random", "0"))
    count = FRAMES if device == "cpu" else FRAMES * 64
    frames = np.random.default_rng(0).integers(0, 256, (count, 224, 398, 3), dtype=np.uint8)
    ready = [eye.prepare(frames[at : at + eye._batch]) for at in range(0, count, eye._batch)]

    def bare() -> None:
        with torch.inference_mode(), torch.autocast(device, torch.float16, enabled=device == "cuda"):
            for batch in ready:
                model.encode_image(batch, normalize=True).cpu()

    ratios = []
    eye.see(frames[: eye._batch])
    for _ in range(ROUNDS):
        start = time.perf_counter()
        bare()
        middle = time.perf_counter()
        eye.see(frames)
        ratios.append((middle - start) / (time.perf_counter() - middle))
    ratio = float(np.median(ratios))
    print(f"\nopen-clip ViT-B-32 on {device}: ours / bare = {ratio:.3f} ({count} frames, {ROUNDS} rounds)")
    assert ratio >= 0.9
