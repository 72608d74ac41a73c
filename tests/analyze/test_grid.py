"""Rows of half a second."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from editron_core.analyze.grid import held, means, row_of, row_starts, rows_for


def test_rows_cover_the_duration_and_there_is_always_one():
    assert [rows_for(Fraction(x)) for x in ("0", "1/5", "1/2", "11/20", "35.1")] == [1, 1, 1, 2, 71]
    assert [row_of(Fraction(x)) for x in ("0", "499/1000", "1/2", "1001/1000")] == [0, 0, 1, 2]
    assert row_starts(3).tolist() == [0, 0.5, 1]


def test_means_leave_out_what_was_not_measured():
    got = means(np.array([0.1, 0.2, 0.7, 9.9]), np.array([1.0, 3.0, np.nan, 5.0]), 3)
    assert got[0] == 2
    assert np.isnan(got[1])
    assert got[2] == 5


def test_gaps_hold_what_was_before_them():
    column = np.array([np.nan, 1, np.nan, np.nan, 2, np.nan], np.float32)
    assert held(column).tolist() == [1, 1, 1, 1, 2, 2]
    assert np.isnan(held(np.full(2, np.nan))).all()
