"""The spans of one ingest: parse and split per document, embed and store per batch of documents.

Passages of several documents are embedded together, sorted by length, so no span says how long one
document's embedding took: a batch's span names the documents in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from opentelemetry import context, trace
from opentelemetry.trace import Span

from app.telemetry import (
    Attribute,
    Kind,
    SpanName,
    Tracing,
    get_tracer,
    start_workflow,
    step,
    within,
)
from ingest.prepare import Read
from ingest.report import IngestReport

T = TypeVar("T")
tracer = get_tracer(__name__)


@contextmanager
def ingest_span(tracing: Tracing, collection: str) -> Iterator[Span]:
    """The root span; what ends within it is kept while the ingest runs."""
    span = start_workflow(tracer, SpanName.INGEST, tracing, {Attribute.COLLECTION: collection})
    try:
        with within(span):
            yield span
    finally:
        span.end()


def here(elements: Iterator[T]) -> Iterator[T]:
    """``elements``, made inside the running span though in another thread.

    Nothing is detached at the end: the thread ends with it, and might not be the one that closes
    the iterator.
    """
    parent = trace.set_span_in_context(trace.get_current_span())

    def made() -> Iterator[T]:
        context.attach(parent)
        yield from elements

    return made()


@contextmanager
def batch_span(name: str, batch: Sequence[Read], kind: Kind = Kind.CHAIN) -> Iterator[Span]:
    """The span of a step that several documents go through together."""
    attributes: dict[str, int | list[str]] = {
        Attribute.DOCUMENTS: len(batch),
        Attribute.DOCUMENT_IDS: [read.document_id for read in batch],
        Attribute.PASSAGE_COUNT: sum(len(read.passages) for read in batch),
    }
    with step(tracer, name, kind, attributes) as span:
        yield span


def describe_report(span: Span, report: IngestReport) -> None:
    """What the ingest came to."""
    span.set_attributes(
        {
            Attribute.DOCUMENTS: len(report.done),
            Attribute.FAILED: len(report.failed) + len(report.failed_targets),
            Attribute.PASSAGE_COUNT: report.passages,
            Attribute.BYTES: report.size,
            Attribute.ANSWER_STATE: "stopped" if report.cancelled else "",
        }
    )
