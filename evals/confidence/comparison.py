"""Two confidence models on the same cases: their figures side by side, and which is better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.domain import Level
from evals.confidence.fitting import Cases, Thresholds, to_prior
from evals.scoring import calibration
from evals.scoring.calibration import Floats

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Judged:
    """A model on one collection; None where a class is missing.

    ``ece_at_own_share``: after moving the probabilities to the collection's own share of answerable
    questions: what is left is not for another mix of questions. ``levels``: level → share right of
    the answers given at it (None: none could be judged), and how many those were.
    """

    collection: str
    answerable: int
    unanswerable: int
    auroc: float | None
    auroc_interval: Interval | None
    ece: float | None
    ece_interval: Interval | None
    ece_at_own_share: float | None
    brier: float | None
    refused_answerable: float | None
    refused_unanswerable: float | None
    levels: dict[str, tuple[float | None, int]]

    @property
    def cases(self) -> int:
        """Answerable or not."""
        return self.answerable + self.unanswerable

    def to_json(self) -> dict[str, Any]:
        """As it stands in a confidence file, to three decimals."""
        return {
            "answerable": self.answerable,
            "unanswerable": self.unanswerable,
            "auroc": _rounded(self.auroc),
            "auroc_interval": _rounded(self.auroc_interval),
            "ece": _rounded(self.ece),
            "ece_interval": _rounded(self.ece_interval),
            "ece_at_own_share": _rounded(self.ece_at_own_share),
            "brier": _rounded(self.brier),
            "refused_answerable": _rounded(self.refused_answerable),
            "refused_unanswerable": _rounded(self.refused_unanswerable),
            "right": {
                level: {"share": _rounded(share), "answers": count}
                for level, (share, count) in self.levels.items()
            },
        }


@dataclass(frozen=True, slots=True)
class Gain:
    """How much lower the new model's squared error is, with its 95 % bootstrap interval."""

    old: float
    new: float
    low: float
    high: float

    @property
    def better(self) -> bool:
        """By more than chance."""
        return self.low > 0

    @property
    def verdict(self) -> str:
        """A sentence or two for whoever has to decide."""
        said = (
            f"mean squared error {self.new:.4f} instead of {self.old:.4f}; "
            f"95 % interval of the gain {self.low:.4f} to {self.high:.4f}"
        )
        if self.better:
            return f"Recommended: on questions it has not seen, the new model is better ({said})."
        if self.high < 0:
            return f"Not recommended: the model in use is better ({said})."
        return f"Not recommended: the difference may be chance ({said}). Keep the model in use."


def gain(old: Floats, new: Floats, answerable: Floats, weights: Floats) -> Gain:
    """Squared errors (Brier) compared case by case, the cases drawn with replacement.

    A proper score: it falls only when probabilities come nearer to what is so, by ranking or by
    scale.
    """
    before, after = (old - answerable) ** 2, (new - answerable) ** 2

    def mean(difference: Floats, weight: Floats) -> float:
        return float(np.average(difference, weights=weight))

    low, high = calibration.bootstrap(mean, before - after, weights) or (0.0, 0.0)
    return Gain(mean(before, weights), mean(after, weights), low, high)


def judge_each(
    cases: Cases, probabilities: Floats, limits: Thresholds, prior: float
) -> list[Judged]:
    """`judge` for each collection, in their order."""
    return [
        judge(name, cases.where(own), probabilities[own], limits, prior)
        for name in dict.fromkeys(cases.collections.tolist())
        for own in [cases.collections == name]
    ]


def judge(
    name: str, cases: Cases, probabilities: Floats, limits: Thresholds, prior: float
) -> Judged:
    """A model's figures. ``prior``: the share of answerable questions that it assumes."""
    truth = cases.answerable
    refused = (probabilities < limits.answer).astype(np.float64)
    own = to_prior(probabilities, prior, float(truth.mean()))
    return Judged(
        collection=name,
        answerable=int(truth.sum()),
        unanswerable=int((1 - truth).sum()),
        auroc=calibration.auroc(probabilities, truth),
        auroc_interval=calibration.bootstrap(calibration.auroc, probabilities, truth),
        ece=calibration.ece(probabilities, truth),
        ece_interval=calibration.bootstrap(calibration.ece, probabilities, truth),
        ece_at_own_share=calibration.ece(own, truth),
        brier=calibration.brier(probabilities, truth),
        refused_answerable=calibration.mean(refused[truth == 1]),
        refused_unanswerable=calibration.mean(refused[truth == 0]),
        levels=share_right(probabilities, cases.right, limits),
    )


def grids(old: Sequence[Judged], new: Sequence[Judged]) -> list[tuple[str, list[list[str]]]]:
    """Titled tables; each has two lines for a collection: the model in use, and the new one."""
    telling = [["", "AUROC", "ECE", "ECE at own share", "Brier"]]
    refusing = [["", "answerable", "unanswerable"]]
    levels = [["", *(level.value for level in Level)]]
    for before, after in zip(old, new, strict=True):
        for name, one in ((f"{before.collection}, in use", before), ("… new", after)):
            telling.append(
                [
                    name,
                    _with_interval(one.auroc, one.auroc_interval),
                    _with_interval(one.ece, one.ece_interval),
                    _plain(one.ece_at_own_share),
                    _plain(one.brier),
                ]
            )
            refusing.append(
                [
                    name,
                    _share(one.refused_answerable, one.answerable),
                    _share(one.refused_unanswerable, one.unanswerable),
                ]
            )
            levels.append(
                [
                    name,
                    *(_share(*one.levels[level.value]) for level in Level),
                ]
            )
    return [
        ("Answerable or not", telling),
        ("Refused, of answerable and of unanswerable questions", refusing),
        ("Right, of the answers at each level", levels),
    ]


def share_right(
    probabilities: Floats, right: Floats, limits: Thresholds
) -> dict[str, tuple[float | None, int]]:
    """Level → share right of the answers given at it, and how many of them could be judged."""
    edges = {
        Level.HIGH: (limits.high, np.inf),
        Level.MEDIUM: (max(limits.medium, limits.answer), limits.high),
        Level.LOW: (limits.answer, limits.medium),
    }
    known = ~np.isnan(right)
    measured = {}
    for level, (low, high) in edges.items():
        own = right[known & (probabilities >= low) & (probabilities < high)]
        measured[level.value] = (calibration.mean(own), len(own))
    return measured


def _rounded(value: float | Interval | None) -> Any:
    if isinstance(value, tuple):
        return [round(one, 3) for one in value]
    return None if value is None else round(value, 3)


def _with_interval(value: float | None, interval: Interval | None) -> str:
    if value is None or interval is None:
        return _plain(value)
    return f"{value:.3f} ({interval[0]:.3f}–{interval[1]:.3f})"


def _plain(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _share(value: float | None, count: int) -> str:
    return "–" if value is None else f"{100 * value:.1f} % of {count}"
