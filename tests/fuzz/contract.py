"""What must hold for whatever a parser gives or says, checked without assertions of pytest's.

Runs inside the parsing process, so that a broken promise is told apart from a crash.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from app.domain import BlockKind, ParsedDocument
from app.errors import UnreadableDocument
from ingest.parsers.formats import SUPPORTED
from ingest.parsers.packing import pack, unpack
from ingest.splitter import split

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""No database takes these: PostgreSQL refuses NUL, UTF-8 a lone surrogate."""

TEXT_KINDS = frozenset({"md", "txt", "rst", "csv", "html", "eml"})
"""Text is never damaged: somebody can always read it."""

SLIPS = (
    *(AssertionError, AttributeError, LookupError, TypeError, ValueError, ArithmeticError),
    *(NameError, RecursionError, RuntimeError, OSError),
)
"""Errors that are ours where our own lines raise them; where a library does, a file is damaged."""

TOKENS = (40, 200)


class Broken(Exception):  # a finding, not an error of this program
    """A promise that does not hold."""


def holds(condition: object, words: str) -> None:
    """Raises `Broken` where ``condition`` is false."""
    if not condition:
        raise Broken(words)


def check(document: ParsedDocument) -> None:
    """The contract of `app.domain.ParsedDocument`, and of the passages made from it."""
    text = document.text
    words = [document.title, text, document.owner or "", document.superseded_by or ""]
    for one in (*words, *document.warnings):
        holds(isinstance(one, str), f"a text is a {type(one).__name__}")
        holds(not UNSTORABLE.search(one), "NUL or a lone surrogate in a text")
    holds(document.title.strip(), "no title")
    holds(document.kind in SUPPORTED, f"kind {document.kind!r}")
    moment = document.modified_at
    if moment is not None:
        holds(moment.utcoffset() == timedelta(0), "modified_at is not in UTC")
    _check_blocks(document)
    holds(unpack(pack(document)) == document, "it changes on its way between processes")
    for tokens in TOKENS:
        _check_passages(document, tokens)


def _check_blocks(document: ParsedDocument) -> None:
    text, before = document.text, 0
    for block in document.blocks:
        holds(before <= block.start < block.end <= len(text), "blocks overlap or leave the text")
        gap = text[before : block.start]
        holds(before == 0 or "\n" in gap, "two blocks on one line")
        holds(len(gap.split()) <= 1, "text outside of blocks")
        content = text[block.start : block.end]
        holds(content.strip(), "an empty block")
        holds(
            content.strip() == content or block.kind is BlockKind.CODE, "white space around a block"
        )
        if block.kind is BlockKind.HEADING:
            holds(1 <= block.level <= 6, f"heading of level {block.level}")
        if block.page is not None:
            holds(1 <= block.page <= (document.pages or block.page), "a page that does not exist")
        position = block.start
        for cell in block.cells:
            inside = position <= cell.start < cell.end <= block.end
            holds(inside, "a cell outside of its row")
            lead = text[position : cell.start].removeprefix(" | ")
            holds(lead == (f"{cell.column}: " if cell.column else ""), "a cell is not at its place")
            position = cell.end
        holds(not block.cells or position == block.end, "a row goes on after its last cell")
        before = block.end
    holds(before == len(text), "text after the last block")


def _check_passages(document: ParsedDocument, tokens: int) -> None:
    position = 0
    quotable = {part for block in document.blocks for part in (block.start, block.end)}
    for number, passage in enumerate(split(document, "doc", "v0", tokens, _count)):
        holds(passage.text == document.text[passage.start : passage.end], "a passage is elsewhere")
        holds(passage.start >= position and passage.ordinal == number, "passages overlap")
        holds(passage.sentences, "a passage without a sentence")
        position, last = passage.end, passage.start
        for start, end in passage.sentences:
            holds(last <= start < end <= passage.end, "a sentence outside of its passage")
            sentence = document.text[start:end]
            holds(sentence and sentence == sentence.strip(), "white space around a sentence")
            last = end
    holds(not quotable or position > 0, "blocks but no passage")


def _count(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def check_refusal(refusal: UnreadableDocument, kind: str) -> None:
    """A refusal says what happened and what to do, and hides no slip of our own."""
    for words in (refusal.detail, refusal.action):
        holds(words.strip(), "a refusal without words")
        holds(not UNSTORABLE.search(words), "NUL or a lone surrogate in a refusal")
        holds(len(words) < 500, "a refusal of 500 characters")
    cause = refusal.__cause__
    if cause is None or not refusal.detail.startswith("The file is damaged or not a valid "):
        return
    inner, ours = "", False
    trace = cause.__traceback__
    while trace is not None:
        place = trace.tb_frame.f_code
        ours = "/ingest/" in place.co_filename or "/app/" in place.co_filename
        if ours or not inner:
            inner = f"{place.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {place.co_name}"
        trace = trace.tb_next
    holds(
        not (ours and isinstance(cause, SLIPS)),
        f"{type(cause).__name__} in {inner}",
    )
    holds(kind not in TEXT_KINDS, f"text called damaged: {type(cause).__name__} under {inner}")
