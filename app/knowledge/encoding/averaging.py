"""Texts → vectors by averaging token states: small work at once, large work spread over cores.

Large work goes to threads of one core each, every one with passages of its own. That needs no
waiting for one another within a passage, as sharing each product among the cores does, and keeps
its speed when the machine has other work to do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from app.domain import Span
from app.knowledge.encoding.pooling import pooled
from app.knowledge.ports import Encoded, Vector

CHUNK_CHARACTERS = 3000
"""Characters of a forward pass in a thread, about 700 tokens: what it computes stays in the
processor's cache, and more at once gains nothing."""

_CROWD_S = 0.5
"""As long after work for somebody else, others are taken to be at work. Sharing a short text among
two cores nearly doubles what it costs: worth it for one who waits, not where both have work."""


class TokenModel(Protocol):
    """A transformer."""

    def states(self, ids: Sequence[Sequence[int]]) -> list[NDArray[np.float32]]:
        """The token states of each text: shape (its tokens, dimension)."""


class Averaging:
    """Encodes with ``model``; ``tokenizer`` cuts at the model's window. From any threads.

    ``threads``: chunks encoded beside each other. ``query_threads``: cores of one small pass.
    """

    def __init__(self, model: TokenModel, tokenizer: Any, threads: int, query_threads: int) -> None:
        self.threads, self._query_threads = threads, query_threads
        self._model, self._tokenizer = model, tokenizer
        self._whole_machine = threading.Lock()
        self._served: int | None = None
        self._changed_at = -_CROWD_S
        self._usual = torch.get_num_threads()
        self._pool: ThreadPoolExecutor | None = None
        self._starting = threading.Lock()

    def encode_query(self, text: str) -> Vector:
        """The mean of all tokens, at length 1."""
        return self._at_once([text], [()])[0].vector

    def encode(self, texts: Sequence[str], spans: Sequence[Sequence[Span]]) -> list[Encoded]:
        """Every text with its spans, in the given order."""
        if len(texts) == 1 or sum(map(len, texts)) <= CHUNK_CHARACTERS:
            return self._at_once(texts, spans) if texts else []
        # Alike lengths together: for models that pad.
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        chunks = list(_chunks(order, texts, self.threads))
        results: list[Encoded | None] = [None] * len(texts)
        done = self._workers().map(
            self._encode,
            [[texts[i] for i in chunk] for chunk in chunks],
            [[spans[i] for i in chunk] for chunk in chunks],
        )
        for chunk, encoded in zip(chunks, done, strict=True):
            for i, one in zip(chunk, encoded, strict=True):
                results[i] = one
        return [one for one in results if one is not None]

    def _at_once(self, texts: Sequence[str], spans: Sequence[Sequence[Span]]) -> list[Encoded]:
        """In this thread: with several cores if nobody else is at work, else without waiting."""
        alone = self._whole_machine.acquire(blocking=False)
        torch.get_num_threads()  # as in `one_core_each`
        torch.set_num_threads(self._query_threads if alone and not self._crowded() else 1)
        try:
            return self._encode(texts, spans)
        finally:
            torch.set_num_threads(self._usual)
            if alone:
                self._whole_machine.release()

    def _crowded(self) -> bool:
        """Whether several threads have had texts embedded lately: several people ask at a time."""
        here, at = threading.get_ident(), time.monotonic()
        if self._served not in (None, here):
            self._changed_at = at
        self._served = here
        return at - self._changed_at < _CROWD_S

    def _encode(self, texts: Sequence[str], spans: Sequence[Sequence[Span]]) -> list[Encoded]:
        encodings = [self._tokenizer.encode(text) for text in texts]
        states = self._model.states([encoding.ids for encoding in encodings])
        return [
            pooled(own, encoding, wanted)
            for own, encoding, wanted in zip(states, encodings, spans, strict=True)
        ]

    def _workers(self) -> ThreadPoolExecutor:
        with self._starting:
            if self._pool is None:
                self._pool = one_core_each(self.threads)
            return self._pool


def one_core_each(threads: int) -> ThreadPoolExecutor:
    """Threads that have begun, in which torch uses one core.

    torch remembers the number for the calling thread, and as what later threads begin with; so the
    latter is set back once all are there.
    """
    usual = torch.get_num_threads()
    begun = threading.Barrier(threads + 1)

    def begin() -> None:
        torch.get_num_threads()  # it takes over the number there is, but only at its first use
        torch.set_num_threads(1)
        begun.wait()

    pool = ThreadPoolExecutor(threads, "footnote-encode", begin)
    for _ in range(threads):
        pool.submit(int)
    begun.wait()
    torch.set_num_threads(usual)
    return pool


def _chunks(order: Sequence[int], texts: Sequence[str], threads: int) -> Iterator[list[int]]:
    """About `CHUNK_CHARACTERS` each, and not so few that a thread has nothing to do."""
    total = sum(len(texts[i]) for i in order)
    limit = min(CHUNK_CHARACTERS, -(-total // threads))
    chunk: list[int] = []
    size = 0
    for i in order:
        chunk.append(i)
        size += len(texts[i])
        if size >= limit:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
