"""What time it is, in UTC; everything that is recorded asks here, so that a day can be replayed.

`at` sets the time for what runs inside it: a thread pool and tasks started there inherit it,
because it lives in a context variable. Durations are measured with the system's own clocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_set: ContextVar[datetime | None] = ContextVar("moment", default=None)


def now() -> datetime:
    """The time, aware and in UTC."""
    return _set.get() or datetime.now(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let `now` be ``moment``, which must be aware, for what runs inside."""
    token = _set.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _set.reset(token)
