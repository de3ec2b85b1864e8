"""What lies in a period and a slice: the sets of questions and threads that metrics are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np

from app.insights.columns import Columns, Mask, Side, Threads, Whole, micros
from app.insights.periods import Period
from app.insights.slices import EVERYTHING, Slice


@dataclass(frozen=True)
class View:
    """Masks over rows, computed when first asked for. Definitions: product.md's table.

    Questions belong to a period by ``asked_at``, threads by their first question's, events and
    tickets by their own time. A thread belongs to a slice with its last question.
    """

    columns: Columns
    period: Period
    now: datetime
    slice_: Slice = EVERYTHING

    @cached_property
    def now_us(self) -> int:
        """Now, as columns have times."""
        return micros(self.now)

    @cached_property
    def inside(self) -> Mask:
        """Rows of the slice, at any time."""
        return self.slice_.rows(self.columns)

    @cached_property
    def in_period(self) -> Mask:
        """Rows asked in the period, of the slice."""
        start, end = np.searchsorted(self.columns["asked_at"], self.period.micros)  # rows in order
        found = np.zeros(len(self.columns), bool)
        found[start:end] = self.inside[start:end]
        return found

    @cached_property
    def questions(self) -> Mask:
        """Asked, whatever became of it."""
        return self.in_period & self.columns.has("kind", "ask")

    @cached_property
    def complete(self) -> Mask:
        """Questions with an answer; “not found” is one."""
        return self.questions & self.columns.has("status", "complete")

    @cached_property
    def not_private(self) -> Mask:
        """Rows whose behavior may be looked at."""
        return np.asarray(~self.columns["private"])

    @cached_property
    def observed(self) -> Mask:
        """Questions whose behavior may be looked at."""
        return np.asarray(self.questions & self.not_private)

    @cached_property
    def shown(self) -> Mask:
        """Answers shown, whose behavior may be looked at."""
        return np.asarray(self.complete & self.not_private)

    @cached_property
    def unknown_cost(self) -> Mask:
        """Questions that cost something nobody knows: a model was called, without a price."""
        columns = self.columns
        called = (columns["input_tokens"] + columns["output_tokens"] > 0) | ~columns.has(
            "model", "", "quotes"
        )
        ended = columns.has("status", "stopped", "failed") & called
        found: Mask = self.questions & np.isnan(columns["cost_usd"]) & (self.complete | ended)
        return found

    @cached_property
    def known_cost(self) -> Mask:
        """Questions whose cost is known."""
        found: Mask = self.questions & ~np.isnan(self.columns["cost_usd"])
        return found

    @cached_property
    def vague(self) -> Mask:
        """Too short to be answered well: fewer than 3 content words, and not or hardly answered."""
        columns = self.columns
        hardly = columns.has("state", "not_found") | columns.has("level", "low")
        return self.shown & hardly & (columns["content_words"] < 3)

    @cached_property
    def failed(self) -> Mask:
        """Answers that did not serve: abstained, of low confidence, or rejected."""
        columns = self.columns
        return self.complete & (
            columns.has("state", "not_found")
            | columns.has("level", "low")
            | columns.happened("rejected_at")
        )

    @cached_property
    def threads(self) -> Threads:
        """Threads of asks in the period and slice."""
        return self._threads(search=False)

    @cached_property
    def search_threads(self) -> Threads:
        """Threads of searches alone."""
        return self._threads(search=True)

    @cached_property
    def reports(self) -> tuple[Whole, Whole]:
        """Times and rows of the problems reported; row -1 where the question is gone."""
        return self._side(self.columns.reports)[:2]

    @cached_property
    def ratings(self) -> tuple[Whole, Whole, Whole]:
        """Times and rows of trust ratings, and their places in ``columns.ratings``."""
        return self._side(self.columns.ratings)

    @cached_property
    def tickets(self) -> Whole:
        """Times of imported tickets; none in a slice, because nobody knows where they belong."""
        at = self.columns.tickets.at
        start, end = np.searchsorted(at, self.period.micros)
        return at[start:end] if not self.slice_ else at[:0]

    def _threads(self, *, search: bool) -> Threads:
        every = self.columns.threads
        start, end = self.period.micros
        asked = self.columns["asked_at"][every.first]
        return every.some(
            (every.search == search) & (asked >= start) & (asked < end) & self.inside[every.last]
        )

    def _side(self, side: Side) -> tuple[Whole, Whole, Whole]:
        start, end = np.searchsorted(side.at, self.period.micros)
        places = np.arange(start, end)
        place = self.columns.place
        rows = np.array([place.get(one, -1) for one in side.answer_id[start:end]], np.int64)
        if self.slice_:
            stay = (rows >= 0) & self.inside[rows] if len(rows) else rows >= 0
            places, rows = places[stay], rows[stay]
        return side.at[places], rows, places
