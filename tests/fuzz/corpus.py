"""The real files that mutations start from: the sample documents, and small ones made here."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from ingest.parsers.formats import BY_EXTENSION, SUPPORTED
from tests.ingest.parsers import files

SAMPLES = Path(__file__).resolve().parents[2] / "ingest" / "sample" / "documents"
FORMATS = tuple(SUPPORTED)
LARGEST = 64 * 1024
"""Bytes of a sample above which it is left to other tests: small files are read in milliseconds."""

TEXT = """Travel policy
=============

Hotels are booked through the agency. Next review: 2026-11-30.

- Ask first
- Then book

Superseded by Travel policy 2027.
"""
RST = (
    TEXT
    + """
.. note:: Keep the receipt.

.. list-table:: Caps
   :header-rows: 1

   * - City
     - Cap
   * - Porto
     - EUR 120

===== =====
City  Cap
===== =====
Porto 120
===== =====
"""
)
HTML = """<!DOCTYPE html><html><head><title>Caps</title><meta charset="utf-8">
<meta name="author" content="Rui"></head><body><nav>Menu</nav><main><h1>Caps</h1>
<p>Book <b>early</b>.</p><table><caption>Caps</caption><tr><th>City<th colspan="2">Cap</tr>
<tr><td rowspan="2">Porto<td>120<td>EUR</tr><tr><td>130<td>EUR</tr></table>
<ol start="3"><li>Ask<ul><li>first</ul></ol><pre>a = 1</pre><blockquote>So.</blockquote>
<dl><dt>Cap<dd>A limit</dl><p style="display:none">never</p></main></body></html>"""


@cache
def seeds(kind: str) -> tuple[bytes, ...]:
    """Real files of a format, smallest first."""
    samples = sorted(path for path in SAMPLES.rglob("*") if path.is_file())
    found = [
        path.read_bytes()
        for path in samples
        if BY_EXTENSION.get(path.suffix.lower()) == kind and path.stat().st_size <= LARGEST
    ]
    return tuple(
        sorted({*found[:12], *(make() for make in MADE[kind])}, key=lambda one: (len(one), one))
    )


def table_pdf() -> bytes:
    """A PDF with headings, prose in two fonts, and a ruled table; its streams not compressed."""
    from reportlab.lib import colors
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

    styles = getSampleStyleSheet()
    rows = [["City", "Cap", "Note"], ["Porto", "120", "with breakfast"], ["Halifax", "190", ""]]
    story: list[Any] = [
        Paragraph("Travel caps", styles["Heading1"]),
        Paragraph("Book early. Keep the receipt, and scan it on the day of return. " * 4),
        Table(rows, style=[("GRID", (0, 0), (-1, -1), 0.5, colors.black)]),
        Paragraph("Leave", styles["Heading2"]),
        Table(rows * 2),
    ]
    out = io.BytesIO()
    SimpleDocTemplate(out, pageCompression=0, invariant=1).build(story)
    return out.getvalue()


MADE: dict[str, tuple[Callable[[], bytes], ...]] = {
    "md": (lambda: files.MARKDOWN, TEXT.encode),
    "txt": (TEXT.encode, lambda: TEXT.encode("utf-16")),
    "rst": (RST.encode,),
    "html": (HTML.encode, lambda: HTML.replace("utf-8", "latin-1").encode("latin-1")),
    "csv": (lambda: files.csv(4), lambda: b"sep=;\nCity;Cap\nPorto;120\nHalifax;190\n"),
    "eml": (files.eml,),
    "ipynb": (files.ipynb,),
    "pdf": (lambda: files.pdf(["One line.", "Two lines."], ["Three."]), table_pdf),
    "docx": (files.docx,),
    "pptx": (files.pptx,),
    "xlsx": (files.xlsx,),
    "epub": (files.epub,),
}
