"""Spans as the SDK has them → a workflow as the store keeps it: rolled up, content apart."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import StatusCode

from app import moment
from app.records.rows import storable
from app.records.tracing.records import Kind, SpanRecord, Status, TraceSummary, Workflow
from app.redaction import Redact, unchanged
from app.telemetry import Attribute, is_content

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from app.records.tracing.store import TraceStore


class StoreSink:
    """`app.telemetry.Sink` on a `TraceStore`."""

    def __init__(self, store: TraceStore, release: str, redact: Redact = unchanged) -> None:
        self._store = store
        self._release = release
        self._redact = redact

    def keep(
        self, root: ReadableSpan, ended: Sequence[ReadableSpan], *, begun: bool, done: bool
    ) -> None:
        """Write them in one transaction."""
        spans = tuple(recorded(span, self._redact) for span in ended)
        summary = rolled_up(root, self._release, spans, done=done)
        self._store.write(Workflow(summary, spans), begun=begun)


def rolled_up(
    root: ReadableSpan, release: str, spans: Sequence[SpanRecord] = (), *, done: bool
) -> TraceSummary:
    """What a list shows of a workflow, from its root span.

    A question that ended without an answer has spent what the calls among ``spans`` cost.
    """
    found: Mapping[str, Any] = root.attributes or {}
    kind: Kind = found.get(Attribute.WORKFLOW, "ask")
    started, ended = root.start_time or 0, root.end_time or root.start_time or 0
    # By the clock that everything recorded goes by, which a replay sets.
    started_at = moment.now() - timedelta(microseconds=(time.time_ns() - started) // 1000)
    usage = _usage(found, spans)

    def word(name: Attribute, most: int) -> str:
        return storable(str(found.get(name, "")))[:most]

    return TraceSummary(
        trace_id=f"{root.context.trace_id:032x}",
        root_id=f"{root.context.span_id:016x}",
        kind=kind,
        name=root.name,
        answer_id=word(Attribute.ANSWER_ID, 40),
        started_at=started_at,
        duration_ms=(ended - started) / 1e6,
        status=_status(root) if done else "running",
        error_type=word(Attribute.ERROR_TYPE, 120),
        state=word(Attribute.ANSWER_STATE, 20),
        level=word(Attribute.CONFIDENCE_LEVEL, 10),
        mode=word(Attribute.ANSWER_MODE, 10),
        model=word(Attribute.ANSWER_MODEL, 120),
        channel=word(Attribute.CHANNEL, 10),
        conversation_id=word(Attribute.CONVERSATION, 40),
        release=word(Attribute.RELEASE, 60) or release[:60],
        experiment=word(Attribute.EXPERIMENT, 60),
        arm=word(Attribute.ARM, 40),
        first_token_ms=found.get(Attribute.FIRST_CONTENT_MS),
        input_tokens=usage[0],
        output_tokens=usage[1],
        cost_usd=usage[2],
        span_count=0,
        bytes=0,
    )


def _usage(found: Mapping[str, Any], spans: Sequence[SpanRecord]) -> tuple[int, int, float | None]:
    """Tokens read and written, and USD: None when a price is unknown."""
    if Attribute.COST_KNOWN in found:
        return (
            found.get(Attribute.TOTAL_INPUT_TOKENS, 0),
            found.get(Attribute.TOTAL_OUTPUT_TOKENS, 0),
            found.get(Attribute.COST_TOTAL),
        )
    calls = [one.attributes for one in spans if Attribute.INPUT_TOKENS in one.attributes]
    known = [one[Attribute.COST_TOTAL] for one in calls if Attribute.COST_TOTAL in one]
    return (
        sum(one[Attribute.INPUT_TOKENS] for one in calls),
        sum(one.get(Attribute.OUTPUT_TOKENS, 0) for one in calls),
        sum(known) if len(known) == len(calls) else None,
    )


def recorded(span: ReadableSpan, redact: Redact = unchanged) -> SpanRecord:
    """One span; what people or models wrote is taken out of its attributes, into its content."""
    attributes: dict[str, Any] = {}
    content: dict[str, str] = {}
    for name, value in (span.attributes or {}).items():
        if is_content(name):
            content[name] = redact(storable(str(value)))
        else:
            attributes[name] = storable(value) if isinstance(value, str) else value
    return SpanRecord(
        span_id=f"{span.context.span_id:016x}",
        parent_id="" if span.parent is None else f"{span.parent.span_id:016x}",
        name=span.name,
        started_ns=span.start_time or 0,
        ended_ns=span.end_time or span.start_time or 0,
        status=_status(span),
        attributes=attributes,
        events=[
            {"name": one.name, "at_ns": one.timestamp, "attributes": dict(one.attributes or {})}
            for one in span.events
        ],
        content=content,
    )


def _status(span: ReadableSpan) -> Status:
    return "error" if span.status.status_code is StatusCode.ERROR else "ok"
