"""Recognizing a file by what is in it."""

from __future__ import annotations

import pytest

from app.errors import UnreadableDocument
from ingest.parsers import SUPPORTED, detect
from tests.ingest.parsers import files


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("pdf", files.pdf(["One line."])),
        ("docx", files.docx()),
        ("pptx", files.pptx()),
        ("xlsx", files.xlsx()),
        ("epub", files.epub()),
        ("eml", files.eml()),
        ("ipynb", files.ipynb()),
        ("html", b"<!DOCTYPE html><p>Hello"),
        ("html", b"<?xml version='1.0'?>\n<!-- x --><html><body>Hello</body></html>"),
        ("html", b"<div><p>a</p><p>b</p><span>c</span><ul></ul></div>"),
        ("md", b"# Title\n\nSee [the guide](guide.md).\n"),
        ("rst", b"Title\n=====\n\n.. note:: a\n\n.. image:: b.png\n"),
        ("txt", b"Only words.\n"),
    ],
)
def test_content_says_the_format_when_the_name_says_nothing(kind: str, data: bytes) -> None:
    assert detect(data, "upload") == kind


@pytest.mark.parametrize("kind", ["md", "rst", "csv", "txt"])
def test_the_extension_decides_between_text_formats(kind: str) -> None:
    name = "file" + SUPPORTED[kind].extensions[0]
    assert detect(b"a,b\nc,d\n", name) == kind


def test_a_wrong_extension_is_read_by_what_it_really_is_and_said() -> None:
    document = files.read(files.pdf(["The pump is red."]), "report.docx")
    assert document.kind == "pdf"
    assert "The pump is red." in document.text
    assert document.warnings == (
        "The name ends in .docx, but the file is PDF; it was read as PDF.",
    )


def test_a_web_page_saved_as_a_spreadsheet_is_read_as_a_page() -> None:
    page = b"<html><body><table><tr><th>a</th></tr><tr><td>1</td></tr></table></body></html>"
    document = files.read(page, "export.xlsx")
    assert document.kind == "html"
    assert document.warnings


def test_a_markdown_file_that_begins_with_tags_stays_markdown() -> None:
    assert detect(b'<p align="center">Logo</p>\n\n# Name\n', "README.md") == "md"


def test_a_text_file_with_remarks_stays_text() -> None:
    assert detect(b"# a remark\nvalue = 1\n# another\n", "settings.txt") == "txt"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "looks like a binary file"),
        (b"MZ" + b"\x00\x01\x02" * 500, "looks like a binary file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "before 2007"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "encrypted",
        ),
    ],
)
def test_what_is_no_text_is_refused_with_its_nature(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocument, match=reason) as caught:
        files.read(data, "notes.txt")
    assert caught.value.action
