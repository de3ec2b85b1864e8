"""Traces: one provider, names in one table, and log lines that carry the trace id.

Importing this costs little: the SDK is imported by `set_up`, which servers and commands call once.
Nothing leaves the machine unless the standard ``OTEL_EXPORTER_OTLP_*`` variables say where to.

The names follow OpenTelemetry's GenAI semantic conventions v1.41.1 (the last tagged text) where
they have one, OpenInference's for cost and span kind (so that Phoenix and Langfuse draw the spans
right), and ``footnote.*`` for what neither knows. A test pins them.
"""

from __future__ import annotations

import importlib
import logging
import os
import threading
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from opentelemetry import trace
from opentelemetry.trace import Tracer, format_trace_id

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.sdk.trace.export import SpanExporter

logger = logging.getLogger(__name__)


class SpanName(StrEnum):
    """Names of spans. Those with a field are used as ``SpanName.CHAT.format(model=…)``."""

    ASK = "invoke_workflow ask"
    RETRIEVAL = "retrieval {data_source}"
    EMBEDDINGS = "embeddings {model}"
    CHAT = "chat {model}"
    RERANK = "rerank {model}"
    ANSWER = "answer"
    VERIFY = "verify"
    INGEST = "invoke_workflow ingest"


class Attribute(StrEnum):
    """Names of span attributes."""

    OPERATION = "gen_ai.operation.name"
    WORKFLOW = "gen_ai.workflow.name"
    PROVIDER = "gen_ai.provider.name"
    REQUEST_MODEL = "gen_ai.request.model"
    REQUEST_MAX_TOKENS = "gen_ai.request.max_tokens"
    RESPONSE_MODEL = "gen_ai.response.model"
    FINISH_REASONS = "gen_ai.response.finish_reasons"
    TIME_TO_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
    INPUT_TOKENS = "gen_ai.usage.input_tokens"
    OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
    CACHED_TOKENS = "gen_ai.usage.cache_read.input_tokens"
    INPUT_MESSAGES = "gen_ai.input.messages"
    OUTPUT_MESSAGES = "gen_ai.output.messages"
    CONVERSATION = "gen_ai.conversation.id"
    DATA_SOURCE = "gen_ai.data_source.id"
    RETRIEVED_DOCUMENTS = "gen_ai.retrieval.documents"
    COST_TOTAL = "llm.cost.total"
    COST_PROMPT = "llm.cost.prompt"
    COST_COMPLETION = "llm.cost.completion"
    ERROR_TYPE = "error.type"
    SPAN_KIND = "openinference.span.kind"
    ANSWER_ID = "footnote.answer.id"
    ANSWER_STATE = "footnote.answer.state"
    ANSWER_MODE = "footnote.answer.mode"
    CONFIDENCE_LEVEL = "footnote.confidence.level"
    CITATIONS = "footnote.citations.count"
    HITS = "footnote.retrieval.hits"
    TOP_DENSE = "footnote.retrieval.top_dense"
    TOP_LEXICAL = "footnote.retrieval.top_lexical"
    USAGE_ESTIMATED = "footnote.usage.estimated"


EXPORT_VARIABLES: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_EXPORTERS: Final = {
    "http/protobuf": "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "grpc": "opentelemetry.exporter.otlp.proto.grpc.trace_exporter",
}
_SHUTDOWN_S: Final = 2.0
"""A collector that does not answer may hold the exit up no longer than this."""

_setup = threading.Lock()


def get_tracer(name: str) -> Tracer:
    """A tracer for a module; usable before `set_up`, whose provider it then takes."""
    return trace.get_tracer(name)


def current_trace_id() -> str:
    """The running trace's id, 32 hexadecimal digits; a fresh one where no trace is recorded."""
    context = trace.get_current_span().get_span_context()
    return format_trace_id(context.trace_id) if context.is_valid else uuid4().hex


def captures_content() -> bool:
    """Whether messages to and from models go on spans: off unless the standard variable says so."""
    wanted = os.environ.get("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "")
    return wanted.strip().lower() in {"true", "1", "span_only", "span_and_event"}


def set_up(release: str) -> None:
    """Install the tracer provider, once per process; a provider that is already there stays.

    ``release`` becomes ``service.version``. Spans are exported only where one of `EXPORT_VARIABLES`
    is set and the exporter's package is installed; a log line says so when it is not.
    """
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415  # 80 ms
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415

    with _setup:
        if isinstance(trace.get_tracer_provider(), TracerProvider):
            return
        provider = TracerProvider(
            resource=Resource.create(
                {
                    "service.name": os.environ.get("OTEL_SERVICE_NAME", "footnote"),
                    "service.version": release,
                }
            ),
            # The SDK's own hook at exit waits for a dead collector; `shut_down` does not.
            shutdown_on_exit=False,
        )
        exporting = _export_processor()
        if exporting is not None:
            provider.add_span_processor(exporting)
        trace.set_tracer_provider(provider)


def shut_down() -> None:
    """Send what is waiting, for two seconds at most; without effect where nothing is exported."""
    provider = trace.get_tracer_provider()
    # force_flush and not shutdown: a provider can't be installed twice in one process.
    flush = getattr(provider, "force_flush", None)
    if flush is None:
        return
    sending = threading.Thread(
        target=flush, args=(int(_SHUTDOWN_S * 1000),), name="telemetry-flush", daemon=True
    )
    sending.start()
    sending.join(_SHUTDOWN_S)


def _export_processor() -> SpanProcessor | None:
    """A processor that exports in batches; None when nothing is to be exported, or can be."""
    wanted = any(os.environ.get(name) for name in EXPORT_VARIABLES)
    chosen = os.environ.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower()
    if not wanted or chosen == "none":
        return None
    exporter = _exporter()
    if exporter is None:
        return None
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    return BatchSpanProcessor(exporter)


def _exporter() -> SpanExporter | None:
    protocol = (
        os.environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
        or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
        or "http/protobuf"
    ).strip()
    module = _EXPORTERS.get(protocol)
    if module is None:
        logger.warning(
            "Traces are not exported: OTEL_EXPORTER_OTLP_PROTOCOL is %r. Use one of: %s.",
            protocol,
            ", ".join(_EXPORTERS),
        )
        return None
    try:
        exporter: SpanExporter = importlib.import_module(module).OTLPSpanExporter()
    except ImportError:
        package = "opentelemetry-exporter-otlp-proto-" + protocol.partition("/")[0]
        logger.warning("Traces are not exported: install %s, or unset OTEL_*.", package)
        return None
    except Exception as error:  # noqa: BLE001  # wrong OTEL_* values may raise anything; traces are optional
        logger.warning("Traces are not exported: %s. Check the OTEL_* variables.", error)
        return None
    return exporter


class TraceIdFilter(logging.Filter):
    """Gives every log record the running trace's id as ``trace_id``, or ``-``."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Annotate, never drop."""
        context = trace.get_current_span().get_span_context()
        record.trace_id = format_trace_id(context.trace_id) if context.is_valid else "-"
        return True
