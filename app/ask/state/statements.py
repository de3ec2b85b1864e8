"""A candidate sentence as something that another sentence can contradict."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from app.ask.checking.claims import Claim, Token, read
from app.ask.checking.numerals import UNITS
from app.ask.conversation.phrases import word_set
from app.ask.sentences import Candidate
from app.ask.state.values import Value, ValueKind, values
from app.domain import Cell
from app.knowledge.terms import STOP_WORDS, content_stems, stems

_LEANS_BACK = re.compile(
    r"^(?:it|its|they|their|them|this|these|that|those|he|she|such|both|there|here|above)\b", re.I
)
_FEW = 3
"""A sentence with fewer words of its own is understood from the one before."""
_NEAR = 6
"""Words of meaning on each side of a value that say what it is of."""
_KEY_CELLS = 2
"""A table row is about what two of its cells with words in them say."""
_ASIDE = re.compile(r"(?:remark|note|comment|owner|who|source)s?\b", re.IGNORECASE)
"""Columns that only add something."""
_EMPTY = word_set(
    "everything anything something one item value note see least most minimum maximum"
)
"""Words that say nothing about what a sentence is of; limits are compared on their own."""
_NO_TOPIC = STOP_WORDS | _EMPTY | UNITS.keys()
_NUMBERING = re.compile(r"^[\d.)(\s*•–-]+")
_COLUMN = re.compile(r"(?:^|\| )(\w+)[^|:\n]{0,80}:")
_PARTING = re.compile(r"[-/]")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True)
class Statement:
    """What a sentence says, and what it says it of."""

    candidate: Candidate

    @property
    def text(self) -> str:
        """The sentence as written."""
        return self.candidate.text

    @property
    def place(self) -> tuple[str, int]:
        """Which sentence of which passage."""
        return self.candidate.hit.passage.id, self.candidate.index

    @property
    def document_id(self) -> str:
        """The document it stands in."""
        return self.candidate.hit.document.id

    @cached_property
    def is_row(self) -> bool:
        """A table's row."""
        return " | " in self.text

    @cached_property
    def claim(self) -> Claim:
        """Its words and facts."""
        return read(self.text)

    @cached_property
    def values(self) -> tuple[Value, ...]:
        """Its values; of a table those in cells, with the year that the column's name gives."""
        found = values(self.text)
        return tuple(self._dated(v) for v in found if self._cell(v)) if self.is_row else found

    @cached_property
    def own(self) -> frozenset[str]:
        """Stems of its words, without values and units."""
        return _own(self.text)

    @cached_property
    def around(self) -> frozenset[str]:
        """Stems of title and headings, and of the sentence before when it leans on that one."""
        hit = self.candidate.hit
        parts = [hit.document.title, *hit.passage.heading]
        before = self.candidate.index - 1
        if before >= 0 and (len(self.own) < _FEW or _LEANS_BACK.match(self.text)):
            start, end = hit.passage.sentences[before]
            parts.append(hit.passage.text[start - hit.passage.start : end - hit.passage.start])
        return content_stems(" ".join(parts))

    @cached_property
    def topic(self) -> frozenset[str]:
        """Everything it may be about."""
        return self.own | self.around

    @cached_property
    def names(self) -> frozenset[str]:
        """Stems of names in it; a table's column names and a first word are none."""
        heads = {match.start(1) for match in _COLUMN.finditer(self.text)}
        first = _NUMBERING.match(self.text)
        skip = heads | ({first.end()} if first else set())
        tokens = [t for t in self.claim.tokens if t.name and t.fact is None]
        return frozenset(s for t in tokens if t.span[0] not in skip for s in stems(t.text))

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Columns and values of a table's row; nothing for prose."""
        return _cells(self.text) if self.is_row else ()

    @cached_property
    def head(self) -> frozenset[str]:
        """Stems of a row's first cell with words in it."""
        found = (_stems_of(self._words(cell.start, cell.end)) for cell in self.cells)
        return next((one for one in found if one), frozenset())

    def key(self, value: Value) -> frozenset[str]:
        """Stems of what a row says ``value`` of: two cells with words, those before it first."""
        at = value.span[0]
        cells = [c for c in self.cells if not c.start <= at < c.end and not _ASIDE.match(c.column)]
        cells.sort(key=lambda cell: cell.start > at)
        found = [_stems_of(self._words(cell.start, cell.end)) for cell in cells]
        return frozenset[str]().union(*[one for one in found if one][:_KEY_CELLS])

    def column(self, value: Value) -> str:
        """The name of the column that a value stands in; "" outside tables."""
        cell = self._cell(value)
        return cell.column if cell else ""

    def near(self, value: Value) -> frozenset[str]:
        """Stems of the words around a value; in a table those of its cell, column and row's key."""
        start, end = value.span
        cell = self._cell(value)
        if cell is not None:
            inside = _stems_of(self._words(cell.start, cell.end))
            return inside | self.key(value) | _stems_of(cell.column.split())
        tokens = self._tokens(0, len(self.text))
        before = [t.text for t in tokens if t.span[1] <= start][-_NEAR:]
        after = [t.text for t in tokens if t.span[0] >= end][:_NEAR]
        return _stems_of((*before, *after))

    def following(self, value: Value) -> str:
        """The stem of the word right after a value."""
        match = re.match(r"[\s-]*([A-Za-z]+)", self.text[value.span[1] :])
        return stems(match[1])[0] if match else ""

    def _cell(self, value: Value) -> Cell | None:
        return next((c for c in self.cells if c.start <= value.span[0] < c.end), None)

    def _dated(self, value: Value) -> Value:
        if value.kind is not ValueKind.DATE or value.year is not None:
            return value
        years = set(_YEAR.findall(self.column(value)))
        return replace(value, year=int(years.pop())) if len(years) == 1 else value

    def _tokens(self, start: int, end: int) -> list[Token]:
        tokens = _plain_tokens(self.claim)
        return [token for token in tokens if start <= token.span[0] and token.span[1] <= end]

    def _words(self, start: int, end: int) -> list[str]:
        return [token.text for token in self._tokens(start, end)]


@lru_cache(maxsize=4096)
def _own(text: str) -> frozenset[str]:
    """`Statement.own`, kept: the same passages come up for many questions."""
    return _stems_of(token.text for token in _plain_tokens(read(text)))


@lru_cache(maxsize=4096)
def _cells(row: str) -> tuple[Cell, ...]:
    """`Statement.cells`, kept likewise."""
    found, at = [], 0
    for part in row.split(" | "):
        column, colon, _ = part.partition(": ")
        start = at + (len(column) + 2 if colon else 0)
        found.append(Cell(column.strip() if colon else "", start, at + len(part)))
        at += len(part) + 3
    return tuple(found)


def _plain_tokens(claim: Claim) -> Iterator[Token]:
    """The words of meaning that are no values."""
    return (token for token in claim.tokens if token.content and token.fact is None)


def _stems_of(found: Iterable[str]) -> frozenset[str]:
    """Stems of words; a hyphen parts words, since others write them apart."""
    parts = (part for word in found for part in _PARTING.split(word))
    return frozenset(
        stem
        for part in parts
        if not part.isdigit() and part.lower() not in _NO_TOPIC
        for stem in stems(part)
        if len(stem) > 1
    )
