"""Values that sentences can be compared by: what they are of, what bounds them, what they count.

`facts` reads numbers, amounts and dates; here they get what a comparison needs beyond that: ranges
("20 to 30 days"), limits ("at least 12"), what each is for ("EUR 140 a night"), and what is counted
("20 guests"). Two values that may both be true at once never differ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from app.ask.checking.claims import read
from app.ask.checking.facts import Fact, FactKind
from app.ask.checking.numerals import UNITS
from app.domain import Span
from app.knowledge.terms import STOP_WORDS, stems, words


class ValueKind(StrEnum):
    """What a value is, in the words that people are shown."""

    DATE = "date"
    CLOCK = "time of day"
    MONEY = "amount of money"
    PERIOD = "period of time"
    PERCENT = "percentage"
    VERSION = "version"
    MEASURE = "measure"
    COUNT = "number"


@dataclass(frozen=True, slots=True)
class Value:
    """A value where it stands in a text.

    ``low`` to ``high``, equal unless a range is given, in the base of ``unit``: days for periods,
    minutes after midnight for times of day. Dates have ``day``, ``months`` (first and last) and
    ``year`` as far as they are written. ``limit``: "least" or "most", when the value is a limit.
    ``vague``: "about 50", "over 50". ``extra``: on top of something ("each further 100"). ``per``:
    stem of what it is for each of. ``noun``: stems of what is counted.
    """

    kind: ValueKind
    text: str
    span: Span
    unit: str = ""
    low: float = 0.0
    high: float = 0.0
    day: int | None = None
    months: tuple[int, int] | None = None
    year: int | None = None
    version: str = ""
    limit: str = ""
    vague: bool = False
    extra: bool = False
    per: str = ""
    noun: frozenset[str] = frozenset()


_DAY = 86_400.0
_MONTH = 365.25 / 12
_CALENDAR = 0.03
"""Periods in months and in days are equal within 3 %: 90 days are three months."""
_ONE_ORDER = 10.0
"""Statements of one quantity that contradict each other are of one order of magnitude; what is
further apart is of different things."""
_YEARS_APART = 10
_ROUNDED = 0.05
"""A rough number stands for others within 5 %, as rounding to two digits gives."""

_QUARTER = re.compile(
    r"\bQ(?P<a>[1-4])(?:[\s-]+(?:of\s+)?(?P<ay>20\d\d|19\d\d))?\b|"
    r"\b(?P<by>20\d\d|19\d\d)[\s-]Q(?P<b>[1-4])\b|"
    r"\b(?P<c>first|second|third|fourth|last)\s+quarter(?:\s+of)?\s+(?P<cy>20\d\d|19\d\d)\b",
    re.IGNORECASE,
)
_NTH = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4}
_REFERENCE = re.compile(
    r"(?:\b(?:section|sections|chapter|article|step|steps|table|figure|fig|page|pages|appendix|annex|"
    r"clause|paragraph|part|phase|rule|item|note|no|number|nr|room|level|class|type|grade|port|"
    r"ticket|line|option|error|code|ext|extension|chapters|volume|issue|case)\.?\s*|[#§№])$",
    re.IGNORECASE,
)
"""Before a number that names something instead of counting it."""
_NUMBERING = re.compile(r"^\s*\(?\d+(?:\.\d+)*[.)]?\s+(?=[A-Z“\"*])")
_VERSION_BEFORE = re.compile(r"\b(?:version|release|firmware|v|rev|revision)\.?\s*$", re.IGNORECASE)
_LEAST = re.compile(
    r"(?:\bat least|\bminimum\b[^.;|:]{0,25}|\bno (?:less|fewer|earlier|sooner) than|"
    r"\bnot (?:less|fewer|earlier|before) than|\bnot before)\s*:?\s*$|"
    r"\bminim(?:um|al)\b[^|]{0,20}:\s*$",
    re.IGNORECASE,
)
_MOST = re.compile(
    r"(?:\bat most|\bmaximum\b[^.;|:]{0,25}|\bup to(?: a total of)?|"
    r"\bno (?:more|later|longer) than|"
    r"\bnot (?:more|later|longer) than|\bnot exceed(?:ing)?|\blimited to|\bcapped at)\s*:?\s*$|"
    r"\bmax(?:im(?:um|al))?\b[^|]{0,20}:\s*$",
    re.IGNORECASE,
)
_LEAST_AFTER = re.compile(
    r"^\s*(?:or (?:more|longer|above|later|older)|at least|minimum)\b", re.IGNORECASE
)
_MOST_AFTER = re.compile(
    r"^\s*(?:or (?:less|fewer|below|earlier)|at most|maximum)\b", re.IGNORECASE
)
_VAGUE = re.compile(
    r"(?:\b(?:about|around|approximately|approx\.?|roughly|nearly|almost|some|circa|c\.|over|above|"
    r"more than|less than|fewer than|under|below|exceed(?:s|ing)?|only|as many as|as much as|"
    r"estimated(?: at)?|just)|[~≈><])\s*(?:US)?[$€£¥]?\s*$",
    re.IGNORECASE,
)
_EXTRA = re.compile(r"\b(?:additional|extra|further|another|more)\s*$", re.IGNORECASE)
_PER = re.compile(
    r"^\s*(?:/\s*|(?:per|an?|each|every|for each|for every)\s+(?:full\s+|worked\s+|working\s+)?)"
    r"(?P<what>[a-z]+)",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s*(?:–|—|-|--|to|and|or|through)\s*(?:[$€£¥]|EUR|USD|GBP)?\s*", re.I)
_NOUN = re.compile(r"[ \-]?(?:(?:of|the|different|more|other|new|full)\s+)*([A-Za-z][\w-]*)")


@lru_cache(maxsize=4096)
def values(text: str) -> tuple[Value, ...]:
    """Every value of ``text``, in order. Section numbers and references are none."""
    start = _NUMBERING.match(text)
    quarters = [_quarter(match) for match in _QUARTER.finditer(text)]
    taken = [value.span for value in quarters]
    found: list[Value] = []
    for fact in read(text).facts:
        if start and fact.end <= start.end():
            continue
        if any(a < fact.end and fact.start < b for a, b in taken):
            continue
        value = _value(text, fact)
        if value is not None:
            found.append(value)
    found = sorted([*found, *quarters], key=lambda value: value.span)
    return tuple(_described(text, value) for value in _ranged(text, found))


def same(a: Value, b: Value) -> bool:
    """Whether both may be true of the same thing, as far as their amounts go."""
    if a.kind is ValueKind.DATE:
        return _dates_agree(a, b)
    if a.kind is ValueKind.VERSION:
        short, long = sorted((f"{a.version}.", f"{b.version}."), key=len)
        return long.startswith(short)
    room = 1e-9 * max(abs(a.high), abs(b.high), 1.0)
    (low_a, high_a), (low_b, high_b) = one, other = _range(a), _range(b)
    if a.kind is ValueKind.PERIOD and {a.unit, b.unit} == {"days", "months"}:
        room = _CALENDAR * max(high_a, high_b)
    if a.vague or b.vague or _rounds_to(one, low_b) or _rounds_to(other, low_a):
        room = max(room, _ROUNDED * max(abs(high_a), abs(high_b)))
    return low_a <= high_b + room and low_b <= high_a + room


def comparable(a: Value, b: Value) -> bool:
    """Whether the two could be said of the same thing: one kind, one unit, one sort of limit."""
    if a.kind is not b.kind or (a.limit and b.limit and a.limit != b.limit):
        return False
    if a.extra != b.extra:
        return False
    if a.per != b.per and a.per and b.per:
        return False
    if a.kind is ValueKind.DATE:
        return _dates_comparable(a, b)
    if a.kind is ValueKind.PERIOD:
        return ("working" in a.unit) == ("working" in b.unit)
    if a.kind is ValueKind.COUNT:
        return bool(a.noun & b.noun)
    return a.unit == b.unit


def differ(a: Value, b: Value) -> bool:
    """Whether they could be said of one thing and cannot both be true."""
    return comparable(a, b) and not same(a, b) and _one_order(a, b)


def _one_order(a: Value, b: Value) -> bool:
    if a.kind is ValueKind.DATE:
        return abs((a.year or 0) - (b.year or 0)) <= _YEARS_APART
    small, large = sorted((abs(_range(a)[1]), abs(_range(b)[1])))
    return small == 0 or large <= _ONE_ORDER * small


def _value(text: str, fact: Fact) -> Value | None:
    span = (fact.start, fact.end)
    before = text[max(0, fact.start - 24) : fact.start]
    if fact.kind is FactKind.DATE and fact.unit != "decade":
        months = (fact.month, fact.month) if fact.month else None
        return Value(ValueKind.DATE, fact.text, span, day=fact.day, months=months, year=fact.year)
    if fact.kind is FactKind.CODE or (
        fact.kind is FactKind.NUMBER and _VERSION_BEFORE.search(before)
    ):
        return _version(text, fact, before)
    if fact.loose or fact.kind not in _KINDS:
        return None
    if fact.kind is FactKind.NUMBER and (
        _REFERENCE.search(before) or _is_name_part(text, fact) or not _counts(text, fact)
    ):
        return None
    kind, unit, amount = _KINDS[fact.kind], fact.unit, fact.amount
    if unit.removeprefix("working ") in ("time", "months"):
        kind = ValueKind.PERIOD
        working = "working " if unit.startswith("working") else ""
        days = unit.endswith("time")
        unit, amount = f"{working}{'days' if days else 'months'}", amount / _DAY if days else amount
    return Value(kind, fact.text, span, unit, amount, amount, vague=fact.about)


_KINDS = {
    FactKind.NUMBER: ValueKind.COUNT,
    FactKind.MONEY: ValueKind.MONEY,
    FactKind.PERCENT: ValueKind.PERCENT,
    FactKind.MEASURE: ValueKind.MEASURE,
    FactKind.CLOCK: ValueKind.CLOCK,
}


def _version(text: str, fact: Fact, before: str) -> Value | None:
    """A version, as in "version 4.2" and "v4.2.1"; other codes are names."""
    plain = fact.text.lower().removeprefix("v")
    named = _VERSION_BEFORE.search(before) or fact.text.lower().startswith("v")
    whole = re.match(r"\d+(?:\.\d+)*(?![\w])", text[fact.end - len(plain) :])
    if not named or not whole:
        return None
    return Value(ValueKind.VERSION, whole.group(), (fact.start, fact.end), version=whole.group())


def _is_name_part(text: str, fact: Fact) -> bool:
    """Whether a number is glued to letters or ends a name: "LX-3", "Super Bowl 50"."""
    before, after = text[: fact.start], text[fact.end :]
    glued = re.search(r"[A-Za-z][-_/]?$", before) or re.match(r"[-_/]?[A-Za-z]\w*\d", after)
    ends_name = re.search(r"[A-Z][A-Za-z]+\s$", before)
    starts_sentence = re.search(r"(?:^|[.!?:|]\s*|\n)\w+\s$", before)
    return bool(glued or (ends_name and not starts_sentence))


def _counts(text: str, fact: Fact) -> bool:
    """Whether something follows that is counted, or the number closes a statement."""
    return not re.match(r"[\])]", text[fact.end :]) or not re.search(r"[\[(]$", text[: fact.start])


def _quarter(match: re.Match[str]) -> Value:
    number = int(match["a"] or match["b"] or _NTH[(match["c"] or "first").lower()])
    year = match["ay"] or match["by"] or match["cy"]
    return Value(
        ValueKind.DATE,
        match.group(),
        match.span(),
        months=(3 * number - 2, 3 * number),
        year=int(year) if year else None,
    )


def _ranged(text: str, found: Sequence[Value]) -> list[Value]:
    """Two ends of a range as one value: "20 to 30 days"."""
    joined: list[Value] = []
    for value in found:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.kind is value.kind
            and last.unit == value.unit
            and value.kind not in (ValueKind.DATE, ValueKind.VERSION)
            and last.high < value.high
            and _BETWEEN.fullmatch(text[last.span[1] : value.span[0]])
        ):
            span = (last.span[0], value.span[1])
            joined[-1] = replace(last, text=text[span[0] : span[1]], span=span, high=value.high)
        else:
            joined.append(value)
    return joined


def _described(text: str, value: Value) -> Value:
    start, end = value.span
    before, after = text[max(0, start - 48) : start], text[end : end + 40]
    limit = ""
    if _LEAST.search(before) or _LEAST_AFTER.match(after):
        limit = "least"
    elif _MOST.search(before) or _MOST_AFTER.match(after):
        limit = "most"
    per = _PER.match(after)
    what = stems(per["what"])[0] if per and per["what"].lower() not in STOP_WORDS else ""
    if what and value.kind in (ValueKind.DATE, ValueKind.CLOCK):
        what = ""
    noun: frozenset[str] = frozenset()
    if value.kind is ValueKind.COUNT:
        noun = _noun(text, value)
    return replace(
        value,
        limit=limit,
        per=what,
        noun=noun,
        vague=value.vague or bool(_VAGUE.search(before)),
        extra=bool(_EXTRA.search(before)),
    )


def _noun(text: str, value: Value) -> frozenset[str]:
    """Stems of up to three words that follow, or of the column that a table's number stands in."""
    after = re.split(
        r"[.,;:|()!?]|\b(?:and|or|in|on|at|by|for|to|from|with|per|of)\b",
        text[value.span[1] : value.span[1] + 60],
    )[0]
    found = [word for word in words(after)[:3] if word.lower() not in STOP_WORDS]
    if not found:
        column = re.search(r"(?:^|\|)\s*([^|:\n]{1,80}):\s*$", text[: value.span[0]])
        found = words(column[1]) if column else []
    return frozenset(stem for word in found for stem in stems(word) if word.lower() not in UNITS)


def _range(value: Value) -> tuple[float, float]:
    """``low`` and ``high``; of periods in days."""
    if value.kind is ValueKind.PERIOD and value.unit.endswith("months"):
        return value.low * _MONTH, value.high * _MONTH
    return value.low, value.high


def _rounds_to(rough: tuple[float, float], exact: float) -> bool:
    """Whether one number has far fewer digits, as 3.5 million has, said of 3,482,970."""
    low, high = rough
    return low == high and low >= 1000 and _digits(exact) - _digits(low) >= 2


def _digits(number: float) -> int:
    """Significant digits, trailing zeros left out."""
    return len(f"{number:.10g}".replace(".", "").split("e")[0].strip("0"))


def _dates_comparable(a: Value, b: Value) -> bool:
    """With a year on both sides, or a month on both and a year on neither."""
    if (a.year is None) != (b.year is None):
        return False
    return a.year is not None or bool(a.months and b.months)


def _dates_agree(a: Value, b: Value) -> bool:
    if a.year is not None and b.year is not None and a.year != b.year:
        return False
    if a.months and b.months and (a.months[0] > b.months[1] or b.months[0] > a.months[1]):
        return False
    return a.day is None or b.day is None or a.months != b.months or a.day == b.day
