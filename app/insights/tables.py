"""Everything on ``/insights`` as tables of plain numbers, for CSV."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

from app.insights.calibration import LevelRow
from app.insights.costs import ModelCost, TimeCost
from app.insights.csv_lines import csv_lines
from app.insights.eval_report import EvalFigure
from app.insights.funnel import FunnelStep
from app.insights.metric_table import METRICS
from app.insights.metric_words import WORDS
from app.insights.overview import Look
from app.insights.releases import ReleaseTrust
from app.insights.slices import Slice


@dataclass(frozen=True, slots=True)
class Table:
    """Names of columns, and rows of as many values."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


def to_csv(table: Table) -> str:
    """The table as a file."""
    return "".join(csv_lines(table.columns, table.rows))


def metrics(look: Look) -> Table:
    """Every metric: now, before, target."""
    now, before = look.metrics.values(), look.before.values()
    rows = []
    for metric, value in now.items():
        target = look.target(metric)
        rows.append(
            (
                metric,
                target.name,
                value.value,
                value.numerator,
                value.denominator,
                target.unit,
                target.target,
                target.guardrail,
                before[metric].value,
                target.definition,
            )
        )
    return Table(
        (
            "metric",
            "name",
            "value",
            "numerator",
            "denominator",
            "unit",
            "target",
            "guardrail",
            "previous",
            "definition",
        ),
        rows,
    )


def trend(look: Look) -> Table:
    """Every metric that has a course, in the buckets of the period."""
    labels = look.metrics.buckets.labels()
    series = {metric: look.metrics.series(metric) for metric in WORDS}
    named = {metric: values for metric, values in series.items() if values}
    rows = [(label, *(values[at] for values in named.values())) for at, label in enumerate(labels)]
    return Table((f"start_of_{look.metrics.buckets.name}".replace(" ", "_"), *named), rows)


def slices(look: Look) -> Table:
    """Every metric for each mode, collection, level, release, arm and channel."""
    rows = [
        (name, word, metric, value.value, value.numerator, value.denominator)
        for name in Slice.FIELDS
        for word, own in look.by(name)
        for metric in METRICS
        if (value := own.value(metric)).denominator
    ]
    return Table(("slice", "value_of_slice", "metric", "value", "numerator", "denominator"), rows)


def quality(look: Look) -> Table:
    """The figures of the eval report."""
    return _listed(EvalFigure, look.report.figures)


def fairness(look: Look) -> Table:
    """The slices of the eval report."""
    return Table(
        ("slice", "cases", "right", "false_refusal"),
        [
            (
                one.name,
                one.n,
                one.right and one.right.value,
                one.false_refusal and one.false_refusal.value,
            )
            for one in look.report.slices
        ],
    )


TABLES: Mapping[str, Callable[[Look], Table]] = {
    "metrics": metrics,
    "trend": trend,
    "slices": slices,
    "funnel": lambda look: _listed(FunnelStep, look.funnel),
    "calibration": lambda look: _listed(LevelRow, look.calibration),
    "releases": lambda look: _listed(ReleaseTrust, look.releases),
    "models": lambda look: _listed(ModelCost, look.models),
    "costs": lambda look: _listed(TimeCost, look.costs),
    "quality": quality,
    "fairness": fairness,
}
"""Name in the address → table."""


def _listed(kind: type[Any], rows: Sequence[Any]) -> Table:
    return Table([field.name for field in fields(kind)], [astuple(row) for row in rows])
