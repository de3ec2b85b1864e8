"""Tables with a graphic in each row: bars, intervals, funnels; imported from `app.web.charts`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.web.scales import INNER, INSET, Mark, ticks
from app.web.units import said


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a bar chart; ``value`` is at least 0, None where there is none."""

    label: str
    value: float | None
    href: str = ""
    note: str = ""
    """Said in muted type behind the value, e.g. ``12 of 40``."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its confidence interval; None where nothing was counted."""

    label: str
    low: float | None
    value: float | None
    high: float | None
    href: str = ""
    note: str = ""
    expected: float | None = None
    """What was promised: an upright stroke beside the dot."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a funnel: how many came so far."""

    label: str
    count: int
    href: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table with a graphic; places in percent of the graphic's width."""

    label: str
    value: str
    href: str
    note: str
    at: float | None = None
    low: float | None = None
    high: float | None = None
    expected: float | None = None
    expected_said: str = ""
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowChart:
    """See `bar_chart`, `interval_chart`, `funnel_chart`."""

    title: str
    rows: tuple[Row, ...]
    across: tuple[Mark, ...] = ()
    reference: float | None = None
    has_expected: bool = False
    value_name: str = "Value"
    label_name: str = ""
    csv: str = ""


def bar_chart(
    bars: Sequence[Bar],
    *,
    unit: str,
    title: str,
    value_name: str = "Value",
    label_name: str = "",
    csv: str = "",
) -> RowChart:
    """Horizontal bars from zero, in the order given; the table is the chart."""
    most = max((bar.value for bar in bars if bar.value is not None), default=0.0) or 1.0
    rows = tuple(
        Row(
            bar.label,
            said(bar.value, unit),
            bar.href,
            bar.note,
            at=None if bar.value is None else round(100 * bar.value / most, 2),
        )
        for bar in bars
    )
    return RowChart(title, rows, value_name=value_name, label_name=label_name, csv=csv)


def interval_chart(
    rows: Sequence[Interval],
    *,
    unit: str,
    title: str,
    reference: float | None = None,
    signed: bool = False,
    value_name: str = "Value",
    label_name: str = "",
    csv: str = "",
) -> RowChart:
    """Dots with their confidence intervals on one scale.

    ``reference``: an upright line, e.g. 0 where differences are shown. ``signed``: differences,
    said with + or −; otherwise the scale begins at zero.
    """
    numbers = [
        number
        for row in rows
        for number in (row.low, row.value, row.high, row.expected, reference)
        if number is not None
    ]
    scale = ticks(numbers, unit, most=4, from_zero=not signed)
    span = scale[-1] - scale[0]

    def at(value: float | None) -> float | None:
        return None if value is None else round(INSET + INNER * (value - scale[0]) / span, 2)

    def words(value: float | None) -> str:
        if not signed or value is None:
            return said(value, unit)
        return said(value, unit) if value == 0 else f"{'+' if value > 0 else '−'}{_size(value)}"

    def _size(value: float) -> str:
        return said(abs(value), unit)

    drawn = tuple(
        Row(
            row.label,
            words(row.value),
            row.href,
            row.note,
            at=at(row.value),
            low=at(row.low),
            high=at(row.high),
            expected=at(row.expected),
            expected_said=words(row.expected),
            more=() if row.low is None else (f"{words(row.low)} to {words(row.high)}",),
        )
        for row in rows
    )
    marks = tuple(Mark(at(value) or 0.0, words(value)) for value in scale)
    return RowChart(
        title,
        drawn,
        across=marks,
        reference=at(reference),
        has_expected=any(row.expected is not None for row in rows),
        value_name=value_name,
        label_name=label_name,
        csv=csv,
    )


def funnel_chart(steps: Sequence[Step], *, title: str, csv: str = "") -> RowChart:
    """Each step as a share of the first, and how many were lost since the one before."""
    first = steps[0].count if steps else 0
    before = [step.count for step in steps[:1]] + [step.count for step in steps[:-1]]
    rows = []
    for step, earlier in zip(steps, before, strict=True):
        share = step.count / first if first else None
        lost = earlier - step.count
        rows.append(
            Row(
                step.label,
                said(step.count, "count"),
                step.href,
                "",
                at=0.0 if share is None else round(100 * share, 2),
                more=(
                    said(share, "ratio"),
                    f"{lost:,} ({said(lost / earlier, 'ratio')})" if lost > 0 else "",
                ),
            )
        )
    return RowChart(title, tuple(rows), value_name="Questions", label_name="Step", csv=csv)
