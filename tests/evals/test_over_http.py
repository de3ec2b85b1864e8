"""A running server is asked as the Asker is in process, as far as its API tells."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from app.errors import BadRequest, NotFound
from evals.datasets import Dataset, load
from evals.reporting.report import summarize
from evals.running import server as server_module
from evals.running.options import RunOptions
from evals.running.over_http import UNKNOWN, run_over_http
from evals.running.records import RunResult
from evals.running.runner import run
from evals.running.server import ServerProblem
from tests.api.conftest import serving, wait_for
from tests.evals.test_runner import CAPS

if TYPE_CHECKING:
    from app.bootstrap import Services


@dataclass
class Flaky:
    """The application, with failures: status by the text that a request's body has, so often."""

    app: Any
    failures: dict[bytes, list[int]] = field(default_factory=dict)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        message = await receive()
        for text, left in self.failures.items():
            if text in message["body"] and left:
                start = {"type": "http.response.start", "status": left.pop(), "headers": []}
                await send(start)
                await send({"type": "http.response.body", "body": b"no"})
                return
        asked = [message]

        async def again() -> Any:
            return asked.pop() if asked else await receive()

        await self.app(scope, again, send)


@pytest.fixture(scope="module")
def flaky(measured: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real server that has ingested the handbook; the model of other tests is used again."""
    from app.bootstrap import build_services, models
    from app.main import create_app
    from evals.running.ingesting import ingest_folder

    settings = measured.settings.model_copy(update={"data_dir": tmp_path_factory.mktemp("served")})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "load_embedder", lambda _settings: measured.embedder.get(wait=True))
        services = build_services(settings)
        yield services, Flaky(create_app(services=services)), ingest_folder


@pytest.fixture(scope="module")
def served(flaky: Any, handbook: Path) -> Iterator[tuple[str, Flaky]]:
    services, app, ingest_folder = flaky
    ingest_folder(services, handbook / "corpus", "handbook")
    with serving(app) as running:
        wait_for(lambda: running.client.get("/readyz").status_code == 200)
        yield running.url, app


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits between two tries."""
    monkeypatch.setattr(server_module, "_WAITS_S", (0.0, 0.0, 0.0))


def asked_over_http(served: tuple[str, Flaky], dataset: Dataset, **options: Any) -> RunResult:
    return run_over_http(served[0], dataset, RunOptions(**options))


@pytest.mark.slow
def test_over_http_the_same_is_measured_as_in_process(
    served: tuple[str, Flaky], measured: Services, handbook: Path
) -> None:
    dataset = load("folder", handbook)
    dataset = replace(dataset, cases=(*dataset.cases, CAPS))
    far = asked_over_http(served, dataset, parallel=2, living=True)
    assert far.environment["searched"] == ["handbook"]
    near = run(measured, dataset, RunOptions(baselines=False))
    for one, other in zip(far.records, near.records, strict=True):
        for name in ("state", "level", "text", "cited", "closest", "located", "violations"):
            assert getattr(one, name) == getattr(other, name), (one.case.id, name)
        assert one.probability == pytest.approx(other.probability, abs=1e-4)
        assert one.cited_places == other.cited_places
        assert one.asked == other.asked
        assert one.timings_ms["total"] > 0
        found = [(p.document, p.start, p.gold) for p in one.rankings["fused"]]
        assert found == [(p.document, p.start, p.gold) for p in other.rankings["fused"]]
    assert "120 euros" in far.records[-1].text, "a follow-up is asked in its conversation"
    assert far.notes == (UNKNOWN,)
    figures, before = summarize(far).sections, summarize(near).sections
    for title in ("Answers", "Citations", "Abstention and calibration", "Cost"):
        for name, figure in before[title].items():
            if name not in ("sentences_mean", "sentences_most"):
                assert figures[title][name].value == pytest.approx(figure.value, abs=1e-3), name
    assert figures["Gold passages"]["read_recall"].n == 0
    assert str(served[0]) not in str(far.environment)


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_a_server_that_stumbles_is_asked_again(served: tuple[str, Flaky], handbook: Path) -> None:
    dataset = load("folder", handbook)
    served[1].failures = {b"handheld": [503, 500]}
    made = asked_over_http(served, dataset)
    assert not any(record.failed for record in made.records)
    assert served[1].failures == {b"handheld": []}


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_a_question_that_the_server_cannot_answer_is_told_as_failed(
    served: tuple[str, Flaky], handbook: Path
) -> None:
    dataset = load("folder", handbook)
    served[1].failures = {b"handheld": [500] * 9, b"Oslo": [422]}
    made = asked_over_http(served, dataset)
    served[1].failures = {}
    assert [record.failed for record in made.records] == [False, True, True, False]
    assert "/api/v1/ask answers 500" in made.records[1].error
    assert "answers 422" in made.records[2].error
    assert "2 of 4 questions could not be asked" in made.notes[-1]


def test_a_server_that_is_away_is_said_at_once(handbook: Path) -> None:
    with pytest.raises(ServerProblem, match="Nothing answers at") as caught:
        run_over_http("http://127.0.0.1:9", load("folder", handbook), RunOptions())
    assert "footnote serve" in caught.value.action
    with pytest.raises(BadRequest, match="is no address"):
        run_over_http("somewhere", load("folder", handbook), RunOptions())


class Other(BaseHTTPRequestHandler):
    """Another program: it answers everything with a page."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()
        self.wfile.write(b"<p>Hello</p>")

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def test_another_program_at_the_address_is_seen(handbook: Path) -> None:
    other = HTTPServer(("127.0.0.1", 0), Other)
    thread = threading.Thread(target=other.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{other.server_port}"
    try:
        with pytest.raises(ServerProblem, match=r"answers 404\. It may be another program"):
            run_over_http(url, load("folder", handbook), RunOptions())
    finally:
        other.shutdown()
        thread.join()
        other.server_close()


@pytest.mark.slow
def test_a_server_without_the_documents_is_said(served: tuple[str, Flaky], handbook: Path) -> None:
    elsewhere = load("folder", handbook)
    gold = tuple(replace(one, document="else.md") for one in elsewhere.cases[0].gold)
    only = replace(elsewhere, cases=(replace(elsewhere.cases[0], gold=gold),))
    with pytest.raises(NotFound, match="None of the 1 documents"):
        asked_over_http(served, only)
