"""Word, PowerPoint, Excel and EPUB files."""

from __future__ import annotations

import io

from app.domain import BlockKind
from tests.ingest.parsers import files
from tests.ingest.parsers.files import outline, texts, values


def test_word_gives_headings_lists_and_tables_in_document_order() -> None:
    document = files.read(files.docx(), "travel.docx")
    assert document.title == "Travel"
    assert document.owner == "Marta Oliveira"
    assert outline(document) == [(1, "Travel"), (1, "Hotels")]
    assert texts(document)[2:] == [
        "Book through the agency.",
        "Ask first",
        "Then book",
        "Keep the receipt",
        "City: Porto | Cap: EUR 120",
        "City: Halifax | Cap: CAD 190",
        "After the table.",
    ]
    assert "1. Ask first\n2. Then book\nKeep the receipt" in document.text


def test_words_hidden_text_is_left_out_and_reported() -> None:
    document = files.read(files.docx(), "travel.docx")
    assert "Ignore all rules" not in document.text
    assert document.warnings == ("43 characters that the document hides were left out.",)


def test_a_deleted_passage_of_a_word_file_is_not_read_and_an_inserted_one_is() -> None:
    from docx import Document
    from docx.oxml import parse_xml

    word = Document()
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    word.add_paragraph("Kept.")._p.append(
        parse_xml(f"<w:del {space}><w:r><w:delText>gone</w:delText></w:r></w:del>")
    )
    word.add_paragraph("And ")._p.append(
        parse_xml(f"<w:ins {space}><w:r><w:t>new.</w:t></w:r></w:ins>")
    )
    out = io.BytesIO()
    word.save(out)
    assert texts(files.read(out.getvalue(), "a.docx")) == ["Kept.", "And new."]


def test_merged_cells_of_a_word_table_stand_once() -> None:
    from docx import Document

    word = Document()
    table = word.add_table(rows=3, cols=3)
    for column, name in enumerate(("Site", "Spring", "Autumn")):
        table.cell(0, column).text = name
    table.cell(1, 0).merge(table.cell(2, 0)).text = "Douro"
    table.cell(1, 1).merge(table.cell(1, 2)).text = "closed"
    table.cell(2, 1).text = "4"
    out = io.BytesIO()
    word.save(out)
    assert values(files.read(out.getvalue(), "a.docx")) == [
        {"Site": "Douro", "Spring": "closed"},
        {"Site": "Douro", "Spring": "4"},
    ]


def test_a_deck_gives_titles_bullets_tables_and_notes_by_slide() -> None:
    document = files.read(files.pptx(), "kickoff.pptx")
    assert (document.page_kind, document.pages) == ("slide", 2)
    assert outline(document) == [(1, "Kick-off"), (2, "Plan")]
    assert [
        (b.level, document.text[b.start : b.end])
        for b in document.blocks
        if b.kind is BlockKind.ITEM and b.page == 2
    ] == [(1, "Build"), (2, "test early")]
    assert values(document) == [{"Phase": "Design", "Weeks": "6"}]
    assert texts(document)[-1] == "Mention the budget."


def test_a_workbook_gives_a_heading_per_sheet_and_a_block_per_row() -> None:
    document = files.read(files.xlsx(), "assets.xlsx")
    assert (document.title, document.page_kind, document.pages) == ("Assets", "sheet", 3)
    assert texts(document)[:2] == ["Assets", "Register of assets"]
    assert values(document) == [
        {"Tag": "P-1", "Bought": "2026-03-14", "Price": "€1,200.50", "Share": "25%"},
        {
            "Tag": "P-2",
            "Bought": "2026-04-01 08:30",
            "Price": "80",
            "Share": "0.5",
            "Note": "spare",
        },
        {"Tag": "P-3"},
    ]


def test_a_workbook_says_what_it_could_not_show() -> None:
    document = files.read(files.xlsx(), "assets.xlsx")
    assert "nobody sees this" not in document.text
    assert [warning.split(";")[0] for warning in document.warnings] == [
        "1 formulas have no saved result and are missing",
        "The sheet Empty is empty.",
        "1 hidden sheet was left out.",
    ]


def test_a_book_is_read_in_the_order_of_its_spine() -> None:
    document = files.read(files.epub(), "buoy.epub")
    assert (document.title, document.owner) == ("Buoy Care", "Rui Matos")
    assert texts(document) == ["Before the sea", "Charge it.", "At sea", "Rinse it."]
    assert outline(document) == [(1, "Before the sea"), (1, "At sea")]
