"""Page images, and the words of a quote marked on them."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from app.errors import NotFound, UnreadableDocument
from app.knowledge.pdf_pages import Box, page_count, page_image, page_size, page_words
from tests.ingest.parsers import files

PAGE = [
    "The calibration of a sensor takes an hour, and a second cali-",
    "bration takes less. Bring the kit and two clean beakers with you.",
    "Nothing else is needed.",
]
PDF = files.pdf(["A page before."], PAGE)


def height(line: int) -> float:
    """Where the baseline of a line of `PAGE` is, as a fraction from the top."""
    return (842 - (770 - 14 * line)) / 842


def around(box: Box, line: int) -> bool:
    return box.y0 < height(line) - 0.002 < box.y1 < height(line) + 0.006


def test_a_page_becomes_an_image_of_its_size() -> None:
    image = Image.open(io.BytesIO(page_image(PDF, 2, scale=2)))
    assert image.format == "PNG"
    assert image.size == (1190, 1684)
    assert page_size(PDF, 2) == (595, 842)
    assert page_count(PDF) == 2


def test_a_quote_is_marked_where_it_stands() -> None:
    (box,) = page_words(PDF, 2, "takes less. Bring the kit")
    assert around(box, 1)
    assert 72 / 595 < box.x0 < box.x1 < 0.5


def test_a_quote_over_two_lines_with_a_joined_word_has_a_box_per_line() -> None:
    first, second = page_words(PDF, 2, "and a second calibration takes less.")
    assert around(first, 0)
    assert around(second, 1)
    assert first.x0 > second.x0


def test_a_quote_that_begins_on_the_page_before_is_marked_as_far_as_it_goes() -> None:
    quote = "Sensors drift with time. The calibration of a sensor takes an hour, and"
    (box,) = page_words(PDF, 2, quote)
    assert around(box, 0)


def test_a_table_row_is_marked_though_the_quote_repeats_its_column_names() -> None:
    document = files.read(FINANCIAL, "a.pdf")
    row = next(b for b in document.blocks if "Mast" in document.text[b.start : b.end])
    (box,) = page_words(FINANCIAL, 1, document.text[row.start : row.end])
    assert abs(box.y1 - (842 - 700) / 842) < 0.008
    assert box.x1 > 390 / 595


def test_a_quote_from_elsewhere_is_marked_nowhere() -> None:
    assert page_words(PDF, 2, "Parental leave lasts twenty weeks and is paid in full.") == []
    assert page_words(PDF, 2, "") == []
    assert page_words(PDF, 2, "— | —") == []


def test_boxes_fit_a_page_that_is_turned() -> None:
    import pypdfium2  # type: ignore[import-untyped]  # ships no types

    document = pypdfium2.PdfDocument(PDF)
    document[1].set_rotation(90)
    out = io.BytesIO()
    document.save(out)
    (box,) = page_words(out.getvalue(), 2, "Nothing else is needed.")
    # Turned clockwise, the page's top is at the right.
    assert abs(1 - box.x0 - height(2)) < 0.02
    assert box.y1 - box.y0 > box.x1 - box.x0


def test_a_page_that_does_not_exist_is_not_found() -> None:
    for number in (0, 3, -1):
        with pytest.raises(NotFound, match="Choose a page from 1 to 2"):
            page_image(PDF, number)


def test_what_is_no_pdf_is_unreadable() -> None:
    with pytest.raises(UnreadableDocument):
        page_count(b"no pdf")


def _table() -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 842))
    rows = [
        ("Keel", "14", "295"),
        ("Mast", "31", "228"),
        ("Rope", "9", "41"),
        ("Total", "54", "564"),
    ]
    for y, row in zip((720, 700, 680, 660), rows, strict=True):
        canvas.drawString(72, y, row[0])
        canvas.drawRightString(300, y, row[1])
        canvas.drawRightString(400, y, row[2])
    canvas.setFont("Helvetica-Bold", 12)
    canvas.drawRightString(300, 740, "Pieces")
    canvas.drawRightString(400, 740, "Price")
    canvas.save()
    return out.getvalue()


FINANCIAL = _table()
