"""The formats that can be read, and how each is recognized by its content."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import PurePath

from app.errors import UnreadableDocument
from ingest.parsers.decode import decode, looks_binary

HEAD = 64 * 1024
"""Bytes looked at to recognize a text format."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the extensions it usually has, and its name in a sentence."""

    extensions: tuple[str, ...]
    name: str


SUPPORTED: dict[str, Format] = {
    "md": Format((".md", ".markdown", ".mdown", ".mkd"), "Markdown"),
    "txt": Format((".txt", ".text", ".log"), "plain text"),
    "rst": Format((".rst", ".rest"), "reStructuredText"),
    "html": Format((".html", ".htm", ".xhtml"), "HTML"),
    "pdf": Format((".pdf",), "PDF"),
    "docx": Format((".docx", ".docm"), "Word"),
    "pptx": Format((".pptx", ".pptm", ".ppsx"), "PowerPoint"),
    "xlsx": Format((".xlsx", ".xlsm"), "Excel"),
    "csv": Format((".csv", ".tsv"), "CSV"),
    "epub": Format((".epub",), "EPUB"),
    "eml": Format((".eml",), "e-mail"),
    "ipynb": Format((".ipynb",), "Jupyter notebook"),
}
"""Format → extensions and human name."""

BY_EXTENSION = {
    extension: kind for kind, form in SUPPORTED.items() for extension in form.extensions
}

OFFICE = (
    ("word/", "docx"),
    ("ppt/", "pptx"),
    ("xl/", "xlsx"),
)

OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Compound File Binary: .doc, .xls, .ppt, .msg, and password-protected Office files."""

MAIL_HEADER = re.compile(
    r"(From|To|Cc|Subject|Date|Message-ID|MIME-Version|Received|Return-Path|Delivered-To|"
    r"Reply-To|Content-Type|Content-Transfer-Encoding|X-[\w-]+|DKIM-Signature|List-[\w-]+|"
    r"Authentication-Results|References|In-Reply-To|Sender|User-Agent|Thread-\w+|ARC-[\w-]+):",
    re.IGNORECASE,
)
HTML_START = re.compile(
    r"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>])",
    re.IGNORECASE | re.DOTALL,
)
HTML_TAG = re.compile(r"<(p|div|table|h[1-6]|ul|ol|span|br|section|article)(\s[^<>]*)?/?>", re.I)
RST_MARK = re.compile(
    r"^\.\. [\w:-]+::|^\.\. _[^:\n]+:|:(?:ref|doc|func|class|mod|term|file|code):`|^\.\. contents",
    re.MULTILINE,
)
MD_MARKS = (
    re.compile(r"^#{1,6} \S", re.MULTILINE),
    re.compile(r"^(```|~~~)", re.MULTILINE),
    re.compile(r"\[[^\]\n]+\]\([^)\s]+\)"),
    re.compile(r"^\|.*\|\s*\n\|[\s:|-]+\|", re.MULTILINE),
    re.compile(r"\*\*[^*\n]+\*\*"),
    re.compile(r"\A---\n(?:[\w-]+:.*\n)+---\n"),
)


def extension_of(name: str) -> str:
    """The file name's extension, lower case, with its dot; "" when it has none."""
    return PurePath(name).suffix.lower()


def detect(data: bytes, name: str) -> str:
    """The format of ``data`` by its content; the name decides only between text formats.

    Raises:
        UnreadableDocument: binary, encrypted, or a format that cannot be read.
    """
    by_name = BY_EXTENSION.get(extension_of(name), "")
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"PK\x03\x04") or data.startswith(b"PK\x05\x06"):
        return _zip_format(data, by_name)
    if data.startswith(OLD_OFFICE):
        raise _old_office(data)
    if looks_binary(data):
        raise UnreadableDocument(
            f"The file looks like a binary file{_guess_name(data)}.",
            "Export it as PDF, HTML or text.",
        )
    return _text_format(data, by_name)


def mismatch(kind: str, name: str) -> str:
    """A warning when the extension says another format than the content; else ""."""
    extension = extension_of(name)
    if BY_EXTENSION.get(extension, kind) == kind:
        return ""
    form = SUPPORTED[kind].name
    return f"The name ends in {extension}, but the file is {form}; it was read as {form}."


def _zip_format(data: bytes, by_name: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        if by_name in ("docx", "pptx", "xlsx", "epub"):
            return by_name  # its parser says that it is damaged
        raise UnreadableDocument(
            "The file is a damaged ZIP archive.", "Unpack it and ingest what is inside."
        ) from error
    if "[Content_Types].xml" in names:
        for folder, kind in OFFICE:
            if any(member.startswith(folder) for member in names):
                return kind
    if "META-INF/container.xml" in names:
        return "epub"
    if "content.xml" in names and "mimetype" in names:
        raise UnreadableDocument(
            "The file is an OpenDocument file, which can't be read.",
            "Save it as DOCX, PPTX, XLSX or PDF.",
        )
    raise UnreadableDocument("The file is a ZIP archive.", "Unpack it and ingest what is inside.")


def _old_office(data: bytes) -> UnreadableDocument:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return UnreadableDocument(
            "The file is encrypted: it opens only with a password.",
            "Save a copy without a password.",
        )
    return UnreadableDocument(
        "The file is in an Office format from before 2007, which can't be read.",
        "Save it as DOCX, PPTX or XLSX.",
    )


def _guess_name(data: bytes) -> str:
    import puremagic  # noqa: PLC0415  # loads a large table, needed for this message only

    try:
        matches = puremagic.magic_string(data[:4096])
    except (puremagic.PureError, ValueError):
        return ""
    known = matches[0].name if matches and matches[0].confidence >= 0.6 else ""
    return f" ({known})" if known else ""


def _text_format(data: bytes, by_name: str) -> str:
    head = decode(data[:HEAD], lambda _sentence: None).lstrip("\ufeff")
    start = head.lstrip()
    if start.startswith("{") and _is_notebook(data, start):
        return "ipynb"
    if HTML_START.match(head[:4000]):
        return "html"
    if by_name == "html":
        return "html" if HTML_TAG.search(head) else _by_marks(head)
    if _is_mail(start):
        return "eml"
    if by_name in ("md", "rst", "csv", "txt"):
        return by_name if by_name != "txt" else _by_marks(head, "txt")
    return _by_marks(head)


def _by_marks(head: str, declared: str = "") -> str:
    """Markdown, reStructuredText, HTML or plain text by what is in it."""
    if len(HTML_TAG.findall(head)) >= 5 and head.lstrip().startswith("<"):
        return "html"
    if len(RST_MARK.findall(head)) >= 2:
        return "rst"
    marks = sum(bool(mark.search(head)) for mark in MD_MARKS)
    # A text file may hold a lone "# remark"; only several kinds of marks make it Markdown.
    return "md" if marks >= (3 if declared == "txt" else 2) else "txt"


def _is_mail(start: str) -> bool:
    if start.startswith("From ") and "\n" in start:  # mbox separator
        start = start.split("\n", 1)[1]
    names = set()
    for line in start.split("\n", 40)[:40]:
        if not line.strip():
            break
        if line[0] in " \t":
            continue
        match = MAIL_HEADER.match(line)
        if not match:
            if re.match(r"[\w-]+:", line):
                continue
            return False
        names.add(match[1].lower())
    strong = {"message-id", "mime-version", "received", "return-path", "date", "content-type"}
    return "from" in names and len(names) >= 3 and bool(names & strong)


def _is_notebook(data: bytes, start: str) -> bool:
    if '"cells"' not in start and '"nbformat"' not in start and '"worksheets"' not in start:
        return False
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return '"cells"' in start
    return isinstance(content, dict) and "nbformat" in content
