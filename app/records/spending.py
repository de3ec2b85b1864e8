"""What written answers cost on one day, from the answers that are kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Engine, func, select

from app.records.tables import answers


class Spending:
    """Reads the cost of recorded answers; an unknown price counts as nothing here."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def usd_on(self, day: date) -> float:
        """USD of the answers of one UTC day. A quoted answer counts with the failed attempt's cost.

        Deleting an answer takes its cost along; `app.ask.writing.budget` remembers what its process
        spent.
        """
        start = datetime.combine(day, time(), UTC)
        cost = answers.c.payload["usage"]["cost_usd"].as_float()
        query = select(func.coalesce(func.sum(cost), 0.0)).where(
            answers.c.created_at >= start, answers.c.created_at < start + timedelta(days=1)
        )
        with self._engine.connect() as connection:
            return float(connection.execute(query).scalar_one())
