"""How many verdicts there are of each kind, and what a report says about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from evals.judging.errors import REASONS, Reason

Outcome = Literal["scored", "undefined", "failed", "abstained", "not_asked", "missing"]
OUTCOMES: Mapping[Outcome, str] = {
    "scored": "judged",
    "undefined": "undefined: there was no claim to judge",
    "failed": "failed",
    "abstained": "abstained: a refusal has no answer to judge",
    "not_asked": "not asked: the case has no reference answer, or nothing was read",
    "missing": "missing: the judge was gone",
}
"""What can become of one metric of one case."""


@dataclass(slots=True)
class Tally:
    """Outcomes by metric, and reasons of the failed ones."""

    outcomes: dict[str, Counter[Outcome]] = field(default_factory=dict)
    reasons: Counter[Reason] = field(default_factory=Counter)

    def add(self, metric: str, outcome: Outcome, reason: Reason | None = None) -> None:
        """Count one."""
        self.outcomes.setdefault(metric, Counter())[outcome] += 1
        if reason is not None:
            self.reasons[reason] += 1

    def of(self, metric: str) -> dict[str, int]:
        """Every outcome of a metric, also those that did not occur."""
        counted = self.outcomes.get(metric, Counter())
        return {outcome: counted[outcome] for outcome in OUTCOMES}

    def total(self, outcome: Outcome) -> int:
        """Over all metrics."""
        return sum(counted[outcome] for counted in self.outcomes.values())

    def as_data(self, order: Iterable[str]) -> dict[str, Any]:
        """For a report: metric → outcome → cases, and reason → failures."""
        return {
            "outcomes": {metric: self.of(metric) for metric in order},
            "failures": {
                reason: self.reasons[reason] for reason in REASONS if self.reasons[reason]
            },
        }
