"""Columns → metrics: values over a period, their course in it, and the questions behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Literal, cast, get_args

import numpy as np

from app.insights.columns import Columns
from app.insights.funnel import STEPS, reached
from app.insights.measures import NO_VALUE, Measure, Value
from app.insights.metric_table import METRICS
from app.insights.metric_words import WORDS
from app.insights.periods import Buckets, Period
from app.insights.slices import EVERYTHING, Slice
from app.insights.view import View

__all__ = ["Metrics", "Side", "Value", "compute", "members"]

Side = Literal["numerator", "denominator"]
_NOTHING: Mapping[str, Value] = {}


class Metrics:
    """Every metric of one period and slice; each is computed when first asked for."""

    def __init__(
        self,
        columns: Columns,
        period: Period,
        now: datetime,
        slice_: Slice = EVERYTHING,
        extra: Mapping[str, Value] = _NOTHING,
    ) -> None:
        """``extra``: metrics that are not computed from questions, e.g. ``coverage_gaps``."""
        self.view = View(columns, period, now, slice_)
        self._extra = extra
        self._measures: dict[str, Measure] = {}
        self._series: dict[str, list[float | None]] = {}

    def value(self, metric: str) -> Value:
        """The value of a metric; without one where nothing was counted or nobody measures it."""
        if metric in self._extra:
            return self._extra[metric]
        if metric == "time_saved":
            asked, searched = self.value("time_to_done"), self.value("time_to_done_search")
            if asked.value is None or searched.value is None:
                return Value(None, searched.denominator, asked.denominator)
            saved = searched.value - asked.value
            return Value(saved, searched.denominator, asked.denominator)
        return self.measure(metric).value() if metric in METRICS else NO_VALUE

    def values(self) -> dict[str, Value]:
        """Every metric of `app.insights.metric_words`, in that order."""
        return {metric: self.value(metric) for metric in WORDS}

    def series(self, metric: str) -> list[float | None]:
        """The metric in each of `buckets`; empty where it has no course."""
        if metric not in self._series:
            self._series[metric] = self._course(metric)
        return self._series[metric]

    def _course(self, metric: str) -> list[float | None]:
        if metric == "time_saved":
            asked, searched = self.series("time_to_done"), self.series("time_to_done_search")
            return [
                None if one is None or other is None else other - one
                for one, other in zip(asked, searched, strict=True)
            ]
        return self.measure(metric).series(self.buckets) if metric in METRICS else []

    @cached_property
    def buckets(self) -> Buckets:
        """The points of the period's trend."""
        return self.view.period.buckets()

    def measure(self, metric: str) -> Measure:
        """What is counted. Raises KeyError for a metric that is not computed from questions."""
        if metric not in self._measures:
            self._measures[metric] = METRICS[metric](self.view)
        return self._measures[metric]


def compute(
    columns: Columns,
    period: Period,
    now: datetime,
    slice_: Slice = EVERYTHING,
    extra: Mapping[str, Value] = _NOTHING,
) -> dict[str, Value]:
    """Every metric by its id: value, numerator, denominator."""
    return Metrics(columns, period, now, slice_, extra).values()


def members(
    metric: str,
    side: str,
    columns: Columns,
    period: Period,
    now: datetime,
    slice_: Slice = EVERYTHING,
) -> Sequence[str]:
    """The answer_ids behind one side of a metric, in order of time; a thread is its last question.

    ``side``: ``numerator`` or ``denominator``. Of a percentile the numerator are those that reach
    it: the slow ones. Of ``drop_off`` the sides are the steps of `app.insights.funnel.STEPS`. A
    metric that is not computed from questions has none, nor has a side that does not exist.
    """
    if metric == "drop_off":
        view = View(columns, period, now, slice_)
        mask = reached(view, side) if side in STEPS else np.zeros(len(columns), bool)
        return [str(one) for one in columns.answer_id[mask]]
    if metric == "time_saved":
        metric = "time_to_done_search" if side == "numerator" else "time_to_done"
    if metric not in METRICS or side not in get_args(Side):
        return []
    rows = Metrics(columns, period, now, slice_).measure(metric).rows(cast("Side", side))
    return [str(one) for one in columns.answer_id[rows]]
