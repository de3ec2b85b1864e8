"""Puts a document's text together, block by block, with exact offsets.

Every parser feeds a `TextBuilder`, so that cleaning, limits and the layout of the extracted text
are decided in one place. Blocks are parted by newlines; between two blocks stands nothing else,
except the number of an ordered list item, which stands before its block ("3. ").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import PurePath

from app.domain import Block, BlockKind, Cell, PageKind, ParsedDocument
from app.errors import UnreadableDocument
from ingest.parsers.clean import clean, squeeze
from ingest.parsers.limits import Limits

MANY_HIDDEN = 8
"""Hidden characters from which on a person is told; a stray one is an editor's leftover."""

MAX_COLUMN_NAME = 120
"""Characters of a column name repeated on every row; a longer header cell is a remark."""

TIGHT = (BlockKind.ITEM, BlockKind.ROW)
"""Kinds whose neighbors of the same kind follow on the next line, without a blank one."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file says about itself, beside its title."""

    modified_at: datetime | None = None
    owner: str | None = None
    review_by: date | None = None
    superseded_by: str | None = None


class TextBuilder:
    """Collects blocks; `document` gives the result.

    Every method cleans what it is given and ignores what is then empty.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.page: int | None = None
        self.warnings: list[str] = []
        self._parts: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self._hidden = 0
        self._tables = 0

    @property
    def blocks(self) -> Sequence[Block]:
        """The blocks so far."""
        return self._blocks

    @property
    def empty(self) -> bool:
        """True while nothing was added."""
        return not self._blocks

    def heading(self, text: str, level: int) -> None:
        """A heading; ``level`` is brought into 1–6."""
        self._add(BlockKind.HEADING, squeeze(self._clean(text)), level=min(max(level, 1), 6))

    def paragraph(self, text: str, keep_lines: bool = False) -> None:
        """A paragraph on one line, or with its line breaks when they carry meaning."""
        self._add(BlockKind.PARAGRAPH, self._lines(text) if keep_lines else self._line(text))

    def quote(self, text: str, keep_lines: bool = False) -> None:
        """A quotation."""
        self._add(BlockKind.QUOTE, self._lines(text) if keep_lines else self._line(text))

    def item(self, text: str, depth: int = 1, marker: str = "") -> None:
        """A list item without its bullet; ``marker`` is an ordered item's number, "3."."""
        self._add(BlockKind.ITEM, self._lines(text), level=max(depth, 1), marker=marker)

    def code(self, text: str) -> None:
        """Code or preformatted text: lines and indentation are kept."""
        lines = [line.rstrip() for line in self._clean(text).expandtabs(4).split("\n")]
        while lines and not lines[0]:
            lines.pop(0)
        while lines and not lines[-1]:
            lines.pop()
        self._add(BlockKind.CODE, "\n".join(lines))

    def table(self) -> int:
        """The number of a new table."""
        self._tables += 1
        return self._tables

    def row(self, cells: Iterable[tuple[str, str]], table: int) -> None:
        """A table row of ``(column name, value)``; empty values are left out."""
        parts: list[str] = []
        spans: list[Cell] = []
        position = 0
        for name, raw in cells:
            value = self._line(raw)
            if not value:
                continue
            column = column_name(self._line(name))
            lead = (" | " if parts else "") + (f"{column}: " if column else "")
            parts += (lead, value)
            position += len(lead)
            spans.append(Cell(column, position, position + len(value)))
            position += len(value)
        self._add(BlockKind.ROW, "".join(parts), table=table, cells=spans)

    def append(self, document: ParsedDocument, deeper: int = 0, quoted: bool = False) -> None:
        """All blocks of ``document``, its headings ``deeper`` levels down."""
        tables: dict[int | None, int] = {}
        for block in document.blocks:
            text = document.text[block.start : block.end]
            if block.kind is BlockKind.HEADING:
                self.heading(text, block.level + deeper)
            elif block.kind is BlockKind.ROW:
                if block.table not in tables:
                    tables[block.table] = self.table()
                values = ((c.column, document.text[c.start : c.end]) for c in block.cells)
                self.row(values, tables[block.table])
            elif block.kind is BlockKind.ITEM:
                gap = document.text[: block.start].rpartition("\n")[2]
                self.item(text, block.level, gap.strip())
            elif block.kind is BlockKind.CODE:
                self.code(text)
            elif quoted or block.kind is BlockKind.QUOTE:
                self.quote(text, keep_lines=True)
            else:
                self.paragraph(text, keep_lines=True)

    def text_of(self, block: Block) -> str:
        """The text of one of `blocks`."""
        return self._text()[block.start : block.end]

    def warn(self, sentence: str) -> None:
        """A warning, once."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def first_heading(self) -> str:
        """The text of the heading that names the document, or "".

        That is the first block, or the first level-1 heading among the first few blocks.
        """
        for position, block in enumerate(self._blocks[:4]):
            if block.kind is BlockKind.HEADING and (position == 0 or block.level == 1):
                return self.text_of(block)
        return ""

    def document(
        self,
        *,
        name: str,
        kind: str,
        title: str = "",
        page_kind: PageKind = "",
        pages: int | None = None,
        facts: Facts | None = None,
    ) -> ParsedDocument:
        """The finished document; without a ``title``, the first heading or the file's name.

        Raises:
            UnreadableDocument: nothing was added.
        """
        if self.empty:
            raise UnreadableDocument("The file holds no text.", "Check that it is the right file.")
        if self._hidden >= MANY_HIDDEN:
            self.warn(
                f"{self._hidden:,} hidden characters were removed: "
                "invisible text can carry instructions."
            )
        facts = facts or Facts()
        title = squeeze(clean(title)[0]) or self.first_heading() or pretty_name(name)
        return ParsedDocument(
            title=title,
            text=self._text(),
            blocks=tuple(self._blocks),
            kind=kind,
            page_kind=page_kind,
            pages=pages,
            modified_at=facts.modified_at,
            review_by=facts.review_by,
            superseded_by=facts.superseded_by,
            owner=squeeze(clean(facts.owner or "")[0]) or None,
            warnings=tuple(self.warnings),
        )

    def _text(self) -> str:
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0] if self._parts else ""

    def _clean(self, text: str) -> str:
        text, hidden = clean(text)
        self._hidden += hidden
        return text

    def _line(self, text: str) -> str:
        return squeeze(self._clean(text))

    def _lines(self, text: str) -> str:
        lines = (squeeze(line) for line in self._clean(text).split("\n"))
        return "\n".join(line for line in lines if line)

    def _add(
        self,
        kind: BlockKind,
        text: str,
        *,
        level: int = 0,
        table: int | None = None,
        cells: Sequence[Cell] = (),
        marker: str = "",
    ) -> None:
        if not text or text.isspace():
            return
        gap = ""
        if self._blocks:
            last = self._blocks[-1]
            tight = kind is last.kind and kind in TIGHT and table == last.table
            gap = "\n" if tight else "\n\n"
        if marker:
            gap += f"{marker} "
        start = self._length + len(gap)
        end = start + len(text)
        if end > self.limits.max_chars:
            raise UnreadableDocument(
                f"The text is longer than {self.limits.max_chars:,} characters.",
                "Split the file, or raise FOOTNOTE_MAX_DOCUMENT_CHARS.",
            )
        self._parts += (gap, text)
        self._length = end
        moved = tuple(Cell(c.column, start + c.start, start + c.end) for c in cells)
        self._blocks.append(Block(kind, start, end, level, self.page, table, moved))


def column_name(text: str) -> str:
    """A header cell as a column's name: short, in words ("cost_center"), without its colon."""
    text = text.rstrip(" :")
    if "_" in text and " " not in text:
        text = text.replace("_", " ").strip()
    if len(text) > MAX_COLUMN_NAME:
        text = text[:MAX_COLUMN_NAME].rsplit(" ", 1)[0] + "…"
    return text


def pretty_name(name: str) -> str:
    """A file name as a title: "travel-policy_2026.md" gives "Travel policy 2026"."""
    stem = PurePath(name.rstrip("/")).name
    stem = re.sub(r"\.[A-Za-z][A-Za-z0-9]{0,5}$", "", stem) or stem
    words = squeeze(re.sub(r"[-_+.]+|%20", " ", clean(stem)[0]))
    # Dates keep their hyphens: "notes-2026-03-14" gives "Notes 2026-03-14".
    words = re.sub(r"\b((?:19|20)\d\d) (\d\d) (\d\d)\b", r"\1-\2-\3", words)
    words = words or squeeze(clean(name)[0]) or "Untitled"
    return words[0].upper() + words[1:] if words.islower() else words


def as_utc(moment: datetime | date | None) -> datetime | None:
    """``moment`` as an aware UTC time; a naive one counts as UTC, a date as its midnight.

    None where UTC's calendar has no such day: the first of January of year 1 in Tokyo.
    """
    if moment is None:
        return None
    if not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def parse_date(value: object) -> date | datetime | None:
    """A date from ISO text or a date object; None when it is neither."""
    if isinstance(value, datetime | date):
        return value
    text = str(value or "").strip()
    for reader in (datetime.fromisoformat, _day, _month_name):
        try:
            return reader(text)
        except ValueError:
            continue
    return None


def _day(text: str) -> date:
    return date.fromisoformat(text[:10].replace("/", "-"))


def _month_name(text: str) -> date:
    for form in ("%d %B %Y", "%B %d, %Y", "%d %b %Y", "%b %d, %Y"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise ValueError(text)
