"""Every file that pages give: one rule for all of them."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest

from app.insights.csv_lines import cell, csv_lines


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "  =HYPERLINK(1)"])
def test_a_text_is_never_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_numbers_stay_numbers_and_nothing_is_empty() -> None:
    assert [cell(value) for value in (-1.5, 0, None, True, False)] == [-1.5, 0, "", "yes", "no"]
    assert cell(datetime(2026, 3, 2, 9, tzinfo=UTC)) == "2026-03-02T09:00:00+00:00"


def test_a_long_file_comes_in_pieces_and_reads_back() -> None:
    rows = [(number, f'said "{number}",\nand more\0') for number in range(1200)]
    pieces = list(csv_lines(("number", "text"), rows))
    assert len(pieces) == 3
    back = list(csv.reader(io.StringIO("".join(pieces))))
    assert back[0] == ["number", "text"]
    assert back[1200] == ["1199", 'said "1199",\nand more']
