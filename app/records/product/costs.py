"""What model calls cost: daily sums by model, written when a call ends, whatever becomes of it.

The provider's bill is for calls, not for answers: a call counts once, also when its question
failed, was stopped, or was deleted later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.dialects import postgresql, sqlite

from app import moment
from app.domain import Usage
from app.records.behavior.tables import daily_costs, questions

_COUNTED = (
    "calls",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cost_usd",
    "unknown_calls",
    "refused_calls",
)
EMBEDDINGS = "embeddings:"
"""Before the name of a model that embeds; every other one writes."""
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class DayCost:
    """The calls of one model on one UTC day.

    ``cost_usd``: of the calls with a known price; ``unknown_calls``: how many of ``calls`` have
    none. ``cached_tokens``: those of ``input_tokens`` that the provider had read before.
    ``refused_calls``: not made, to keep within a budget.
    """

    day: date
    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost_usd: float
    unknown_calls: int
    refused_calls: int


@dataclass(frozen=True, slots=True)
class Dear:
    """A question and what it cost."""

    answer_id: str
    trace_id: str
    text: str
    model: str
    asked_at: datetime
    input_tokens: int
    output_tokens: int
    cost_usd: float


class CostStore:
    """Writes and reads `daily_costs`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def called(self, model: str, usage: Usage) -> None:
        """A call of ``model`` has ended, now; an unknown price is counted as that, never as 0."""
        with self._engine.begin() as connection:
            add_call(connection, moment.now().date(), model, usage)

    def refused(self, model: str) -> None:
        """A call was not made, to keep within the budget of the day or month."""
        with self._engine.begin() as connection:
            _add(connection, moment.now().date(), model, {"refused_calls": 1})

    def embedded(self, day: date, model: str, calls: int, tokens: int, usd: float) -> None:
        """Embeddings that a price was set for; in no budget, which are for written answers."""
        counts = {"calls": calls, "input_tokens": tokens, "cost_usd": usd}
        with self._engine.begin() as connection:
            _add(connection, day, f"{EMBEDDINGS}{model}", counts)

    def usd_on(self, day: date) -> float:
        """USD of one UTC day's chat calls; those of unknown price are not in it."""
        return self.usd_between(day, day)

    def usd_in_month(self, day: date) -> float:
        """USD of the chat calls from the first of ``day``'s month until ``day``."""
        return self.usd_between(day.replace(day=1), day)

    def usd_between(self, first: date, last: date) -> float:
        """USD of the chat calls from ``first`` to ``last``, both included."""
        query = select(func.coalesce(func.sum(daily_costs.c.cost_usd), 0.0)).where(
            daily_costs.c.day.between(first, last),
            daily_costs.c.model.not_like(f"{EMBEDDINGS}%"),
        )
        with self._engine.connect() as connection:
            return float(connection.execute(query).scalar_one())

    def usd_of_session(self, session_id: str, day: date) -> float:
        """USD of the questions that a session asked on one UTC day, as far as they are known."""
        begin = datetime.combine(day, time.min, tzinfo=UTC)
        c = questions.c
        query = select(func.coalesce(func.sum(c.cost_usd), 0.0)).where(
            c.session_id == session_id, c.asked_at >= begin, c.asked_at < begin + timedelta(days=1)
        )
        with self._engine.connect() as connection:
            return float(connection.execute(query).scalar_one())

    def refused_on(self, day: date) -> int:
        """Calls that were not made on ``day``."""
        query = select(func.coalesce(func.sum(daily_costs.c.refused_calls), 0)).where(
            daily_costs.c.day == day
        )
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def days(self, first: date, last: date) -> list[DayCost]:
        """Every day's calls by model, from ``first`` to ``last``, both included; oldest first."""
        query = (
            select(daily_costs)
            .where(daily_costs.c.day.between(first, last))
            .order_by(daily_costs.c.day, daily_costs.c.model)
        )
        with self._engine.connect() as connection:
            return [DayCost(**row._mapping) for row in connection.execute(query)]

    def questions(self, answer_ids: Sequence[str]) -> list[Dear]:
        """These questions, dearest first; those that are gone or of unknown cost are left out."""
        query = (
            select(
                questions.c.answer_id,
                questions.c.trace_id,
                questions.c.text,
                func.coalesce(questions.c.model, "").label("model"),
                questions.c.asked_at,
                questions.c.input_tokens,
                questions.c.output_tokens,
                questions.c.cost_usd,
            )
            .where(questions.c.answer_id.in_(answer_ids), questions.c.cost_usd.is_not(None))
            .order_by(questions.c.cost_usd.desc(), questions.c.answer_id)
        )
        with self._engine.connect() as connection:
            return [Dear(**row._mapping) for row in connection.execute(query)]


def add_call(connection: Connection, day: date, model: str, usage: Usage) -> None:
    """Count one call within a transaction that keeps something else too."""
    known = usage.cost_usd is not None
    _add(
        connection,
        day,
        model,
        {
            "calls": 1,
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cached_tokens": usage.cached_tokens,
            "cost_usd": usage.cost_usd if known else 0.0,
            "unknown_calls": 0 if known else 1,
        },
    )


def _add(connection: Connection, day: date, model: str, counts: dict[str, Any]) -> None:
    """Add to the day's row, made where there is none, in one statement: nothing is lost."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    values = dict.fromkeys(_COUNTED, 0) | counts
    row = dialect.insert(daily_costs).values(day=day, model=model[:_LONGEST_NAME], **values)
    connection.execute(
        row.on_conflict_do_update(
            index_elements=[daily_costs.c.day, daily_costs.c.model],
            set_={name: daily_costs.c[name] + row.excluded[name] for name in _COUNTED},
        )
    )
