"""How much one file may cost to read."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for reading one file; the defaults are those of `app.settings`."""

    max_bytes: int = 100 * MIB
    """Largest file read, in bytes."""
    max_unpacked_bytes: int = 500 * MIB
    """Largest unpacked size of an Office file or EPUB, in bytes."""
    max_chars: int = 20_000_000
    """Longest extracted text, in characters."""
    ocr: bool = False
    """Read scanned PDF pages with tesseract."""
