"""What questions cost: by model and by day. What is not known is counted apart, never as zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.insights.columns import Mask, Whole
from app.insights.periods import Buckets
from app.insights.view import View


@dataclass(frozen=True, slots=True)
class ModelCost:
    """``usd``: the sum of known costs; ``unknown``: questions whose cost is not in it."""

    model: str
    questions: int
    usd: float
    unknown: int
    accepted: int
    per_question: float | None
    per_accepted: float | None
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class TimeCost:
    """One bucket of the period, by its start."""

    start: str
    usd: float
    questions: int
    unknown: int


def by_model(view: View) -> list[ModelCost]:
    """The models that answered, dearest first; questions that none answered have the name ""."""
    code = view.columns["model"]
    words = view.columns.vocabularies["model"].words
    size = len(words)

    def count(mask: Mask) -> list[int]:
        return [int(one) for one in np.bincount(code[mask], minlength=size)]

    def total(name: str, mask: Mask) -> list[float]:
        weights = view.columns[name][mask]
        return [float(one) for one in np.bincount(code[mask], weights, minlength=size)]

    known = view.known_cost
    accepted = known & view.complete & view.columns.happened("accepted_at")
    questions, priced, unknown = count(view.questions), count(known), count(view.unknown_cost)
    usd, won = total("cost_usd", known), count(accepted)
    read, written = (total(name, view.questions) for name in ("input_tokens", "output_tokens"))
    rows = [
        ModelCost(
            model=words[at],
            questions=questions[at],
            usd=usd[at],
            unknown=unknown[at],
            accepted=won[at],
            per_question=usd[at] / priced[at] if priced[at] else None,
            per_accepted=usd[at] / won[at] if won[at] else None,
            input_tokens=int(read[at]),
            output_tokens=int(written[at]),
        )
        for at in range(size)
        if questions[at]
    ]
    return sorted(rows, key=lambda row: (-row.usd, -row.questions, row.model))


def by_time(view: View, buckets: Buckets) -> list[TimeCost]:
    """The sum of known costs in each bucket, with how many questions are not in it."""
    asked = view.columns["asked_at"]

    def bucket(mask: Mask) -> Whole:
        found: Whole = np.minimum((asked[mask] - buckets.start) // buckets.step, buckets.count - 1)
        return found

    known = view.known_cost
    usd = np.bincount(bucket(known), view.columns["cost_usd"][known], minlength=buckets.count)
    questions = np.bincount(bucket(view.questions), minlength=buckets.count)
    unknown = np.bincount(bucket(view.unknown_cost), minlength=buckets.count)
    return [
        TimeCost(label, float(usd[at]), int(questions[at]), int(unknown[at]))
        for at, label in enumerate(buckets.labels())
    ]
