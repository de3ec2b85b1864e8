"""Later documents that name an earlier statement and say what became of it.

"The offsite had decided September 5. The start was moved to January 9." Such a passage repeats the
old value beside a word of change; that settles which of the two holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from app.ask.checking.polarity import is_negation
from app.ask.sentences import Candidate
from app.ask.state.conflicts import Clash, Evidence
from app.ask.state.statements import Statement
from app.ask.state.values import Value, ValueKind, differ, same
from app.domain import Document

_CHANGE = re.compile(
    r"\b(?:did(?: not|n['’]t)|no longer|instead of|rather than|moved|postponed|delayed|put off|"
    r"brought forward|cancel+ed|withdrawn|dropped|extended|shortened|replace[sd]?|reversed|"
    r"overturned|overruled|changed|raised|lowered|reduced|increased|(?:was|were|had been) to|"
    r"had (?:decided|planned|announced|said|agreed|been)|originally|previously|formerly|"
    r"used to be|supersede[sd]?|corrected|not before)\b",
    re.IGNORECASE,
)
"""Words with which a text says that something is not as it was."""
_FORMERLY = re.compile(
    r"\b(?:had (?:decided|planned|announced|said|agreed|been)|(?:was|were) to|originally|"
    r"previously|formerly|at first|used to be|instead of|rather than|no longer|from)\b",
    re.IGNORECASE,
)
"""Words that put a value into the past."""
_AROUND = 2
"""Sentences before and after the old value in which the change is told."""
_TOPIC_NEAR = 0.4
"""Cosine from which the two sentences may be of one matter; set by hand, below the lowest that the
sample's overtaken decisions have (0.45)."""
_SHARE_OF_QUESTION = 0.5
"""Share of what one meets of the question that the later passage has to meet too."""
_STRENGTH = 0.9


def overtakings(evidence: Evidence) -> list[Clash]:
    """Answers that a later document repeats and calls changed, with what it says instead.

    The earlier sentence is ``a``, the later one ``b``.
    """
    found = []
    for candidate in evidence.answers:
        a = Statement(candidate)
        for value in a.values:
            if not (value.kind is ValueKind.DATE and _is_telling(value)):
                continue  # plans move; other values recur for many reasons
            for b, said in _changes(a, value, evidence.candidates, evidence.weights):
                if evidence.nearness(candidate, b) >= _TOPIC_NEAR:
                    about = value.kind.value
                    found.append(Clash(about, candidate, b, value.text, said, _STRENGTH))
    return found


def is_overtaken(
    value_text: str, older: Candidate, newer: Document, candidates: Sequence[Candidate]
) -> bool:
    """Whether ``newer`` repeats what ``older`` says, with a word of change beside it."""
    value = next((v for v in Statement(older).values if v.text == value_text), None)
    if value is None or not _is_telling(value) or not _is_later(newer, older.hit.document):
        return False
    return any(
        _repeats(Statement(c), value) and _CHANGE.search(_vicinity(c))
        for c in candidates
        if c.hit.document.id == newer.id
    )


def _changes(
    a: Statement, value: Value, candidates: Sequence[Candidate], weights: Mapping[str, float]
) -> Iterator[tuple[Candidate, str]]:
    """Later sentences beside a repetition of ``value`` that say something else or deny it."""
    met = {stem: weight for stem, weight in weights.items() if stem in a.topic}
    by_place = {(c.hit.passage.id, c.index): c for c in candidates}
    for candidate in candidates:
        hit = candidate.hit
        if not _is_later(hit.document, a.candidate.hit.document):
            continue
        told = Statement(candidate)
        past = not told.is_row and _FORMERLY.search(told.text)
        if not past or not _repeats(told, value) or not _CHANGE.search(_vicinity(candidate)):
            continue
        places = [
            by_place.get((hit.passage.id, candidate.index + step)) for step in (0, 1, 2, -1, -2)
        ]
        near = [Statement(one) for one in places if one is not None]
        topic = frozenset[str]().union(*(one.topic for one in near))
        shared = sum(weight for stem, weight in met.items() if stem in topic)
        if not met or shared < _SHARE_OF_QUESTION * sum(met.values()):
            continue
        for one in near:
            if one.place != told.place and _FORMERLY.search(one.text):
                continue
            if said := _says_otherwise(one, value):
                yield one.candidate, said
                break


def _says_otherwise(statement: Statement, value: Value) -> str:
    """Another value of its kind beside a word of change, or the denial; "" when neither."""
    if not _CHANGE.search(statement.text):
        return ""
    other = next((v for v in statement.values if differ(value, v)), None)
    if other is not None:
        return other.text
    tokens = range(len(statement.claim.tokens))
    denied = any(is_negation(statement.claim, index) for index in tokens)
    return statement.text if denied else ""


def _repeats(statement: Statement, value: Value) -> bool:
    return any(
        other.kind is value.kind
        and other.unit == value.unit
        and (other.kind is not ValueKind.DATE or other.months is not None)
        and same(value, other)
        for other in statement.values
    )


def _is_telling(value: Value) -> bool:
    """Whether a value is told again on purpose: a day, a month of a year, an amount; no count."""
    if value.kind is ValueKind.DATE:
        return value.months is not None and (value.day is not None or value.year is not None)
    return value.kind in (ValueKind.MONEY, ValueKind.PERIOD, ValueKind.PERCENT, ValueKind.VERSION)


def _is_later(one: Document, other: Document) -> bool:
    """By days: files of one copy differ by seconds."""
    if one.id == other.id or one.modified_at is None or other.modified_at is None:
        return False
    return one.modified_at.date() > other.modified_at.date()


def _vicinity(candidate: Candidate) -> str:
    """The sentence with its neighbors, and the nearest heading."""
    passage = candidate.hit.passage
    first = max(0, candidate.index - _AROUND)
    last = min(len(passage.sentences) - 1, candidate.index + _AROUND)
    start, end = passage.sentences[first][0], passage.sentences[last][1]
    heading = passage.heading[-1] if passage.heading else ""
    return f"{heading}. {passage.text[start - passage.start : end - passage.start]}"
