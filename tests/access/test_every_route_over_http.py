"""Every route of the application over HTTP, by people who signed in and programs with keys.

`test_every_door` says who asks from within; here the cookie or the key does. Routes are not named
but found, so that a new one is tried the day it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from app.entrance.policy import needs_of
from tests.access.gate import NARROW, OUTSIDE, Gate, gate
from tests.access.house import BUDGET, CANARIES, told
from tests.access.route_table import CANARY_WORDS, TOOLS, Sent, mcp, requests
from tests.api.conftest import wait_for

pytestmark = [pytest.mark.xdist_group("gate"), pytest.mark.slow]
WORDS = (*CANARIES, "steering group", "stays in this room", "ledger.md")
"""What stands only in the sealed documents, or names one of them."""
UNSAID = tuple(word for word in WORDS if word not in str(CANARY_WORDS))
"""Those that nobody outside sends, so that no page repeats them."""
OUT = ("/account/sign-ins/end", "/signout")
SHOWN = {
    *("/", "/ask", "/search", "/a/{answer_id}", "/a/{answer_id}.md", "/mcp", "/documents"),
    *("/api/v1/ask", "/api/v1/search", "/api/v1/documents", "/api/v1/documents/{document_id}"),
    *("/api/v1/answers/{answer_id}", "/api/v1/collections", "/v1/chat/completions"),
    *("/documents/{document_id}", "/documents/{document_id}/original"),
}
"""Where everybody in reach of the sealed collection finds something of it."""
SHOWN_TO_PMS = {
    *("/insights/questions/{answer_id}", "/insights/questions/review", "/insights/gaps/{gap_id}"),
    *("/traces/{trace_id}", "/traces/compare", "/api/v1/traces/{trace_id}", "/insights/gaps"),
    *("/insights/feedback", "/insights/feedback/themes/{theme_id}", "/insights/questions.csv"),
    *("/insights/gaps.csv", "/insights/gaps.json", "/api/v1/insights/{table}.csv"),
}
NEVER_GIVEN = {"document_id", "batch_id"}
"""Parts of addresses that to others are as if they were not there, pictures too."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with gate(tmp_path_factory.mktemp("gate")) as built:
        yield built


@pytest.fixture(scope="module")
def ids(home: Gate) -> Mapping[str, list[str]]:
    """What belongs to the sealed collection, by the names that addresses have for it."""
    gaps = "/insights/gaps.json"
    wait_for(lambda: home.send("all", "GET", gaps).status_code == 200)
    feedback = home.server.services.feedback.store
    run = home.send("all", "GET", "/api/v1/evals").json()["runs"][0]["name"]
    case = home.send("all", "GET", f"/api/v1/evals/{run}?rows=true").json()["rows"][0]["id"]
    keys = home.server.services.accounts.keys(home.user_id("member"))
    return {
        "document_id": [home.documents["ledger.md"], home.documents["plan.pdf"]],
        "answer_id": [home.budget["answer_id"], home.pets[0]["answer_id"]],
        "trace_id": [home.budget["trace_id"], home.pets[0]["trace_id"]],
        "conversation_id": ["con_budget"],
        "batch_id": [home.batch],
        "number": ["1"],
        "model": ["footnote"],
        "table": ["slices", "metrics"],
        "metric": ["answered"],
        "gap_id": [home.send("all", "GET", gaps).json()["gaps"][0]["id"]],
        "theme_id": [home.theme],
        "item_id": ["i0"],
        "import_id": [feedback.imports()[0].id],
        "run": [run],
        "name": [run],
        "case_id": [case],
        "folder /prd/{folder}/{name}": ["docs"],
        "user_id": [home.user_id("member")],
        "key_id": [keys[0].id],
        # There is none of these; their pages are tried all the same.
        **{f"{one}_id": ["x1"] for one in ("experiment", "alert", "sign_in", "invitation")},
        "token": ["x1"],
    }


@pytest.fixture(scope="module")
def words(home: Gate) -> Mapping[str, Any]:
    """What requests name beside their address."""
    return {
        "a": home.budget["trace_id"],
        "b": home.pets[0]["trace_id"],
        "at": home.pets[0]["answer_id"],
        "conversation_id": "con_budget",
    }


def sent(home: Gate, reader: str, one: Sent) -> httpx.Response:
    return home.send(reader, one.method, one.path, headers=dict(one.headers), **one.more)


def leaks(response: httpx.Response, words: tuple[str, ...] = WORDS) -> list[str]:
    said = told(response)
    return [word for word in words if word in said]


def test_every_tool_is_tried(home: Gate) -> None:
    said = sent(home, "insider's key", mcp("tools/list", {}))
    assert said.status_code == 200, said.text
    assert {tool["name"] for tool in said.json()["result"]["tools"]} == set(TOOLS)


@pytest.mark.parametrize(
    ("reader", "shown"),
    [
        ("insider", SHOWN),
        ("member", SHOWN | SHOWN_TO_PMS | {"/api/v1/conversations/{conversation_id}"}),
        ("all", SHOWN | SHOWN_TO_PMS),
        ("insider's key", {one for one in SHOWN if one.startswith(("/api", "/v1", "/mcp"))}),
        ("key for insights", SHOWN_TO_PMS),
    ],
)
def test_those_inside_find_what_is_theirs(
    home: Gate,
    ids: Mapping[str, list[str]],
    words: Mapping[str, Any],
    reader: str,
    shown: set[str],
) -> None:
    """Or what follows would prove nothing."""
    found: set[str] = set()
    for one in requests(home.server.app.routes, ids, words):
        reads = one.method == "GET" or one.route in shown
        if one.route in shown - found and reads and not one.ends:
            said = sent(home, reader, one)
            assert said.status_code < 500, (one, said.text[:500])
            if leaks(said):
                found.add(one.route)
    assert shown - found == set()


@pytest.mark.parametrize("reader", OUTSIDE)
def test_no_route_gives_others_anything(
    home: Gate, ids: Mapping[str, list[str]], words: Mapping[str, Any], reader: str
) -> None:
    tried = 0
    for one in requests(home.server.app.routes, ids, words):
        if not one.ends:
            _nothing(home, reader, one, WORDS)
            tried += 1
    assert tried > 300


@pytest.mark.parametrize("reader", NARROW)
def test_a_key_shows_only_what_it_is_for(
    home: Gate, ids: Mapping[str, list[str]], words: Mapping[str, Any], reader: str
) -> None:
    """Its owner sees the sealed collection."""
    refused = 0
    for one in requests(home.server.app.routes, ids, words):
        needs = needs_of(one.method, one.path)
        if needs is None or (needs.scope is NARROW[reader] and not needs.person):
            continue
        said = sent(home, reader, one)
        assert said.status_code == 403, one
        assert leaks(said) == [], one
        refused += 1
    assert refused > 150


@pytest.mark.parametrize("reader", OUTSIDE)
def test_whoever_has_heard_of_it_learns_no_more(
    home: Gate, ids: Mapping[str, list[str]], words: Mapping[str, Any], reader: str
) -> None:
    """With words of it, its name and ids; from now on questions that people see hold them."""
    heard = dict(words) | CANARY_WORDS | {"document": home.documents["ledger.md"]}
    assert len(UNSAID) >= 4
    for one in requests(home.server.app.routes, ids, heard):
        if not one.ends and one.more.get("params") != {}:
            _nothing(home, reader, one, UNSAID)


@pytest.mark.parametrize("reader", OUTSIDE)
def test_others_remove_and_change_nothing_of_it(
    home: Gate, ids: Mapping[str, list[str]], words: Mapping[str, Any], reader: str
) -> None:
    """Last: in the end they end their own sign-in, too."""
    asked = [one for one in requests(home.server.app.routes, ids, words) if one.ends]
    for one in sorted(asked, key=lambda one: one.route in OUT):
        _nothing(home, reader, one, UNSAID)
    assert BUDGET in str(home.send("member", "GET", "/api/v1/conversations/con_budget").json())
    for document in home.documents.values():
        assert home.send("member", "GET", f"/api/v1/documents/{document}").status_code == 200
    assert home.send("insider's key", "GET", "/api/v1/collections").status_code == 200
    assert home.send("key for insights", "GET", "/traces.csv").status_code == 200
    groups = home.server.services.accounts.collection_groups()
    assert list(groups.values()) == [("board",)]


def _nothing(home: Gate, reader: str, one: Sent, unsaid: tuple[str, ...]) -> None:
    said = sent(home, reader, one)
    assert said.status_code < 500, (one, said.text[:500])
    # Of passwords somebody may try only a few, whatever the settings.
    assert said.status_code != 429 or one.route == "/account/password", one
    found = leaks(said, unsaid)
    assert not found, (found, one, _around(said, found[0]))
    if any(f"{{{name}}}" in one.route for name in NEVER_GIVEN):
        assert said.status_code in (303, 401, 403, 404), (one, said.status_code)
        assert not said.headers.get("location", "/signin").startswith("/documents"), one


def _around(response: httpx.Response, word: str) -> str:
    said = told(response)
    at = said.index(word)
    return said[max(0, at - 300) : at + 100]
