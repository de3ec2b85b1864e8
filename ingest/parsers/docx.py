"""Word documents by python-docx: headings, lists and tables in document order."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from docx.opc.constants import CONTENT_TYPE as CT
from docx.opc.part import PartFactory, XmlPart
from docx.oxml.document import CT_Document
from docx.oxml.ns import qn
from docx.package import Package
from docx.parts.document import DocumentPart
from lxml import etree  # type: ignore[import-untyped]  # ships no types

from app.domain import ParsedDocument
from app.errors import UnreadableDocument
from ingest.parsers import tables
from ingest.parsers.archive import open_zip
from ingest.parsers.build import TextBuilder
from ingest.parsers.docx_hidden import HiddenRuns
from ingest.parsers.limits import Limits
from ingest.parsers.office import properties_of, wrong_main_part

MAIN_TYPES = (
    CT.WML_DOCUMENT_MAIN,
    "application/vnd.ms-word.document.macroEnabled.main+xml",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml",
)
for _type in MAIN_TYPES:  # python-docx opens documents only; macros stay where they are, unread
    PartFactory.part_type_for[_type] = DocumentPart

SKIPPED = frozenset(
    qn(tag) for tag in ("w:del", "w:moveFrom", "w:instrText", "w:delText", "w:pPr", "w:sectPr")
) | {"{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
BREAKS = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
LETTERS = ("lowerLetter", "upperLetter")
MIN_HIDDEN = 20
"""Hidden characters from which on a person is told."""
MAX_COLUMNS = 63
"""Columns of a table, by Word's own limit; a cell may claim to span billions."""


def parse(data: bytes, name: str, limits: Limits) -> ParsedDocument:
    """A Word document."""
    open_zip(data, limits).close()
    package = Package.open(io.BytesIO(data))
    part = package.main_document_part
    if not isinstance(part, DocumentPart) or not isinstance(part.element, CT_Document):
        raise wrong_main_part("docx", part.content_type)
    if part.element.body is None:
        raise UnreadableDocument("The file holds no text.", "Check that it is the right file.")
    builder = TextBuilder(limits)
    walk = _Walk(builder, part)
    walk.body(part.element.body)
    walk.footnotes(package)
    if walk.hidden >= MIN_HIDDEN:
        builder.warn(f"{walk.hidden:,} characters that the document hides were left out.")
    title, facts = properties_of(package)
    return builder.document(
        name=name,
        kind="docx",
        title=walk.title or title,
        facts=facts,
    )


class _Walk:
    """One pass over the body."""

    def __init__(self, builder: TextBuilder, part: DocumentPart) -> None:
        self.builder = builder
        self.title = ""
        self.hidden = 0
        self._styles = {style.style_id: style for style in part.styles}
        self._formats = _number_formats(part)
        self._unseen = HiddenRuns(part)
        self._counters: dict[str, dict[int, int]] = defaultdict(dict)

    def body(self, element: Any) -> None:
        """Adds paragraphs and tables under ``element`` in order."""
        for child in element:
            if child.tag == qn("w:p"):
                self._paragraph(child)
            elif child.tag == qn("w:tbl"):
                self._table(child)
            elif child.tag == qn("w:sdt") and not _is_contents(child):
                content = child.find(qn("w:sdtContent"))
                self.body(content if content is not None else ())
            elif child.tag in (qn("w:ins"), qn("w:moveTo"), qn("w:customXml"), qn("w:smartTag")):
                self.body(child)

    def footnotes(self, package: Any) -> None:
        """Adds footnotes and endnotes as paragraphs."""
        for part in package.iter_parts():
            if str(part.partname) not in ("/word/footnotes.xml", "/word/endnotes.xml"):
                continue
            safe = etree.XMLParser(resolve_entities=False, no_network=True)
            for note in etree.fromstring(part.blob, safe):
                if note.get(qn("w:type")) is None:  # not the separator line
                    self.builder.paragraph(
                        " ".join(self._text(paragraph) for paragraph in note.iter(qn("w:p")))
                    )

    def _paragraph(self, element: Any) -> None:
        text = self._text(element)
        if text.strip():
            name, outline = self._style(element)
            depth, marker = self._numbering(element, name)
            if name == "title":
                self.title = self.title or text
                self.builder.heading(text, 1)
            elif name.startswith("toc ") or name == "toc heading":
                return
            elif outline:
                self.builder.heading(text, outline)
            elif depth:
                self.builder.item(text, depth, marker)
            elif "quote" in name:
                self.builder.quote(text, keep_lines=True)
            elif "code" in name or name in ("html preformatted", "macro text", "macro"):
                self.builder.code(text)
            else:
                self.builder.paragraph(text, keep_lines=True)
        for box in element.iter(qn("w:txbxContent")):
            if not any(parent.tag in SKIPPED for parent in box.iterancestors()):
                self.body(box)

    def _text(self, element: Any) -> str:
        return "".join(self._pieces(element))

    def _pieces(self, element: Any) -> Iterator[str]:
        for child in element:
            tag = child.tag
            if tag == qn("w:t"):
                yield child.text or ""
            elif tag in BREAKS:
                yield BREAKS[tag]
            elif tag in SKIPPED or tag == qn("w:txbxContent"):
                continue
            elif tag == qn("w:r") and self._unseen.hides(child):
                self.hidden += len("".join(part.text or "" for part in child.iter(qn("w:t"))))
            else:
                yield from self._pieces(child)

    def _style(self, element: Any) -> tuple[str, int]:
        """The style's name in lower case, and the outline level, 0 for body text."""
        properties = element.pPr
        style = self._styles.get(properties.style if properties is not None else None)
        name = (style.name or "").lower() if style is not None else ""
        outline = None if properties is None else properties.find(qn("w:outlineLvl"))
        seen = 0
        while outline is None and style is not None and seen < 10:
            own = (style.name or "").lower()
            if own.startswith("heading ") and own[8:].isdigit():
                return name, int(own[8:])
            inherited = style.element.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
            outline, style, seen = inherited, style.base_style, seen + 1
        level = _whole(outline.get(qn("w:val")), 9) if outline is not None else 9
        return name, level + 1 if 0 <= level < 9 else 0

    def _numbering(self, element: Any, style_name: str) -> tuple[int, str]:
        """List depth and number of a paragraph: ``(0, "")`` when it is no item."""
        properties = element.pPr
        numbering = properties.numPr if properties is not None else None
        if numbering is None and properties is not None and properties.style in self._styles:
            style = self._styles[properties.style]
            numbering = style.element.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
        if numbering is None or numbering.numId is None or numbering.numId.val == 0:
            if not style_name.startswith("list ") or style_name == "list paragraph":
                return 0, ""
            last = style_name[-1]
            return (int(last) if last.isdigit() else 1), ""
        number = str(numbering.numId.val)
        level = numbering.ilvl.val if numbering.ilvl is not None else 0
        if numbering.ilvl is None and style_name[-1:].isdigit():
            level = int(style_name[-1]) - 1
        form = self._formats.get((number, level)) or self._formats.get((number, 0), "bullet")
        counters = self._counters[number]
        counters[level] = counters.get(level, 0) + 1
        for deeper in [key for key in counters if key > level]:
            del counters[deeper]
        count = counters[level]
        if form in ("bullet", "none"):
            return level + 1, ""
        if form in LETTERS and count <= 26:
            first = "a" if form == "lowerLetter" else "A"
            return level + 1, f"{chr(ord(first) + count - 1)}."
        return level + 1, f"{count}."

    def _table(self, element: Any) -> None:
        rows = list(element.iter_rows()) if hasattr(element, "iter_rows") else element.tr_lst
        grid: list[list[str]] = []
        above: list[str] = []
        for row in rows:
            line: list[str] = []
            for cell in row.tc_lst:
                text = self._cell(cell)
                if cell.vMerge == "continue":
                    text = above[len(line)] if len(line) < len(above) else ""
                line += [text] + [""] * (min(cell.grid_span, MAX_COLUMNS) - 1)
            grid.append(line)
            above = line
        if sum(bool(cell.strip()) for row in grid for cell in row) == 1:  # a box around a remark
            for cell in element.iter(qn("w:tc")):
                self.body(cell)
            return
        marked = 0
        for row in rows:
            if not _is_on(row.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}")):
                break
            marked += 1
        bold = [_all_bold(row) for row in rows]
        first_column_bold = all(_all_bold(row.tc_lst[0]) for row in rows if row.tc_lst)
        tidy = tables.tidy(grid)
        if marked:
            tables.emit(self.builder, grid, marked)
        elif len(rows) > 1 and bold[0] and not all(bold):
            tables.emit(self.builder, grid, 1)
        elif tables.key_value_like(tidy) or (
            first_column_bold and max((len(row) for row in tidy), default=2) == 2
        ):
            tables.emit_pairs(self.builder, grid)
        else:
            tables.emit(self.builder, grid)

    def _cell(self, cell: Any) -> str:
        return " ".join(self._text(paragraph) for paragraph in cell.iter(qn("w:p")))


def _number_formats(part: DocumentPart) -> dict[tuple[str, int], str]:
    """(list id, level) → number format, from the numbering part."""
    try:
        numbering: object = part.numbering_part
    except (KeyError, NotImplementedError):
        return {}
    if not isinstance(numbering, XmlPart):
        return {}
    root = numbering.element
    abstract: dict[str, dict[int, str]] = {}
    for entry in root.iter(qn("w:abstractNum")):
        levels = {}
        for level in entry.iter(qn("w:lvl")):
            form = level.find(qn("w:numFmt"))
            levels[_whole(level.get(qn("w:ilvl")), 0)] = (
                form.get(qn("w:val")) if form is not None else "decimal"
            )
        abstract[entry.get(qn("w:abstractNumId"))] = levels
    found: dict[tuple[str, int], str] = {}
    for entry in root.iter(qn("w:num")):
        reference = entry.find(qn("w:abstractNumId"))
        if reference is not None:
            for level, form in abstract.get(reference.get(qn("w:val")), {}).items():
                found[entry.get(qn("w:numId")), level] = form
    return found


def _is_contents(element: Any) -> bool:
    """True for a generated table of contents."""
    gallery = element.find(f"{qn('w:sdtPr')}/{qn('w:docPartObj')}/{qn('w:docPartGallery')}")
    return gallery is not None and "Table of Contents" in (gallery.get(qn("w:val")) or "")


def _whole(text: str | None, otherwise: int) -> int:
    """A number as files write it; ``otherwise`` where it is none."""
    try:
        return int(text or "")
    except ValueError:
        return otherwise


def _is_on(element: Any) -> bool:
    return element is not None and element.get(qn("w:val")) not in ("0", "false", "off", "none")


def _all_bold(element: Any) -> bool:
    runs = [run for run in element.iter(qn("w:r")) if any(t.text for t in run.iter(qn("w:t")))]
    return bool(runs) and all(_is_on(run.find(f"{qn('w:rPr')}/{qn('w:b')}")) for run in runs)
