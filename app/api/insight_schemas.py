"""Shapes of ``GET /api/v1/insights``."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.insights.overview import Look


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class PeriodOut(BaseModel):
    """Questions asked at or after `from` and before `to`."""

    model_config = ConfigDict(populate_by_name=True)
    start: datetime = Field(alias="from")
    end: datetime = Field(alias="to")


class MetricOut(BaseModel):
    """A metric over the period. `value` is null when nothing was counted."""

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


class FunnelOut(_Out):
    """How many questions came to a step."""

    id: str
    name: str
    count: int
    of_asked: float | None
    lost: int = Field(description="Fewer than at the step before.")


class LevelOut(_Out):
    """How often answers of a confidence level helped."""

    level: str
    answers: int
    marked: int
    helpful: int
    share: float | None
    low: float | None = Field(description="95 % interval (Wilson).")
    high: float | None
    promised: float | None = Field(description="What the level says about itself.")


class ModelCostOut(_Out):
    """What the questions that a model answered have cost."""

    model: str
    questions: int
    usd: float = Field(description="Sum of known costs.")
    unknown: int = Field(description="Questions whose cost is unknown; not in the sum.")
    accepted: int
    per_question: float | None
    per_accepted: float | None
    input_tokens: int
    output_tokens: int


class DayCostOut(_Out):
    """What questions have cost from `start` until the next row."""

    start: str
    usd: float
    questions: int
    unknown: int


class CostOut(BaseModel):
    """Cost by model, and by day (hours, weeks or months where the period asks for them)."""

    by_model: list[ModelCostOut]
    by_day: list[DayCostOut]


class InsightsOut(BaseModel):
    """Every metric of a period and slice."""

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
