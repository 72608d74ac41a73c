"""The picture's engine: a real open-clip model, its preprocessing, the fallback, novelty and freshness."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from editron_core.analyze import clip
from editron_core.analyze.vision import (
    AWAY_ROWS,
    LOOK_BACK_ROWS,
    WINDOW_ROWS,
    LayoutEye,
    freshness,
    novelty,
    open_eye,
)
from editron_core.errors import OutOfMemory, UsageError
from tests.auc import auc
from tests.tiny_clip import CAPTIONS, EMPTY, SIZE, draw, tiny_clip

WIDE = (72, 128)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return tiny_clip(tmp_path_factory)


@pytest.fixture(scope="module")
def eye(weights, tmp_path_factory):
    return open_eye("ViT-B-32", str(weights), "cpu", tmp_path_factory.mktemp("models"))


def frames(caption: str, count: int, *, seed: int = 7, size: tuple[int, int] = WIDE) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.stack([draw(caption, rng, size) for _ in range(count)])


def test_a_prompt_finds_the_frames_that_show_it(eye):
    texts = eye.read(CAPTIONS)
    seen = np.concatenate([eye.see(frames(caption, 6)) for caption in CAPTIONS])
    likeness = seen @ texts.T
    for i, caption in enumerate(CAPTIONS):
        shows = np.repeat(np.arange(len(CAPTIONS)), 6) == i
        assert auc(likeness[shows, i], likeness[~shows, i]) >= 0.9, caption


def test_embeddings_are_unit_rows_of_one_space(eye):
    seen, read = eye.see(frames("a red circle", 3)), eye.read(["a red circle", EMPTY])
    assert seen.shape == (3, 32)
    assert read.shape == (2, 32)
    assert seen.dtype == read.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(np.concatenate([seen, read]), axis=1), 1, atol=1e-5)
    assert eye.see(np.empty((0, 8, 8, 3), np.uint8)).shape == (0, 32)
    assert eye.read([]).shape == (0, 32)


def test_it_says_which_engine_it_is(eye, weights):
    assert eye.engine.role == "vision"
    assert eye.engine.name.startswith("open-clip tiny-clip")
    assert eye.engine.fallback is None
    assert eye.input_size == SIZE


def test_batches_change_nothing(eye, monkeypatch):
    shown = frames("a blue square", 5)
    whole = eye.see(shown)
    monkeypatch.setattr(eye, "_batch", 2)
    np.testing.assert_allclose(eye.see(shown), whole, atol=1e-5)


def test_a_full_gpu_gets_half_the_batch_once(eye, monkeypatch):
    import torch

    shown = frames("a blue square", 6)
    whole, encode, asked = eye.see(shown), eye._encode, []
    holds = 2

    def crowded(batch):
        asked.append(len(batch))
        if len(batch) > holds:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return encode(batch)

    monkeypatch.setattr(eye, "_batch", 4)
    monkeypatch.setattr(eye, "_halved", False)
    monkeypatch.setattr(eye, "_encode", crowded)
    np.testing.assert_allclose(eye.see(shown), whole, atol=1e-5)
    assert asked == [4, 2, 2, 2]
    holds = 1
    with pytest.raises(OutOfMemory, match=r"2 frames do not fit.*EDITRON_CLIP_MODEL"):
        eye.see(shown)
    assert asked[4:] == [2]


@pytest.mark.parametrize("size", [(32, 32), (72, 128), (128, 72), (33, 47), (20, 30)])
@pytest.mark.parametrize("mode", ["bicubic", "bilinear"])
@pytest.mark.parametrize("fit", ["shortest", "squash", "longest"])
def test_frames_are_prepared_as_open_clip_prepares_them(weights, size, mode, fit):
    import open_clip
    import torch
    from PIL import Image

    how = {"interpolation": mode, "resize_mode": fit, "mean": (0.3, 0.5, 0.7), "std": (0.2, 0.25, 0.3)}
    model = open_clip.create_model(f"local-dir:{weights}", force_preprocess_cfg=how)
    own = open_clip.transform.image_transform_v2(
        open_clip.transform.PreprocessCfg(**open_clip.get_model_preprocess_cfg(model)), is_train=False
    )
    ours = clip.ClipEye(model, None, "cpu", LayoutEye("").engine)
    shown = frames("a green triangle", 2, size=size)
    expected = torch.stack([own(Image.fromarray(frame)) for frame in shown])
    # One grey level of 255 over the smallest deviation: Pillow and torch round a byte differently.
    assert (ours.prepare(shown) - expected).abs().max() <= 1.01 / 255 / 0.2


def test_weights_are_found_in_the_models_folder(weights, tmp_path):
    (tmp_path / "tiny-shapes").symlink_to(weights)
    found = open_eye("tiny", "shapes", "cpu", tmp_path)
    assert found.engine.fallback is None
    assert found.engine.name.startswith("open-clip tiny-shapes")


def test_a_single_checkpoint_file_is_loaded(tmp_path):
    import open_clip
    from safetensors.torch import save_file

    model = open_clip.create_model("ViT-S-32-alt")
    save_file(model.state_dict(), str(tmp_path / "ViT-S-32-alt-mine.safetensors"))
    found = open_eye("ViT-S-32-alt", "mine", "cpu", tmp_path)
    assert found.engine.name.startswith("open-clip ViT-S-32-alt")
    assert found.see(frames(EMPTY, 1)).shape == (1, 256)


def test_weights_that_do_not_load_give_the_fallback_and_say_so(weights, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / clip.CONFIG_FILE).write_bytes((weights / clip.CONFIG_FILE).read_bytes())
    (broken / "open_clip_model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0notjson!")
    (tmp_path / "cut.pt").write_bytes(b"half a pickle")
    for pretrained in (broken, tmp_path / "cut.pt", weights / "open_clip_model.safetensors"):
        found = open_eye("ViT-B-32", str(pretrained), "cpu", tmp_path)
        assert isinstance(found, LayoutEye)
        assert "cannot be loaded" in found.engine.fallback
        assert "replace" in found.engine.fallback


def test_an_unknown_architecture_is_a_usage_error(weights, tmp_path):
    with pytest.raises(UsageError, match="no open-clip architecture"):
        open_eye("ViT-Z-99", str(weights / "open_clip_model.safetensors"), "cpu", tmp_path)


def test_a_checkpoint_that_is_not_there_gives_the_fallback_and_says_so(tmp_path):
    found = open_eye("ViT-B-32", str(tmp_path / "gone.pt"), "cpu", tmp_path)
    assert isinstance(found, LayoutEye)
    assert "gone.pt" in found.engine.fallback
    assert found.read(["a red circle"]) is None


def test_a_tag_without_hub_and_cache_gives_the_fallback_and_says_so(tmp_path):
    # A process of its own: the hub's library reads its environment once, at import.
    code = (
        "from pathlib import Path; from editron_core.analyze.vision import open_eye;"
        f"print(open_eye('ViT-B-32', 'laion2b_s34b_b79k', 'cpu', Path({str(tmp_path)!r})).engine.fallback)"
    )
    env = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True, timeout=200
    )
    assert "no weights laion2b_s34b_b79k on this machine" in done.stdout
    assert str(tmp_path) in done.stdout


@pytest.mark.parametrize("size", [(36, 64), (64, 36), (20, 20), (180, 320)])
def test_the_fallback_tells_scenes_apart_and_a_scene_from_itself(size):
    look = LayoutEye("no weights")
    red, blue = (look.see(frames(c, 8, size=size)) for c in ("a red circle", "a blue circle"))
    assert red.shape == (8, 176)
    np.testing.assert_allclose(np.linalg.norm(red, axis=1), 1, atol=1e-5)
    still = np.repeat(frames("a red circle", 1, size=size), 2, axis=0).astype(int)
    noisy = still + np.random.default_rng(1).integers(-4, 5, still.shape)
    near = look.see(np.clip(noisy, 0, 255).astype(np.uint8))
    assert float(near[0] @ near[1]) > 0.9
    assert float((red @ blue.T).max()) < float(near[0] @ near[1])


def test_the_fallback_sees_black_and_white_frames_without_dividing_by_zero():
    flat = np.stack([np.zeros((40, 60, 3), np.uint8), np.full((40, 60, 3), 255, np.uint8)])
    seen = LayoutEye("").see(flat)
    assert np.isfinite(seen).all()
    assert float(seen[0] @ seen[1]) < 0.5


def scenes(*captions: str, seed: int) -> np.ndarray:
    """Rows of frames: each caption for 6 s (one drawing with fresh noise per row)."""
    rng = np.random.default_rng(seed)
    out = []
    for caption in captions:
        base = draw(caption, rng, WIDE).astype(int)
        out += [base + rng.integers(-5, 6, base.shape) for _ in range(12)]
    return np.clip(np.stack(out), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("engine", ["open-clip", "fallback"])
def test_novelty_separates_a_change_of_scene_from_its_absence(eye, engine):
    look = eye if engine == "open-clip" else LayoutEye("")
    changed, same = [], []
    for seed in range(8):
        changed.append(novelty(look.see(scenes("a red circle", "a blue square", seed=seed)))[12])
        same.append(
            novelty(look.see(scenes("a red circle", "a red circle", seed=seed)[:12].repeat(2, 0)))[12]
        )
    assert auc(changed, same) >= 0.9
    assert np.mean(changed) > 0.4
    assert np.mean(same) < 0.1


def test_novelty_fades_as_the_new_becomes_what_came_before():
    a, b = np.eye(2, dtype=np.float32)
    values = novelty(np.stack([a] * 30 + [b] * 30))
    assert np.isnan(values[0])
    assert values[29] == pytest.approx(0, abs=1e-6)
    assert values[30] == 1
    assert (np.diff(values[30:]) <= 1e-6).all()
    assert values[30 + WINDOW_ROWS] == pytest.approx(0, abs=1e-6)


def test_novelty_is_null_where_a_frame_or_all_before_it_are_missing():
    a, b = np.eye(2, dtype=np.float32)
    rows = np.stack([a, a, b, a])
    rows[1] = np.nan
    values = novelty(rows)
    assert np.isnan(values[:2]).all()
    assert values[2] == 1
    gap = np.stack([a, *np.full((WINDOW_ROWS, 2), np.nan, np.float32), b])
    assert np.isnan(novelty(gap)).all()


def test_the_same_frames_give_the_same_bytes(eye):
    shown = frames("a yellow triangle", 4)
    assert eye.see(shown).tobytes() == eye.see(shown).tobytes()
    assert LayoutEye("").see(shown).tobytes() == LayoutEye("").see(shown).tobytes()


def test_a_gpu_that_is_not_there_is_told(weights, tmp_path: Path):
    import torch

    if torch.cuda.is_available():
        pytest.skip("a CUDA device is here")
    found = open_eye("ViT-B-32", str(weights), "cuda", tmp_path)
    assert "CPU" in found.engine.fallback


def test_freshness_knows_a_picture_that_comes_back_where_novelty_takes_it_for_new():
    a, b, c = np.eye(3, dtype=np.float32)
    shown = np.stack([a] * 30 + [b] * 30 + [a] * 15 + [c] * 5)
    fresh, new = freshness(shown), novelty(shown)
    assert new[60] == 1
    assert fresh[60] == 0
    assert fresh[75] == 1


def test_a_shot_that_goes_on_stays_fresh_for_five_seconds():
    a, b = np.eye(2, dtype=np.float32)
    values = freshness(np.stack([a] * 30 + [b] * 30))
    assert np.isnan(values[:10]).all()
    assert (values[10:30] == 0).all()
    assert (values[30:40] == 1).all()
    assert (values[40:] == 0).all()


@pytest.mark.parametrize(("ago", "fresh"), [(1200, 0), (1201, 1)])
def test_what_was_shown_more_than_ten_minutes_ago_is_forgotten(ago, fresh):
    a, b = np.eye(2, dtype=np.float32)
    shown = np.tile(b, (1300, 1))
    shown[[1260 - ago, 1260]] = a
    assert freshness(shown)[1260] == fresh


def test_freshness_looks_back_ten_minutes_and_over_missing_frames():
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(LOOK_BACK_ROWS + 300, 3)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows[[0, 700]] = np.nan
    values = freshness(rows)
    for at in (10, 11, 265, 266, 700, 1210, 1211, 1499):
        before = rows[max(0, at - LOOK_BACK_ROWS) : at - AWAY_ROWS + 1]
        before = before[~np.isnan(before).any(axis=1)]
        if not len(before) or np.isnan(rows[at]).any():
            assert np.isnan(values[at])
        else:
            nearest = (before @ rows[at]).max()
            assert values[at] == pytest.approx(min(1, (1 - nearest) / 0.3), abs=1e-4)
