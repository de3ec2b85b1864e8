"""What the answers of older releases cost, summed up by day: the bill was paid all the same."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

daily_costs = sa.table(
    "daily_costs",
    sa.column("day", sa.Date),
    sa.column("model", sa.String),
    sa.column("calls", sa.Integer),
    sa.column("input_tokens", sa.BigInteger),
    sa.column("output_tokens", sa.BigInteger),
    sa.column("cached_tokens", sa.BigInteger),
    sa.column("cost_usd", sa.Float),
    sa.column("unknown_calls", sa.Integer),
    sa.column("refused_calls", sa.Integer),
)


def upgrade() -> None:
    """Sum up; nothing where sums are written already."""
    connection = op.get_bind()
    if connection.execute(sa.select(daily_costs.c.day).limit(1)).first() is None:
        op.bulk_insert(daily_costs, _costs_so_far(connection))


def _costs_so_far(connection: sa.Connection) -> list[dict[str, Any]]:
    """The daily sums of the answers that are kept; a call for each answer, which may be two."""
    answers = sa.table(
        "answers",
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("payload", sa.JSON),
    )
    payload = answers.c.payload
    read = payload["usage"]["input_tokens"].as_integer()
    query = sa.select(
        answers.c.created_at.label("at"),
        payload["model"].as_string().label("model"),
        read.label("input_tokens"),
        payload["usage"]["output_tokens"].as_integer().label("output_tokens"),
        payload["usage"]["cost_usd"].as_float().label("cost_usd"),
    ).where(read > 0)
    sums: dict[tuple[date, str], dict[str, Any]] = {}
    for row in connection.execute(query):
        # SQLite forgets the zone, which is UTC; Postgres answers in the connection's.
        day = (row.at.astimezone(UTC) if row.at.tzinfo else row.at).date()
        # Quotes that stood in for a model do not say for which.
        model = "unknown" if row.model == "quotes" else row.model[:120]
        names = ("calls", "input_tokens", "output_tokens", "cached_tokens", "unknown_calls")
        nothing: dict[str, Any] = dict.fromkeys((*names, "refused_calls"), 0)
        one = sums.setdefault(
            (day, model), {"day": day, "model": model, "cost_usd": 0.0, **nothing}
        )
        one["calls"] += 1
        one["input_tokens"] += row.input_tokens
        one["output_tokens"] += row.output_tokens
        one["cost_usd"] += row.cost_usd or 0.0
        one["unknown_calls"] += row.cost_usd is None
    return list(sums.values())
