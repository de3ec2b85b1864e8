"""Small words that lead another: "before the war", "at most 30", "all of them", "must pay".

They are compared where the same thing follows in both texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.ask.checking.claims import Claim
from app.ask.checking.polarity import Turned


def leading(sentence: Claim, evidence: Sequence[Claim], best: Sequence[int]) -> list[Turned]:
    """Small words that lead the same thing in both, and say something else of it."""
    found = []
    theirs = [lead for i in best for lead in _leads(evidence[i])]
    for own in _leads(sentence):
        same = [lead for lead in theirs if lead.group == own.group and lead.key == own.key]
        senses = {lead.sense for lead in same}
        if not senses or own.sense in senses:
            continue
        other = same[0].text
        found.append(
            Turned("opposite", f"It says “{own.text}” where the cited passage says “{other}”.")
        )
    only = [token.text for token in sentence.tokens if token.text.lower() in _ONLY]
    theirs_too = {token.text.lower() for i in best for token in evidence[i].tokens}
    if only and best and not theirs_too & _ONLY_LIKE:
        found.append(Turned("only", f"The cited passage does not say “{only[0]}”."))
    always = [token.text for token in sentence.tokens if token.text.lower() in _ALWAYS]
    limits = sorted(theirs_too & _LIMITS)
    said = {token.text.lower() for token in sentence.tokens}
    if always and limits and not theirs_too & _ALWAYS and not said & _LIMITS:
        found.append(
            Turned("only", f"It says “{always[0]}” where the cited passage says “{limits[0]}”.")
        )
    return found


@dataclass(frozen=True, slots=True)
class _Lead:
    group: str
    sense: str
    key: str
    text: str


_ONLY = frozenset({"only", "solely", "exclusively"})
_ALWAYS = frozenset({"always", "never", "ever", "invariably", "unconditionally"})
_LIMITS = frozenset({"only", "unless", "except", "sometimes", "usually", "often", "may", "mostly"})
_ONLY_LIKE_TEXT = """
just merely except sole unless limited restricted alone until no not never none without cannot
exclusive unique single nothing
"""
_ONLY_LIKE = _ONLY | frozenset(_ONLY_LIKE_TEXT.split())

_ARTICLES = r"(?:(?:the|an?|its?|their|your|of)\s+)*"
_LEADERS: tuple[tuple[str, str, re.Pattern[str]], ...] = tuple(
    (group, sense, re.compile(rf"\b(?:{pattern})\s+{_ARTICLES}$", re.IGNORECASE))
    for group, sense, pattern in (
        ("bound", "at most", r"at most|up to|no more than|not more than|a maximum of|maximum of|"
                             r"no longer than|not exceed(?:ing)?|within|as many as|"
                             r"no greater than|limited to|capped at"),
        ("bound", "at least", r"at least|no fewer than|no less than|not less than|a minimum of|"
                              r"minimum of|no shorter than"),
        ("bound", "at least", r"(?<!no )(?<!not )(?:more|greater|longer|higher|later) than|over|"
                              r"above|exceeding|exceeds?|exceeded"),
        ("bound", "at most", r"(?<!no )(?<!not )(?:less|fewer|shorter|lower|earlier) than|under|"
                             r"below"),
        ("order", "before", r"before|prior to|until|preceding"),
        ("order", "during", r"during|throughout"),
        ("order", "after", r"after|following|since|once"),
        ("with", "with", r"(?<!out )with"),
        ("with", "without", r"without"),
        ("how many", "all", r"all|every|each|entire|always"),
        ("how many", "some", r"some|several|certain|sometimes|occasionally|a few|many|most|"
                             r"few|usually|often"),
        ("how many", "no", r"(?:never|none of|no)"),
        ("must", "must", r"must|has to|have to|is required to|are required to|shall"),
        ("must", "may", r"may|can|could|might|is allowed to|are allowed to|should"),
        ("place", "inside", r"inside|within"),
        ("place", "outside", r"outside"),
    )
)  # fmt: skip


def _leads(claim: Claim) -> Iterator[_Lead]:
    for token in claim.tokens:
        if not token.content and token.fact is None:
            continue
        before = claim.text[max(0, token.span[0] - 40) : token.span[0]]
        for group, sense, pattern in _LEADERS:
            if match := pattern.search(before):
                said = f"{match.group().strip()} {token.text}"
                yield _Lead(group, sense, token.key, said)
