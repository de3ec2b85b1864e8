"""Fits the verifier's model on sentences that are known to be supported or not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from app.ask.checking.checker import SupportChecker, SupportModel
from app.ask.checking.signals import EXACT, SIGNALS
from evals.scoring.calibration import Floats
from evals.verifying.verifier import BATCH, VerifierReport, written
from evals.verifying.verifier_set import Example

_RIDGE = 1e-2
"""Weight of the penalty, relative to the mean loss: keeps coefficients of signals that rarely occur
from growing without end."""

_AT_LEAST = 0.98
"""Share of supported sentences, in the data fitted on, that the threshold lets pass once no exact
check fails."""


def fit(made: Sequence[Example], checker: SupportChecker) -> SupportModel:
    """A model fitted on ``made``: logistic, both classes weighing the same.

    The signs are held to what a signal means: nothing that speaks against a sentence may raise its
    score, nor the other way round, however the data lie.
    """
    signals, truth = _matrix(made, checker)
    weights = _fit_logistic(signals, truth, np.array([_SIGNS[name] for name in SIGNALS]))
    model = SupportModel(
        round(float(weights[0]), 3),
        {n: round(float(w), 3) for n, w in zip(SIGNALS, weights[1:], strict=True) if abs(w) > 5e-4},
        0.5,
        0.25,
    )
    rows = [dict(zip(SIGNALS, row, strict=True)) for row in signals]
    clean = np.array([not any(row[name] for name in EXACT) for row in rows])
    passing = np.array([model.probability(row) for row in rows])[clean & (truth == 1)]
    threshold = round(float(np.quantile(passing, 1 - _AT_LEAST)), 3)
    return SupportModel(model.intercept, model.coefficients, threshold, round(threshold / 2, 3))


_SIGNS: Mapping[str, int] = {
    **dict.fromkeys(("meaning", "coverage", "focus", "window", "soft", "weakest"), 1),
    **dict.fromkeys(
        ("value_missing", "unit_wrong", "name_missing", "far", "negation", "opposite", "only",
         "replaced", "rivalry", "seam"), -1,
    ),
}  # fmt: skip


def _matrix(made: Sequence[Example], checker: SupportChecker) -> tuple[Floats, Floats]:
    rows, truth = [], []
    for first in range(0, len(made), BATCH):
        batch = made[first : first + BATCH]
        measured = checker.measure_all([written(example) for example in batch])
        for example, one in zip(batch, measured, strict=True):
            if one is not None:
                rows.append([one.signals[name] for name in SIGNALS])
                truth.append(float(example.supported))
    return np.array(rows), np.array(truth)


def _fit_logistic(signals: Floats, truth: Floats, signs: Floats) -> Floats:
    """Intercept and coefficients, by projected gradient descent; both classes weigh alike."""
    scale = signals.std(axis=0) + 1e-6
    x = np.column_stack([np.ones(len(signals)), (signals - signals.mean(axis=0)) / scale])
    share = truth.mean()
    mass = np.where(truth == 1, 0.5 / share, 0.5 / (1 - share)) / len(truth)
    w = np.zeros(x.shape[1])
    step = 4.0 / (x.shape[1] * 2)
    for _ in range(20_000):
        p = 1 / (1 + np.exp(-(x @ w)))
        gradient = x.T @ (mass * (p - truth)) + _RIDGE * np.r_[0.0, w[1:]]
        w -= step * gradient
        w[1:] = np.where(signs * w[1:] < 0, 0.0, w[1:])
    coefficients = w[1:] / scale
    intercept = w[0] - coefficients @ signals.mean(axis=0)
    return np.concatenate(([intercept], coefficients))


def to_file(
    model: SupportModel, fitted_on: Sequence[str], reports: Sequence[VerifierReport]
) -> str:
    """The model with the data, date and figures of its fit, as `support.json` has them."""
    data: dict[str, Any] = {
        "what": "Logistic model of: do the cited passages support the sentence? "
        "Probability = 1 / (1 + exp(-(intercept + sum of coefficient * signal))). "
        "Classes weighted equally; signs held to what each signal means.",
        "fitted_on": list(fitted_on),
        "reported_on": [r.dataset for r in reports if r.dataset not in fitted_on],
        "date": datetime.now(UTC).date().isoformat(),
        "figures": {
            report.dataset: {
                "supported": report.supported,
                "corrupted": report.corrupted,
                "auroc": _rounded(report.auroc),
                "supported_flagged": _rounded(report.flagged_supported),
                "caught": {k.kind: _rounded(k.flagged) for k in report.kinds if not k.supported},
            }
            for report in reports
        },
        "intercept": model.intercept,
        "coefficients": dict(model.coefficients),
        "thresholds": {"supported": model.supported_from, "partly": model.partly_from},
    }
    return json.dumps(data, indent=2) + "\n"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
