"""Records made by hand, for figures that are computed by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from app.domain import AnswerState, Level
from evals.confidence.fitting import Cases
from evals.datasets import Case, Gold
from evals.running.records import CaseRecord, RankedPassage, to_line
from evals.scoring.calibration import Floats


def passage(document: str, *gold: int) -> RankedPassage:
    return RankedPassage(document, f"p{id(gold)}", 0, 10, 0.5, 0.5, 1.0, gold)


def record(**changes: Any) -> CaseRecord:
    """An answered question with a right answer; ``changes`` to the record or its case."""
    case: dict[str, Any] = {
        "id": "q",
        "question": "How long?",
        "answerable": True,
        "gold": (Gold("rules.md", "A term is four years."),),
        "answers": ("four years", "4 years"),
        "tags": (),
        "family": "",
        "reference": "",
        "state_wanted": None,
    }
    case |= {key: changes.pop(key) for key in list(changes) if key in case}
    wanted = case.pop("state_wanted")
    fields: dict[str, Any] = {
        "case": Case(**case, state=wanted),
        "state": AnswerState.ANSWERED,
        "level": Level.HIGH,
        "probability": 0.9,
        "text": "A term is four years.",
        "sentences": 1,
        "cited": ("rules.md",),
        "closest": (),
        "hits": (),
        "rankings": {},
        "best_sentences": (),
        "located": (True,),
        "violations": (),
        "timings_ms": {"total": 10.0},
        "answer": {},
    }
    return CaseRecord(**fields | changes)


def refused(**changes: Any) -> CaseRecord:
    return record(
        **{
            "state": AnswerState.NOT_FOUND,
            "text": "",
            "sentences": 0,
            "cited": (),
            "probability": 0.1,
            "level": Level.LOW,
        }
        | changes
    )


SPREAD = {"near": 0.25, "wide": 30.0, "far": 0.3}
"""Standard deviations of made signals; 1 for others."""


def cases_of(
    count: int,
    intercept: float = 0.5,
    coefficients: dict[str, float] | None = None,
    *,
    columns: dict[str, Floats] | None = None,
    answerable: Floats | None = None,
    right: Floats | None = None,
    seed: int = 0,
    collection: str = "made",
) -> Cases:
    """Questions whose answerability is drawn from a logistic model of normal signals."""
    generator = np.random.default_rng(seed)
    weights = coefficients or {"near": 8.0}
    if columns is None:
        columns = {n: generator.normal(0, SPREAD.get(n, 1.0), count) for n in weights}
    z = intercept + sum(weights.get(n, 0.0) * column for n, column in columns.items())
    drawn = (generator.random(count) < 1 / (1 + np.exp(-z))).astype(float)
    labels = drawn if answerable is None else answerable
    return Cases(
        names=tuple(columns),
        signals=np.column_stack(list(columns.values())),
        answerable=labels,
        right=labels if right is None else right,
        found=np.ones(count, dtype=bool),
        collections=np.asarray([collection] * count),
    )


def save_run(path: Path, name: str, cases: Cases, wrong: float = 0.0) -> Path:
    """A run as `footnote eval --resume` leaves it; a share of the answers is ``wrong``."""
    generator = np.random.default_rng(7)
    lines = [json.dumps({"run": {"dataset": name}})]
    for i in range(len(cases)):
        values = dict(zip(cases.names, cases.signals[i].tolist(), strict=True))
        nothing: dict[str, Any] = {"gold": (), "answers": ()}
        held = cases.answerable[i] == 1
        text = "No." if generator.random() < wrong else "A term is four years."
        made = record(
            id=f"q{i}",
            answerable=bool(held),
            text=text,
            probability=0.5,
            signals=values,
            **({} if held else nothing),
        )
        lines.append(to_line(made))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
