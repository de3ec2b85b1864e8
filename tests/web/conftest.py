"""Pages over real services: a few real files, really ingested; and a place to script an asker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from tests.web.harbor import write_harbor

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.bootstrap import Services
    from app.domain import Answer, AskStep, Document, Question, Rephrasing


@pytest.fixture(scope="session")
def harbor_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("harbor")
    write_harbor(folder)
    return folder


@pytest.fixture(scope="session")
def harbor(
    harbor_files: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Services, TestClient]]:
    """Services that know the harbor's documents, and a browser without JavaScript."""
    from app.bootstrap import build_services
    from app.settings import Settings
    from ingest.pipeline import IngestOptions, ingest

    data = tmp_path_factory.mktemp("web") / "data"
    settings = Settings(_env_file=None, data_dir=data, embedding_precision="float32", max_file_mb=1)
    services = build_services(settings)
    services.embedder.get(wait=True)
    report = ingest(services, [str(harbor_files)], IngestOptions(collection="harbor"))
    assert len(report.failed) == 1, report.failed
    with browsing(services) as client:
        yield services, client


class browsing:  # noqa: N801  # reads as a verb
    """A client that sends what a browser sends."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stack = ExitStack()

    def __enter__(self) -> TestClient:
        from starlette.testclient import TestClient

        from app.main import create_app

        client = TestClient(
            create_app(services=self._services),
            base_url="http://127.0.0.1",
            headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"},
            follow_redirects=False,
        )
        return self._stack.enter_context(client)

    def __exit__(self, *error: Any) -> None:
        self._stack.close()


@pytest.fixture
def services(harbor: tuple[Services, TestClient]) -> Services:
    """Those of the harbor, in place of the empty ones."""
    return harbor[0]


@pytest.fixture
def client(harbor: tuple[Services, TestClient]) -> Iterator[TestClient]:
    yield harbor[1]
    harbor[1].cookies.clear()


@pytest.fixture
def find(services: Services) -> Callable[[str], Document]:
    """A document by the end of its file name."""

    def by_name(name: str) -> Document:
        found, _ = services.documents.find(limit=500)
        return next(document for document in found if document.source.endswith(name))

    return by_name


@dataclass
class Scripted:
    """An asker that takes the given steps; an exception among them is raised."""

    steps: Sequence[AskStep | Exception]
    asked: Question | None = None
    session: str = ""
    next: tuple[str, ...] | tuple[Rephrasing, ...] | Exception = ()
    """What is suggested after the answer: to ask next, or where nothing was found to try."""

    async def ask(self, question: Question, session_id: str = "") -> AsyncIterator[AskStep]:
        self.asked, self.session = question, session_id
        for step in self.steps:
            if isinstance(step, Exception):
                raise step
            yield step

    async def answer(self, question: Question, session_id: str = "") -> Answer:
        from app.domain import Finished

        async for step in self.ask(question, session_id):
            if isinstance(step, Finished):
                return step.answer
        raise AssertionError("the script ends without an answer")

    async def suggest(self, answer: Answer, session_id: str = "") -> Answer:
        from app.domain import Rephrasing

        if isinstance(self.next, Exception):
            raise self.next
        if not self.next:
            return answer
        tries = tuple(one for one in self.next if isinstance(one, Rephrasing))
        questions = tuple(one for one in self.next if isinstance(one, str))
        return replace(answer, followups=questions, rephrasings=tries)


@pytest.fixture
def scripted(harbor: tuple[Services, TestClient]) -> Iterator[Callable[..., Scripted]]:
    """Let the harbor's application ask a script instead of the documents, for one test."""
    services, client = harbor
    state: Any = client.app_state
    before = state["services"]

    def script(*steps: AskStep | Exception) -> Scripted:
        asker = Scripted(steps)
        state["services"] = replace(services, asker=asker)  # type: ignore[arg-type]  # a script of the same shape
        return asker

    yield script
    state["services"] = before


HTMX = {"HX-Request": "true"}
FROM_US = {"Sec-Fetch-Site": "same-origin"}


def tree(html: str) -> Any:
    """The parsed page; untyped, because a node that is missing fails the test by itself."""
    return LexborHTMLParser(html)


def words(html: str) -> str:
    """What a reader sees of the page, white space squeezed."""
    body = tree(html).body
    return " ".join((body.text() if body else "").split())


def events(stream: str) -> list[tuple[str, str]]:
    """``(name, data)`` of every server-sent event."""
    found = []
    for block in stream.replace("\r\n", "\n").split("\n\n"):
        lines = block.split("\n")
        name = next((line[7:] for line in lines if line.startswith("event: ")), "")
        data = "\n".join(line[6:] for line in lines if line.startswith("data: "))
        if data or name:
            found.append((name, data))
    return found
