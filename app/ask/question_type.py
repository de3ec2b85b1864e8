"""What kind of thing a question asks for, and the spans of a text that are of that kind."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from app.domain import Span
from app.knowledge.terms import stem_set, stems


class Wanted(StrEnum):
    """The kind of answer a question asks for."""

    TIME = "time"
    DURATION = "duration"
    MONEY = "money"
    PERCENT = "percent"
    NUMBER = "number"
    NAME = "name"
    OTHER = "other"


_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DAY_NAME = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_AMOUNT = r"(?:\d[\d,.]*\d|\d)"
_SPELLED = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    r"sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|"
    r"hundred|thousand|million|billion|dozen|half|once|twice"
)
_COUNT = rf"(?:{_AMOUNT}|(?:{_SPELLED})(?:[- ](?:{_SPELLED}))*)"
_UNIT_OF_LENGTH = (
    r"(?:characters?|letters?|digits?|words?|pages?|lines?|mm|cm|km|m|meters?|metres?|feet|foot|ft|"
    r"inch(?:es)?|miles?|kilomet(?:er|re)s?|bytes?|bits?)"
)
_UNIT_OF_TIME = (
    r"(?:seconds?|minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|months?|quarters?|years?|"
    r"decades?|centur(?:y|ies))"
)
_CURRENCY = r"(?:USD|EUR|GBP|CAD|dollars?|euros?|pounds?|cents?)"

_PATTERNS: dict[Wanted, re.Pattern[str]] = {
    Wanted.TIME: re.compile(
        rf"\b(?:\d{{4}}-\d{{2}}-\d{{2}}|(?:\d{{1,2}}(?:st|nd|rd|th)?\s+)?{_MONTH}\.?"
        rf"(?:\s+\d{{1,2}}(?:st|nd|rd|th)?(?!\d))?(?:,?\s+\d{{4}})?(?![a-z])|\d{{1,2}}:\d{{2}}"
        rf"(?:\s*[ap]\.?m\.?)?|\d{{1,2}}\s*[ap]\.?m\b\.?|{_DAY_NAME}|(?:1[0-9]|20)\d{{2}}s?|"
        rf"\d{{1,2}}(?:st|nd|rd|th)\s+century|Q[1-4](?:\s+\d{{4}})?)",
        re.IGNORECASE,
    ),
    Wanted.DURATION: re.compile(
        rf"\b{_COUNT}(?:\s*(?:–|-|to|or|and)\s*{_COUNT})?(?:\s+(?:full|working|business|"
        rf"calendar|consecutive))?[\s-]+(?:{_UNIT_OF_TIME}|{_UNIT_OF_LENGTH})\b",
        re.IGNORECASE,
    ),
    Wanted.MONEY: re.compile(
        rf"(?:[$€£¥]\s*{_AMOUNT}(?:\s*(?:million|billion|thousand|[mkb]n?)\b)?|"
        rf"\b{_CURRENCY}\s*{_AMOUNT}(?:\s*(?:million|billion|thousand))?|"
        rf"\b{_COUNT}(?:\s*(?:million|billion|thousand))?\s*{_CURRENCY}\b)",
        re.IGNORECASE,
    ),
    Wanted.PERCENT: re.compile(rf"\b{_COUNT}\s*(?:%|per\s?cent|percent(?:age points?)?)", re.I),
    Wanted.NUMBER: re.compile(rf"\b{_COUNT}(?:\s*(?:million|billion|thousand|%))?(?!\w)", re.I),
    Wanted.NAME: re.compile(
        r"\b[A-Z][\w’'\-]*\.?(?:\s+(?:(?:of|the|de|da|van|von|der|du|la|and|&)\s+)*"
        r"[A-Z][\w’'\-]*)*"
    ),
}

_RULES: tuple[tuple[re.Pattern[str], Wanted], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), wanted)
    for pattern, wanted in (
        (r"\bhow (?:much|many) (?:\w+ )?(?:money|euros?|dollars?|eur|usd)\b", Wanted.MONEY),
        (r"\b(?:how (?:expensive|much (?:does|do|did|is|are|can|could|would|will))|price|cost|"
         r"costs|fee|salary|budget|per diem|allowance|revenue|net sales|cap for)\b", Wanted.MONEY),
        (r"\b(?:what|which) (?:percent|percentage|share|proportion)\b", Wanted.PERCENT),
        (r"\bhow (?:long|often|frequently)\b|\bhow (?:many|soon|quickly)\b.*"
         rf"\b{_UNIT_OF_TIME}\b|\bhow (?:soon|quickly|fast)\b|\bnotice period\b", Wanted.DURATION),
        (r"^(?:and |so |since |until |till |by |from )?when\b|\bwhen (?:is|are|was|were|do|does|"
         r"did|will|can|could|should|must|may|has|have|had)\b|\b(?:what (?:year|date|day|time|"
         r"month|century|decade)|(?:in|on|by|since|until|during) (?:what|which) (?:year|date|day|"
         r"month|century|decade)|deadline)\b", Wanted.TIME),
        (r"\bhow (?:many|much|old|tall|far|large|big|deep|high|heavy|wide|fast)\b|"
         r"\bwhat (?:is|was|are|were) the (?:number|population|length|size|limit|maximum|minimum|"
         r"height|depth|amount|rate|total)\b", Wanted.NUMBER),
        (r"\b(?:who|whom|whose|where|which (?:person|country|city|team|company|state|artist))\b|"
         r"\bwhat (?:is|was) the name\b|\bwhat (?:person|country|city|team|company|state|artist|"
         r"university|group|organi[sz]ation|tool|system|app|software)\b", Wanted.NAME),
    )
)  # fmt: skip


def wanted(question: str) -> Wanted:
    """The kind of thing ``question`` asks for; OTHER when its wording does not say."""
    for pattern, kind in _RULES:
        if pattern.search(question):
            return kind
    return Wanted.OTHER


def matching_spans(text: str, kind: Wanted, question: str) -> list[Span]:
    """Spans of ``text`` of the wanted kind that the question does not itself contain.

    A name at the start of a sentence counts only when it is more than one ordinary word.
    """
    if kind not in _PATTERNS:
        return []
    asked = stem_set(question)
    return [span for span, own in _of_kind(text, kind) if not own <= asked]


@lru_cache(maxsize=20_000)
def _of_kind(text: str, kind: Wanted) -> tuple[tuple[Span, frozenset[str]], ...]:
    """Spans of ``text`` of one kind with their stems, whatever is asked."""
    spans: list[tuple[Span, frozenset[str]]] = []
    for match in _PATTERNS[kind].finditer(text):
        start = match.start()
        value = match.group().rstrip(" .,")
        own = frozenset(stems(value))
        if not own:
            continue
        if kind is Wanted.NAME and start == 0 and " " not in value and not value[1:].isupper():
            continue
        spans.append(((start, start + len(value)), own))
    return tuple(spans)
