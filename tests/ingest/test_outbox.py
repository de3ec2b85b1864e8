"""Handing elements from one thread to another."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from ingest.outbox import Outbox


def test_elements_come_in_order() -> None:
    with Outbox(iter(range(100)), lambda _element: 1, 10) as outbox:
        assert list(outbox) == list(range(100))
    assert outbox.ended


def test_the_thread_does_not_run_far_ahead() -> None:
    made: list[int] = []

    def elements() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    with Outbox(elements(), lambda _element: 10, 30) as outbox:
        taken = iter(outbox)
        next(taken)
        time.sleep(0.2)
        assert len(made) <= 6


def test_one_element_may_be_heavier_than_the_limit() -> None:
    with Outbox(iter([1, 2]), lambda _element: 1000, 1) as outbox:
        assert list(outbox) == [1, 2]


def test_what_the_thread_raises_is_raised_to_who_takes() -> None:
    def elements() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    with Outbox(elements(), lambda _element: 1, 10) as outbox:
        taken = iter(outbox)
        assert next(taken) == 1
        with pytest.raises(ValueError, match="broken"):
            next(taken)


def test_leaving_early_ends_the_thread() -> None:
    with Outbox(iter(range(10_000)), lambda _element: 1, 5) as outbox:
        next(iter(outbox))
    assert outbox.ended


def test_a_slow_element_is_not_waited_for_once_cancelled() -> None:
    release = threading.Event()

    def elements() -> Iterator[int]:
        release.wait(30)
        yield 1

    start = time.monotonic()
    with Outbox(elements(), lambda _element: 1, 5, lambda: True) as outbox:
        assert list(outbox) == []
    assert time.monotonic() - start < 5
    assert not outbox.ended
    release.set()
