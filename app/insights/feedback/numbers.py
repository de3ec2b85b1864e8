"""Days of items by theme → sizes, moods and trends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from app.records.product.feedback_reads import FELT, Feeling, ThemeDay

_DAYS = 21
_WEEKS = 210
"""Up to three weeks a trend goes by day, up to thirty by week, then by month."""


@dataclass(slots=True)
class ThemeNumbers:
    """How many items, how they feel, and when they came. ``days``: items of each UTC day."""

    items: int = 0
    tickets: int = 0
    negative: int = 0
    positive: int = 0
    felt: int = 0
    total: float = 0.0
    days: Counter[date] = field(default_factory=Counter)

    @property
    def neutral(self) -> int:
        """Neither positive nor negative."""
        return self.felt - self.negative - self.positive

    @property
    def mean(self) -> float | None:
        """Mean sentiment, −1 to 1; None where none is known."""
        return self.total / self.felt if self.felt else None

    def add(self, one: ThemeDay) -> None:
        """Count a day in."""
        self.items += one.items
        self.tickets += one.tickets
        self.negative += one.negative
        self.positive += one.positive
        self.felt += one.felt
        self.total += one.sentiment
        self.days[one.day] += one.items


def by_theme(days: Iterable[ThemeDay]) -> dict[str, ThemeNumbers]:
    """Theme → its numbers; items of no theme under ""."""
    found: dict[str, ThemeNumbers] = {}
    for one in days:
        found.setdefault(one.theme_id, ThemeNumbers()).add(one)
    return found


def together(numbers: Iterable[ThemeNumbers]) -> ThemeNumbers:
    """All of them as one."""
    whole = ThemeNumbers()
    for one in numbers:
        whole.items += one.items
        whole.tickets += one.tickets
        whole.negative += one.negative
        whole.positive += one.positive
        whole.felt += one.felt
        whole.total += one.total
        whole.days.update(one.days)
    return whole


def steps(first: date, last: date) -> tuple[str, list[date]]:
    """In which steps a trend goes (day, week or month), and the first day of each."""
    span = (last - first).days
    if span <= _DAYS:
        return "day", [first + timedelta(days=n) for n in range(span + 1)]
    if span <= _WEEKS:
        start = first - timedelta(days=first.weekday())
        return "week", [start + timedelta(weeks=n) for n in range((last - start).days // 7 + 1)]
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    return "month", [
        date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1)
        for n in range(months)
    ]


def trend(days: Counter[date], starts: Sequence[date]) -> list[int]:
    """Items from each start until the next."""
    counts = [0] * len(starts)
    place = 0
    for day in sorted(days):
        while place + 1 < len(starts) and day >= starts[place + 1]:
            place += 1
        counts[place] += days[day]
    return counts


def feeling(sentiment: float | None) -> Feeling | None:
    """In a word; None where it is not known yet."""
    if sentiment is None:
        return None
    if sentiment > FELT:
        return "positive"
    return "negative" if sentiment < -FELT else "neutral"
