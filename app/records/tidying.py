"""The server's own purge, which does not believe a clock that jumped ahead.

A clock that is wrong by a year for a moment (a machine that woke up, a bad time server) makes fresh
questions look old. What was purged is gone; what was purged a day later hurts nobody. So the wall
clock is held against one that only ever counts, and after a leap nothing is purged until the new
time has stood for a day. A clock that jumps back makes everything look younger: nothing to do.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine, insert, select, update

from app import moment
from app.records.retention import Purged, purge
from app.records.tables import index_state
from app.settings import Settings

log = logging.getLogger(__name__)

LEAP = timedelta(days=1)
"""While a server runs: more ahead than this is no drift."""
ABSENCE = timedelta(days=30)
"""Since the last purge: a server may be off for that long without anybody wondering."""
DOUBT_S = 86_400.0
"""A time that has stood for so many seconds is believed."""
_KEY = "purged_at"


def _counted() -> float:
    """Seconds that passed, also while the machine slept where the system can tell."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


class Tidying:
    """Purges when it is called; a server calls it every hour."""

    def __init__(
        self, engine: Engine, settings: Settings, counted: Callable[[], float] = _counted
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._counted = counted
        self._wall, self._count = moment.now(), counted()
        self._doubted_at: float | None = None
        self._absent: bool | None = None

    def __call__(self) -> Purged:
        """Forget what is not to be kept, unless the clock is in doubt."""
        now, count = moment.now(), self._counted()
        if self._absent is None:
            last = self._last()
            self._absent = last is not None and now - last > ABSENCE
        ahead = now - self._wall - timedelta(seconds=count - self._count)
        if ahead > LEAP or self._absent:
            if self._doubted_at is None:
                self._doubted_at = count
                log.warning("the clock leapt ahead: nothing is purged until that stood for a day")
            if count - self._doubted_at < DOUBT_S:
                return Purged()
        self._wall, self._count, self._doubted_at, self._absent = now, count, None, False
        gone = purge(self._engine, self._settings)
        self._remember(now)
        return gone

    def _last(self) -> datetime | None:
        query = select(index_state.c.value).where(index_state.c.key == _KEY)
        with self._engine.connect() as connection:
            value = connection.scalar(query)
        try:
            return datetime.fromisoformat(value) if value else None
        except ValueError:
            return None

    def _remember(self, now: datetime) -> None:
        with self._engine.begin() as connection:
            changed = connection.execute(
                update(index_state)
                .where(index_state.c.key == _KEY)
                .values(value=now.isoformat(timespec="seconds"))
            )
            if changed.rowcount == 0:
                value = now.isoformat(timespec="seconds")
                connection.execute(insert(index_state).values(key=_KEY, value=value))
