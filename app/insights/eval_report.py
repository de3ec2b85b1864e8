"""Quality and fairness from the report that ``footnote eval`` wrote as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.insights.measures import Value

COMMAND = "footnote eval --json {path}"
"""What makes the report, as a person types it."""


@dataclass(frozen=True, slots=True)
class EvalFigure:
    """One number with its 95 % interval; ``n``: cases it stands on."""

    id: str
    name: str
    value: float | None
    n: int
    low: float | None
    high: float | None
    unit: str


@dataclass(frozen=True, slots=True)
class EvalSlice:
    """A kind of question or document: how often right, how often refused without need."""

    name: str
    n: int
    right: EvalFigure | None
    false_refusal: EvalFigure | None


@dataclass(frozen=True, slots=True)
class EvalReport:
    """What can be shown of a report; ``problem`` says why nothing can."""

    dataset: str = ""
    made_at: str = ""
    cases: int = 0
    figures: tuple[EvalFigure, ...] = ()
    slices: tuple[EvalSlice, ...] = ()
    problem: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)
    """Metrics that come from the report: ``false_refusal``."""


NAMES: Mapping[str, str] = {
    "recall_at_5": "Retrieval recall at 5",
    "ndcg_at_10": "nDCG at 10",
    "mrr": "Mean reciprocal rank",
    "answer_quoted": "Answer correctness",
    "document_first": "The first citation is of the right document",
    "document_in_three": "The right document is among the first three",
    "citation_precision": "Citation precision: citations of a gold passage",
    "citation_recall": "Citation recall: gold passages that were cited",
    "false_refusal": "Refused though answerable",
    "true_refusal": "Refused, and rightly",
    "ece_answerable": "Calibration error (ECE)",
    "brier_answerable": "Brier score",
    "auroc_answerable": "AUROC: answerable or not",
    "aurc": "Risk under coverage (AURC)",
}
"""What is shown, in this order, where the report has it. "Faithfulness" of quotes is by
construction: `violations` counts what is wrong with a citation."""
_PLACES = ("Answers", "Citations", "Abstention and calibration")
_UNITS = {"share": "ratio", "ms": "ms", "amount": "count", "usd": "usd"}


def load_report(path: Path) -> EvalReport:
    """The report in ``path``; read again when it was changed. Never raises: `problem` says why."""
    command = COMMAND.format(path=path)
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return EvalReport(problem=f"There is no eval report yet. Make it with: {command}")
    return _load(path, changed)


@lru_cache(maxsize=4)
def _load(path: Path, _changed: int) -> EvalReport:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return _shown(data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        again = COMMAND.format(path=path)
        return EvalReport(problem=f"{path} is not an eval report. Make it anew with: {again}")


def _shown(data: Mapping[str, Any]) -> EvalReport:
    found: dict[str, Any] = {}
    for place in _PLACES:
        found |= data["sections"].get(place, {})
    retrieval = data.get("retrieval", {})
    found |= retrieval.get("as set", {})
    figures = [figure for name in NAMES if (figure := _figure(name, found.get(name))) is not None]
    violations = data.get("violations")
    if isinstance(violations, int):
        cases = int(data["cases"])
        figures.append(
            EvalFigure(
                "violations",
                "Citations that do not support their sentence word for word",
                float(violations),
                cases,
                None,
                None,
                "count",
            )
        )
    refused = _figure("false_refusal", found.get("false_refusal"))
    values = {}
    if refused is not None and refused.value is not None:
        count = round(refused.value * refused.n)
        values["false_refusal"] = Value(refused.value, count, refused.n)
    return EvalReport(
        dataset=str(data["dataset"]),
        made_at=str(data["made_at"]),
        cases=int(data["cases"]),
        figures=tuple(figures),
        slices=tuple(_slice(name, own) for name, own in data.get("slices", {}).items()),
        values=values,
    )


def _slice(name: str, own: Mapping[str, Any]) -> EvalSlice:
    return EvalSlice(
        name.replace("_", " ").replace("-", " "),
        int((own.get("n") or {}).get("value") or 0),
        _figure("answer_quoted", own.get("answer_quoted"))
        or _figure("document_first", own.get("document_first")),
        _figure("false_refusal", own.get("false_refusal")),
    )


def _figure(name: str, data: Mapping[str, Any] | None) -> EvalFigure | None:
    if data is None or data["value"] is None:
        return None
    return EvalFigure(
        name,
        NAMES.get(name, name),
        float(data["value"]),
        int(data["n"]),
        data.get("low"),
        data.get("high"),
        _UNITS.get(data.get("unit", "share"), "score"),
    )
