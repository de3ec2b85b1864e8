"""One look at a period, a slice and targets: what pages and the API show of the metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from app.insights.calibration import LevelRow, calibration
from app.insights.columns import Columns, moment_of
from app.insights.costs import ModelCost, TimeCost, by_model, by_time
from app.insights.eval_report import EvalReport, load_report
from app.insights.facts import Facts
from app.insights.funnel import FunnelStep, funnel
from app.insights.measures import Value
from app.insights.metrics import Metrics
from app.insights.periods import Period, parse_period
from app.insights.releases import ReleaseTrust, trust_by_release
from app.insights.slices import EVERYTHING, Slice
from app.insights.targets import Target, Targets, load_targets

Extra = Callable[[Period, Slice], Mapping[str, Value]]
"""Metrics of a period that are not computed from columns: gaps and unexpected uses."""


def no_extra(_period: Period, _slice: Slice) -> Mapping[str, Value]:
    """Nothing beside what is computed from columns."""
    return {}


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for: a period (or ``start`` and ``end``), a slice, a comparison."""

    period: str = ""
    start: str = ""
    end: str = ""
    slice_: Slice = EVERYTHING


@dataclass(frozen=True)
class Look:
    """One period, the one before it, and everything that is said about both."""

    columns: Columns
    period: Period
    slice_: Slice
    now: datetime
    targets: Targets
    report: EvalReport
    promises: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Extra = no_extra

    @cached_property
    def metrics(self) -> Metrics:
        """Those of the period."""
        return self._metrics(self.period, self.elsewhere(self.period, self.slice_))

    @cached_property
    def before(self) -> Metrics:
        """Those of the period before; clusters of the past are not looked for."""
        return self._metrics(self.period.previous(), {})

    @cached_property
    def funnel(self) -> list[FunnelStep]:
        """How far questions came."""
        return funnel(self.metrics.view)

    @cached_property
    def calibration(self) -> list[LevelRow]:
        """Whether each level keeps its promise."""
        return calibration(self.metrics, self.promises)

    @cached_property
    def releases(self) -> list[ReleaseTrust]:
        """Trust before and after each release."""
        return trust_by_release(self.metrics.view)

    @cached_property
    def models(self) -> list[ModelCost]:
        """Cost by model."""
        return by_model(self.metrics.view)

    @cached_property
    def costs(self) -> list[TimeCost]:
        """Cost by day, or by the buckets of the period."""
        return by_time(self.metrics.view, self.metrics.buckets)

    @property
    def questions(self) -> int:
        """Questions asked in the period and slice."""
        return int(self.metrics.view.questions.sum())

    @property
    def anything(self) -> bool:
        """False where nothing was ever asked or searched."""
        return len(self.columns) > 0

    def target(self, metric: str) -> Target:
        """The metric in words, with its target. Raises KeyError for none of ours."""
        return self.targets.metrics[metric]

    def by(self, name: str, most: int = 12) -> list[tuple[str, Metrics]]:
        """All metrics for each word of a slice's field, the most frequent words first."""
        made = []
        for word in self.columns.words(name)[:most]:
            own = Slice(**self.slice_.given() | {name: word})
            made.append((word, Metrics(self.columns, self.period, self.now, own)))
        return made

    def _metrics(self, period: Period, elsewhere: Mapping[str, Value]) -> Metrics:
        extra = dict(self.report.values) | dict(elsewhere)
        return Metrics(self.columns, period, self.now, self.slice_, extra)


class Insights:
    """Gives looks. ``promises``: confidence level → what it says about itself."""

    def __init__(
        self,
        facts: Facts,
        *,
        prd_dir: Path,
        eval_report: Path,
        promises: Mapping[str, str],
        extra: Extra = no_extra,
    ) -> None:
        self.facts = facts
        self._prd_dir = prd_dir
        self._eval_report = eval_report
        self._promises = promises
        self._extra = extra

    def look(self, asked: Asked, now: datetime) -> Look:
        """What was asked for, as things are now.

        Raises:
            BadRequest: a period that is none.
            SettingsError: prd/metrics.yaml is broken; the sentence says where.
        """
        columns = self.facts.columns()
        first = moment_of(int(columns["asked_at"][0])) if len(columns) else None
        return Look(
            columns=columns,
            period=parse_period(asked.period, asked.start, asked.end, now, first),
            slice_=asked.slice_,
            now=now,
            targets=load_targets(self._prd_dir),
            report=load_report(self._eval_report),
            promises=self._promises,
            elsewhere=self._extra,
        )
