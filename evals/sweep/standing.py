"""How measured points stand: figures, difference to the shipped defaults, the front, the decision.

Pure functions over reports of runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.insights.evals.paired import Difference, holm, paired_difference
from app.insights.evals.run_file import RunFigure, RunFile
from evals.scoring import calibration
from evals.sweep.plan import Point

SHOWN = (
    "correct",
    "answer_quoted",
    "false_refusal",
    "true_refusal",
    "recall_at_5",
    "ndcg_at_10",
    "document_ndcg_at_10",
    "citation_precision",
    "words",
)
"""Scores that the report tells of each point, where the questions have them."""
ALPHA = 0.05
Verdict = Literal["stands", "dev only", "beaten", "unknown"]


@dataclass(frozen=True, slots=True)
class Standing:
    """One point. ``against``: its quality less that of the shipped defaults, case by case.

    ``figures``: means by score id. ``p50``: median milliseconds of an answer. ``cost``: mean US
    dollars of an answer, None where a price is unknown. ``p``: of the difference, corrected for
    the number of points (Holm). ``front``: no other point is better in one of quality, time and
    cost without being worse in another.
    """

    point: Point
    run: RunFile
    figures: Mapping[str, RunFigure]
    quality: float
    p50: RunFigure
    cost: float | None
    against: Difference
    p: float | None
    front: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What a sweep says of the shipped defaults.

    ``verdict``: they stand (nothing is told apart from them for the better); the best is better on
    the questions that it was chosen on only; it is better on both; or nobody can say.
    ``chosen_on`` and ``checked_on``: the best less the shipped defaults on either split.
    ``checked``: (shipped, best) as measured on the split that nothing was chosen on.
    """

    verdict: Verdict
    best: Standing | None
    chosen_on: Difference | None = None
    checked_on: Difference | None = None
    checked: tuple[float, float] | None = None


def standings(measured: Sequence[tuple[Point, RunFile]], quality: str) -> list[Standing]:
    """The points that have the score ``quality``, the best first; ties by time.

    The first of ``measured`` is what the others are compared with.
    """
    if not measured:
        return []
    _, shipped = measured[0]
    made = []
    for point, run in measured:
        figures = figures_of(run, dict.fromkeys((quality, *SHOWN)))
        held, p50 = figures.get(quality), _median(run)
        if held is None or held.value is None or p50.value is None:
            continue
        against = paired_difference(shipped.rows, run.rows, quality)
        made.append((point, run, figures, held.value, p50, _cost(run), against))
    corrected = holm([None if one[0].shipped else one[6].p for one in made])
    front = _front([(one[3], one[4].value or 0.0, one[5]) for one in made])
    found = [
        Standing(*one, p=p, front=on) for one, p, on in zip(made, corrected, front, strict=True)
    ]
    return sorted(found, key=lambda one: (-one.quality, one.p50.value or 0.0))


def figures_of(run: RunFile, names: Mapping[str, None]) -> dict[str, RunFigure]:
    """Means of scores with 95 % intervals, groups drawn; only those that a case has."""
    found = {}
    for name in names:
        rows = [row for row in run.rows if name in row.scores]
        if rows:
            values = [row.scores[name] for row in rows]
            groups = [row.group or row.id for row in rows]
            low, high = calibration.bootstrap_mean(values, groups) or (None, None)
            found[name] = RunFigure(calibration.mean(values), len(values), low, high)
    return found


def decide(
    found: Sequence[Standing], check: Callable[[Point], RunFile | None], quality: str
) -> Decision:
    """Whether the shipped defaults stand.

    ``check``: a point's run on questions that nothing was chosen on; None where there are none.
    """
    shipped = next((one for one in found if one.point.shipped), None)
    if shipped is None or len(found) < 2:
        return Decision("unknown", None)
    best = found[0] if found[0].quality > shipped.quality else shipped
    first = check(shipped.point)
    second = first if best is shipped else check(best.point)
    checked_on, checked = None, None
    if first is not None and second is not None:
        checked_on = paired_difference(first.rows, second.rows, quality)
        if checked_on.mean_a is not None and checked_on.mean_b is not None:
            checked = (checked_on.mean_a, checked_on.mean_b)
    verdict: Verdict = "stands"
    if best is not shipped and better(best.against):
        verdict = "unknown" if checked_on is None else "dev only"
        if checked_on is not None and better(checked_on):
            verdict = "beaten"
    return Decision(verdict, best, best.against, checked_on, checked)


def better(difference: Difference) -> bool:
    """Whether the second is told apart from the first for the better."""
    return difference.excludes_zero and (difference.low or 0.0) > 0


def told_apart(found: Sequence[Standing]) -> list[Standing]:
    """Points that differ from the shipped defaults also after correction for their number."""
    return [one for one in found if one.p is not None and one.p < ALPHA]


def _median(run: RunFile) -> RunFigure:
    values = [row.scores["total_ms"] for row in run.rows if "total_ms" in row.scores]
    if not values:
        return RunFigure(None, 0, unit="ms")
    low, high = calibration.bootstrap(lambda one: float(np.median(one)), values) or (None, None)
    return RunFigure(float(np.median(values)), len(values), low, high, "ms")


def _cost(run: RunFile) -> float | None:
    """None as soon as the price of one answer is unknown: a mean of the rest would flatter."""
    asked = [row for row in run.rows if not row.scores.get("failed")]
    values = [row.scores["cost_usd"] for row in asked if "cost_usd" in row.scores]
    return calibration.mean(values) if values and len(values) == len(asked) else None


def _front(points: Sequence[tuple[float, float, float | None]]) -> list[bool]:
    """Which of (quality, time, cost) no other one dominates. An unknown cost is the worst."""
    ranked = [(-good, slow, float("inf") if dear is None else dear) for good, slow, dear in points]

    def dominated(one: tuple[float, float, float]) -> bool:
        return any(
            other != one and all(a <= b for a, b in zip(other, one, strict=True))
            for other in ranked
        )

    return [not dominated(one) for one in ranked]
