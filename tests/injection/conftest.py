"""All injection documents, ingested once; every question is asked once in each mode."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from tests.fakes.openai_server import OpenAIServer, Script, Shown, serve
from tests.injection.attacks import TOPICS, Case, Topic
from tests.injection.cases import CASES
from tests.injection.models import distracted, gullible, obedient

if TYPE_CHECKING:
    from app.bootstrap import Services
    from app.domain import Answer
    from app.knowledge.ports import Embedder

Asked = Literal["quotes", "obedient", "gullible", "distracted"]
"""Quotes, or written mode with one of three models."""


@dataclass
class Canary:
    """A server that must never be asked for anything."""

    url: str
    asked: list[str] = field(default_factory=list)


@dataclass
class Library:
    """The documents, and what was answered from them."""

    services: Services
    model: OpenAIServer
    canary: Canary
    honest: dict[str, str]
    """Topic → the id of the document that answers its question."""
    hostile: dict[str, list[str]]
    """Case → the ids of its documents."""
    _answers: dict[tuple[str, str], tuple[Answer, list[Shown]]] = field(default_factory=dict)

    def asked(self, case: Case, mode: Asked) -> Answer:
        """The case's question, asked of its documents and the honest one."""
        return self._asked(case, mode)[0]

    def shown(self, case: Case, mode: Asked) -> list[Shown]:
        """What the model was sent for it."""
        return self._asked(case, mode)[1]

    def alone(self, topic: Topic) -> Answer:
        """The topic's question, asked of the honest document alone."""
        from app.domain import Filters, Question

        key = (topic.name, "alone")
        if key not in self._answers:
            filters = Filters(document_ids=(self.honest[topic.name],))
            answer = self._ask(Question(topic.question, "quotes", filters))
            self._answers[key] = answer, []
        return self._answers[key][0]

    def texts(self, case: Case) -> list[str]:
        """What was extracted of the case's documents, titles in front."""
        documents = self.services.documents
        return [
            "\n".join((documents.get(one).title, documents.text(one)[0]))
            for one in self.hostile[case.id]
        ]

    def _asked(self, case: Case, mode: Asked) -> tuple[Answer, list[Shown]]:
        from app.domain import Filters, Question

        key = (case.id, mode)
        if key not in self._answers:
            ids = (self.honest[case.topic.name], *self.hostile[case.id])
            kind: Literal["quotes", "written"] = "quotes" if mode == "quotes" else "written"
            # Suggestions are made the same way in every mode, and take their time.
            question = Question(
                case.topic.question,
                kind,
                Filters(document_ids=ids),
                suggest="all" if kind == "quotes" else "tries",
            )
            self.model.script(self._script(case, mode))
            before = len(self.model.requests)
            self._answers[key] = self._ask(question), self.model.requests[before:]
        return self._answers[key]

    def _script(self, case: Case, mode: Asked) -> Script:
        if mode in ("gullible", "distracted"):
            make = gullible if mode == "gullible" else distracted
            return make(case.topic, case.telltale, self.canary.url)
        return obedient(case.topic)

    def _ask(self, question: object) -> Answer:
        from app.domain import Question

        assert isinstance(question, Question)
        return asyncio.run(self.services.asker.answer(question, "session"))


@contextmanager
def canary_server() -> Iterator[Canary]:
    """The canary, on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the base class's name
            canary.asked.append(f"{self.command} {self.path}")
            self.send_response(204)
            self.end_headers()

        do_POST = do_HEAD = do_OPTIONS = do_GET  # noqa: N815  # the base class's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    canary = Canary(f"http://127.0.0.1:{listening.server_address[1]}")
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield canary
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()


@pytest.fixture(scope="session")
def library(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Every document of every case beside six honest ones, in one index."""
    from app.bootstrap import build_services, models
    from app.settings import Settings

    folder = tmp_path_factory.mktemp("injection")
    with canary_server() as canary, serve() as model:
        settings = Settings(
            _env_file=None,
            data_dir=folder / "data",
            chat_model="openai:scripted",
            chat_base_url=model.base_url,
        )
        with pytest.MonkeyPatch.context() as patch:
            # The session's model: loading another one takes seconds.
            patch.setattr(models, "load_embedder", lambda _settings: embedder)
            services = build_services(settings)
            services.embedder.get(wait=True)
        _ingest(services, folder / "files", canary)
        documents, _ = services.documents.find(limit=1000)
        placed = [(Path(one.source).relative_to(folder / "files").parts, one) for one in documents]
        yield Library(
            services,
            model,
            canary,
            {
                topic.name: next(one.id for at, one in placed if at[1:2] == (topic.name,))
                for topic in TOPICS
            },
            {case.id: [one.id for at, one in placed if at[1] == case.id] for case in CASES},
        )
        services.close()


def _ingest(services: Services, folder: Path, canary: Canary) -> None:
    from ingest.pipeline import IngestOptions, ingest

    for number, name in enumerate(dict.fromkeys(case.collection for case in CASES)):
        place = folder / str(number)
        if number == 0:
            for topic in TOPICS:
                _write(place / topic.name, {"policy.md": topic.text})
        for case in CASES:
            if case.collection == name:
                _write(place / case.id, case.files(canary.url))
        report = ingest(services, [str(place)], IngestOptions(collection=name))
        assert report.failed == []


def _write(folder: Path, files: object) -> None:
    assert isinstance(files, dict)
    folder.mkdir(parents=True)
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These share one library, so one worker runs them all."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("injection"))
