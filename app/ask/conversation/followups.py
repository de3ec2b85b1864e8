"""Questions to ask next that the documents are known to answer.

Candidates come from the documents near the evidence: questions that stand there with an answer,
and sections that were found but not quoted. Each is asked, silently, before it is offered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from app.ask.conversation.document_questions import (
    LONGEST_DOCUMENT,
    answered_questions,
    asks_the_same,
    heading_question,
)
from app.ask.ports import Answerable, ReadsTexts
from app.domain import Block, BlockKind, Citation, Document, Filters, Hit, Retrieval, Span
from app.errors import NotFound
from app.knowledge.terms import content_stems

SHOWN = 3
_CHECKS = 4
"""Silent questions for one answer; each costs about 15 ms."""
_DOCUMENTS = 4
"""Documents whose text is read: the cited ones, then the next ones found."""
_SECTION_CHARS = 120
"""A shorter section, a sentence or so, is seldom worth a question of its own; by hand."""
_ON_TOPIC = 0.4
"""Share of the question's words by rarity that a question of an uncited document needs; by hand."""
_OF_ONE_DOCUMENT = 2
"""Questions of one document before another's turn."""


@dataclass(frozen=True, slots=True)
class _Topic:
    """What the question is about: the rarity of each of its stems."""

    weights: Mapping[str, float]

    def share(self, text: str) -> float:
        """How much of the question's words, by rarity, ``text`` has; 0 to 1."""
        total = sum(self.weights.values())
        shared = sum(self.weights.get(stem, 0.0) for stem in content_stems(text))
        return shared / total if total else 0.0


def followups(
    question: str,
    retrieval: Retrieval,
    citations: Sequence[Citation],
    *,
    texts: ReadsTexts,
    answerable: Answerable,
    filters: Filters = Filters(),
    asked: Sequence[str] = (),
) -> tuple[str, ...]:
    """At most `SHOWN` questions that ``answerable`` says yes to, nearest to the evidence first.

    ``asked``: questions of the conversation so far; none of them, nor ``question``, is repeated.
    """
    known = [question, *asked]
    found: list[str] = []
    candidates = _distinct(_candidates(retrieval, citations, texts), known)
    for candidate in islice(candidates, _CHECKS):
        if answerable(candidate, filters):
            found.append(candidate)
        if len(found) == SHOWN:
            break
    return tuple(found)


def _distinct(candidates: Iterator[str], known: list[str]) -> Iterator[str]:
    for candidate in candidates:
        if not asks_the_same(candidate, known):
            known.append(candidate)
            yield candidate


def _candidates(
    retrieval: Retrieval, citations: Sequence[Citation], texts: ReadsTexts
) -> Iterator[str]:
    """Questions beside the evidence, then sections that were found, then sections beside it."""
    cited: dict[str, list[Span]] = {}
    for citation in citations:
        cited.setdefault(citation.document_id, []).append((citation.start, citation.end))
    topic = _Topic(retrieval.term_weights)
    read = [_Read(one, *_text(one, texts)) for one in _documents(retrieval, cited)]
    later: list[str] = []
    for one in read:
        standing = _standing(one, cited.get(one.document.id, []), topic)
        yield from standing[:_OF_ONE_DOCUMENT]
        later += standing[_OF_ONE_DOCUMENT:]
    yield from _found_sections(retrieval.hits, cited, topic)
    for one in read:
        yield from _near_sections(one, cited.get(one.document.id, []))
    yield from later


@dataclass(frozen=True, slots=True)
class _Read:
    """A document with its text."""

    document: Document
    text: str
    blocks: tuple[Block, ...]


def _text(document: Document, texts: ReadsTexts) -> tuple[str, tuple[Block, ...]]:
    try:
        return texts.text(document.id)
    except NotFound:  # replaced or removed since it was found
        return "", ()


def _documents(retrieval: Retrieval, cited: Mapping[str, list[Span]]) -> list[Document]:
    """The cited documents, then the others that were found, best first."""
    found = {hit.document.id: hit.document for hit in retrieval.hits}
    ordered = sorted(found.values(), key=lambda document: document.id not in cited)
    return [one for one in ordered if 0 < one.characters <= LONGEST_DOCUMENT][:_DOCUMENTS]


def _standing(read: _Read, cited: Sequence[Span], topic: _Topic) -> list[str]:
    """Questions asked and answered in a document: beside the evidence, or on the same topic."""
    asked = [
        one
        for one in answered_questions(read.text, read.blocks)
        if not any(_overlap((one.start, one.end), span) for span in cited)
    ]
    if cited:
        asked.sort(key=lambda one: _distance(one.start, cited))
    else:
        asked = [one for one in asked if topic.share(one.text) >= _ON_TOPIC]
        asked.sort(key=lambda one: -topic.share(one.text))
    return [one.text for one in asked]


def _near_sections(read: _Read, cited: Sequence[Span]) -> Iterator[str]:
    """Sections of a cited document that are not quoted, nearest to the evidence first."""
    if not cited:
        return
    heads = [block for block in read.blocks if block.kind is BlockKind.HEADING]
    ends = [*(block.start for block in heads[1:]), len(read.text)]
    sections = [
        (block, end)
        for block, end in zip(heads, ends, strict=False)
        if end - block.end >= _SECTION_CHARS
        and not any(_overlap((block.start, end), span) for span in cited)
    ]
    for block, end in sorted(sections, key=lambda one: _distance(one[0].start, cited)):
        name = read.text[block.start : block.end]
        made = heading_question(read.document, [name], read.text[block.end : end])
        if made is not None:
            yield made


def _distance(start: int, cited: Sequence[Span]) -> int:
    return min(abs(start - one) for one, _ in cited)


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _found_sections(
    hits: Sequence[Hit], cited: Mapping[str, list[Span]], topic: _Topic
) -> Iterator[str]:
    """Sections that were found and not quoted: of cited documents, or on the same topic."""
    for hit in hits:
        passage = hit.passage
        spans = cited.get(hit.document.id, [])
        quoted = any(_overlap((passage.start, passage.end), span) for span in spans)
        near = hit.document.id in cited or topic.share(" ".join(passage.heading)) >= _ON_TOPIC
        if near and not quoted:
            made = heading_question(hit.document, passage.heading, passage.text)
            if made is not None:
                yield made
