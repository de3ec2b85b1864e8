"""The span of one question: work done within it, and what it says in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio.to_thread import run_sync
from opentelemetry import trace
from opentelemetry.trace import Span as TraceSpan

from app.domain import Answer
from app.telemetry import Attribute

T = TypeVar("T")


async def in_thread(span: TraceSpan, function: Callable[[], T]) -> T:
    """Run blocking work beside the event loop, inside the question's trace."""

    def run() -> T:
        with trace.use_span(span, end_on_exit=False, record_exception=False):
            return function()

    return await run_sync(run)


def describe(span: TraceSpan, answer: Answer) -> None:
    """What the answer was, without a word of it."""
    span.set_attributes(
        {
            Attribute.OPERATION: "invoke_workflow",
            Attribute.SPAN_KIND: "CHAIN",
            Attribute.ANSWER_ID: answer.answer_id,
            Attribute.ANSWER_STATE: answer.state.value,
            Attribute.ANSWER_MODE: answer.mode,
            Attribute.CONFIDENCE_LEVEL: answer.confidence.level.value,
            Attribute.CITATIONS: len(answer.citations),
            Attribute.CONVERSATION: answer.conversation_id,
        }
    )
