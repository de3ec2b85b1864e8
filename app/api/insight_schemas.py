"""Shapes of ``GET /api/v1/insights``."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from app.insights.overview import Look

_PERIOD: JsonDict = {"from": "2026-11-01T00:00:00Z", "to": "2026-11-29T00:00:00Z"}
_BEFORE: JsonDict = {"from": "2026-10-04T00:00:00Z", "to": "2026-11-01T00:00:00Z"}
_METRIC: JsonDict = {
    "value": 0.62,
    "numerator": 186,
    "denominator": 300,
    "name": "Task success",
    "definition": "Threads whose last answer was accepted, of all threads.",
    "unit": "ratio",
    "better": "higher",
    "target": 0.6,
    "guardrail": 0.45,
    "previous": 0.58,
}
_STEP: JsonDict = {
    "id": "complete",
    "name": "Complete",
    "count": 412,
    "of_asked": 0.98,
    "lost": 3,
}
_LEVEL: JsonDict = {
    "level": "high",
    "answers": 140,
    "marked": 60,
    "helpful": 51,
    "share": 0.85,
    "low": 0.74,
    "high": 0.92,
    "promised": 0.8,
}
_MODEL: JsonDict = {
    "model": "openai:gpt-5-mini",
    "questions": 90,
    "usd": 0.081,
    "unknown": 0,
    "accepted": 54,
    "per_question": 0.0009,
    "per_accepted": 0.0015,
    "input_tokens": 108000,
    "output_tokens": 9900,
}
_DAY: JsonDict = {"start": "2026-11-03", "usd": 0.004, "questions": 15, "unknown": 0}
_COST: JsonDict = {"by_model": [_MODEL], "by_day": [_DAY]}
_ALL: JsonDict = {
    "period": _PERIOD,
    "previous_period": _BEFORE,
    "slice": {"mode": "written"},
    "metrics": {"task_success": _METRIC},
    "funnel": [_STEP],
    "calibration": [_LEVEL],
    "cost": _COST,
}


class PeriodOut(BaseModel):
    """Questions asked at or after `from` and before `to`."""

    model_config = ConfigDict(populate_by_name=True, json_schema_extra={"examples": [_PERIOD]})
    start: datetime = Field(alias="from")
    end: datetime = Field(alias="to")


class MetricOut(BaseModel):
    """A metric over the period. `value` is null when nothing was counted."""

    model_config = ConfigDict(json_schema_extra={"examples": [_METRIC]})

    value: float | None = Field(description="Null when the denominator is 0.")
    numerator: float
    denominator: float = Field(description="How many were counted.")
    name: str
    definition: str
    unit: Literal["ratio", "count", "per_100", "ms", "s", "usd", "rating"]
    better: Literal["higher", "lower"]
    target: float | None = Field(description="From prd/metrics.yaml.")
    guardrail: float | None = Field(description="Worse than this is an incident.")
    previous: float | None = Field(description="The value over the period before.")


class FunnelOut(BaseModel):
    """How many questions came to a step."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_STEP]})

    id: str
    name: str
    count: int
    of_asked: float | None
    lost: int = Field(description="Fewer than at the step before.")


class LevelOut(BaseModel):
    """How often answers of a confidence level helped."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_LEVEL]})

    level: str
    answers: int
    marked: int
    helpful: int
    share: float | None
    low: float | None = Field(description="95 % interval (Wilson).")
    high: float | None
    promised: float | None = Field(description="What the level says about itself.")


class ModelCostOut(BaseModel):
    """What the questions that a model answered have cost."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_MODEL]})

    model: str
    questions: int
    usd: float = Field(description="Sum of known costs.")
    unknown: int = Field(description="Questions whose cost is unknown; not in the sum.")
    accepted: int
    per_question: float | None
    per_accepted: float | None
    input_tokens: int
    output_tokens: int


class DayCostOut(BaseModel):
    """What questions have cost from `start` until the next row."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_DAY]})

    start: str
    usd: float
    questions: int
    unknown: int


class CostOut(BaseModel):
    """Cost by model, and by day (hours, weeks or months where the period asks for them)."""

    model_config = ConfigDict(json_schema_extra={"examples": [_COST]})

    by_model: list[ModelCostOut]
    by_day: list[DayCostOut]


class InsightsOut(BaseModel):
    """Every metric of a period and slice."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ALL]})

    period: PeriodOut
    previous_period: PeriodOut
    slice: dict[str, str]
    metrics: dict[str, MetricOut]
    funnel: list[FunnelOut]
    calibration: list[LevelOut]
    cost: CostOut

    @classmethod
    def of(cls, look: Look) -> InsightsOut:
        """The look as JSON has it."""
        before = look.before.values()
        earlier = look.period.previous()
        metrics = {}
        for metric, value in look.metrics.values().items():
            target = look.target(metric)
            metrics[metric] = MetricOut(
                value=value.value,
                numerator=value.numerator,
                denominator=value.denominator,
                name=target.name,
                definition=target.definition,
                unit=target.unit,
                better=target.better,
                target=target.target,
                guardrail=target.guardrail,
                previous=before[metric].value,
            )
        return cls(
            period=PeriodOut(start=look.period.start, end=look.period.end),
            previous_period=PeriodOut(start=earlier.start, end=earlier.end),
            slice=look.slice_.given(),
            metrics=metrics,
            funnel=[FunnelOut.model_validate(step) for step in look.funnel],
            calibration=[LevelOut.model_validate(row) for row in look.calibration],
            cost=CostOut(
                by_model=[ModelCostOut.model_validate(row) for row in look.models],
                by_day=[DayCostOut.model_validate(row) for row in look.costs],
            ),
        )
