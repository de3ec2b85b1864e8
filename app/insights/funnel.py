"""How far questions come: asked → first content → complete → source opened → accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.insights.columns import Mask
from app.insights.view import View

STEPS: Mapping[str, str] = {
    "asked": "Asked",
    "first_content": "First content",
    "complete": "Complete",
    "source_opened": "Source opened",
    "accepted": "Accepted",
}
"""Id → words."""


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """``count``: questions that came so far, each step counted by itself.

    ``of_asked``: their share of all; ``lost``: how many fewer than at the step before (negative
    where more: a copied answer is accepted without an opened source).
    """

    id: str
    name: str
    count: int
    of_asked: float | None
    lost: int


def funnel(view: View) -> list[FunnelStep]:
    """Questions whose behavior may be looked at, by how far they came."""
    asked = int(view.observed.sum())
    made: list[FunnelStep] = []
    before = asked
    for step, name in STEPS.items():
        count = int(reached(view, step).sum())
        made.append(FunnelStep(step, name, count, count / asked if asked else None, before - count))
        before = count
    return made


def reached(view: View, step: str) -> Mask:
    """Rows that came to a step of `STEPS`. Raises KeyError for another."""
    columns, questions = view.columns, view.observed
    if step == "asked":
        return questions
    if step == "first_content":
        return np.asarray(questions & ~np.isnan(columns["first_content_ms"]))
    if step == "complete":
        return view.shown
    return questions & columns.happened(
        {"source_opened": "opened_at", "accepted": "accepted_at"}[step]
    )
