"""An experiment from its file to its note, through the real application."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, select
from typer.testing import CliRunner

from app import server
from app.ask.arms import ArmedAsker, assigned
from app.bootstrap import build_services, models
from app.cli import app
from app.insights.experiments.note import untouched
from app.records.behavior.tables import experiments, questions
from app.records.product.experiments import Spec
from app.settings import Settings
from tests.knowledge.world import WordEmbedder
from tests.web.conftest import FROM_US, browsing, tree, words

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.bootstrap import Services

LEAVE = """# Parental leave

- Parental leave in Oslo is long: sixteen weeks.
- Parental leave in Bergen is long: eighteen weeks.
- Parental leave in Paris is long: ten weeks.
- Parental leave in Rome is long: twelve weeks.
- Parental leave in Madrid is long: nine weeks.
"""
FILE = """\
id: shorter
hypothesis: One sentence is enough & quicker to read.
metric: acceptance
arms:
  three: {}
  one: {quote_sentences: 1}
guardrails:
  - {metric: rejection, at_most: 0.4}
"""
FORM = {
    "id": "by-hand",
    "hypothesis": "Two are enough.",
    "metric": "acceptance",
    "effect": "0.1",
    "share": "50",
    "arm": "two",
    "quote_sentences": "2",
    "guardrail": "rejection",
    "side": "at_most",
    "limit": "0.3",
    "stop": "1",
}
PAGE = "/insights/experiments"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Services, TestClient]]:
    """The application over one document; only the embedder is a stand-in that loads at once."""
    from ingest.pipeline import IngestOptions, ingest

    folder = tmp_path_factory.mktemp("experiments")
    (folder / "prd" / "experiments").mkdir(parents=True)
    (folder / "leave.md").write_text(LEAVE, encoding="utf-8")
    settings = Settings(_env_file=None, data_dir=folder / "data", prd_dir=folder / "prd")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "load_embedder", lambda _settings: WordEmbedder())
        services = build_services(settings)
        services.embedder.get(wait=True)
        assert not ingest(services, [str(folder / "leave.md")], IngestOptions()).failed
        with browsing(services) as client:
            client.headers.update(FROM_US)
            yield services, client


@pytest.fixture
def services(lab: tuple[Services, TestClient]) -> Iterator[Services]:
    """Without any experiment, at the beginning and at the end."""
    services, _ = lab
    (services.settings.prd_dir / "experiments" / "shorter.yaml").write_text(FILE, encoding="utf-8")
    yield services
    with services.engine.begin() as connection:
        connection.execute(delete(experiments))
    assert isinstance(services.asker, ArmedAsker)
    services.asker.look(again=True)


@pytest.fixture
def client(lab: tuple[Services, TestClient], services: Services) -> Iterator[TestClient]:
    yield lab[1]
    lab[1].cookies.clear()


def start(client: TestClient, file: str = "shorter.yaml") -> Any:
    return client.post(f"{PAGE}/start", data={"file": file})


def member(spec: Spec, arm: str) -> str:
    """A browser's session in this arm."""
    names = (f"session-of-a-browser-{number}" for number in range(1000))
    return next(name for name in names if assigned(spec, name) == arm)


def asked_by(services: Services, client: TestClient, arm: str) -> tuple[str, str, int]:
    """Ask as somebody in this arm: recorded experiment and arm, and how many citations came."""
    running = services.experiments.running()
    assert running is not None
    client.cookies.set("footnote_session", member(running.spec, arm))
    answered = client.post("/ask", data={"q": "How long is parental leave?"})
    assert answered.status_code == 303, answered.text
    answer = services.answers.get(answered.headers["location"].rpartition("/")[2].split("?")[0])
    with services.engine.connect() as connection:
        row = connection.execute(
            select(questions.c.experiment, questions.c.arm).where(
                questions.c.answer_id == answer.answer_id
            )
        ).one()
    return row.experiment, row.arm, len(answer.citations)


def test_an_experiment_goes_from_its_file_to_its_note(
    client: TestClient, services: Services
) -> None:
    listed = client.get(PAGE).text
    assert "One sentence is enough & quicker to read." in words(listed)
    assert start(client).headers["location"] == f"{PAGE}/shorter"
    assert asked_by(services, client, "one") == ("shorter", "one", 1)
    assert asked_by(services, client, "three") == ("shorter", "three", 3)

    shown = client.get(f"{PAGE}/shorter").text
    assert "Running since" in words(shown)
    assert "no interval yet: too few sessions" in words(shown)
    links = [link.attributes["href"] for link in tree(shown).css("td.num a")]
    assert "/insights/questions?period=all&experiment=shorter&arm=one" in links
    assert all(client.get(link).status_code == 200 for link in links)

    decided = client.post(
        f"{PAGE}/shorter/stop", data={"decision": "ship:one", "reason": "Quicker <b>"}
    )
    assert decided.headers["location"] == f"{PAGE}/shorter#note"
    after = client.get(f"{PAGE}/shorter").text
    assert "Ship “one”. Quicker <b>" in words(after)
    assert services.experiments.running() is None

    note = client.get(f"{PAGE}/shorter.md")
    assert 'attachment; filename="shorter.md"' in note.headers["content-disposition"]
    assert untouched(note.text)
    assert "**Ship “one”.** Quicker <b>" in note.text
    assert f"{PAGE}/shorter.md" in client.get(PAGE).text


def test_a_file_that_changed_is_told(client: TestClient, services: Services) -> None:
    start(client)
    path = services.settings.prd_dir / "experiments" / "shorter.yaml"
    assert "has changed since" not in client.get(f"{PAGE}/shorter").text
    path.write_text(FILE.replace("sentences: 1", "sentences: 2"), encoding="utf-8")
    assert "shorter.yaml has changed since this was started" in client.get(f"{PAGE}/shorter").text
    assert "the file has changed since" in client.get(PAGE).text


def test_a_file_with_a_mistake_is_listed_with_it(client: TestClient, services: Services) -> None:
    path = services.settings.prd_dir / "experiments" / "shorter.yaml"
    path.write_text(FILE.replace("acceptance", "acceptence"), encoding="utf-8")
    listed = client.get(PAGE)
    assert "shorter.yaml, line 3: “metric” is “acceptence”" in words(listed.text)
    refused = start(client)
    assert refused.status_code == 400
    assert "line 3" in refused.text


@pytest.mark.parametrize("file", ["../metrics.yaml", "nothing.yaml", ""])
def test_only_a_listed_file_can_be_started(client: TestClient, file: str) -> None:
    assert start(client, file).status_code in (404, 422)


def test_an_experiment_is_made_on_the_page(client: TestClient, services: Services) -> None:
    made = client.post(PAGE, data=FORM)
    assert made.headers["location"] == f"{PAGE}/by-hand"
    running = services.experiments.running()
    assert running is not None
    assert running.spec.share == 0.5
    assert [dict(arm.settings) for arm in running.spec.arms] == [{}, {"quote_sentences": 2}]
    assert running.spec.guardrails[0].at_most == 0.3
    assert running.spec.stop_on_breach
    assert running.base == {"quote_sentences": 3}
    assert asked_by(services, client, "two") == ("by-hand", "two", 2)


@pytest.mark.parametrize(
    ("changes", "citations"),
    [
        ({"answer_threshold": "0.999"}, 0),
        ({"answer_threshold": "0.01"}, 3),
        ({"mode": "quotes"}, 3),
    ],
)
def test_an_arm_may_refuse_more_or_less_often(
    client: TestClient, services: Services, changes: dict[str, str], citations: int
) -> None:
    form = {name: value for name, value in FORM.items() if name != "quote_sentences"}
    assert client.post(PAGE, data=form | changes).status_code == 303
    assert asked_by(services, client, "two") == ("by-hand", "two", citations)


def test_a_mistake_in_the_form_keeps_what_was_typed(client: TestClient, services: Services) -> None:
    refused = client.post(PAGE, data=FORM | {"quote_sentences": "20"})
    assert refused.status_code == 400
    assert "“arms.two.quote_sentences” is “20”" in words(refused.text)
    assert tree(refused.text).css_first("input[name=id]").attributes["value"] == "by-hand"
    assert services.experiments.running() is None


def test_the_form_cannot_name_files_or_models(client: TestClient, services: Services) -> None:
    client.post(PAGE, data=FORM | {"confidence_file": "/etc/passwd", "chat_model": "openai:x"})
    running = services.experiments.running()
    assert running is not None
    assert "confidence_file" not in running.spec.arms[1].settings
    assert "chat_model" not in running.spec.arms[1].settings


def test_a_second_one_has_to_wait(client: TestClient, services: Services) -> None:
    client.post(PAGE, data=FORM)
    refused = start(client)
    assert refused.status_code == 409
    assert "“by-hand” is running" in words(refused.text)
    assert tree(client.get(PAGE).text).css_first("button[disabled]") is not None


def test_a_decision_that_makes_no_sense_stops_nothing(
    client: TestClient, services: Services
) -> None:
    start(client)
    assert client.post(f"{PAGE}/shorter/stop", data={"decision": "ship:nobody"}).status_code == 409
    assert services.experiments.running() is not None


def test_another_site_cannot_start_one(client: TestClient, services: Services) -> None:
    sent = client.post(
        f"{PAGE}/start", data={"file": "shorter.yaml"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert sent.status_code == 403
    assert services.experiments.running() is None


def test_what_does_not_exist_is_not_found(client: TestClient) -> None:
    assert client.get(f"{PAGE}/nothing").status_code == 404
    assert client.get(f"{PAGE}/nothing.md").status_code == 404


def test_evals_run_in_no_experiment(services: Services) -> None:
    measured = build_services(services.settings, record_answers=False)
    try:
        assert not isinstance(measured.asker, ArmedAsker)
    finally:
        measured.close()


# --- the same from a terminal ---------------------------------------------------------------------


def test_the_terminal_starts_stops_and_writes_the_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "shorter.yaml"
    file.write_text(FILE, encoding="utf-8")
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FOOTNOTE_PRD_DIR", str(tmp_path / "prd"))
    monkeypatch.setattr(server, "configure_logging", lambda _level: None)

    def run(*said: str) -> Any:
        return CliRunner().invoke(app, ["experiments", *said])

    begun = run("start", str(file))
    assert begun.exit_code == 0, begun.exception
    assert "“shorter” is running." in begun.output
    assert "shorter  running" in run("list").output
    assert "“shorter” is running" in str(run("start", str(file)).exception)
    stopped = run("stop", "shorter", "--decision", "keep", "--reason", "No difference.")
    assert "Keep the control" in stopped.output
    written = run("note", "shorter", "--write")
    path = tmp_path / "prd" / "experiments" / "shorter.md"
    assert "Written:" in written.output
    assert "No difference." in path.read_text(encoding="utf-8")
    assert run("note", "shorter").output.startswith("# Experiment shorter")
    path.write_text(path.read_text(encoding="utf-8") + "Mine.", encoding="utf-8")
    assert "changed by hand" in str(run("note", "shorter", "--write").exception)
