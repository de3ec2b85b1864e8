"""A company's documents, ingested once, and a place where finished spans can be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app import telemetry
from tests.knowledge.company import ingested
from tests.knowledge.corpus import FILES
from tests.knowledge.world import World, open_world

if TYPE_CHECKING:
    from app.bootstrap import Services
    from app.knowledge.ports import Embedder


@pytest.fixture(scope="session")
def company(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """The documents of `corpus`, ingested with the bundled model. Only asked, never changed."""
    with ingested(tmp_path_factory.mktemp("company"), FILES, embedder) as services:
        yield services


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An empty library of the test's own; its embedder only knows words."""
    opened = open_world(tmp_path)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def _exporter() -> InMemorySpanExporter:
    telemetry.set_up("test")  # a provider can be installed once in a process
    provider = trace.get_tracer_provider()
    assert isinstance(provider, TracerProvider)
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


@pytest.fixture
def spans(_exporter: InMemorySpanExporter) -> InMemorySpanExporter:
    """The spans that end during a test."""
    _exporter.clear()
    return _exporter
