"""The overview's charts and tables, section by section."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.insights.eval_report import EvalFigure, EvalSlice
from app.insights.overview import Look
from app.insights.slices import Slice
from app.web.charts import (
    Bar,
    Interval,
    LineChart,
    RowChart,
    Series,
    Step,
    bar_chart,
    funnel_chart,
    interval_chart,
    line_chart,
)
from app.web.pm.insight_address import Address
from app.web.pm.metric_view import MetricRow, metric_chart, metric_rows, several_chart
from app.web.units import said

HEADLINE = (
    "task_success",
    "acceptance",
    "time_to_answer_p50",
    "cost_per_accepted",
    "abstention",
    "trust",
)
"""What a PM looks at first."""
_MODELS_SHOWN = 8
_NAMES = {
    "mode": "Mode",
    "collection": "Collection",
    "level": "Confidence",
    "release": "Release",
    "experiment": "Experiment",
    "arm": "Arm",
    "channel": "Channel",
}
_ANY = {name: f"All {words.lower()}s" for name, words in _NAMES.items()} | {"level": "All levels"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A slice that is offered: its field, and the words it may have."""

    name: str
    label: str
    any: str
    chosen: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: what it is about, its charts, its metrics."""

    id: str
    title: str
    lead: str
    lines: tuple[LineChart, ...]
    metrics: tuple[MetricRow, ...]


def choices(look: Look) -> list[Choice]:
    """Slices that would tell something apart, and those that are chosen."""
    found = []
    for name in Slice.FIELDS:
        chosen = getattr(look.slice_, name)
        words = look.columns.words(name)
        if chosen and chosen not in words:
            words.append(chosen)
        if len(words) > 1 or chosen:
            found.append(Choice(name, _NAMES[name], _ANY[name], chosen, tuple(words[:100])))
    return found


def headline(look: Look, address: Address) -> list[MetricRow]:
    """The numbers that matter."""
    return metric_rows(look, address, *HEADLINE)


def outcomes(look: Look, address: Address) -> Section:
    """Whether people got done what they came for."""
    return Section(
        "outcomes",
        "Outcomes",
        "Did people get done what they came for?",
        (
            metric_chart(look, address, "task_success", "Task success: threads that end accepted"),
            metric_chart(look, address, "abstention", "Abstention: not in the documents"),
        ),
        tuple(
            metric_rows(
                look,
                address,
                "task_success",
                "acceptance",
                "rejection",
                "retry",
                "override",
                "abandonment",
                "abstention",
                "false_refusal",
                "tickets",
                "citation_open",
            )
        ),
    )


def speed(look: Look, address: Address) -> Section:
    """How long people wait."""
    return Section(
        "speed",
        "Speed",
        "How long do people wait?",
        (
            several_chart(
                look,
                address,
                {"time_to_answer_p95": "p95", "time_to_answer_p50": "median"},
                "Time to answer",
            ),
            several_chart(
                look,
                address,
                {"first_token_p95": "p95", "first_token_p50": "median"},
                "Time to the first words",
            ),
        ),
        tuple(
            metric_rows(
                look,
                address,
                "time_to_answer_p50",
                "time_to_answer_p95",
                "first_token_p50",
                "first_token_p95",
            )
        ),
    )


def cost(look: Look, address: Address) -> Section:
    """What answers cost, and what one that served cost."""
    sums = line_chart(
        [Series("cost", [(row.start, row.usd) for row in look.costs])],
        unit="usd",
        title=f"Known cost per {look.metrics.buckets.name}",
        csv=address.csv("costs"),
    )
    return Section(
        "cost",
        "Cost",
        "What does an answer cost that served?",
        (sums, metric_chart(look, address, "cost_per_accepted", "Cost per accepted answer")),
        tuple(metric_rows(look, address, "cost_per_question", "cost_per_accepted", "unknown_cost")),
    )


def search(look: Look, address: Address) -> Section:
    """Whether asking is quicker than searching."""
    return Section(
        "search",
        "Search or ask",
        "Is asking quicker than plain search?",
        (
            several_chart(
                look,
                address,
                {"time_to_done": "asking", "time_to_done_search": "searching"},
                "Time to done, median",
            ),
        ),
        tuple(metric_rows(look, address, "time_to_done", "time_to_done_search", "time_saved")),
    )


def trust(look: Look, address: Address) -> Section:
    """Whether people believe the answers, and whether they may."""
    return Section(
        "trust",
        "Trust and calibration",
        "Do people trust the answers, and does each confidence level keep its promise?",
        (metric_chart(look, address, "trust", "Trust, 1 to 5"),),
        tuple(metric_rows(look, address, "trust", "trust_high", "trust_medium", "trust_low")),
    )


def use(look: Look, address: Address) -> Section:
    """What is asked, and what is missing."""
    return Section(
        "use",
        "What is asked",
        "Where do documents, questions and intentions not meet?",
        (),
        tuple(
            metric_rows(
                look,
                address,
                "coverage_gaps",
                "unexpected_use",
                "prompt_quality",
                "rephrase_helped",
            )
        ),
    )


def funnel(look: Look, address: Address) -> RowChart:
    """How far questions came."""
    return funnel_chart(
        [
            Step(step.name, step.count, address.questions("drop_off", step.id))
            for step in look.funnel
        ],
        title="Of the questions asked, how many come how far",
        csv=address.csv("funnel"),
    )


def levels(look: Look, address: Address) -> RowChart:
    """Helpful marks by level, against what the level promises."""
    return interval_chart(
        [
            Interval(
                row.level.capitalize(),
                row.low,
                row.share,
                row.high,
                href=address.questions(f"trust_{row.level}", "denominator"),
                note=f"of {row.marked:,}",
                expected=row.promised,
            )
            for row in look.calibration
        ],
        unit="ratio",
        title="Marked helpful, by confidence; the stroke is what the level promises",
        value_name="Helpful",
        label_name="Confidence",
        csv=address.csv("calibration"),
    )


def models(look: Look, address: Address) -> RowChart:
    """The dearest models."""
    rows = look.models
    bars = [
        Bar(
            row.model or "no answer",
            None if row.per_question is None and row.unknown else row.usd,
            note=_model_note(row.questions, row.unknown, row.per_accepted),
        )
        for row in rows[:_MODELS_SHOWN]
    ]
    if len(rows) > _MODELS_SHOWN:
        others = rows[_MODELS_SHOWN:]
        bars.append(Bar(f"{len(others)} others", sum(row.usd for row in others)))
    return bar_chart(
        bars,
        unit="usd",
        title="Known cost by model",
        value_name="Known cost",
        label_name="Model",
        csv=address.csv("models"),
    )


def fairness(look: Look, address: Address) -> RowChart:
    """Right answers for each kind of question in the eval set."""
    title = "Right answers, by kind of question"
    return _by_kind(look, address, lambda one: one.right, title, "Right")


def refusals(look: Look, address: Address) -> RowChart:
    """False refusals for each kind of question in the eval set."""
    title = "Refused though answerable, by kind of question"
    return _by_kind(look, address, lambda one: one.false_refusal, title, "Refused")


def _by_kind(
    look: Look,
    address: Address,
    figure: Callable[[EvalSlice], EvalFigure | None],
    title: str,
    value_name: str,
) -> RowChart:
    return interval_chart(
        [
            Interval(one.name, found.low, found.value, found.high, note=f"of {found.n:,}")
            for one in look.report.slices
            if (found := figure(one)) is not None
        ],
        unit="ratio",
        title=title,
        value_name=value_name,
        label_name="Kind",
        csv=address.csv("fairness"),
    )


def by_slice(look: Look, address: Address, metric: str) -> list[RowChart]:
    """One metric for each word of each slice."""
    target = look.target(metric)
    charts = []
    for name in Slice.FIELDS:
        found = [(word, own.value(metric)) for word, own in look.by(name)]
        found = [(word, value) for word, value in found if value.denominator]
        if len(found) < 2:
            continue
        bars = [
            Bar(
                word,
                value.value,
                address.url(f"/insights/metrics/{metric}", **{name: word}),
                f"of {value.denominator:,.0f}",
            )
            for word, value in found
        ]
        charts.append(
            bar_chart(
                bars,
                unit=target.unit,
                title=f"By {_NAMES[name].lower()}",
                value_name=target.name,
                label_name=_NAMES[name],
            )
        )
    return charts


def _model_note(questions: int, unknown: int, per_accepted: float | None) -> str:
    words = f"{questions:,} questions"
    if per_accepted:
        words += f", {said(per_accepted, 'usd')} per accepted"
    return words + (f", {unknown:,} at an unknown price" if unknown else "")
