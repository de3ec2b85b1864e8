"""Sentences turned wrong on purpose, one way each, with a random generator that is handed in.

What to change is found by patterns of its own, not by the verifier's: a number that the verifier
cannot see is changed all the same. A corruption that does not apply gives None.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.ask.question_type import Wanted, matching_spans
from app.domain import Span

_MONTHS_TEXT = """
January February March April May June July August September October November December
"""
_MONTHS = _MONTHS_TEXT.split()
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_SPELLED_TEXT = """
two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen twenty thirty
forty fifty sixty hundred thousand million billion
"""
_SPELLED = _SPELLED_TEXT.split()


@dataclass(frozen=True, slots=True)
class Source:
    """What a sentence was taken from: its passage's text and title, and names of the collection."""

    passage: str
    title: str
    names: Sequence[str]
    """Names that stand elsewhere in the collection."""


Corruption = Callable[[str, Source, random.Random], str | None]


def number(sentence: str, source: Source, rng: random.Random) -> str | None:
    """Another number: near it, ten times as much, or one that stands elsewhere in the passage."""
    dates = matching_spans(sentence, Wanted.TIME, "")
    spans = [
        span
        for span in matching_spans(sentence, Wanted.NUMBER, "")
        if not _within(span, dates) and _plain_number(sentence, span)
    ]
    if not spans:
        return None
    start, end = rng.choice(spans)
    old = sentence[start:end]
    digits = re.search(r"\d[\d,]*(?:\.\d+)?", old)
    if digits is None:
        words = old.split()
        places = [i for i, word in enumerate(words) if word.lower() in _SPELLED]
        if not places:
            return None
        i = rng.choice(places)
        scale = words[i].lower() in _SPELLED[-4:]
        pool = _SPELLED[-4:] if scale else _SPELLED[:-4]
        words[i] = rng.choice([word for word in pool if word != words[i].lower()])
        return sentence[:start] + " ".join(words) + sentence[end:]
    elsewhere = [
        other
        for other in re.findall(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w])", source.passage)
        if other.strip(",") not in sentence and len(other) == len(digits.group())
    ]
    new = rng.choice(elsewhere) if elsewhere and rng.random() < 0.3 else _near(digits.group(), rng)
    if new == digits.group():
        return None
    return sentence[: start + digits.start()] + new + sentence[start + digits.end() :]


def _near(digits: str, rng: random.Random) -> str:
    value = float(digits.replace(",", ""))
    places = len(digits.partition(".")[2])
    step = max(1.0, round(abs(value) * 0.1)) if not places else 10**-places * rng.randint(1, 9)
    made = rng.choice(
        (value + step, value - step, value + 1, value * 10, value * 2, value + 5 * step)
    )
    made = made if made > 0 and made != value else value + 1
    return f"{made:,.{places}f}" if "," in digits else f"{made:.{places}f}"


def _plain_number(sentence: str, span: Span) -> bool:
    text = sentence[slice(*span)].lower()
    return text.split()[0] not in ("one", "half", "once", "twice") and (
        any(c.isdigit() for c in text) or any(w in _SPELLED for w in text.split())
    )


def date(sentence: str, source: Source, rng: random.Random) -> str | None:  # noqa: ARG001
    """Another year, month, day or weekday."""
    spans = matching_spans(sentence, Wanted.TIME, "")
    rng.shuffle(spans)
    for start, end in spans:
        old = sentence[start:end]
        changes = [_year_changed, _month_changed, _day_changed, _weekday_changed]
        rng.shuffle(changes)
        for change in changes:
            new = change(old, rng)
            if new is not None and new != old:
                return sentence[:start] + new + sentence[end:]
    return None


def _year_changed(text: str, rng: random.Random) -> str | None:
    match = re.search(r"\b(1\d{3}|20\d{2})\b", text)
    if match is None:
        return None
    year = int(match.group()) + rng.choice((-30, -11, -10, -3, -2, -1, 1, 2, 3, 5, 10))
    return text[: match.start()] + str(year) + text[match.end() :]


def _month_changed(text: str, rng: random.Random) -> str | None:
    match = re.search("|".join(_MONTHS), text)
    if match is None:
        iso = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", text)
        return f"{iso[1]}-{int(iso[2]) % 12 + 1:02d}-{iso[3]}" if iso else None
    new = rng.choice([month for month in _MONTHS if month != match.group()])
    return text[: match.start()] + new + text[match.end() :]


def _day_changed(text: str, rng: random.Random) -> str | None:
    if not re.search("|".join(_MONTHS), text):
        return None
    match = re.search(r"\b\d{1,2}\b", text)
    if match is None:
        return None
    new = rng.choice([day for day in range(1, 29) if day != int(match.group())])
    return text[: match.start()] + str(new) + text[match.end() :]


def _weekday_changed(text: str, rng: random.Random) -> str | None:
    match = re.search("|".join(_DAYS), text)
    if match is None:
        return None
    return text.replace(match.group(), rng.choice([d for d in _DAYS if d != match.group()]))


_UNIT_SWAPS = {
    "seconds": "minutes", "minutes": "hours", "minute": "hour", "hours": "days", "hour": "day",
    "days": "weeks", "day": "week", "weeks": "months", "week": "month", "months": "years",
    "month": "year", "years": "months", "year": "month", "decades": "centuries",
    "kilometers": "miles", "km": "miles", "miles": "kilometers", "mile": "kilometer",
    "meters": "feet", "metres": "feet", "m": "km", "feet": "meters", "ft": "m", "cm": "mm",
    "mm": "cm", "inches": "feet", "kg": "tonnes", "tonnes": "kg", "tons": "pounds", "g": "kg",
    "million": "billion", "billion": "million", "thousand": "million", "percent": "million",
    "MB": "GB", "GB": "TB", "nm": "mm", "ml": "l", "EUR": "USD", "euros": "dollars",
    "dollars": "euros", "acres": "square miles", "nights": "weeks", "°C": "°F",
}  # fmt: skip


def unit(sentence: str, source: Source, rng: random.Random) -> str | None:  # noqa: ARG001
    """Another unit, currency or magnitude after (or before) the same number."""
    found: list[tuple[int, int, str]] = []
    counted = r"(?:\d|\b(?:" + "|".join([*_SPELLED, "one"]) + r"))"
    for old, new in _UNIT_SWAPS.items():
        pattern = rf"{counted}[\s-]?(?:working |business )?({re.escape(old)})(?!\w)"
        found += [(*match.span(1), new) for match in re.finditer(pattern, sentence)]
    for old, new in (("$", "€"), ("€", "$"), ("£", "$"), ("EUR ", "USD "), ("USD ", "EUR ")):
        pattern = rf"({re.escape(old)})(?=\s?\d)"
        found += [(*match.span(1), new) for match in re.finditer(pattern, sentence)]
    if not found:
        return None
    start, end, new = rng.choice(found)
    return sentence[:start] + new + sentence[end:]


def entity(sentence: str, source: Source, rng: random.Random) -> str | None:
    """A name for another from elsewhere in the collection, of as many words."""
    return _renamed(sentence, source.names, source, rng)


def entity_near(sentence: str, source: Source, rng: random.Random) -> str | None:
    """A name for another that stands in the same passage, outside this sentence."""
    return _renamed(sentence, names_in(source.passage), source, rng, near=True)


def _renamed(
    sentence: str, pool: Sequence[str], source: Source, rng: random.Random, *, near: bool = False
) -> str | None:
    # A wrong title in "According to …" would be no wrong claim.
    own = [name for name in names_in(sentence) if name not in source.title]
    rng.shuffle(own)
    held = (sentence if near else f"{source.passage} {source.title}").casefold()
    for name in own:
        others = [
            other
            for other in pool
            if len(other.split()) == len(name.split())
            and not any(word.casefold() in held for word in other.split())
            and not any(word.casefold() in name.casefold() for word in other.split())
        ]
        if others:
            at = sentence.index(name)
            return sentence[:at] + rng.choice(others) + sentence[at + len(name) :]
    return None


_NOT_NAMES_TEXT = """
The A An In On At It He She They This That These Those After Before During Since For From By With
As When While If All Some Most Many Each Every There Such Because Although However But And Or Not
No His Her Its Their Our Your We You I To Of Both One Two Three Other Another Under According Yes
Only First Also Then Today
"""
_NOT_NAMES = frozenset(_NOT_NAMES_TEXT.split()) | set(_MONTHS) | set(_DAYS)


_NAME = re.compile(r"[A-Z][a-zé'’-]{2,}(?: [A-Z][a-zé'’-]{2,})*\b")


def names_in(text: str) -> list[str]:
    """Names as the text writes them: runs of capitalized words that do not begin a sentence."""
    found = []
    for match in _NAME.finditer(text):
        words = match.group().split()
        within = re.search(r"[a-z,;] $", text[: match.start()][-2:])
        if within and len(words) <= 3 and _NOT_NAMES.isdisjoint(words):
            found.append(match.group())
    return list(dict.fromkeys(found))


_AUXILIARIES = "is|are|was|were|has|have|had|can|will|must|may|should|could|would|does|did|do"
_AUXILIARY = re.compile(
    rf"(?<=\w )({_AUXILIARIES})\b"
    r"(?! not|n['’]t| n't| no )",
)


def negation(sentence: str, source: Source, rng: random.Random) -> str | None:  # noqa: ARG001
    """A “not” taken out, or put after the first auxiliary verb."""
    denied = rf"\b({_AUXILIARIES}) ?(?:not|n['’]t)\b(?! only)"
    removed = re.sub(denied, r"\1", sentence, count=1)
    removed = removed.replace("cannot", "can", 1) if removed == sentence else removed
    if removed != sentence:
        return removed
    match = _AUXILIARY.search(sentence)
    return f"{sentence[: match.end()]} not{sentence[match.end() :]}" if match else None


_CONTRARY = (
    ("before", "after"), ("increased", "decreased"), ("increase", "decrease"), ("more", "fewer"),
    ("higher", "lower"), ("larger", "smaller"), ("at least", "at most"), ("all", "none of"),
    ("most", "few"), ("minimum", "maximum"), ("first", "last"), ("allowed", "forbidden"),
    ("required", "optional"), ("north", "south"), ("northern", "southern"), ("east", "west"),
    ("eastern", "western"), ("early", "late"), ("earlier", "later"), ("always", "never"),
    ("won", "lost"), ("accepted", "rejected"), ("approved", "rejected"), ("with", "without"),
    ("over", "under"), ("above", "below"), ("largest", "smallest"), ("highest", "lowest"),
    ("old", "new"), ("included", "excluded"), ("includes", "excludes"), ("public", "private"),
    ("must", "may"), ("high", "low"), ("long", "short"), ("strong", "weak"), ("rose", "fell"),
    ("every", "no"), ("possible", "impossible"), ("legal", "illegal"), ("best", "worst"),
)  # fmt: skip


def opposite(sentence: str, source: Source, rng: random.Random) -> str | None:  # noqa: ARG001
    """A word for its contrary."""
    found = []
    for pair in _CONTRARY:
        for old, new in (pair, pair[::-1]):
            found += [(m.span(), new) for m in re.finditer(rf"(?<=\w )\b{old}\b(?= \w)", sentence)]
    if not found:
        return None
    (start, end), new = rng.choice(found)
    return sentence[:start] + new + sentence[end:]


_VERB = re.compile(r" (is|are|was|were|has|have|had|can|will|must|may|should) ")
_PRONOUNS_TEXT = """
it he she they this these that those there we you i which who
"""
_PRONOUNS = frozenset(_PRONOUNS_TEXT.split())


def merged(sentence: str, others: Sequence[str], rng: random.Random) -> str | None:
    """The beginning of one sentence with the end of another, joined at the same kind of verb."""
    first = _VERB.search(sentence)
    if first is None or not 2 <= len(sentence[: first.start()].split()) <= 14:
        return None
    subject = sentence[: first.start()]
    order = list(others)
    rng.shuffle(order)
    for other in order:
        second = _VERB.search(other)
        if second is None or second.group(1) not in _like(first.group(1)):
            continue
        theirs = other[: second.start()].split()
        if not theirs or theirs[0].lower() in _PRONOUNS or len(other[second.end() :].split()) < 3:
            continue
        shared = {w.lower() for w in theirs if len(w) > 3} & {w.lower() for w in subject.split()}
        if shared or subject.split()[0].lower() in _PRONOUNS:
            continue
        return f"{subject} {first.group(1)} {other[second.end() :]}"
    return None


def _like(verb: str) -> tuple[str, ...]:
    for group in (("is", "are"), ("was", "were"), ("has", "have"), ("had",)):
        if verb in group:
            return group
    return ("can", "will", "must", "may", "should")


def _within(span: Span, spans: Sequence[Span]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in spans)


CORRUPTIONS: dict[str, Corruption] = {
    "number": number,
    "date": date,
    "unit": unit,
    "entity": entity,
    "entity near": entity_near,
    "negation": negation,
    "opposite": opposite,
}
"""Ways to make one sentence wrong by itself, by name; `merged` needs other sentences too."""
