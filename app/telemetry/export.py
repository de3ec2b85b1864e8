"""Export by OTLP, over http/protobuf or gRPC, where the standard ``OTEL_*`` variables ask for it.

Exporters run in threads of their own and may fail without effect. What only backends need is added
there too, and costs a question nothing: the passages of a retrieval one attribute each, as
OpenInference has them.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from app.redaction import Redact, unchanged
from app.telemetry.names import Attribute, is_content

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricReader
    from opentelemetry.sdk.trace import SpanProcessor

logger = logging.getLogger(__name__)

Signal = Literal["traces", "metrics"]
_TIMEOUT_S: Final = 5
"""For one try, unless ``OTEL_EXPORTER_OTLP_TIMEOUT`` says otherwise."""
_PACKAGES: Final = {
    "http/protobuf": "opentelemetry.exporter.otlp.proto.http",
    "grpc": "opentelemetry.exporter.otlp.proto.grpc",
}
_CLASSES: Final = {
    "traces": ("trace_exporter", "OTLPSpanExporter"),
    "metrics": ("metric_exporter", "OTLPMetricExporter"),
}


def wanted(signal: Signal) -> bool:
    """Whether the standard variables ask for this signal's export."""
    named = (f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    chosen = os.environ.get(f"OTEL_{signal.upper()}_EXPORTER", "otlp").strip().lower()
    disabled = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return any(os.environ.get(name) for name in named) and chosen != "none" and not disabled


def span_processor(redact: Redact = unchanged) -> SpanProcessor | None:
    """A processor that exports spans in batches; None when none are to be, or can be."""
    exporter = _exporter("traces")
    return None if exporter is None else BatchSpanProcessor(Flattening(exporter, redact))


def metric_reader() -> MetricReader | None:
    """A reader that exports metrics at intervals; None when none are to be, or can be."""
    exporter = _exporter("metrics")
    if exporter is None:
        return None
    from opentelemetry.sdk.metrics.export import (  # noqa: PLC0415  # only who exports needs it
        PeriodicExportingMetricReader,
    )

    return PeriodicExportingMetricReader(exporter)


class Flattening(SpanExporter):
    """Adds retrieved documents, as both conventions have them, to what another one exports.

    What people or models wrote goes out as ``redact`` leaves it.
    """

    def __init__(self, exporter: SpanExporter, redact: Redact = unchanged) -> None:
        self._exporter = exporter
        self._redact = redact

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export copies with the attributes added; a failure is the other exporter's to tell."""
        return self._exporter.export([_flattened(span, self._redact) for span in spans])

    def shutdown(self) -> None:
        """Let go of connections."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing waits here."""
        return self._exporter.force_flush(timeout_millis)


def _flattened(span: ReadableSpan, redact: Redact) -> ReadableSpan:
    attributes = span.attributes or {}
    flat: dict[str, Any] = {
        name: redact(value) if isinstance(value, str) and is_content(name) else value
        for name, value in attributes.items()
    }
    passages = attributes.get(Attribute.PASSAGES)
    if not isinstance(passages, str):
        return span if flat == attributes else _with(span, flat)
    # Those that were given on, best first; never a null score, which Phoenix cannot draw.
    given = [one for one in json.loads(passages) if one["use"] == "returned"]
    for index, one in enumerate(given):
        flat[Attribute.DOCUMENT_ID.format(index=index)] = one["id"]
        flat[Attribute.DOCUMENT_SCORE.format(index=index)] = float(one["score"])
    flat[Attribute.RETRIEVED_DOCUMENTS] = json.dumps(
        [{"id": one["id"], "score": float(one["score"])} for one in given]
    )
    return _with(span, flat)


def _with(span: ReadableSpan, attributes: dict[str, Any]) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=attributes,
        events=span.events,
        links=span.links,
        kind=span.kind,
        status=span.status,
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _exporter(signal: Signal) -> Any:
    if not wanted(signal):
        return None
    protocol = (
        os.environ.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL")
        or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
        or "http/protobuf"
    ).strip()
    said = signal.capitalize()
    package = _PACKAGES.get(protocol)
    if package is None:
        known = ", ".join(_PACKAGES)
        logger.warning(
            "%s are not exported: OTEL_EXPORTER_OTLP_PROTOCOL is %r. Use one of: %s.",
            said,
            protocol,
            known,
        )
        return None
    module, name = _CLASSES[signal]
    options: dict[str, Any] = {}
    if not any(
        os.environ.get(f"OTEL_EXPORTER_OTLP_{part}TIMEOUT") for part in ("", f"{signal.upper()}_")
    ):
        options["timeout"] = _TIMEOUT_S
    try:
        return getattr(importlib.import_module(f"{package}.{module}"), name)(**options)
    except ImportError:
        missing = "opentelemetry-exporter-otlp-proto-" + protocol.partition("/")[0]
        logger.warning("%s are not exported: install %s, or unset OTEL_*.", said, missing)
    except Exception as error:  # noqa: BLE001  # wrong OTEL_* values may raise anything; export is optional
        logger.warning("%s are not exported: %s. Check the OTEL_* variables.", said, error)
    return None
