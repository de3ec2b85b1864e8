"""A data directory that is made once and copied for each test that damages it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Services, build_services, models
from app.domain import Question
from app.settings import Settings
from ingest.pipeline import IngestOptions, ingest
from tests.faults.world import QUESTION, documents
from tests.knowledge.world import WordEmbedder

RIVERS = 1_100
"""Documents: Chroma writes its graph files from 1,000 vectors on."""


def settings_of(data: Path, **more: Any) -> Settings:
    """Settings of a data directory, with nothing from outside."""
    return Settings(_env_file=None, data_dir=data, **more)


@contextmanager
def services_of(data: Path, **more: Any) -> Iterator[Services]:
    """Everything wired on ``data``, with the quick embedder."""
    before = models.load_embedder
    setattr(models, "load_embedder", lambda _settings: WordEmbedder())  # noqa: B010  # a seam
    services = build_services(settings_of(data, **more))
    try:
        services.embedder.get(wait=True)
        yield services
    finally:
        services.close()
        setattr(models, "load_embedder", before)  # noqa: B010


def answered(data: Path, question: str = QUESTION) -> str:
    """The state of the answer to a question."""
    with services_of(data) as services:
        return asyncio.run(services.asker.answer(Question(question))).state.value


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with `RIVERS` documents and an answer, in order. Not to be changed."""
    folder = tmp_path_factory.mktemp("whole")
    data = folder / "data"
    with services_of(data) as services:
        ingest(services, [str(documents(folder / "docs", RIVERS))], IngestOptions())
        answer = asyncio.run(services.asker.answer(Question(QUESTION)))
        assert answer.state.value == "answered"
    return data


@pytest.fixture
def data(whole: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copytree(whole, tmp_path / "data"))
