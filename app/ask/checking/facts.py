"""Numbers, amounts, dates, times and codes of a text, normalized so that they can be compared.

"1,000" and "one thousand" are the same, so are "14 days" and "two weeks", "50 %" and "half",
"2026-03-01" and "March 1, 2026", "$5m" and "5 million dollars".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from app.ask.checking.fact import Fact, FactKind, agree, bare, comparable, differ_in_unit
from app.ask.checking.numerals import (
    CURRENCIES,
    IN_DIGITS,
    IN_WORDS,
    MAGNITUDES,
    ORDINALS,
    UNITS,
    parse,
)

__all__ = ["Fact", "FactKind", "agree", "comparable", "differ_in_unit", "facts"]


def facts(text: str) -> list[Fact]:
    """Every fact of ``text``, in order, none overlapping another."""
    taken = bytearray(len(text))
    found: list[Fact] = []
    for pattern, build in _READERS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(taken[start:end]):
                continue
            for fact in build(match):
                found.append(fact)
                taken[fact.start : fact.end] = b"\1" * (fact.end - fact.start)
    found.sort(key=lambda fact: fact.start)
    return _with_shared_units(found, text)


# --- readers, the most specific first -------------------------------------------------------------

_MONTHS_TEXT = """
jan feb mar apr may jun jul aug sep oct nov dec
"""
_MONTHS = {
    name: number
    for number, name in enumerate(
        _MONTHS_TEXT.split(),
        start=1,
    )
}
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"
    r"Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_YEAR = r"(?:1\d{3}|20\d{2})"
_ABOUT = re.compile(
    r"(?:about|around|approximately|approx\.?|roughly|nearly|almost|some|circa|c\.|~|≈)\s*"
    r"(?:US)?[$€£¥]?\s*$",
    re.IGNORECASE,
)
_SYMBOL = r"(?:(?:US|C|A)?\$|[€£¥₹]|\b(?:USD|EUR|GBP|JPY|CHF|SEK|CAD|AUD|INR)\b)"
_CURRENCY_AFTER = (
    r"(?:(?:US|Canadian|Australian)\s+)?(?:dollars?|euros?|pounds?|yen|rupees|cents?|"
    r"USD|EUR|GBP|JPY|CHF|SEK|CAD|AUD|INR)\b|[€£¥]"
)
_MAGNITUDE = r"(?:(?:thousand|millions?|billions?|trillion|hundred|dozen)\b|(?:k|mn|bn|tn|m|b)\b)"
_COUNTED = r"(?:(?:thousand|millions?|billions?|trillion|hundred|dozen)\b|(?:k|mn|bn|tn)\b)"
"""Without "m", which is meters unless it is money."""
_NUMBER = rf"(?:{IN_DIGITS}|{IN_WORDS})"
_UNIT = (
    "|".join(sorted((re.escape(unit) for unit in UNITS if len(unit) > 2), key=len, reverse=True))
    + r"|ms|h|hr|km|cm|mm|kg|mg|kb|mb|gb|tb|ft|lb|mi|kw|mw|hz|ml|ha|yr|per\s+cent"
)
_ADJECTIVE = (
    r"(?:full|whole|consecutive|calendar|paid|more|additional|extra|further|business|"
    r"working|square|sq|cubic|percentage|nautical|light)"
)


def _make(match: re.Match[str], kind: FactKind, group: int | str = 0, **more: object) -> Fact:
    start, end = match.span(group)
    text = match.string[start:end]
    about = bool(_ABOUT.search(match.string[max(0, start - 20) : start]))
    return Fact(kind, text, start, end, about=about, **more)  # type: ignore[arg-type]


def _code(match: re.Match[str]) -> Iterator[Fact]:
    folded = re.sub(r"[^0-9a-z]", "", match.group().casefold())
    yield _make(match, FactKind.CODE, code=folded)


def _date(match: re.Match[str]) -> Iterator[Fact]:
    parts = match.groupdict()
    month = parts.get("month")
    year, day = parts.get("year"), parts.get("day")
    number = _MONTHS[month[:3].lower()] if month and month[0].isalpha() else int(month or 0) or None
    if (day and not 1 <= int(day) <= 31) or (number and number > 12):
        return
    yield _make(
        match,
        FactKind.DATE,
        year=int(year) if year else None,
        month=number,
        day=int(day) if day else None,
    )


def _days_of_month(match: re.Match[str]) -> Iterator[Fact]:
    """“6–8 June 1944”: both days have the month and the year."""
    year = match.group("year")
    for group in ("day", "last"):
        yield _make(
            match,
            FactKind.DATE,
            group,
            year=int(year) if year else None,
            month=_MONTHS[match.group("month")[:3].lower()],
            day=int(match.group(group)),
        )


def _years(match: re.Match[str]) -> Iterator[Fact]:
    first = int(match.group("first"))
    yield _make(match, FactKind.DATE, "first", year=first)
    last = int(match.group("last"))
    yield _make(match, FactKind.DATE, "last", year=last + first // 100 * 100)


def _year(match: re.Match[str]) -> Iterator[Fact]:
    unit = "decade" if match.group("decade") else ""
    yield _make(match, FactKind.DATE, year=int(match.group("year")), unit=unit)


def _clock(match: re.Match[str]) -> Iterator[Fact]:
    hour, minute = int(match.group("hour")), int(match.group("minute") or 0)
    half = (match.group("half") or "").lower()[:1]
    if hour > 24 or minute > 59:
        return
    unit = "" if half or hour > 12 or match.group("hour").startswith("0") else "12h"
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    yield _make(match, FactKind.CLOCK, amount=60.0 * hour + minute, unit=unit)


def _named_clock(match: re.Match[str]) -> Iterator[Fact]:
    amount = 720.0 if match.group().lower() in ("noon", "midday") else 0.0
    yield _make(match, FactKind.CLOCK, amount=amount)


def _ordinal(match: re.Match[str]) -> Iterator[Fact]:
    text = match.group().lower()
    parts = text.split("-")
    value = float(re.sub(r"\D", "", text) or 0) or float(
        ORDINALS[parts[-1]] + ((parse(parts[0]) or 0) if len(parts) > 1 else 0)
    )
    yield _make(match, FactKind.ORDINAL, amount=value, loose=text == "first")


def _fraction(match: re.Match[str]) -> Iterator[Fact]:
    whole = match.group().lower()
    over = 2 if "half" in whole or "halves" in whole else 3 if "third" in whole else 4
    top = 3 if "three" in whole else 2 if "two" in whole else 1
    yield _make(match, FactKind.NUMBER, amount=top / over, loose=over == 2)


def _money(match: re.Match[str]) -> Iterator[Fact]:
    value = parse(match.group("number"))
    if value is None:
        return
    magnitude = (match.group("magnitude") or "").lower()
    written = (match.group("before") or match.group("after") or "").strip().lower()
    unit = CURRENCIES.get(written.split()[-1] if written.split() else "", "money")
    if written.startswith(("canadian", "australian")):
        unit = f"dollars-{written[:2]}"
    amount = value * MAGNITUDES.get(magnitude, 1.0)
    yield _make(match, FactKind.MONEY, amount=amount, unit=unit)


def _quantity(match: re.Match[str]) -> Iterator[Fact]:
    number = match.group("number")
    value = parse(number)
    if value is None:
        for part in re.finditer(r"[a-zA-Z]+", number):  # "two three": each by itself
            single = parse(part.group())
            if single is not None:
                start = match.start("number") + part.start()
                yield Fact(FactKind.NUMBER, part.group(), start, start + len(part.group()), single)
        return
    value *= MAGNITUDES.get((match.group("magnitude") or "").lower(), 1.0)
    written = re.sub(r"\s+", "", (match.group("unit") or "").lower())
    adjective = (match.group("adjective") or "").lower()
    one = number.lower() == "one"
    if not written:
        yield _make(match, FactKind.NUMBER, amount=value, loose=one)
        return
    dimension, factor = UNITS[written]
    if adjective in ("business", "working"):
        dimension = f"working {dimension}"
    elif adjective in ("square", "sq", "cubic", "percentage", "nautical", "light"):
        dimension, factor = f"{adjective[:2]} {written}", 1.0
    kind = FactKind.PERCENT if dimension == "%" else FactKind.MEASURE
    yield _make(match, kind, amount=value * factor, unit=dimension)


def _single(match: re.Match[str]) -> Iterator[Fact]:
    """“a week” is one week, "both" is two: proof, but no claim."""
    word = match.group().lower()
    if word in ("both", "twice", "pair", "dual"):
        yield _make(match, FactKind.NUMBER, amount=2.0, loose=True)
    elif word in ("single", "once"):
        yield _make(match, FactKind.NUMBER, amount=1.0, loose=True)
    else:
        dimension, factor = UNITS[word.split()[-1]]
        yield _make(match, FactKind.MEASURE, amount=factor, unit=dimension, loose=True)


def _month(match: re.Match[str]) -> Iterator[Fact]:
    """A month alone; "May" and "Mar" only within a sentence, where they are capitalized."""
    month = match.group("month") or match.group("may")
    yield _make(match, FactKind.DATE, month=_MONTHS[month[:3].lower()])


def _rank(match: re.Match[str]) -> Iterator[Fact]:
    """An ordinal, but not the unit in "a second" or the name in "fifth-generation" alone."""
    before = match.string[max(0, match.start() - 4) : match.start()].lower()
    if match.group().lower() == "second" and re.search(r"(?:\bper|\ba|\d)\s?$", before):
        return
    yield from _ordinal(match)


def _code_unless_amount(match: re.Match[str]) -> Iterator[Fact]:
    """“HIV-1” and "v2.3" are codes; "US$5", "mid-2013" and "USD5" hold a plain number."""
    head = re.match(r"[A-Za-z]*", match.group())
    if head and head.group().lower() in ("us", "usd", "eur", "gbp", "mid", "pre", "ca", "c", "no"):
        return
    yield from _code(match)


_ORDINAL_WORD = "|".join(sorted(ORDINALS, key=len, reverse=True))
_I = re.IGNORECASE
_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Iterator[Fact]]], ...] = (
    (re.compile(r"https?://[^\s)>\]]+|[\w.+-]+@[\w-]+\.[\w.-]*\w"), _code),
    (re.compile(rf"\b(?P<year>{_YEAR})-(?P<month>\d{{2}})-(?P<day>\d{{2}})\b"), _date),
    (
        re.compile(
            rf"\b(?P<day>\d{{1,2}})\s?[–-]\s?(?P<last>\d{{1,2}})\s+(?P<month>{_MONTH})"
            rf"(?:,?\s+(?P<year>{_YEAR}))?"
        ),
        _days_of_month,
    ),
    (
        re.compile(
            rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_MONTH})"
            rf"(?:,?\s+(?P<year>{_YEAR})\b)?"
        ),
        _date,
    ),
    (
        re.compile(
            rf"\b(?P<month>{_MONTH})\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d)"
            rf"(?:\s?,?\s+(?P<year>{_YEAR})\b)?"
        ),
        _date,
    ),
    (re.compile(rf"\b(?P<month>{_MONTH}),?\s+(?:of\s+)?(?P<year>{_YEAR})\b"), _date),
    (
        re.compile(
            rf"\b(?P<month>(?!May\b|Mar\b){_MONTH})|(?<=[a-z]\s)(?P<may>May|Mar\.?)\b(?=[\s.,;)])"
        ),
        _month,
    ),
    (re.compile(r"\b(?P<hour>\d{1,2})[:.](?P<minute>\d{2})\s*(?P<half>[ap]\.?m\b\.?)", _I), _clock),
    (re.compile(r"\b(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::\d{2})?\b(?P<half>)"), _clock),
    (re.compile(r"\b(?P<hour>\d{1,2})(?P<minute>)\s*(?P<half>[ap]\.?m\b\.?)", _I), _clock),
    (re.compile(r"\b(?:noon|midday|midnight)\b", _I), _named_clock),
    (re.compile(rf"\b(?:\d+(?:st|nd|rd|th)|(?:[a-z]+ty-)?(?:{_ORDINAL_WORD}))\b(?!s\b)", _I),
     _rank),
    (re.compile(r"\b(?:half|(?:one|two|a)[\s-]thirds?|(?:one|three)[\s-]quarters?|"
                r"a\s+(?:third|quarter))(?=\s+(?:of|the|as)\b)", _I),
     _fraction),
    (re.compile(r"\b\d+(?:\.\d+){2,}\b|\b(?=[\w-]*\d)(?:[A-Z][A-Za-z]*|[a-z]{1,2}|[A-Za-z]*[A-Z])"
                r"-?\d[\w.-]*\w\b|\b(?:[A-Z][A-Za-z]*|[a-z]{1,2})-?\d\b"),
     _code_unless_amount),
    (re.compile(rf"(?P<before>{_SYMBOL})\s?(?P<number>{IN_DIGITS})"
                rf"(?:[\s-]?(?P<magnitude>{_MAGNITUDE}))?(?P<after>)", _I), _money),
    (re.compile(rf"(?P<before>)(?P<number>{_NUMBER})(?:[\s-]?(?P<magnitude>{_MAGNITUDE}))?"
                rf"[\s-]?(?P<after>{_CURRENCY_AFTER})", _I), _money),
    (re.compile(rf"\b(?P<first>{_YEAR})\s?(?:[–-]|--)\s?(?P<last>\d{{2}})\b(?!-?\d)"), _years),
    (re.compile(rf"(?<![\w.,$€£¥])(?P<year>{_YEAR})(?:['’]?(?P<decade>s))?\b"
                rf"(?![.,]\d|\s*(?:{_UNIT}|{_MAGNITUDE}|%)(?!\w))", _I), _year),
    (re.compile(rf"(?<![\w.])(?P<number>{_NUMBER})(?:[\s-]?(?P<magnitude>{_COUNTED})(?!\w))?"
                rf"(?:[\s-]*(?:(?P<adjective>{_ADJECTIVE})[\s-]+)?"
                rf"(?P<unit>(?:{_UNIT})(?!\w)|(?<=\d)[msghwlvt](?!\w)|"
                r"(?<=\d\s)[mghwlvt](?![\w'’.-])|%))?", _I),
     _quantity),
    (re.compile(r"\b(?:both|twice|pair|dual|single|once)\b|\b(?:an?|per|each|every)\s+"
                r"(?:second|minute|hour|day|night|week|month|year|decade|century|mile|"
                r"kilometer|fortnight)\b", _I), _single),
)  # fmt: skip


_RANGE = re.compile(r"\s*(?:–|—|-|--|to|and|or|,|through)\s*", re.IGNORECASE)


def _with_shared_units(found: list[Fact], text: str) -> list[Fact]:
    """“5 to 10 days”, "5, 10 and 15 %": the unit at the end belongs to each."""
    shared: list[Fact] = []
    following: Fact | None = None
    for fact in reversed(found):
        if (
            fact.kind is FactKind.NUMBER
            and following is not None
            and following.unit
            and following.kind in (FactKind.MEASURE, FactKind.PERCENT, FactKind.MONEY)
            and _RANGE.fullmatch(text[fact.end : following.start])
        ):
            factor = following.amount / (bare(following) or 1.0)
            fact = Fact(  # noqa: PLW2901  # the same fact, completed
                following.kind,
                fact.text,
                fact.start,
                fact.end,
                fact.amount * factor,
                following.unit,
                loose=fact.loose,
                about=fact.about,
            )
        shared.append(fact)
        following = fact
    return shared[::-1]
