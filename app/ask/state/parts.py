"""Questions with several parts, and which of them the passages say nothing about.

Careful on purpose: a part that is called missing although it is answered confuses more than a
missing part that goes unnoticed. The constants were set by hand on
questions of search-queries joined two by two, and checked on open-qa's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from app.ask.question_type import Wanted, matching_spans, wanted
from app.domain import Hit, Retrieval
from app.knowledge.terms import STOP_WORDS, content_words, stem_set, stems, words

_ASKS = (
    r"(?:what|when|who|whom|whose|where|why|which|how|is|are|was|were|do|does|did|can|could|may|"
    r"must|should|will|would|has|have|had)\b"
)
_CLAUSES = re.compile(
    rf"\s*(?:\?+\s+(?:(?:and|or|also)\s+)?(?=\w)|[,;]?\s+(?:and|or|but|also)\s+(?:also\s+)?(?={_ASKS})|"
    rf"[;:,]\s+(?={_ASKS}))",
    re.IGNORECASE,
)
_ASK = re.compile(rf"^(?:\w+\s+){{0,2}}?{_ASKS}", re.IGNORECASE)
_SUBORDINATE = re.compile(
    r"\b(?:say|says|said|know|knows|decide|decides|decided|ask|asks|asked|if|whether|depends? on|"
    r"explain|explains|between|see|regardless of|about)\s*$",
    re.IGNORECASE,
)
"""Before "and what": the second clause is no question of its own."""
_LISTED = re.compile(
    r"\b(?:what|how much|how many|which)\s+(?:is|are|was|were|about)\s+(?:the\s+)?"
    r"(?P<a>\w+(?:\s\w+)?)\s+and\s+(?:the\s+)?(?P<b>\w+(?:\s\w+)?)\s+(?:of|for)\s+(?P<of>.+?)\??$",
    re.IGNORECASE,
)
""" "What are the price and the warranty of the LX-3?" """
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th|s)", re.IGNORECASE)
_MET = 0.26
"""Share of a part's words, weighted by rarity, that one passage must have at least."""
_SAYS_ENOUGH = 2
"""A part with fewer words of its own, like "and who decides?", cannot be judged by its words."""
_REST_MET = 0.6
"""Share of the question's other words that one passage has when only one name is missing."""
_LIKE = 0.75
"""From this likeness on a word that no passage has is one of theirs, misspelled."""
_SPECIFIC = re.compile(
    r"^(?:how (?:much|long|often)\b|when\b|(?:since|until|by) when\b|"
    r"(?:in |on )?(?:what|which) (?:year|date|day|month|percentage|price|share)\b|"
    r"what (?:is|was|are|were) the (?:percentage|price|cost|date|year|share|fee)\b)",
    re.IGNORECASE,
)
"""Parts that ask for something that a sentence either shows or does not."""


@dataclass(frozen=True, slots=True)
class _Page:
    """What one read passage says, with the words above it."""

    hit: Hit
    stems: frozenset[str]


def uncovered(question: str, retrieval: Retrieval, read: int) -> tuple[str, ...]:
    """Parts of ``question``, in its own words, of which none of the first ``read`` hits speaks.

    Empty when all parts have evidence, or none has.
    """
    pages = [_page(hit) for hit in retrieval.hits[:read]]
    parts = split(question)
    if len(parts) > 1:
        missing = [part for part in parts if not _is_met(part, retrieval, pages)]
        if missing and len(missing) < len(parts):
            return tuple(missing)
        if missing:
            return ()
    return tuple(_missing_names(question, retrieval, pages))


def split(question: str) -> list[str]:
    """The questions in a question, each in its own words; one when it asks one thing.

    "What is X, and when was Y?" asks two; "the price and warranty of X" asks for two things.
    """
    listed = _LISTED.search(question)
    if listed:
        return [listed["a"], listed["b"]]
    parts: list[str] = []
    start = 0
    for match in _CLAUSES.finditer(question):
        before = question[start : match.start()]
        if _SUBORDINATE.search(before) or not _ASK.match(before.strip()):
            continue
        parts.append(before)
        start = match.end()
    parts.append(question[start:])
    parts = [part.strip(" ,;?.!") for part in parts]
    return parts if len(parts) > 1 and all(map(_has_content, parts)) else [question]


def _has_content(part: str) -> bool:
    return any(word.lower() not in STOP_WORDS for word in words(part))


def _is_met(part: str, retrieval: Retrieval, pages: Sequence[_Page]) -> bool:
    """Whether a passage has enough of a part's words, and the kind of thing it asks for."""
    own = {stem for word in content_words(part) for stem in stems(word)}
    weights = {stem: retrieval.term_weights.get(stem, 1.0) for stem in own}
    total = sum(weights.values())
    if len(own) < _SAYS_ENOUGH or total <= 0:
        return True
    near = [page for page in pages if sum(weights[s] for s in own & page.stems) >= _MET * total]
    if not near:
        return False
    kind = wanted(part)
    if not _SPECIFIC.match(part) or kind is Wanted.OTHER:
        return True
    rarest = max(own, key=lambda stem: (weights[stem], stem))
    about = [page for page in near if rarest in page.stems] or near
    return any(
        matching_spans(page.hit.passage.text, kind, part) or " | " in page.hit.passage.text
        for page in about  # a table's numbers have their unit in the column's name
    )


def _missing_names(question: str, retrieval: Retrieval, pages: Sequence[_Page]) -> list[str]:
    """The one name of the question that stands in no document, when a passage has all the rest."""
    texts = " ".join(page.hit.passage.text for page in pages)
    named = [
        word
        for word in _named(question)
        if word in retrieval.missing_terms and not _is_written_otherwise(word, texts)
    ]
    if len(named) != 1:
        return []
    gone = set(stems(named[0]))
    rest = {s: weight for s, weight in retrieval.term_weights.items() if s not in gone}
    total = sum(rest.values())
    best = max((sum(rest[s] for s in rest.keys() & page.stems) for page in pages), default=0.0)
    return named if total > 0 and best >= _REST_MET * total else []


def _named(question: str) -> list[str]:
    """Words with letters that have a capital within the question, or a digit."""
    found = words(question)
    if sum(word[0].isupper() for word in found) > len(found) / 2:
        return []  # a title, or all capitals: they say nothing
    return [
        word
        for position, word in enumerate(found)
        if len(word) > 1
        and word.lower() not in STOP_WORDS
        and any(character.isalpha() for character in word)
        and ((position > 0 and word[0].isupper()) or any(c.isdigit() for c in word))
        and not _ORDINAL.fullmatch(word)
    ]


def _is_written_otherwise(word: str, texts: str) -> bool:
    """Misspelled, with another hyphen, or as initials: "COVID19", "WHO"."""
    bare = re.sub(r"\W", "", word).lower()
    if bare in re.sub(r"[^\w\s]", "", texts).lower():
        return True
    if word.isupper() and bare in "".join(other[0] for other in words(texts)).lower():
        return True
    if any(character.isdigit() for character in word):
        return False
    vocabulary = {other.lower() for other in words(texts)}
    return bool(get_close_matches(word.lower(), vocabulary, n=1, cutoff=_LIKE))


def _page(hit: Hit) -> _Page:
    text = " ".join((hit.document.title, *hit.passage.heading, hit.passage.text))
    return _Page(hit, stem_set(text))
