"""What the pages keep between requests: texts that were just read, and suggested questions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from app.domain import Block, Document
from app.records.documents import DocumentStore
from app.web.suggestions import Suggestions

_TEXTS_KEPT = 8
"""Unpacking 50,000 table rows takes half a second; turning pages must not pay it each time."""
_CHARACTERS_KEPT = 10_000_000
"""With their blocks, about ten times as many bytes."""


class TextCache:
    """The last few texts with their blocks, by document and version."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], tuple[str, tuple[Block, ...]]] = OrderedDict()
        self._lock = threading.Lock()

    def text(self, store: DocumentStore, document: Document) -> tuple[str, tuple[Block, ...]]:
        """As `DocumentStore.text`."""
        key = (document.id, document.ingested_at.isoformat())
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = store.text(document.id)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > 1 and self._too_much():
                self._kept.popitem(last=False)
        return found

    def _too_much(self) -> bool:
        characters = sum(len(text) for text, _ in self._kept.values())
        return len(self._kept) > _TEXTS_KEPT or characters > _CHARACTERS_KEPT


@dataclass(slots=True)
class WebState:
    """One per application."""

    texts: TextCache = field(default_factory=TextCache)
    suggestions: Suggestions = field(default_factory=Suggestions)


def _state(request: Request) -> WebState:
    found: WebState = request.app.state.web
    return found


WebStateDep = Annotated[WebState, Depends(_state)]
