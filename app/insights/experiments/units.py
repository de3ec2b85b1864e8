"""What an experiment measures, counted by session: for each metric, what each session contributes.

Definitions are those of `app.insights.metrics`, which a test holds this module to. Differences come
from what an experiment is: metrics that can't be told by arm (imported tickets, time saved, what
comes from evals) are not here, and a report counts for the question it is about.

A unit is a session, or, for programs without one, a conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np

from app.insights.columns import Columns, Mask, Real, Side, Whole, micros
from app.insights.experiments.statistics import (
    LEVEL,
    NOTHING,
    Estimate,
    mean,
    quantile,
    share,
)

ABANDONED_AFTER_US = 600 * 1_000_000
"""Ten minutes, the definition of abandonment, in microseconds."""
FEW_WORDS = 3
"""Questions with fewer content words are too short: the definition of prompt_quality."""


@dataclass(frozen=True)
class Seen:
    """The questions that count: ``asks`` are rows, ``first``/``last`` their threads' rows.

    ``unit``: of every row of the table, positive for a session, negative for a conversation.
    """

    columns: Columns
    asks: Whole
    first: Whole
    last: Whole
    last_complete: Whole
    unit: Whole
    now_us: int


@dataclass(frozen=True)
class Sample:
    """``above`` ÷ ``below`` by question or thread, and whose each is; or values, all over 1."""

    above: Real
    below: Real
    unit: Whole


def seen(columns: Columns, counted: Mask, since: datetime, now: datetime) -> Seen:
    """The asks among the rows ``counted``, and the threads that began ``since`` and end in one."""
    rows = counted & columns.has("kind", "ask") & ~columns["private"]
    threads = columns.threads
    whole = rows[threads.last] & ~threads.search
    whole &= columns["asked_at"][threads.first] >= micros(since)
    session = columns["session"].astype(np.int64)
    return Seen(
        columns,
        np.flatnonzero(rows),
        threads.first[whole],
        threads.last[whole],
        threads.last_complete[whole],
        np.where(session > 0, session, -columns["thread"].astype(np.int64)),
        micros(now),
    )


# --- by question ----------------------------------------------------------------------------------


def _among(seen: Seen, hits: Mask, counted: Mask | None = None) -> Sample:
    """Of the asks (those ``counted``) the part in ``hits``; both are masks over the table."""
    rows = seen.asks if counted is None else seen.asks[counted[seen.asks]]
    return Sample(hits[rows].astype(float), np.ones(len(rows)), seen.unit[rows])


def _shown(seen: Seen) -> Mask:
    return seen.columns.has("status", "complete")


def _of_shown(name: str) -> Callable[[Seen], Sample]:
    return lambda seen: _among(seen, seen.columns.happened(name), _shown(seen))


def _retry(seen: Seen) -> Sample:
    return _among(seen, seen.columns.happened("retried_at"))


def _abstention(seen: Seen) -> Sample:
    return _among(seen, seen.columns.has("state", "not_found"))


def _prompt_quality(seen: Seen) -> Sample:
    columns = seen.columns
    poor = columns.has("state", "not_found") | columns.has("level", "low")
    return _among(seen, poor & (columns["content_words"] < FEW_WORDS))


def _tickets(seen: Seen) -> Sample:
    counts = np.zeros(len(seen.columns))
    np.add.at(counts, _rows_of(seen.columns, seen.columns.reports)[0], 1.0)
    return Sample(counts[seen.asks], np.ones(len(seen.asks)), seen.unit[seen.asks])


def _trust(seen: Seen) -> Sample:
    rows, values = _rows_of(seen.columns, seen.columns.ratings)
    inside = np.zeros(len(seen.columns), bool)
    inside[seen.asks] = True
    rows, values = rows[inside[rows]], values[inside[rows]]
    return Sample(values, np.ones(len(rows)), seen.unit[rows])


def _rows_of(columns: Columns, side: Side) -> tuple[Whole, Real]:
    """The rows that reports or ratings are about, and their values; without those deleted."""
    rows = np.array([columns.place.get(one, -1) for one in side.answer_id], np.int64)
    values = side.value if len(side.value) else np.ones(len(rows))
    return rows[rows >= 0], values[rows >= 0]


def _known(name: str) -> Callable[[Seen], Sample]:
    """The values of a column where they are known."""

    def sample(seen: Seen) -> Sample:
        values = seen.columns[name]
        rows = seen.asks[~np.isnan(values[seen.asks])]
        return Sample(values[rows], np.ones(len(rows)), seen.unit[rows])

    return sample


def _total_ms(seen: Seen) -> Sample:
    values = seen.columns["total_ms"]
    rows = seen.asks[_shown(seen)[seen.asks] & ~np.isnan(values[seen.asks])]
    return Sample(values[rows], np.ones(len(rows)), seen.unit[rows])


def _cost_per_accepted(seen: Seen) -> Sample:
    values = seen.columns["cost_usd"]
    rows = seen.asks[~np.isnan(values[seen.asks])]
    accepted = seen.columns.happened("accepted_at") & _shown(seen)
    return Sample(values[rows], accepted[rows].astype(float), seen.unit[rows])


# --- by thread ------------------------------------------------------------------------------------


def _task_success(seen: Seen) -> Sample:
    accepted = seen.columns.happened("accepted_at")[seen.last]
    return Sample(accepted.astype(float), np.ones(len(seen.last)), seen.unit[seen.last])


def _abandonment(seen: Seen) -> Sample:
    columns = seen.columns
    answered = seen.last_complete >= 0
    rows = np.where(answered, seen.last_complete, 0)
    by = columns["completed_at"][rows] + ABANDONED_AFTER_US
    following = columns.threads.next[rows]
    asked_on = (following >= 0) & (columns["asked_at"][np.maximum(following, 0)] <= by)
    interacted = columns["interacted_at"][rows] <= by
    left = answered & ~interacted & ~asked_on & (seen.now_us >= by)
    return Sample(left.astype(float), np.ones(len(rows)), seen.unit[seen.last])


def _time_to_done(seen: Seen) -> Sample:
    columns = seen.columns
    done = columns.happened("accepted_at")[seen.last]
    took = columns["accepted_at"][seen.last] - columns["asked_at"][seen.first]
    return Sample(took[done] / 1e6, np.ones(int(done.sum())), seen.unit[seen.last[done]])


# --- all of them ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric as experiments measure it.

    ``how``: "share", "mean", or the quantile that it is. ``scale``: what a mean is multiplied by.
    """

    sample: Callable[[Seen], Sample]
    how: Literal["share", "mean"] | float = "share"
    scale: float = 1.0

    def estimate(self, seen: Seen, inside: Mask, level: float = LEVEL) -> Estimate:
        """The value among the rows ``inside``, a mask over the table, with its interval."""
        return self.of(self.sample(_narrowed(seen, inside)), level)

    def of(self, sample: Sample, level: float = LEVEL) -> Estimate:
        """The value of a sample, with its interval."""
        if not len(sample.unit):
            return NOTHING
        if not isinstance(self.how, str):
            return quantile(sample.above, sample.unit, self.how, level)
        _, owner = np.unique(sample.unit, return_inverse=True)
        above = np.bincount(owner, weights=sample.above).astype(np.float64)
        below = np.bincount(owner, weights=sample.below).astype(np.float64)
        if self.how == "share":
            return share(above, below, level)
        return mean(above, below, level, self.scale)


def _narrowed(seen: Seen, inside: Mask) -> Seen:
    whole = inside[seen.last]
    return Seen(
        seen.columns,
        seen.asks[inside[seen.asks]],
        seen.first[whole],
        seen.last[whole],
        seen.last_complete[whole],
        seen.unit,
        seen.now_us,
    )


MEASURES: Mapping[str, Measure] = {
    "task_success": Measure(_task_success),
    "acceptance": Measure(_of_shown("accepted_at")),
    "rejection": Measure(_of_shown("rejected_at")),
    "retry": Measure(_retry),
    "override": Measure(_of_shown("corrected_at")),
    "abandonment": Measure(_abandonment),
    "abstention": Measure(_abstention),
    "citation_open": Measure(_of_shown("opened_at")),
    "prompt_quality": Measure(_prompt_quality),
    "tickets": Measure(_tickets, "mean", 100.0),
    "trust": Measure(_trust, "mean"),
    "time_to_answer_p50": Measure(_total_ms, 0.5),
    "time_to_answer_p95": Measure(_total_ms, 0.95),
    "first_token_p50": Measure(_known("first_content_ms"), 0.5),
    "first_token_p95": Measure(_known("first_content_ms"), 0.95),
    "time_to_done": Measure(_time_to_done, 0.5),
    "cost_per_question": Measure(_known("cost_usd"), "mean"),
    "cost_per_accepted": Measure(_cost_per_accepted, "mean"),
}
"""By the ids of ``prd/metrics.yaml``, in the order in which they are shown."""
