"""One metric as a row, a card or a page has it: words for its value, target and change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.insights.measures import Value
from app.insights.metric_table import METRICS
from app.insights.overview import Look
from app.insights.targets import Target
from app.web.charts import LineChart, Series, Spark, line_chart, sparkline
from app.web.pm.insight_address import Address
from app.web.units import change, said

ELSEWHERE = {"coverage_gaps": "/insights/gaps", "unexpected_use": "/insights/gaps"}
"""Metrics whose questions have a page of their own."""


@dataclass(frozen=True, slots=True)
class MetricRow:
    """``standing``: met, missed, or an incident (worse than the guardrail); empty without target.

    ``moved``: the change in words, ``turn``: whether it is for the better.
    """

    id: str
    name: str
    definition: str
    why: str
    value: str
    target: str
    guardrail: str
    standing: Literal["met", "missed", "incident", ""]
    moved: str
    turn: Literal["better", "worse", ""]
    before: str
    counted: tuple[tuple[str, str], ...]
    spark: Spark | None
    href: str


def metric_row(look: Look, address: Address, metric: str) -> MetricRow:
    """A metric of the overview."""
    target, value = look.target(metric), look.metrics.value(metric)
    before = look.before.value(metric) if address.compare else Value(None, 0, 0)
    series = look.metrics.series(metric)
    moved = change(value.value, before.value, target.unit)
    return MetricRow(
        id=metric,
        name=target.name,
        definition=target.definition,
        why=target.why,
        value=said(value.value, target.unit),
        target="" if target.target is None else said(target.target, target.unit),
        guardrail="" if target.guardrail is None else said(target.guardrail, target.unit),
        standing=standing(target, value.value),
        moved=moved,
        turn=_turn(target, value.value, before.value, moved),
        before=said(before.value, target.unit),
        counted=tuple(_counted(address, metric, target, value)),
        spark=sparkline(series) if sum(one is not None for one in series) > 1 else None,
        href=address.url(f"/insights/metrics/{metric}"),
    )


def metric_rows(look: Look, address: Address, *metrics: str) -> list[MetricRow]:
    """Several of them."""
    return [metric_row(look, address, metric) for metric in metrics]


def metric_chart(look: Look, address: Address, metric: str, title: str = "") -> LineChart:
    """The course of a metric, with its target and the period before."""
    return several_chart(look, address, {metric: "now"}, title or look.target(metric).name)


def several_chart(
    look: Look, address: Address, names: dict[str, str], title: str, *, target: str = ""
) -> LineChart:
    """Metrics of one unit on one scale; with one alone, the period before is drawn as well.

    ``names``: metric → what its line is called. ``target``: whose target is drawn (the first's).
    """
    first = next(iter(names))
    labels = look.metrics.buckets.labels()
    series = [
        Series(name, list(zip(labels, look.metrics.series(metric), strict=True)))
        for metric, name in names.items()
        if look.metrics.series(metric)
    ]
    if len(names) == 1 and address.compare and series:
        values = list(zip(look.before.buckets.labels(), look.before.series(first), strict=True))
        series.append(Series("before", values, previous=True))
    asked_for = look.target(target or first)
    return line_chart(
        series,
        unit=asked_for.unit,
        title=title,
        target=asked_for.target,
        csv=address.csv("trend"),
    )


def standing(target: Target, value: float | None) -> Literal["met", "missed", "incident", ""]:
    """How a value stands to its target."""
    if target.holds(value) is False:
        return "incident"
    met = target.meets(value)
    return "" if met is None else "met" if met else "missed"


def _turn(
    target: Target, now: float | None, before: float | None, moved: str
) -> Literal["better", "worse", ""]:
    if now is None or before is None or moved in ("", "unchanged"):
        return ""
    return "better" if (now > before) == (target.better == "higher") else "worse"


def _counted(
    address: Address, metric: str, target: Target, value: Value
) -> Sequence[tuple[str, str]]:
    """What the number stands on: words and the address of the very questions."""
    if metric in ELSEWHERE:
        return [("see them", address.url(ELSEWHERE[metric], compare=""))]
    if not value.denominator:
        return []
    top, bottom = f"{value.numerator:,.0f}", f"{value.denominator:,.0f}"
    if metric not in METRICS:  # there are no questions to show
        return [(f"{top} of {bottom}" if target.unit == "ratio" else f"of {bottom}", "")]
    above, below = (address.questions(metric, side) for side in ("numerator", "denominator"))
    if target.unit in ("ratio", "count"):
        return [(top, above), (f"of {bottom}", below)]
    if target.unit == "per_100":
        return [(top, above), (f"on {bottom} questions", below)]
    if target.unit in ("ms", "s"):
        return [(f"{bottom} measured", below), ("the slow ones", above)]
    return [(f"of {bottom}", below)]
