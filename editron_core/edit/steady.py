"""A steady path for a crop: one axis, row by row, as a linear program.

In the manner of L1-optimal camera paths (Grundmann, Kwatra, Essa: Auto-Directed Video Stabilization with
Robust L1 Optimal Camera Paths, CVPR 2011): sums of absolute values make a path that stands still where
it can, moves at an even speed where it must, and hardly ever does anything between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

MARGIN = 0.08
"""Share of the crop kept free on either side of the subject, where it fits."""

# Weights, each on a sum over the rows: moving, changing speed, changing it abruptly, and standing off the
# subject's centre. What leaving the subject costs, the caller says.
_MOVE, _BEND, _JERK, _OFF_CENTRE = 1.0, 2.0, 4.0, 0.01


def path(centre: np.ndarray, extent: np.ndarray, care: np.ndarray, crop: float, step: float) -> list[float]:
    """The crop's centre in each row, within [crop / 2, 1 - crop / 2].

    `centre` and `extent` (n,) are the subject's, 0..1 of the frame, NaN where it is unknown; `care` (n,) is
    what a frame's width off the subject costs, in frame widths of movement. `crop` is the share of the
    frame that the crop covers, `step` the most that it may move from row to row (0: it stands still).
    Without any known row it is the middle.
    """
    import numpy as np
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix, eye, hstack, vstack

    count, half = len(centre), crop / 2
    rows = np.flatnonzero(np.isfinite(centre))
    if not len(rows):
        return [0.5] * count
    blocks, low, high, costs = _wishes(centre[rows], extent[rows], care[rows], crop, rows, count)
    # Each wish w holds low - e <= A p <= high + e, and its own e >= 0 costs.
    matrix = vstack(blocks, format="csr")
    error = eye(matrix.shape[0], format="csr")
    system, bound = [hstack([matrix, -error]), hstack([-matrix, -error])], [high, -low]
    if count > 1:
        change = hstack([_difference(count, 1), csr_matrix((count - 1, matrix.shape[0]))])
        system += [change, -change]
        bound += [np.full(count - 1, step)] * 2
    found = linprog(
        np.concatenate([np.zeros(count), costs]),
        A_ub=vstack(system, format="csr"),
        b_ub=np.concatenate(bound),
        bounds=[(half, 1 - half)] * count + [(0, None)] * matrix.shape[0],
        method="highs",
    )
    # A path that never moves satisfies every bound, so there is always a solution.
    assert found.success, found.message
    return [min(max(float(value), half), 1 - half) for value in found.x[:count]]


def _wishes(
    centre: np.ndarray, extent: np.ndarray, care: np.ndarray, crop: float, rows: np.ndarray, count: int
) -> tuple[list[Any], np.ndarray, np.ndarray, np.ndarray]:
    """What the path should do: matrix blocks, lower and upper bounds, cost of breaking each."""
    import numpy as np
    from scipy.sparse import eye

    half = crop / 2
    orders = [(weight, order) for weight, order in ((_MOVE, 1), (_BEND, 2), (_JERK, 3)) if count > order]
    blocks = [_difference(count, order) for _, order in orders]
    still = np.zeros(sum(count - order for _, order in orders))
    # The subject with its margin inside the crop; one that is larger than the crop fills it.
    room = half - np.nan_to_num(extent) / 2
    reach = np.where(room > 0, np.maximum(room - MARGIN * crop, 0), -room)
    subject = np.clip(centre, 0, 1)
    aim = np.clip(subject, half, 1 - half)
    place = eye(count, format="csr")[rows]
    low = np.concatenate([still, subject - reach, aim])
    high = np.concatenate([still, subject + reach, aim])
    weights = [np.full(count - order, weight) for weight, order in orders]
    costs = np.concatenate([*weights, care, np.full(len(rows), _OFF_CENTRE)])
    return [*blocks, place, place], low, high, costs


def _difference(count: int, order: int) -> Any:
    """The sparse matrix that takes `count` values to their differences of `order`."""
    from scipy.sparse import diags

    matrix = diags([-1.0, 1.0], [0, 1], shape=(count - 1, count), format="csr")
    for k in range(1, order):
        matrix = diags([-1.0, 1.0], [0, 1], shape=(count - 1 - k, count - k), format="csr") @ matrix
    return matrix
