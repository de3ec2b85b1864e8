"""What may be spent and what is spent: for the cost page, and for the alerts at 80 and 100 %."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.insights.alerts.verdict import Reading, amount
from app.records.product.costs import CostStore

MARKS = (80, 100)
"""Percent of a budget at which an alert fires."""
_YOUNG_DAYS = 3


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit for a day or month, in USD, and what is spent of it.

    ``used_up``: spent, or so nearly that a call was refused today for its sake.
    """

    name: str
    setting: str
    limit: float
    spent: float
    used_up: bool

    @property
    def share(self) -> float:
        """Spent ÷ limit; above 1 where it was raised or lowered meanwhile."""
        return self.spent / self.limit


class Budgets:
    """The limits that are set, held against what model calls cost."""

    def __init__(self, costs: CostStore, *, day_usd: float, month_usd: float) -> None:
        self._costs = costs
        self._limits = (day_usd, month_usd)

    def now(self, today: date) -> list[Budget]:
        """The limits that are set, day before month."""
        spent = (self._costs.usd_on(today), self._costs.usd_in_month(today))
        words = (
            ("Today", "FOOTNOTE_BUDGET_DAY_USD"),
            ("This month", "FOOTNOTE_BUDGET_MONTH_USD"),
        )
        left = [limit - used for limit, used in zip(self._limits, spent, strict=True) if limit > 0]
        refused = bool(left) and self._costs.refused_on(today) > 0
        return [
            # A refused call would have gone beyond whichever limit has less left.
            Budget(
                name, setting, limit, used, used >= limit or (refused and limit - used <= min(left))
            )
            for (name, setting), limit, used in zip(words, self._limits, spent, strict=True)
            if limit > 0
        ]

    def readings(self, now: datetime) -> Sequence[Reading]:
        """Two rules for each limit, as `app.insights.alerts.watching` wants them."""
        return [_reading(budget, percent) for budget in self.now(now.date()) for percent in MARKS]


def forecast(spent: float, now: datetime, before: float | None) -> float:
    """USD of the whole month, at the pace so far.

    ``before``: USD per day before this month, None where nothing was asked then. In a month's first
    three days it says more than the month itself.
    """
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    length = calendar.monthrange(now.year, now.month)[1]
    gone = max((now - first) / timedelta(days=1), 1 / 24)
    if gone < _YOUNG_DAYS and before is not None:
        return spent + before * (length - gone)
    return spent / gone * length


def _reading(budget: Budget, percent: int) -> Reading:
    threshold = budget.limit * percent / 100
    spent, limit = amount(budget.spent, "usd"), amount(budget.limit, "usd")
    told = f"{budget.name}, {spent} of the {limit} for written answers is spent."
    if percent == 100:
        told += " Until there is room again, quotes stand in for written answers."
    return Reading(
        rule=f"budget-{'day' if budget.name == 'Today' else 'month'}-{percent}",
        metric="cost",
        name=f"{budget.name}: {percent} % of {limit}",
        unit="usd",
        value=budget.spent,
        # “Above” is strict, and a budget that is spent to the cent is used up.
        threshold=threshold,
        forced=budget.spent >= threshold or (percent == 100 and budget.used_up),
        message=f"From {budget.setting}.",
        told=told,
    )
