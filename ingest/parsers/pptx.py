"""PowerPoint decks by python-pptx: titles, bullets, tables, charts and notes, slide by slide."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from pptx.enum.shapes import MSO_SHAPE_TYPE, PP_PLACEHOLDER
from pptx.opc.constants import CONTENT_TYPE as CT
from pptx.opc.package import PartFactory
from pptx.oxml.presentation import CT_Presentation
from pptx.package import Package
from pptx.parts.presentation import PresentationPart

from app.domain import ParsedDocument
from ingest.parsers import tables
from ingest.parsers.archive import open_zip
from ingest.parsers.build import TextBuilder
from ingest.parsers.limits import Limits
from ingest.parsers.office import properties_of, wrong_main_part
from ingest.parsers.xlsx import shown

for _type in (CT.PML_PRES_MACRO_MAIN, CT.PML_SLIDESHOW_MAIN):  # macros stay unread
    PartFactory.part_type_for[_type] = PresentationPart

SMALL_PRINT = (PP_PLACEHOLDER.SLIDE_NUMBER, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.DATE)
OPENING = (PP_PLACEHOLDER.CENTER_TITLE, PP_PLACEHOLDER.SUBTITLE)
MAX_GROUP_DEPTH = 20


def parse(data: bytes, name: str, limits: Limits) -> ParsedDocument:
    """A deck."""
    open_zip(data, limits).close()
    package = Package.open(io.BytesIO(data))
    part = package.presentation_part
    if not isinstance(part, PresentationPart) or not isinstance(part._element, CT_Presentation):
        raise wrong_main_part("pptx", part.content_type)
    deck = part.presentation
    builder = TextBuilder(limits)
    hidden = wordless = 0
    for number, slide in enumerate(deck.slides, start=1):
        if slide._element.get("show") == "0":
            hidden += 1
            continue
        builder.page = number
        before = len(builder.blocks)
        _add_slide(builder, slide, deck.slide_width or 0, top=number == 1)
        wordless += len(builder.blocks) == before
    if hidden:
        builder.warn(f"{hidden} hidden {'slide was' if hidden == 1 else 'slides were'} left out.")
    if wordless:
        builder.warn(f"{wordless} of {len(deck.slides)} slides have no text.")
    title, facts = properties_of(package)
    return builder.document(
        name=name,
        kind="pptx",
        title=title,
        page_kind="slide",
        pages=len(deck.slides),
        facts=facts,
    )


def _add_slide(builder: TextBuilder, slide: Any, width: int, top: bool) -> None:
    title = slide.shapes.title
    kinds = {shape.placeholder_format.type for shape in slide.placeholders}
    opening = top and bool(kinds.intersection(OPENING))
    if title is not None and title.has_text_frame:
        builder.heading(title.text_frame.text.replace("\v", " "), 1 if opening else 2)
    for shape in _shapes([one for one in slide.shapes if _on_slide(one, width)], 0):
        if title is not None and shape.shape_id == title.shape_id:
            continue
        _add_shape(builder, shape)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        for paragraph in slide.notes_slide.notes_text_frame.text.split("\n"):
            builder.paragraph(paragraph)


def _on_slide(shape: Any, width: int) -> bool:
    """False for what lies beside the slide: notes to oneself, or text to be read by programs."""
    left, wide = shape.left, shape.width
    if left is None or wide is None or width <= 0:
        return True  # where the layout has it
    return bool(left < width and left + wide > 0)


def _shapes(shapes: Any, depth: int) -> Iterator[Any]:
    """Shapes from top to bottom and left to right, groups opened."""
    if depth > MAX_GROUP_DEPTH:
        return
    for shape in sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0)):
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            yield from _shapes(shape.shapes, depth + 1)
        else:
            yield shape


def _add_shape(builder: TextBuilder, shape: Any) -> None:
    if shape.is_placeholder and shape.placeholder_format.type in SMALL_PRINT:
        return
    if getattr(shape, "has_table", False):
        grid = [
            ["" if cell.is_spanned else cell.text for cell in row.cells] for row in shape.table.rows
        ]
        tables.emit(builder, grid, 1 if shape.table.first_row and len(grid) > 1 else None)
    elif getattr(shape, "has_chart", False):
        _add_chart(builder, shape.chart)
    elif shape.has_text_frame:
        bullets = shape.is_placeholder and shape.placeholder_format.type in (
            PP_PLACEHOLDER.BODY,
            PP_PLACEHOLDER.OBJECT,
            PP_PLACEHOLDER.VERTICAL_BODY,
        )
        for paragraph in shape.text_frame.paragraphs:
            text = paragraph.text.replace("\v", "\n")
            if bullets:
                builder.item(text, paragraph.level + 1)
            else:
                builder.paragraph(text, keep_lines=True)
    else:
        _add_picture(builder, shape)


def _add_chart(builder: TextBuilder, chart: Any) -> None:
    """A chart's numbers as a table: one row per category."""
    if chart.has_title and chart.chart_title.has_text_frame:
        builder.paragraph(chart.chart_title.text_frame.text)
    try:
        plot = chart.plots[0]
        categories = [str(category) for category in plot.categories]
        series = [(each.name, list(each.values)) for each in plot.series]
    except (AttributeError, IndexError, KeyError, ValueError):
        return  # chart kinds without categories hold no readable table
    grid = [["", *(name for name, _ in series)]]
    for position, category in enumerate(categories):
        values = [vals[position] if position < len(vals) else None for _, vals in series]
        grid.append([category, *("" if v is None else shown(v) for v in values)])
    tables.emit(builder, grid, 1)


def _add_picture(builder: TextBuilder, shape: Any) -> None:
    """A picture's description, when a person wrote one."""
    description = shape._element.xpath("string(.//p:cNvPr/@descr)") or ""
    if len(description.split()) > 2 and "automatically generated" not in description.lower():
        builder.paragraph(description)
