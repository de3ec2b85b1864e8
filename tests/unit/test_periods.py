"""Periods as addresses say them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.errors import BadRequest
from app.insights.periods import parse_period

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


@pytest.mark.parametrize("day", ["0001-01-01", "1970-12-31", "9999-12-31", "0001-01-01T10:00:00"])
def test_days_that_no_question_was_asked_on_are_refused_at_either_end(day: str) -> None:
    for start, end in ((day, ""), ("", day), (day, day)):
        with pytest.raises(BadRequest, match="too far away"):
            parse_period("", start, end, NOW)


def test_a_day_that_ends_a_period_belongs_to_it_and_a_moment_does_not() -> None:
    days = parse_period("", "2026-03-01", "2026-03-31", NOW)
    assert (days.start, days.end) == (
        datetime(2026, 3, 1, tzinfo=UTC),
        datetime(2026, 4, 1, tzinfo=UTC),
    )
    hours = parse_period("", "2026-03-01T06:00", "2026-03-01T09:30 02:00", NOW)
    assert hours.start == datetime(2026, 3, 1, 6, tzinfo=UTC)
    assert hours.end == datetime(2026, 3, 1, 7, 30, tzinfo=UTC)
