"""Daily costs summed up: by day, by model, by month; what is unknown stays apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta

import numpy as np

from app.insights.view import View
from app.records.product.costs import EMBEDDINGS, DayCost

_SHOWN_MODELS = 3
"""Lines beside the total; more can't be told apart."""
OTHERS = "Other models"


@dataclass(frozen=True, slots=True)
class Sum:
    """Calls of one model, or of all; see `DayCost`."""

    model: str
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float = 0.0
    unknown_calls: int = 0
    refused_calls: int = 0

    @property
    def known_calls(self) -> int:
        """Those with a price."""
        return self.calls - self.unknown_calls

    @property
    def usd(self) -> float | None:
        """What they cost; None when no call has a known price."""
        return self.cost_usd if self.known_calls else None

    @property
    def usd_per_call(self) -> float | None:
        """Known cost ÷ calls with a known price."""
        return self.cost_usd / self.known_calls if self.known_calls else None

    @property
    def cached_share(self) -> float | None:
        """Share of the tokens read that the provider had read before."""
        return self.cached_tokens / self.input_tokens if self.input_tokens else None


def written(days: Iterable[DayCost]) -> list[DayCost]:
    """Without embeddings: the calls of chat models."""
    return [day for day in days if not day.model.startswith(EMBEDDINGS)]


def embedded(days: Iterable[DayCost]) -> list[DayCost]:
    """Only embeddings, where a price is set for them."""
    return [day for day in days if day.model.startswith(EMBEDDINGS)]


def summed(days: Iterable[DayCost], model: str = "") -> Sum:
    """All of them in one."""
    counts = {field.name: 0.0 for field in fields(Sum) if field.name != "model"}
    for day in days:
        for name in counts:
            counts[name] += getattr(day, name)
    usd = counts.pop("cost_usd")
    whole = {name: int(count) for name, count in counts.items()}
    return Sum(model, cost_usd=usd, **whole)


def by_model(days: Sequence[DayCost]) -> list[Sum]:
    """A sum for each model, dearest first."""
    models = dict.fromkeys(day.model for day in days)
    sums = [summed((day for day in days if day.model == model), model) for model in models]
    return sorted(sums, key=lambda one: (-one.cost_usd, -one.calls, one.model))


def course(
    days: Sequence[DayCost], first: date, last: date
) -> list[tuple[str, list[tuple[str, float | None]]]]:
    """Name → (ISO date, USD) of every day from ``first`` to ``last``: all models, then the dearest.

    A day without a call cost 0; a day whose calls are all of unknown price has no value.
    """
    length = (last - first).days + 1
    dates = [first + timedelta(days=number) for number in range(length)]
    names = [one.model for one in by_model(days)]
    lines = [("All models", list(days))]
    if len(names) > 1:
        shown = names if len(names) <= _SHOWN_MODELS else names[: _SHOWN_MODELS - 1]
        lines += [(name, [day for day in days if day.model == name]) for name in shown]
        if len(shown) < len(names):
            lines.append((OTHERS, [day for day in days if day.model not in shown]))
    return [(name, _points(some, dates)) for name, some in lines]


def dearest(view: View, most: int = 10) -> list[str]:
    """The answer_ids of the questions that cost most, dearest first; none that cost nothing."""
    rows = np.flatnonzero(view.known_cost)
    cost = view.columns["cost_usd"][rows]
    # The whole is never sorted: with 100,000 questions that takes longer than the page.
    some = np.argpartition(-cost, most)[:most] if len(cost) > most else np.arange(len(cost))
    best = sorted((int(place) for place in some if cost[place] > 0), key=lambda one: -cost[one])
    return [str(view.columns.answer_id[rows[place]]) for place in best]


def _points(days: Sequence[DayCost], dates: Sequence[date]) -> list[tuple[str, float | None]]:
    found: dict[date, list[DayCost]] = {}
    for day in days:
        found.setdefault(day.day, []).append(day)
    return [
        (one.isoformat(), summed(found[one]).usd if _called(found.get(one)) else 0.0)
        for one in dates
    ]


def _called(days: Sequence[DayCost] | None) -> bool:
    return any(day.calls for day in days or ())
