"""How much worse a question fares for the way it is written: same question, other words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from evals.datasets import PHRASINGS, Phrasing
from evals.running.records import CaseRecord
from evals.scoring import calibration
from evals.scoring.per_case import correct
from evals.scoring.scorers import Figure, Figures


def gaps(records: Sequence[CaseRecord]) -> Figures:
    """``gap_typos`` and so on; without a value where no family has both ways of writing."""
    families: dict[str, dict[Phrasing, list[float]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        value, phrasing = correct(record), record.case.phrasing
        if value is not None and phrasing is not None and record.case.family:
            families[record.case.family][phrasing].append(value)
    return {
        f"gap_{phrasing.replace('-', '_')}": _gap(families, phrasing)
        for phrasing in PHRASINGS
        if phrasing != "plain"
    }


def _gap(families: dict[str, dict[Phrasing, list[float]]], phrasing: Phrasing) -> Figure:
    """Right when written plainly less right when written so: mean over families, in shares.

    Each family counts once, however many cases it has, and families are drawn for the interval.
    """
    differences = {
        family: sum(own["plain"]) / len(own["plain"]) - sum(own[phrasing]) / len(own[phrasing])
        for family, own in sorted(families.items())
        if "plain" in own and phrasing in own
    }
    if not differences:
        return Figure(None, 0)
    values = list(differences.values())
    low, high = calibration.bootstrap_mean(values, list(differences)) or (None, None)
    return Figure(calibration.mean(values), len(values), low, high)
