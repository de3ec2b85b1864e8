"""How many sessions tell a difference apart from chance, and how long that takes.

Chosen before the first look: the intervals of `experiment_stats` hold for one look, when as many
sessions as planned have been seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

POWER = 0.8
"""A true difference of the size asked for is seen 4 times in 5: what most experiments settle on
(Cohen: Statistical Power Analysis, 1988)."""
DEFAULT_POINTS = 0.05
"""For a share: 5 points, about what a reader of a chart calls a difference."""
DEFAULT_RELATIVE = 0.1
"""For everything else: a tenth of the control's value."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What an experiment needs.

    ``effect``: the smallest difference it is planned for, in the metric's unit; ``have``: sessions
    in its smallest arm; ``per_day``: new sessions a day in each arm. ``needed``: sessions per arm;
    None while the metric's spread is not known yet.
    """

    effect: float | None
    needed: int | None
    have: int
    per_day: float

    @property
    def reached(self) -> bool:
        """Whether the planned moment to look has come."""
        return self.needed is not None and self.have >= self.needed

    @property
    def days(self) -> int | None:
        """Until then, at today's traffic; None where nobody can tell."""
        if self.needed is None:
            return None
        if self.reached:
            return 0
        return math.ceil((self.needed - self.have) / self.per_day) if self.per_day > 0 else None


def default_effect(unit: str, baseline: float | None) -> float | None:
    """The smallest difference worth knowing where nobody said one."""
    if unit == "ratio":
        return DEFAULT_POINTS
    return DEFAULT_RELATIVE * abs(baseline) if baseline else None


def sessions_needed(
    spread: float, effect: float, *, level: float = 0.95, power: float = POWER
) -> int:
    """Sessions per arm so that a difference of ``effect`` is found with probability ``power``.

    ``spread``: variance that one session contributes (`Estimate.spread`); with it, questions that
    hang together within a session count as what they are. Two-sided test of two means:
    ``n = 2 · spread · (z₁₋α/₂ + z_power)² / effect²`` (Cochran: Sampling Techniques, 1977, 4.4).
    """
    normal = NormalDist()
    z = normal.inv_cdf((1 + level) / 2) + normal.inv_cdf(power)
    return max(2, math.ceil(2 * spread * z * z / effect**2))


def advise(
    *,
    unit: str,
    baseline: float | None,
    spread: float | None,
    effect: float | None,
    have: int,
    per_day: float,
    level: float = 0.95,
) -> Advice:
    """How many sessions, and how many are there. ``effect`` None: the default for the unit."""
    effect = effect or default_effect(unit, baseline)
    needed = None
    if spread is not None and effect:
        needed = sessions_needed(spread, effect, level=level)
    return Advice(effect, needed, have, per_day)
