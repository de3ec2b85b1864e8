"""Columns made by hand: a row is what differs from a plain, answered question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from app.insights.columns import Columns, Side, empty, merged, part, times
from app.insights.periods import Period
from app.records.product.fact_reads import COLUMNS

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = Period(NOON.replace(hour=0), NOON.replace(hour=0) + timedelta(days=1))
LATER = NOON + timedelta(days=2)
"""A now at which everything is over."""


def at(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def row(answer_id: str, asked: float = 0, **different: Any) -> dict[str, Any]:
    """A question asked ``asked`` seconds after noon and answered at once.

    Times may be given as seconds after noon.
    """
    plain: dict[str, Any] = dict.fromkeys(COLUMNS) | {
        "revision": 1,
        "answer_id": answer_id,
        "thread_id": answer_id,
        "session_id": "session-1",
        "kind": "ask",
        "channel": "web",
        "status": "complete",
        "state": "answered",
        "mode": "quotes",
        "model": "quotes",
        "level": "high",
        "collection": "handbook",
        "release": "1.0",
        "experiment": "",
        "arm": "",
        "followup": False,
        "regenerate": False,
        "private": False,
        "content_words": 4,
        "citations": 1,
        "input_tokens": 0,
        "output_tokens": 0,
        "cached_tokens": 0,
        "first_content_ms": 100.0,
        "total_ms": 100.0,
        "cost_usd": 0.0,
        "asked_at": at(asked),
        "completed_at": at(asked),
    }
    made = plain | different
    if made["status"] != "complete":
        ended = ("completed_at", "state", "mode", "model", "level", "total_ms", "cost_usd")
        made |= {name: different.get(name) for name in (*ended, "first_content_ms")}
    return {
        name: at(value) if name.endswith("_at") and isinstance(value, int | float) else value
        for name, value in made.items()
    }


def columns(
    *rows: dict[str, Any],
    reports: Sequence[tuple[float, str]] = (),
    ratings: Sequence[tuple[float, str, str, float]] = (),
    tickets: Sequence[float] = (),
) -> Columns:
    """``reports``: seconds, answer; ``ratings``: seconds, answer, release, value."""
    reports, ratings, tickets = sorted(reports), sorted(ratings), sorted(tickets)
    made = empty()
    if rows:
        values = {name: [one[name] for one in rows] for name in COLUMNS}
        made = merged(made, [part(made, values)])
    return Columns(
        made.answer_id,
        made.data,
        made.vocabularies,
        Side(times([at(one[0]) for one in reports]), [one[1] for one in reports]),
        Side(
            times([at(one[0]) for one in ratings]),
            [one[1] for one in ratings],
            np.array([one[3] for one in ratings], float),
            [one[2] for one in ratings],
            ["" for _ in ratings],
            ["" for _ in ratings],
        ),
        Side(times([at(one) for one in tickets])),
    )
