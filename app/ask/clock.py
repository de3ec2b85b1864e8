"""How long the steps of one question took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

_DIGITS = 2
"""Hundredths of a millisecond: what is stored is what pages, programs and metrics say."""


class Clock:
    """Milliseconds by step, from the moment the question was accepted."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self.timings: dict[str, float] = {}

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Add what the block takes to ``step``, also when it fails."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.timings[step] = self.timings.get(step, 0.0) + _since(begun)

    def first_token(self) -> None:
        """There is something to show; only the first call counts."""
        self.timings.setdefault("first_token", _since(self._started))

    def finished(self) -> dict[str, float]:
        """The timings with the total; nothing found has its first content now."""
        self.first_token()
        timings = {**self.timings, "total": _since(self._started)}
        return {name: round(taken, _DIGITS) for name, taken in timings.items()}


def _since(start: float) -> float:
    return (time.perf_counter() - start) * 1000
