"""A table as people read it: HTML where it is shown, fixed-width text where it is printed and compared."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

NOTHING = "–"


@dataclass(frozen=True)
class Table:
    """Columns of short texts and numbers; the column names are the headings."""

    frame: pl.DataFrame
    digits: int = 2
    """Decimals of a fractional number."""

    def __str__(self) -> str:
        """Columns two spaces apart, numbers to the right, no space at a line's end."""
        columns = [[name, *self._texts(name)] for name in self.frame.columns]
        widths = [max(map(len, column)) for column in columns]
        right = [self._is_number(name) for name in self.frame.columns]
        lines = (
            "  ".join(
                text.rjust(width) if to_right else text.ljust(width)
                for text, width, to_right in zip(row, widths, right, strict=True)
            ).rstrip()
            for row in zip(*columns, strict=True)
        )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        style = [
            f'style="text-align:{"right" if self._is_number(c) else "left"}"' for c in self.frame.columns
        ]
        names = zip(self.frame.columns, style, strict=True)
        head = "".join(f"<th {how}>{html.escape(name)}</th>" for name, how in names)
        rows = zip(*(self._texts(name) for name in self.frame.columns), strict=True)
        body = "".join(
            "<tr>"
            + "".join(f"<td {how}>{html.escape(text)}</td>" for text, how in zip(row, style, strict=True))
            + "</tr>"
            for row in rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _is_number(self, name: str) -> bool:
        return bool(self.frame.schema[name].is_numeric())

    def _texts(self, name: str) -> list[str]:
        return [self._text(value) for value in self.frame[name].to_list()]

    def _text(self, value: object) -> str:
        if value is None:
            return NOTHING
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, float):
            # Adding 0 turns a rounded -0.0 into 0.0: its sign would hang on the last bit.
            return f"{round(value, self.digits) + 0.0:.{self.digits}f}"
        return str(value)
