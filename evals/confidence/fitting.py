"""Fits how sure an answer is: a logistic model of named signals, and the thresholds on it.

The model is ``1 / (1 + exp(−(intercept + Σ coefficient · signal)))``, as `app.ask.confidence` reads
it. Pure functions on columns, one value per case. scikit-learn is imported here alone, when used.

What is done so that a fit holds on documents that it has not seen:

* a ridge penalty on signals in units of their spread (`STRENGTH`);
* a direction for each signal. A coefficient that points the other way explains these questions by
  an accident of theirs, so the signal is dropped and the rest is fitted again;
* with few cases, only the slope and the intercept of the model in use are fitted again
  ("logistic recalibration", Steyerberg, Clinical Prediction Models, 2nd ed. 2019, ch. 20);
* every figure and threshold comes from cases that the fit behind it has not seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.ask.confidence import Model
from app.errors import BadRequest
from evals.scoring.calibration import Floats

Weights = Literal["balanced", "as-is"]
"""``balanced``: answerable and unanswerable questions weigh the same in each collection, so that a
probability assumes even odds; ``as-is``: each question weighs the same."""
Fold = NDArray[np.str_]

STRENGTH = 1.0
"""scikit-learn's C on standardized signals: a Normal(0, 1) prior on each coefficient. One spread of
a signal then multiplies the odds by up to about e² (weakly informative: Gelman et al. 2008)."""
PER_SIGNAL = 10
"""Cases of the rarer class for each signal that is fitted (Peduzzi et al. 1996)."""
FEWEST = 30
"""Cases of each class below which nothing is fitted: the standard error of a refusal rate of 5 %
is then 4 points, and of an AUROC of 0.9 about the same (Hanley & McNeil 1982)."""
FEWEST_IN_LEVEL = 30
"""Answers that a level is measured on: 9 in 10 is then known to about ±11 points."""
QUESTION_FOLDS = 5
NEVER = 1.0
"""A threshold that no probability reaches."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Questions in columns. ``signals``: cases × names; the others: one value per case.

    ``answerable``: 1 when the documents hold an answer. ``right``: 1 when the answer given was
    right, 0 when not, NaN when nobody knows. ``found`` False: there was nothing to quote, so the
    probability is 0 whatever the model.
    """

    names: tuple[str, ...]
    signals: Floats
    answerable: Floats
    right: Floats
    found: NDArray[np.bool_]
    collections: Fold

    def __len__(self) -> int:
        return len(self.answerable)

    def where(self, mask: NDArray[np.bool_]) -> Cases:
        """Those cases alone."""
        return Cases(
            self.names,
            self.signals[mask],
            self.answerable[mask],
            self.right[mask],
            self.found[mask],
            self.collections[mask],
        )

    @property
    def fewest(self) -> int:
        """Cases of the rarer class."""
        positives = int(self.answerable.sum())
        return min(positives, len(self) - positives)


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients in the signals' own units; ``dropped``: signal → why it has none."""

    intercept: float
    coefficients: dict[str, float]
    dropped: dict[str, str]

    def probabilities(self, cases: Cases) -> Floats:
        """That the documents hold an answer, for each case."""
        return model_probabilities(_model(self), cases)


Fitter = Callable[[Cases], Fit]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where answers begin, and the levels; `NEVER` for a level that is not reached."""

    answer: float
    medium: float
    high: float


def _model(fit: Fit) -> Model:
    return Model(fit.intercept, fit.coefficients, answer_from=0.0, medium_from=0.0, high_from=0.0)


def model_probabilities(model: Model, cases: Cases) -> Floats:
    """What ``model`` says of each case. Raises KeyError when a signal it needs is not there."""
    values = [
        model.probability(dict(zip(cases.names, row, strict=True))) if found else 0.0
        for row, found in zip(cases.signals.tolist(), cases.found.tolist(), strict=True)
    ]
    return np.asarray(values, dtype=np.float64)


def weigh(cases: Cases, how: Weights) -> Floats:
    """A weight for each case; together they weigh as much as there are cases."""
    weights = np.ones(len(cases))
    if how == "as-is":
        return weights
    for name in np.unique(cases.collections):
        own = cases.collections == name
        for label in (0.0, 1.0):
            same = own & (cases.answerable == label)
            if same.any():
                weights[same] = own.sum() / (2 * same.sum())
    return weights


def fit_signals(cases: Cases, signs: Mapping[str, int], how: Weights) -> Fit:
    """A coefficient for each signal that varies and points where it should.

    ``signs``: name → 1 when more of it speaks for an answer, −1 when it speaks against. A signal
    without a declared direction has the one that it has alone.
    """
    known = cases.where(cases.found)
    weights = weigh(known, how)
    center = np.average(known.signals, axis=0, weights=weights)
    spread = np.sqrt(np.average((known.signals - center) ** 2, axis=0, weights=weights))
    dropped = {
        name: "the same in every case"
        for name, wide in zip(known.names, spread, strict=True)
        if wide < 1e-9
    }
    kept = [name for name in known.names if name not in dropped]
    while kept:
        places = [known.names.index(name) for name in kept]
        scaled = (known.signals[:, places] - center[places]) / spread[places]
        slopes, intercept = _logistic(scaled, known.answerable, weights, STRENGTH)
        wanted = [
            signs.get(name) or _direction(scaled[:, i], known.answerable, weights)
            for i, name in enumerate(kept)
        ]
        against = slopes * np.asarray(wanted, dtype=np.float64)
        worst = int(np.argmin(against))
        if against[worst] >= 0:
            break
        declared = "its declared meaning" if signs.get(kept[worst]) else "what it says alone"
        dropped[kept[worst]] = f"its coefficient contradicts {declared}"
        del kept[worst]
    if not kept:
        raise BadRequest(
            "No signal tells answerable questions from others here.",
            "Check that the questions are marked right, and that their documents were ingested.",
        )
    raw = slopes / spread[places]
    return Fit(
        _short(float(intercept - (raw * center[places]).sum())),
        {name: _short(float(raw[i])) for i, name in enumerate(kept)},
        dropped,
    )


def rescale(cases: Cases, model: Model, how: Weights) -> Fit:
    """``model`` with its slope and its intercept fitted again, and nothing else.

    Raises:
        BadRequest: it ranks these questions no better than chance.
    """
    known = cases.where(cases.found)
    said = np.clip(model_probabilities(model, known), 1e-12, 1 - 1e-12)
    logits = np.log(said / (1 - said))[:, None]
    slopes, intercept = _logistic(logits, known.answerable, weigh(known, how), math.inf)
    slope = float(slopes[0])
    if slope <= 0:
        raise BadRequest(
            "The model in use ranks these questions no better than chance: it can't be rescaled.",
            "Give more questions, or fit the signals themselves with --fit signals.",
        )
    return Fit(
        _short(intercept + slope * model.intercept),
        {name: _short(slope * value) for name, value in model.coefficients.items()},
        {},
    )


def folds(cases: Cases, seed: int = 0) -> tuple[Fold, str]:
    """Which fold each case is held out with, and how that was done, in words.

    One collection at a time when the others can be fitted without it; else questions at random,
    each fold with its share of answerable ones.
    """
    names = np.unique(cases.collections)
    rest = [cases.where(cases.collections != name) for name in names]
    if len(names) > 1 and all(other.fewest >= FEWEST for other in rest):
        return cases.collections, f"one of {len(names)} collections at a time"
    chosen = np.empty(len(cases), dtype="U8")
    generator = np.random.default_rng(seed)
    for label in (0.0, 1.0):
        places = generator.permutation(np.flatnonzero(cases.answerable == label))
        chosen[places] = (np.arange(len(places)) % QUESTION_FOLDS).astype("U8")
    return chosen, f"one of {QUESTION_FOLDS} parts of the questions at a time"


def held_out(cases: Cases, fitter: Fitter, fold: Fold) -> Floats:
    """For each case the probability given by a fit on all other folds."""
    said = np.zeros(len(cases))
    for name in np.unique(fold):
        out = fold == name
        said[out] = fitter(cases.where(~out)).probabilities(cases.where(out))
    return said


def answer_threshold(
    probabilities: Floats, answerable: Floats, collections: Fold, target: float
) -> float:
    """The highest threshold that refuses at most ``target`` of the answerable, in each collection.

    The ⌊target · (n + 1)⌋-th smallest probability of n answerable cases (split conformal, Vovk et
    al. 2005: a new case of that collection is refused with at most that chance). Collections too
    small for that count only together with the others.
    """
    groups = [collections == name for name in np.unique(collections)]
    limits = []
    for group in [*groups, np.ones(len(probabilities), dtype=bool)]:
        own = np.sort(probabilities[group & (answerable == 1)])
        rank = math.floor(target * (len(own) + 1) + 1e-9)
        if rank:
            limits.append(float(own[rank - 1]))
    return _floor(min(limits, default=0.0))


def level_threshold(
    probabilities: Floats, right: Floats, share: float, low: float, high: float = math.inf
) -> float | None:
    """The lowest t ≥ ``low`` for which answers with t ≤ p < ``high`` are right as often as asked.

    Over at least `FEWEST_IN_LEVEL` answers; None when there is no such t.
    """
    judged = (probabilities >= low) & (probabilities < high) & ~np.isnan(right)
    order = np.argsort(-probabilities[judged], kind="stable")
    said, truth = probabilities[judged][order], right[judged][order]
    counts = np.arange(1, len(said) + 1)
    last_of_tie = np.append(said[1:] < said[:-1], True)[: len(said)]
    good = (np.cumsum(truth) / counts >= share) & (counts >= FEWEST_IN_LEVEL) & last_of_tie
    if not good.any():
        return None
    return max(low, _floor(float(said[np.flatnonzero(good)[-1]])))


def thresholds(
    probabilities: Floats, cases: Cases, refused: float, medium: float, high: float
) -> Thresholds:
    """``refused``: share of the answerable at most; ``medium``, ``high``: share right at least."""
    answer = answer_threshold(probabilities, cases.answerable, cases.collections, refused)
    top = level_threshold(probabilities, cases.right, high, answer)
    highest = NEVER if top is None else top
    middle = level_threshold(probabilities, cases.right, medium, answer, highest)
    return Thresholds(answer, highest if middle is None else middle, highest)


_PARTS = "19/20 9/10 4/5 3/4 2/3 3/5 1/2 2/5 1/3 1/4 1/5 1/10"
_SHARES = tuple((int(a), int(b)) for a, b in (part.split("/") for part in _PARTS.split()))


def in_words(share: float) -> str:
    """``share`` as people say it, rounded down: 0.93 is "right 9 times in 10"."""
    for part, whole in _SHARES:
        if share >= part / whole - 1e-9:
            return f"right {part} {'time' if part == 1 else 'times'} in {whole}"
    return "right less than 1 time in 10"


def to_prior(probabilities: Floats, assumed: float, own: float) -> Floats:
    """Probabilities that assume a share of answerable questions, moved to another share.

    By Bayes' rule on the odds (Saerens et al. 2002); for collections whose share is known.
    """
    if not (0 < own < 1 and 0 < assumed < 1):
        return probabilities
    said = np.clip(probabilities, 1e-12, 1 - 1e-12)
    odds = said / (1 - said) * (own / (1 - own)) / (assumed / (1 - assumed))
    return np.asarray(np.where(probabilities > 0, odds / (1 + odds), 0.0), dtype=np.float64)


def _logistic(
    columns: Floats, labels: Floats, weights: Floats, strength: float
) -> tuple[Floats, float]:
    """Coefficients and intercept."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  # takes a second

    fitted = LogisticRegression(C=strength, max_iter=1000, tol=1e-8)
    fitted.fit(columns, labels, sample_weight=weights)
    return np.asarray(fitted.coef_[0], dtype=np.float64), float(fitted.intercept_[0])


def _direction(column: Floats, labels: Floats, weights: Floats) -> int:
    """1 when the weighted mean is higher among the answerable, else −1."""
    yes, no = labels == 1, labels == 0
    higher = np.average(column[yes], weights=weights[yes])
    return 1 if higher >= np.average(column[no], weights=weights[no]) else -1


def _short(value: float) -> float:
    """Five digits: a file that people read, and a model that is the same to four decimals."""
    return float(f"{value:.5g}")


def _floor(value: float) -> float:
    """Four decimals, downward: a threshold must not refuse more by being rounded."""
    return math.floor(value * 1e4) / 1e4


def together(parts: Sequence[Cases]) -> Cases:
    """Several collections as one; signals that not all of them have are left out."""
    names = tuple(n for n in parts[0].names if all(n in part.names for part in parts))
    return Cases(
        names,
        np.concatenate([part.signals[:, [part.names.index(n) for n in names]] for part in parts]),
        np.concatenate([part.answerable for part in parts]),
        np.concatenate([part.right for part in parts]),
        np.concatenate([part.found for part in parts]),
        np.concatenate([part.collections for part in parts]),
    )
