"""The embedded answerer: sentences quoted word for word, in reading order, each with its citation.

It cannot make a fact up: every character of the answer stands in a document.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.ask.sentences import Candidate
from app.domain import Citation, Hit, Sentence, Span

_CLOSE_BEHIND = 1.8
"""A further sentence's score may be this much lower than the best one's: six times less likely."""
_MANY_WORDS = 80
"""No further sentence once the answer is this long: a quote is to be read at a glance."""
_LONG_QUOTE = 90
"""A merge with a neighbor must not make one quote longer than this many words."""

_LEANS_BACK = re.compile(
    r"^(?:(?:and|but|so|or|yet|however|therefore|thus|hence|then|also|instead|otherwise|"
    r"nevertheless|moreover|furthermore|in addition|as a result|for example|for instance)\b,?\s*)?"
    r"(?:it|its|they|their|them|this|these|that|those|he|his|him|she|her|such|both|the former|"
    r"the latter|here|there|doing so)\b(?!\s+(?:is|are|was|were)\s+(?:no|a|an|many|several)\b)|"
    r"^(?:however|therefore|thus|hence|otherwise|as a result|for example|instead|in addition)\b",
    re.IGNORECASE,
)
"""Openings that point at the sentence before."""
_LEADS_ON = re.compile(r"[:;?]\s*$|\b(?:following|as follows|below)\b[^.]{0,40}[:.]?\s*$", re.I)
"""A sentence that only introduces what follows it; a question in an FAQ is answered next."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Consecutive sentences of one passage, quoted as one. Offsets are the document's."""

    hit: Hit
    first: int
    last: int
    candidate: Candidate

    @property
    def span(self) -> Span:
        """From the first sentence's start to the last one's end."""
        sentences = self.hit.passage.sentences
        return sentences[self.first][0], sentences[self.last][1]

    @property
    def text(self) -> str:
        """Word for word."""
        passage = self.hit.passage
        start, end = self.span
        return passage.text[start - passage.start : end - passage.start]


def select(candidates: Sequence[Candidate], limit: int) -> list[Quote]:
    """At most ``limit`` sentences that together answer best, in reading order.

    ``candidates`` come best first. The best one is always taken; others must come close to it and
    say something new. Quotes of the same document stand together, the best document's first.
    """
    if not candidates:
        return []
    best = candidates[0]
    chosen: list[Quote] = []
    used: set[tuple[str, int]] = set()
    texts: set[str] = set()
    budget = limit
    length = 0
    for candidate in candidates:
        if budget <= 0:
            break
        key = (candidate.hit.passage.id, candidate.index)
        folded = " ".join(candidate.text.split()).casefold()
        if key in used or folded in texts:
            continue
        if chosen and not _worth_adding(candidate, best, length):
            continue
        quote = _complete(candidate, budget, used)
        chosen.append(quote)
        used |= {(candidate.hit.passage.id, i) for i in range(quote.first, quote.last + 1)}
        texts.add(folded)
        budget -= quote.last - quote.first + 1
        length += len(quote.text.split())
    return _in_reading_order(_joined(chosen))


def compile_answer(quotes: Sequence[Quote]) -> tuple[list[Sentence], list[Citation]]:
    """Quotes as the answer's sentences with their citations, numbered from 1."""
    sentences = []
    citations = []
    for number, quote in enumerate(quotes, 1):
        passage, document = quote.hit.passage, quote.hit.document
        start, end = quote.span
        citations.append(
            Citation(
                number=number,
                document_id=document.id,
                passage_id=passage.id,
                title=document.title,
                source=document.source,
                collection=document.collection,
                kind=document.kind,
                heading=passage.heading,
                page=passage.page,
                page_kind=document.page_kind,
                quote=quote.text,
                start=start,
                end=end,
                updated_at=document.modified_at,
                before=passage.text[: start - passage.start],
                after=passage.text[end - passage.start :],
            )
        )
        sentences.append(Sentence(text=quote.text, citations=(number,), emphasis=_emphasis(quote)))
    return sentences, citations


def _worth_adding(candidate: Candidate, best: Candidate, length: int) -> bool:
    words = len(candidate.text.split())
    if length + words > _MANY_WORDS:
        return False
    return candidate.score >= best.score - _CLOSE_BEHIND


def _complete(candidate: Candidate, budget: int, used: set[tuple[str, int]]) -> Quote:
    """The sentence with the neighbors it cannot be understood without."""
    passage = candidate.hit.passage
    first = last = candidate.index

    def text(index: int) -> str:
        start, end = passage.sentences[index]
        return passage.text[start - passage.start : end - passage.start]

    def fits(index: int) -> bool:
        words = sum(len(text(i).split()) for i in range(min(first, index), max(last, index) + 1))
        return (passage.id, index) not in used and words <= _LONG_QUOTE

    if budget > 1 and first > 0 and _LEANS_BACK.match(text(first)) and fits(first - 1):
        first -= 1
    elif (
        budget > 1
        and last + 1 < len(passage.sentences)
        and _LEADS_ON.search(text(last))
        and fits(last + 1)
    ):
        last += 1
        while last - first + 1 < budget and last + 1 < len(passage.sentences) and fits(last + 1):
            last += 1
    return Quote(hit=candidate.hit, first=first, last=last, candidate=candidate)


def _joined(quotes: Sequence[Quote]) -> list[Quote]:
    """Quotes that touch each other become one, so that nothing reads twice."""
    joined: list[Quote] = []
    for quote in quotes:
        for i, other in enumerate(joined):
            near = (
                other.hit.passage.id == quote.hit.passage.id
                and quote.first <= other.last + 1
                and other.first <= quote.last + 1
            )
            if near:
                joined[i] = Quote(
                    hit=other.hit,
                    first=min(other.first, quote.first),
                    last=max(other.last, quote.last),
                    candidate=other.candidate,
                )
                break
        else:
            joined.append(quote)
    return joined


def _in_reading_order(quotes: Sequence[Quote]) -> list[Quote]:
    place = {quote.hit.document.id: i for i, quote in reversed(list(enumerate(quotes)))}
    return sorted(quotes, key=lambda quote: (place[quote.hit.document.id], quote.span))


def _emphasis(quote: Quote) -> tuple[Span, ...]:
    """Where the wanted kind of thing stands in the quote, when that points somewhere.

    More than three dates or names in one sentence point nowhere.
    """
    candidate = quote.candidate
    spans = candidate.spans
    if not 1 <= len(spans) <= 3:
        return ()
    shift = candidate.span[0] - quote.span[0]
    return tuple((start + shift, end + shift) for start, end in spans)
