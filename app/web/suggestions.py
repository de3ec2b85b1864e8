"""Questions worth showing on an empty page: only ones that the documents themselves answer."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator

from app.access import Reach, reach
from app.ask.conversation.document_questions import LONGEST_DOCUMENT, answered_questions
from app.domain import Document
from app.records.documents import DocumentStore

SHOWN = 4
_LOOKED_AT = 24
"""Documents read for questions, once per change of the documents."""
_REACHES = 64
"""Reaches whose questions are kept; a team has few."""
_FEWEST = 3
"""Questions that make a document one of questions and answers; a single one is often rhetorical."""
_BEST_CHARS = 48
"""Long enough to make sense alone, short enough for one line."""


class Suggestions:
    """Questions that stand as headings in the documents, with an answer below them.

    Found again only when the documents changed; for each reach apart.
    """

    def __init__(self) -> None:
        self._generation = -1
        self._found: OrderedDict[Reach, tuple[str, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def questions(self, documents: DocumentStore) -> tuple[str, ...]:
        """At most `SHOWN` questions, each of another document; often none."""
        generation, seen = documents.generation(), reach()
        with self._lock:
            if generation != self._generation:
                self._found.clear()
                self._generation = generation
            if seen not in self._found:
                self._found[seen] = tuple(_look(documents))
                while len(self._found) > _REACHES:
                    self._found.popitem(last=False)
            return self._found[seen]


def _look(documents: DocumentStore) -> Iterator[str]:
    shown: list[str] = []
    for document in _likely(documents):
        text, blocks = documents.text(document.id)
        asked = [found.text for found in answered_questions(text, blocks)]
        new = [found for found in asked if found not in shown]
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
        if document.id not in seen and 0 < document.characters <= LONGEST_DOCUMENT:
            seen.add(document.id)
            yield document
