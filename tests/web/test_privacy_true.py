"""``/privacy`` is true: what is kept, what is sent and what is deleted, seen from the outside."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import MetaData, select

from app.web.security import SESSION_COOKIE
from tests.fakes import openai_server as fake
from tests.fakes.openai_server import OpenAIServer
from tests.web.conftest import FROM_US, HTMX, browsing, events, tree, words

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

    from app.bootstrap import Services

QUESTION = "When is the harbor office open on weekdays?"
AGENT = "Browser-of-a-person/7.1"
ADDRESS = "203.0.113.77"


@pytest.fixture(scope="module")
def model() -> Iterator[OpenAIServer]:
    with fake.serve() as server:
        yield server


@pytest.fixture(scope="module")
def writing(
    model: OpenAIServer, harbor_files: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Services, TestClient]]:
    """An application of its own that writes with the scripted model; nobody else's questions."""
    from app.bootstrap import build_services
    from app.settings import Settings
    from ingest.pipeline import IngestOptions, ingest

    settings = Settings(
        _env_file=None,
        data_dir=tmp_path_factory.mktemp("true") / "data",
        embedding_precision="float32",
        max_file_mb=1,
        chat_model="openai:scripted",
        chat_base_url=model.base_url,
    )
    services = build_services(settings)
    services.embedder.get(wait=True)
    ingest(services, [str(harbor_files)], IngestOptions(collection="harbor"))
    with browsing(services) as client:
        yield services, client


@pytest.fixture
def person(writing: tuple[Services, TestClient], model: OpenAIServer) -> Iterator[TestClient]:
    """A browser that has asked nothing yet."""
    model.requests.clear()
    model.script(fake.PROSE)
    client = writing[1]
    yield client
    client.post("/history/delete", headers=FROM_US)
    client.cookies.clear()


def ask(client: TestClient, question: str, **fields: str) -> str:
    """The address of the answer."""
    asked = {"q": question, **fields}
    headers = FROM_US | {"User-Agent": AGENT, "X-Forwarded-For": ADDRESS}
    return client.post("/ask", data=asked, headers=headers).headers["location"]


def kept(services: Services) -> dict[str, str]:
    """Everything that the database holds, by table."""
    metadata = MetaData()
    metadata.reflect(services.engine)
    with services.engine.connect() as connection:
        return {
            table.name: repr(connection.execute(select(table)).all())
            for table in metadata.sorted_tables
        }


def said(client: TestClient) -> str:
    return words(client.get("/privacy").text)


# --- what leaves the machine ---------------------------------------------------------------------


def test_the_model_gets_the_question_and_the_passages_and_nothing_about_the_person(
    person: TestClient, model: OpenAIServer
) -> None:
    address = ask(person, QUESTION)
    (shown,) = model.requests
    assert shown.question == QUESTION
    assert any("7:30 to 16:00" in text for text in shown.passages.values())
    everything = repr(shown)
    session = person.cookies[SESSION_COOKIE]
    for private in (session, address.removeprefix("/a/"), AGENT, ADDRESS, "footnote_"):
        assert private not in everything
    page = said(person)
    assert "the chat model openai:scripted (127.0.0.1): your question" in page
    assert "titles, headings and dates" in page


def test_a_follow_up_brings_earlier_questions_and_answers_along_as_the_page_says(
    person: TestClient, writing: tuple[Services, TestClient], model: OpenAIServer
) -> None:
    first = ask(person, QUESTION)
    told = writing[0].answers.get(first.removeprefix("/a/"))
    model.requests.clear()
    ask(person, "and on Sundays?", conversation_id=told.conversation_id)
    rewriting = model.requests[0]
    assert QUESTION in rewriting.user
    assert told.text[:40] in rewriting.user
    page = said(person)
    assert "earlier questions of the conversation and the beginning of their answers" in page


@pytest.mark.parametrize("how", ["search", "quotes", "follow-up in quotes"])
def test_search_and_quotes_send_the_model_nothing(
    person: TestClient, writing: tuple[Services, TestClient], model: OpenAIServer, how: str
) -> None:
    if how == "search":
        assert "handbook" in person.get("/search", params={"q": QUESTION}).text
    else:
        answer = writing[0].answers.get(ask(person, QUESTION, mode="quotes")[3:])
        if how != "quotes":
            ask(
                person,
                "and on Sundays?",
                mode="quotes",
                conversation_id=answer.conversation_id,
            )
    assert model.requests == []
    assert "“Search” and “Show quotes only” send it nothing." in said(person)


def test_what_is_suggested_next_is_found_without_the_model(
    person: TestClient, model: OpenAIServer
) -> None:
    got = events(person.post("/ask", data={"q": QUESTION}, headers=HTMX).text)
    assert tree(got[-1][1]).css("a[data-ask]")
    assert len(model.requests) == 1


# --- what is kept --------------------------------------------------------------------------------


def test_a_question_is_kept_under_a_random_number_without_address_or_program(
    person: TestClient, writing: tuple[Services, TestClient]
) -> None:
    ask(person, QUESTION)
    tables = kept(writing[0])
    holding = [name for name, rows in tables.items() if QUESTION in rows]
    assert holding == ["answers", "questions"]
    assert person.cookies[SESSION_COOKIE] in tables["answers"]
    for rows in tables.values():
        assert AGENT not in rows
        assert ADDRESS not in rows
        assert "testclient" not in rows  # the address that the test's browser comes from
    assert "No name, no address, no account." in said(person)


@pytest.mark.parametrize("address", ["/ask?q=", "/search?q=", "/?q="])
def test_the_log_names_pages_without_questions(
    person: TestClient, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    with caplog.at_level(logging.DEBUG, "app"):
        person.get(f"{address}When+is+the+zephyr+moored?")
    assert address.partition("?")[0] in caplog.text
    assert "zephyr" not in caplog.text
    assert "without questions" in said(person)


# --- deleting ------------------------------------------------------------------------------------


def test_what_is_deleted_stands_nowhere_but_what_was_missed_on_the_owners_list(
    person: TestClient, writing: tuple[Services, TestClient]
) -> None:
    services = writing[0]
    missing = "What does the zeppelin hangar cost?"
    answered, refused = ask(person, QUESTION), ask(person, missing)
    person.post(
        f"{answered}/feedback",
        data={"helpful": "no", "comment": "a comment of mine"},
        headers=FROM_US,
    )
    person.post(
        f"{answered}/report", data={"kind": "other", "comment": "a report of mine"}, headers=FROM_US
    )
    person.post(f"{refused}/request", data={"comment": "we charter one"}, headers=FROM_US)
    session = person.cookies[SESSION_COOKIE]
    before = repr(kept(services))
    assert "a comment of mine" in before
    assert "a report of mine" in before
    person.post("/history/delete", headers=FROM_US)
    tables: dict[str, Any] = kept(services)
    assert [name for name, rows in tables.items() if missing in rows] == ["content_requests"]
    for gone in (QUESTION, "a comment of mine", "a report of mine", session):
        assert gone not in repr(tables)
    assert "without the number of this browser" in said(person)


def test_only_who_asked_sees_the_history_and_anybody_with_the_link_the_answer(
    person: TestClient,
) -> None:
    address = ask(person, QUESTION)
    mine = dict(person.cookies)
    person.cookies.clear()
    assert "7:30" in person.get(address).text
    assert QUESTION not in person.get("/history").text
    person.cookies.update(mine)
    assert QUESTION in person.get("/history").text


def test_a_model_elsewhere_is_said_to_get_what_it_gets(
    writing: tuple[Services, TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    services, client = writing
    state: Any = client.app_state
    changed = services.settings.model_copy(update={"chat_base_url": "https://llm.example/v1"})
    monkeypatch.setitem(state, "services", replace(services, settings=changed))
    page = said(client)
    assert "To llm.example (the chat model openai:scripted): your question" in page
    assert "What leaves this machine Nothing." not in page
