"""Shapes of ``GET /api/v1/evals``."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from app.insights.evals.row import Row
from app.insights.evals.run_figures import run_figures
from app.insights.evals.run_file import RunFile
from app.insights.evals.runs import RunHead

FIGURE: JsonDict = {"value": 0.528, "n": 178, "low": 0.455, "high": 0.601, "unit": "share"}
_HEAD: JsonDict = {
    "name": "sample",
    "dataset": "sample",
    "made_at": "2026-11-22T17:34:52+00:00",
    "cases": 227,
    "committed": True,
    "baseline": True,
    "problem": "",
    "figures": {"answer_quoted": FIGURE},
    "configuration": {"dense_weight": 0.65},
    "environment": {"seed": 0},
}
_STEP: JsonDict = {"name": "dense", "depth": 1, "start_ms": 2.1, "ms": 12.4, "note": ""}
_CLAIM: JsonDict = {
    "metric": "faithfulness",
    "text": "Laptops are replaced after 36 months.",
    "verdict": 1,
    "reason": "The first passage says so.",
    "about": "answer",
}
_ROW: JsonDict = {
    "id": "it-security-eng-001",
    "question": "After how many months am I due a new laptop?",
    "after": [],
    "answerable": True,
    "state": "conflicting",
    "expected": "conflicting",
    "level": "low",
    "probability": 0.447,
    "right": True,
    "tags": ["conflicting", "plain"],
    "group": "it-security-eng-001",
    "split": "holdout",
    "text": "Laptops are replaced after 36 months.",
    "reference": "IT says 36 months, Finance says 48.",
    "answers": ["36 months", "48 months"],
    "cited": ["it/it-equipment-policy.md"],
    "wanted": ["it/it-equipment-policy.md"],
    "why": "Two policies disagree",
    "scores": {"correct": 1.0},
    "trace": [_STEP],
    "claims": [_CLAIM],
    "error": "",
}


class EvalFigureOut(BaseModel):
    """A mean over cases with its 95 % interval; null where no case could be asked."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [FIGURE]})

    value: float | None
    n: int = Field(description="Cases it stands on.")
    low: float | None
    high: float | None
    unit: str


class EvalHeadOut(BaseModel):
    """A run without its cases."""

    model_config = ConfigDict(json_schema_extra={"examples": [_HEAD]})

    name: str
    dataset: str
    made_at: str
    cases: int
    committed: bool = Field(description="A report of the project, not a run of this machine.")
    baseline: bool = Field(description="Gates compare with it.")
    problem: str = Field(description="Why its file can't be read; else empty.")
    figures: dict[str, EvalFigureOut]
    configuration: dict[str, Any] = Field(description="Settings of answering.")
    environment: dict[str, Any] = Field(description="What else a figure depends on.")

    @classmethod
    def of(cls, head: RunHead) -> EvalHeadOut:
        """From a listed run."""
        run = head.run
        return cls(
            name=head.name,
            dataset=run.dataset if run else "",
            made_at=run.made_at if run else head.made.isoformat(timespec="seconds"),
            cases=run.cases if run else 0,
            committed=head.committed,
            baseline=head.baseline,
            problem=head.problem,
            figures=_figures(run) if run else {},
            configuration=dict(run.configuration) if run else {},
            environment=dict(run.environment) if run else {},
        )


class EvalsOut(BaseModel):
    """Every run, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"runs": [_HEAD]}]})

    runs: list[EvalHeadOut]


class EvalStepOut(BaseModel):
    """A step of how an answer came about; milliseconds from the question on."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_STEP]})

    name: str
    depth: int
    start_ms: float
    ms: float
    note: str


class EvalClaimOut(BaseModel):
    """A judge model's verdict on one statement."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_CLAIM]})

    metric: str
    text: str
    verdict: int
    reason: str
    about: str


class EvalRowOut(BaseModel):
    """A case: what was asked and wanted, what came, and its scores."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_ROW]})

    id: str
    question: str = Field(description="Empty in a report that was made without texts.")
    after: list[str] = Field(description="Questions before it in the same conversation.")
    answerable: bool
    state: str
    expected: str = Field(description="State that the case asks for; empty for none.")
    level: str
    probability: float
    right: bool | None = Field(description="Null where nobody can say.")
    tags: list[str]
    group: str = Field(description="Cases of one group are the same question in other words.")
    split: str
    text: str
    reference: str
    answers: list[str]
    cited: list[str]
    wanted: list[str]
    why: str
    scores: dict[str, float]
    trace: list[EvalStepOut]
    claims: list[EvalClaimOut]
    error: str = Field(description="Why it could not be asked; else empty.")

    @classmethod
    def of(cls, row: Row) -> EvalRowOut:
        """From a case of a run."""
        return cls.model_validate(row)


class EvalRunOut(BaseModel):
    """A run with its cases."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "sample",
                    "dataset": "sample",
                    "made_at": "2026-11-22T17:34:52+00:00",
                    "cases": 227,
                    "seconds": 79.7,
                    "notes": [],
                    "figures": {"answer_quoted": FIGURE},
                    "slices": {"table": {"answer_quoted": FIGURE}},
                    "confusion": {"answered": {"answered": 90, "not_found": 51}},
                    "configuration": {"dense_weight": 0.65},
                    "environment": {"seed": 0},
                    "rows": [_ROW],
                }
            ]
        }
    )

    name: str
    dataset: str
    made_at: str
    cases: int
    seconds: float
    notes: list[str]
    figures: dict[str, EvalFigureOut]
    slices: dict[str, dict[str, EvalFigureOut]] = Field(description="Figures by tag of the cases.")
    confusion: dict[str, dict[str, int]] = Field(
        description="State wanted, then state given: how many cases."
    )
    configuration: dict[str, Any]
    environment: dict[str, Any]
    rows: list[EvalRowOut]

    @classmethod
    def of(cls, run: RunFile, *, rows: bool) -> EvalRunOut:
        """From a run; ``rows`` False: without its cases."""
        return cls(
            name=run.name,
            dataset=run.dataset,
            made_at=run.made_at,
            cases=run.cases,
            seconds=run.seconds,
            notes=list(run.notes),
            figures=_figures(run),
            slices={
                tag: {name: EvalFigureOut.model_validate(one) for name, one in own.items()}
                for tag, own in run.slices.items()
            },
            confusion={name: dict(own) for name, own in run.confusion.items()},
            configuration=dict(run.configuration),
            environment=dict(run.environment),
            rows=[EvalRowOut.of(row) for row in run.rows] if rows else [],
        )


def _figures(run: RunFile) -> dict[str, EvalFigureOut]:
    return {name: EvalFigureOut.model_validate(one) for name, one in run_figures(run).items()}
