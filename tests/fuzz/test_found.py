"""What fuzzing has found, each as the smallest file that still did it."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable

import pytest

from app.domain import ParsedDocument
from app.errors import UnreadableDocument
from ingest.parsers import Limits, parse
from ingest.parsers.build import as_utc, parse_date
from ingest.parsers.isolated import ParserPool
from tests.fuzz.contract import check, check_refusal
from tests.fuzz.parsers import Reader
from tests.ingest.parsers import files

HEAD = b"From: Ines <ines@example.com>\nTo: Rui <rui@example.com>\nSubject: Key\n"
"""Of a message."""


def read(data: bytes, name: str) -> ParsedDocument:
    """The parsed file, which keeps its contract."""
    document = parse(data, name, Limits())
    check(document)
    return document


def changed(data: bytes, member: str, change: Callable[[bytes], bytes]) -> bytes:
    """A container with one of its parts changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, change(content) if name == member else content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "title"),
    [("\ud800.txt", ".txt"), ("\x00", "Untitled"), (" ", "Untitled"), ("a\ud800b", "Ab")],
)
def test_a_name_that_no_database_takes_becomes_a_title_that_it_does(name: str, title: str) -> None:
    assert read(b"Some words.", name).title == title


def test_a_reason_says_nothing_that_no_database_takes() -> None:
    book = changed(
        files.epub(), "META-INF/container.xml", lambda xml: xml.replace(b"OEBPS/book", b"\xed\xa0")
    )
    with pytest.raises(UnreadableDocument) as caught:
        parse(book, "a.epub", Limits())
    check_refusal(caught.value, "epub")


def test_json_nested_too_deeply_is_no_notebook_but_no_crash_either() -> None:
    deep = b'{"cells": ' + b"[" * 100_000
    with ParserPool() as pool, pytest.raises(UnreadableDocument) as caught:
        pool.parse(deep, "a.ipynb", Limits())
    check_refusal(caught.value, "ipynb")


@pytest.mark.parametrize(
    "cells",
    [
        [3, None, {"cell_type": "markdown", "source": ["Rinse ", 3, "daily."]}],
        [{"source": "Rinse daily."}],
        [{"cell_type": "markdown", "source": "Rinse daily."}, {"cell_type": "code"}],
        [
            {"cell_type": "raw", "source": "Rinse daily."},
            {"cell_type": "code", "source": None, "outputs": [7, {}, {"output_type": "stream"}]},
        ],
        [
            {"cell_type": "markdown", "source": "Rinse daily.", "metadata": {}},
            {
                "cell_type": "code",
                "source": {},
                "outputs": [
                    {"output_type": "display_data", "data": {"text/html": [3], "text/plain": 4}},
                    {"output_type": "display_data", "data": [1]},
                    {"output_type": "error", "ename": 3},
                ],
            },
        ],
    ],
)
def test_what_no_notebook_holds_is_left_out_and_the_rest_read(cells: list[object]) -> None:
    for version in ({"nbformat": 4, "nbformat_minor": 5}, {"nbformat": "x"}):
        assert "Rinse" in read(json.dumps({"cells": cells, **version}).encode(), "a.ipynb").text


def test_restructured_text_nested_too_deeply_is_read_as_text() -> None:
    document = read(b"* " * 400 + b"deep water\n\n.. note:: Dive.\n", "a.rst")
    assert "deep water" in document.text
    assert "plain text" in document.warnings[0]


def test_an_instruction_to_programs_within_a_page_is_no_word_of_it() -> None:
    assert read(b"<!DOCTYPE html><p>Book <?echo 1?>early.</p>", "a.html").text == "Book early."


def test_a_word_file_without_a_body_holds_no_text() -> None:
    empty = changed(
        files.docx(), "word/document.xml", lambda xml: xml.replace(b"w:body", b"w:nobody")
    )
    with pytest.raises(UnreadableDocument, match="holds no text"):
        parse(empty, "a.docx", Limits())


TYPES = "[Content_Types].xml"
WORD = b"wordprocessingml.document.main"
DECK = b"presentationml.presentation.main"


@pytest.mark.parametrize(
    ("kind", "member", "old", "new", "words"),
    [
        ("docx", TYPES, WORD, DECK, "belongs to PowerPoint"),
        ("docx", TYPES, WORD, b"x", "is no Word document"),
        ("docx", "word/document.xml", b"w:document", b"w:styles", "is no Word document"),
        ("pptx", TYPES, DECK, WORD, "belongs to Word"),
        ("pptx", TYPES, DECK, b"x", "is no PowerPoint document"),
        ("pptx", "ppt/presentation.xml", b"p:presentation", b"p:sld", "is no PowerPoint document"),
    ],
)
def test_a_main_part_of_another_kind_is_refused_by_what_it_is(
    kind: str, member: str, old: bytes, new: bytes, words: str
) -> None:
    sound: bytes = getattr(files, kind)()
    odd = changed(sound, member, lambda xml: xml.replace(old, new))
    assert odd != changed(sound, member, lambda xml: xml)
    with pytest.raises(UnreadableDocument, match=f"its main part {words}") as caught:
        parse(odd, "a.txt", Limits())
    check_refusal(caught.value, kind)


def test_a_deck_with_a_part_in_words_folder_is_refused_by_what_it_is() -> None:
    out = io.BytesIO(files.pptx())
    with zipfile.ZipFile(out, "a") as deck:
        deck.writestr("word/x.xml", b"<x/>")
    with pytest.raises(UnreadableDocument, match="its main part belongs to PowerPoint"):
        parse(out.getvalue(), "travel-caps.txt", Limits())


@pytest.mark.parametrize(
    ("kind", "type_"), [("docx", b"core-properties"), ("pptx", b"core-properties")]
)
def test_a_file_that_says_wrongly_what_it_is_called_is_read_without(
    kind: str, type_: bytes
) -> None:
    odd = changed(getattr(files, kind)(), TYPES, lambda xml: xml.replace(type_, b"x"))
    document = read(odd, f"a.{kind}")
    assert document.text
    assert document.modified_at is None


def test_lists_whose_numbering_is_something_else_are_lists_without_numbers() -> None:
    odd = changed(files.docx(), TYPES, lambda xml: xml.replace(b"wordprocessingml.numbering", b"x"))
    assert "Ask first" in read(odd, "a.docx").text


def test_a_cell_spans_no_more_columns_than_word_has() -> None:
    span = b'<w:tcPr><w:gridSpan w:val="2000000000"/>'
    wide = changed(files.docx(), "word/document.xml", lambda xml: xml.replace(b"<w:tcPr>", span, 1))
    assert "Ask first" in read(wide, "a.docx").text


@pytest.mark.parametrize(
    ("number", "shown"),
    [(b"1e999", "inf"), (b"-1e999", "-inf"), (b"9" * 308, "9" * 308), (b"7" * 400, "7" * 400)],
    ids=["too large", "too small", "too large in percent", "too long"],
)
@pytest.mark.parametrize("style", [b"0", b"2", b"3"], ids=["general", "money", "percent"])
def test_a_number_that_excel_cannot_hold_is_shown_as_it_is(
    number: bytes, shown: str, style: bytes
) -> None:
    cell = b'<c r="C4" s="2" t="n"><v>1200.5</v>'
    odd = changed(
        files.xlsx(),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(cell, b'<c r="C4" s="%s" t="n"><v>%s</v>' % (style, number)),
    )
    assert shown in read(odd, "a.xlsx").text


def test_one_wide_row_does_not_make_thousands_of_short_ones_as_wide() -> None:
    table = b"City,Cap\n" + b"Porto,120\n" * 10_000 + b"," * 200_000 + b"end\n"
    reader = Reader()
    try:
        result = reader.read(table, "a.csv")
    finally:
        reader.close()
    assert result.outcome == "parsed", result


@pytest.mark.parametrize("level", [b"", b'w:ilvl="x"', b'w:ilvl="-3"'])
def test_a_list_level_that_is_no_number_is_the_first(level: bytes) -> None:
    odd = changed(files.docx(), "word/numbering.xml", lambda xml: xml.replace(b'w:ilvl="0"', level))
    assert "Ask first" in read(odd, "a.docx").text


def test_a_row_number_beyond_excels_last_does_not_count_to_it() -> None:
    far = changed(
        files.xlsx(),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b'<row r="6"', b'<row r="18446744073709551616"'),
    )
    started = time.thread_time()
    assert "P-1" in read(far, "a.xlsx").text
    assert time.thread_time() - started < 5


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_date_beyond_utcs_calendar_is_none(text: str) -> None:
    assert as_utc(parse_date(text)) is None
    page = f"---\nupdated: {text}\n---\n\nSome words.\n".encode()
    assert read(page, "a.md").modified_at is None


def test_a_second_that_no_clock_has_costs_a_message_its_date_alone() -> None:
    document = read(
        HEAD + b"Date: Tue, 03 Mar 2026 10:15:9999999999 +0100\n\nThe key is at the desk.\n",
        "a.eml",
    )
    assert document.title == "Key"
    assert "The key is at the desk." in document.text
    assert document.modified_at is None


@pytest.mark.parametrize("charset", ["undefined", "a\0b", "rot13", "no-such"])
def test_an_encoding_that_is_none_is_guessed(charset: str) -> None:
    head = HEAD.decode() + f'Content-Type: text/plain; charset="{charset}"\n\n'
    body = "The café opens at ten.".encode("cp1252")
    document = read(head.encode() + body, "a.eml")
    assert (document.kind, document.title) == ("eml", "Key")
    assert "The café opens at ten." in document.text
