"""The process's one provider: what records spans, what keeps them, and what sends them on."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Final

from opentelemetry import metrics, trace

from app.redaction import Redact, unchanged

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

_SHUTDOWN_S: Final = 2.0
"""A collector that does not answer may hold the exit up no longer than this."""

_setup = threading.Lock()


def set_up(release: str, *, export: bool = True, redact: Redact = unchanged) -> None:
    """Install the tracer provider, once per process; a provider that is already there stays.

    ``release`` becomes ``service.version``. Spans and metrics are exported only where the standard
    ``OTEL_EXPORTER_OTLP_*`` variables say where to. ``OTEL_TRACES_SAMPLER`` decides what is
    exported; the trace store keeps every question. ``OTEL_SDK_DISABLED=true`` ends all of it.
    ``export`` False: nothing is, whatever they say. ``redact``: what leaves goes through it.
    """
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415  # 80 ms
    from opentelemetry.sdk.trace import TracerProvider, sampling  # noqa: PLC0415

    from app.telemetry.workflows import WorkflowProcessor  # noqa: PLC0415  # imports the SDK

    with _setup:
        if isinstance(trace.get_tracer_provider(), TracerProvider):
            return
        resource = Resource.create(
            {
                "service.name": os.environ.get("OTEL_SERVICE_NAME", "footnote"),
                "service.version": release,
            }
        )
        # The SDK's own hook at exit waits for a dead collector; `shut_down` does not.
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        provider.sampler = sampling.AlwaysRecordSampler(provider.sampler)
        provider.add_span_processor(WorkflowProcessor())
        if export:
            _export(provider, resource, redact)
        trace.set_tracer_provider(provider)


def shut_down() -> None:
    """Send what is waiting, for two seconds at most; without effect where nothing is exported."""
    sending = []
    for provider in (trace.get_tracer_provider(), metrics.get_meter_provider()):
        # force_flush and not shutdown: a provider can't be installed twice in one process.
        flush = getattr(provider, "force_flush", None)
        if flush is not None:
            milliseconds = int(_SHUTDOWN_S * 1000)
            thread = threading.Thread(
                target=flush, args=(milliseconds,), name="telemetry-flush", daemon=True
            )
            thread.start()
            sending.append(thread)
    for thread in sending:
        thread.join(_SHUTDOWN_S)


def _export(provider: TracerProvider, resource: Resource, redact: Redact) -> None:
    from app.telemetry import export  # noqa: PLC0415  # imports the SDK

    spans = export.span_processor(redact)
    if spans is not None:
        provider.add_span_processor(spans)
    reader = export.metric_reader()
    if reader is None:
        return
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415  # only who exports needs it

    from app.telemetry.metrics import MetricsProcessor  # noqa: PLC0415

    meters = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
    metrics.set_meter_provider(meters)
    provider.add_span_processor(MetricsProcessor(meters.get_meter("footnote")))
