"""Traces and metrics: names in one table, one provider, and log lines that carry the trace id.

Importing this costs little: the SDK is imported by `set_up`, which servers and commands call once.
Nothing leaves the machine unless the standard ``OTEL_EXPORTER_OTLP_*`` variables say where to.
"""

from __future__ import annotations

from app.telemetry.names import (
    CONTENT,
    CONTENT_PREFIX,
    CONTENT_SUFFIX,
    WORKFLOWS,
    Attribute,
    Kind,
    Metric,
    SpanName,
    is_content,
)
from app.telemetry.provider import set_up, shut_down
from app.telemetry.steps import (
    Sink,
    TraceIdFilter,
    Tracing,
    captures_content,
    current_trace_id,
    failed,
    get_tracer,
    quietly,
    start_workflow,
    step,
    within,
)

__all__ = [
    "CONTENT",
    "CONTENT_PREFIX",
    "CONTENT_SUFFIX",
    "WORKFLOWS",
    "Attribute",
    "Kind",
    "Metric",
    "Sink",
    "SpanName",
    "TraceIdFilter",
    "Tracing",
    "captures_content",
    "current_trace_id",
    "failed",
    "get_tracer",
    "is_content",
    "quietly",
    "set_up",
    "shut_down",
    "start_workflow",
    "step",
    "within",
]
