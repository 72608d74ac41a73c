"""Records of a benchmark: what is read, and where a complaint points."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from editron_core.errors import SourceError
from editron_core.qa.records import read


class Row(BaseModel, frozen=True):
    id: int


def rows(path: Path, text: str | bytes) -> list[tuple[str, int]]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return [(record.place, record.data.id) for record in read(path, Row, lambda row: row.id)]


def test_lines_and_lists_are_read_alike_and_blank_lines_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "rows"

    assert rows(path, '{"id": 1}\n\n{"id": 2, "more": 0}\n') == [
        (f"{path}, line 1", 1),
        (f"{path}, line 3", 2),
    ]
    assert rows(path, ' [{"id": 1},\n {"id": 2}]') == [(f"{path}, entry 1", 1), (f"{path}, entry 2", 2)]
    assert rows(path, '\ufeff{"id": 1}\r\n') == [(f"{path}, line 1", 1)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"id": 1}\n{"id": }\n', "rows, line 2: is not JSON: Expecting value"),
        ('[{"id": 1},\n oops]', r"rows: is not JSON: Expecting value \(line 2"),
        ('{"id": 1}\n5\n', "rows, line 2: is not a JSON object"),
        ('{"id": "x"}', "rows, line 1: id: Input should be a valid integer"),
        ('{"id": 1}\n{"id": 1}', "rows, line 2: 1 stands in .*rows, line 1 already"),
        ("", "rows: holds no record"),
        ("[]", "rows: holds no record"),
        (b'{"id": "\xff"}', "rows: is not UTF-8 text"),
        ("[" * 100_000, "rows: is not JSON"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(SourceError, match=told) as caught:
        rows(tmp_path / "rows", text)
    assert "\n" not in str(caught.value)
