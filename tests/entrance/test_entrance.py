"""Who asks is found out before anything is served, and holds for all that is done for them."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import anyio
import httpx
import pytest

from app.access import NOBODY, Principal, Reach, Role, Scope, principal, reach
from app.entrance.entrance import Entrance
from app.errors import Forbidden, IndexUnavailable
from tests.contracts.accounts import PASSWORD
from tests.entrance.world import OPEN, SECRET, Door, sign_in

PAY = "What does the harbor master earn?"
HTMX = {"HX-Request": "true"}


# --- nobody -------------------------------------------------------------------------------------


def test_a_page_leads_to_the_sign_in_page_and_back(at: Door) -> None:
    browser = at.browser()
    response = browser.get("/documents?q=a%20b&kind=md")
    assert response.status_code == 303
    assert response.headers["location"] == "/signin?next=/documents%3Fq%3Da%2520b%26kind%3Dmd"
    assert response.headers["cache-control"] == "no-store"
    form = browser.get(response.headers["location"])
    assert 'name="next" value="/documents?q=a%20b&amp;kind=md"' in form.text


def test_htmx_is_sent_to_the_sign_in_page_and_back_to_the_page_it_stood_on(at: Door) -> None:
    shown = {**HTMX, "HX-Current-URL": f"{at.url}/documents?kind=md"}
    response = at.browser().get("/documents?q=x", headers=shown)
    assert response.status_code == 401
    assert response.headers["hx-redirect"] == "/signin?next=/documents%3Fkind%3Dmd"
    assert response.text == ""
    away = at.browser().get(
        "/documents", headers={**HTMX, "HX-Current-URL": "https://evil.example/x"}
    )
    assert away.headers["hx-redirect"] == "/signin"


def test_programs_are_told_in_their_own_form(at: Door) -> None:
    program = at.program()
    plain = program.get("/api/v1/collections")
    assert plain.status_code == 401
    assert plain.headers["www-authenticate"] == "Bearer"
    assert plain.json()["type"] == "urn:footnote:problem:not-signed-in"
    openai = program.post("/v1/chat/completions", json={})
    assert openai.status_code == 401
    assert openai.headers["www-authenticate"] == "Bearer"
    assert openai.json()["error"]["code"] == "invalid_api_key"


@pytest.mark.parametrize("key", ["fn_unknown", "sk-other", "fn_" + "x" * 5000, "é"])
def test_a_key_that_is_none_opens_nothing(at: Door, key: str) -> None:
    headers = [(b"Authorization", f"Bearer {key}".encode())]
    assert at.program().get("/api/v1/collections", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("server", "refused"),
    [
        ("192.0.2.1", True),
        ("0.0.0.0", True),
        ("::", True),
        ("fe80::1", True),
        ("127.0.0.1", False),
        ("127.8.0.1", False),
        ("::1", False),
        ("testserver", False),
        ("/run/footnote.sock", False),
    ],
)
def test_without_accounts_only_the_servers_own_machine_is_served(
    server: str, refused: bool
) -> None:
    served = _serve(Entrance(_says_who, accounts=False), server=(server, 80))
    assert (served is None) == refused


def test_it_fails_shut_when_the_records_do_not_answer() -> None:
    class Broken:
        def of_session(self, _token: str) -> Principal:
            raise IndexUnavailable("The database does not answer.")

    cookie = (b"cookie", b"footnote_sign_in=anything")
    with pytest.raises(IndexUnavailable):
        _serve(Entrance(_says_who, accounts=True), "/", Broken(), cookie)
    assert _serve(Entrance(_says_who, accounts=True), "/healthz", Broken(), cookie) == [
        NOBODY,
        Reach.nothing(),
    ]


def test_a_socket_is_closed_unseen() -> None:
    sent: list[Any] = []

    async def run() -> None:
        async def send(message: Any) -> None:
            sent.append(message)

        await Entrance(_says_who, accounts=True)({"type": "websocket", "path": "/"}, None, send)  # type: ignore[arg-type]  # never asked

    anyio.run(run)
    assert sent == [{"type": "websocket.close", "code": 1008}]


# --- somebody -----------------------------------------------------------------------------------


def test_a_key_wins_over_a_cookie_also_when_it_opens_nothing(at: Door) -> None:
    browser = at.browser("opal")
    assert browser.get("/people").status_code == 200
    _, key = at.accounts.make_key(at.people["sam"].id, "k", [Scope.ASK])
    assert browser.get("/people", headers={"Authorization": f"Bearer {key}"}).status_code == 403
    assert browser.get("/people", headers={"Authorization": "bearer fn_no"}).status_code == 401


def test_another_scheme_is_meant_for_a_proxy_and_not_for_the_door(at: Door) -> None:
    headers = {"Authorization": "Basic c2FtOnB3"}
    assert at.browser("opal").get("/people", headers=headers).status_code == 200
    assert at.browser().get("/people", headers=headers).status_code == 303


def test_a_revoked_key_and_an_ended_sign_in_open_nothing_from_that_moment(at: Door) -> None:
    sam = at.people["sam"]
    key, secret = at.accounts.make_key(sam.id, "k", [Scope.ASK])
    program, browser = at.program(key=secret), at.browser("sam")
    assert program.get("/api/v1/collections").status_code == 200
    assert browser.get("/account").status_code == 200
    at.accounts.revoke_key(key.id)
    at.accounts.end_all(sam.id)
    assert program.get("/api/v1/collections").status_code == 401
    assert browser.get("/account").status_code == 303


def test_a_nonexistent_address_is_not_found_for_who_is_signed_in(at: Door) -> None:
    assert at.browser("sam").get("/nowhere").status_code == 404
    assert at.browser("opal").get("/nowhere").status_code == 404
    assert at.browser().get("/nowhere").status_code == 303


# --- what they see ------------------------------------------------------------------------------


def test_the_other_doors_see_only_what_their_caller_may(at: Door) -> None:
    for name, sees in {"sam": False, "fin": True, "opal": True}.items():
        program = at.program(name)
        names = [one["name"] for one in program.get("/api/v1/collections").json()["collections"]]
        assert ("payroll" in names) == sees
        answer = program.post("/api/v1/ask", json={"question": PAY})
        assert answer.status_code == 200
        assert ("ninety" in answer.text) == sees
        hit = at.browser(name).get("/search", params={"q": "harbor master earns"})
        assert ("ninety" in hit.text) == sees


@pytest.mark.parametrize("name", ["sam", "fin"])
def test_a_stream_sees_only_what_its_reader_may(at: Door, name: str) -> None:
    sees = name == "fin"
    page = _streamed(at.browser(name), "/ask", data={"q": PAY}, headers=HTMX)
    assert "footnote:finished" in page
    assert ("ninety" in page) == sees
    program = at.program(name)
    events = {"Accept": "text/event-stream"}
    told = _streamed(program, "/api/v1/ask", json={"question": PAY}, headers=events)
    assert "event: finished" in told
    assert ("ninety" in told) == sees
    chat = {"model": "footnote", "stream": True, "messages": [{"role": "user", "content": PAY}]}
    said = _streamed(program, "/v1/chat/completions", json=chat)
    assert "data: [DONE]" in said
    assert ("ninety" in said) == sees


def test_streams_at_the_same_time_do_not_see_with_each_others_eyes(at: Door) -> None:
    found: dict[int, str] = {}

    async def ask(number: int, key: str) -> None:
        headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(base_url=at.url, timeout=60, trust_env=False) as client:
            response = await client.post("/api/v1/ask", json={"question": PAY}, headers=headers)
        found[number] = response.text

    keys = [
        at.accounts.make_key(at.people[name].id, "k", [Scope.ASK])[1] for name in ("sam", "fin")
    ]

    async def run() -> None:
        async with anyio.create_task_group() as group:
            for number in range(16):
                group.start_soon(ask, number, keys[number % 2])

    anyio.run(run)
    assert ["ninety" in found[number] for number in range(16)] == [False, True] * 8


@pytest.mark.parametrize("era", ["auto", "legacy"])
def test_tools_of_mcp_see_only_what_their_caller_may(at: Door, era: str) -> None:
    for name, sees in {"sam": False, "fin": True}.items():
        result = _tool(at, name, era, "ask", question=PAY)
        assert not result.is_error
        assert ("ninety" in result.structured_content["text"]) == sees
        found = _tool(at, name, era, "search", query="harbor master earns")
        assert ("ninety" in str(found.structured_content)) == sees
        read = _tool(at, name, era, "fetch", id=at.documents["payroll"])
        assert read.is_error != sees


def test_mcp_has_no_session_that_somebody_else_could_take_over(at: Door) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    headers = {"Accept": "application/json, text/event-stream"}
    assert at.program("sam").post("/mcp", json=call, headers=headers).status_code == 200
    taken = {**headers, "Mcp-Session-Id": "0123456789abcdef"}
    assert at.program("sam").post("/mcp", json=call, headers=taken).status_code == 404
    assert at.program().post("/mcp", json=call, headers=headers).status_code == 401


# --- what is theirs -----------------------------------------------------------------------------


def test_the_history_follows_the_person_and_not_the_browser(at: Door) -> None:
    first, second, other = at.browser("sam"), at.browser("sam"), at.browser("pam")
    asked = first.post("/ask", data={"q": "When does the harbor office open, Sam asks?"})
    assert asked.status_code == 303
    assert "footnote_session" not in first.cookies
    assert "Sam asks" in second.get("/history").text
    assert "Sam asks" not in other.get("/history").text


def test_a_visit_of_a_program_is_its_owners_whatever_it_is_called(at: Door) -> None:
    visit = {"X-Session-Id": "the-same-visit"}
    mine, theirs = at.program("sam"), at.program("pam")
    asked = mine.post("/api/v1/ask", json={"question": "When does it open?"}, headers=visit).json()
    address = f"/api/v1/conversations/{asked['conversation_id']}"
    assert mine.get(address, headers=visit).status_code == 200
    assert mine.get(address).status_code == 404
    assert theirs.get(address, headers=visit).status_code == 404
    answer = f"/api/v1/answers/{asked['answer_id']}"
    assert theirs.delete(answer, headers=visit).status_code == 404
    assert theirs.delete(answer).status_code == 404
    assert mine.delete(answer, headers=visit).status_code == 204


def test_a_key_opens_nobodys_history(at: Door) -> None:
    program = at.program("sam", Scope.ASK)
    assert program.get("/history").status_code == 403
    assert program.post("/history/delete").status_code == 403


def test_their_own_number_is_never_sent_out(at: Door) -> None:
    key = at.people["sam"].session_key
    browser = at.browser("sam")
    for address in ("/", "/search?q=harbor", "/history", "/account", "/documents"):
        response = browser.get(address)
        assert key not in response.text
        assert key not in str(response.headers)


# --- what is written down -----------------------------------------------------------------------


def test_no_secret_of_an_address_reaches_the_log(
    at: Door, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        at.browser().get("/invite/the-secret-of-an-invitation")
        at.browser().get("/sso/callback?code=the-secret-of-a-sign-on")
        sign_in(at.browser(), "sam@example.org", PASSWORD)
    ours = [one for one in caplog.records if one.name.startswith("app")]
    told = "\n".join(record.getMessage() for record in ours)
    assert "/invite/…" in told
    assert "the-secret-of" not in told
    assert PASSWORD not in told


def test_what_is_done_to_documents_is_written_down(at: Door) -> None:
    program = at.program("opal", Scope.DOCUMENTS)
    files = [("files", ("note.md", b"# Note\n\nGulls sleep on the roof.\n"))]
    done = program.post("/api/v1/documents?wait=true&collection=notes", files=files).json()
    document = done["files"][0]["document_id"]
    browser = at.browser("opal")
    assert browser.post(f"/documents/{document}/ingest").status_code == 303
    assert program.delete(f"/api/v1/documents/{document}").status_code == 204
    log = at.accounts.audit_log(limit=20)
    told = {entry.action: entry for entry in log if "note.md" in f"{entry.target} {entry.detail}"}
    assert set(told) == {"documents-uploaded", "documents-reingested", "document-removed"}
    assert {entry.actor for entry in told.values()} == {"Opal"}
    assert told["documents-uploaded"].client == "127.0.0.1"


def test_who_may_not_keep_documents_is_shown_no_way_to(at: Door) -> None:
    for name, keeps in {"sam": False, "pam": False, "opal": True}.items():
        browser = at.browser(name)
        listed = browser.get("/documents").text
        viewed = browser.get(f"/documents/{at.documents['harbor']}").text
        for words in ('type="file"', "/delete", "Ingested from", "Add documents"):
            assert (words in listed) == keeps, (name, words)
        assert ("/delete" in viewed) == keeps
        assert ('href="/insights"' in listed) == (name != "sam")
        assert ('href="/people"' in listed) == keeps
        assert OPEN in viewed
        assert SECRET not in viewed


# --- helpers ------------------------------------------------------------------------------------


def _streamed(client: httpx.Client, address: str, **what: Any) -> str:
    with client.stream("POST", address, **what) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        return "".join(response.iter_text())


def _tool(at: Door, name: str, era: str, tool: str, /, **arguments: Any) -> Any:
    import httpx2
    from mcp.client.client import Client
    from mcp.client.streamable_http import streamable_http_client

    _, key = at.accounts.make_key(at.people[name].id, "mcp", [Scope.ASK])

    async def run() -> Any:
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx2.AsyncClient(headers=headers, timeout=60, trust_env=False) as http:
            transport = streamable_http_client(f"{at.url}/mcp", http_client=http)
            async with Client(transport, mode=era) as client:
                return await client.call_tool(tool, arguments)

    return anyio.run(run)


async def _says_who(scope: Any, _receive: Any, _send: Any) -> None:
    scope["said"].extend([principal(), reach()])


def _serve(
    entrance: Entrance,
    path: str = "/",
    accounts: Any = None,
    *headers: tuple[bytes, bytes],
    server: tuple[str, int] = ("127.0.0.1", 80),
) -> list[Any] | None:
    """Who the application worked for and what they saw; None where it was not reached."""
    said: list[Any] = []
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": list(headers),
        "server": server,
        "state": {"services": SimpleNamespace(accounts=accounts)},
        "said": said,
    }

    async def run() -> None:
        await entrance(scope, None, None)  # type: ignore[arg-type]  # neither is used

    try:
        anyio.run(run)
    except Forbidden:
        return None
    return said


def test_a_role_covers_those_before_it() -> None:
    assert [role for role in Role if Role.PM.covers(role)] == [Role.SEARCHER, Role.PM]
