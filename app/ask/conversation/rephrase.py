"""What to try when nothing was found: concrete questions and filters, tried silently.

Only a corrected spelling and the closest section may be offered untried, before anything was tried
or when nothing that was works: what they name stands in the documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from app.ask.conversation.document_questions import (
    LONGEST_DOCUMENT,
    answered_questions,
    asks_the_same,
    heading_question,
)
from app.ask.conversation.phrases import DETERMINERS, PREPOSITIONS, words_of
from app.ask.conversation.spelling import Speller, replaced
from app.ask.ports import Answerable, ReadsTexts
from app.domain import Filters, Rephrasing, Retrieval
from app.errors import NotFound
from app.knowledge.terms import content_stems, stems

SHOWN = 3
ENOUGH = 2
"""With so many tried ones, untried ones are not shown."""
_CHECKS = 4
"""Silent questions for one answer; each costs about 15 ms."""
_DOCUMENTS = 3
"""Closest documents whose questions are considered."""
_NEAR = 0.4
"""Cosine below which even the nearest passage is called not close in `app.ask.confidence`."""
_SHARED = 0.5
"""Of the question's content words by rarity, a nearer question shares at least this; by hand."""


@dataclass(frozen=True, slots=True)
class _Try:
    """Something to try; ``sure``: worth showing though it was not tried."""

    rephrasing: Rephrasing
    sure: bool = False


def rephrasings(
    question: str,
    retrieval: Retrieval,
    filters: Filters,
    *,
    texts: ReadsTexts,
    answerable: Answerable,
    speller: Speller | None = None,
    asked: Sequence[str] = (),
) -> tuple[Rephrasing, ...]:
    """At most `SHOWN` things to try, those first that are known to find an answer.

    ``asked``: questions of the conversation that found nothing; they are not proposed again.
    """
    tried: list[Rephrasing] = []
    untried: list[Rephrasing] = []
    seen = {(question.casefold(), filters), *((one.casefold(), filters) for one in asked)}
    checks = 0
    for one in _tries(question, retrieval, filters, texts, speller):
        key = (one.rephrasing.question.casefold(), one.rephrasing.filters)
        alike = [other.question for other in tried if other.filters == key[1]]
        if key in seen or asks_the_same(one.rephrasing.question, alike):
            continue
        seen.add(key)
        if checks < _CHECKS:
            checks += 1
            if answerable(one.rephrasing.question, one.rephrasing.filters):
                tried.append(one.rephrasing)
                continue
        if one.sure:
            untried.append(one.rephrasing)
        if len(tried) == SHOWN or (checks == _CHECKS and len(tried) >= ENOUGH):
            break
    wanted = SHOWN if len(tried) < ENOUGH else len(tried)
    return tuple([*tried, *untried][: min(SHOWN, wanted)])


def untried(
    question: str,
    retrieval: Retrieval,
    filters: Filters,
    *,
    speller: Speller | None = None,
    asked: Sequence[str] = (),
) -> tuple[Rephrasing, ...]:
    """At most `SHOWN` things to try whose words stand in the documents; none of them was tried."""
    found: list[Rephrasing] = []
    seen = {question.casefold(), *(one.casefold() for one in asked)}
    spelled, _ = _spelled(question, filters, retrieval.missing_terms, speller)
    for one in (*spelled, *_closest(question, retrieval, filters)):
        text = one.rephrasing.question
        if text.casefold() in seen or asks_the_same(text, [other.question for other in found]):
            continue
        seen.add(text.casefold())
        found.append(one.rephrasing)
        if len(found) == SHOWN:
            break
    return tuple(found)


def _tries(
    question: str,
    retrieval: Retrieval,
    filters: Filters,
    texts: ReadsTexts,
    speller: Speller | None,
) -> Iterator[_Try]:
    """Most promising first."""
    spelled, missing = _spelled(question, filters, retrieval.missing_terms, speller)
    yield from spelled
    yield from _wider(question, filters)
    yield from _nearer(retrieval, filters, texts)
    shorter = without(question, missing)
    if missing and shorter is not None:
        names = " or ".join(f"“{term}”" for term in missing)
        yield _Try(Rephrasing(shorter, f"No document mentions {names}.", filters))
    words = [term for term in retrieval.terms if term not in missing]
    keywords = " ".join(words)
    if len(words) > 1 and stems(keywords) != stems(question):
        why = "Only the words that the documents use."
        yield _Try(Rephrasing(keywords, why, filters))
    yield from _closest(question, retrieval, filters)


def _spelled(
    question: str, filters: Filters, missing: Sequence[str], speller: Speller | None
) -> tuple[list[_Try], list[str]]:
    """The question in a spelling that stands in documents, and the terms that are still missing."""
    spelled = speller.proposals(question) if speller is not None else {}
    if not spelled:
        return [], list(missing)
    why = " ".join(f"“{old}” stands in no document, “{new}” does." for old, new in spelled.items())
    right = Rephrasing(replaced(question, spelled), why, filters)
    return [_Try(right, sure=True)], [term for term in missing if term not in spelled]


def _wider(question: str, filters: Filters) -> Iterator[_Try]:
    """Without the dates, then without any filter."""
    if not filters.active:
        return
    undated = replace(filters, changed_after=None, changed_before=None)
    if undated != filters and undated.active:
        why = "Documents that changed on other days hold an answer."
        yield _Try(Rephrasing(question, why, undated))
    why = "Ask in all documents: one outside your choice holds an answer."
    yield _Try(Rephrasing(question, why))


def _nearer(retrieval: Retrieval, filters: Filters, texts: ReadsTexts) -> Iterator[_Try]:
    """Questions that the closest documents ask and answer themselves, most alike first."""
    weights = retrieval.term_weights
    total = sum(weights.values()) or 1.0
    found: list[tuple[float, Rephrasing]] = []
    documents = {hit.document.id: hit.document for hit in retrieval.hits}
    near = [one for one in documents.values() if 0 < one.characters <= LONGEST_DOCUMENT]
    for document in near[:_DOCUMENTS]:
        try:
            text, blocks = texts.text(document.id)
        except NotFound:  # replaced or removed since it was found
            continue
        for one in answered_questions(text, blocks):
            shared = sum(weights.get(stem, 0.0) for stem in content_stems(one.text)) / total
            if shared >= _SHARED:
                why = f"“{document.title}” answers this."
                found.append((-shared, Rephrasing(one.text, why, filters)))
    found.sort(key=lambda pair: (pair[0], pair[1].question))
    for _, rephrasing in found[:ENOUGH]:
        yield _Try(rephrasing)


def _closest(question: str, retrieval: Retrieval, filters: Filters) -> Iterator[_Try]:
    """What the closest sections are about: those named like the question, or near in meaning."""
    own = content_stems(question)
    for hit in retrieval.hits[:_DOCUMENTS]:
        named = [name for name in reversed(hit.passage.heading) if own & content_stems(name)]
        if not named and not own & content_stems(hit.document.title) and hit.dense < _NEAR:
            continue
        heading = named[:1] or hit.passage.heading
        about = heading_question(hit.document, heading, hit.passage.text)
        if about is not None:
            why = "The closest passage stands there."
            yield _Try(Rephrasing(about, why, filters), sure=True)


def without(question: str, terms: Sequence[str]) -> str | None:
    """``question`` without ``terms``, and without articles and prepositions that then hang loose.

    None when less than two content words are left.
    """
    dropped = {stem for term in terms for stem in stems(term)}
    found = words_of(question)
    kept = [not (set(stems(word.text)) and set(stems(word.text)) <= dropped) for word in found]
    for index in range(len(found) - 1, -1, -1):
        if kept[index]:
            continue
        following = next((i for i in range(index + 1, len(found)) if kept[i]), None)
        if following is not None and not found[following].functional:
            continue  # "dental insurance": what follows carries the phrase
        before = index - 1
        while before >= 0 and (not kept[before] or found[before].low in _LOOSE):
            kept[before] = False
            before -= 1
    text, at = "", 0
    for word, keep in zip(found, kept, strict=True):
        text += question[at : word.end] if keep else question[at : word.start]
        at = word.end
    text = re.sub(r"\s+([?.!,])", r"\1", " ".join((text + question[at:]).split())).lstrip(" ,")
    left = [word for word in words_of(text) if not word.functional]
    if len(left) < 2 or text == question:
        return None
    return text[:1].upper() + text[1:] if question[:1].isupper() else text


_LOOSE = DETERMINERS | PREPOSITIONS
