"""Plain text: paragraphs unwrapped, underlined and numbered headings, lists, indented blocks."""

from __future__ import annotations

import re
from itertools import pairwise

from app.domain import ParsedDocument
from ingest.parsers.build import TextBuilder
from ingest.parsers.decode import decode
from ingest.parsers.limits import Limits

UNDERLINE = re.compile(r"\s*([=\-~^*#_])\1{2,}\s*$")
RULE = re.compile(r"\s*([=\-~^*#_+.·])(\s*\1){3,}\s*$")
BULLET = re.compile(r"(\s*)([-*•‣◦▪–]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+(\S.*)$")
ATX = re.compile(r"(#{1,6})\s+(\S.*?)\s*#*$")
QUOTED = re.compile(r"\s{0,3}>\s?(.*)$")
STARTS_LINE = re.compile(r"\s*(\[[ xX]\]|[A-Z][\w /-]{0,30}:\s|\d{1,2}[:.]\d\d\s)")
"""A check box, a label, a time: begins a line of its own."""

LEVELS = {"=": 1, "#": 1, "*": 1, "-": 2, "~": 3, "^": 3, "_": 3}

SHORT_LINE = 0.6
"""A line shorter than this share of the usual width ended on purpose."""


def parse(data: bytes, name: str, limits: Limits) -> ParsedDocument:
    """A plain-text file."""
    builder = TextBuilder(limits)
    add_text(builder, decode(data, builder.warn))
    return builder.document(name=name, kind="txt")


def add_text(builder: TextBuilder, text: str) -> None:
    """Adds plain text to ``builder``, block by block."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")
    for block in re.split(r"\n[ \t]*\n", text):
        lines = [line.expandtabs(4).rstrip() for line in block.split("\n")]
        lines = [line for line in lines if line.strip()]
        if lines:
            _add_block(builder, lines)


def _add_block(builder: TextBuilder, lines: list[str]) -> None:
    lines = [line for i, line in enumerate(lines) if i == 1 or not RULE.match(line)]
    if len(lines) >= 2 and UNDERLINE.match(lines[1]):
        builder.heading(lines[0], LEVELS[lines[1].strip()[0]])
        lines = lines[2:]
    elif len(lines) >= 2 and RULE.match(lines[1]):
        lines = [lines[0], *lines[2:]]
    elif lines and _is_heading(lines, builder):
        builder.heading(lines[0], 1 if builder.empty else 2)
        lines = lines[1:]
    if not lines:
        return
    if all(QUOTED.match(line) for line in lines):
        builder.quote(unwrap([QUOTED.sub(r"\1", line) for line in lines]), keep_lines=True)
    elif any(BULLET.match(line) for line in lines):
        _add_list(builder, lines)
    elif _is_laid_out(lines):
        builder.code("\n".join(_dedent(lines)))
    else:
        builder.paragraph(unwrap(lines), keep_lines=True)


def _is_heading(lines: list[str], builder: TextBuilder) -> bool:
    """A short line alone in capitals, or the file's first line when it reads like a title."""
    line = lines[0].strip()
    if len(line) > 80 or BULLET.match(line) or line.endswith((".", ",", ";", "?", "!")):
        return False
    letters = [c for c in line if c.isalpha()]
    # One line of capitals is a heading; several are a notice.
    if len(letters) >= 3 and line.isupper():
        return len(lines) == 1 or not lines[1].strip().isupper()
    return builder.empty and len(lines) == 1 and bool(letters) and ":" not in line


def _add_list(builder: TextBuilder, lines: list[str]) -> None:
    """Items with their continuation lines; lines before the first item are a paragraph."""
    first = next(i for i, line in enumerate(lines) if BULLET.match(line))
    if first:
        builder.paragraph(unwrap(lines[:first]), keep_lines=True)
    width = max(map(len, lines))
    edges: list[int] = []  # of the texts of the open items; a number's own width does not nest
    item: list[str] = []
    marker = ""
    for line in [*lines[first:], None]:
        match = BULLET.match(line) if line is not None else None
        if line is not None and match is None:
            item.append(line)
            continue
        if item:
            _add_item(builder, item, len(edges), marker, width)
        if match is not None:
            mark, edge = len(match[1]), match.start(3)
            while edges and mark < edges[-1] - 1:
                edges.pop()
            edges.append(edge)
            marker = match[2] if any(char.isalnum() for char in match[2]) else ""
            item = [match[3]]


def _add_item(builder: TextBuilder, lines: list[str], depth: int, marker: str, width: int) -> None:
    """One item; a numbered line in capitals is a heading, what follows it a paragraph."""
    if marker and lines[0].isupper() and len(lines[0]) > 3:
        builder.heading(f"{marker} {lines[0]}", 2)
        if len(lines) > 1:
            builder.paragraph(unwrap(lines[1:]), keep_lines=True)
        return
    builder.item(unwrap(lines, width), depth, marker)


def _is_laid_out(lines: list[str]) -> bool:
    """Columns or drawings, in which the spaces carry the meaning."""
    if len(lines) < 2:
        return lines[0].startswith("    ")
    spaced = sum(bool(re.search(r"\S {3,}\S|\t", line)) for line in lines)
    indented = all(line.startswith("    ") for line in lines)
    return indented or spaced * 2 > len(lines)


def _dedent(lines: list[str]) -> list[str]:
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    return [line[margin:] for line in lines]


def unwrap(lines: list[str], width: int = 0) -> str:
    """Lines joined where they were wrapped, and kept where they were ended on purpose.

    ``width`` is that of the text around; 0: take it from the lines.
    """
    usual = width or max(len(line) for line in lines)
    if not width and usual < 40 and len(lines) > 1:
        return "\n".join(line.strip() for line in lines)  # an address, a signature, a poem
    text = lines[0].strip()
    for before, line in pairwise(lines):
        ended = len(before) < SHORT_LINE * usual or STARTS_LINE.match(line)
        text += ("\n" if ended else " ") + line.strip()
    return text
