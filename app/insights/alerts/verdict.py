"""Thresholds and what they are compared with: whether an alert fires, holds on, or is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from app.records.product.alerts import Alert

BACK = 0.1
"""An alert is over when its value is back by a tenth of the threshold, so that a value which sways
around the threshold fires once and not every minute."""
ENOUGH = 0.5
"""Below this share of a rule's minimum there is too little to say that the alert still holds."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A rule and what it is compared with now.

    ``value`` None: there is nothing to measure. ``count``: how many questions (or threads, or
    answers) the value stands on; below ``minimum`` it says nothing. ``over``: the window that ends
    now. ``problem``: why the rule can't be followed, in a sentence; nothing else counts then.
    ``forced``: the threshold counts as crossed whatever the value is. ``told``: the sentence for
    people, where the usual one does not fit.
    """

    rule: str
    metric: str
    name: str
    unit: str
    value: float | None
    threshold: float
    above: bool = True
    count: float = 0
    minimum: int = 0
    over: timedelta | None = None
    message: str = ""
    problem: str = ""
    forced: bool = False
    told: str = ""

    @property
    def enough(self) -> bool:
        """Whether there is something to compare."""
        return not self.problem and self.value is not None and self.count >= self.minimum

    @property
    def crossed(self) -> bool:
        """Whether the threshold is passed now."""
        if not self.enough or self.value is None:
            return False
        passed = self.value > self.threshold if self.above else self.value < self.threshold
        return self.forced or passed

    @property
    def back(self) -> bool:
        """Whether the value is clearly on the good side again."""
        if not self.enough or self.value is None or self.crossed:
            return False
        room = BACK * abs(self.threshold)
        if self.above:
            return self.value <= self.threshold - room
        return self.value >= self.threshold + room

    @property
    def way(self) -> float | None:
        """How far the value has come: 0 far away, 1 at the threshold, more beyond it."""
        if not self.enough or self.value is None:
            return None
        if self.forced:
            return max(1.0, self.value / self.threshold if self.threshold > 0 else 1.0)
        if self.above:
            if self.threshold > 0:
                return max(0.0, self.value / self.threshold)
        elif self.value > 0:
            return max(0.0, self.threshold / self.value)
        return 1.0 if self.crossed else 0.0

    def sentence(self) -> str:
        """What is the case: “Slow answers is 4.2 s over the last hour, above the 3 s set.”."""
        if self.told:
            return self.told
        over = f" over the last {window(self.over)}" if self.over else ""
        side = "above" if self.above else "below"
        value, limit = amount(self.value, self.unit), amount(self.threshold, self.unit)
        if value == limit:
            told = f"{self.name} is just {side} the {limit} that is set{over}."
        else:
            told = f"{self.name} is {value}{over}, {side} the {limit} that is set."
        return f"{told} {self.message}".strip()


def verdict(reading: Reading, alert: Alert | None, now: datetime) -> Literal["fire", "end", ""]:
    """What to do about a rule whose open alert, if any, is ``alert``.

    With too little left to judge, an alert ends when the whole window lies after its beginning:
    nothing that crossed the threshold then is in it any more.
    """
    if reading.problem:
        return ""
    if alert is None:
        return "fire" if reading.crossed else ""
    if reading.back:
        return "end"
    scarce = reading.value is None or reading.count < reading.minimum * ENOUGH
    if scarce and now >= alert.fired_at + (reading.over or timedelta()):
        return "end"
    return ""


def payload(alert: Alert, release: str) -> dict[str, Any]:
    """What a webhook is sent: ``text`` for Slack and its like, the rest for programs."""
    over = alert.notice == "resolved"
    text = f"Resolved: {alert.message}" if over else f"Alert: {alert.message}"
    return {
        "text": f"Footnote · {text}",
        "status": alert.notice,
        "alert": alert.id,
        "rule": alert.rule,
        "metric": alert.metric,
        "value": alert.value,
        "threshold": alert.threshold,
        "message": alert.message,
        "fired_at": alert.fired_at.isoformat(),
        "resolved_at": alert.resolved_at.isoformat() if alert.resolved_at else None,
        "release": release,
        "page": "/insights/alerts",
    }


def test_payload(now: datetime, release: str) -> dict[str, Any]:
    """A message that is no alert, to see whether messages arrive."""
    return {
        "text": "Footnote · This is a test: alerts arrive here.",
        "status": "test",
        "fired_at": now.isoformat(),
        "release": release,
        "page": "/insights/alerts",
    }


def amount(value: float | None, unit: str) -> str:
    """A number with its unit as a message has it."""
    return "unknown" if value is None else _AMOUNTS.get(unit, _AMOUNTS["count"])(value)


def window(over: timedelta) -> str:
    """``hour``, ``6 hours``, ``day``, ``30 minutes``: what follows “over the last”."""
    minutes = max(1, round(over.total_seconds() / 60))
    for size, word in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if minutes % size == 0:
            count = minutes // size
            return word if count == 1 else f"{count} {word}s"
    raise AssertionError("every number of minutes is one of minutes")


def _usd(value: float) -> str:
    return f"${value:.4f}" if 0 < value < 0.01 else f"${value:,.2f}"


_AMOUNTS: dict[str, Callable[[float], str]] = {
    "ratio": lambda value: f"{100 * value:.3g} %",
    "count": lambda value: f"{value:,.4g}",
    "per_100": lambda value: f"{value:.3g} per 100 questions",
    "ms": lambda value: f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.3g} s",
    "s": lambda value: f"{value:.3g} s",
    "usd": _usd,
    "rating": lambda value: f"{value:.1f} of 5",
}
