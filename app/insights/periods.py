"""The stretch of time that is looked at, and the one before it that it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.errors import BadRequest
from app.insights.columns import micros, moment_of

PRESETS: Mapping[str, tuple[str, int]] = {
    "today": ("Today", 1),
    "7d": ("7 days", 7),
    "28d": ("28 days", 28),
    "90d": ("90 days", 90),
}
"""What the page offers: value in the address → words, days (today is the last of them)."""
ALL = "all"
DEFAULT = "28d"
_DAY = timedelta(days=1)
_HOURS_UNTIL = timedelta(days=2)
"""Up to this length a trend has an hour to a point."""
_DAYS_UNTIL = timedelta(days=100)
_WEEKS_UNTIL = timedelta(days=7 * 60)
_MOST = timedelta(days=366 * 50)


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` up to and without ``end``, both in UTC.

    ``shift``: how far back the period before lies (None: its own length). ``until``: the time now
    where the period is not over; the one before then ends as far into it.
    """

    start: datetime
    end: datetime
    shift: timedelta | None = None
    until: datetime | None = None

    def previous(self) -> Period:
        """The period before, of the same length: until the same time of day where it is not over.

        A day that is half over is compared with half of the day before.
        """
        shift = self.shift or self.end - self.start
        end = min(self.end, self.until) if self.until else self.end
        return Period(self.start - shift, max(end, self.start) - shift)

    @property
    def micros(self) -> tuple[int, int]:
        """Start and end as microseconds since 1970, as columns have times."""
        return micros(self.start), micros(self.end)

    @property
    def last_moment(self) -> datetime:
        """The last microsecond that belongs to it: on its last day, where ``end`` is midnight."""
        return self.end - timedelta(microseconds=1)

    def buckets(self) -> Buckets:
        """The points of a trend: hours, days, weeks or months of 30 days."""
        length = self.end - self.start
        if length <= _HOURS_UNTIL:
            step = timedelta(hours=1)
        elif length <= _DAYS_UNTIL:
            step = _DAY
        elif length <= _WEEKS_UNTIL:
            step = 7 * _DAY
        else:
            step = 30 * _DAY
        first = self.start
        count = max(1, -(-(self.end - first) // step))
        # Hours and days that are still to come are no point of a trend.
        if self.until is not None and self.until < self.end:
            count = max(1, min(count, -(-(self.until - first) // step)))
        return Buckets(micros(first), micros(self.end), step // timedelta(microseconds=1), count)


@dataclass(frozen=True, slots=True)
class Buckets:
    """``count`` stretches of ``step`` microseconds from ``start``; the last one ends at ``end``."""

    start: int
    end: int
    step: int
    count: int

    @property
    def name(self) -> str:
        """``hour``, ``day``, ``week`` or ``30 days``."""
        days = self.step / (24 * 3600 * 1_000_000)
        return {1: "day", 7: "week", 30: "30 days"}.get(int(days), "") if days >= 1 else "hour"

    def labels(self) -> list[str]:
        """ISO dates, or times where a bucket is an hour."""
        starts = (moment_of(self.start + self.step * number) for number in range(self.count))
        kind = "%Y-%m-%dT%H:%M" if self.name == "hour" else "%Y-%m-%d"
        return [f"{start:{kind}}" for start in starts]


def parse_period(
    period: str, start: str, end: str, now: datetime, first: datetime | None = None
) -> Period:
    """What an address says: a preset, or ``from`` and ``to``.

    ``start``, ``end``: a date (``end`` then includes its whole day) or a time with or without
    zone; UTC where none is given. One of them alone is 28 days long. ``first``: when the first
    question was asked, for ``all``.

    Raises:
        BadRequest: not a date or time, the wrong way round, or a preset that does not exist.
    """
    if start.strip() or end.strip():
        return _between(start.strip(), end.strip(), now)
    period = period.strip() or DEFAULT
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = midnight + _DAY
    if period == ALL:
        begin = (first or now).astimezone(UTC)
        begin = begin.replace(hour=0, minute=0, second=0, microsecond=0)
        return Period(begin, max(tomorrow, begin + _DAY), until=now)
    if period not in PRESETS:
        raise BadRequest(
            f"“{period[:20]}” is not a period.",
            f"Use one of {', '.join(PRESETS)}, {ALL}, or from and to as dates.",
        )
    days = PRESETS[period][1] * _DAY
    return Period(tomorrow - days, tomorrow, days, now)


def _between(start: str, end: str, now: datetime) -> Period:
    begin, _ = _moment(start) if start else (None, False)
    finish, whole_day = _moment(end) if end else (None, False)
    if finish is not None and whole_day:
        finish += _DAY
    length = PRESETS[DEFAULT][1] * _DAY
    if finish is None:
        finish = max(now.astimezone(UTC), (begin or now) + timedelta(microseconds=1))
    begin = begin or finish - length
    if not timedelta() < finish - begin <= _MOST:
        raise BadRequest(
            f"The period from {start or '…'} to {end or '…'} has no length.",
            "Let it begin before it ends, at most 50 years before.",
        )
    return Period(begin, finish, until=now if begin <= now < finish else None)


def _moment(text: str) -> tuple[datetime, bool]:
    """The time, and whether only a date was given."""
    whole_day = len(text) <= 10
    try:
        # A "+" of a zone arrives as a space where an address was not encoded.
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        zoned = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRequest(
            f"“{text[:30]}” is not a date.", "Write dates as year-month-day, like 2026-03-31."
        ) from None
    if not 1971 <= zoned.year <= 9000:
        raise BadRequest(f"“{text[:30]}” is too far away.", "Choose a date from 1971 on.")
    return zoned, whole_day
