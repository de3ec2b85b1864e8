"""Sample Office files and e-books: DOCX, PPTX, XLSX and EPUB, the same bytes every time."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import docx
import pptx
import yaml
from docx.oxml.ns import qn
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from pptx.util import Inches, Pt

from ingest.sample.markup import (
    Meta,
    author,
    blocks_of,
    moment,
    plain,
    read_markdown,
    runs_of,
)


def packed(entries: Iterable[tuple[str, bytes]]) -> bytes:
    """Zip entries in the order given, with a fixed time; an e-book's type is not squeezed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in entries:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o644 << 16
            stored = name == "mimetype"
            info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(info, content, compresslevel=None if stored else 9)
    return out.getvalue()


def office(document: Any, meta: Meta) -> bytes:
    """Save a document with the front matter's author and date, free of the clock's."""
    when = moment(meta)
    properties = getattr(document, "core_properties", None) or document.properties
    properties.title, properties.subject = str(meta["title"]), str(meta.get("department", ""))
    if isinstance(document, Workbook):
        properties.creator = properties.lastModifiedBy = author(meta)
    else:
        properties.author = properties.last_modified_by = author(meta)
        properties.comments = ""
    properties.created = properties.modified = when.replace(tzinfo=None)
    raw = io.BytesIO()
    document.save(raw)
    with zipfile.ZipFile(raw) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    # openpyxl writes the present moment over the one that it was given
    core = entries["docProps/core.xml"]
    stamp = rb"\g<1>%s<" % f"{when:%Y-%m-%dT%H:%M:%SZ}".encode()
    entries["docProps/core.xml"] = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*<", stamp, core)
    return packed(entries.items())


def word(source: Path) -> bytes:
    """Build a DOCX with real heading, list and table styles."""
    meta, text = read_markdown(source)
    document = docx.Document()
    document.add_heading(str(meta["title"]), 0)
    numbering: Any = document.part.numbering_part.element
    style_number = document.styles["List Number"].element.pPr.numPr.numId.val
    abstract = numbering.num_having_numId(style_number).abstractNumId.val
    blocks = list(blocks_of(text))
    top = min((b.level for b in blocks if b.kind == "heading"), default=1)
    current = 0
    for block in blocks:
        deeper = f" {min(block.level, 3)}" if block.level > 1 else ""
        styles = {"bullet": f"List Bullet{deeper}", "number": f"List Number{deeper}",
                  "quote": "Quote", "code": "No Spacing"}  # fmt: skip
        if block.kind == "table":
            table = document.add_table(rows=0, cols=len(block.rows[0]), style="Light Grid Accent 1")
            for row in block.rows:
                for target, line in zip(table.add_row().cells, row, strict=True):
                    target.text = plain(line)
            repeat: Any = table.rows[0]._tr.get_or_add_trPr()
            repeat.append(repeat.makeelement(qn("w:tblHeader")))
            document.add_paragraph()
            continue
        if block.kind == "heading":
            paragraph = document.add_heading("", min(block.level - top + 1, 9))
        else:
            paragraph = document.add_paragraph(style=styles.get(block.kind, "Normal"))
        if block.kind == "number" and block.level == 1:
            if block.number == 1 or not current:  # each list counts from its own start
                number = numbering.add_num(abstract)
                number.add_lvlOverride(ilvl=0).add_startOverride(block.number)
                current = number.numId
            properties: Any = paragraph._p.get_or_add_pPr()
            properties.get_or_add_numPr().get_or_add_numId().val = current
        if block.kind == "code":
            paragraph.add_run(block.text).font.name = "Courier New"
        for text, look in runs_of(block.inline):
            run = paragraph.add_run(text)
            run.bold = "strong" in look or None
            run.italic = "em" in look or None
            run.font.name = "Courier New" if "code_inline" in look else None
    return office(document, meta)


def slides(source: Path) -> bytes:
    """Build a PPTX: a title slide, then titles with bullets, tables and speaker notes."""
    meta: Meta = yaml.safe_load(source.read_text("utf-8"))
    deck = pptx.Presentation()
    deck.slide_width, deck.slide_height = Inches(13.333), Inches(7.5)
    opening = deck.slides.add_slide(deck.slide_layouts[0])
    lines = (str(meta["title"]), 44, 2.4), (f"{author(meta)}, {moment(meta):%B %Y}", 20, 4.2)
    for shape, (text, size, top) in zip(opening.placeholders, lines, strict=True):
        shape.left, shape.top, shape.width, shape.height = map(Inches, (0.9, top, 11.5, 1.6))
        frame: Any = shape
        frame.text_frame.text = text
        frame.text_frame.paragraphs[0].font.size = Pt(size)
    for entry in meta["slides"]:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        shapes: Any = slide.shapes
        bullets, table = entry.get("bullets") or [], entry.get("table")
        heading, body = shapes.title, slide.placeholders[1]
        heading.left, heading.top, heading.width, heading.height = map(Inches, (0.7, 0.4, 11.9, 1))
        heading.text_frame.text = str(entry["title"])
        heading.text_frame.paragraphs[0].font.size = Pt(32)
        tall = 0.5 * len(bullets) + 0.2 if table else 5.4
        body.left, body.top, body.width, body.height = map(Inches, (0.7, 1.5, 11.9, tall))
        if bullets:
            body.text_frame.text = "\n".join(map(str, bullets))
            for paragraph in body.text_frame.paragraphs:
                paragraph.font.size = Pt(18 if table else 22)
        else:
            body._element.getparent().remove(body._element)
        if table:
            rows = [table["columns"], *table["rows"]]
            top, place = 1.6 + (tall if bullets else 0), (len(rows), len(rows[0]))
            box = map(Inches, (0.7, top, 11.9, 0.4 * len(rows)))
            grid = shapes.add_table(*place, *box).table
            for y, row in enumerate(rows):
                for x, value in enumerate(row):
                    grid.cell(y, x).text = "" if value is None else str(value)
                    grid.cell(y, x).text_frame.paragraphs[0].font.size = Pt(14)
        if entry.get("notes"):
            slide.notes_slide.notes_text_frame.text = str(entry["notes"]).strip()
    return office(deck, meta)


WIDEST = 60  # of a column, in letters


def sheets(source: Path) -> bytes:
    """Build an XLSX with one sheet per entry and a bold header row that stays in view."""
    meta: Meta = yaml.safe_load(source.read_text("utf-8"))
    book = Workbook()
    book.remove(book.worksheets[0])
    for entry in meta["sheets"]:
        sheet = book.create_sheet(str(entry["name"])[:31])
        sheet.append(entry["columns"])
        for row in entry["rows"]:
            sheet.append(row)
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        sheet.freeze_panes = "A2"
        for number, column in enumerate(sheet.columns, 1):
            widest = max(len(str(cell.value or "")) for cell in column)
            sheet.column_dimensions[get_column_letter(number)].width = min(widest + 2, WIDEST)
            if widest > WIDEST:
                for cell in column:
                    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return office(book, meta)
