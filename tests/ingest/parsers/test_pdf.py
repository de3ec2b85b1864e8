"""PDF: lines become paragraphs, headings, lists and tables again."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from app.domain import BlockKind
from tests.ingest.parsers import files
from tests.ingest.parsers.files import outline, texts, values

PROSE = (
    "The buoy measures temperature, acidity and dissolved oxygen every ten minutes, and sends what "
    "it measured to the shore when the network allows it. "
)


def story(*parts: Any) -> list[Any]:
    """Texts as paragraphs, ("h1", text) as headings, lists of rows as ruled tables."""
    from reportlab.lib import colors
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import PageBreak, Paragraph, Spacer, Table

    styles = getSampleStyleSheet()
    flow: list[Any] = []
    for part in parts:
        if part is None:
            flow.append(PageBreak())
        elif isinstance(part, str):
            flow += [Paragraph(part, styles["BodyText"]), Spacer(1, 8)]
        elif isinstance(part, tuple):
            flow.append(Paragraph(part[1], styles[part[0]]))
        else:
            cells = [[Paragraph(cell, styles["BodyText"]) for cell in row] for row in part]
            grid = [("LINEBELOW", (0, 0), (-1, -1), 0.5, colors.black)]
            grid += [("LINEABOVE", (0, 0), (-1, 0), 0.5, colors.black)]
            flow += [Spacer(1, 8), Table(cells, colWidths=[110] * len(part[0]), style=grid)]
    return flow


def test_wrapped_lines_become_paragraphs_again() -> None:
    document = files.read(files.platypus_pdf(story(PROSE * 3, PROSE * 2)), "buoy.pdf")
    assert texts(document) == [(PROSE * 3).strip(), (PROSE * 2).strip()]
    assert (document.page_kind, document.pages) == ("page", 1)


def test_headings_are_known_by_their_print() -> None:
    document = files.read(
        files.platypus_pdf(story(("h1", "Care"), PROSE, ("h2", "Cleaning"), PROSE)), "a.pdf"
    )
    assert outline(document) == [(1, "Care"), (2, "Cleaning")]


def test_numbers_in_headings_deepen_them() -> None:
    document = files.read(
        files.platypus_pdf(
            story(("h2", "1 Scope"), PROSE, ("h2", "1.1 Limits"), PROSE, ("h2", "2 Use"), PROSE)
        ),
        "a.pdf",
    )
    assert outline(document) == [(1, "1 Scope"), (2, "1.1 Limits"), (1, "2 Use")]


def test_bookmarks_give_the_levels() -> None:
    from io import BytesIO

    from reportlab.pdfgen.canvas import Canvas

    out = BytesIO()
    canvas = Canvas(out)
    for number, (title, level) in enumerate((("Rivers", 0), ("The Douro", 1))):
        canvas.bookmarkPage(str(number))
        canvas.addOutlineEntry(title, str(number), level)
        canvas.setFont("Helvetica", 10)
        for row, line in enumerate((title, "It is long and it is deep, and it is cold.")):
            canvas.drawString(72, 700 - 40 * row, line)
        canvas.showPage()
    canvas.save()
    assert outline(files.read(out.getvalue(), "a.pdf")) == [(1, "Rivers"), (2, "The Douro")]


def test_running_headers_footers_and_page_numbers_are_dropped() -> None:
    parts = [part for n in range(5) for part in (f"Only on page {n + 1}. " + PROSE, None)]
    document = files.read(files.platypus_pdf(story(*parts), furniture=True), "a.pdf")
    assert "Acme Handbook" not in document.text
    assert "Page " not in document.text
    assert document.text.count("Only on page 3.") == 1
    assert [b.page for b in document.blocks] == [1, 2, 3, 4, 5]


def test_a_broken_word_is_joined_and_a_compound_keeps_its_hyphen() -> None:
    document = files.read(
        files.pdf(
            [
                "The calibration of a sensor takes an hour, and a second cali-",
                "bration takes less. Customers ask for a well-known third-",
                "party laboratory; a third of them name the party they want.",
            ]
        ),
        "a.pdf",
    )
    assert "a second calibration takes less" in document.text
    assert "third-party laboratory" in document.text


def test_bullets_and_numbers_become_items() -> None:
    document = files.read(
        files.pdf(["Bring these:", "\x95 a lamp", "\x95 a rope", "1. Tie it.", "2. Pull it."]),
        "a.pdf",
    )
    items = texts(document, BlockKind.ITEM)
    assert items == ["a lamp", "a rope", "Tie it.", "Pull it."]
    assert "1. Tie it.\n2. Pull it." in document.text


def test_a_ruled_table_names_its_columns_and_joins_wrapped_cells() -> None:
    rows = [
        ["Part", "Use", "Price"],
        ["Keel", "Keeps the buoy upright in a strong current of the river", "EUR 295"],
        ["Mast", "Carries the lamp", "EUR 228"],
    ]
    document = files.read(files.platypus_pdf(story(PROSE, rows, PROSE)), "parts.pdf")
    assert values(document) == [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert texts(document, BlockKind.PARAGRAPH) == [PROSE.strip(), PROSE.strip()]


def test_a_table_that_goes_on_overleaf_keeps_its_column_names() -> None:
    rows = [["Part", "Place"], *([f"Part {n}", f"Shelf {n}"] for n in range(80))]
    found = values(files.read(files.platypus_pdf(story(rows)), "parts.pdf"))
    assert found == [{"Part": f"Part {n}", "Place": f"Shelf {n}"} for n in range(80)]


def test_a_financial_table_gives_each_row_its_group_unit_and_periods() -> None:
    from io import BytesIO

    from reportlab.pdfgen.canvas import Canvas

    out = BytesIO()
    canvas = Canvas(out)
    canvas.setFont("Helvetica", 9)

    def row(y: int, label: str, *numbers: str, indent: int = 0) -> None:
        canvas.drawString(72 + indent, y, label)
        for number, text in zip((330, 400, 470, 540), numbers, strict=False):
            canvas.drawRightString(number, y, text)

    canvas.drawString(72, 760, "Results were as follows (in millions, except per share data):")
    canvas.setFont("Helvetica-Bold", 9)
    for x, text in ((325, "Three months ended"), (465, "Nine months ended")):
        canvas.drawCentredString(x, 740, text)
        canvas.line(x - 60, 737, x + 65, 737)
    for x, text in ((330, "2026"), (400, "2025"), (470, "2026"), (540, "2025")):
        canvas.drawRightString(x, 726, text)
    canvas.setFont("Helvetica", 9)
    row(710, "Net sales:")
    row(698, "Products", "$ 63,355", "$ 63,948", "$ 245,241", "$ 232,309", indent=9)
    row(686, "Total net sales", "82,959", "81,434", "304,182", "282,457", indent=18)
    row(674, "Operating income", "23,076", "(24,126)", "94,543", "—", indent=0)
    row(662, "Earnings per share", "1.20", "1.31", "4.86", "4.42", indent=0)
    canvas.save()
    document = files.read(out.getvalue(), "report.pdf")
    assert texts(document, BlockKind.ROW)[0] == (
        "Net sales, in millions: Products | Three months ended 2026: $63,355 | Three months ended "
        "2025: $63,948 | Nine months ended 2026: $245,241 | Nine months ended 2025: $232,309"
    )
    found = values(document)
    assert found[1]["Net sales, in millions"] == "Total net sales"
    assert found[2]["In millions"] == "Operating income"
    assert found[2]["Three months ended 2025"] == "(24,126)"
    assert "In millions" not in found[3]


def test_the_title_is_the_documents_own_else_the_print_or_the_file_name() -> None:
    line = ["All of the text of this page is here."]
    assert files.read(files.pdf(line, title="Pump care"), "x.pdf").title == "Pump care"
    assert files.read(files.pdf(line, title="0001-22-70"), "pump-care.pdf").title == "Pump care"
    assert files.read(files.pdf(line, title="report.docx"), "pump-care.pdf").title == "Pump care"


def test_the_files_dates_become_utc() -> None:
    moment = files.read(files.pdf(["Words on a page."]), "a.pdf").modified_at
    assert moment is not None
    assert moment.utcoffset() == timedelta(0)


@pytest.mark.slow
def test_fifty_dense_pages_are_read_in_seconds() -> None:
    """0.9 s of the processor alone; twice that where another program shares its core."""
    data = files.pdf(*[[PROSE[:95]] * 50 for _ in range(50)])
    files.read(files.pdf(["Loads the library."]), "a.pdf")
    started = time.thread_time()
    files.read(data, "long.pdf")
    assert time.thread_time() - started < 4
