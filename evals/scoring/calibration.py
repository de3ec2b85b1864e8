"""How good probabilities and refusals are. Pure functions on arrays, one value per case.

``probabilities`` are 0–1; ``labels`` are 0 or 1. Nothing here knows what a label means: "the
documents hold an answer" and "the quoted answer is right" are both asked with the same functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
RESAMPLES = 1000
_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Bin:
    """Cases of similar probability: how many, what was said, what was so."""

    count: int
    predicted: float
    observed: float


def auroc(probabilities: ArrayLike, labels: ArrayLike) -> float | None:
    """Chance that a positive case ranks above a negative one, ties counting half.

    By rank sums (Mann–Whitney U). None when a class is absent.
    """
    scores, truth = _arrays(probabilities, labels)
    positives = int(truth.sum())
    negatives = len(truth) - positives
    if not positives or not negatives:
        return None
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]  # the mean rank of a tie, from 1
    u = ranks[truth == 1].sum() - positives * (positives + 1) / 2
    return float(u / (positives * negatives))


def brier(probabilities: ArrayLike, labels: ArrayLike) -> float | None:
    """Mean squared distance between probability and label (Brier 1950); None without cases."""
    scores, truth = _arrays(probabilities, labels)
    return float(np.mean((scores - truth) ** 2)) if len(scores) else None


def reliability(probabilities: ArrayLike, labels: ArrayLike, bins: int = 10) -> list[Bin]:
    """Cases sorted by probability, cut into ``bins`` of equal size (± 1), lowest first.

    Equal mass rather than equal width: a bin of two cases would say nothing (Nixon et al. 2019).
    """
    scores, truth = _arrays(probabilities, labels)
    order = np.argsort(scores, kind="stable")
    return [
        Bin(len(part), float(scores[part].mean()), float(truth[part].mean()))
        for part in np.array_split(order, min(bins, max(1, len(order))))
        if len(part)
    ]


def ece(probabilities: ArrayLike, labels: ArrayLike, bins: int = 10) -> float | None:
    """Expected calibration error: mean distance of said and observed over equal-mass bins."""
    parts = reliability(probabilities, labels, bins)
    total = sum(part.count for part in parts)
    if not total:
        return None
    return sum(part.count * abs(part.predicted - part.observed) for part in parts) / total


def risk_coverage(confidences: ArrayLike, correct: ArrayLike) -> tuple[Floats, Floats]:
    """Coverage (1/n … 1) and the share of wrong answers among the most confident of each size.

    Cases of equal confidence are taken together: their order says nothing, so each gets the risk
    that a random order has on average.
    """
    scores, truth = _arrays(confidences, correct)
    if not len(scores):
        return np.zeros(0), np.zeros(0)
    order = np.argsort(-scores, kind="stable")
    scores, wrong = scores[order], 1 - truth[order]
    _, group = np.unique(-scores, return_inverse=True)
    wrong = (np.bincount(group, weights=wrong) / np.bincount(group))[group]
    counts = np.arange(1, len(scores) + 1)
    return counts / len(scores), np.cumsum(wrong) / counts


def aurc(confidences: ArrayLike, correct: ArrayLike) -> float | None:
    """Area under the risk–coverage curve: mean risk over all coverages (Geifman et al. 2019)."""
    _, risk = risk_coverage(confidences, correct)
    return float(risk.mean()) if len(risk) else None


def selective_accuracy(
    confidences: ArrayLike, correct: ArrayLike, coverage: float = 0.8
) -> float | None:
    """Share right among the most confident ``coverage`` of the cases (at least one case)."""
    _, risk = risk_coverage(confidences, correct)
    if not len(risk):
        return None
    kept = max(1, int(np.floor(coverage * len(risk) + 1e-9)))
    return float(1 - risk[kept - 1])


def bootstrap(
    figure: Callable[..., float | None],
    *columns: Sequence[float] | Floats,
    groups: Sequence[str] | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> tuple[float, float] | None:
    """The 95 % percentile interval of ``figure(*columns)`` when cases are drawn with replacement.

    ``groups``: one name per case; cases of one group are drawn together, since they say much the
    same (Field & Welsh 2007). None: each case is a group of its own. Resamples on which the figure
    does not exist are left out; None when it exists on none.
    """
    arrays = [np.asarray(column, dtype=np.float64) for column in columns]
    size = len(arrays[0])
    if not size:
        return None
    values = []
    for drawn in _samples(size, groups, seed, resamples):
        value = figure(*(array[drawn] for array in arrays))
        if value is not None:
            values.append(value)
    return _interval(values) if values else None


def bootstrap_mean(
    values: Sequence[float] | Floats, groups: Sequence[str], seed: int = 0
) -> tuple[float, float] | None:
    """The 95 % percentile interval of the mean of ``values``, groups drawn with replacement.

    As `bootstrap`, all resamples at once. None without values.
    """
    array = np.asarray(values, dtype=np.float64)
    if not array.size:
        return None
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    sums, counts = np.bincount(group, weights=array), np.bincount(group)
    drawn = _times_drawn(len(sums), seed, RESAMPLES)
    return _interval((drawn @ sums) / (drawn @ counts))


def mean(values: ArrayLike) -> float | None:
    """The arithmetic mean; None without values."""
    array = np.asarray(values, dtype=np.float64)
    return float(array.mean()) if array.size else None


def _samples(
    size: int, groups: Sequence[str] | None, seed: int, resamples: int
) -> Iterator[NDArray[np.int64]]:
    """Places of the cases of each resample."""
    if groups is None or len(set(groups)) == size:
        generator = np.random.default_rng(seed)
        for _ in range(resamples):
            yield generator.integers(0, size, size)
        return
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    places = np.arange(size)
    for drawn in _times_drawn(int(group.max()) + 1, seed, resamples):
        yield np.repeat(places, drawn[group].astype(np.int64))


@lru_cache(maxsize=16)  # many figures of a report stand on the same number of groups
def _times_drawn(groups: int, seed: int, resamples: int) -> Floats:
    """Shape (resamples, groups): how often each group is in each resample."""
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(groups, np.full(groups, 1 / groups), size=resamples)
    return drawn.astype(np.float64)


def _interval(values: Sequence[float] | Floats) -> tuple[float, float]:
    tail = (1 - _LEVEL) / 2
    low, high = np.quantile(np.asarray(values), [tail, 1 - tail])
    return float(low), float(high)


def _arrays(scores: ArrayLike, labels: ArrayLike) -> tuple[Floats, Floats]:
    first = np.asarray(scores, dtype=np.float64)
    second = np.asarray(labels, dtype=np.float64)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"one label per case is needed, got {second.shape} for {first.shape}")
    return first, second
