"""A stored trace as OTLP/JSON, which collectors, Phoenix, Jaeger and Langfuse can read.

The shape is that of OTLP 1.x's JSON encoding: ids in hexadecimal, 64-bit integers as strings,
attribute values by type. https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.records.tracing.records import SpanRecord, Trace, Workflow
from app.telemetry import Attribute, Kind

SERVICE = "footnote"
_INTERNAL, _CLIENT = 1, 3
_OK, _ERROR = 1, 2
_UNSET = 0


def resource_spans(trace: Trace) -> list[dict[str, Any]]:
    """``resourceSpans`` of a trace, one per workflow: each may be of another release.

    Content goes with its span as attributes, where it is kept.
    """
    return [_resource(trace.trace_id, workflow) for workflow in trace.workflows]


def _resource(trace_id: str, workflow: Workflow) -> dict[str, Any]:
    known = {"service.name": SERVICE, "service.version": workflow.summary.release}
    return {
        "resource": {"attributes": _attributes({k: v for k, v in known.items() if v})},
        "scopeSpans": [
            {
                "scope": {"name": SERVICE},
                "spans": [_span(trace_id, span) for span in workflow.spans],
            }
        ],
    }


def _span(trace_id: str, span: SpanRecord) -> dict[str, Any]:
    talks = span.attributes.get(Attribute.SPAN_KIND) == Kind.LLM
    codes = {"ok": _OK, "error": _ERROR}
    found: dict[str, Any] = {
        "traceId": trace_id,
        "spanId": span.span_id,
        "name": span.name,
        "kind": _CLIENT if talks else _INTERNAL,
        "startTimeUnixNano": str(span.started_ns),
        "endTimeUnixNano": str(span.ended_ns),
        "attributes": _attributes({**span.attributes, **span.content}),
        "events": [_event(event) for event in span.events],
        "status": {"code": codes.get(span.status, _UNSET)},
    }
    if span.parent_id:
        found["parentSpanId"] = span.parent_id
    return found


def _event(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "timeUnixNano": str(event["at_ns"]),
        "name": str(event.get("name", "")),
        "attributes": _attributes(event.get("attributes") or {}),
    }


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in values.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):  # before int, which it is too
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, Mapping):
        return {"kvlistValue": {"values": _attributes(value)}}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return {"arrayValue": {"values": [_value(one) for one in value]}}
    return {"stringValue": "" if value is None else str(value)}
