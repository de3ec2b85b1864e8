"""A small handbook with questions, ingested once for all tests of evals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from app.bootstrap import Services

LEAVE = """# Leave

## Annual leave

Every employee has **25 days** of annual leave per calendar year. Unused days lapse on March 31.

## Sick leave

Call your manager before 09:30 on the first day. From the fourth day a doctor's note is needed.
"""
TRAVEL = """# Travel policy

Book trains at least 14 days ahead. Flights under 500 kilometers are not reimbursed.

| City | Hotel cap | Per diem |
|------|-----------|----------|
| Porto | 120 euros | 45 euros |
| Oslo | 210 euros | 80 euros |
"""
RADIO = """# Marine radio

The handheld radio listens on channel 16. Its battery lasts eleven hours when it is not sending.
Charge it in the blue cradle; a full charge takes four hours.
"""
QUESTIONS: list[dict[str, Any]] = [
    {
        "id": "leave",
        "question": "How many days of annual leave does every employee have?",
        "answerable": True,
        "document": "people/leave.md",
        "passage": "Every employee has 25 days of annual leave per calendar year.",
        "answers": ["25 days"],
        "tags": ["plain", "people"],
    },
    {
        "id": "battery",
        "question": "How long does the battery of the handheld radio last?",
        "answerable": True,
        "document": "radio.md",
        "passage": "Its battery lasts eleven hours when it is not sending.",
        "answers": ["eleven hours"],
        "tags": ["plain"],
    },
    {
        "id": "hotel",
        "question": "What is the hotel cap in Oslo?",
        "answerable": True,
        "document": "travel.md",
        "passage": "Oslo | 210 euros | 80 euros",
        "answers": ["210 euros"],
        "tags": ["plain"],
    },
    {
        "id": "dental",
        "question": "Which dentist does the quantum insurance cover?",
        "answerable": False,
        "document": "benefits.md",
        "passage": "",
        "answers": [],
    },
]


@pytest.fixture(scope="session")
def handbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset in the `folder` layout: three documents, four questions. Read only."""
    path = tmp_path_factory.mktemp("handbook")
    (path / "corpus" / "people").mkdir(parents=True)
    (path / "corpus" / "people" / "leave.md").write_text(LEAVE)
    (path / "corpus" / "travel.md").write_text(TRAVEL)
    (path / "corpus" / "radio.md").write_text(RADIO)
    lines = "\n".join(json.dumps(question) for question in QUESTIONS)
    (path / "questions.jsonl").write_text(lines + "\n")
    return path


@pytest.fixture(scope="session")
def benched(handbook: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `footnote bench` measured on the handbook with 4 questions: ingests and answers, once.

    Eleven processes that each load a model: who asks for it belongs to the group "bench".
    """
    from rich.console import Console

    from evals.bench import suites

    folder = tmp_path_factory.mktemp("benched")
    file = folder / "bench.json"
    with (folder / "out.txt").open("w") as out:
        console = Console(file=out, width=100)
        suites.run(("ingest", "reingest", "ask"), handbook, 1, 4, file, console)
    found: dict[str, Any] = json.loads(file.read_text())
    return found


@pytest.fixture(scope="session")
def measured(handbook: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Services on the ingested handbook, as an eval builds them. Read only."""
    from app import telemetry
    from app.bootstrap import build_services
    from app.settings import Settings
    from evals.running.ingesting import ingest_folder
    from evals.running.spans import SpanKeeper

    telemetry.set_up("test", export=False)

    settings = Settings(
        _env_file=None,
        data_dir=tmp_path_factory.mktemp("measured"),
        embedding_precision="float32",
    )
    services = build_services(settings, record_answers=False, sink=SpanKeeper())
    ingest_folder(services, handbook / "corpus", "handbook")
    yield services
    services.close()
