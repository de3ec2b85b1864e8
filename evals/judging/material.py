"""Which passages synthetic cases are made from, and which of the cases are kept."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlparse

import numpy as np

from app.domain import Document, Passage
from app.knowledge.ports import Embedder
from app.records.documents import DocumentStore

_SHORTEST = 200
"""Characters of a passage that somebody can ask something about; below are headings and crumbs."""
_SAME = 0.92
"""Cosine from which two questions count as the same: typing errors and word order stay above it."""
_FOLDERS = 2
"""Parts of a path that name a document in a case: its file and the folder it lies in."""
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Material:
    """A passage to make questions from. ``document``: as a case names it."""

    id: str
    document: str
    text: str
    shown: str
    """What the model reads: the text below its title and headings."""


def material(
    store: DocumentStore, collections: Sequence[str], count: int, seed: int
) -> list[Material]:
    """At most ``count`` passages drawn with ``seed``, from as many documents as there are.

    ``collections`` empty: from all of them.
    """
    generator = random.Random(seed)  # noqa: S311  # no secret
    queues: list[list[Material]] = []
    for document in _documents(store, collections):
        fit = [_material(document, p) for p in store.of_document(document.id) if _fits(p)]
        generator.shuffle(fit)
        if fit:
            queues.append(fit)
    generator.shuffle(queues)
    drawn: list[Material] = []
    seen: set[str] = set()
    while queues and len(drawn) < count:
        for queue in queues:
            one = queue.pop()
            if one.text not in seen and len(drawn) < count:
                seen.add(one.text)
                drawn.append(one)
        queues = [queue for queue in queues if queue]
    return drawn


class NewQuestions:
    """Tells questions that were asked before, in about the same words, from new ones."""

    def __init__(self, known: Iterable[str], embedder: Embedder) -> None:
        self._embedder = embedder
        self._words = {_words(question) for question in known}
        self._vectors = [embedder.encode_query(question) for question in sorted(self._words)]

    def add(self, question: str) -> bool:
        """Whether it is new; then the next one like it is not."""
        words = _words(question)
        vector = self._embedder.encode_query(words)
        near = self._vectors and float(np.max(np.stack(self._vectors) @ vector)) >= _SAME
        if words in self._words or near:
            return False
        self._words.add(words)
        self._vectors.append(vector)
        return True


def _documents(store: DocumentStore, collections: Sequence[str]) -> list[Document]:
    found: list[Document] = []
    while True:
        page, total = store.find(failed=False, limit=_PAGE, offset=len(found))
        found += page
        if not page or len(found) >= total:
            chosen = [one for one in found if one.collection in (collections or [one.collection])]
            # Another order each time would be another draw.
            return sorted(chosen, key=lambda document: (document.source, document.id))


def _fits(passage: Passage) -> bool:
    return len(passage.text.strip()) >= _SHORTEST


def _material(document: Document, passage: Passage) -> Material:
    heads: Sequence[str] = [document.title, *passage.heading]
    head = " › ".join(dict.fromkeys(part for part in heads if part))
    return Material(passage.id, _name(document.source), passage.text, f"{head}\n\n{passage.text}")


def _name(source: str) -> str:
    path = urlparse(source).path if "://" in source else source.removeprefix("upload:")
    parts = [part for part in PurePosixPath(path.replace("\\", "/")).parts if part != "/"]
    return "/".join(parts[-_FOLDERS:]) or source


def _words(question: str) -> str:
    return " ".join(re.findall(r"\w+", question.casefold()))
