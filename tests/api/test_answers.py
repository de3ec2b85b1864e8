"""``/api/v1/answers`` and ``/conversations``: read again, say what is wrong or missing, forget."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from app.api.openai_compat import content_pieces
from app.api.schemas import AnswerOut
from app.api.wording import state_sentences
from app.domain import (
    Answer,
    AnswerState,
    Citation,
    Conflict,
    Filters,
    Rephrasing,
    Sentence,
    Side,
    Stale,
    Verdict,
)
from tests.api.conftest import Server
from tests.api.test_ask import ANSWER_FIELDS, HOTEL, UNKNOWN, ask
from tests.contracts.test_answers import plain_answer


def test_an_answer_can_be_read_again_with_its_question(client: httpx.Client) -> None:
    given = ask(client, collections=["handbook"]).json()
    stored = client.get(f"/api/v1/answers/{given['answer_id']}").json()
    assert {name: stored[name] for name in ANSWER_FIELDS} == given
    assert stored["question"] == HOTEL
    assert stored["collections"] == ["handbook"]


def test_feedback_is_kept(server: Server) -> None:
    answer_id = ask(server.client).json()["answer_id"]
    said = {"helpful": False, "reasons": ["outdated"], "comment": "old", "correction": "EUR 170"}
    response = server.client.post(f"/api/v1/answers/{answer_id}/feedback", json=said)
    assert response.status_code == 201
    assert response.json() == {"answer_id": answer_id, **said}
    server.client.post(f"/api/v1/answers/{answer_id}/feedback", json={"helpful": True})
    first, second = server.services.answers.feedback(answer_id)
    assert (first.helpful, first.reasons, first.correction) == (False, ("outdated",), "EUR 170")
    assert second.helpful is True


def test_what_is_missing_can_be_requested_once(client: httpx.Client) -> None:
    answer_id = ask(client, UNKNOWN).json()["answer_id"]
    path = f"/api/v1/answers/{answer_id}/request"
    made = client.post(path, json={"comment": "Everybody asks."})
    assert made.status_code == 201
    body = made.json()
    assert (body["question"], body["comment"], body["status"]) == (
        UNKNOWN, "Everybody asks.", "open",
    )  # fmt: skip
    assert body["documents"]
    again = client.post(path, json={})
    assert again.status_code == 201
    assert again.json() == body


def test_a_problem_can_be_reported(server: Server) -> None:
    answer_id = ask(server.client).json()["answer_id"]
    path = f"/api/v1/answers/{answer_id}/report"
    made = server.client.post(path, json={"kind": "wrong_source", "comment": "Another office."})
    assert made.status_code == 201
    assert (made.json()["kind"], made.json()["answer_id"]) == ("wrong_source", answer_id)
    (kept,) = server.services.requests.reports(answer_id)
    assert (kept.kind, kept.comment) == ("wrong_source", "Another office.")
    refused = server.client.post(path, json={"kind": "boring"})
    assert refused.status_code == 422
    assert "kind" in refused.json()["detail"]


def test_a_conversation_is_read_and_forgotten(client: httpx.Client) -> None:
    first = ask(client, conversation_id="con_forget").json()
    second = ask(client, UNKNOWN, conversation_id="con_forget").json()
    path = "/api/v1/conversations/con_forget"
    told = client.get(path).json()
    ids = [answer["answer_id"] for answer in told["answers"]]
    assert ids == [first["answer_id"], second["answer_id"]]
    assert client.delete(path).json() == {"deleted": 2}
    for gone in (path, f"/api/v1/answers/{first['answer_id']}"):
        response = client.get(gone)
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"


def test_an_answer_is_forgotten(client: httpx.Client) -> None:
    path = f"/api/v1/answers/{ask(client).json()['answer_id']}"
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert "deleted already" in client.delete(path).json()["detail"]


def test_what_was_asked_in_a_browser_is_not_read_by_conversation(server: Server) -> None:
    """A shared answer names its conversation; the rest of it stays with who had it."""
    answer = plain_answer("ans_browser", conversation_id="con_browser")
    server.services.answers.add(answer, "a browser's session")
    path = "/api/v1/conversations/con_browser"
    assert server.client.get(path).status_code == 404
    assert server.client.delete(path).status_code == 404
    assert server.client.delete("/api/v1/answers/ans_browser").status_code == 404
    assert server.client.get("/api/v1/answers/ans_browser").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/answers/nope"),
        ("DELETE", "/api/v1/answers/nope"),
        ("POST", "/api/v1/answers/nope/feedback"),
        ("POST", "/api/v1/answers/nope/request"),
        ("POST", "/api/v1/answers/nope/report"),
        ("GET", "/api/v1/conversations/nope"),
        ("DELETE", "/api/v1/conversations/nope"),
    ],
)
def test_what_does_not_exist_is_not_found(client: httpx.Client, method: str, path: str) -> None:
    response = client.request(method, path, json={"helpful": True, "kind": "other"})
    assert response.status_code == 404
    assert response.json()["type"] == "urn:footnote:problem:not-found"


# --- the states, as programs and chat programs see them ------------------------------------------


def citation(number: int, title: str, day: int) -> Citation:
    when = datetime(2026, 1, day, tzinfo=UTC)
    quote = f"Quote {number}."
    return Citation(
        number, f"doc_{number}", "p", title, "/x", "c", "md", (), None, "", quote, 0, 8, when
    )


NEW, OLD = citation(1, "Policy 2026", 20), citation(2, "Policy 2024", 10)
CONFLICT = Conflict("amount of money", (Side(1, "EUR 165"), Side(2, "EUR 140")))
STALE = Stale("doc_2", "Policy 2024", "superseded", None, "Policy 2026", "doc_1")
TWO = plain_answer(
    "ans_1",
    question="How much?",
    state=AnswerState.CONFLICTING,
    sentences=(Sentence("EUR 165.", (1,)), Sentence("EUR 140.", (2,))),
    citations=(NEW, OLD),
)
STATES: list[tuple[Answer, str]] = [
    (
        replace(TWO, conflicts=(CONFLICT,)),
        "The sources disagree on amount of money: “EUR 165” (Policy 2026, 2026-01-20) [1]; "
        "“EUR 140” (Policy 2024, 2026-01-10) [2].",
    ),
    (
        replace(TWO, conflicts=(replace(CONFLICT, settled=True),)),
        "The newest source says on amount of money: “EUR 165” (Policy 2026, 2026-01-20) [1]. "
        "Before: “EUR 140” (Policy 2024, 2026-01-10) [2].",
    ),
    (
        replace(TWO, state=AnswerState.OUTDATED, stale=(STALE,)),
        "May be out of date: “Policy 2024” was replaced by “Policy 2026”.",
    ),
    (
        replace(TWO, stale=(replace(STALE, newer_document_id=None),)),
        "May be out of date: “Policy 2024” was replaced by “Policy 2026”, "
        "which is not among the documents.",
    ),
    (
        replace(TWO, stale=(Stale("doc_2", "Policy 2024", "review_passed", date(2025, 3, 31)),)),
        "May be out of date: “Policy 2024” was due for review on 2025-03-31.",
    ),
    (
        replace(TWO, state=AnswerState.PARTIAL, uncovered=("and the deposit",)),
        "The documents answer only a part of the question; nothing on “and the deposit”.",
    ),
    (replace(TWO, asked="and here?"), "Understood as: How much?"),
    (replace(TWO, notice="The model was slow."), "The model was slow."),
    (
        replace(
            TWO,
            sentences=(
                Sentence(
                    "EUR 170.", (1,), Verdict.UNSUPPORTED, problems=("“170” stands nowhere.",)
                ),
            ),
        ),
        "Not fully supported: “EUR 170.” “170” stands nowhere.",
    ),
    (
        plain_answer("ans_1", missing_terms=("dental",), documents_searched=62),
        "The documents don't answer this.",
    ),
]


@pytest.mark.parametrize(("answer", "says"), STATES)
def test_every_state_is_said_in_a_sentence(answer: Answer, says: str) -> None:
    assert says in state_sentences(answer)


@pytest.mark.parametrize(("answer", "says"), STATES)
def test_a_chat_program_shows_the_state_before_the_answer(answer: Answer, says: str) -> None:
    content = "".join(content_pieces(answer))
    said = says.replace("[1]", "[^1]").replace("[2]", "[^2]")
    assert said in content
    assert all(content.index(said) < content.index(s.text, 1) for s in answer.sentences[:1])


def test_an_answer_that_is_simply_one_says_nothing_beside_it() -> None:
    assert state_sentences(replace(TWO, state=AnswerState.ANSWERED)) == []


def test_a_chat_program_is_told_what_to_try() -> None:
    answer = plain_answer(
        "ans_1",
        rephrasings=(
            Rephrasing("How much is insurance?", "No document mentions “dental”."),
            Rephrasing("How many days?", "In another collection.", Filters(kinds=("pdf",))),
        ),
    )
    content = "".join(content_pieces(answer))
    assert "- How much is insurance? – No document mentions “dental”." in content
    assert "- How many days? (with other filters) – In another collection." in content


def test_the_json_has_both_sides_with_titles_and_dates() -> None:
    body: dict[str, Any] = AnswerOut.of(
        replace(
            TWO,
            asked="and here?",
            conflicts=(CONFLICT,),
            stale=(STALE,),
            followups=("And now?",),
            rephrasings=(Rephrasing("Q?", "why", Filters(collections=("a",))),),
        )
    ).model_dump(mode="json")
    assert body["conflicts"] == [
        {
            "about": "amount of money",
            "settled": False,
            "sides": [
                {
                    "citation": 1,
                    "says": "EUR 165",
                    "title": "Policy 2026",
                    "updated_at": "2026-01-20T00:00:00Z",
                },
                {
                    "citation": 2,
                    "says": "EUR 140",
                    "title": "Policy 2024",
                    "updated_at": "2026-01-10T00:00:00Z",
                },
            ],
        }
    ]
    assert body["stale"][0]["newer_document_id"] == "doc_1"
    assert (body["question"], body["asked"]) == ("How much?", "and here?")
    assert body["followups"] == ["And now?"]
    assert body["rephrasings"][0]["filters"]["collections"] == ["a"]
