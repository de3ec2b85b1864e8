"""What questions came to lately, kept in memory for as long as no document changes.

Reading forty passages with their vectors from SQL costs an answer more than searching does, and
counting all documents grows with them. A shelf is good for one state of the documents: whoever
finds another one takes a new shelf, so that nothing on it can be out of date. Everything on it is
kept by what the reader may see (`app.access.reach`).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from app.access import reach
from app.domain import Document, Filters, Passage
from app.knowledge.ports import LexicalIndex
from app.records.documents import DocumentStore, StoredVectors

_PASSAGES = 4_000
"""About 15 KB each with their vectors: 60 MB."""
_NUMBERS = 20_000

Value = TypeVar("Value")


class _Kept(Generic[Value]):
    """A few thousand values by key; the one used longest ago goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, Value] = OrderedDict()

    def get(
        self, keys: Iterable[str], read: Callable[[list[str]], Mapping[str, Value]]
    ) -> dict[str, Value]:
        """Values by key, in the order of ``keys``; those that ``read`` does not give are absent."""
        allowed = reach().collections
        wanted = list(dict.fromkeys(keys))
        found: dict[str, Value] = {}
        with self._lock:
            for key in wanted:
                value = self._values.get((allowed, key))
                if value is not None:
                    self._values.move_to_end((allowed, key))
                    found[key] = value
        missing = [key for key in wanted if key not in found]
        if not missing:
            return found
        fresh = read(missing)
        with self._lock:
            for key, value in fresh.items():
                self._values[allowed, key] = value
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        found |= fresh
        return {key: found[key] for key in wanted if key in found}

    def one(self, key: Hashable, read: Callable[[], Value]) -> Value:
        """The value of one key."""
        place = (reach().collections, key)
        with self._lock:
            value = self._values.get(place)
            if value is not None:
                self._values.move_to_end(place)
                return value
        value = read()
        with self._lock:
            self._values[place] = value
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value


class Shelf:
    """Passages, vectors and counts of one state of the documents; safe to use from threads."""

    def __init__(self, state: Hashable, documents: DocumentStore, lexical: LexicalIndex) -> None:
        """``state``: what `state_of` said before anything was read."""
        self.state = state
        self._documents = documents
        self._lexical = lexical
        self._passages: _Kept[tuple[Passage, Document]] = _Kept(_PASSAGES)
        self._vectors: _Kept[StoredVectors] = _Kept(_PASSAGES)
        self._counts: _Kept[tuple[int, int]] = _Kept(_NUMBERS)
        self._names: _Kept[tuple[str, ...]] = _Kept(_NUMBERS)
        self._numbers: _Kept[int] = _Kept(_NUMBERS)
        self._others: _Kept[Any] = _Kept(_NUMBERS)

    def passages(self, ids: Collection[str]) -> dict[str, tuple[Passage, Document]]:
        """As `DocumentStore.passages`."""
        return self._passages.get(ids, self._documents.passages)

    def vectors(self, ids: Collection[str]) -> dict[str, StoredVectors]:
        """As `DocumentStore.vectors`."""
        return self._vectors.get(ids, self._documents.vectors)

    def counts(self, filters: Filters) -> tuple[int, int]:
        """As `DocumentStore.counts`."""
        return self._counts.one(filters, lambda: self._documents.counts(filters))

    def collections(self) -> tuple[str, ...]:
        """Names of the collections that hold passages."""
        return self._names.one(
            "", lambda: tuple(one.name for one in self._documents.collections() if one.passages)
        )

    def visible(self) -> int:
        """As `LexicalIndex.visible`."""
        return self._numbers.one("", self._lexical.visible)

    def document_frequency(self, stems: Sequence[str]) -> int:
        """As `LexicalIndex.document_frequency`."""
        words = tuple(stems)
        return self._numbers.one(words, lambda: self._lexical.document_frequency(words))

    def passages_with(self, stems: Sequence[str], document_id: str) -> int:
        """As `LexicalIndex.passages_with`."""
        words = tuple(stems)
        return self._numbers.one(
            (words, document_id), lambda: self._lexical.passages_with(words, document_id)
        )

    def kept(self, key: Hashable, find: Callable[[], Value]) -> Value:
        """What ``find`` found, or finds now: anything small that follows from the documents.

        ``key`` says what it is; keys of two kinds must not be equal.
        """
        found: Value = self._others.one(key, find)
        return found
