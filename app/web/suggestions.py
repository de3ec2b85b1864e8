"""Questions worth showing on an empty page: only ones that the documents themselves answer."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from itertools import pairwise

from app.domain import Block, BlockKind, Document
from app.records.documents import DocumentStore

SHOWN = 4
_LOOKED_AT = 24
"""Documents read for questions, once per change of the documents."""
_LONGEST_DOCUMENT = 200_000
_FEWEST = 3
"""Questions that make a document one of questions and answers; a single one is often rhetorical."""
_BEST_CHARS = 48
"""Long enough to make sense alone, short enough for one line."""
_QUESTION = re.compile(r"[^?.!\n]{20,80}\?(?=\s|$)")
_ANSWER_CHARS = 40


class Suggestions:
    """Questions that stand as headings in the documents, with an answer below them.

    Found again only when the documents changed.
    """

    def __init__(self) -> None:
        self._generation = -1
        self._found: tuple[str, ...] = ()
        self._lock = threading.Lock()

    def questions(self, documents: DocumentStore) -> tuple[str, ...]:
        """At most `SHOWN` questions, each of another document; often none."""
        generation = documents.generation()
        with self._lock:
            if generation != self._generation:
                self._found = tuple(_look(documents))
                self._generation = generation
            return self._found


def _look(documents: DocumentStore) -> Iterator[str]:
    shown: list[str] = []
    for document in _likely(documents):
        text, blocks = documents.text(document.id)
        new = [found for found in answered_questions(text, blocks) if found not in shown]
        if len(new) >= _FEWEST:
            shown.append(min(new, key=lambda found: abs(len(found) - _BEST_CHARS)))
            yield shown[-1]
        if len(shown) == SHOWN:
            return


def _likely(documents: DocumentStore) -> Iterator[Document]:
    """Documents that say they answer questions, then the newest ones."""
    seen: set[str] = set()
    by_title, _ = documents.find(text="faq", failed=False, limit=_LOOKED_AT)
    newest, _ = documents.find(failed=False, sort="modified", descending=True, limit=_LOOKED_AT)
    for document in [*by_title, *newest]:
        if document.id not in seen and 0 < document.characters <= _LONGEST_DOCUMENT:
            seen.add(document.id)
            yield document


def answered_questions(text: str, blocks: Sequence[Block]) -> list[str]:
    """Questions with their answer right behind: in the same paragraph, or below as a heading's."""
    found = []
    for block, below in pairwise([*blocks, Block(BlockKind.HEADING, len(text), len(text))]):
        match = _QUESTION.match(text, block.start, block.end)
        if match is None:
            continue
        if block.kind is BlockKind.HEADING:
            alone = match.end() == block.end and below.kind is not BlockKind.HEADING
            behind = below.end - below.start if alone else 0
        else:
            behind = block.end - match.end()
        if behind >= _ANSWER_CHARS:
            found.append(match[0].lstrip("0123456789.) "))
    return found
