"""Every error is a sentence in the form its reader understands, never a traceback."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from app import errors
from app.api.problems import problem_of
from app.domain import AskStep, Question, Searching
from app.errors import FootnoteError


async def crashes(question: Question) -> AsyncIterator[AskStep]:
    if question.text:
        raise RuntimeError("the secret inner reason")
    yield Searching(question.text)


@pytest.mark.parametrize(
    ("method", "path", "status", "says"),
    [
        ("GET", "/api/v1/nothing", 404, "nothing at this address"),
        ("PUT", "/api/v1/ask", 405, "This address takes POST"),
        ("GET", "/mcp", 405, "This address takes POST"),
        ("POST", "/healthz", 405, "This address takes GET"),
    ],
)
def test_a_wrong_address_or_method_is_explained(
    client: httpx.Client, method: str, path: str, status: int, says: str
) -> None:
    response = client.request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert says in response.json()["detail"]
    if status == 405:
        assert response.headers["allow"]


def test_broken_json_is_explained(client: httpx.Client) -> None:
    response = client.post(
        "/api/v1/ask", content=b'{"question": ', headers={"content-type": "application/json"}
    )
    assert response.status_code == 422
    assert "JSON decode error".lower() in response.json()["detail"].lower()


def test_a_browser_gets_a_page_and_htmx_a_fragment(client: httpx.Client) -> None:
    page = client.get("/nowhere", headers={"accept": "text/html"})
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "<html" in page.text
    fragment = client.get("/nowhere", headers={"accept": "*/*", "hx-request": "true"})
    assert fragment.status_code == 404
    assert fragment.headers["content-type"].startswith("text/html")
    assert "<html" not in fragment.text


def test_the_api_answers_a_browser_with_json_too(client: httpx.Client) -> None:
    response = client.get("/api/v1/documents/nope", headers={"accept": "text/html"})
    assert response.headers["content-type"] == "application/problem+json"


def test_an_unexpected_error_shows_its_trace_id_and_the_log_has_the_rest(
    scripted: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    with scripted(crashes) as server, caplog.at_level(logging.INFO):
        response = server.client.post("/api/v1/ask", json={"question": "x"})
    assert response.status_code == 500
    detail = response.json()["detail"]
    assert "secret" not in response.text
    (trace_id,) = re.findall("[0-9a-f]{32}", detail)
    (record,) = [record for record in caplog.records if record.exc_info]
    assert trace_id in record.getMessage()
    assert "the secret inner reason" in str(record.exc_info and record.exc_info[1])


def test_an_unexpected_error_of_the_openai_door_has_openais_shape(
    scripted: Callable[..., Any],
) -> None:
    with scripted(crashes) as server:
        response = server.client.post(
            "/v1/chat/completions",
            json={"model": "footnote", "messages": [{"role": "user", "content": "x"}]},
        )
    assert response.status_code == 500
    assert response.json()["error"]["type"] == "server_error"
    assert "trace id" in response.json()["error"]["message"]
    assert "secret" not in response.text


def test_access_lines_are_short_and_hold_no_question(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="app.access"):
        client.get("/api/v1/search", params={"q": "my private matter"})
        client.get("/healthz")
    lines = [record.getMessage() for record in caplog.records if record.name == "app.access"]
    assert len(lines) == 1
    assert re.fullmatch(r"GET /api/v1/search 200 \d+ ms", lines[0])


def test_while_the_model_loads_questions_are_told_to_come_back(tmp_path: Any) -> None:
    """Real services whose model is held up by the test."""
    import threading
    from dataclasses import replace

    from app.bootstrap import build_services
    from app.knowledge.model_holder import ModelHolder
    from app.main import create_app
    from tests.api.conftest import plain_settings, serving, wait_for

    go_on = threading.Event()

    def load() -> Any:
        go_on.wait(30)
        raise errors.SettingsError("The model “x” can't be loaded.", "Set another one.")

    built = build_services(plain_settings(tmp_path / "data"))
    slow: Any = ModelHolder(load, "search model")
    with serving(create_app(services=replace(built, embedder=slow))) as server:
        response = server.client.get("/readyz")
        assert response.status_code == 503
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["retry-after"]
        assert response.json()["type"] == "urn:footnote:problem:not-ready"
        streamed = server.client.post(
            "/api/v1/ask", json={"question": "x"}, headers={"accept": "text/event-stream"}
        )
        assert streamed.status_code == 503
        assert server.client.get("/healthz").json() == {"status": "alive"}
        go_on.set()
        wait_for(lambda: "not-ready" not in server.client.get("/readyz").text)
        failed = server.client.get("/readyz")
        assert failed.status_code == 503
        assert "can't be loaded" in failed.json()["detail"]


def every_error() -> list[type[FootnoteError]]:
    found: list[type[FootnoteError]] = []
    waiting: list[type[FootnoteError]] = [FootnoteError]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += kind.__subclasses__()
    return [kind for kind in found if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_error_of_the_tree_is_a_problem_with_its_status_and_words(
    kind: type[FootnoteError],
) -> None:
    problem = problem_of(kind("It broke.", "Mend it."))
    assert problem.detail == "It broke. Mend it."
    assert (problem.status, problem.title) == (kind.status, kind.title)
    assert re.fullmatch("urn:footnote:problem:[a-z-]+", problem.type)
