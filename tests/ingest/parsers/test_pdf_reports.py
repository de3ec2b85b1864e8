"""PDF: every table row of the sample's reports comes out under its own column names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import ingest.sample
from app.domain import BlockKind
from ingest.sample.markup import blocks_of, plain, read_markdown
from ingest.sample.pdf import printable
from tests.ingest.parsers import files
from tests.ingest.parsers.files import outline, texts, values

SAMPLE = Path(ingest.sample.__file__).parent
REPORTS = ["finance/annual-report-2025", "product/lantern-lx3-operator-manual"]


def said(line: Any) -> str:
    """A source cell as it is printed, on one line."""
    return re.sub(r"\s+", " ", printable(plain(line))).strip()


def source_rows(report: str) -> list[dict[str, str]]:
    """Every table row of the Markdown source as column → value, without empty cells."""
    _, text = read_markdown(SAMPLE / "sources" / f"{report}.pdf.md")
    rows = []
    for block in blocks_of(text):
        if block.kind == "table":
            names, *body = [[said(cell) for cell in row] for row in block.rows]
            rows += [dict(zip(names, row, strict=True)) for row in body]
    return [{name: cell for name, cell in row.items() if cell} for row in rows]


@pytest.mark.parametrize("report", REPORTS)
def test_every_source_row_is_one_row_under_its_own_column_names(report: str) -> None:
    document = files.read((SAMPLE / "documents" / f"{report}.pdf").read_bytes(), "report.pdf")
    expected = source_rows(report)
    assert len(expected) > 100
    assert values(document) == expected


@pytest.mark.parametrize("report", REPORTS)
def test_every_source_heading_is_a_heading(report: str) -> None:
    document = files.read((SAMPLE / "documents" / f"{report}.pdf").read_bytes(), "report.pdf")
    _, text = read_markdown(SAMPLE / "sources" / f"{report}.pdf.md")
    expected = [said(block.inline) for block in blocks_of(text) if block.kind == "heading"]
    found = [heading for _, heading in outline(document)]
    assert [heading for heading in expected if heading not in found] == []


UNITS = [["Units", "First half", "Second half"], ["LX-2", "1731", "105"], ["LX-3", "756", "2796"]]
PLANS = [["Plan", "Customers", "Revenue"], ["Brook", "655", "1.9"], ["River", "395", "9.8"]]
UNDER_UNITS = {"Units": "LX-2", "First half": "1731", "Second half": "105"}
UNDER_PLANS = {"Plan": "Brook", "Customers": "655", "Revenue": "1.9"}
SENTENCE = (
    "The units of LX-2 in the third quarter were orders accepted before the end of sale, and the "
    "price realized for one was lower than in the year before."
)


def two_tables(*between: Any, grid: bool, shaded: bool = False, bold: bool = True) -> bytes:
    """A PDF with two tables of one width below each other, and these flowables between."""
    from reportlab.lib import colors
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, Spacer, Table

    styles = getSampleStyleSheet()
    lines: list[Any] = [("LINEBELOW", (0, 0), (-1, -1), 0.5, colors.black)]
    lines += [("LINEABOVE", (0, 0), (-1, 0), 0.5, colors.black)]
    if grid:
        lines = [("GRID", (0, 0), (-1, -1), 0.5, colors.black)]
    if shaded:
        lines += [("BACKGROUND", (0, 0), (-1, 0), colors.lightblue)]
    if bold:
        lines += [("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold")]
    flow: list[Any] = [Paragraph(SENTENCE, styles["BodyText"]), Spacer(1, 8)]
    flow += [Table(UNITS, colWidths=[150] * 3, style=lines)]
    for part in between:
        look = styles["Heading2"] if isinstance(part, tuple) else styles["BodyText"]
        flow.append(Paragraph(part[0] if isinstance(part, tuple) else part, look))
    flow += [Spacer(1, 6), Table(PLANS, colWidths=[150] * 3, style=lines)]
    return files.platypus_pdf(flow)


@pytest.mark.parametrize("grid", [True, False], ids=["a grid", "lines only"])
@pytest.mark.parametrize(
    "between",
    [(SENTENCE,), (SENTENCE, ("Estuary",), SENTENCE), (("Estuary",),), ()],
    ids=["a paragraph", "paragraphs and a heading", "a heading", "nothing"],
)
def test_a_second_table_below_the_first_has_its_own_column_names(
    between: tuple[Any, ...], grid: bool
) -> None:
    document = files.read(two_tables(*between, grid=grid), "a.pdf")
    rows = values(document)
    assert len(rows) == 4
    assert (rows[0], rows[2]) == (UNDER_UNITS, UNDER_PLANS)
    prose = [text for kind in (BlockKind.PARAGRAPH,) for text in texts(document, kind)]
    assert prose == [SENTENCE] * (1 + between.count(SENTENCE))
    assert [text for _, text in outline(document)] == (
        ["Estuary"] if ("Estuary",) in between else []
    )


def test_a_shaded_head_right_below_a_table_begins_another_one() -> None:
    rows = values(files.read(two_tables(grid=True, shaded=True), "a.pdf"))
    assert (rows[0], rows[2]) == (UNDER_UNITS, UNDER_PLANS)


@pytest.mark.parametrize("grid", [True, False], ids=["a grid", "lines only"])
@pytest.mark.parametrize("between", ["", "See also chapter 5."])
def test_a_plain_head_on_the_same_page_is_not_taken_for_a_row_of_the_table_above(
    between: str, grid: bool
) -> None:
    parts = [between] if between else []
    rows = values(files.read(two_tables(*parts, grid=grid, bold=False), "a.pdf"))
    assert (rows[0], rows[2]) == (UNDER_UNITS, UNDER_PLANS)
    assert len(rows) == 4


def test_a_bold_total_stays_in_its_table() -> None:
    from reportlab.lib import colors
    from reportlab.platypus import Table

    bold = [("FONTNAME", (0, row), (-1, row), "Helvetica-Bold") for row in (0, 2)]
    grid: list[Any] = [("GRID", (0, 0), (-1, -1), 0.5, colors.black), *bold]
    data = [PLANS[0], PLANS[1], ["Total", "655", "1.9"], PLANS[2]]
    rows = values(files.read(files.platypus_pdf([Table(data, style=grid)]), "a.pdf"))
    assert rows[1] == {"Plan": "Total", "Customers": "655", "Revenue": "1.9"}
    assert rows[2] == {"Plan": "River", "Customers": "395", "Revenue": "9.8"}


def test_a_grid_that_goes_on_over_the_page_keeps_its_column_names() -> None:
    from reportlab.lib import colors
    from reportlab.platypus import Table

    bold = ("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold")
    grid: list[Any] = [("GRID", (0, 0), (-1, -1), 0.5, colors.black), bold]
    body = [[f"Plan {i}", f"{i} customers", f"{i} euros"] for i in range(80)]
    rows = values(
        files.read(
            files.platypus_pdf([Table([PLANS[0], *body], colWidths=[150] * 3, style=grid)]), "a.pdf"
        )
    )
    assert rows == [dict(zip(PLANS[0], row, strict=True)) for row in body]
