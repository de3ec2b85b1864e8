"""A metric before it is one number: what is counted, what it is divided by, and when each was."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np

from app.insights.columns import Real, Whole
from app.insights.periods import Buckets


@dataclass(frozen=True, slots=True)
class Value:
    """A number with what it was made of; ``value`` is None when the denominator is 0.

    Of a percentile or median the denominator is how many were measured, and the numerator how many
    of them reach it.
    """

    value: float | None
    numerator: float
    denominator: float


NO_VALUE = Value(None, 0, 0)


@dataclass(frozen=True)
class Counted:
    """Things at their times; ``row``: the question each belongs to (-1: none)."""

    at: Whole
    row: Whole
    weight: Real | None = None
    """What each counts for; None: 1."""

    @property
    def total(self) -> float:
        """The sum of weights."""
        return float(len(self.at) if self.weight is None else self.weight.sum())


@dataclass(frozen=True)
class Measure:
    """What is counted, what it is divided by, and how.

    ``kind``: ``ratio`` is ``scale`` · top ÷ bottom; ``count`` is top; ``quantile`` is of bottom's
    weights, at ``q`` (0 to 1), interpolated linearly between order statistics.
    """

    top: Counted
    bottom: Counted
    kind: Literal["ratio", "count", "quantile"] = "ratio"
    scale: float = 1.0
    q: float = 0.5
    _cache: dict[str, Value] = field(default_factory=dict, repr=False, compare=False)

    def value(self) -> Value:
        """The number over the whole period."""
        if "value" not in self._cache:
            self._cache["value"] = self._value()
        return self._cache["value"]

    def _value(self) -> Value:
        below = self.bottom.total if self.kind != "quantile" else float(len(self.bottom.at))
        if self.kind == "count":
            return Value(self.top.total, self.top.total, below)
        if not below:
            return Value(None, self.top.total if self.kind == "ratio" else 0.0, 0.0)
        if self.kind == "ratio":
            return Value(self.scale * self.top.total / below, self.top.total, below)
        weights = _weights(self.bottom)
        middle = float(np.quantile(weights, self.q))
        return Value(middle, float((weights >= middle).sum()), below)

    def series(self, buckets: Buckets) -> list[float | None]:
        """The number in each bucket; None where nothing was counted."""
        below_at = _bucket(self.bottom.at, buckets)
        if self.kind == "quantile":
            return self._quantiles(below_at, buckets.count)
        above = np.bincount(
            _bucket(self.top.at, buckets), _weights(self.top), minlength=buckets.count
        )
        below = np.bincount(below_at, _weights(self.bottom), minlength=buckets.count)
        if self.kind == "count":
            return [float(one) for one in above]
        return [
            self.scale * float(one) / float(of) if of else None
            for one, of in zip(above, below, strict=True)
        ]

    def rows(self, side: Literal["numerator", "denominator"]) -> Whole:
        """The questions behind one side, each once."""
        counted = self.top if side == "numerator" else self.bottom
        rows = counted.row
        if side == "numerator" and self.kind == "quantile" and len(rows):
            counted = self.bottom
            rows = counted.row[_weights(counted) >= float(np.quantile(_weights(counted), self.q))]
        return np.unique(rows[rows >= 0])

    def _quantiles(self, bucket: Whole, count: int) -> list[float | None]:
        order = np.argsort(bucket, kind="stable")
        edges = np.searchsorted(bucket[order], np.arange(count + 1))
        weights = _weights(self.bottom)[order]
        return [
            float(np.quantile(weights[start:end], self.q)) if end > start else None
            for start, end in pairwise(edges)
        ]


def _weights(counted: Counted) -> Real:
    return np.ones(len(counted.at)) if counted.weight is None else counted.weight


def _bucket(at: Whole, buckets: Buckets) -> Whole:
    """The bucket of each time; the last one takes what comes after it."""
    return np.minimum((at - buckets.start) // buckets.step, buckets.count - 1)
