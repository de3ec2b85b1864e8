"""The span of one question: work done within it, and what it says in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import uuid4

from anyio.to_thread import run_sync
from opentelemetry import trace
from opentelemetry.trace import Span as TraceSpan
from opentelemetry.trace import format_trace_id

from app.domain import Answer, Asking
from app.telemetry import Attribute

T = TypeVar("T")


def trace_id(span: TraceSpan) -> str:
    """The span's trace, 32 hexadecimal digits; a made one where nothing is traced."""
    context = span.get_span_context()
    return format_trace_id(context.trace_id) if context.is_valid else uuid4().hex


async def in_thread(span: TraceSpan, function: Callable[[], T]) -> T:
    """Run blocking work beside the event loop, inside the question's trace."""

    def run() -> T:
        with trace.use_span(span, end_on_exit=False, record_exception=False):
            return function()

    return await run_sync(run)


def describe(span: TraceSpan, asking: Asking, answer: Answer) -> None:
    """What the answer was, without a word of it."""
    _describe_question(span, asking)
    span.set_attributes(
        {
            Attribute.ANSWER_STATE: answer.state.value,
            Attribute.ANSWER_MODE: answer.mode,
            Attribute.CONFIDENCE_LEVEL: answer.confidence.level.value,
            Attribute.CITATIONS: len(answer.citations),
        }
    )


def describe_end(span: TraceSpan, asking: Asking, status: str) -> None:
    """How a question ended that has no answer: ``stopped`` or ``failed``."""
    _describe_question(span, asking)
    span.set_attribute(Attribute.ANSWER_STATE, status)


def _describe_question(span: TraceSpan, asking: Asking) -> None:
    span.set_attributes(
        {
            Attribute.OPERATION: "invoke_workflow",
            Attribute.SPAN_KIND: "CHAIN",
            Attribute.ANSWER_ID: asking.answer_id,
            Attribute.CONVERSATION: asking.conversation_id,
        }
    )
