"""PDF by pypdfium2: text page by page, with headings, paragraphs, lists and tables found again."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta, timezone

import pypdfium2 as pdfium  # type: ignore[import-untyped]  # ships no types
from pypdfium2 import raw

from app.domain import ParsedDocument
from app.errors import UnreadableDocument
from app.knowledge.pdf_pages import PDFIUM
from ingest.parsers.build import Facts, TextBuilder, pretty_name
from ingest.parsers.limits import Limits
from ingest.parsers.office import author_of, title_of
from ingest.parsers.pdf_blocks import Layout, Piece, pieces_of, pitch_of, vocabulary_of
from ingest.parsers.pdf_columns import is_tabular
from ingest.parsers.pdf_furniture import without_furniture
from ingest.parsers.pdf_headings import Body, body_of, squeezed
from ingest.parsers.pdf_lines import Line, read_lines
from ingest.parsers.pdf_rows import visual_rows
from ingest.parsers.pdf_rules import Drawing, read_drawing
from ingest.parsers.pdf_write import write

MIN_CHARS = 16
"""Characters of a page below which it counts as having no text: a scan may carry a stamp."""

MIN_HIDDEN = 20
"""Hidden characters from which on a person is told."""

DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(Z|[+-]\d\d'?\d\d)?")
TELLING = re.compile(
    r"(?!\W*(scan|doc|file|img|image|untitled|download|print|output|page|\d*\W*pdf))"
    r".*[^\W\d_]{3,}.*\.",
    re.IGNORECASE,
)
"""A file name with a word in it: says more of a PDF than the first line in large print."""

NEEDS_OCR = (
    "Switch OCR on (FOOTNOTE_OCR=true, needs the tesseract program), or get a PDF with text."
)


def parse(data: bytes, name: str, limits: Limits) -> ParsedDocument:
    """A PDF with a text layer, or, with OCR on, a scanned one."""
    with PDFIUM, _open(data) as document:
        builder = TextBuilder(limits)
        sheets = [_sheet(document, index) for index in range(len(document))]
        pages = [lines for lines, _, _ in sheets]
        if (hidden := sum(unseen for _, _, unseen in sheets)) >= MIN_HIDDEN:
            builder.warn(f"{hidden:,} characters that nobody sees on the page were left out.")
        wordless = [i for i, lines in enumerate(pages) if _chars(lines) < MIN_CHARS]
        scanned = [i for i in wordless if _has_image(document, i)] if wordless else []
        if len(wordless) == len(pages) and not limits.ocr:
            if scanned or not any(pages):
                raise UnreadableDocument("The PDF is scanned; needs OCR.", NEEDS_OCR)
        elif len(wordless) < len(pages) and wordless and not limits.ocr:
            builder.warn(f"{len(wordless)} of {len(pages)} pages have no text.")
        kept = without_furniture(pages)
        layout = Layout(
            body=body_of(kept),
            vocabulary=vocabulary_of(kept),
            bookmarks=_bookmarks(document),
            pitch=pitch_of(kept),
        )
        pieces: list[Piece] = []
        for index, lines in enumerate(kept):
            if limits.ocr and index in wordless:
                pieces += _recognized(document, index)
                continue
            pieces += pieces_of(index + 1, lines, sheets[index][1], layout)
        write(builder, pieces)
        if limits.ocr and wordless:
            builder.warn(f"{len(wordless)} of {len(pages)} pages were read by OCR.")
        properties = document.get_metadata_dict()
        return builder.document(
            name=name,
            kind="pdf",
            title=title_of(_proper(properties["Title"])) or _title(kept, layout.body, name),
            page_kind="page",
            pages=len(pages),
            facts=Facts(
                modified_at=_date(properties["ModDate"]) or _date(properties["CreationDate"]),
                owner=author_of(properties["Author"]),
            ),
        )


def _open(data: bytes) -> pdfium.PdfDocument:
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        code = getattr(error, "err_code", None)
        if code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise UnreadableDocument(
                "The PDF is encrypted: it opens only with a password.",
                "Save a copy without a password.",
            ) from error
        raise UnreadableDocument(
            "The PDF is damaged or truncated"
            + ("." if _has_end(data) else ": its end is missing."),
            "Get the file again, or print it to a new PDF.",
        ) from error
    if len(document) == 0:
        raise UnreadableDocument("The PDF has no pages.", "Get the file again.")
    return document


def _has_end(data: bytes) -> bool:
    return b"%%EOF" in data[-2048:]


def _sheet(document: pdfium.PdfDocument, index: int) -> tuple[list[Line], Drawing, int]:
    """A page's lines; when it may hold a table, the lines drawn on it; how much is hidden."""
    try:
        page = document[index]
    except pdfium.PdfiumError as error:
        raise UnreadableDocument(
            f"The PDF is damaged or truncated: page {index + 1} of {len(document)} can't be read.",
            "Get the file again, or print it to a new PDF.",
        ) from error
    try:
        lines, hidden = read_lines(page)
        has_table = any(is_tabular(row) for row in visual_rows(lines))
        return lines, read_drawing(page) if has_table else Drawing(), hidden
    finally:
        page.close()


def _chars(lines: list[Line]) -> int:
    return sum(len(line.text) for line in lines)


def _has_image(document: pdfium.PdfDocument, index: int) -> bool:
    page = document[index]
    found = any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3))
    page.close()
    return found


def _recognized(document: pdfium.PdfDocument, index: int) -> list[Piece]:
    from ingest.parsers.ocr import recognize  # noqa: PLC0415  # the extra may be missing

    return [Piece("paragraph", index + 1, text) for text in recognize(document[index])]


def _bookmarks(document: pdfium.PdfDocument) -> dict[int, dict[str, int]]:
    """Page number → squeezed title → level, from 1."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for entry in document.get_toc(max_depth=6):
        title = squeezed(entry.get_title() or "")
        target = entry.get_dest()
        page = target.get_index() if target is not None else None
        if title and page is not None:
            found[page + 1][title] = entry.level + 1
    return dict(found)


def _proper(title: str) -> str:
    """The title property, unless it is a number of the system that made the file."""
    letters = sum(char.isalpha() for char in title)
    return title if letters >= 3 and letters * 3 >= len(title.replace(" ", "")) else ""


def _title(pages: list[list[Line]], body: Body, name: str) -> str:
    """The large print of the first page, the file's name, or both when the print is a mere name."""
    large = _large_title(pages, body)
    own = pretty_name(name) if TELLING.match(name) else ""
    if large and own and len(large.split()) < 3:
        return f"{large} – {own}"
    return large or own


def _large_title(pages: list[list[Line]], body: Body) -> str:
    """The first page's largest lines, when they are much larger than the text."""
    lines = pages[0] if pages else []
    size = max((line.size for line in lines), default=0.0)
    if size < 1.5 * body.size:
        return ""
    text = " ".join(line.text for line in lines if line.size > 0.95 * size)
    return text if 4 <= len(text) <= 140 else ""


def _date(text: str) -> datetime | None:
    match = DATE.match(text or "")
    if not match:
        return None
    year, month, day, hour, minute, second = (
        int(part) if part else 0 for part in match.groups()[:6]
    )
    try:
        moment = datetime(year, month or 1, day or 1, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    zone = (match[7] or "Z").replace("'", "")
    if zone != "Z":
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
        shift = timezone(-offset if zone[0] == "-" else offset)
        moment = moment.replace(tzinfo=shift).astimezone(UTC)
    return moment
