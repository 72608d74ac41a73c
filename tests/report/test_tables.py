"""Tables: the same text every time, and no text that becomes markup."""

from __future__ import annotations

import polars as pl

from editron_core.report.tables import Table

FRAME = pl.DataFrame(
    {"name": ["motion", "<b>"], "rho": [0.456, -0.001], "n": [3, None], "well": [True, False]}
)


def test_text_is_fixed_in_width_with_numbers_to_the_right() -> None:
    assert str(Table(FRAME)).splitlines() == [
        "name     rho  n  well",
        "motion  0.46  3  yes",
        "<b>     0.00  –  no",
    ]


def test_decimals_are_as_asked_for() -> None:
    assert "-0.001" in str(Table(FRAME, digits=3))


def test_markup_in_a_cell_stays_text() -> None:
    assert '<td style="text-align:left">&lt;b&gt;</td>' in Table(FRAME)._repr_html_()


def test_a_table_without_rows_keeps_its_headings() -> None:
    assert str(Table(FRAME.head(0))) == "name  rho  n  well"
