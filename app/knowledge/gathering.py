"""Texts that several threads want embedded at one time, embedded in one forward pass.

A short question costs a forward pass nearly as much as eight: most of it is the model's weights on
their way through the processor. Nobody waits for company: whoever finds the model free goes at
once, and those who came meanwhile go together when it is free again.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.domain import Span
from app.knowledge.ports import Encoded

Wanted = tuple[str, Sequence[Span]]
"""A text and the spans in it that get vectors of their own."""


@dataclass(slots=True)
class _Waiting:
    wanted: Sequence[Wanted]
    found: list[Encoded] = field(default_factory=list)
    done: bool = False
    error: Exception | None = None


class Gathered:
    """Embeds for several threads together; each gets its own results, in its own order."""

    def __init__(
        self, embed: Callable[[Sequence[Wanted]], Sequence[Encoded]], at_once: int
    ) -> None:
        """``at_once``: texts in one call, unless one thread alone brings more."""
        self._embed = embed
        self._at_once = at_once
        self._turn = threading.Lock()
        self._waiting: deque[_Waiting] = deque()

    def __call__(self, wanted: Sequence[Wanted]) -> list[Encoded]:
        """One result for each of ``wanted``. Raises what embedding raises."""
        if not wanted:
            return []
        mine = _Waiting(wanted)
        self._waiting.append(mine)
        with self._turn:
            while not mine.done:
                self._run(self._next())
        if mine.error is not None:
            raise mine.error
        return mine.found

    def _next(self) -> list[_Waiting]:
        """Who goes now: those that came first. Only who has the turn takes anybody away."""
        going = [self._waiting.popleft()]
        size = len(going[0].wanted)
        while self._waiting and size + len(self._waiting[0].wanted) <= self._at_once:
            going.append(self._waiting.popleft())
            size += len(going[-1].wanted)
        return going

    def _run(self, going: Sequence[_Waiting]) -> None:
        try:
            found = iter(self._embed([text for one in going for text in one.wanted]))
            for one in going:
                one.found = [next(found) for _ in one.wanted]
        except Exception as error:  # noqa: BLE001  # told to everybody whose texts were in it
            for one in going:
                one.error = error
        finally:
            for one in going:
                one.done = True
