"""What embedding costs, where a price file says so: a sum for each day, in the records.

An embedding takes milliseconds, so calls are gathered and written down every `EVERY_S`. A kill
loses that much of an estimate, never of a bill: the models run on the own machine.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from datetime import date
from typing import Protocol

from app import moment
from app.ask.writing.price_file import EmbeddingPrice
from app.domain import Span
from app.knowledge.ports import Embedder, Encoded, Vector

log = logging.getLogger(__name__)
EVERY_S = 30.0
_MILLION = 1_000_000
_HOUR_S = 3600


class EmbeddingLog(Protocol):
    """Keeps what embedding cost."""

    def embedded(self, day: date, model: str, calls: int, tokens: int, usd: float) -> None:
        """Add to a day's sum. Blocks on the database."""


class PricedEmbedder:
    """An embedder whose calls are paid: by the token, or by the time that they take."""

    def __init__(self, embedder: Embedder, price: EmbeddingPrice, spending: EmbeddingLog) -> None:
        self.name = embedder.name
        self.dimension = embedder.dimension
        self.precision = getattr(embedder, "precision", "unknown")
        self._embedder = embedder
        self._price = price
        self._log = spending
        self._lock = threading.Lock()
        self._gathered: dict[date, tuple[int, int, float]] = {}
        self._timer: threading.Timer | None = None

    def encode_query(self, text: str) -> Vector:
        """See `Embedder.encode_query`."""
        began = time.perf_counter()
        vector = self._embedder.encode_query(text)
        self._paid([text], time.perf_counter() - began)
        return vector

    def encode_passages(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> list[Encoded]:
        """See `Embedder.encode_passages`."""
        began = time.perf_counter()
        encoded = self._embedder.encode_passages(texts, spans)
        self._paid(texts, time.perf_counter() - began)
        return encoded

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """See `Embedder.count_tokens`; counting is free."""
        return self._embedder.count_tokens(texts)

    def write_down(self) -> None:
        """Write down what was gathered; called from time to time, and at the end."""
        with self._lock:
            gathered, self._gathered = self._gathered, {}
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        for day, (calls, tokens, usd) in gathered.items():
            try:
                self._log.embedded(day, self.name, calls, tokens, usd)
            except Exception:
                log.exception("what embedding cost could not be written down")

    def _paid(self, texts: Sequence[str], seconds: float) -> None:
        tokens = sum(self.count_tokens(texts))
        if self._price.per_hour is not None:
            usd = seconds * self._price.per_hour / _HOUR_S
        else:
            usd = tokens * (self._price.per_million_tokens or 0.0) / _MILLION
        day = moment.now().date()
        with self._lock:
            calls, before, cost = self._gathered.get(day, (0, 0, 0.0))
            self._gathered[day] = (calls + 1, before + tokens, cost + usd)
            if self._timer is None:
                self._timer = threading.Timer(EVERY_S, self.write_down)
                self._timer.daemon = True
                self._timer.start()
