"""What a document's first lines say of how long it holds: "Superseded by …", "Next review: …".

Front matter and file properties say it more surely; this is for documents that only write it.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from app.domain import BlockKind, ParsedDocument

_FIRST_BLOCKS = 16
_FIRST_CHARACTERS = 2_000
"""Notices of this sort stand on the first screen; further down a text speaks of other things."""
_DATA = frozenset({"csv", "xlsx", "eml"})
"""Kinds whose first lines are records or somebody's message, and say nothing of the file."""
_LONGEST_NAME = 120

_KINDS = (
    r"(?:document|page|policy|guide|guideline|handbook|manual|standard|procedure|process|version|"
    r"edition|article|notice|instruction|runbook|playbook|plan|form|template|specification|rules?|"
    r"agreement|file|note|memo|wiki)"
)
_THIS = rf"(?:this|the present)\s+(?:[\w-]+\s+){{0,3}}?{_KINDS}"
_NAME = rf"(?:the\s+)?(?P<name>[^\n|]{{2,{_LONGEST_NAME}}}?)"
_END = (
    r"(?=\s*(?:$|[;|\n]|\.(?:\s|$)|,|\s(?:as of|since|from|on|effective|in force|with effect)\s"
    r"[^.;|]*\d|\s[–—-]\s))"
)
_REPLACED = r"(?:superseded|replaced|obsoleted)"
_SUPERSEDED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^(?:status\s*[:|]\s*)?(?:superseded|replaced)[\s-]by\s*[:|]?\s*{_NAME}{_END}",
        rf"\b{_THIS}\s+(?:is|was|has been|have been|will be)\s+(?:now\s+|since\s+)?{_REPLACED}\s+"
        rf"(?:on\s+[^.;|]{{4,20}}\s+)?by\s+{_NAME}{_END}",
        rf"^(?:\W*)(?:status\s*[:|]\s*)?(?:deprecated|obsolete|outdated|archived|retired|superseded)\b"
        rf"[^.|\n]{{0,40}}?[.:;,–—-]?\s+(?:please\s+)?(?:see|use|read|in favou?r of|refer to)\s+"
        rf"{_NAME}(?:\s+instead)?{_END}",
    )
)

_SENTENCE_END = re.compile(r"(?<=[.;])\s+(?=[A-Z])")
_MONTHS = "january february march april may june july august september october november december"
_NUMBER_OF = {name[:3]: number for number, name in enumerate(_MONTHS.split(), 1)}
_MONTH = rf"(?:{'|'.join(f'{n[:3]}(?:{n[3:]})?' if n[3:] else n for n in _MONTHS.split())})\.?"
_DATE = (
    rf"(?:the\s+)?(?:end of\s+)?(?P<date>\d{{4}}-\d{{2}}-\d{{2}}|\d{{4}}-\d{{2}}(?!\d)|"
    rf"\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH},?\s+\d{{4}}|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+"
    rf"\d{{4}}|{_MONTH},?\s+\d{{4}}|Q[1-4]\s+\d{{4}}|\d{{1,2}}[./]\d{{1,2}}[./]\d{{4}})(?!\d)"
)
_REVIEW = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^\W*(?:(?:next|planned|scheduled)\s+review|review\s+(?:date|due|by|before|until)|"
        rf"to be reviewed|due for review|review due date|valid (?:until|through|till|to)|"
        rf"expires?|expiry(?: date)?|expiration(?: date)?)"
        rf"(?:\s+(?:date|due|is|by|before|on|in|at))*\s*(?:[:|=]\s*(?:\w+\s*:\s*)?)?{_DATE}",
        rf"\b{_THIS}\s+(?:is|must be|will be|has to be|should be)\s+(?:due\s+for\s+review|reviewed|"
        rf"valid)\s+(?:by|before|on|in|until|through|till|no later than)\s+{_DATE}",
        rf"\b{_THIS}\s+expires\s+(?:on|in|at)?\s*{_DATE}",
    )
)


def with_validity(document: ParsedDocument) -> ParsedDocument:
    """``document`` with what its first lines say, where nothing surer was found."""
    if document.kind in _DATA or (document.review_by and document.superseded_by):
        return document
    lines = list(_first_lines(document))
    return replace(
        document,
        review_by=document.review_by or _review_by(lines),
        superseded_by=document.superseded_by or _superseded_by(lines),
    )


def _first_lines(document: ParsedDocument) -> Iterator[str]:
    """Lines of the first blocks; a table's row whole and cell by cell."""
    for block in document.blocks[:_FIRST_BLOCKS]:
        if block.start >= _FIRST_CHARACTERS:
            return
        if block.kind is BlockKind.CODE:
            continue
        text = document.text[block.start : min(block.end, _FIRST_CHARACTERS)]
        for line in text.split("\n"):
            yield line.strip()
            yield from (part.strip() for part in _SENTENCE_END.split(line)[1:])
            if " | " in line:
                yield from (cell.strip() for cell in line.split(" | "))
                # "Field: Next review | Value: March 2025"
                yield " | ".join(cell.partition(": ")[2] or cell for cell in line.split(" | "))


def _superseded_by(lines: list[str]) -> str | None:
    for line in lines:
        for pattern in _SUPERSEDED:
            if match := pattern.search(line):
                name = match["name"].strip(" \"'“”*_`<>[]")
                if any(character.isalnum() for character in name):
                    return name
    return None


def _review_by(lines: list[str]) -> date | None:
    for line in lines:
        for pattern in _REVIEW:
            if (match := pattern.search(line)) and (day := _last_day(match["date"])):
                return day
    return None


def _last_day(text: str) -> date | None:
    """The last day that a written date may mean: of a month its last, of "3/4" the later one."""
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    try:
        if re.match(r"\d{4}-", text):
            return _end_of(*numbers) if len(numbers) == 2 else date(*numbers)
        if text[0] in "Qq":
            return _end_of(numbers[1], 3 * numbers[0])
        if re.match(r"\d{1,2}[./]", text):
            one, other, year = numbers
            dotted = "." in text
            return date(year, other, one) if dotted else _either(one, other, year)
        words = re.findall(r"[a-z]{3,}", re.sub(r"(?<=\d)(?:st|nd|rd|th)", "", text.lower()))
        month = next(_NUMBER_OF[word[:3]] for word in words if word[:3] in _NUMBER_OF)
        return (
            _end_of(numbers[0], month) if len(numbers) == 1 else date(numbers[1], month, numbers[0])
        )
    except (ValueError, StopIteration):
        return None


def _either(one: int, other: int, year: int) -> date:
    """Day and month in either order; where both are possible the later day."""
    days = [
        date(year, month, day) for day, month in ((one, other), (other, one)) if 1 <= month <= 12
    ]
    return max(days)


def _end_of(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])
