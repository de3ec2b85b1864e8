"""Alerts and their rules as the page shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from app.insights.alerts.verdict import Reading, window
from app.records.product.alerts import Alert
from app.web.templating import moment
from app.web.units import said

SNOOZES = {1: "1 hour", 24: "1 day", 168: "1 week"}
"""What the page offers: hours → words."""
_NEAR = 0.8
"""Share of the way to the threshold from which a rule is called near it."""
State = Literal["crossed", "near", "fine", "few", "none", "problem"]
_STATES: dict[State, str] = {
    "crossed": "Past the threshold",
    "near": "Near it",
    "fine": "Fine",
    "few": "Too few to say",
    "none": "Nothing measured",
    "problem": "Can't be watched",
}


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule with its present value. ``way``: percent of the way to the threshold, 100 at most."""

    rule: str
    name: str
    metric: str
    address: str
    condition: str
    value: str
    count: str
    way: int | None
    distance: str
    state: State
    state_words: str
    problem: str


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert with what became of it."""

    id: int
    rule: str
    message: str
    fired: str
    lasted: str
    notes: tuple[str, ...]
    error: str
    acknowledged: bool
    snoozed: bool


def rule_rows(readings: Iterable[Reading]) -> list[RuleRow]:
    """In the order of the file; budgets first."""
    return [_rule_row(reading) for reading in readings]


def alert_rows(alerts: Iterable[Alert], now: datetime, *, webhook: bool) -> list[AlertRow]:
    """``webhook``: whether there is one, so that what it was not told is worth saying."""
    return [_alert_row(alert, now, webhook=webhook) for alert in alerts]


def metric_address(metric: str) -> str:
    """The page with a metric's definition, course and questions."""
    return "/insights/cost" if metric == "cost" else f"/insights/metrics/{metric}"


def lasted(span: timedelta) -> str:
    """``under a minute``, ``12 minutes``, ``3 hours``, ``2 days``."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return "under a minute"
    if minutes < 120:
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def _rule_row(reading: Reading) -> RuleRow:
    state = _state(reading)
    side = "above" if reading.above else "below"
    condition = f"{side} {said(reading.threshold, reading.unit)}"
    if reading.over:
        condition += f" over the last {window(reading.over)}"
    way = None if reading.way is None else min(100, round(100 * reading.way))
    return RuleRow(
        rule=reading.rule,
        name=reading.name,
        metric=reading.metric,
        address=metric_address(reading.metric),
        condition=condition,
        value=said(reading.value, reading.unit),
        count=_count(reading),
        way=way,
        distance=_distance(reading),
        state=state,
        state_words=_STATES[state],
        problem=reading.problem,
    )


def _state(reading: Reading) -> State:
    if reading.problem:
        return "problem"
    if reading.value is None:
        return "none"
    if not reading.enough:
        return "few"
    if reading.crossed:
        return "crossed"
    return "near" if (reading.way or 0.0) >= _NEAR else "fine"


def _count(reading: Reading) -> str:
    """How much the value stands on, where a rule wants a minimum."""
    if not reading.minimum:
        return ""
    if reading.count < reading.minimum:
        return f"{reading.count:,.0f} of at least {reading.minimum:,}"
    return f"from {reading.count:,.0f}"


def _distance(reading: Reading) -> str:
    """How far it is to the threshold, in the metric's unit."""
    if not reading.enough or reading.value is None:
        return ""
    gap = abs(reading.threshold - reading.value)
    if reading.unit == "ratio":
        words = f"{100 * gap:.1f}".removesuffix(".0") + " points"
    else:
        words = said(gap, reading.unit)
    return f"{words} past it" if reading.crossed else f"{words} to go"


def _alert_row(alert: Alert, now: datetime, *, webhook: bool) -> AlertRow:
    notes = []
    if alert.sent_at is not None:
        notes.append(f"sent {moment(alert.sent_at)}")
    elif webhook and alert.open and not alert.snoozed(now):
        notes.append("not sent yet" if not alert.tries else f"not sent after {alert.tries} tries")
    if alert.acknowledged_at is not None:
        notes.append(f"acknowledged {moment(alert.acknowledged_at)}")
    if alert.open and alert.snoozed_until is not None and alert.snoozed(now):
        notes.append(f"snoozed until {moment(alert.snoozed_until)}")
    return AlertRow(
        id=alert.id,
        rule=alert.rule,
        message=alert.message,
        fired=moment(alert.fired_at),
        lasted=lasted((alert.resolved_at or now) - alert.fired_at),
        notes=tuple(notes),
        error=alert.error,
        acknowledged=alert.acknowledged_at is not None,
        snoozed=alert.snoozed(now),
    )
