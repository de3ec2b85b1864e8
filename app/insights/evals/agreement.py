"""How often two raters say the same of the same answers, and how much of that is not chance.

All figures come from one table of counts: what the first said by what the second said.

- **Raw agreement**: the share of answers of which both said the same.
- **Cohen's κ** (1960): that agreement beyond what the two would reach by chance, if each went on
  saying each value as often as they do: ``(p_o − p_e) / (1 − p_e)``. 1 is perfect, 0 is chance.
- **Weighted κ** (Cohen 1968), with quadratic weights: two values that lie far apart on a scale
  count as a worse disagreement than two neighbors. On two values it is κ.
- **Gwet's AC1** (2008) beside it, because κ misleads where nearly everything gets the same value:
  at 95 % of agreement it can be near 0 (the first paradox of Feinstein & Cicchetti, 1990). AC1
  takes as chance ``Σ π_k (1 − π_k) / (q − 1)``, with π_k the mean of both raters' shares of value k
  and q the number of values on the scale.

Intervals: bootstrap over groups (the same question in other words is one group, and not
independent), 95 % by percentiles, as in `app.insights.evals.paired`. A draw in which a figure is
undefined is left out; where more than one draw in twenty is, there is no interval, for it would
speak of other samples than this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.insights.evals.paired import DRAWS, FEWEST_GROUPS, SEED

Floats = NDArray[np.float64]

MOST_UNDEFINED = 0.05
"""Share of draws without a figure that an interval survives."""
FEW = 30
"""Answers below which a page warns: at a κ of 0.6 of evenly spread yes and no the standard error,
√(p_o (1 − p_o)) / ((1 − p_e) √n), is then 0.15, so that the interval reaches from fair to nearly
perfect."""
_BENCHMARKS = (
    (0.2, "slight"),
    (0.4, "fair"),
    (0.6, "moderate"),
    (0.8, "substantial"),
    (1.0, "almost perfect"),
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval; ``value`` None where it is undefined."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """What two raters said of one answer; ``group``: what it is not independent of."""

    first: int
    second: int
    group: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two raters on ``n`` answers of ``groups`` groups.

    ``table[i][j]``: answers to which the first gave ``scale[i]`` and the second ``scale[j]``.
    κ is undefined where both always gave one and the same value: nothing is left beyond chance.
    """

    n: int
    groups: int
    scale: tuple[int, ...]
    table: tuple[tuple[int, ...], ...]
    raw: Estimate
    kappa: Estimate
    weighted: Estimate
    ac1: Estimate

    @property
    def few(self) -> bool:
        """Too few to lean on."""
        return self.n < FEW

    @property
    def skewed(self) -> bool:
        """Whether the paradox bites: agreement is high, and κ does not show it."""
        raw, kappa = self.raw.value, self.kappa.value
        return raw is not None and raw >= 0.8 and (kappa is None or kappa < 0.4)


def agreement(
    pairs: Sequence[Pair], scale: Sequence[int], *, draws: int = DRAWS, seed: int = SEED
) -> Agreement:
    """Every figure of agreement between two raters; without pairs none of them has a value.

    ``scale``: the values that could be given, at least two; a pair with another one is an error of
    the caller (ValueError). The same pairs give the same figures, in whatever order.
    """
    values = tuple(sorted(set(scale)))
    place = {value: number for number, value in enumerate(values)}
    counts: dict[str, Floats] = {}
    for pair in pairs:
        if pair.first not in place or pair.second not in place:
            raise ValueError(f"{pair} is off the scale {values}")
        table = counts.setdefault(pair.group, np.zeros((len(values), len(values))))
        table[place[pair.first], place[pair.second]] += 1
    size = len(values)
    stacked = np.array([counts[group] for group in sorted(counts)]).reshape(-1, size, size)
    total = stacked.sum(axis=0)
    drawn = _drawn(stacked, draws, seed)
    raw, kappa, weighted, ac1 = (
        _estimate(figure(total[None])[0], figure(drawn))
        for figure in (_raw, _kappa, _weighted, _ac1)
    )
    return Agreement(
        len(pairs),
        len(counts),
        values,
        tuple(tuple(int(cell) for cell in row) for row in total),
        raw,
        kappa,
        weighted,
        ac1,
    )


def kappa_words(value: float | None) -> str:
    """The benchmark of Landis & Koch (1977): a convention, not a law; empty where undefined."""
    if value is None:
        return ""
    if value < 0:
        return "less than chance"
    return next((words for limit, words in _BENCHMARKS if value <= limit), _BENCHMARKS[-1][1])


def _drawn(stacked: Floats, draws: int, seed: int) -> Floats:
    """Tables of ``draws`` samples of as many groups, drawn with replacement; none of too few."""
    groups, size = stacked.shape[0], stacked.shape[-1]
    if groups < FEWEST_GROUPS:
        return np.zeros((0, size, size))
    generator = np.random.default_rng(seed)
    times = generator.multinomial(groups, np.full(groups, 1 / groups), size=draws)
    summed: Floats = times @ stacked.reshape(groups, size * size)
    return summed.reshape(draws, size, size)


def _estimate(value: np.float64, drawn: Floats) -> Estimate:
    found = None if np.isnan(value) else float(value)
    defined = drawn[~np.isnan(drawn)]
    if found is None or not drawn.size or defined.size < (1 - MOST_UNDEFINED) * drawn.size:
        return Estimate(found)
    low, high = np.percentile(defined, (2.5, 97.5))
    return Estimate(found, float(low), float(high))


def _shares(tables: Floats) -> Floats:
    """Counts as shares; NaN where a table is empty."""
    totals = tables.sum(axis=(1, 2), keepdims=True)
    return _divided(tables, np.broadcast_to(totals, tables.shape))


def _divided(above: Floats, below: Floats) -> Floats:
    """A quotient; NaN where there is nothing to divide by, up to rounding."""
    usable = np.abs(below) > 1e-12
    quotient: Floats = np.divide(above, below, out=np.full(above.shape, np.nan), where=usable)
    return quotient


def _raw(tables: Floats) -> Floats:
    same: Floats = np.trace(_shares(tables), axis1=1, axis2=2)
    return same


def _kappa(tables: Floats) -> Floats:
    shares = _shares(tables)
    chance = (shares.sum(axis=2) * shares.sum(axis=1)).sum(axis=1)
    return _divided(_raw(tables) - chance, 1 - chance)


def _weighted(tables: Floats) -> Floats:
    shares, size = _shares(tables), tables.shape[-1]
    steps = np.arange(size)
    apart = (steps[:, None] - steps[None, :]) ** 2.0
    by_chance = shares.sum(axis=2)[:, :, None] * shares.sum(axis=1)[:, None, :]
    seen, expected = (apart * shares).sum(axis=(1, 2)), (apart * by_chance).sum(axis=(1, 2))
    weighted: Floats = 1 - _divided(seen, expected)
    return weighted


def _ac1(tables: Floats) -> Floats:
    shares = _shares(tables)
    mean = (shares.sum(axis=2) + shares.sum(axis=1)) / 2
    chance = (mean * (1 - mean)).sum(axis=1) / (tables.shape[-1] - 1)
    return _divided(_raw(tables) - chance, 1 - chance)
