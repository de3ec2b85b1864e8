"""The OpenAI-compatible door, with requests in OpenAI's documented shapes over real HTTP."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from tests.api.conftest import events

HOTEL = "How much is reimbursed for a hotel night?"


def complete(client: httpx.Client, *messages: dict[str, Any], **more: Any) -> httpx.Response:
    return client.post(
        "/v1/chat/completions",
        json={"model": "footnote", "messages": list(messages), **more},
        headers={"authorization": "Bearer not-needed"},
    )


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def test_a_completion_has_openais_shape_and_the_citations_beside_it(client: httpx.Client) -> None:
    body = complete(client, user(HOTEL)).json()
    assert body["object"] == "chat.completion"
    assert body["model"] == "footnote"
    assert body["id"].startswith("chatcmpl-")
    assert isinstance(body["created"], int)
    (choice,) = body["choices"]
    assert (choice["index"], choice["finish_reason"], choice["logprobs"]) == (0, "stop", None)
    assert choice["message"]["role"] == "assistant"
    assert set(body["usage"]) == {"prompt_tokens", "completion_tokens", "total_tokens"}
    answer = client.post("/api/v1/ask", json={"question": HOTEL}).json()
    assert body["citations"] == answer["citations"]
    assert body["footnote"]["state"] == "answered"


def test_sentences_carry_markdown_footnotes_that_are_resolved_at_the_end(
    client: httpx.Client,
) -> None:
    body = complete(client, user(HOTEL)).json()
    content = body["choices"][0]["message"]["content"]
    text, notes = content.split("\n\n[^1]: ", 1)
    assert "165" in text
    assert "[^1]" in text
    assert notes.startswith("Staff handbook › Travel › Hotels: “")
    marks = set(re.findall(r"\[\^(\d+)\](?!:)", content))
    resolved = set(re.findall(r"^\[\^(\d+)\]:", content, re.MULTILINE))
    assert marks == resolved == {str(citation["number"]) for citation in body["citations"]}


def test_the_last_user_message_is_the_question(client: httpx.Client) -> None:
    body = complete(
        client,
        {"role": "system", "content": "Be brief."},
        user("How many days of vacation are there?"),
        {"role": "assistant", "content": "27 days."},
        user([{"type": "text", "text": HOTEL}]),
        temperature=0.2,
        max_tokens=100,
        user="somebody",
    ).json()
    assert "165" in body["choices"][0]["message"]["content"]


def test_earlier_user_messages_are_what_a_follow_up_leans_on(client: httpx.Client) -> None:
    messages = (
        user("How many unused days move to the next year?"),
        {"role": "assistant", "content": "Five."},
        user("What is the daily allowance for meals?"),
        {"role": "assistant", "content": "EUR 55."},
    )
    body = complete(client, *messages, user("and for hotels?")).json()
    assert body["footnote"]["question"] == "What is the daily allowance for hotels?"
    assert body["footnote"]["asked"] == "and for hotels?"
    content = body["choices"][0]["message"]["content"]
    assert "Understood as: What is the daily allowance for hotels?" in content
    streamed = complete(client, *messages, user("and for hotels?"), stream=True).text
    assert "Understood as: What is the daily allowance for hotels?" in streamed


def test_a_question_that_stands_alone_is_not_said_to_be_understood_otherwise(
    client: httpx.Client,
) -> None:
    body = complete(client, user("How many days of vacation are there?"), user(HOTEL)).json()
    assert (body["footnote"]["question"], body["footnote"]["asked"]) == (HOTEL, None)
    assert "Understood as" not in body["choices"][0]["message"]["content"]


@pytest.mark.parametrize(
    "hostile",
    [
        "![x](https://evil.example/?q=1)",
        "[click](https://evil.example)",
        "[![x](https://evil.example/a.png)](https://evil.example)",
        "![a [b] c](https://evil.example)",
        "![x][ref] and [ref]: https://evil.example",
        "[x\\](https://evil.example)",
        "<img src=https://evil.example>",
        "<https://evil.example>",
        "<!-- hidden -->",
    ],
)
def test_markdown_of_documents_loads_and_links_nothing_in_a_chat_program(hostile: str) -> None:
    from markdown_it import MarkdownIt

    from app.api.openai_compat import inert

    html = MarkdownIt("commonmark").render(inert(hostile))
    assert not re.search(r"<(?:img|a|!--)", html)
    assert "evil.example" in html or "hidden" in html


def test_what_is_not_found_is_said_honestly(client: httpx.Client) -> None:
    body = complete(client, user("Who won the chess championship in Reykjavik?")).json()
    assert body["footnote"]["state"] == "not_found"
    assert body["citations"] == []
    content = body["choices"][0]["message"]["content"]
    assert content.startswith("The documents don't answer this.")
    assert "Closest passages:" in content


def test_a_stream_sends_chunks_that_add_up_to_the_answer(client: httpx.Client) -> None:
    whole = complete(client, user(HOTEL)).json()
    response = complete(client, user(HOTEL), stream=True, stream_options={"include_usage": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    told = events(response.text)
    assert {name for name, _ in told} == {"message"}
    assert told[-1][1] == "[DONE]"
    chunks = [json.loads(data) for _, data in told[:-1]]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    *spoken, last, usage = chunks
    assert spoken[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert all(chunk["choices"][0]["finish_reason"] is None for chunk in spoken)
    content = "".join(chunk["choices"][0]["delta"]["content"] for chunk in spoken)
    assert content == whole["choices"][0]["message"]["content"]
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["citations"] == whole["citations"]
    assert usage["choices"] == []
    assert usage["usage"] == whole["usage"]


def test_without_asking_for_it_a_stream_has_no_usage(client: httpx.Client) -> None:
    told = events(complete(client, user(HOTEL), stream=True).text)
    assert all("usage" not in json.loads(data) for _, data in told[:-1])


@pytest.mark.parametrize(
    ("request_body", "status", "code", "says"),
    [
        ({"model": "gpt-4", "messages": [user("x")]}, 404, "model_not_found", "Use “footnote”"),
        ({"model": "footnote", "messages": []}, 400, "invalid-request", "messages"),
        ({"messages": [user("x")]}, 400, "invalid-request", "model: field required"),
        (
            {"model": "footnote", "messages": [{"role": "system", "content": "x"}]},
            400,
            "bad-request",
            "no message of role user",
        ),
        ({"model": "footnote", "messages": [user("  ")]}, 400, "empty-question", "empty"),
        ({"model": "footnote", "messages": [user("x")], "n": 2}, 400, "bad-request", "n"),
        (
            {"model": "footnote", "messages": [user("")], "stream": True},
            400,
            "empty-question",
            "empty",
        ),
    ],
)
def test_errors_have_openais_shape(
    client: httpx.Client, request_body: dict[str, Any], status: int, code: str, says: str
) -> None:
    response = client.post("/v1/chat/completions", json=request_body)
    assert response.status_code == status
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["type"], error["code"]) == ("invalid_request_error", code)
    assert says in error["message"]


def test_the_one_model_is_listed(client: httpx.Client) -> None:
    listed = client.get("/v1/models").json()
    assert listed["object"] == "list"
    assert [model["id"] for model in listed["data"]] == ["footnote"]
    assert client.get("/v1/models/footnote").json() == listed["data"][0]
    assert client.get("/v1/models/other").json()["error"]["code"] == "model_not_found"
    assert client.get("/v1/nothing").json()["error"]["type"] == "invalid_request_error"
