"""Shapes of ``GET /api/v1/evals/compare``."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from app.api.eval_schemas import FIGURE, EvalFigureOut
from app.insights.evals.comparison import (
    CaseChange,
    Comparison,
    MetricDifference,
    Setting,
    SliceDifference,
)

_DIFFERENCE: JsonDict = {
    "n": 100,
    "groups": 100,
    "changed": 16,
    "mean_a": 0.54,
    "mean_b": 0.48,
    "difference": -0.06,
    "low": -0.14,
    "high": 0.01,
    "p": 0.21,
    "corrected_p": 0.21,
    "verdict": "unclear",
}
_CHANGE: JsonDict = {
    "id": "it-security-eng-018",
    "question": "How many devices can a guest connect with one code in Halifax?",
    "state_a": "answered",
    "state_b": "answered",
    "text_a": "A day code works for 2 devices.",
    "text_b": "Codes are case-sensitive.",
    "score": "",
    "drop": 0.0,
}
_METRIC: JsonDict = {
    "id": "correct",
    "name": "Right",
    "definition": "Questions handled rightly ÷ questions.",
    "unit": "ratio",
    "better": "higher",
    "a": FIGURE,
    "b": FIGURE,
    "difference": _DIFFERENCE,
}
_SETTING: JsonDict = {"name": "dense_weight", "a": 0.65, "b": 1.0}
_SLICE: JsonDict = {"name": "table", "difference": _DIFFERENCE}


class EvalDifferenceOut(BaseModel):
    """The second run less the first, paired by case; the interval is drawn over groups."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DIFFERENCE]})

    n: int = Field(description="Cases that have the score in both runs.")
    groups: int
    changed: int = Field(description="Cases whose scores differ.")
    mean_a: float | None
    mean_b: float | None
    difference: float | None
    low: float | None = Field(description="95 % interval, bootstrap over groups.")
    high: float | None
    p: float | None = Field(description="Randomization test, two-sided.")
    corrected_p: float | None = Field(description="After Holm's correction; `correct` is alone.")
    verdict: Literal[
        "better", "worse", "maybe better", "maybe worse", "unclear", "same", "few", "shown"
    ]

    @classmethod
    def of(cls, one: MetricDifference | SliceDifference) -> EvalDifferenceOut:
        """From a compared metric or slice."""
        found = one.difference
        return cls(
            n=found.n,
            groups=found.groups,
            changed=found.changed,
            mean_a=found.mean_a,
            mean_b=found.mean_b,
            difference=found.difference,
            low=found.low,
            high=found.high,
            p=found.p,
            corrected_p=one.corrected,
            verdict=one.verdict,
        )


class EvalMetricOut(BaseModel):
    """A metric in both runs. `a` and `b` are over all cases of each run."""

    model_config = ConfigDict(json_schema_extra={"examples": [_METRIC]})

    id: str
    name: str
    definition: str
    unit: str
    better: str
    a: EvalFigureOut | None
    b: EvalFigureOut | None
    difference: EvalDifferenceOut

    @classmethod
    def of(cls, one: MetricDifference) -> EvalMetricOut:
        """From a compared metric."""
        return cls(
            id=one.target.id,
            name=one.target.name,
            definition=one.target.definition,
            unit=one.target.unit,
            better=one.target.better,
            a=EvalFigureOut.model_validate(one.a) if one.a else None,
            b=EvalFigureOut.model_validate(one.b) if one.b else None,
            difference=EvalDifferenceOut.of(one),
        )


class EvalSliceOut(BaseModel):
    """How `correct` differs among the cases with a tag."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SLICE]})

    name: str
    difference: EvalDifferenceOut


class EvalChangeOut(BaseModel):
    """A case that came out otherwise. `score` and `drop`: what fell most, in `drops` only."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CHANGE]})

    id: str
    question: str
    state_a: str
    state_b: str
    text_a: str
    text_b: str
    score: str
    drop: float

    @classmethod
    def of(cls, one: CaseChange) -> EvalChangeOut:
        """From a changed case."""
        return cls(
            id=one.b.id,
            question=one.b.question,
            state_a=one.a.state,
            state_b=one.b.state,
            text_a=one.a.text,
            text_b=one.b.text,
            score=one.score,
            drop=one.drop,
        )


class EvalSettingOut(BaseModel):
    """A setting that differs."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SETTING]})

    name: str
    a: Any
    b: Any


class EvalComparisonOut(BaseModel):
    """The second run against the first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "a": "sample",
                    "b": "sample-20261122-174101",
                    "paired": 100,
                    "warnings": [],
                    "settings": [_SETTING],
                    "environment": [],
                    "metrics": [_METRIC],
                    "slices": [_SLICE],
                    "regressions": [_CHANGE],
                    "improvements": [],
                    "states": [],
                    "drops": [],
                    "only_a": ["people-finance-002"],
                    "only_b": [],
                    "altered": [],
                }
            ]
        }
    )

    a: str
    b: str
    paired: int = Field(description="Cases that ask and want the same in both.")
    warnings: list[str]
    settings: list[EvalSettingOut] = Field(description="Settings of answering that differ.")
    environment: list[EvalSettingOut] = Field(description="What else differs.")
    metrics: list[EvalMetricOut]
    slices: list[EvalSliceOut]
    regressions: list[EvalChangeOut] = Field(description="Right in the first, wrong in the second.")
    improvements: list[EvalChangeOut]
    states: list[EvalChangeOut] = Field(description="Another state, as right or wrong as before.")
    drops: list[EvalChangeOut] = Field(description="The largest drops of a score among the rest.")
    only_a: list[str]
    only_b: list[str]
    altered: list[str] = Field(description="Another case under the same id; not compared.")

    @classmethod
    def of(cls, found: Comparison) -> EvalComparisonOut:
        """From a comparison."""

        def changes(own: tuple[CaseChange, ...]) -> list[EvalChangeOut]:
            return [EvalChangeOut.of(one) for one in own]

        return cls(
            a=found.a.name,
            b=found.b.name,
            paired=found.paired,
            warnings=list(found.warnings),
            settings=_changed(found.configuration),
            environment=_changed(found.environment),
            metrics=[EvalMetricOut.of(one) for one in found.metrics],
            slices=[
                EvalSliceOut(name=one.name, difference=EvalDifferenceOut.of(one))
                for one in found.slices
            ],
            regressions=changes(found.regressions),
            improvements=changes(found.improvements),
            states=changes(found.states),
            drops=changes(found.drops),
            only_a=[row.id for row in found.only_a],
            only_b=[row.id for row in found.only_b],
            altered=list(found.altered),
        )


def _changed(settings: tuple[Setting, ...]) -> list[EvalSettingOut]:
    return [EvalSettingOut(name=one.name, a=one.a, b=one.b) for one in settings if one.changed]
