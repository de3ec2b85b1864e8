"""Sample PDFs: a title page, bookmarks, running headers and footers, real tables."""

from __future__ import annotations

import html
import io
import time
from pathlib import Path
from typing import Any

from reportlab import platypus as pp
from reportlab.lib import (
    colors,
    pagesizes,
    styles,
    units,
    utils,
)

from ingest.sample.markup import (
    COMPANY,
    Line,
    Meta,
    author,
    blocks_of,
    moment,
    plain,
    read_markdown,
    runs_of,
)

A4, mm, Style = pagesizes.A4, units.mm, styles.ParagraphStyle
PADDING = 6  # of reportlab's frame, within the margins
BLUE = colors.HexColor("#14506b")
# The standard fonts of PDF hold Windows-1252 only; these few letters are written out.
WRITTEN_OUT = str.maketrans(
    {"≤": "<=", "≥": ">=", "→": "->", "\u2212": "-", "Ω": "ohm", "₂": "2", "☐": "[ ]"}
)


def printable(text: str) -> str:
    """Return a text as the standard fonts can print it, or fail at the letter they cannot."""
    return text.translate(WRITTEN_OUT).encode("cp1252").decode("cp1252")


def rml(line: Line) -> str:
    """Return a line in the markup of reportlab's paragraphs."""
    out = ""
    for text, look in runs_of(line):
        piece = html.escape(printable(text), quote=False).replace("\n", "<br/>")
        if "code_inline" in look:
            piece = f'<font face="Courier">{piece}</font>'
        piece = f"<i>{piece}</i>" if "em" in look else piece
        out += f"<b>{piece}</b>" if "strong" in look else piece
    return out


class Pages(pp.SimpleDocTemplate):  # type: ignore[misc]  # reportlab has no types
    """A PDF whose headings are bookmarks and whose pages carry a header and a footer."""

    def __init__(self, out: io.BytesIO, meta: Meta) -> None:
        """Set up an A4 document with the properties that the front matter names."""
        self.meta, self.title_text = meta, printable(str(meta["title"]))
        super().__init__(
            out, pagesize=A4, invariant=1, pageCompression=0, lang="en-US",
            title=str(meta["title"]), author=author(meta), creator=COMPANY,
            subject=str(meta.get("department", "")), topMargin=28 * mm, bottomMargin=28 * mm,
        )  # fmt: skip

    def first_page(self, canvas: Any, _: Any) -> None:
        """Date the file by its front matter rather than by the clock."""
        stamp = utils.TimeStamp(1)
        stamp.t = moment(self.meta).timestamp()
        stamp.lt = time.gmtime(stamp.t)
        stamp.YMDhms = tuple(stamp.lt)[:6]
        canvas._doc._timeStamp = stamp
        canvas.showOutline()

    def later_page(self, canvas: Any, _: Any) -> None:
        """Draw the running header and footer."""
        width, height = A4
        canvas.setFont("Helvetica", 8.5)
        canvas.setFillColor(colors.HexColor("#5b6b73"))
        canvas.drawString(self.leftMargin + PADDING, height - 16 * mm, self.title_text)
        canvas.drawRightString(width - self.rightMargin - PADDING, height - 16 * mm, COMPANY)
        version = f"Version {self.meta['version']}, " if "version" in self.meta else ""
        canvas.drawString(
            self.leftMargin + PADDING, 13 * mm, f"{version}{moment(self.meta):%Y-%m-%d}"
        )
        canvas.drawRightString(
            width - self.rightMargin - PADDING, 13 * mm, f"Page {canvas.getPageNumber()}"
        )

    def afterFlowable(self, flowable: Any) -> None:  # noqa: N802  # reportlab's name
        """Put each heading into the outline."""
        if (level := getattr(flowable, "outline", None)) is not None:
            key = f"h{self.seq.nextf('heading')}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(flowable.getPlainText(), key, level, closed=level > 0)


def pdf(source: Path) -> bytes:
    """Build a PDF: a title page, then the text with every top heading on a new page."""
    meta, text = read_markdown(source)
    blocks = list(blocks_of(text))
    top = min(b.level for b in blocks if b.kind == "heading")
    body = Style("body", fontName="Helvetica", fontSize=11, leading=16.5, spaceAfter=8)
    cell = Style("cell", body, fontSize=8.5, leading=11, spaceAfter=0)
    head = Style("head", cell, fontName="Helvetica-Bold", textColor=colors.white)
    code = Style("code", body, fontName="Courier", fontSize=8.5, leading=11, leftIndent=8)
    quote = Style("quote", body, leftIndent=12, borderPadding=6, backColor=colors.whitesmoke)
    title = Style("title", body, fontName="Helvetica-Bold", fontSize=28, leading=34, textColor=BLUE)
    out = io.BytesIO()
    pages = Pages(out, meta)
    facts = [
        str(meta.get("subtitle", "")),
        f"Version {meta['version']}" if "version" in meta else "",
    ]
    when = moment(meta)
    facts += [f"{when:%B} {when.day}, {when.year}", author(meta), COMPANY]
    story: list[Any] = [pp.Spacer(1, 70 * mm), pp.Paragraph(html.escape(pages.title_text), title)]
    story += [pp.Spacer(1, 8), pp.HRFlowable(width="100%", color=BLUE), pp.Spacer(1, 8)]
    story += [pp.Paragraph(html.escape(printable(fact)), body) for fact in facts if fact]
    story.append(pp.PageBreak())
    for index, block in enumerate(blocks):
        indent = Style(
            "indent",
            body,
            leftIndent=16 * block.level,
            bulletIndent=16 * block.level - 14,
            bulletFontSize=11,
        )
        match block.kind:
            case "heading":
                depth = block.level - top
                if depth == 0 and index:
                    story.append(pp.PageBreak())
                size = max(11, 19 - 4 * depth)
                look = Style(f"h{depth}", title, fontSize=size, leading=size * 1.3, spaceBefore=8,
                             spaceAfter=6, keepWithNext=1)  # fmt: skip
                heading = pp.Paragraph(rml(block.inline), look)
                heading.outline = min(depth, 2)
                story.append(heading)
            case "bullet" | "number":
                mark = f"{block.number}." if block.number else "•"
                story.append(pp.Paragraph(rml(block.inline), indent, bulletText=mark))
            case "table":
                cells = [[pp.Paragraph(rml(c), cell if n else head) for c in row]
                         for n, row in enumerate(block.rows)]  # fmt: skip
                longest = [max(min(len(plain(c)), 60) for c in column) + 9
                           for column in zip(*block.rows, strict=True)]  # fmt: skip
                widths = [(pages.width - 2 * PADDING) * n / sum(longest) for n in longest]
                grid = [("GRID", (0, 0), (-1, -1), 0.5, colors.HexColor("#9fb3bd")),
                        ("BACKGROUND", (0, 0), (-1, 0), BLUE),
                        ("VALIGN", (0, 0), (-1, -1), "TOP")]  # fmt: skip
                table = pp.Table(cells, colWidths=widths, repeatRows=1, style=grid)
                story += [table, pp.Spacer(1, 10)]
            case "code":
                story += [pp.Preformatted(printable(block.text), code), pp.Spacer(1, 4)]
            case "rule":
                story.append(pp.HRFlowable(width="100%", spaceBefore=6, spaceAfter=6))
            case kind:
                story.append(pp.Paragraph(rml(block.inline), quote if kind == "quote" else indent))
    pages.build(story, onFirstPage=pages.first_page, onLaterPages=pages.later_page)
    return out.getvalue()
