"""A company's documents, ingested once; small models made here; empty worlds for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.knowledge.company import ingested
from tests.knowledge.corpus import FILES
from tests.knowledge.world import World, open_world

if TYPE_CHECKING:
    from app.bootstrap import Services
    from app.knowledge.ports import Embedder


@pytest.fixture(scope="session")
def company(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """The documents of `corpus`, ingested with the bundled model. Read only."""
    with ingested(tmp_path_factory.mktemp("company"), FILES, embedder) as services:
        yield services


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An empty library of the test's own; its embedder only knows words."""
    opened = open_world(tmp_path)
    yield opened
    opened.close()
