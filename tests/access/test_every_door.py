"""Every way to content of documents, tried by whoever may see it and by those who may not.

Each door is opened twice: for somebody in reach of the sealed collection it must show what stands
there, or the door proves nothing; for the others no canary may be anywhere in the response.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.access.house import BUDGET, CANARIES, OUTSIDERS, PETS, SEALED, House, leaks, told
from tests.api.conftest import wait_for

pytestmark = pytest.mark.xdist_group("access")
Opens = Callable[[House, str], httpx.Response]
STREAM = {"accept": "text/event-stream"}


@dataclass(frozen=True)
class Door:
    """A way in. ``silent``: shows no words even to those in reach (a refusal, a picture)."""

    name: str
    opens: Opens
    silent: bool = False


def get(path: str, **headers: str) -> Opens:
    """A page, with ids of the house filled in."""

    def opens(home: House, reader: str) -> httpx.Response:
        return home.send(reader, "GET", _filled(home, path), headers=headers)

    return opens


def post(path: str, *, htmx: bool = False, **sent: Any) -> Opens:
    """A form (``data``) or a program's request (``json``)."""

    def opens(home: House, reader: str) -> httpx.Response:
        headers = {"hx-request": "true"} if htmx else {}
        return home.send(reader, "POST", _filled(home, path), headers=headers, **sent)

    return opens


def _filled(home: House, path: str) -> str:
    return path.format(
        ledger=home.documents["ledger.md"],
        faq=home.documents["faq.md"],
        pdf=home.documents["plan.pdf"],
        batch=home.batch,
        budget=home.budget["answer_id"],
        trace=home.budget["trace_id"],
        parking=home.parking["answer_id"],
        pets=home.pets[0]["answer_id"],
        petstrace=home.pets[0]["trace_id"],
        other=home.pets[1]["answer_id"],
        theme=home.theme,
    )


def asked(question: str, *, stream: bool = False, **more: Any) -> Opens:
    """Through the API."""

    def opens(home: House, reader: str) -> httpx.Response:
        headers = STREAM if stream else {}
        body = {"question": question, **more}
        return home.send(reader, "POST", "/api/v1/ask", json=body, headers=headers)

    return opens


def completed(question: str, *, stream: bool) -> Opens:
    """Through the OpenAI door."""
    body = {
        "model": "footnote",
        "stream": stream,
        "messages": [{"role": "user", "content": question}],
    }
    return post("/v1/chat/completions", json=body)


def tool(name: str, **arguments: Any) -> Opens:
    """Through MCP."""

    def opens(home: House, reader: str) -> httpx.Response:
        filled = {
            key: _filled(home, value) if isinstance(value, str) else value
            for key, value in arguments.items()
        }
        body = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": name, "arguments": filled},
        }
        accept = {"accept": "application/json, text/event-stream"}
        return home.send(reader, "POST", "/mcp", json=body, headers=accept)

    return opens


def gaps(path: str) -> Opens:
    """A page about gaps, once they are found."""

    def opens(home: House, reader: str) -> httpx.Response:
        listed = "/insights/gaps.json"
        wait_for(lambda: home.send("all", "GET", listed).status_code == 200)
        known = home.send("all", "GET", listed).json()["gaps"]
        return home.send(reader, "GET", path.replace("{gap}", known[0]["id"]))

    return opens


def continued(home: House, reader: str) -> httpx.Response:
    """A follow-up in the conversation that began with an answer from the sealed collection."""
    body = {"question": "And who signs it?", "conversation_id": "con_budget"}
    return home.send(reader, "POST", "/api/v1/ask", json=body)


DOORS = [
    # --- first, while the only questions without an answer are those that the house was asked ---
    Door("gaps", gaps("/insights/gaps")),
    Door("gaps as CSV", gaps("/insights/gaps.csv")),
    Door("gaps as JSON", gaps("/insights/gaps.json")),
    Door("a gap", gaps("/insights/gaps/{gap}")),
    # --- asking ---
    Door("ask", asked(BUDGET)),
    Door("ask, streamed", asked(BUDGET, stream=True)),
    Door("ask for more sources", asked(BUDGET, more_sources=True)),
    Door("ask, not found", asked(PETS[0])),
    Door("ask, with follow-ups", asked("What does a parking permit cost?", followups=True)),
    Door("ask in a conversation", continued),
    Door("ask in a document", asked(BUDGET, document_ids=["{ledger}"]), silent=True),
    Door("ask on the page", post("/ask", data={"q": BUDGET}, htmx=True)),
    Door("ask on the page, not found", post("/ask", data={"q": PETS[0]}, htmx=True)),
    Door("the OpenAI door", completed(BUDGET, stream=False)),
    Door("the OpenAI door, streamed", completed(BUDGET, stream=True)),
    Door("MCP ask", tool("ask", question=BUDGET)),
    Door("MCP search", tool("search", query="severance budget")),
    Door("MCP fetch", tool("fetch", id="{ledger}")),
    # --- searching ---
    Door("search", get("/api/v1/search?q=severance+budget")),
    Door("search page", get("/search?q=severance+budget")),
    Door("search while typing", get("/search?q=severance+budg", **{"hx-request": "true"})),
    Door("home", get("/")),
    Door("home, narrowed to a document", get("/?document={ledger}")),
    # --- documents ---
    Door("documents", get("/documents")),
    Door("documents by name", get("/documents?q=ledger")),
    Door("documents, list only", get("/documents?sort=size", **{"hx-request": "true"})),
    Door("a document", get("/documents/{ledger}")),
    Door("a quote in a document", get("/documents/{ledger}?start=30&end=90")),
    Door("a PDF", get("/documents/{pdf}")),
    Door("a PDF's text", get("/documents/{pdf}?view=text")),
    Door("a PDF's page", get("/documents/{pdf}/pages/1.png"), silent=True),
    Door("an original", get("/documents/{ledger}/original")),
    Door("deleting, asked", get("/documents/{ledger}/delete")),
    Door("an upload", get("/documents/uploads/{batch}")),
    Door("API: documents", get("/api/v1/documents")),
    Door("API: documents of a kind", get("/api/v1/documents?kind=md&q=ledger")),
    Door("API: a document", get("/api/v1/documents/{ledger}?text=true")),
    Door("API: collections", get("/api/v1/collections")),
    Door("API: an upload", get("/api/v1/uploads/{batch}")),
    # --- answers that were given ---
    Door("a shared answer", get("/a/{budget}")),
    Door("a shared answer as Markdown", get("/a/{budget}.md")),
    Door("a shared answer that was not found", get("/a/{pets}")),
    Door("API: an answer", get("/api/v1/answers/{budget}")),
    Door("API: an answer that was not found", get("/api/v1/answers/{pets}")),
    Door("API: what was suggested beside an open answer", get("/api/v1/answers/{parking}")),
    Door("what was suggested beside an open answer", get("/a/{parking}")),
    Door("forgetting, asked", get("/history/{budget}/delete"), silent=True),
    # --- whoever runs the product ---
    Door("questions", get("/insights/questions"), silent=True),
    Door("questions as CSV", get("/insights/questions.csv")),
    Door("a question", get("/insights/questions/{budget}")),
    Door("a question without answer", get("/insights/questions/{pets}")),
    Door("review", get("/insights/questions/review?at={pets}")),
    Door("a trace", get("/traces/{trace}")),
    Door("a trace of a question without answer", get("/traces/{petstrace}")),
    Door("two traces", get("/traces/compare?a={budget}&b={pets}")),
    Door("API: a trace", get("/api/v1/traces/{trace}")),
    Door("API: a trace of a question without answer", get("/api/v1/traces/{petstrace}")),
    Door("traces", get("/traces"), silent=True),
    Door("traces as CSV", get("/traces.csv"), silent=True),
    Door("themes", get("/insights/feedback")),
    Door("a theme", get("/insights/feedback/themes/{theme}")),
    Door("themes as CSV", get("/insights/feedback/themes.csv"), silent=True),
    Door("insights", get("/insights")),
    Door("API: insights by collection", get("/api/v1/insights/slices.csv")),
    Door("API: insights", get("/api/v1/insights"), silent=True),
    Door("cost", get("/insights/cost"), silent=True),
    Door("evals", get("/evals"), silent=True),
]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_nothing_of_a_sealed_collection_comes_through(home: House, door: Door) -> None:
    shown = door.opens(home, "member")
    if not door.silent:
        assert shown.status_code < 400, told(shown)[:500]
        assert leaks(shown), "shows nothing to those in reach: this door proves nothing"
    for reader in OUTSIDERS:
        seen = door.opens(home, reader)
        assert seen.status_code < 500, told(seen)[:500]
        assert not leaks(seen), (leaks(seen), _around(seen))


def _around(response: httpx.Response) -> str:
    """Where the first canary stands."""
    said = told(response)
    at = min(said.find(canary) for canary in CANARIES if canary in said)
    return said[max(0, at - 300) : at + 100]


@pytest.mark.parametrize(
    "path",
    [
        "/documents/{ledger}",
        "/documents/{ledger}/original",
        "/documents/{pdf}/pages/1.png",
        "/documents/uploads/{batch}",
        "/api/v1/documents/{ledger}",
        "/api/v1/uploads/{batch}",
        "/a/{budget}",
        "/a/{budget}.md",
        "/a/{pets}",
        "/api/v1/answers/{budget}",
        "/history/{budget}/delete",
    ],
)
def test_out_of_reach_reads_as_if_it_were_not_there(home: House, path: str) -> None:
    name = path[path.index("{") : path.index("}") + 1]
    missing = path.replace(name, "no_such_thing")
    hidden = home.send("guest", "GET", _filled(home, path))
    never = home.send("guest", "GET", missing)
    assert (hidden.status_code, never.status_code) == (404, 404)
    assert _plain(hidden, _filled(home, path)) == _plain(never, missing)
    assert home.send("member", "GET", _filled(home, path)).status_code == 200


def _plain(response: httpx.Response, path: str) -> str:
    """The words of a response: without its own address, and what differs with every request."""
    body = response.text.replace(path, "")
    if response.headers["content-type"].startswith("application/"):
        said = response.json()
        return json.dumps({key: said.get(key) for key in ("type", "title", "status", "detail")})
    start = body.index("<main")
    return body[start : body.index("</main>")]


def test_a_collection_out_of_reach_is_called_unknown_and_only_seen_ones_are_named(
    home: House,
) -> None:
    for collection in (SEALED, "no_such_thing"):
        said = home.send("guest", "GET", f"/api/v1/search?q=permit&collection={collection}")
        assert said.status_code == 404
        assert said.json()["detail"].endswith("Choose from: open.")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/answers/{id}/feedback", {"json": {"helpful": True}}),
        ("/api/v1/answers/{id}/request", {"json": {}}),
        ("/api/v1/answers/{id}/report", {"json": {"kind": "other"}}),
        ("/a/{id}/feedback", {"data": {"helpful": "yes"}}),
        ("/a/{id}/correction", {"data": {"correction": "Nothing of it."}}),
        ("/a/{id}/report", {"data": {"kind": "other"}}),
        ("/a/{id}/request", {"data": {}}),
    ],
)
def test_nobody_judges_an_answer_that_they_may_not_see(
    home: House, path: str, body: dict[str, Any]
) -> None:
    statuses = [
        home.send("guest", "POST", path.replace("{id}", answer_id), **body).status_code
        for answer_id in (home.budget["answer_id"], "ans_no_such_thing")
    ]
    assert statuses == [404, 404]


def test_a_history_forgets_what_its_owner_may_no_longer_see(home: House) -> None:
    """The question itself was theirs; the answer came from what they have lost."""
    lost, kept = (
        home.send("member", "POST", "/ask", data={"q": question}).headers["location"]
        for question in (BUDGET, "What does a parking permit cost?")
    )
    seen, now = (told(home.send(reader, "GET", "/history")) for reader in ("member", "former"))
    assert lost in seen
    assert kept in seen
    assert lost not in now
    assert kept in now


def test_a_conversation_leaves_out_what_its_owner_may_no_longer_see(home: House) -> None:
    home.ask("member", "What does a parking permit cost?", conversation_id="con_budget")
    whole = home.send("member", "GET", "/api/v1/conversations/con_budget").json()["answers"]
    part = home.send("former", "GET", "/api/v1/conversations/con_budget").json()["answers"]
    assert {one["question"] for one in whole} >= {BUDGET, "What does a parking permit cost?"}
    assert BUDGET not in {one["question"] for one in part}
    assert part


def test_a_word_that_stands_only_out_of_reach_is_as_one_that_nobody_wrote(home: House) -> None:
    """What it does to scores `test_search_within_reach` looks at."""
    sealed, made_up = (
        home.ask("guest", f"What does a {word} parking permit cost?")
        for word in ("brindlewax", "brindlewan")
    )
    assert sealed["missing_terms"] == ["brindlewax"]
    assert made_up["missing_terms"] == ["brindlewan"]
    for kept in ("state", "text", "documents_searched", "passages_searched"):
        assert sealed[kept] == made_up[kept]
    assert home.ask("member", "What does a brindlewax parking permit cost?")["missing_terms"] == []


def test_a_shared_answer_counts_what_its_reader_may_see(home: House) -> None:
    path = f"/api/v1/answers/{home.parking['answer_id']}"
    whole, part = (home.send(reader, "GET", path).json() for reader in ("member", "guest"))
    assert (whole["documents_searched"], part["documents_searched"]) == (5, 2)
    assert whole["text"] == part["text"]
    assert whole["citations"] == part["citations"] != []


def test_pages_say_that_something_is_not_shown(home: House) -> None:
    sentence = "that you may not see"
    for path in (
        "/insights/questions/{budget}",
        "/insights/questions/review?at={pets}",
        "/traces/{trace}",
        "/traces/compare?a={budget}&b={pets}",
        "/insights/feedback",
        "/insights/feedback/themes/{theme}",
    ):
        page = _filled(home, path)
        assert sentence in home.send("guest", "GET", page).text, path
        assert sentence not in home.send("all", "GET", page).text, path


def test_a_trace_keeps_its_steps_scores_and_question(home: House) -> None:
    path = f"/api/v1/traces/{home.budget['trace_id']}"
    whole, part = (home.send(reader, "GET", path).json() for reader in ("all", "guest"))

    def passages(trace: dict[str, Any]) -> list[Any]:
        return [
            json.loads(one["value"]["stringValue"])
            for span in trace["resourceSpans"][0]["scopeSpans"][0]["spans"]
            for one in span["attributes"]
            if one["key"] == "footnote.retrieval.passages"
        ]

    assert passages(part) == passages(whole) != []
    assert BUDGET in json.dumps(part)
    assert "4711" in json.dumps(whole)


def test_looking_for_documents_again_keeps_links_that_the_one_who_asks_may_not_see(
    home: House,
) -> None:
    reads = home.server.services.feedback.reads
    home.send("guest", "POST", "/insights/feedback/links")
    by_guest = reads.links()
    home.send("all", "POST", "/insights/feedback/links")
    assert by_guest == reads.links()


def test_questions_suggested_to_one_are_not_suggested_to_all(home: House) -> None:
    """The cache of a page outlives a request; whoever comes first must not decide."""
    for first, second in (("guest", "member"), ("member", "guest")):
        home.server.app.state.web.suggestions._found.clear()
        pages = {reader: home.send(reader, "GET", "/").text for reader in (first, second)}
        assert "Quorvex parking permit" in pages["member"]
        assert "Quorvex" not in pages["guest"]


def test_spelling_is_corrected_with_words_that_the_asker_may_see(home: House) -> None:
    """Last: the corrected question stands in the lists of questions from now on."""
    asked = "Who signs the brindlewox form?"
    assert "brindlewax" in home.ask("member", asked)["question"]
    assert "brindlewax" not in json.dumps(home.ask("guest", asked))
