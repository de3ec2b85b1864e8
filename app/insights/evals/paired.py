"""How much one run is better than another on the same cases, and how sure that is.

Cases are paired by id. Cases of one group are the same question in other words; what happens to
one of them happens to the others, so the group is what is drawn and what is flipped, never the
case:

- **Interval**: the bootstrap over whole groups with the percentile interval (Efron & Tibshirani
  1993, chapters 8 and 13; for evals: Miller, "Adding Error Bars to Evals", 2024, sections 2–4).
- **p**: the randomization test: were there no difference, every group's difference could as well
  have had the other sign (Fisher 1935; Noreen 1989; Smucker, Allan & Carterette, CIKM 2007, who
  recommend it for retrieval). Of scores that are 0 or 1 the distribution is computed exactly; where
  every group is a single case that is McNemar's exact test (1947). Of others it is drawn, and
  ``(at least so large + 1) / (drawn + 1)`` is p (Phipson & Smyth 2010), which is never 0.

The two can disagree where few cases differ: of four that differ, all worse, the interval leaves
out 0 and p is 0.125. Words about significance therefore go by p.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.insights.evals.row import Row

Floats = NDArray[np.float64]
Test = Literal["exact", "drawn", ""]

SEED = 0
"""The same two runs give the same interval, however often they are compared."""
DRAWS = 2_000
"""Efron & Tibshirani (1993, p. 275) ask for 1,000 for a 95 % percentile interval."""
FLIPS = 9_999
"""Signs drawn where they can't be counted: p is then off by 0.004 at most 19 times in 20 near
0.05, √(0.05 · 0.95 / 9,999) · 1.96."""
FEWEST_GROUPS = 5
"""Below, there is no interval: how groups differ can't be seen in four."""
_EVERY_SIGN = 12
"""Up to so many groups that differ, all 2¹² patterns of signs are gone through."""
_IN_MEMORY = 2_000_000
"""Numbers drawn at once: 16 MB."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Run b less run a, over the ``n`` cases that have the score in both.

    ``difference`` is ``mean_b − mean_a``; ``low`` and ``high`` are its 95 % interval, None with
    fewer than `FEWEST_GROUPS` groups. ``p`` is two-sided; None where ``n`` is 0, as is everything.
    ``changed``: cases whose scores differ. ``test``: how p was found.
    """

    n: int
    mean_a: float | None
    mean_b: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    groups: int = 0
    changed: int = 0
    test: Test = ""

    @property
    def excludes_zero(self) -> bool:
        """Whether the whole interval lies on one side of 0; False where there is none."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


NOTHING = Difference(0, None, None, None, None, None, None)
"""No case has the score in both runs."""


def paired_difference(rows_a: Iterable[Row], rows_b: Iterable[Row], score_id: str) -> Difference:
    """How ``score_id`` differs, over the cases that have it in both runs, whatever their order.

    A case without a group is its own. Where the runs group differently, the first run's counts.
    """
    of_b = {row.id: row.scores[score_id] for row in rows_b if score_id in row.scores}
    pairs = sorted(
        (row.group or row.id, row.id, row.scores[score_id], of_b[row.id])
        for row in rows_a
        if score_id in row.scores and row.id in of_b
    )
    if not pairs:
        return NOTHING
    a = np.array([pair[2] for pair in pairs], dtype=np.float64)
    b = np.array([pair[3] for pair in pairs], dtype=np.float64)
    return difference_of(a, b, [pair[0] for pair in pairs])


def difference_of(a: Floats, b: Floats, groups: Sequence[str]) -> Difference:
    """The same of bare scores ``a`` and ``b``, both of shape (cases,), and each case's group."""
    if not len(a):
        return NOTHING
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    apart = b - a
    sums: Floats = np.bincount(member, weights=apart).astype(np.float64)
    sizes: Floats = np.bincount(member).astype(np.float64)
    low, high = _interval(sums, sizes)
    whole = bool(np.isin(a, (0.0, 1.0)).all() and np.isin(b, (0.0, 1.0)).all())
    p, test = _p(sums, whole=whole)
    return Difference(
        n=len(a),
        mean_a=float(a.mean()),
        mean_b=float(b.mean()),
        difference=float(apart.mean()),
        low=low,
        high=high,
        p=p,
        groups=len(names),
        changed=int(np.count_nonzero(apart)),
        test=test,
    )


def holm(values: Sequence[float | None]) -> list[float | None]:
    """p-values corrected for how many there are (Holm 1979); None stays, and doesn't count.

    Whatever falls below 0.05 does so by chance, anywhere among them, 1 time in 20 at most, also
    when metrics depend on each other.
    """
    known = sorted((value, place) for place, value in enumerate(values) if value is not None)
    found: list[float | None] = [None] * len(values)
    least = 0.0
    for number, (value, place) in enumerate(known):
        least = max(least, min(1.0, (len(known) - number) * value))
        found[place] = least
    return found


# --- steps ----------------------------------------------------------------------------------------


def _interval(sums: Floats, sizes: Floats) -> tuple[float | None, float | None]:
    """The bootstrap's 2.5th and 97.5th percentile of Σ sums ÷ Σ sizes; both of shape (groups,)."""
    count = len(sums)
    if count < FEWEST_GROUPS:
        return None, None
    random = np.random.default_rng(SEED)
    at_once = max(1, _IN_MEMORY // count)
    means = []
    for begin in range(0, DRAWS, at_once):
        drawn = random.integers(0, count, size=(min(at_once, DRAWS - begin), count))
        means.append(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))
    low, high = np.percentile(np.concatenate(means), (2.5, 97.5))
    return float(low), float(high)


def _p(sums: Floats, *, whole: bool) -> tuple[float, Test]:
    """Two-sided, of groups whose sums may have either sign; ``whole``: the sums are integers."""
    sizes = np.abs(sums[np.abs(sums) > 1e-12])
    least = abs(float(sums.sum())) - 1e-9  # what is as large counts, whatever rounding says
    if not len(sizes) or least <= 0:
        return 1.0, "exact"
    if whole:
        return _exact(np.rint(sizes).astype(np.int64), round(least)), "exact"
    if len(sizes) <= _EVERY_SIGN:
        patterns = np.arange(2 ** len(sizes))[:, None] >> np.arange(len(sizes)) & 1
        totals = (2.0 * patterns - 1.0) @ sizes
        return float(np.mean(np.abs(totals) >= least)), "exact"
    random = np.random.default_rng(SEED)
    at_once = max(1, _IN_MEMORY // len(sizes))
    as_large = 0
    for begin in range(0, FLIPS, at_once):
        shape = (min(at_once, FLIPS - begin), len(sizes))
        signs = 2.0 * random.integers(0, 2, size=shape, dtype=np.int8) - 1.0
        as_large += int(np.count_nonzero(np.abs(signs @ sizes) >= least))
    return (as_large + 1) / (FLIPS + 1), "drawn"


def _exact(sizes: NDArray[np.int64], least: int) -> float:
    """P(|Σ ± sizes| ≥ least), by adding one group after the other to the sum's distribution."""
    total = int(sizes.sum())
    chances = np.zeros(2 * total + 1)  # place = sum + total
    chances[total] = 1.0
    for size in sizes:
        moved = np.zeros_like(chances)
        moved[size:] += chances[:-size] / 2
        moved[:-size] += chances[size:] / 2
        chances = moved
    away = np.abs(np.arange(-total, total + 1))
    return min(1.0, float(chances[away >= least].sum()))
