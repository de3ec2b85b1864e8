"""Metrics, concluded from spans as they end; nothing is measured where nothing is exported."""

from __future__ import annotations

from typing import Any, Final

from opentelemetry.metrics import Histogram, Meter
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from app.telemetry.names import Attribute, Metric, SpanName

_SECONDS: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96)
"""Boundaries, and those for tokens, as the conventions advise (they go on to 81.92 s)."""
_TOKENS: Final = tuple(float(4**power) for power in range(14))
_CALLS: Final = frozenset({"chat", "embeddings"})
_OF_CALLS: Final = (
    Attribute.OPERATION,
    Attribute.PROVIDER,
    Attribute.REQUEST_MODEL,
    Attribute.RESPONSE_MODEL,
    Attribute.ERROR_TYPE,
)
_OF_QUESTIONS: Final = (
    Attribute.ANSWER_STATE,
    Attribute.ANSWER_MODE,
    Attribute.CONFIDENCE_LEVEL,
    Attribute.CHANNEL,
    Attribute.ARM,
)
"""Few values each: a metric is kept for every combination."""


class MetricsProcessor(SpanProcessor):
    """Reads spans of model calls and of whole questions."""

    def __init__(self, meter: Meter) -> None:
        self._durations = _histogram(meter, Metric.OPERATION_DURATION, "s", _SECONDS)
        self._tokens = _histogram(meter, Metric.TOKEN_USAGE, "{token}", _TOKENS)
        self._first = _histogram(meter, Metric.FIRST_CONTENT, "s", _SECONDS)
        self._answers = _histogram(meter, Metric.ANSWER_DURATION, "s", _SECONDS)
        self._questions = meter.create_counter(Metric.QUESTIONS, unit="{question}")
        self._cost = meter.create_counter(Metric.COST, unit="USD")

    def on_end(self, span: ReadableSpan) -> None:
        """Count it, where it is one that counts."""
        found: dict[str, Any] = dict(span.attributes or {})
        if found.get(Attribute.OPERATION) in _CALLS:
            self._call(span, found)
        elif span.name == SpanName.ASK:
            self._question(found)

    def _call(self, span: ReadableSpan, found: dict[str, Any]) -> None:
        labels = _labels(found, _OF_CALLS)
        self._durations.record(_seconds(span), labels)
        for kind, name in (("input", Attribute.INPUT_TOKENS), ("output", Attribute.OUTPUT_TOKENS)):
            if name in found:
                self._tokens.record(found[name], {**labels, Attribute.TOKEN_TYPE: kind})

    def _question(self, found: dict[str, Any]) -> None:
        labels = _labels(found, _OF_QUESTIONS)
        self._questions.add(1, labels)
        if Attribute.FIRST_CONTENT_MS in found:
            self._first.record(found[Attribute.FIRST_CONTENT_MS] / 1000, labels)
        if Attribute.TOTAL_MS in found:
            self._answers.record(found[Attribute.TOTAL_MS] / 1000, labels)
        if cost := found.get(Attribute.COST_TOTAL):
            self._cost.add(cost, labels)


def _histogram(meter: Meter, name: Metric, unit: str, edges: tuple[float, ...]) -> Histogram:
    return meter.create_histogram(name, unit=unit, explicit_bucket_boundaries_advisory=edges)


def _labels(found: dict[str, Any], names: tuple[Attribute, ...]) -> dict[str, Any]:
    return {name: found[name] for name in names if name in found}


def _seconds(span: ReadableSpan) -> float:
    return ((span.end_time or 0) - (span.start_time or 0)) / 1e9
