"""What a list of traces is narrowed to, as query parameters; the page and the API share the names.

===================== ==========================================================================
``q``                 words of the question
``within``            ``1h``, ``24h``, ``7d`` or ``30d`` until now
``from``, ``to``      days (``to`` inclusive) or moments (``to`` exclusive), UTC by default
``kind`` … ``arm``    equal to this value: see `EQUAL`
``conversation``      a conversation's id
``latency_min/_max``  milliseconds, inclusive
``cost_min/_max``     USD, inclusive
``cost``              ``known`` or ``unknown``
``feedback``          ``helpful``, ``not``, ``rejected`` or ``none``
``errors``            any value: only what failed
===================== ==========================================================================
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import cast, get_args

from app.errors import BadRequest
from app.records.rows import storable
from app.records.tracing.records import FeedbackFilter, Sort, TraceFilters

EQUAL = ("kind", "state", "level", "mode", "model", "channel", "release", "experiment", "arm")
PARAMETERS = (
    *("q", "within", "from", "to"),
    *EQUAL,
    *("conversation", "latency_min", "latency_max", "cost_min", "cost_max", "cost"),
    *("feedback", "errors"),
)
"""All that narrow; `sort` and the page come apart."""
WITHIN = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}


def trace_filters(values: Mapping[str, str], now: datetime) -> TraceFilters:
    """The filters that ``values`` name; an empty value narrows nothing.

    Raises:
        BadRequest: a value cannot be understood, in a sentence that names it.
    """
    said = {name: storable(values.get(name, "")).strip() for name in PARAMETERS}
    since = _moment(said["from"])
    if said["within"]:
        if said["within"] not in WITHIN:
            raise _unknown("time", said["within"], WITHIN)
        recent = now - WITHIN[said["within"]]
        since = max(since, recent) if since else recent
    if said["feedback"] and said["feedback"] not in get_args(FeedbackFilter):
        raise _unknown("feedback", said["feedback"], get_args(FeedbackFilter))
    if said["cost"] and said["cost"] not in ("known", "unknown"):
        raise _unknown("cost", said["cost"], ("known", "unknown"))
    return TraceFilters(
        since=since,
        until=_moment(said["to"], end=True),
        **{name: said[name] for name in EQUAL},
        conversation_id=said["conversation"],
        min_ms=_number(said["latency_min"]),
        max_ms=_number(said["latency_max"]),
        min_cost=_number(said["cost_min"]),
        max_cost=_number(said["cost_max"]),
        cost_known=said["cost"] == "known" if said["cost"] else None,
        error=True if said["errors"] else None,
        feedback=cast("FeedbackFilter", said["feedback"]) if said["feedback"] else None,
        text=said["q"],
    )


def trace_sort(value: str) -> Sort:
    """The order; newest first where none is given.

    Raises:
        BadRequest: there is no such order.
    """
    if not value:
        return "started"
    if value not in get_args(Sort):
        raise _unknown("sort", value, get_args(Sort))
    return cast("Sort", value)


def _moment(text: str, *, end: bool = False) -> datetime | None:
    """A day's beginning, or where ``end`` its end; a moment as it is."""
    if not text:
        return None
    try:
        if len(text) <= len("2026-11-22"):
            day = date.fromisoformat(text) + timedelta(days=1 if end else 0)
            return datetime.combine(day, time(), UTC)
        # A plus sign that nobody encoded arrives as a blank.
        found = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadRequest(
            f"“{text[:30]}” is neither a day nor a moment.",
            "Write it like 2026-03-31 or 2026-03-31T14:05:00Z.",
        ) from None


def _number(text: str) -> float | None:
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise BadRequest(f"“{text[:30]}” is not a number.", "Write it in digits, like 0.5.")
    return found


def _unknown(what: str, value: str, known: object) -> BadRequest:
    names = ", ".join(str(one) for one in known)  # type: ignore[attr-defined]
    return BadRequest(f"There is no {what} “{value[:30]}”.", f"Choose from: {names}.")
