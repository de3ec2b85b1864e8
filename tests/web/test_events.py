"""What pages and the API notice of what people do, without a script and with the beacon's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from app.records.behavior.tables import questions
from app.web.conversation import followup
from app.web.event_pages import MAX_BYTES, MOST_EVENTS
from app.web.pattern_samples import sample_answered, sample_not_found
from app.web.security import SESSION_COOKIE
from app.web.state_view import state_view
from app.web.survey import SURVEY_COOKIE
from tests.web.conftest import FROM_US, HTMX, events, tree, words

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.bootstrap import Services

QUESTION = "When is the harbor office open?"
MISSING = "What does the zeppelin hangar cost?"


@pytest.fixture(autouse=True)
def fresh(client: TestClient) -> Iterator[None]:
    """A browser that has asked nothing yet, and leaves nothing."""
    yield
    client.post("/history/delete", headers=FROM_US)
    client.cookies.clear()


def ask(client: TestClient, question: str = QUESTION, **fields: str) -> str:
    """The answer's id."""
    response = client.post("/ask", data={"q": question, **fields}, headers=FROM_US)
    return response.headers["location"].removeprefix("/a/")


def kinds(services: Services, answer_id: str) -> list[str]:
    """What people did with an answer."""
    return [one.event.kind for one in services.events.of_answer(answer_id) if one.event.person]


def row(services: Services, answer_id: str) -> Any:
    with services.engine.connect() as connection:
        query = select(questions).where(questions.c.answer_id == answer_id)
        return connection.execute(query).one()


def links(client: TestClient, address: str, selector: str) -> list[str]:
    found = tree(client.get(address).text).css(selector)
    return [(node.attributes["href"] or "").partition("#")[0] for node in found]


def beacon(client: TestClient, *given: Any, headers: dict[str, str] = FROM_US) -> Any:
    return client.post("/events", json={"events": list(given)}, headers=headers)


def event(kind: str, answer_id: str, name: str = "clicked-once", **properties: Any) -> Any:
    return {"id": name, "kind": kind, "answer_id": answer_id, "properties": properties}


# --- sources --------------------------------------------------------------------------------------


def test_a_source_that_is_opened_is_known_without_scripts(
    client: TestClient, services: Services
) -> None:
    answer = ask(client)
    for selector in (".cite", ".source h3 a"):
        address = links(client, f"/a/{answer}", selector)[0]
        assert parse_qs(urlsplit(address).query)["from"] == [f"{answer}.1"]
        assert client.get(address).status_code == 200
    assert kinds(services, answer) == ["citation_opened"] * 2
    found = row(services, answer)
    assert found.opened_at == found.accepted_at == found.interacted_at is not None


def test_what_is_followed_inside_a_document_opens_nothing_again(
    client: TestClient, services: Services
) -> None:
    answer = ask(client)
    address = links(client, f"/a/{answer}", ".cite")[0]
    inside = [link for link in links(client, address, "main a") if "start=" in link]
    assert not any("from=" in link for link in inside)
    assert kinds(services, answer) == ["citation_opened"]


def test_a_passage_beside_a_refusal_is_no_citation(client: TestClient, services: Services) -> None:
    answer = ask(client, MISSING)
    client.get(links(client, f"/a/{answer}", ".sources h3 a")[1])
    (found,) = [one for one in services.events.of_answer(answer) if one.event.person]
    assert found.event.kind == "passage_opened"
    assert found.event.properties == {"number": 2}
    assert row(services, answer).opened_at is None
    assert row(services, answer).interacted_at is not None


@pytest.mark.parametrize("who", ["somebody else", "a program", "a browser that loads ahead"])
def test_only_who_asked_and_sees_it_opens_a_source(
    client: TestClient, services: Services, who: str
) -> None:
    answer = ask(client)
    address = links(client, f"/a/{answer}", ".cite")[0]
    mine = dict(client.cookies)
    headers = {"Sec-Purpose": "prefetch;prerender"} if who == "a browser that loads ahead" else {}
    if who != "a browser that loads ahead":
        client.cookies.clear()
    if who == "somebody else":
        ask(client)
    assert client.get(address, headers=headers).status_code == 200
    client.get(f"/a/{answer}.md", headers=headers)
    client.get(f"/a/{answer}", headers=headers)
    client.cookies.update(mine)
    assert kinds(services, answer) == []


@pytest.mark.parametrize("text", ["nonsense", "ans_x.0", "ans_unknown.1", "ans_x.1.2", "x" * 5000])
def test_a_source_opens_whatever_its_address_says_about_where_it_was_linked(
    client: TestClient, text: str
) -> None:
    address = links(client, f"/a/{ask(client)}", ".cite")[0].partition("&from=")[0]
    assert client.get(f"{address}&from={text}").status_code == 200


def test_reading_an_answer_as_markdown_is_copying_it(
    client: TestClient, services: Services
) -> None:
    answer = ask(client)
    client.get(f"/a/{answer}.md")
    assert kinds(services, answer) == ["copied"]
    assert row(services, answer).accepted_at is not None


# --- going on -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words_of_the_link", "kind", "properties"),
    [
        ("Ask again", "regenerated", {"more_sources": False}),
        ("Read more sources", "regenerated", {"more_sources": True}),
        ("Only in", "sources_narrowed", {"wider": False}),
    ],
)
def test_asking_the_same_again_is_known_with_what_was_chosen(
    client: TestClient,
    services: Services,
    words_of_the_link: str,
    kind: str,
    properties: dict[str, Any],
) -> None:
    answer = ask(client)
    page = tree(client.get(f"/a/{answer}").text)
    link = next(a for a in page.css("a[data-ask]") if words_of_the_link in a.text())
    again = client.get(link.attributes["href"] or "").headers["location"].removeprefix("/a/")
    (found,) = [one.event for one in services.events.of_answer(answer) if one.event.person]
    assert (found.kind, found.properties) == (kind, properties)
    assert row(services, again).regenerate
    assert row(services, again).rephrase_of == answer
    assert row(services, answer).retried_at == row(services, again).asked_at


def test_a_suggestion_that_is_chosen_is_known_through_the_form_too(
    client: TestClient, services: Services
) -> None:
    answer = ask(client, MISSING)
    fields = {"q": QUESTION, "rewrite": "0", "via": f"rephrasing.{answer}"}
    stream = client.post("/ask", data=fields, headers=HTMX).text
    assert any(name == "footnote:finished" for name, _ in events(stream))
    assert kinds(services, answer) == ["rephrasing_chosen"]


def test_suggestions_say_what_they_are() -> None:
    refused, told = sample_not_found(), sample_answered()
    tried = state_view(refused).rephrasings[0].address
    assert f"via=rephrasing.{refused.answer_id}" in tried
    assert f"via=followup.{told.answer_id}" in followup(told, "And then?").address


def test_the_form_holds_a_place_for_what_was_chosen(client: TestClient) -> None:
    assert tree(client.get("/").text).css("form#ask input[type=hidden][name=via]")


# --- saying ---------------------------------------------------------------------------------------


def test_what_is_said_becomes_events(client: TestClient, services: Services) -> None:
    answer, refused = ask(client), ask(client, MISSING)
    client.post(f"/a/{answer}/feedback", data={"helpful": "yes"}, headers=FROM_US)
    assert row(services, answer).accepted_at is not None
    client.post(f"/a/{answer}/feedback", data={"helpful": "no", "reason": "wrong"}, headers=FROM_US)
    client.post(f"/a/{answer}/correction", data={"correction": "At 8."}, headers=FROM_US)
    client.post(f"/a/{answer}/report", data={"kind": "conflict"}, headers=FROM_US)
    client.post(f"/a/{refused}/request", data={}, headers=FROM_US)
    assert kinds(services, answer) == ["marked", "marked", "corrected", "reported"]
    assert kinds(services, refused) == ["content_requested"]
    found = row(services, answer)
    assert found.helpful is False
    assert None not in (found.rejected_at, found.corrected_at, found.reported_at)


def test_programs_say_it_with_their_session_and_count_the_same(
    client: TestClient, services: Services
) -> None:
    session = {"X-Session-Id": "program-1234", "Accept": "application/json"}
    asked = client.post("/api/v1/ask", json={"question": QUESTION}, headers=session).json()
    key = asked["answer_id"]
    client.post(f"/api/v1/answers/{key}/feedback", json={"helpful": True}, headers=session)
    client.post(
        f"/api/v1/answers/{key}/feedback",
        json={"helpful": False, "correction": "At 8."},
        headers=session,
    )
    assert kinds(services, key) == ["marked", "corrected"]
    found = row(services, key)
    assert (found.channel, found.session_id) == ("api", "program-1234")
    again = client.post("/api/v1/ask", json={"question": QUESTION}, headers=session).json()
    assert row(services, again["answer_id"]).rephrase_of == key
    other = client.get("/api/v1/search", params={"q": "crane"}, headers=session)
    assert other.status_code == 200
    searched = services.events.of_session("program-1234")[-1].event
    assert (searched.kind, row(services, searched.answer_id).kind) == ("searched", "search")
    assert client.delete(f"/api/v1/answers/{key}", headers=FROM_US).status_code == 404
    gone = client.delete(f"/api/v1/answers/{key}", headers=FROM_US | session)
    assert gone.status_code == 204
    services.answers.delete_session("program-1234")


def test_a_program_s_session_that_is_no_name_is_refused(client: TestClient) -> None:
    for name in ("short", "with spaces in it", "x" * 65):
        headers = {"X-Session-Id": name, "Accept": "application/json"}
        response = client.post("/api/v1/ask", json={"question": QUESTION}, headers=headers)
        assert response.status_code == 422


# --- search ---------------------------------------------------------------------------------------


def test_a_search_and_the_results_opened_from_it_are_known(
    client: TestClient, services: Services
) -> None:
    results = links(client, "/search?q=harbor+office", "#results h3 a")
    search = parse_qs(urlsplit(results[1]).query)["from"][0].partition(".")[0]
    client.get(results[1])
    again = links(client, "/search?q=Harbor++office", "#results h3 a")
    assert search in again[0]
    found = row(services, search)
    assert (found.kind, found.channel, found.text) == ("search", "web", "harbor office")
    assert found.accepted_at == found.opened_at is not None
    assert kinds(services, search) == ["result_opened"]


# --- the beacon -----------------------------------------------------------------------------------


def test_a_beacon_that_is_sent_twice_counts_once(client: TestClient, services: Services) -> None:
    answer = ask(client)
    for _ in range(2):
        response = beacon(client, event("copied", answer), event("shared", answer, "another-id"))
        assert (response.status_code, response.text) == (204, "")
    assert kinds(services, answer) == ["copied", "shared"]
    assert row(services, answer).shared_at is not None


def test_a_browser_may_say_that_it_sends_text(client: TestClient, services: Services) -> None:
    answer = ask(client)
    body = json.dumps({"events": [event("shared", answer)]})
    headers = {**FROM_US, "Content-Type": "text/plain;charset=UTF-8"}
    assert client.post("/events", content=body, headers=headers).status_code == 204
    assert kinds(services, answer) == ["shared"]


@pytest.mark.parametrize(
    "bad",
    [
        event("danced", "ans_1"),
        event("asked", "ans_1", channel="web"),
        event("marked", "ans_1", helpful=True),
        event("copied", "ans_1", what="everything"),
        event("shared", "ans_1", text="who I am"),
        event("shared", "somebody"),
        event("shared", "ans_1", "short"),
        event("shared", "ans_1", "x" * 41),
        {"kind": "shared"},
        {"id": 7, "kind": ["shared"], "answer_id": None},
        "shared",
        None,
        ["shared"],
    ],
)
def test_an_event_that_cannot_be_used_is_refused_without_losing_the_others(
    client: TestClient, services: Services, bad: Any
) -> None:
    answer = ask(client)
    headers = {**FROM_US, "Accept": "application/json"}
    response = beacon(client, bad, event("shared", answer), headers=headers)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert "1 of 2 events" in response.json()["detail"]
    assert kinds(services, answer) == ["shared"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"not json", 400),
        (b'{"events": "all"}', 400),
        (b"[]", 400),
        (b'{"events": ' + b"[" * 3000 + b"]" * 3000 + b"}", 400),
        (b"\xff\xfe", 400),
        (b'{"events": [' + b",".join([b"{}"] * (MOST_EVENTS + 1)) + b"]}", 400),
        (b'{"events": [], "more": "' + b"x" * MAX_BYTES + b'"}', 413),
        (b'{"events": []}', 204),
    ],
)
def test_junk_is_refused_in_words(client: TestClient, body: bytes, status: int) -> None:
    headers = {**FROM_US, "Accept": "application/json"}
    assert client.post("/events", content=body, headers=headers).status_code == status


def test_another_site_cannot_send_events(client: TestClient, services: Services) -> None:
    answer = ask(client)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert beacon(client, event("shared", answer), headers=headers).status_code == 403
    assert kinds(services, answer) == []


def test_what_is_sent_about_somebody_else_s_answer_is_not_kept(
    client: TestClient, services: Services
) -> None:
    answer = ask(client)
    mine = dict(client.cookies)
    client.cookies.clear()
    assert beacon(client, event("shared", answer)).status_code == 204
    ask(client)
    assert beacon(client, event("shared", answer)).status_code == 204
    client.post("/history/delete", headers=FROM_US)
    client.cookies.clear()
    client.cookies.update(mine)
    assert kinds(services, answer) == []


# --- not to be followed ---------------------------------------------------------------------------


@pytest.mark.parametrize("signal", [{"DNT": "1"}, {"Sec-GPC": "1"}])
def test_who_does_not_want_to_be_followed_is_not(
    client: TestClient, services: Services, signal: dict[str, str]
) -> None:
    client.headers.update(signal)
    try:
        answer = ask(client)
        for address in links(client, f"/a/{answer}", ".cite"):
            client.get(address)
        client.get(f"/a/{answer}.md")
        beacon(client, event("shared", answer))
        client.post(f"/a/{answer}/feedback", data={"helpful": "yes"}, headers=FROM_US)
        page = client.get("/search?q=harbor+office")
        assert "from=" not in page.text
        assert QUESTION in client.get("/history").text
        assert "This browser sends one of them now." in words(client.get("/privacy").text)
    finally:
        for name in signal:
            del client.headers[name]
    kept = services.events.of_answer(answer)
    assert [(one.event.kind, one.event.session_id) for one in kept] == [("marked", "")]
    assert services.events.of_session(client.cookies[SESSION_COOKIE]) == []
    found = row(services, answer)
    assert (found.session_id, found.private, found.helpful) == ("", True, True)
    client.post("/history/delete", headers=FROM_US)
    with services.engine.connect() as connection:
        left = connection.scalars(select(questions.c.answer_id)).all()
    assert answer not in left


def test_an_installation_may_choose_to_take_no_notice(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    state: Any = client.app_state
    changed = services.settings.model_copy(update={"do_not_track": "ignore"})
    monkeypatch.setitem(state, "services", replace(services, settings=changed))
    answer = client.post("/ask", data={"q": QUESTION}, headers=FROM_US | {"DNT": "1"})
    key = answer.headers["location"].removeprefix("/a/")
    assert row(services, key).session_id == client.cookies[SESSION_COOKIE]
    assert "has chosen to take no notice" in words(client.get("/privacy").text)


# --- deleting -------------------------------------------------------------------------------------


def test_deleting_everything_also_gives_up_the_browser_s_number(
    client: TestClient, services: Services
) -> None:
    answer = ask(client)
    session = client.cookies[SESSION_COOKIE]
    client.post("/history/delete", headers=FROM_US)
    assert SESSION_COOKIE not in client.cookies
    beacon(client, event("shared", answer))  # what the page still had to send
    assert services.events.of_session(session) == []
    assert services.events.of_answer(answer) == []


# --- the survey -----------------------------------------------------------------------------------


@pytest.fixture
def third(client: TestClient) -> Callable[[], str]:
    """The third answer of a browser."""

    def asked() -> str:
        ask(client)
        ask(client, "How deep is the harbor?")
        return ask(client)

    return asked


def survey(client: TestClient, answer: str) -> bool:
    return bool(tree(client.get(f"/a/{answer}").text).css("form#trust"))


def test_trust_is_asked_for_from_the_third_answer_on_and_then_not_again(
    client: TestClient, third: Callable[[], str]
) -> None:
    first = ask(client)
    assert not survey(client, first)
    answer = third()
    assert survey(client, answer)
    assert SURVEY_COOKIE in client.cookies
    assert not survey(client, answer)


def test_trust_is_not_asked_for_where_nothing_was_found_or_by_others(
    client: TestClient, third: Callable[[], str]
) -> None:
    answer = third()
    assert not survey(client, ask(client, MISSING))
    mine = dict(client.cookies)
    client.cookies.clear()
    assert not survey(client, answer)
    client.cookies.update(mine)
    assert not client.get(f"/a/{answer}", headers={"DNT": "1"}).text.count('id="trust"')


def test_a_rating_is_kept_and_thanked_for(
    client: TestClient, services: Services, third: Callable[[], str]
) -> None:
    answer = third()
    response = client.post(f"/a/{answer}/trust", data={"rating": "4"}, headers=FROM_US)
    assert response.headers["location"] == f"/a/{answer}?said=trust#trust"
    assert "Thank you" in words(client.get(response.headers["location"]).text)
    (found,) = [one.event for one in services.events.of_answer(answer) if one.event.person]
    assert (found.kind, found.properties) == ("trust_rated", {"rating": 4})
    assert not survey(client, answer)


def test_the_survey_can_be_skipped(
    client: TestClient, services: Services, third: Callable[[], str]
) -> None:
    answer = third()
    response = client.post(f"/a/{answer}/trust", data={"rating": "skip"}, headers=FROM_US | HTMX)
    assert response.text == ""
    assert kinds(services, answer) == []
    assert not survey(client, answer)


def test_the_survey_comes_with_a_streamed_answer_too(
    client: TestClient, third: Callable[[], str]
) -> None:
    third()
    stream = client.post("/ask", data={"q": QUESTION}, headers=HTMX | FROM_US).text
    assert 'id="trust"' in stream
    assert "footnote_survey" in client.get("/static/events.js").text
