"""All questions in memory, brought up to date with what was written since, by any process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from app.access import Reach, reach
from app.insights.columns import Columns, Side, empty, kept, merged, part, renamed, times
from app.records.visibility import shown_name

Row = Sequence[Any]
_REACHES = 16
"""Reaches whose view of the columns is kept: 4 bytes a question each, and what is cached on it."""


class Reads(Protocol):
    """What `Facts` asks of the records; see `app.records.product.fact_reads.FactReads`."""

    def counters(self) -> tuple[int, int]:
        """The newest revision, and how often questions were deleted."""

    def changed(self, since: int) -> Iterator[Sequence[Row]]:
        """Batches of the questions with a newer revision than ``since``."""

    def answer_ids(self) -> set[str]:
        """Every question there is."""

    def side_key(self) -> tuple[object, ...]:
        """Changes with what the next three give."""

    def reports(self) -> Sequence[Row]:
        """``(at, answer_id)``."""

    def ratings(self) -> Sequence[Row]:
        """``(at, answer_id, release, experiment, arm, properties)``."""

    def tickets(self) -> Sequence[Row]:
        """``(at,)``."""


class Facts:
    """`columns` gives the questions as they are now; the first call loads them all.

    Thread-safe: one thread reads what is new while others wait for it, so that whoever asks after
    something was recorded sees it. What was given out before is never changed.
    """

    def __init__(
        self, reads: Callable[[], AbstractContextManager[Reads]], names: Sequence[str]
    ) -> None:
        """``reads``: opens reads of one moment. ``names``: the columns that `changed` gives."""
        self._reads = reads
        self._names = tuple(names)
        self._lock = threading.Lock()
        self._columns = empty()
        self._revision = 0
        self._deletions: int | None = None
        self._sides: tuple[object, ...] | None = None
        self._shown: dict[Reach, tuple[Columns, Columns]] = {}

    def columns(self) -> Columns:
        """All questions, searches, reports, ratings and tickets recorded until now.

        Collections that the reader may not see are one, without its name.
        """
        columns, seen = self._whole(), reach()
        if not seen.limited:
            return columns
        with self._lock:
            known = self._shown.get(seen)
            if known is None or known[0] is not columns:
                known = columns, renamed(columns, "collection", shown_name)
                self._shown[seen] = known
                while len(self._shown) > _REACHES:
                    self._shown.pop(next(iter(self._shown)))
        return known[1]

    def _whole(self) -> Columns:
        with self._lock, self._reads() as reads:
            revision, deletions = reads.counters()
            columns = self._columns
            if self._deletions is not None and deletions != self._deletions:
                columns = kept(columns, reads.answer_ids())
            if revision != self._revision or self._deletions is None:
                columns, revision = self._with_changed(columns, reads, revision)
            sides = reads.side_key()
            if sides != self._sides or columns is not self._columns:
                columns = _with_sides(columns, reads, self._columns, sides == self._sides)
            self._columns, self._revision = columns, revision
            self._deletions, self._sides = deletions, sides
            return columns

    def _with_changed(self, columns: Columns, reads: Reads, revision: int) -> tuple[Columns, int]:
        parts = []
        for rows in reads.changed(self._revision):
            values = dict(zip(self._names, zip(*rows, strict=True), strict=True))
            revision = max(revision, *values["revision"], 0)
            parts.append(part(columns, values))
        return merged(columns, parts), revision


def _with_sides(columns: Columns, reads: Reads, before: Columns, same: bool) -> Columns:
    if same:
        return replace(
            columns, reports=before.reports, ratings=before.ratings, tickets=before.tickets
        )
    reports, ratings, tickets = reads.reports(), reads.ratings(), reads.tickets()
    rated = [row for row in ratings if _rating(row[5]) is not None]
    return replace(
        columns,
        reports=Side(times([row[0] for row in reports]), [row[1] for row in reports]),
        ratings=Side(
            times([row[0] for row in rated]),
            [row[1] for row in rated],
            np.array([_rating(row[5]) for row in rated], float),
            *([row[place] for row in rated] for place in (2, 3, 4)),
        ),
        tickets=Side(times([row[0] for row in tickets])),
    )


def _rating(properties: Mapping[str, Any]) -> float | None:
    value = properties.get("rating")
    return float(value) if isinstance(value, int | float) else None
