"""Text of scanned pages by the tesseract program; needs the ``ocr`` extra."""

from __future__ import annotations

import re

from pypdfium2 import PdfPage  # type: ignore[import-untyped]  # ships no types

from app.errors import UnreadableDocument

DPI = 220
"""Tesseract's documentation asks for 200 to 300; below, small print fails, above, it only takes
longer."""

MAX_PIXELS = 40_000_000
"""A poster at full resolution would need gigabytes."""

PAGE_SECONDS = 60


def recognize(page: PdfPage) -> list[str]:
    """The paragraphs that tesseract reads on the page.

    Raises:
        UnreadableDocument: tesseract or its Python package is not installed, or it failed.
    """
    try:
        import pytesseract  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise UnreadableDocument(
            "The PDF is scanned, and OCR needs the package pytesseract.",
            'Install it with: pip install "footnote[ocr]".',
        ) from error
    width, height = page.get_size()
    scale = min(DPI / 72, (MAX_PIXELS / max(width * height, 1.0)) ** 0.5)
    image = page.render(scale=scale, grayscale=True).to_pil()
    try:
        text = pytesseract.image_to_string(image, timeout=PAGE_SECONDS)
    except pytesseract.TesseractNotFoundError as error:
        raise UnreadableDocument(
            "The PDF is scanned, and OCR needs the program tesseract.",
            "Install it, for instance with: apt install tesseract-ocr.",
        ) from error
    except (pytesseract.TesseractError, RuntimeError) as error:
        raise UnreadableDocument(
            "The PDF is scanned, and tesseract failed on it.", "Get a PDF with text."
        ) from error
    paragraphs = re.split(r"\n\s*\n", text)
    return [" ".join(part.split()) for part in paragraphs if part.strip()]
