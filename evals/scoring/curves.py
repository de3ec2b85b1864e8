"""What the pictures of a report show, as plain data: reliability, and risk over coverage."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evals.scoring import calibration

BINS = 10
BUCKETS = 20
"""Bars of the histogram below a reliability diagram, of equal width."""
_POINTS = 200
"""Points kept of a risk–coverage curve: more than a picture can show."""
_FIRST = 10
"""Answers that the first point of a risk–coverage curve stands on; fewer say nothing."""
_Z = 1.96


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Cases of similar probability. ``low``, ``high``: 95 % interval of ``observed``."""

    count: int
    predicted: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """One diagram. ``buckets``: cases per twentieth of the probability; ``ece`` with interval."""

    label: str
    cases: int
    bins: tuple[ReliabilityBin, ...]
    buckets: tuple[int, ...]
    ece: float
    ece_low: float
    ece_high: float


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """One curve: share answered and share wrong among those, from the surest on.

    ``shipped``: the point where the product stops answering, None when nothing was answered.
    """

    label: str
    cases: int
    points: tuple[tuple[float, float], ...]
    shipped: tuple[float, float] | None


def reliability(label: str, probabilities: ArrayLike, labels: ArrayLike) -> Reliability | None:
    """The diagram of some cases; None without any.

    Bins hold the same number of cases. Their intervals are Wilson's (1927): a bin in which every
    case is alike has a bootstrap interval of no width, which would claim too much.
    """
    said = np.asarray(probabilities, dtype=np.float64)
    truth = np.asarray(labels, dtype=np.float64)
    error = calibration.ece(said, truth, BINS)
    if error is None:
        return None
    low, high = calibration.bootstrap(calibration.ece, said, truth) or (error, error)
    bins = [
        ReliabilityBin(
            part.count, part.predicted, part.observed, *wilson(part.observed, part.count)
        )
        for part in calibration.reliability(said, truth, BINS)
    ]
    buckets, _ = np.histogram(said, bins=BUCKETS, range=(0.0, 1.0))
    return Reliability(label, len(said), tuple(bins), tuple(map(int, buckets)), error, low, high)


def risk_coverage(
    label: str, answers: Iterable[tuple[float, float | None]], threshold: float
) -> RiskCoverage | None:
    """The curve of some cases; None when fewer than ten of them can be judged.

    ``answers``: for each case its probability, and 1 or 0 for a right or wrong answer, None where
    none was given: such a case counts in the coverage, and the curve ends before it.
    """
    cases = list(answers)
    judged = [(said, truth) for said, truth in cases if truth is not None]
    if len(judged) < _FIRST:
        return None
    said = np.asarray([one for one, _ in judged])
    coverage, risk = calibration.risk_coverage(said, [truth for _, truth in judged])
    coverage = coverage * len(judged) / len(cases)
    kept = sorted(set(np.linspace(_FIRST - 1, len(judged) - 1, _POINTS).astype(int).tolist()))
    answered = int((said >= threshold).sum())
    return RiskCoverage(
        label,
        len(cases),
        tuple((float(coverage[i]), float(risk[i])) for i in kept),
        (float(coverage[answered - 1]), float(risk[answered - 1])) if answered else None,
    )


def wilson(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share of ``count`` cases (Wilson 1927)."""
    spread = _Z**2 / count
    center = (share + spread / 2) / (1 + spread)
    half = math.sqrt(share * (1 - share) * spread + spread**2 / 4) / (1 + spread)
    return max(0.0, center - half), min(1.0, center + half)


def reliability_table(diagrams: Sequence[Reliability]) -> list[list[str]]:
    """A heading, then a line for each bin."""
    return [
        ["collection", "cases", "said", "so", "95 % interval"],
        *(
            [
                diagram.label,
                str(part.count),
                _percent(part.predicted),
                _percent(part.observed),
                f"{100 * part.low:.0f}–{_percent(part.high)}",
            ]
            for diagram in diagrams
            for part in diagram.bins
        ),
    ]


def risk_table(curves: Sequence[RiskCoverage]) -> list[list[str]]:
    """A heading, then for each collection the share wrong at each tenth of coverage."""
    tenths = [tenth / 10 for tenth in range(1, 11)]
    return [
        ["share answered", *(_percent(tenth) for tenth in tenths), "as set"],
        *(
            [
                curve.label,
                *(_at(curve, tenth) for tenth in tenths),
                f"{_percent(curve.shipped[1])} of {_percent(curve.shipped[0])}"
                if curve.shipped
                else "–",
            ]
            for curve in curves
        ),
    ]


def _at(curve: RiskCoverage, coverage: float) -> str:
    """The risk at the point nearest to ``coverage``; a dash where the curve has none."""
    near, risk = min(curve.points, key=lambda point: abs(point[0] - coverage))
    return _percent(risk) if abs(near - coverage) <= 0.02 else "–"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
