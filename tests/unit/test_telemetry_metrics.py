"""Metrics for a collector are concluded from the spans of questions and of model calls."""

from __future__ import annotations

from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider

from app.telemetry.metrics import MetricsProcessor
from app.telemetry.names import Attribute, Metric, SpanName


def measured(*spans: tuple[str, dict[str, Any]]) -> dict[str, list[Any]]:
    """Metric name → data points, after these spans have ended."""
    reader = InMemoryMetricReader()
    meter = MeterProvider(metric_readers=[reader], shutdown_on_exit=False).get_meter("test")
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(MetricsProcessor(meter))
    for name, attributes in spans:
        provider.get_tracer("test").start_span(name, attributes=attributes).end()
    data = reader.get_metrics_data()
    if data is None:
        return {}
    return {
        metric.name: list(metric.data.data_points)
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


ASKED: tuple[str, dict[str, Any]] = (
    SpanName.ASK,
    {
        Attribute.ANSWER_STATE: "answered",
        Attribute.CHANNEL: "web",
        Attribute.FIRST_CONTENT_MS: 80.0,
        Attribute.TOTAL_MS: 1500.0,
        Attribute.COST_TOTAL: 0.002,
        Attribute.ANSWER_ID: "ans_1",
    },
)
CALLED: tuple[str, dict[str, Any]] = (
    "chat model-1",
    {
        Attribute.OPERATION: "chat",
        Attribute.REQUEST_MODEL: "model-1",
        Attribute.INPUT_TOKENS: 900,
        Attribute.OUTPUT_TOKENS: 60,
    },
)


def test_a_question_counts_once_with_its_times_in_seconds_and_its_cost() -> None:
    found = measured(ASKED, ASKED)
    (questions,) = found[Metric.QUESTIONS]
    assert questions.value == 2
    (first,) = found[Metric.FIRST_CONTENT]
    assert isinstance(first, HistogramDataPoint)
    assert (first.count, round(first.sum, 6)) == (2, 0.16)
    (whole,) = found[Metric.ANSWER_DURATION]
    assert whole.sum == 3.0
    (cost,) = found[Metric.COST]
    assert cost.value == 0.004


def test_a_label_has_few_values_so_ids_are_none() -> None:
    (questions,) = measured(ASKED)[Metric.QUESTIONS]
    assert dict(questions.attributes) == {
        Attribute.ANSWER_STATE: "answered",
        Attribute.CHANNEL: "web",
    }


def test_a_model_call_says_its_tokens_by_kind() -> None:
    found = measured(CALLED)
    assert {p.attributes[Attribute.TOKEN_TYPE]: p.sum for p in found[Metric.TOKEN_USAGE]} == {
        "input": 900,
        "output": 60,
    }
    (duration,) = found[Metric.OPERATION_DURATION]
    assert duration.count == 1
    assert duration.attributes[Attribute.REQUEST_MODEL] == "model-1"


def test_other_steps_are_no_metrics() -> None:
    assert measured((SpanName.READ, {Attribute.SENTENCES: 6})) == {}
