"""Workflows are handed over whole, to their own sink, and nothing that fails there is felt."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider, sampling
from opentelemetry.trace import SpanKind, Tracer

from app.telemetry import (
    Attribute,
    SpanName,
    Tracing,
    quietly,
    start_workflow,
    step,
    within,
    workflows,
)
from app.telemetry.workflows import PIECE, WorkflowProcessor


@dataclass
class Kept:
    """A sink that remembers, or fails as long as it is told to."""

    pieces: list[tuple[str, list[str], bool, bool]] = field(default_factory=list)
    failing: bool = False

    def keep(
        self, root: ReadableSpan, ended: Sequence[ReadableSpan], *, begun: bool, done: bool
    ) -> None:
        if self.failing:
            raise OSError("database is locked")
        self.pieces.append((root.name, [span.name for span in ended], begun, done))


@pytest.fixture
def processor() -> WorkflowProcessor:
    return WorkflowProcessor()


@pytest.fixture
def tracer(processor: WorkflowProcessor) -> Tracer:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    return provider.get_tracer("test")


def ask(tracer: Tracer, sink: Kept | None, *steps: str) -> None:
    root = start_workflow(tracer, SpanName.ASK, Tracing(sink))
    with within(root):
        for name in steps:
            with step(tracer, name):
                pass
    root.end()


def test_a_workflow_is_handed_over_whole_when_its_root_ends(
    tracer: Tracer, processor: WorkflowProcessor
) -> None:
    kept = Kept()
    with tracer.start_as_current_span("GET /ask", kind=SpanKind.SERVER):
        ask(tracer, kept, "dense", "lexical")
        # Before the response is sent, which is when the HTTP span ends.
        assert kept.pieces == [
            (SpanName.ASK, ["dense", "lexical", "invoke_workflow ask"], False, True)
        ]
    assert len(kept.pieces) == 1
    assert processor.open_spans() == 0


def test_stores_in_one_process_do_not_mix(tracer: Tracer) -> None:
    one, other = Kept(), Kept()
    first = start_workflow(tracer, SpanName.ASK, Tracing(one))
    second = start_workflow(tracer, SpanName.SEARCH, Tracing(other))
    with within(first), step(tracer, "a"), within(second), step(tracer, "b"):
        pass
    second.end()
    first.end()
    assert one.pieces == [(SpanName.ASK, ["a", "invoke_workflow ask"], False, True)]
    assert other.pieces == [(SpanName.SEARCH, ["b", "invoke_workflow search"], False, True)]


def test_what_belongs_to_no_workflow_is_not_remembered(
    tracer: Tracer, processor: WorkflowProcessor
) -> None:
    kept = Kept()
    with tracer.start_as_current_span("GET /"), step(tracer, "stray"):
        pass
    ask(tracer, None, "dense")  # evals: a workflow that is kept nowhere
    late = start_workflow(tracer, SpanName.ASK, Tracing(kept))
    late.end()
    with within(late), step(tracer, "after the end"):
        pass
    assert [names for _, names, _, _ in kept.pieces] == [["invoke_workflow ask"]]
    assert processor.open_spans() == 0


def test_an_error_after_a_workflow_ended_is_raised_and_nothing_is_logged(
    tracer: Tracer, caplog: pytest.LogCaptureFixture
) -> None:
    """A question fails with the database: it is ended, then recording that fails as well."""
    root = start_workflow(tracer, SpanName.ASK, Tracing(Kept()))

    def fail() -> None:
        with within(root):
            root.end()
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        fail()
    assert caplog.messages == []


def test_a_long_workflow_is_kept_in_pieces_and_takes_no_more_memory(
    tracer: Tracer, processor: WorkflowProcessor
) -> None:
    kept = Kept()
    root = start_workflow(tracer, SpanName.INGEST, Tracing(kept))
    most = 0
    with within(root):
        for _ in range(2 * PIECE + 10):
            with step(tracer, "parse"):
                most = max(most, processor.open_spans())
    assert [(len(names), begun, done) for _, names, begun, done in kept.pieces] == [
        (PIECE, False, False),
        (PIECE, True, False),
    ]
    root.end()
    assert [(len(names), begun, done) for _, names, begun, done in kept.pieces[2:]] == [
        (11, True, True)
    ]
    assert most <= PIECE + 2


def test_what_could_not_be_kept_is_kept_later_and_said_once(
    tracer: Tracer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflows, "RETRY_S", 0.0)
    kept = Kept(failing=True)
    with caplog.at_level(logging.WARNING, "app.telemetry"):
        for _ in range(3):
            ask(tracer, kept)
        assert [record.getMessage() for record in caplog.records] == [
            "traces are not stored for now (OSError: database is locked); "
            "trying again with a later one"
        ]
        kept.failing = False
        ask(tracer, kept)
    assert len(kept.pieces) == 4
    assert caplog.records[-1].getMessage() == "traces are stored again"


def test_while_a_store_fails_questions_do_not_wait_for_it(tracer: Tracer) -> None:
    kept = Kept(failing=True)
    ask(tracer, kept)
    kept.failing = False
    ask(tracer, kept)  # within RETRY_S: not even tried
    assert kept.pieces == []


def test_one_store_that_fails_does_not_hold_up_another(tracer: Tracer) -> None:
    broken, kept = Kept(failing=True), Kept()
    ask(tracer, broken)
    ask(tracer, kept)
    assert len(kept.pieces) == 1


def test_a_sink_that_fails_for_long_takes_a_bounded_amount_of_memory(
    tracer: Tracer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflows, "RETRY_S", 0.0)
    kept = Kept(failing=True)
    for _ in range(1000):
        ask(tracer, kept)
    kept.failing = False
    ask(tracer, kept)
    assert 100 < len(kept.pieces) < 300


def test_a_caller_who_does_not_sample_is_kept_and_not_exported() -> None:
    kept = Kept()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.sampler = sampling.AlwaysRecordSampler(provider.sampler)
    provider.add_span_processor(WorkflowProcessor())
    tracer = provider.get_tracer("test")
    caller = trace.SpanContext(1, 2, is_remote=True, trace_flags=trace.TraceFlags(0))
    with trace.use_span(trace.NonRecordingSpan(caller)):
        ask(tracer, kept, "dense")
    assert [names for _, names, _, _ in kept.pieces] == [["dense", "invoke_workflow ask"]]


def test_an_error_is_told_by_its_type_and_not_by_its_message(tracer: Tracer) -> None:
    with pytest.raises(ValueError, match="Bob's salary"), step(tracer, "read") as span:
        raise ValueError("Bob's salary")
    assert isinstance(span, ReadableSpan)
    assert (span.attributes or {})[Attribute.ERROR_TYPE] == "ValueError"
    assert span.status.description == "ValueError"
    assert "salary" not in span.to_json()


def test_what_is_tried_quietly_leaves_no_span(tracer: Tracer) -> None:
    kept = Kept()
    root = start_workflow(tracer, SpanName.ASK, Tracing(kept))
    with within(root), step(tracer, "suggest"), quietly(), step(tracer, "dense") as span:
        span.set_attribute("any", 1)
    root.end()
    assert [names for _, names, _, _ in kept.pieces] == [["suggest", "invoke_workflow ask"]]
