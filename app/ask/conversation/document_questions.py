"""Questions that stand in the documents: asked there and answered, or made from a heading."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.ask.conversation.phrases import VERBS, WH, word_set
from app.domain import Block, BlockKind, Document
from app.knowledge.terms import content_stems

LONGEST_DOCUMENT = 200_000
"""Characters; reading the blocks of a larger document takes longer than a question should."""
_QUESTION = re.compile(r"[^?.!\n]{20,80}\?(?=\s|$)")
_NUMBERING = re.compile(
    r"^(?:(?:section|chapter|part|appendix)\s+)?[\divxIVX]*[\d.)]+[.:)]?\s+", re.I
)
_ANSWER_CHARS = 40
_SAME = 0.6
"""Share of content words from which on two questions ask the same; set by hand."""
_LONGEST_HEADING = 6
"""Words; a longer heading is a sentence."""
_GENERIC = word_set(
    """
    about abstract acknowledgements acknowledgments agenda appendix background changelog changes
    conclusion conclusions contact contacts contents definitions details discussion example examples
    faq foreword general glossary history index information intro introduction links methods misc
    miscellaneous note notes objective objectives other outline overview preface purpose references
    related remarks results resources revision revisions scope see also external further reading
    sources summary table of and the document documents history terms tl;dr version versions
    """
)
"""Headings that say where in a document one is, not what it is about."""


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """A question in a document, ``text[start:end]`` being it and its answer."""

    text: str
    start: int
    end: int


def answered_questions(text: str, blocks: Sequence[Block]) -> list[AnsweredQuestion]:
    """Questions with their answer right behind: in the same paragraph, or below as a heading's."""
    found = []
    for index, (block, below) in enumerate(
        pairwise([*blocks, Block(BlockKind.HEADING, len(text), len(text))])
    ):
        match = _QUESTION.match(text, block.start, block.end)
        if match is None:
            continue
        end = block.end
        if block.kind is BlockKind.HEADING:
            alone = match.end() == block.end and below.kind is not BlockKind.HEADING
            behind = below.end - below.start if alone else 0
            end = _section_end(blocks, index, len(text))
        else:
            behind = block.end - match.end()
        if behind >= _ANSWER_CHARS:
            question = match[0].lstrip("0123456789.) ")
            found.append(AnsweredQuestion(question, block.start, end))
    return found


def _section_end(blocks: Sequence[Block], index: int, length: int) -> int:
    for block in blocks[index + 1 :]:
        if block.kind is BlockKind.HEADING:
            return block.start
    return length


def heading_question(document: Document, heading: Sequence[str], near: str) -> str | None:
    """“What does <title> say about <heading>?” where that is natural; else None.

    ``near``: text below the heading; a word that it writes small is no name.
    """
    if not heading:
        return None
    name = _NUMBERING.sub("", heading[-1]).strip().rstrip(":.")
    title = document.title.strip()
    parts = name.split()
    if name.endswith("?"):
        return name if len(parts) > 2 else None
    low = [part.lower() for part in parts]
    if not 1 <= len(parts) <= _LONGEST_HEADING or not any(char.isalpha() for char in name):
        return None
    verbal = low[0] in WH or (len(parts) > 1 and low[0] in VERBS)
    if verbal or all(part in _GENERIC for part in low):
        return None
    if not content_stems(name) - content_stems(title) or any(mark in name for mark in '|“”"/→=<>'):
        return None
    first = parts[0]
    if first[1:].islower() and re.search(rf"\b{re.escape(first.lower())}\b", near):
        name = first.lower() + name[len(first) :]
    return f"What does “{title}” say about {name}?"


def asks_the_same(question: str, others: Iterable[str]) -> bool:
    """Whether one of ``others`` has most of the question's content words, and few more."""
    own = content_stems(question)
    return any(_alike(own, content_stems(other)) for other in others)


def _alike(own: Collection[str], other: Collection[str]) -> bool:
    union = set(own) | set(other)
    return not union or len(set(own) & set(other)) / len(union) >= _SAME
