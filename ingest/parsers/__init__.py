"""Files in, text with structure out.

`parse` recognizes a file by its content and gives an `app.domain.ParsedDocument`: the text a
reader sees, and blocks that say what each stretch of it was. Every failure is an
`app.errors.UnreadableDocument` with a reason and an action.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from typing import cast

from app.domain import ParsedDocument
from app.errors import FootnoteError, UnreadableDocument
from ingest.parsers.clean import clean, squeeze
from ingest.parsers.formats import SUPPORTED, Format, detect, mismatch
from ingest.parsers.limits import MIB, Limits
from ingest.validity import with_validity

__all__ = ["PARSER_VERSION", "SUPPORTED", "Format", "Limits", "check_size", "detect", "parse"]

PARSER_VERSION = "4"
"""Bumped whenever any parser's output changes, so that documents are read again."""

Parser = Callable[[bytes, str, Limits], ParsedDocument]

WHITE_SPACE = b" \t\r\n\x0b\x0c\x00\xef\xbb\xbf\xff\xfe"
"""Bytes an empty text file may consist of: blanks and byte-order marks."""


def parse(data: bytes, name: str, limits: Limits) -> ParsedDocument:
    """The document in ``data``.

    Args:
        data: the file's bytes.
        name: its name, for the title when the content has none, and between text formats.
        limits: what it may cost.

    Raises:
        UnreadableDocument: it cannot be read; the reason is in ``detail``.
    """
    check_size(len(data), limits)
    if not data[:4096].strip(WHITE_SPACE) and not data.strip(WHITE_SPACE):
        raise UnreadableDocument("The file is empty.", "Add text to it, or leave it out.")
    kind = detect(data, name)
    module = importlib.import_module(f"ingest.parsers.{kind}")
    read = cast("Parser", module.parse)
    try:
        document = with_validity(read(data, name, limits))
    except FootnoteError:
        raise
    except MemoryError as error:
        raise UnreadableDocument(
            "The file needed more memory than is allowed.", "Split it into smaller files."
        ) from error
    except Exception as error:  # parsing libraries raise what they like on damaged input
        raise UnreadableDocument(
            f"The file is damaged or not a valid {SUPPORTED[kind].name} file: {_reason(error)}.",
            "Open it in its program, save it again, and ingest the new copy.",
        ) from error
    if warning := mismatch(kind, name):
        document = replace(document, warnings=(warning, *document.warnings))
    return document


def check_size(size: int, limits: Limits) -> None:
    """Refuses a file by its size alone, before it is read.

    Raises:
        UnreadableDocument: ``size`` bytes are over the limit.
    """
    if size > limits.max_bytes:
        raise UnreadableDocument(
            f"The file has {size / MIB:,.0f} MB, more than the limit of "
            f"{limits.max_bytes / MIB:,.0f} MB.",
            "Split it, or raise FOOTNOTE_MAX_FILE_MB.",
        )


def _reason(error: Exception) -> str:
    """A library's message, short, on one line, in characters that any database takes."""
    text = squeeze(clean(str(error)[:2000])[0]).rstrip(".")
    return f"{type(error).__name__}: {text[:160]}" if text else type(error).__name__
