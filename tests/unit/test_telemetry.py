"""Traces: cheap to import, quiet by default, exported when asked, never in the way of the exit."""

from __future__ import annotations

import logging
import os
import re
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import pytest

from app.telemetry import (
    Attribute,
    Kind,
    Metric,
    SpanName,
    TraceIdFilter,
    current_trace_id,
    get_tracer,
    set_up,
)

SPAN_PROGRAM = """
from app import telemetry
telemetry.set_up("9.9")
with telemetry.get_tracer("t").start_as_current_span(telemetry.SpanName.ASK) as span:
    span.set_attribute(telemetry.Attribute.ANSWER_STATE, "answered")
    print(telemetry.current_trace_id())
telemetry.shut_down()
"""


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_importing_it_does_not_import_the_sdk_and_is_quick() -> None:
    program = (
        "import sys, time; t = time.process_time(); import app.telemetry;"
        "took = time.process_time() - t;"
        "assert 'opentelemetry.sdk.trace' not in sys.modules; print(took)"
    )
    results = [run(program) for _ in range(3)]
    assert [result.stderr for result in results] == ["", "", ""]
    # 0.06 to 0.09 s of CPU on a quiet machine; this one may be busy with other tests.
    assert min(float(result.stdout) for result in results) < 0.2


def test_the_names_on_spans_are_pinned() -> None:
    """Dashboards, Phoenix and Langfuse read these: a rename is a change of contract."""
    assert {name.name: name.value for name in SpanName} == {
        "ASK": "invoke_workflow ask",
        "SEARCH": "invoke_workflow search",
        "INGEST": "invoke_workflow ingest",
        "REWRITE": "rewrite",
        "SPELLING": "spelling",
        "EMBEDDINGS": "embeddings {model}",
        "RETRIEVAL": "retrieval {data_source}",
        "DENSE": "dense",
        "LEXICAL": "lexical",
        "FUSE": "fuse",
        "RERANK": "rerank {model}",
        "ANSWER": "answer",
        "READ": "read",
        "CONFIDENCE": "confidence",
        "STATE": "state",
        "CHAT": "chat {model}",
        "VERIFY": "verify",
        "SUGGEST": "suggest",
        "PARSE": "parse",
        "SPLIT": "split",
        "STORE": "store",
    }
    # From the registry of OpenTelemetry's GenAI conventions v1.41.1.
    standard = {name.value for name in (*Attribute, *Metric) if name.value.startswith("gen_ai.")}
    assert standard == {
        "gen_ai.operation.name",
        "gen_ai.workflow.name",
        "gen_ai.provider.name",
        "gen_ai.request.model",
        "gen_ai.request.max_tokens",
        "gen_ai.response.model",
        "gen_ai.response.finish_reasons",
        "gen_ai.response.time_to_first_chunk",
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.conversation.id",
        "gen_ai.data_source.id",
        "gen_ai.embeddings.dimension.count",
        "gen_ai.retrieval.documents",
        "gen_ai.token.type",
        "gen_ai.client.operation.duration",
        "gen_ai.client.token.usage",
    }
    # Other names under gen_ai.usage.* are read as token counts by Langfuse: cost has its own.
    others = {name.value for name in (*Attribute, *Metric)} - standard
    assert {name for name in others if not name.startswith("footnote.")} == {
        "error.type",
        "input.value",
        "output.value",
        "llm.cost.total",
        "llm.cost.prompt",
        "llm.cost.completion",
        "openinference.span.kind",
        "reranker.model_name",
        "retrieval.documents.{index}.document.id",
        "retrieval.documents.{index}.document.score",
        "retrieval.documents.{index}.document.content",
    }
    assert [kind.value for kind in Kind] == [
        *("CHAIN", "RETRIEVER", "RERANKER", "EMBEDDING", "LLM", "EVALUATOR")
    ]


def test_the_trace_id_is_that_of_the_running_span() -> None:
    set_up("test")
    with get_tracer("t").start_as_current_span("outer") as span:
        expected = format(span.get_span_context().trace_id, "032x")
        assert current_trace_id() == expected
        with get_tracer("t").start_as_current_span("inner"):
            assert current_trace_id() == expected


def test_outside_a_span_every_trace_id_is_fresh() -> None:
    first, second = current_trace_id(), current_trace_id()
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first != second


def test_a_trace_id_reaches_work_in_other_threads_only_with_its_context() -> None:
    set_up("test")
    with (
        get_tracer("t").start_as_current_span("outer"),
        ThreadPoolExecutor(max_workers=1) as pool,
    ):
        assert pool.submit(current_trace_id).result() != current_trace_id()


def test_setting_up_twice_keeps_the_first_provider() -> None:
    result = run(
        "from app import telemetry; from opentelemetry import trace;"
        "telemetry.set_up('1'); first = trace.get_tracer_provider(); telemetry.set_up('2');"
        "assert trace.get_tracer_provider() is first;"
        "print(first.resource.attributes['service.name'],"
        " first.resource.attributes['service.version'])"
    )
    assert result.stdout.split() == ["footnote", "1"], result.stderr


def test_log_lines_carry_the_trace_id() -> None:
    set_up("test")
    record = logging.makeLogRecord({"msg": "hello"})
    TraceIdFilter().filter(record)
    assert record.__dict__["trace_id"] == "-"
    with get_tracer("t").start_as_current_span("outer"):
        TraceIdFilter().filter(record)
        assert record.__dict__["trace_id"] == current_trace_id()


def test_spans_reach_a_collector_when_one_is_named() -> None:
    # By name: neither package has types.
    grpc: Any = import_module("grpc")
    messages: Any = import_module("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    services: Any = import_module("opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc")
    received: list[Any] = []

    class Collector:
        def Export(self, request: Any, context: Any) -> Any:  # noqa: N802  # gRPC's name
            received.append(request)
            return messages.ExportTraceServiceResponse()

    server = grpc.server(ThreadPoolExecutor(max_workers=2))
    services.add_TraceServiceServicer_to_server(Collector(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        result = run(
            SPAN_PROGRAM,
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}",
            OTEL_EXPORTER_OTLP_PROTOCOL="grpc",
        )
    finally:
        server.stop(None)
    assert result.returncode == 0, result.stderr
    (resource,) = received[0].resource_spans
    (span,) = resource.scope_spans[0].spans
    assert span.name == "invoke_workflow ask"
    assert span.trace_id.hex() == result.stdout.strip()
    assert {a.key: a.value.string_value for a in span.attributes} == {
        "footnote.answer.state": "answered"
    }
    assert ("service.version", "9.9") in {
        (a.key, a.value.string_value) for a in resource.resource.attributes
    }


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
@pytest.mark.parametrize("collector", ["silent", "closed"])
def test_a_collector_that_never_answers_does_not_hold_up_the_exit(
    protocol: str, collector: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        if collector == "closed":
            silent.close()
        started = time.monotonic()
        result = run(
            SPAN_PROGRAM,
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}",
            OTEL_EXPORTER_OTLP_PROTOCOL=protocol,
        )
        took = time.monotonic() - started
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr
    # Two seconds for the last try, the rest is Python starting on a busy machine.
    assert took < 8


def test_a_missing_exporter_is_said_and_nothing_else_changes() -> None:
    blocked = "import sys; sys.modules['opentelemetry.exporter.otlp.proto.http'] = None\n"
    result = run(
        blocked + "import logging; logging.basicConfig()\n" + SPAN_PROGRAM,
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9",
    )
    assert result.returncode == 0, result.stderr
    assert "install opentelemetry-exporter-otlp-proto-http" in result.stderr
    assert re.fullmatch("[0-9a-f]{32}", result.stdout.strip())


def test_without_an_address_nothing_is_exported_and_no_exporter_is_loaded() -> None:
    result = run(
        SPAN_PROGRAM + "\nimport sys; print([m for m in sys.modules if 'exporter' in m])",
    )
    assert result.stdout.splitlines()[1] == "[]", result.stderr
