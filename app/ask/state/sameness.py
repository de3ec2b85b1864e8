"""Whether two values are said of the same thing: only then can they contradict each other.

Two numbers in two documents differ nearly always because they are of different things. What has to
agree: the words around the values, the row and the column of a table, the conditions under which
they hold, and what the documents are about.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from app.ask.checking.claims import read
from app.ask.checking.facts import FactKind
from app.ask.state.statements import Statement
from app.ask.state.values import Value, ValueKind, differ
from app.domain import Document
from app.knowledge.terms import content_stems, stems

_AROUND = 0.5
"""A word that the other has only in its title or heading counts half, as in ranking sentences."""
_NAME_APART = 0.05
"""Taken when one names somebody or something that the other does not: it may just say more."""
_SAME_LIMIT = 0.1
"""Added when both are lower limits, or both upper ones …"""
_SAME_LIMIT_OF_ONE_NOUN = 0.35
"""… and the more when they count the same."""
_OTHER_SORT = 0.2
"""Taken when one speaks of a sort that the other does not: "master password", "password"."""
_WITHIN_ONE_DOCUMENT = 0.7
"""A document repeats its words all the time: there both sides must match by this share."""
_SHORT_STEM = 4
"""Stems shorter than this have no relatives; one longer than this may be the start of another."""
_NEARLY_WHOLE = 0.75
"""Share of the longer word's letters that near relatives have in common from the start."""
_MOST_OF_KEY = 0.5
_SAME_TEMPLATE = 0.4
"""Share of title words from which two titles are of one series."""

_HYPHENED = re.compile(r"[\w.,]+-[a-z]+", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_GENERIC = frozenset(
    stems(
        "date time when year quarter month day deadline due value limit amount number sum total "
        "rule length duration period price cost fee rate minimum maximum min max quantity count "
        "result answer much"
    )
)
"""Names of columns that only say that a value follows."""


def sameness(a: Statement, b: Statement, v: Value, w: Value, asked: Collection[str]) -> float:
    """How far ``v`` in ``a`` and ``w`` in ``b`` are of the same thing: 0 not at all, about 1 fully.

    ``asked``: stems of the question.
    """
    if _apart(a, b) or _other_condition(a, b, v, w, asked) or not _same_cell(a, b, v, w, asked):
        return 0.0
    near_a, near_b = a.near(v), b.near(w)
    if not near_a or not near_b:
        return 0.0
    share_a, share_b = _share(near_a, b), _share(near_b, a)
    if a.document_id == b.document_id and min(share_a, share_b) < _WITHIN_ONE_DOCUMENT:
        return 0.0
    score = (share_a + share_b) / 2
    alien_a = a.names - b.topic - frozenset(asked)
    alien_b = b.names - a.topic - frozenset(asked)
    if alien_a and alien_b:
        return 0.0  # "in Lisbon", "in Toulouse"
    if alien_a or alien_b:
        score -= _NAME_APART
    if _other_sort(a, b, near_a, asked) or _other_sort(b, a, near_b, asked):
        score -= _OTHER_SORT
    if v.limit and v.limit == w.limit:
        score += _SAME_LIMIT_OF_ONE_NOUN if v.noun & w.noun else _SAME_LIMIT
    return score


def alike(stem: str, others: Collection[str]) -> bool:
    """Whether a word or a near relative is among others: "employment" for "employee"."""
    if stem in others:
        return True
    return any(_related(stem, other) for other in others if other[:3] == stem[:3])


def _related(a: str, b: str) -> bool:
    short, long = sorted((a, b), key=len)
    if len(short) < _SHORT_STEM:
        return False
    same = _same_start(a, b)
    return same >= _NEARLY_WHOLE * len(long) or same == len(short) > _SHORT_STEM


def _same_start(a: str, b: str) -> int:
    """How many letters two words share from the first on."""
    return next(
        (i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )


def one_series(a: Document, b: Document) -> bool:
    """Whether two titles differ only in a word: "Wi-Fi in the Porto office" and "… Rotterdam …".

    Such documents say the same of different things. Years and versions are another matter.
    """
    ta, tb = content_stems(a.title), content_stems(b.title)
    if len(ta & tb) < _SAME_TEMPLATE * len(ta | tb) or not (ta - tb and tb - ta):
        return False
    return not any(character.isdigit() for stem in ta ^ tb for character in stem)


def _share(near: Collection[str], other: Statement) -> float:
    """Share of the words around a value that the other sentence has too."""
    met = (
        1.0 if alike(stem, other.own) else _AROUND if alike(stem, other.around) else 0.0
        for stem in near
    )
    return sum(met) / len(near)


def _other_sort(
    one: Statement, other: Statement, near: Collection[str], asked: Collection[str]
) -> bool:
    """Whether a word that both use near their values stands behind another one here."""
    if one.is_row:
        return False
    tokens = one.claim.tokens
    for before, token, after in zip(tokens, tokens[1:], [*tokens[2:], None], strict=False):
        shared = token.key in near and token.key in other.own
        touching = one.text[before.span[1] : token.span[0]] == " "
        head = after is None or not after.content or one.text[token.span[1]] != " "
        if not (shared and touching and head and before.content) or before.fact is not None:
            continue
        if not any(alike(stem, other.topic) or stem in asked for stem in stems(before.text)):
            return True
    return False


def _apart(a: Statement, b: Statement) -> bool:
    """Places that cannot contradict: one passage, rows of one table, documents of one series."""
    if a.document_id == b.document_id:
        one_passage = a.candidate.hit.passage.id == b.candidate.hit.passage.id
        return one_passage or (a.is_row and b.is_row)
    return one_series(a.candidate.hit.document, b.candidate.hit.document)


def _same_cell(a: Statement, b: Statement, v: Value, w: Value, asked: Collection[str]) -> bool:
    """Tables: the row's key and the column's name have to be what the other is about."""
    for one, value, other in ((a, v, w), (b, w, v)):
        years = _YEAR.findall(one.column(value))
        if years and other.year is not None and str(other.year) not in years:
            return False  # "Date in 2026" of what comes every year
    if a.is_row and b.is_row:
        columns = bool(set(stems(a.column(v))) & set(stems(b.column(w))))
        key_a, key_b = a.key(v), b.key(w)
        return columns and len(key_a & key_b) > _MOST_OF_KEY * max(len(key_a), len(key_b))
    for row, value, prose in ((a, v, b), (b, w, a)):
        if not row.is_row:
            continue
        known = prose.topic | frozenset(asked)
        column = content_stems(row.column(value)) - _GENERIC
        if column and not any(alike(stem, known) for stem in column):
            return False
        key = row.key(value)
        most = sum(alike(stem, known) for stem in key) > _MOST_OF_KEY * len(key)
        named = bool(row.head) and all(alike(stem, known) for stem in row.head)
        if not (most or (column and named)):
            return False
    return True


def _other_condition(
    a: Statement, b: Statement, v: Value, w: Value, asked: Collection[str]
) -> bool:
    """Whether the two hold under different conditions: years, ranks, codes, other values."""
    noun = _leads_noun(a, v)
    if noun != _leads_noun(b, w) or (noun and noun not in asked):
        return True  # "a 10-minute interval" is an answer only where the interval is asked for
    if v.kind is not ValueKind.DATE:
        years_a, years_b = _years(a), _years(b)
        if years_a and years_b and not years_a & years_b:
            return True
    ranks_a, ranks_b = _ranks(a), _ranks(b)
    for one, other, there in ((ranks_a, ranks_b, b), (ranks_b, ranks_a, a)):
        if any(other.get(noun) != rank and noun in there.own for noun, rank in one.items()):
            return True  # "the first quarter" and "the second quarter"
    codes_a, codes_b = _codes(a) - _known_codes(b), _codes(b) - _known_codes(a)
    if any(x.rstrip("0123456789") == y.rstrip("0123456789") for x in codes_a for y in codes_b):
        return True  # "P1" and "P2"
    return any(
        x is not v and y is not w and differ(x, y) and _of_one_noun(a, b, x, y, v)
        for x in a.values
        for y in b.values
    )


def _of_one_noun(a: Statement, b: Statement, x: Value, y: Value, v: Value) -> bool:
    """Values that describe one noun beside what is compared: "at a 10-minute interval"."""
    noun = a.following(x)
    return bool(noun) and noun == b.following(y) and noun != a.following(v)


def _leads_noun(statement: Statement, value: Value) -> str:
    """The noun that a value only describes: "interval" in "a 10-minute interval"."""
    described = value.kind is ValueKind.PERIOD and _HYPHENED.fullmatch(value.text)
    return statement.following(value) if described else ""


def _years(statement: Statement) -> set[int]:
    return {x.year for x in statement.values if x.year is not None}


def _ranks(statement: Statement) -> dict[str, float]:
    """The word after each ordinal → its number."""
    found = {}
    for fact in statement.claim.facts:
        if fact.kind is FactKind.ORDINAL:
            noun = stems(statement.text[fact.end : fact.end + 30].strip(" -"))
            if noun:
                found[noun[0]] = fact.amount
    return found


def _codes(statement: Statement) -> set[str]:
    """Codes in the sentence that are no value, like "LX-3"."""
    spans = [value.span for value in statement.values]
    return {
        fact.code
        for fact in statement.claim.facts
        if fact.kind is FactKind.CODE and not any(s <= fact.start < e for s, e in spans)
    }


def _known_codes(statement: Statement) -> set[str]:
    hit = statement.candidate.hit
    text = " ".join((statement.text, hit.document.title, *hit.passage.heading))
    return {fact.code for fact in read(text).facts if fact.kind is FactKind.CODE}
