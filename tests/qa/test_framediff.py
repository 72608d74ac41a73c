"""Two sequences of frames: what counts as different, and by how much."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from editron_core.errors import UsageError
from editron_core.qa import diffpicture
from editron_core.qa.framediff import DRAWN, Pixels, Rule, compare

WIDTH, HEIGHT = 160, 90


def scene(frames: int = 3) -> Pixels:
    """A soft picture with a bright square that goes right, 8 pixels a frame."""
    ramp = np.linspace(40, 180, WIDTH, dtype=np.uint8)
    made = np.broadcast_to(ramp[None, None, :, None], (frames, HEIGHT, WIDTH, 3)).copy()
    for at in range(frames):
        made[at, 30:60, 20 + 8 * at : 50 + 8 * at] = (230, 220, 120)
    return made


def test_equal_frames_do_not_differ() -> None:
    found = compare(scene(), scene())
    assert (found.frames, found.missing, found.differing) == (3, 0, ())
    assert found.ssim == (1.0, 1.0, 1.0)
    assert found.mean_vmaf > 95


def test_the_frame_that_changed_is_counted_and_named() -> None:
    after = scene()
    after[1, 30:60, 60:64] = 0
    found = compare(scene(), after)
    assert found.differing == (1,)
    assert found.worst == 1
    assert found.shares == (0.0, 120 / (WIDTH * HEIGHT), 0.0)
    assert found.ssim[0] == found.ssim[2] == 1.0
    assert found.worst_ssim == found.ssim[1] < 0.999
    assert found.vmaf[1] < found.vmaf[0] - 2


def test_a_rounding_of_every_pixel_is_no_difference() -> None:
    found = compare(scene(), scene() + np.uint8(DRAWN.levels))
    assert found.differing == ()
    assert found.worst_ssim < 1


def test_one_level_more_is_a_difference() -> None:
    assert compare(scene(), scene() + np.uint8(DRAWN.levels + 1)).differing == (0, 1, 2)


def test_another_colour_of_the_same_brightness_is_a_difference() -> None:
    """VMAF sees luma only: the count and SSIM must not miss what it cannot see."""
    before, after = scene(1), scene(1)
    before[0, 30:60, 20:50] = (200, 90, 90)
    after[0, 30:60, 20:50] = (90, 122, 90)
    found = compare(before, after)
    assert found.differing == (0,)
    assert found.worst_ssim < 0.99


def test_the_share_of_pixels_decides() -> None:
    after = scene(1)
    after[0, 0, :100] = 255
    share = 100 / (WIDTH * HEIGHT)
    assert compare(scene(1), after, Rule(20, share * 0.9)).differing == (0,)
    assert compare(scene(1), after, Rule(20, share * 1.1)).differing == ()


def test_frames_that_one_side_lacks_differ() -> None:
    for before, after in ((scene(5), scene(3)), (scene(3), scene(5))):
        found = compare(before, after)
        assert (found.frames, found.missing, found.differing) == (5, 2, (3, 4))
        assert len(found.ssim) == len(found.vmaf) == 3


def test_frames_of_another_size_are_refused() -> None:
    with pytest.raises(UsageError, match="160x90"):
        compare(scene(), scene()[:, ::2])
    with pytest.raises(UsageError, match="0 of"):
        compare(scene(), scene(0))


def drawn(tmp_path: Path, before: Pixels, after: Pixels) -> np.ndarray:
    compared = compare(before, after)
    sides = diffpicture.worst_sides(before, after, compared, "a case")
    path = diffpicture.write(sides, compared, tmp_path / "new" / "diff.png")
    assert [file.name for file in path.parent.iterdir()] == ["diff.png"]
    return np.asarray(Image.open(path))


def test_the_diff_picture_shows_before_after_and_what_differs(tmp_path: Path) -> None:
    after = scene()
    after[1, 40:50, 100:110] = (255, 0, 0)
    picture = drawn(tmp_path, scene(), after)
    wide, margin, top = diffpicture.PANEL_PIXELS[0], diffpicture.MARGIN, diffpicture.MARGIN + 92
    lefts = [margin + number * (wide + margin) for number in range(3)]
    # The panels are twice as large as the frames; (105, 45) lies in the middle of what changed.
    was, now, glow = (picture[top + 2 * 45, left + 2 * 105] for left in lefts)
    assert tuple(was) == tuple(scene()[1, 45, 105])
    assert tuple(now) == (255, 0, 0)
    assert tuple(glow) == (255, 176, 32)
    dark = picture[top + 2 * 10, lefts[2] + 2 * 10]
    assert dark.max() < 60
    # The changed part comes again below, enlarged: as red as above, over much more of the picture.
    below = picture[top + 2 * HEIGHT + margin :, lefts[1] : lefts[1] + wide]
    red = (below == (255, 0, 0)).all(axis=2).sum()
    assert red > 10 * 100


def test_the_diff_picture_is_the_same_each_time(tmp_path: Path) -> None:
    after = scene()
    after[2, :20] = 0
    assert np.array_equal(drawn(tmp_path / "a", scene(), after), drawn(tmp_path / "b", scene(), after))


def test_frames_wider_than_a_panel_are_shown_whole(tmp_path: Path) -> None:
    before = np.full((1, 100, 1300, 3), 90, np.uint8)
    after = before.copy()
    after[:, :, 1290:] = 255
    picture = drawn(tmp_path, before, after)
    right = diffpicture.MARGIN * 2 + 2 * diffpicture.PANEL_PIXELS[1] - 3
    assert picture[diffpicture.MARGIN + 92 + 25, right].min() > 200
