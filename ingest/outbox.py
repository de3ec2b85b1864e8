"""Hands outcomes from the thread that prepares files to the one that embeds and stores them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

_PATIENCE_SECONDS = 1.0
_LOOK_SECONDS = 0.2


class Outbox(Generic[T]):
    """Runs an iterator in a thread, ahead of who takes from it, but not far ahead.

    ``weigh`` gives an element's weight; the thread pauses while more than ``limit`` waits. What it
    raises is raised where the elements are taken. Once ``cancelled``, no more are given.
    """

    def __init__(
        self,
        elements: Iterator[T],
        weigh: Callable[[T], int],
        limit: int,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._elements = elements
        self._cancelled = cancelled
        self._weigh = weigh
        self._limit = limit
        self._waiting: deque[tuple[T, int]] = deque()
        self._weight = 0
        self._ended = False
        self._closed = False
        self._error: BaseException | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="footnote-prepare", daemon=True)

    def __enter__(self) -> Outbox[T]:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(_PATIENCE_SECONDS)

    @property
    def ended(self) -> bool:
        """Whether the thread has come to its end; an element may take long to make."""
        return self._ended

    def __iter__(self) -> Iterator[T]:
        while True:
            with self._changed:
                while not (self._waiting or self._ended):
                    if self._cancelled():
                        return
                    self._changed.wait(_LOOK_SECONDS)
                if not self._waiting:
                    if self._error is not None:
                        raise self._error
                    return
                element, weight = self._waiting.popleft()
                self._weight -= weight
                self._changed.notify_all()
            yield element

    def _run(self) -> None:
        try:
            for element in self._elements:
                weight = self._weigh(element)
                with self._changed:
                    self._changed.wait_for(
                        lambda: self._closed or not self._waiting or self._weight < self._limit
                    )
                    if self._closed:
                        return
                    self._waiting.append((element, weight))
                    self._weight += weight
                    self._changed.notify_all()
        except BaseException as error:  # noqa: BLE001  # handed over to the other thread
            self._error = error
        finally:
            # Here, so that what it opened in this thread is closed in it.
            getattr(self._elements, "close", bool)()
            with self._changed:
                self._ended = True
                self._changed.notify_all()
