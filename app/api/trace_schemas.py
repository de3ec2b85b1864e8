"""What the API says of traces."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from app.records.tracing.records import Trace, TraceSummary

_TRACE: JsonDict = {
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "root_id": "b7ad6b7169203331",
    "kind": "ask",
    "answer_id": "ans_5f1c2b7a9d3e4f60",
    "question": "How many vacation days do employees in Porto get?",
    "started_at": "2026-11-22T09:30:00Z",
    "duration_ms": 41.7,
    "status": "ok",
    "error_type": "",
    "state": "answered",
    "level": "high",
    "mode": "quotes",
    "model": "quotes",
    "channel": "web",
    "conversation_id": "con_0d9f3f6b2c1a4e58",
    "release": "0.4.0",
    "experiment": "",
    "arm": "",
    "first_token_ms": 38.2,
    "input_tokens": 0,
    "output_tokens": 0,
    "cost_usd": 0.0,
    "helpful": True,
    "rejected": False,
    "span_count": 11,
}


class TraceOut(BaseModel):
    """One question, search or ingest, without its steps."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_TRACE]})

    trace_id: str
    root_id: str = Field(description="Its first span; a caller's trace may hold several.")
    kind: Literal["ask", "search", "ingest"]
    answer_id: str = Field(description="The question's or search's id; empty for an ingest.")
    question: str | None = Field(description="As it was asked; null when it was deleted.")
    started_at: datetime
    duration_ms: float
    status: Literal["ok", "error", "running"]
    error_type: str
    state: str = Field(description="An answer's state, or `stopped` or `failed`; else empty.")
    level: str
    mode: str
    model: str
    channel: str
    conversation_id: str
    release: str
    experiment: str
    arm: str
    first_token_ms: float | None = Field(description="Until there was something to show.")
    input_tokens: int
    output_tokens: int
    cost_usd: float | None = Field(description="Null when a price is unknown, never 0.")
    helpful: bool | None = Field(description="The last mark; null where there is none.")
    rejected: bool = Field(description="Marked not helpful, corrected or reported.")
    span_count: int

    @classmethod
    def of(cls, summary: TraceSummary) -> TraceOut:
        """From the store's roll-up."""
        return cls.model_validate(summary)


class TraceList(BaseModel):
    """One page of the traces that match."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"traces": [_TRACE], "next": None, "total": 1, "total_is_at_least": False}]
        }
    )

    traces: list[TraceOut]
    next: str | None = Field(description="Give it as `after` for the next page; null at the end.")
    total: int = Field(description="How many match in all, counted up to 10,000.")
    total_is_at_least: bool = Field(description="True when counting ended there.")


class TraceDetail(BaseModel):
    """A whole trace: our roll-ups, and its spans as OTLP/JSON."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "trace_id": _TRACE["trace_id"],
                    "workflows": [_TRACE],
                    "resourceSpans": [
                        {
                            "resource": {
                                "attributes": [
                                    {"key": "service.name", "value": {"stringValue": "footnote"}}
                                ]
                            },
                            "scopeSpans": [
                                {
                                    "scope": {"name": "footnote"},
                                    "spans": [
                                        {
                                            "traceId": _TRACE["trace_id"],
                                            "spanId": _TRACE["root_id"],
                                            "name": "invoke_workflow ask",
                                            "kind": 1,
                                            "startTimeUnixNano": "1795339800000000000",
                                            "endTimeUnixNano": "1795339800041700000",
                                            "attributes": [],
                                            "events": [],
                                            "status": {"code": 1},
                                        }
                                    ],
                                }
                            ],
                        }
                    ],
                }
            ]
        }
    )

    trace_id: str
    workflows: list[TraceOut]
    resourceSpans: list[dict[str, Any]] = Field(  # noqa: N815  # OTLP's own name
        description="The spans as OTLP/JSON has them: send this to a collector as it is."
    )

    @classmethod
    def of(cls, trace: Trace, spans: list[dict[str, Any]]) -> TraceDetail:
        """From the store's trace and its spans as OTLP/JSON."""
        workflows = [TraceOut.of(workflow.summary) for workflow in trace.workflows]
        return cls(trace_id=trace.trace_id, workflows=workflows, resourceSpans=spans)
