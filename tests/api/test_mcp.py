"""MCP at ``/mcp``, with the official client over real loopback HTTP."""

from __future__ import annotations

from typing import Any

import anyio
import httpx
import pytest

from tests.api.conftest import Server

HOTEL = "How much is reimbursed for a hotel night?"


def call(server: Server, tool: str, /, *, era: str = "auto", **arguments: Any) -> Any:
    """One tool call of a fresh client; ``era`` is the protocol's: today's, or with sessions."""
    from mcp.client.client import Client

    async def run() -> Any:
        async with Client(f"{server.url}/mcp", mode=era) as client:
            return await client.call_tool(tool, arguments)

    return anyio.run(run)


def test_the_tools_say_what_they_take_and_that_they_change_nothing(server: Server) -> None:
    from mcp.client.client import Client

    async def run() -> Any:
        async with Client(f"{server.url}/mcp") as client:
            return await client.list_tools()

    tools = {tool.name: tool for tool in anyio.run(run).tools}
    assert set(tools) == {"search", "fetch", "ask"}
    for tool in tools.values():
        assert tool.description
        assert tool.annotations.read_only_hint is True
        assert tool.output_schema
        for name, schema in tool.input_schema["properties"].items():
            assert schema["description"], name
    assert tools["ask"].input_schema["required"] == ["question"]
    assert tools["search"].input_schema["required"] == ["query"]
    assert tools["fetch"].input_schema["required"] == ["id"]


@pytest.mark.parametrize("era", ["auto", "legacy"])
def test_ask_answers_as_the_api_does(server: Server, era: str) -> None:
    result = call(server, "ask", era=era, question=HOTEL)
    assert not result.is_error
    said = result.structured_content
    answer = server.client.post("/api/v1/ask", json={"question": HOTEL}).json()
    assert set(said) == {*answer, "says"}
    assert said["says"] == []
    assert (said["text"], said["citations"]) == (answer["text"], answer["citations"])


def test_ask_says_in_sentences_that_nothing_was_found(server: Server) -> None:
    said = call(server, "ask", question="Who won the chess championship in Reykjavik?")
    told = said.structured_content["says"]
    assert told[0] == "The documents don't answer this."
    assert "“chess”" in " ".join(told)


def test_search_then_fetch_reads_the_document_at_the_place_found(server: Server) -> None:
    results = call(server, "search", query="hotel night", k=3).structured_content["results"]
    first = results[0]
    assert len(results) <= 3
    assert first["id"] == first["document_id"]
    document = call(server, "fetch", id=first["id"]).structured_content
    assert document["text"][first["start"] : first["end"]] == first["text"]
    assert document["title"] == first["title"]
    assert document["metadata"]["collection"] == "handbook"
    assert document["next_start"] is None
    viewer = httpx.get(first["url"], headers={"accept": "text/html"}, trust_env=False)
    assert viewer.status_code == 200
    assert first["url"].startswith(f"{server.url}/documents/")


def test_a_long_document_is_read_in_parts(server: Server) -> None:
    (found,) = server.client.get("/api/v1/documents", params={"q": "handbook.md"}).json()[
        "documents"
    ]
    whole = ""
    start: int | None = 0
    while start is not None:
        part = call(
            server, "fetch", id=found["id"], start=start, max_characters=200
        ).structured_content
        assert (part["start"], len(part["text"]) <= 200) == (start, True)
        whole, start = whole + part["text"], part["next_start"]
    read = server.client.get(f"/api/v1/documents/{found['id']}?text=true").json()
    assert whole == read["text"]


def test_search_looks_only_in_the_collections_named(server: Server) -> None:
    results = call(server, "search", query="days", collections=["calendar"]).structured_content
    assert {result["title"] for result in results["results"]} == {"Rota"}


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("ask", {"question": " "}, "question is empty"),
        ("ask", {"question": "x", "mode": "written"}, "chat model"),
        ("ask", {"question": "x", "conversation_id": "a b"}, "conversation_id"),
        ("ask", {"question": "x", "collections": ["nope"]}, "no collection “nope”"),
        ("search", {"query": ""}, "query can't be used"),
        ("fetch", {"id": "nope"}, "no such document"),
    ],
)
def test_an_error_reaches_the_agent_as_a_sentence(
    server: Server, tool: str, arguments: dict[str, Any], says: str
) -> None:
    result = call(server, tool, **arguments)
    assert result.is_error
    assert says in result.content[0].text
    assert "Traceback" not in result.content[0].text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 400),
        ({"host": "evil.example:8000"}, 400),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({}, 200),
        ({"host": "localhost:8000"}, 200),
    ],
)
def test_a_page_from_elsewhere_cannot_reach_it_by_dns_rebinding(
    server: Server, headers: dict[str, str], status: int
) -> None:
    response = server.client.post(
        "/mcp",
        json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
        headers={"accept": "application/json, text/event-stream", **headers},
    )
    assert response.status_code == status


def test_hosts_named_in_the_settings_are_allowed_too() -> None:
    from pathlib import Path

    from app.api.mcp_tools import transport_security
    from tests.api.conftest import plain_settings

    allowed = transport_security(
        plain_settings(Path("data"), allowed_hosts="footnote.example, docs.example")
    ).allowed_hosts
    assert {"footnote.example", "footnote.example:*", "docs.example", "127.0.0.1:*"} <= set(allowed)
    assert "*" not in allowed
