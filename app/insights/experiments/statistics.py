"""How sure a number and a difference are, where a person asks several questions.

Questions of one session are not independent, so the session is the unit everywhere: it was the
session that was assigned. Only two methods are used:

- **Shares** (accepted ÷ shown …): the delta method gives the variance of a ratio of sums over
  sessions (Deng, Knoblich, Lu: Applying the Delta Method in Metric Analytics, KDD 2018, eq. 5);
  the effective number of observations that belongs to it goes into Wilson's score interval (as
  Korn and Graubard do for surveys, Survey Methodology 24, 1998), and two of them into Newcombe's
  interval for a difference (Statistics in Medicine 17, 1998, method 10).
- **Everything else** (percentiles of latency, cost): the bootstrap over whole sessions, with the
  percentile interval (Efron and Tibshirani, 1993, chapters 8 and 13).

The intervals hold for one look at a moment that was chosen before (see `sample_size`); whoever
looks every day and stops at the first difference will be wrong more often than 1 time in 20.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEVEL = 0.95
"""Of all intervals: they hold the true value 95 times in 100."""
REPLICATES = 1000
"""Efron and Tibshirani (1993, p. 275) ask for 1,000 for a 95 % percentile interval."""
FEWEST_SESSIONS = 5
"""With fewer in an arm there is no interval: how sessions differ can't be seen in four."""
_SEED = 20_260_301
"""The same numbers give the same interval, however often a page is loaded."""
_IN_CACHE = 100_000
"""Numbers worked on at once: twice as quick as all together, or as one replicate at a time."""
SRM_ALARM = 0.001
"""Below this probability, arms of such unequal size are no chance. A strict limit, because it is
looked at often (Fabijan et al.: Diagnosing Sample Ratio Mismatch, KDD 2019, use 0.0005)."""


@dataclass(frozen=True, slots=True)
class Interval:
    """From ``low`` to ``high``."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether ``value`` lies in it."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric of one arm.

    ``n``: what was counted (questions, answers, threads), ``sessions``: by how many sessions.
    ``interval``: None where too little is known. ``spread``: variance that one session
    contributes, so that the value's own variance is ``spread / sessions``; None where unknown.
    """

    value: float | None
    n: float
    sessions: int
    interval: Interval | None = None
    spread: float | None = None
    replicates: Floats = field(default_factory=lambda: np.empty(0), repr=False, compare=False)


NOTHING = Estimate(None, 0, 0)
"""Of an arm in which nothing was counted."""


def share(numerators: Floats, denominators: Floats, level: float = LEVEL) -> Estimate:
    """Σ numerators ÷ Σ denominators, both of shape (sessions,), with the interval of a share.

    A numerator is at most its denominator. Sessions without a denominator are left out.
    """
    counted = denominators > 0
    num, den = numerators[counted], denominators[counted]
    sessions, total = len(den), float(den.sum())
    if not sessions:
        return NOTHING
    value = float(num.sum()) / total
    if sessions < FEWEST_SESSIONS:
        return Estimate(value, total, sessions)
    variance = _delta_variance(num, den, value)
    if variance > 0:
        from scipy import special  # noqa: PLC0415  # 0.1 s of every start

        # Few sessions estimate their own variance badly: Student's t in place of the normal.
        few = _z(level) / float(special.stdtrit(sessions - 1, (1 + level) / 2))
        effective = min(value * (1 - value) / variance * few**2, total)
    else:
        effective = float(sessions)  # all or nothing: no better than one observation a session
    spread = max(variance * sessions, 0.0) or None
    return Estimate(value, total, sessions, _wilson(value, effective, level), spread)


def mean(
    numerators: Floats, denominators: Floats, level: float = LEVEL, scale: float = 1.0
) -> Estimate:
    """``scale`` · Σ numerators ÷ Σ denominators, which has no upper end.

    A session without a denominator counts too: what it cost was paid for nothing.
    """
    num, den = numerators, denominators
    sessions, total = len(den), float(den.sum())
    if not total:
        return NOTHING
    value = scale * float(num.sum()) / total
    if sessions < FEWEST_SESSIONS:
        return Estimate(value, total, sessions)
    replicates = np.concatenate(
        [
            scale * num[drawn].sum(axis=1) / np.maximum(den[drawn].sum(axis=1), 1.0)
            for drawn in _draws(sessions, sessions)
        ]
    )
    return _bootstrapped(value, total, sessions, replicates, level)


def quantile(
    values: Floats, session: NDArray[np.int64], q: float, level: float = LEVEL
) -> Estimate:
    """The ``q``-quantile of ``values``, shape (n,); ``session``: whose each is, by any number.

    Linear interpolation between order statistics, as everywhere on the insights pages.
    """
    if not len(values):
        return NOTHING
    known, owner = np.unique(session, return_inverse=True)
    value, sessions = float(np.quantile(values, q)), len(known)
    if sessions < FEWEST_SESSIONS:
        return Estimate(value, len(values), sessions)
    order = np.argsort(values)
    ranked, owner = values[order], owner[order]
    found = []
    for drawn in _draws(sessions, len(values)):
        # Each value as often as its session was drawn, still in order.
        rows = np.arange(len(drawn))[:, None]
        counts = np.bincount((drawn + rows * sessions).ravel(), minlength=len(drawn) * sessions)
        upto = np.cumsum(counts.reshape(-1, sessions)[:, owner], axis=1)
        place = q * (upto[:, -1] - 1)
        # Row after row in one ascending order, so that one search finds the place in each.
        apart = rows * (upto.max() + 1)
        whole = np.stack([np.floor(place), np.ceil(place)], axis=1) + apart
        at = np.searchsorted((upto + apart).ravel(), whole, side="right") - rows * len(values)
        low, high = ranked[at[:, 0]], ranked[at[:, 1]]
        found.append(low + (place % 1) * (high - low))
    replicates = np.concatenate(found)
    return _bootstrapped(value, len(values), sessions, replicates, level)


def difference(treatment: Estimate, control: Estimate, level: float = LEVEL) -> Interval | None:
    """The interval of treatment − control; None where either is not known well enough.

    Of bootstrapped values the percentiles of their differences; of shares Newcombe's hybrid
    score interval: ``d − √((p₁−l₁)² + (u₂−p₂)²)`` to ``d + √((u₁−p₁)² + (p₂−l₂)²)``.
    """
    if treatment.value is None or control.value is None:
        return None
    if len(treatment.replicates) and len(control.replicates):
        # Each arm has its own order of replicates, so that pairs of them are independent.
        low, high = np.quantile(treatment.replicates - control.replicates[::-1], _tails(level))
        return Interval(float(low), float(high))
    if treatment.interval is None or control.interval is None:
        return None
    gap = treatment.value - control.value
    one, two = treatment.interval, control.interval
    down = math.hypot(treatment.value - one.low, two.high - control.value)
    up = math.hypot(one.high - treatment.value, control.value - two.low)
    return Interval(gap - down, gap + up)


def mismatch(sessions: Sequence[int], shares: Sequence[float]) -> float:
    """The probability of arms at least so unequal by chance: χ² against the planned ``shares``."""
    from scipy import special  # noqa: PLC0415  # 0.1 s of every start

    total = sum(sessions)
    if total == 0:
        return 1.0
    expected = [total * one / sum(shares) for one in shares]
    chi2 = sum((seen - due) ** 2 / due for seen, due in zip(sessions, expected, strict=True))
    return float(special.chdtrc(len(sessions) - 1, chi2))


# --- steps ----------------------------------------------------------------------------------------


def _delta_variance(num: Floats, den: Floats, value: float) -> float:
    """Of a ratio of sums over independent sessions."""
    sessions = len(den)
    residuals = num - value * den
    return float(sessions / (sessions - 1) * (residuals**2).sum() / den.sum() ** 2)


def _wilson(value: float, n: float, level: float) -> Interval:
    """Wilson's score interval (1927); ``n`` need not be whole."""
    z2 = _z(level) ** 2
    middle = (value + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (value * (1 - value) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return Interval(max(0.0, min(value, middle - half)), min(1.0, max(value, middle + half)))


def _bootstrapped(
    value: float, n: float, sessions: int, replicates: Floats, level: float
) -> Estimate:
    low, high = np.quantile(replicates, _tails(level))
    spread = float(replicates.var()) * sessions or None
    return Estimate(value, n, sessions, Interval(float(low), float(high)), spread, replicates)


def _draws(sessions: int, width: int) -> Iterator[NDArray[np.int32]]:
    """Sessions drawn with replacement, shape (several, sessions), `REPLICATES` in all.

    As many at a time as stay in the cache with ``width`` numbers each.
    """
    random = np.random.default_rng((_SEED, sessions))
    several = max(1, _IN_CACHE // max(width, sessions))
    for begin in range(0, REPLICATES, several):
        size = min(several, REPLICATES - begin), sessions
        yield random.integers(0, sessions, size, dtype=np.int32)


def _tails(level: float) -> tuple[float, float]:
    return (1 - level) / 2, (1 + level) / 2


def _z(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)
