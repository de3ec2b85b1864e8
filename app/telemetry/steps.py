"""Starting spans: workflows, which a store keeps whole, and the steps within them."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol
from uuid import uuid4

from opentelemetry import context, trace
from opentelemetry.trace import (
    INVALID_SPAN,
    Span,
    Status,
    StatusCode,
    Tracer,
    format_trace_id,
)

from app.telemetry.names import Attribute, Kind, SpanName

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.util.types import AttributeValue

SINK: Final = context.create_key("footnote-sink")
"""Where a context says which sink the workflow that begins in it belongs to."""
_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


class Sink(Protocol):
    """Keeps a workflow's spans; blocks while it writes, and may raise."""

    def keep(
        self, root: ReadableSpan, ended: Sequence[ReadableSpan], *, begun: bool, done: bool
    ) -> None:
        """Keep ``ended``. ``begun``: some were kept before; ``done``: these are the last.

        Until it is done, ``root`` is still running and not among ``ended``.
        """


@dataclass(frozen=True, slots=True)
class Tracing:
    """Where workflows are kept (None: nowhere), and the release they run under."""

    sink: Sink | None = None
    release: str = ""


def get_tracer(name: str) -> Tracer:
    """A tracer for a module; usable before `set_up`, whose provider it then takes."""
    return trace.get_tracer(name)


def start_workflow(
    tracer: Tracer,
    name: SpanName,
    tracing: Tracing,
    attributes: Mapping[str, AttributeValue] | None = None,
) -> Span:
    """A workflow's root span, which the caller ends; its spans are kept when it does."""
    here = context.set_value(SINK, tracing.sink)
    own: dict[str, str] = {Attribute.RELEASE: tracing.release} if tracing.release else {}
    return tracer.start_span(
        name,
        context=here,
        attributes={
            Attribute.OPERATION: "invoke_workflow",
            Attribute.WORKFLOW: name.partition(" ")[2],
            Attribute.SPAN_KIND: Kind.CHAIN,
            **own,
            **(attributes or {}),
        },
    )


@contextmanager
def within(span: Span) -> Iterator[Span]:
    """Make ``span`` the current one, without ending it; an error inside is said on it."""
    with trace.use_span(
        span, end_on_exit=False, record_exception=False, set_status_on_exception=False
    ):
        try:
            yield span
        except Exception as error:
            failed(span, type(error).__name__)
            raise


@contextmanager
def step(
    tracer: Tracer,
    name: str,
    kind: Kind = Kind.CHAIN,
    attributes: Mapping[str, AttributeValue] | None = None,
) -> Iterator[Span]:
    """A span for what the block does. An error is told by its type: messages may hold content."""
    if _quiet.get():
        yield INVALID_SPAN
        return
    span = tracer.start_span(name, attributes={Attribute.SPAN_KIND: kind, **(attributes or {})})
    token = context.attach(trace.set_span_in_context(span))
    try:
        yield span
    except Exception as error:
        failed(span, type(error).__name__)
        raise
    finally:
        context.detach(token)
        span.end()


def failed(span: Span, error_type: str) -> None:
    """Say that it failed, and with what kind of error; an ended span takes no more words."""
    if not span.is_recording():
        return
    span.set_attribute(Attribute.ERROR_TYPE, error_type)
    span.set_status(Status(StatusCode.ERROR, error_type))


@contextmanager
def quietly() -> Iterator[None]:
    """No spans for the steps inside: a trial, of which there may be many, is no step of a trace."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def current_trace_id() -> str:
    """The running trace's id, 32 hexadecimal digits; a fresh one where no trace is recorded."""
    here = trace.get_current_span().get_span_context()
    return format_trace_id(here.trace_id) if here.is_valid else uuid4().hex


def captures_content() -> bool:
    """Whether what people and models wrote goes on spans: only where the standard variable asks."""
    wanted = os.environ.get("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "")
    return wanted.strip().lower() in {"true", "1", "span_only", "span_and_event"}


class TraceIdFilter(logging.Filter):
    """Gives every log record the running trace's id as ``trace_id``, or ``-``."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Annotate, never drop."""
        here = trace.get_current_span().get_span_context()
        record.trace_id = format_trace_id(here.trace_id) if here.is_valid else "-"
        return True
