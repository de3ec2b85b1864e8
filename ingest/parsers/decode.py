"""Bytes to text, whatever wrote them: UTF-8, UTF-16, Windows-1252, others, or a mix of two."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from app.errors import UnreadableDocument

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

SAMPLE = 128 * 1024
"""Bytes looked at to tell text from binary and to guess an encoding."""

LATIN_GUESSES = ("cp125", "latin", "iso8859", "mac", "cp437", "cp85", "cp86", "cp775", "hp_roman")
"""Prefixes of single-byte encodings that a short Western text is mistaken for."""

CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def looks_binary(data: bytes) -> bool:
    """True for bytes that no text encoding explains."""
    head = data[:SAMPLE]
    if any(head.startswith(mark) for mark, _ in BOMS) or utf16_without_mark(head):
        return False
    # One NUL may be damage; text has practically no control bytes otherwise.
    return (
        head.count(0) > 1 + len(head) // 1000
        or len(CONTROL_BYTES.findall(head)) > 2 + len(head) // 50
    )


def utf16_without_mark(data: bytes) -> str:
    """The byte order of UTF-16 Western text that has no byte-order mark, or ""."""
    head = data[:2000]
    if len(head) < 8 or 0 not in head:
        return ""
    half = len(head) // 2
    if head[1::2].count(0) > 0.7 * half and head[0::2].count(0) == 0:
        return "utf-16-le"
    if head[0::2].count(0) > 0.7 * half and head[1::2].count(0) == 0:
        return "utf-16-be"
    return ""


def decode(data: bytes, warn: Callable[[str], None], declared: str = "") -> str:
    """The text of ``data``.

    Args:
        data: a text file's bytes.
        warn: called with a sentence when something was guessed or lost.
        declared: encoding the file itself names (an HTML ``charset``); tried first after UTF-8.

    Raises:
        UnreadableDocument: the bytes are not text.
    """
    for mark, encoding in BOMS:
        if data.startswith(mark):
            return _lossy(data, encoding, warn)
    if encoding := utf16_without_mark(data):
        return _lossy(data, encoding, warn)
    if looks_binary(data):
        raise UnreadableDocument(
            "The file looks like a binary file, not text.", "Export it as text, PDF or HTML."
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if declared and declared.lower().replace("_", "-") not in ("utf-8", "utf8", "ascii"):
        try:
            return data.decode(declared)
        except (ValueError, LookupError):  # no such encoding, or one that is none for text
            pass
    if mixed := _mixed(data, warn):
        return mixed
    encoding = _guess(data)
    return _lossy(data, encoding, warn)


def _lossy(data: bytes, encoding: str, warn: Callable[[str], None]) -> str:
    text = data.decode(encoding, "replace")
    lost = text.count("\ufffd")
    if lost:
        warn(f"{lost:,} characters could not be decoded and are shown as \ufffd.")
    return text


def _mixed(data: bytes, warn: Callable[[str], None]) -> str:
    """UTF-8 lines as such and the others as Windows-1252, when the file has both; else ""."""
    lines: list[str] = []
    proper = other = 0
    for line in data.split(b"\n"):
        try:
            text = line.decode("utf-8")
            proper += not text.isascii()
        except UnicodeDecodeError:
            text = line.decode("cp1252", "replace")
            other += 1
        lines.append(text)
    if not proper:
        return ""
    warn(f"The file mixes encodings: {other:,} lines that are not UTF-8 were read as Windows-1252.")
    return "\n".join(lines)


def _guess(data: bytes) -> str:
    """The likeliest encoding of text that is not UTF-8."""
    from charset_normalizer import from_bytes  # noqa: PLC0415  # 30 ms, and rarely needed

    foreign = re.findall(rb"[\x80-\xff]", data[:SAMPLE])
    best = from_bytes(data[:SAMPLE], enable_fallback=False).best()
    if best is None or len(foreign) < 6 or best.encoding.startswith(LATIN_GUESSES[1:]):
        return "cp1252"
    if best.encoding.startswith("cp125") and best.encoding not in ("cp1251", "cp1253"):
        # Western and Central European pages share most letters; the Western one is commonest.
        return "cp1252" if best.coherence < 0.5 else str(best.encoding)
    return str(best.encoding)
