"""``/api/v1/ask``, ``/search``, ``/answers``: the contract, over real HTTP with the real model."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import httpx
import pytest

from app.api import streams
from app.domain import AskStep, Question, Searching
from tests.api.conftest import events, wait_for

ANSWER_FIELDS = {
    "answer_id", "trace_id", "conversation_id", "state", "mode", "model", "text", "sentences",
    "citations", "confidence", "closest", "usage", "timings_ms", "question", "asked", "uncovered",
    "conflicts", "stale", "missing_terms", "documents_searched", "passages_searched",
    "rephrasings", "followups", "notice",
}  # fmt: skip
CITATION_FIELDS = {
    "number", "document_id", "title", "source", "collection", "heading", "page", "quote", "start",
    "end", "updated_at",
}  # fmt: skip
RESULT_FIELDS = {
    "document_id", "title", "source", "heading", "page", "text", "start", "end", "score",
}  # fmt: skip
HOTEL = "How much is reimbursed for a hotel night?"
UNKNOWN = "Who won the chess championship in Reykjavik?"


def ask(client: httpx.Client, question: str = HOTEL, **more: Any) -> httpx.Response:
    return client.post("/api/v1/ask", json={"question": question, **more})


def test_an_answer_has_exactly_the_fields_of_the_contract(client: httpx.Client) -> None:
    answer = ask(client).json()
    assert set(answer) == ANSWER_FIELDS
    assert answer["state"] == "answered"
    assert answer["mode"] == "quotes"
    sentence = {"text", "citations", "verdict", "support", "problems"}
    assert set(answer["sentences"][0]) == sentence
    assert set(answer["citations"][0]) == CITATION_FIELDS
    assert set(answer["confidence"]) == {"level", "probability", "reasons", "measured"}
    assert set(answer["usage"]) >= {"input_tokens", "output_tokens", "cost_usd"}
    assert set(answer["timings_ms"]) == {"retrieve", "answer", "verify", "total", "first_token"}
    assert answer["timings_ms"]["total"] > answer["timings_ms"]["retrieve"] > 0
    assert "165" in answer["text"]


def test_every_citation_stands_in_the_document_where_it_says(client: httpx.Client) -> None:
    answer = ask(client).json()
    assert answer["citations"]
    for citation in answer["citations"]:
        document = client.get(f"/api/v1/documents/{citation['document_id']}?text=true").json()
        assert document["text"][citation["start"] : citation["end"]] == citation["quote"]
        assert document["title"] == citation["title"]
    cited = {number for sentence in answer["sentences"] for number in sentence["citations"]}
    assert cited == {citation["number"] for citation in answer["citations"]}


def test_a_heading_path_is_one_string(client: httpx.Client) -> None:
    assert "Travel › Hotels" in ask(client).json()["citations"][0]["heading"]


def test_what_the_documents_do_not_answer_is_not_found_with_the_closest_passages(
    client: httpx.Client,
) -> None:
    response = ask(client, UNKNOWN)
    assert response.status_code == 200
    answer = response.json()
    assert answer["state"] == "not_found"
    assert answer["sentences"] == answer["citations"] == []
    assert answer["closest"]
    assert set(answer["closest"][0]) == RESULT_FIELDS


def test_an_answer_looks_only_in_the_collections_that_were_named(client: httpx.Client) -> None:
    answer = ask(client, collections=["calendar"]).json()
    assert answer["state"] == "not_found"
    assert {passage["title"] for passage in answer["closest"]} == {"Rota"}


def test_a_conversation_id_is_kept(client: httpx.Client) -> None:
    assert ask(client, conversation_id="con_1").json()["conversation_id"] == "con_1"


def test_a_follow_up_is_rewritten_and_both_wordings_come_back(client: httpx.Client) -> None:
    first = ask(client, "What is the daily allowance for meals abroad?").json()
    follow_up = {"question": "and for hotels?", "conversation_id": first["conversation_id"]}
    answer = ask(client, **follow_up).json()
    assert answer["asked"] == "and for hotels?"
    assert "hotels" in answer["question"]
    assert "allowance" in answer["question"]
    insisted = ask(client, **follow_up, rewrite=False).json()
    assert (insisted["question"], insisted["asked"]) == ("and for hotels?", None)


def test_suggestions_come_when_they_are_asked_for(client: httpx.Client) -> None:
    question = "How many days of paid vacation does every employee have?"
    assert ask(client, question).json()["followups"] == []
    answer = ask(client, question, followups=True).json()
    assert answer["followups"]
    kept = client.get(f"/api/v1/answers/{answer['answer_id']}").json()
    assert kept["followups"] == answer["followups"]


def test_everything_that_was_wished_for_reaches_the_asker(scripted: Callable[..., Any]) -> None:
    asked: list[Question] = []

    async def listens(question: Question) -> AsyncIterator[AskStep]:
        asked.append(question)
        yield Searching(question.text)

    wishes = {"rewrite": False, "more_sources": True, "followups": True, "conversation_id": "con_1"}
    with scripted(listens) as server:
        for body in ({}, wishes):
            server.client.post(
                "/api/v1/ask",
                json={"question": "x", "mode": "quotes", **body},
                headers={"accept": "text/event-stream"},
            )
    assert asked == [
        Question("x", "quotes"),
        Question(
            "x",
            "quotes",
            conversation_id="con_1",
            rewrite=False,
            more_sources=True,
            suggest="all",
        ),
    ]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"question": "  "}, 400, "question is empty"),
        ({"question": "x " * 1500}, 400, "at most 2,000"),
        ({"question": HOTEL, "mode": "written"}, 409, "chat model"),
        ({"question": HOTEL, "mode": "search"}, 422, "mode: input should be 'auto'"),
        ({"question": HOTEL, "collections": ["nope"]}, 404, "Choose from: calendar, handbook"),
        ({"question": HOTEL, "document_ids": ["nope"]}, 404, "no such document"),
        ({"question": HOTEL, "changed_after": "soon"}, 422, "changed_after"),
        ({"question": HOTEL, "conversation_id": "a\0b"}, 422, "conversation_id"),
        ({}, 422, "question: field required"),
        ({"question": 7}, 422, "question: input should be a valid string"),
    ],
)
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_a_question_that_cannot_be_answered_so_is_refused_in_a_sentence(
    client: httpx.Client, accept: str, body: dict[str, Any], status: int, says: str
) -> None:
    response = client.post("/api/v1/ask", json=body, headers={"accept": accept})
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert set(response.json()) == {"type", "title", "status", "detail"}
    assert says in response.json()["detail"]


def test_a_body_of_megabytes_is_refused(client: httpx.Client) -> None:
    response = ask(client, "x" * 2_000_000)
    assert response.status_code == 413
    assert response.headers["content-type"] == "application/problem+json"


def test_a_question_can_be_narrowed_to_documents_formats_and_days(client: httpx.Client) -> None:
    documents = client.get("/api/v1/documents").json()["documents"]
    passwords = next(one["id"] for one in documents if one["title"] == "Password standard")
    assert ask(client, document_ids=[passwords]).json()["citations"] == []
    assert ask(client, kinds=["csv"]).json()["citations"] == []
    assert ask(client, changed_before="2000-01-01").json()["documents_searched"] == 0
    narrowed = ask(client, kinds=["md"], changed_after="2026-01-01").json()
    assert narrowed["state"] == "answered"


# --- streaming -----------------------------------------------------------------------------------


def test_a_stream_tells_the_steps_in_order_and_ends_with_the_answer(client: httpx.Client) -> None:
    response = client.post(
        "/api/v1/ask", json={"question": HOTEL}, headers={"accept": "text/event-stream"}
    )
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-cache"
    told = events(response.text)
    assert [name for name, _ in told] == ["searching", "found", "drafted", "finished"]
    searching, found, drafted, finished = (json.loads(data) for _, data in told)
    assert searching == {"question": HOTEL, "asked": None}
    assert found["documents_searched"] == 3
    assert set(found["results"][0]) == RESULT_FIELDS
    assert set(drafted["citations"][0]) == CITATION_FIELDS
    assert set(finished) == ANSWER_FIELDS
    assert finished["text"] == ask(client).json()["text"]


def test_an_error_within_a_stream_is_told_as_an_event(scripted: Callable[..., Any]) -> None:
    async def breaks(question: Question) -> AsyncIterator[AskStep]:
        yield Searching(question.text)
        raise RuntimeError("the secret inner reason")

    with scripted(breaks) as server:
        response = server.client.post(
            "/api/v1/ask", json={"question": "x"}, headers={"accept": "text/event-stream"}
        )
    (searching, _), (name, data) = events(response.text)
    assert (searching, name) == ("searching", "error")
    assert json.loads(data)["status"] == 500
    assert "trace id" in json.loads(data)["detail"]
    assert "secret" not in response.text


def test_a_silent_stream_is_kept_alive(
    scripted: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "KEEPALIVE_S", 0.05)

    async def thinks(question: Question) -> AsyncIterator[AskStep]:
        yield Searching(question.text)
        await anyio.sleep(0.3)
        yield Searching(question.text)

    with scripted(thinks) as server:
        response = server.client.post(
            "/api/v1/ask", json={"question": "x"}, headers={"accept": "text/event-stream"}
        )
    assert response.text.count(": ping") >= 2
    assert [name for name, _ in events(response.text)] == ["searching", "searching"]


def test_a_client_that_leaves_ends_the_work(scripted: Callable[..., Any]) -> None:
    ended: list[str] = []

    async def endless(question: Question) -> AsyncIterator[AskStep]:
        try:
            while True:
                yield Searching(question.text)
                await anyio.sleep(0.01)
        finally:
            ended.append(question.text)

    with scripted(endless) as server:
        with server.client.stream(
            "POST",
            "/api/v1/ask",
            json={"question": "x"},
            headers={"accept": "text/event-stream"},
        ) as response:
            lines = response.iter_lines()  # kept: dropping it would close the connection
            next(lines)
            assert ended == []
        wait_for(lambda: ended == ["x"], seconds=5)


# --- search --------------------------------------------------------------------------------------


def test_search_gives_ranked_passages_with_their_place(client: httpx.Client) -> None:
    results = client.get("/api/v1/search", params={"q": "hotel night"}).json()["results"]
    assert set(results[0]) == RESULT_FIELDS
    assert "165" in results[0]["text"]
    assert [r["score"] for r in results] == sorted((r["score"] for r in results), reverse=True)
    document = client.get(f"/api/v1/documents/{results[0]['document_id']}?text=true").json()
    assert document["text"][results[0]["start"] : results[0]["end"]] == results[0]["text"]


def test_k_limits_the_passages(client: httpx.Client) -> None:
    results = client.get("/api/v1/search", params={"q": "employee password", "k": 1}).json()
    assert len(results["results"]) == 1


@pytest.mark.parametrize(
    ("narrowed", "titles"),
    [
        ({"collection": "calendar"}, {"Rota"}),
        ({"collection": ["calendar", "handbook"]}, {"Rota", "Staff handbook", "Password standard"}),
        ({"kind": "csv"}, {"Rota"}),
        ({"kind": ["csv", "md"]}, {"Rota", "Staff handbook", "Password standard"}),
        ({"changed_before": "2026-02-02", "kind": "md"}, {"Staff handbook"}),
        ({"changed_after": "2026-02-02", "changed_before": "2026-02-02"}, {"Staff handbook"}),
        ({"changed_before": "2026-02-01"}, set()),
    ],
)
def test_a_search_is_narrowed_by_collection_format_and_date(
    client: httpx.Client, narrowed: dict[str, Any], titles: set[str]
) -> None:
    response = client.get("/api/v1/search", params={"q": "days", "k": 50, **narrowed})
    assert {result["title"] for result in response.json()["results"]} == titles


@pytest.mark.parametrize(
    ("params", "status", "says"),
    [
        ({}, 422, "q: field required"),
        ({"q": " "}, 400, "Give some words in q"),
        ({"q": "x" * 3000}, 400, "2,000"),
        ({"q": "x", "k": 0}, 422, "k: input should be greater than or equal to 1"),
        ({"q": "x", "collection": "nope"}, 404, "no collection “nope”"),
        ({"q": "x", "changed_after": "soon"}, 422, "changed_after"),
    ],
)
def test_a_search_that_cannot_be_made_is_refused_in_a_sentence(
    client: httpx.Client, params: dict[str, Any], status: int, says: str
) -> None:
    response = client.get("/api/v1/search", params=params)
    assert response.status_code == status
    assert says in response.json()["detail"]
