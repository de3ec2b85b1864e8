"""A passage's sentences in other words, without a model.

Every rule keeps what is said. A rule that does not apply gives None.
"""

# ruff: noqa: ARG001 -- every rule has the same signature

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import date

Rule = Callable[[str, str, random.Random], str | None]
"""(sentence, title, random) → the sentence in other words."""

_MONTHS_TEXT = """
January February March April May June July August September October November December
"""
_MONTHS = _MONTHS_TEXT.split()
_SPELLED_TEXT = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen twenty
"""
_SPELLED = _SPELLED_TEXT.split()


def attributed(sentence: str, title: str, rng: random.Random) -> str | None:
    """“According to …, …”."""
    if lowered(sentence) == sentence:
        return None  # it may begin with a name, or not: nobody can tell
    lead = rng.choice(("According to {}, {}", "{} states that {}", "As {} says, {}"))
    return lead.format(title, lowered(sentence))


def without_parenthesis(sentence: str, title: str, rng: random.Random) -> str | None:
    """A remark in parentheses, left out."""
    shorter = re.sub(r"\s*\([^()]{3,}\)", "", sentence, count=1)
    return shorter if shorter != sentence and len(shorter) > 30 else None


def without_clause(sentence: str, title: str, rng: random.Random) -> str | None:
    """A relative clause between commas, left out."""
    shorter = re.sub(
        r"\s?,\s+(?:which|who|whose|where)\s[^,;()]{10,},\s+(?=\w)", " ", sentence, count=1
    )
    if shorter == sentence:
        shorter = re.sub(r"\s?,\s+(?:which|who|whose|where)\s[^,;()]{10,}\.$", ".", sentence)
    return shorter if shorter != sentence and len(shorter.split()) >= 5 else None


def first_half(sentence: str, title: str, rng: random.Random) -> str | None:
    """Only what stands before ", and" or ";"."""
    match = re.match(
        r"(.{30,}?)\s?(?:;|,\s+(?:and|but|while|whereas)\s+(?=(?:the|it|he|she|they|in)\b))",
        sentence,
    )
    return f"{match.group(1)}." if match else None


def lead_moved_back(sentence: str, title: str, rng: random.Random) -> str | None:
    """“In 2012, it rose.” → "It rose in 2012."."""
    match = re.match(
        r"((?:In|On|During|After|Before|Since|By|At|For|Under|Within)\s[^,;]{3,40}?)\s?,\s+"
        r"([^;]+?)\s?\.$",
        sentence,
    )
    if match is None:
        return None
    lead, rest = match.groups()
    return f"{rest[0].upper()}{rest[1:]} {lead[0].lower()}{lead[1:]}."


def number_spelled(sentence: str, title: str, rng: random.Random) -> str | None:
    """A small number in words, or the other way round."""
    for match in re.finditer(r"(?<![\w.,$€£:/–\[-])(\d{1,2})(?= [a-z]{3,})", sentence):
        before = sentence[: match.start()].split()[-1:]
        if 2 <= int(match.group()) <= 20 and before and before[0] not in _MONTHS:
            return (
                sentence[: match.start()] + _SPELLED[int(match.group())] + sentence[match.end() :]
            )
    match2 = re.search(r"(?<=[a-z]\s)(" + "|".join(_SPELLED[2:]) + r")(?=\s[a-z])", sentence)
    if match2:
        value = _SPELLED.index(match2.group())
        return sentence[: match2.start()] + str(value) + sentence[match2.end() :]
    return None


def thousands_changed(sentence: str, title: str, rng: random.Random) -> str | None:
    """1,000 → 1000; 2,000,000 → 2 million; 50% → 50 percent."""
    match = re.search(r"(?<![\w.,])(\d{1,3}),(\d{3})(?:,(\d{3}))?(?![\d,])", sentence)
    if match:
        value = int(match.group().replace(",", ""))
        million = value >= 1e6 and value % 100_000 == 0
        return (
            sentence[: match.start()]
            + (f"{value / 1e6:g} million" if million else str(value))
            + sentence[match.end() :]
        )
    other = re.sub(r"(\d)\s?%", r"\1 percent", sentence, count=1)
    return other if other != sentence else None


def date_reformatted(sentence: str, title: str, rng: random.Random) -> str | None:
    """1 March 2026 → March 1, 2026 → 2026-03-01."""
    names = "|".join(_MONTHS)
    patterns = (
        rf"(?P<d>\d{{1,2}}) (?P<m>{names}) (?P<y>\d{{4}})",
        rf"(?P<m>{names}) (?P<d>\d{{1,2}}) ?, (?P<y>\d{{4}})",
        r"(?P<y>\d{4})-(?P<n>\d{2})-(?P<d>\d{2})",
    )
    for pattern in patterns:
        if match := re.search(pattern, sentence):
            parts = match.groupdict()
            month = int(parts["n"]) if "n" in parts else _MONTHS.index(parts["m"]) + 1
            try:
                day = date(int(parts["y"]), month, int(parts["d"]))
            except ValueError:
                return None
            forms = [
                day.isoformat(),
                f"{_MONTHS[month - 1]} {day.day}, {day.year}",
                f"{day.day} {_MONTHS[month - 1]} {day.year}",
                f"{_MONTHS[month - 1][:3]} {day.day}, {day.year}",
            ]
            other = rng.choice([form for form in forms if form != match.group()])
            return sentence[: match.start()] + other + sentence[match.end() :]
    return None


_CONTRACTIONS = (
    ("does not", "doesn't"), ("do not", "don't"), ("is not", "isn't"), ("are not", "aren't"),
    ("cannot", "can't"), ("was not", "wasn't"), ("did not", "didn't"), ("must not", "mustn't"),
    ("will not", "won't"), ("It is", "It's"), ("has not", "hasn't"), ("have not", "haven't"),
)  # fmt: skip


def contracted(sentence: str, title: str, rng: random.Random) -> str | None:
    """“does not” ↔ "doesn't"."""
    for long, short in _CONTRACTIONS:
        for before, after in ((long, short), (short, long)):
            if re.search(rf"\b{before}\b", sentence):
                return re.sub(rf"\b{before}\b", after, sentence, count=1)
    return None


_WORDING = (
    (r"\bapproximately\b", "about"), (r"\bprior to\b", "before"), (r"\bin order to\b", "to"),
    (r"\bas well as\b", "and"), (r"\bhowever\s?,\s", ""), (r"\bFurthermore\s?,\s", ""),
    (r"\bIn addition\s?,\s", ""), (r"\bsuch as\b", "like"), (r"\bdue to\b", "because of"),
    (r"\bmust\b", "has to"), (r"\bcannot\b", "is not able to"), (r"\bused\b", "utilized"),
    (r"\bwas founded\b", "was established"), (r"\bin total\b", "altogether"),
    (r"\bbegan\b", "started"), (r"\bsituated\b", "located"), (r"\bobtain\b", "get"),
    (r"\bat least\b", "no fewer than"), (r"(?<!no )\bmore than\b", "over"),
    (r"\bnearly\b", "almost"),
    (r"\bemploys\b", "has"), (r"\bpurchase\b", "buy"), (r"\brequire\b", "need"),
    (r"\bis allowed\b", "is permitted"), (r"\bhelp\b", "assist"), (r"\bwithin\b", "in"),
    (r"\bshow(?:s|ed)\b", "demonstrated"), (r"\bchildren\b", "kids"), (r"\blarge\b", "big"),
    (r"\bimportant\b", "significant"), (r"\bentire\b", "whole"), (r"\bmany\b", "numerous"),
    (r"\bhuge\b", "very large"), (r"\breceived\b", "got"), (r"\bdied\b", "passed away"),
)  # fmt: skip


def reworded(sentence: str, title: str, rng: random.Random) -> str | None:
    """Common words for others that mean the same, all that apply."""
    other = sentence
    for pattern, replacement in _WORDING:
        other = re.sub(pattern, replacement, other, count=1)
    return other if other != sentence else None


RULES: dict[str, Rule] = {
    "attributed": attributed,
    "without parenthesis": without_parenthesis,
    "without clause": without_clause,
    "first half": first_half,
    "lead moved back": lead_moved_back,
    "number spelled": number_spelled,
    "thousands": thousands_changed,
    "date reformatted": date_reformatted,
    "contracted": contracted,
    "reworded": reworded,
}
"""Every way of saying the same, by name."""


def rewrite(sentence: str, title: str, rng: random.Random) -> str | None:
    """Up to three rules, drawn at random, one after the other; None when none applies."""
    names = list(RULES)
    rng.shuffle(names)
    changed = sentence
    used = 0
    for name in names:
        if used == 3:
            break
        if name == "attributed" and rng.random() < 0.7:
            continue  # it applies everywhere, and would be in every sentence
        other = RULES[name](changed, title, rng)
        if other is not None:
            changed, used = other, used + 1
    return changed if used else None


def lowered(sentence: str) -> str:
    """With a small first letter, unless the first word is a name."""
    first = sentence.split(" ", 1)[0]
    common = first.lower() in _BEGINNINGS
    return sentence[0].lower() + sentence[1:] if common else sentence


_BEGINNINGS_TEXT = """
the a an in on at it he she they this that these those his her its their after before during since
for from by with as when while if all some many most each every there such because although both
other another one two three however under within
"""
_BEGINNINGS = frozenset(_BEGINNINGS_TEXT.split())
