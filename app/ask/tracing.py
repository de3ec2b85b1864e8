"""The spans of one question: work done within them, and what they say in the end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar
from uuid import uuid4

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync
from opentelemetry.trace import Span as TraceSpan
from opentelemetry.trace import format_trace_id

from app.ask.clock import Clock
from app.ask.confidence import Judgment
from app.domain import Answer, Asking
from app.telemetry import (
    Attribute,
    captures_content,
    failed,
    within,
)

T = TypeVar("T")

_AT_ONCE = 4
"""Questions that are worked on at a time. Python does one thing at a time however many threads want
to: with 32 clients on 2 cores and a thread for each, as many were answered a second, but one of
twenty waited 1.9 s where with 4 it waits 0.8."""
_places: RunVar[CapacityLimiter] = RunVar("places")


def trace_id(span: TraceSpan) -> str:
    """The span's trace, 32 hexadecimal digits; a made one where nothing is traced."""
    context = span.get_span_context()
    return format_trace_id(context.trace_id) if context.is_valid else uuid4().hex


async def in_thread(span: TraceSpan, function: Callable[[], T]) -> T:
    """Run blocking work beside the event loop, inside the question's trace."""

    def run() -> T:
        with within(span):
            return function()

    return await worked(run)


async def worked(function: Callable[[], T]) -> T:
    """Run blocking work beside the event loop, when it is its turn: first come, first served."""
    try:
        places = _places.get()
    except LookupError:  # one for each event loop
        places = CapacityLimiter(_AT_ONCE)
        _places.set(places)
    return await run_sync(function, limiter=places)


def describe(span: TraceSpan, asking: Asking, answer: Answer) -> None:
    """What the answer was; its words only where content is captured."""
    if not span.is_recording():
        return
    _describe_question(span, asking)
    timings, usage = answer.timings_ms, answer.usage
    span.set_attributes(
        {
            Attribute.ANSWER_STATE: answer.state.value,
            Attribute.ANSWER_MODE: answer.mode,
            Attribute.ANSWER_MODEL: answer.model,
            Attribute.CONFIDENCE_LEVEL: answer.confidence.level.value,
            Attribute.CONFIDENCE_PROBABILITY: round(answer.confidence.probability, 4),
            Attribute.CITATIONS: len(answer.citations),
            Attribute.FIRST_CONTENT_MS: timings.get("first_token", timings.get("total", 0.0)),
            Attribute.TOTAL_MS: timings.get("total", 0.0),
            Attribute.TOTAL_INPUT_TOKENS: usage.input_tokens,
            Attribute.TOTAL_OUTPUT_TOKENS: usage.output_tokens,
            Attribute.TOTAL_CACHED_TOKENS: usage.cached_tokens,
            Attribute.COST_KNOWN: usage.cost_usd is not None,
        }
    )
    if usage.cost_usd is not None:
        span.set_attribute(Attribute.COST_TOTAL, usage.cost_usd)
    if usage.price_version:
        span.set_attribute(Attribute.PRICE_VERSION, usage.price_version)
    if captures_content():
        span.set_attribute(Attribute.OUTPUT, answer.text)


def describe_end(span: TraceSpan, asking: Asking, clock: Clock, status: str, error: str) -> None:
    """How a question ended that has no answer: ``stopped``, or ``failed`` with an error's type."""
    if not span.is_recording():
        return
    _describe_question(span, asking)
    span.set_attribute(Attribute.ANSWER_STATE, status)
    if "first_token" in clock.timings:
        span.set_attribute(Attribute.FIRST_CONTENT_MS, clock.timings["first_token"])
    if status == "failed":
        failed(span, error)


def describe_judgment(span: TraceSpan, judgment: Judgment) -> None:
    """How sure it is, and why."""
    span.set_attributes(
        {
            Attribute.CONFIDENCE_LEVEL: judgment.confidence.level.value,
            Attribute.CONFIDENCE_PROBABILITY: round(judgment.confidence.probability, 4),
            Attribute.CONFIDENCE_SIGNALS: json.dumps(
                {name: round(float(value), 4) for name, value in judgment.signals.items()}
            ),
        }
    )


def _describe_question(span: TraceSpan, asking: Asking) -> None:
    question = asking.question
    span.set_attributes(
        {
            Attribute.ANSWER_ID: asking.answer_id,
            Attribute.CONVERSATION: asking.conversation_id,
            Attribute.CHANNEL: question.channel,
        }
    )
    if question.experiment:
        span.set_attribute(Attribute.EXPERIMENT, question.experiment)
        span.set_attribute(Attribute.ARM, question.arm)
    if captures_content():
        span.set_attribute(Attribute.INPUT, asking.typed)
