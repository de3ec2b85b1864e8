"""Files of unknown making: how they are read, and what is said when they can't be."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.errors import Unprocessable
from app.insights.csv_lines import csv_lines
from app.insights.feedback.cells import date_order, parse_date, parse_rating, rating_scale
from app.insights.feedback.columns import completed, guess_columns, named_columns
from app.insights.feedback.csv_reading import BadRow, Record, read_layout, records
from app.insights.feedback.export import ITEM_COLUMNS, item_rows
from app.insights.feedback.rows import read_items, sample_of
from app.records.product.feedback_items import Item

NOW = datetime(2026, 10, 1, tzinfo=UTC)
TICKETS = (
    "Ticket ID,Created at,Subject,Description\n"
    'T-1,2026-09-01,VPN,"It drops, again"\n'
    "T-2,2026-09-02 14:30,Leave,Where is the form?\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export.csv"


def read(file: Path, data: str | bytes, **wanted: str) -> list[Item | BadRow]:
    """Everything in ``data``, with the columns as guessed but for those wanted."""
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    layout = read_layout(file)
    guess = guess_columns(layout, sample_of(file, layout, 100))
    fields = named_columns(layout, wanted, guess)
    rows = [row for row in records(file, layout) if isinstance(row, Record)]
    return list(read_items(file, layout, completed(fields, rows, guess.kind), NOW))


def items(file: Path, data: str | bytes, **wanted: str) -> list[Item]:
    found = read(file, data, **wanted)
    assert all(isinstance(one, Item) for one in found), found
    return [one for one in found if isinstance(one, Item)]


def test_columns_are_recognized_by_their_names(file: Path) -> None:
    first, second = items(file, TICKETS)
    assert first.kind == "ticket"
    assert first.external_id == "T-1"
    assert first.text == "VPN\nIt drops, again"
    assert first.at == datetime(2026, 9, 1, tzinfo=UTC)
    assert second.at == datetime(2026, 9, 2, 14, 30, tzinfo=UTC)


def test_columns_without_telling_names_are_recognized_by_their_cells(file: Path) -> None:
    rows = "".join(
        f"x{n};{n}.09.2026;Somebody wrote this text about it, number {n}\n" for n in range(1, 9)
    )
    first = items(file, f"a;b;c\n{rows}")[0]
    assert first.text == "Somebody wrote this text about it, number 1"
    assert first.at == datetime(2026, 9, 1, tzinfo=UTC)


def test_a_table_without_a_header_loses_no_row(file: Path) -> None:
    found = items(file, "2026-09-01,The first of two longer texts\n2026-09-02,And the second one\n")
    assert [one.text for one in found] == ["The first of two longer texts", "And the second one"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_recognized(file: Path, delimiter: str) -> None:
    lines = [["date", "text"], ["2026-09-01", '"one, two; three | four"'], ["2026-09-02", "b c"]]
    found = items(file, "\n".join(delimiter.join(line) for line in lines))
    assert found[0].text == "one, two; three | four"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_the_encoding_is_recognized(file: Path, encoding: str) -> None:
    text = "date,text\n2026-09-01,Die Rückgabe für Müller war größtenteils überflüssig\n"
    assert "Rückgabe für Müller" in items(file, text.encode(encoding))[0].text


def test_the_line_that_names_a_delimiter_for_a_spreadsheet_is_no_row(file: Path) -> None:
    assert len(items(file, "sep=;\ndate;text\n2026-09-01;a text\n")) == 1


def test_a_quoted_text_may_span_lines_and_the_next_bad_row_still_has_its_line(file: Path) -> None:
    found = read(file, 'date,text\n2026-09-01,"one\ntwo"\nsoon,three\n')
    assert isinstance(found[0], Item)
    assert found[0].text == "one\ntwo"
    assert found[1] == BadRow(4, "“soon” is no date.", "three")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"\0\0\0\0", "empty"),
        (b"PK\x03\x04" + b"x" * 100, "Excel"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 4, "zero bytes"),
        (b"text\nonly one column\nanother\n", "one column"),
        (b"date,text\n", "no rows"),
        (b"\x01\x02\x03\x04,\x05\x06\n" * 50, "not text"),
        ((",".join(f"c{n}" for n in range(500)) + "\n").encode() * 3, "columns"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(file: Path, data: bytes, said: str) -> None:
    file.write_bytes(data)
    with pytest.raises(Unprocessable, match=said):
        read_layout(file)


def test_a_huge_field_is_one_bad_row(file: Path) -> None:
    data = f"date,text\n2026-09-01,fine\n2026-09-02,{'x' * 200_000}\n2026-09-03,fine too\n"
    found = read(file, data)
    assert [type(one) for one in found] == [Item, BadRow, Item]
    assert isinstance(found[1], BadRow)
    assert found[1].line == 3
    assert "longer than" in found[1].reason


def test_a_line_without_end_is_left_out_and_named(file: Path) -> None:
    found = read(file, f"date,text\n2026-09-01,fine\n{'y' * 2_500_000}\n2026-09-03,fine too\n")
    assert [type(one) for one in found] == [Item, BadRow, Item]
    assert isinstance(found[1], BadRow)
    assert found[1].line == 3


def test_rows_of_another_width_are_reported_unless_only_empty_cells_are_too_many(
    file: Path,
) -> None:
    found = read(file, "date,text\n2026-09-01,a text,,\n2026-09-02,not, quoted\n2026-09-03\n")
    assert isinstance(found[0], Item)
    assert [one.line for one in found if isinstance(one, BadRow)] == [3, 4]


def test_rows_that_say_nothing_or_lie_in_the_future_are_reported(file: Path) -> None:
    found = read(file, "date,text\n2026-09-01,ok\n2026-09-01,...\n,no date\n2031-01-01,later\n")
    reasons = [one.reason for one in found if isinstance(one, BadRow)]
    assert reasons == ["There is no text.", "There is no date.", "“2031-01-01” is in the future."]


def test_the_same_file_gives_the_same_ids_and_equal_rows_stay_apart(file: Path) -> None:
    data = "date,text\n2026-09-01,same\n2026-09-01,same\n2026-09-02,same\n"
    first, again = items(file, data), items(file, data)
    assert [one.id for one in first] == [one.id for one in again]
    assert len({one.id for one in first}) == 3


def test_an_external_id_is_what_makes_an_item_the_same(file: Path) -> None:
    before = items(file, TICKETS)
    after = items(file, TICKETS.replace("again", "still"))
    assert [one.id for one in before] == [one.id for one in after]


@pytest.mark.parametrize(
    ("cell", "day_first", "expected"),
    [
        ("2026-03-04", True, (2026, 3, 4)),
        ("2026-03-04T10:20:30Z", True, (2026, 3, 4, 10, 20, 30)),
        ("2026-03-04 10:20:30+02:00", True, (2026, 3, 4, 8, 20, 30)),
        ("03/04/2026", True, (2026, 4, 3)),
        ("03/04/2026", False, (2026, 3, 4)),
        ("3/4/26 2:05 PM", False, (2026, 3, 4, 14, 5)),
        ("12:00 AM", False, None),
        ("4 Mar 2026", False, (2026, 3, 4)),
        ("March 4th, 2026", False, (2026, 3, 4)),
        ("Wed, 04 Mar 2026 10:00:00 +0100", False, (2026, 3, 4, 9)),
        ("1772582400", False, (2026, 3, 4)),
        ("1772582400000", False, (2026, 3, 4)),
        ("31/31/2026", True, None),
        ("2026-02-30", True, None),
        ("4.5", True, None),
        ("soon", True, None),
        ("0026-01-01", True, None),
    ],
)
def test_dates_are_read_as_people_write_them(
    cell: str, day_first: bool, expected: tuple[int, ...] | None
) -> None:
    wanted = None if expected is None else datetime(*expected, tzinfo=UTC)  # type: ignore[arg-type, misc]  # year, month, day and the rest
    assert parse_date(cell, day_first) == wanted


@pytest.mark.parametrize(
    ("cells", "guess"),
    [
        (["03/04/2026", "31/12/2025"], True),
        (["03/04/2026", "12/31/2025"], False),
        (["03/04/2026", "05/06/2026"], None),
        (["03.04.2026"], True),
        (["03/03/2026"], True),
        (["2026-03-04"], True),
    ],
)
def test_the_order_of_dates_is_guessed_only_where_they_tell(
    cells: list[str], guess: bool | None
) -> None:
    assert date_order(cells).guess is guess


@pytest.mark.parametrize(
    ("cell", "scale", "rating"),
    [
        ("4", (1, 5), 4.0),
        ("10", (0, 10), 5.0),
        ("4,5", (1, 5), 4.5),
        ("★★★★☆", (1, 5), 4.0),
        ("8/10", (1, 5), 4.2),
        ("2 stars", (1, 5), 2.0),
        ("Good", (1, 5), 5.0),
        ("n/a", (1, 5), None),
        ("", (1, 5), None),
    ],
)
def test_ratings_of_any_scale_become_one_to_five(
    cell: str, scale: tuple[float, float], rating: float | None
) -> None:
    assert parse_rating(cell, *scale) == (None if rating is None else pytest.approx(rating))


def test_a_rating_beyond_its_scale_is_no_rating() -> None:
    with pytest.raises(ValueError, match="not between 1 and 5"):
        parse_rating("9", 1, 5)
    with pytest.raises(ValueError, match="no rating"):
        parse_rating("purple", 1, 5)


def test_the_scale_comes_from_all_ratings() -> None:
    assert rating_scale(["3", "5"]) == (1, 5)
    assert rating_scale(["3", "9"]) == (0, 10)
    assert rating_scale(["3", "90"]) == (0, 100)


def test_one_column_cannot_be_named_that_is_not_there(file: Path) -> None:
    with pytest.raises(Unprocessable, match="no column “Body”"):
        read(file, TICKETS, text="Body")


def test_an_export_holds_no_formula() -> None:
    item = Item("fbi_1", "ticket", "@id", NOW, '=HYPERLINK("http://x","y")', 2.0, -0.5)
    written = "".join(csv_lines(ITEM_COLUMNS, item_rows([item], {})))
    assert "'=HYPERLINK" in written
    assert ",'@id," in written
    assert ",-0.5,negative," in written
