"""What holds for every document, whatever is in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain import BlockKind, ParsedDocument
from app.errors import UnreadableDocument
from ingest.parsers import Limits, parse
from ingest.parsers.build import TextBuilder
from ingest.parsers.packing import pack, unpack
from tests.ingest.parsers import files

MARKED = st.text(
    st.one_of(
        st.sampled_from(
            "#*->|`[]()<>/=_~.:;,\n\n\n \t1234567890abcdeßéЖ水\u200b\u202e\r\"'&!{}$\x0c"
        ),
        st.characters(codec="utf-8"),
    ),
    max_size=400,
)
"""Text with many marks in it, so that structures arise."""


def check(document: ParsedDocument) -> None:
    """The contract of `app.domain.ParsedDocument`."""
    assert document.title.strip()
    before = 0
    for block in document.blocks:
        gap = document.text[before : block.start]
        assert before <= block.start < block.end <= len(document.text)
        assert block.start == 0 or "\n" in gap or block is document.blocks[0]
        assert len(gap.split()) <= 1, "between blocks stands at most an item's number"
        text = document.text[block.start : block.end]
        assert text.strip() == text or block.kind is BlockKind.CODE
        assert text.strip()
        assert block.kind is not BlockKind.HEADING or 1 <= block.level <= 6
        position = block.start
        for cell in block.cells:
            assert position <= cell.start < cell.end <= block.end
            lead = document.text[position : cell.start].removeprefix(" | ")
            assert lead == (f"{cell.column}: " if cell.column else "")
            position = cell.end
        assert not block.cells or position == block.end
        before = block.end
    assert before == len(document.text)
    assert document.text.encode("utf-8")


def explained(refusal: UnreadableDocument) -> None:
    """A refusal says what happened and what to do."""
    assert refusal.detail
    assert refusal.action


@pytest.mark.slow
@pytest.mark.parametrize("extension", ["md", "txt", "rst", "html", "csv", "eml"])
def test_any_text_is_read_into_ordered_blocks_or_refused(extension: str) -> None:
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(MARKED)
    def run(text: str) -> None:
        try:
            document = parse(text.encode("utf-8", "surrogatepass"), f"a.{extension}", Limits())
        except UnreadableDocument as refusal:
            explained(refusal)
            return
        check(document)

    run()


@given(st.binary(max_size=300), st.sampled_from(["", "%PDF-1.7\n", "PK\x03\x04", "{"]))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused_and_never_crash(data: bytes, start: str) -> None:
    try:
        check(parse(start.encode() + data, "upload", Limits()))
    except UnreadableDocument as refusal:
        explained(refusal)


WORDS = st.text(st.characters(codec="utf-8"), max_size=30)


@given(st.lists(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=5), max_size=6))
def test_every_cell_lies_at_its_offsets(rows: list[list[tuple[str, str]]]) -> None:
    builder = TextBuilder(Limits())
    builder.paragraph("Before.")
    number = builder.table()
    for row in rows:
        builder.row(row, number)
    check(builder.document(name="a", kind="md"))


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (files.docx, "a.docx"),
        (files.pptx, "a.pptx"),
        (files.xlsx, "a.xlsx"),
        (files.epub, "a.epub"),
        (files.eml, "a.eml"),
        (files.ipynb, "a.ipynb"),
        (lambda: files.pdf(["One.", "Two."], ["Three."]), "a.pdf"),
    ],
)
def test_every_format_keeps_the_contract(make: Callable[[], bytes], name: str) -> None:
    document = parse(make(), name, Limits())
    check(document)
    assert unpack(pack(document)) == document
