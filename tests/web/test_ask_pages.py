"""Asking: with and without JavaScript, when all goes well and when it does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.requests import Request

from app.ask.writing.chat_model import LangChainChatModel
from app.bootstrap import build_services
from app.domain import AnswerState, Drafted, Finished, Level, Searching
from app.errors import IndexUnavailable, NotReady
from app.web.ask_pages import ask_stream
from app.web.asked import Asked
from app.web.dependencies import Narrowing
from app.web.form_view import Continuing
from app.web.pattern_samples import sample_answer, sample_not_found, sample_written
from tests.web.conftest import FROM_US, HTMX, Scripted, browsing, events, tree, words

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.bootstrap import Services
    from app.domain import AskStep, Question
    from app.settings import Settings

QUESTION = "When is the harbor office open?"


def ask(client: TestClient, question: str = QUESTION, **fields: str) -> str:
    """Ask as a plain form does; gives the answer's page."""
    response = client.post("/ask", data={"q": question, **fields}, headers=FROM_US)
    assert response.status_code == 303, response.text
    return client.get(response.headers["location"]).text


# --- home ----------------------------------------------------------------------------------------


def test_home_says_what_is_searched(client: TestClient) -> None:
    assert "All 5 documents" in words(client.get("/").text)


def test_home_suggests_only_questions_that_stand_in_the_documents(client: TestClient) -> None:
    page = tree(client.get("/").text)
    shown = [link.text() for link in page.css(".suggestions a")]
    assert shown == ["Is there a workshop in the harbor area?"]


def test_a_suggested_question_is_answered(client: TestClient) -> None:
    link = tree(client.get("/").text).css_first(".suggestions a")
    response = client.get(link.attributes["href"] or "")
    assert "There is one behind the crane" in words(client.get(response.headers["location"]).text)


def test_home_without_documents_says_how_to_begin(settings: Settings) -> None:
    with browsing(build_services(settings)) as client:
        page = client.get("/").text
        assert "Nothing to ask yet" in words(page)
        assert "footnote ingest" in page
        assert not tree(page).css("#ask")
        assert "Nothing to ask yet" in words(client.get("/search?q=crane").text)
        assert "Nothing to ask yet" in words(client.get("/documents").text)


def test_a_shared_question_is_filled_in_and_search_mode_leads_to_search(client: TestClient) -> None:
    page = tree(client.get("/", params={"q": "a < b?"}).text)
    assert page.css_first("#q").text().strip() == "a < b?"
    moved = client.get("/?mode=search&q=crane")
    assert moved.headers["location"].startswith("/search?")


# --- without JavaScript --------------------------------------------------------------------------


def test_a_plain_form_is_answered_on_a_page_of_its_own(client: TestClient) -> None:
    page = ask(client)
    shown = words(page)
    assert "from 7:30 to 16:00 on weekdays" in shown
    assert "Quoted from your documents" in shown
    assert "confidence." in shown
    assert "%" not in tree(page).css_first(".confidence").text()


def test_citations_are_links_to_the_exact_place(client: TestClient, services: Services) -> None:
    page = tree(ask(client))
    for link in page.css(".cite"):
        parts = urlsplit(link.attributes["href"] or "")
        asked = parse_qs(parts.query)
        place = {key: int(asked[key][0]) for key in ("start", "end")}
        text, _ = services.documents.text(parts.path.rsplit("/", 1)[-1])
        number = link.attributes["data-cite"]
        quoted = page.css_first(f"#quote-{number}").text()
        assert "".join(text[place["start"] : place["end"]].split()) == "".join(quoted.split())
        assert parts.fragment == "quote"


def test_a_link_that_asks_is_answered(client: TestClient) -> None:
    response = client.get("/ask", params={"q": QUESTION})
    assert response.status_code == 303
    assert "7:30" in client.get(response.headers["location"]).text


def test_a_link_without_a_question_leads_home(client: TestClient) -> None:
    assert client.get("/ask").headers["location"] == "/"


def test_the_question_stays_editable_above_its_answer(client: TestClient) -> None:
    field = tree(ask(client, "Is swimming  <allowed>?")).css_first("#q")
    assert field.text().strip() == "Is swimming <allowed>?"


def test_the_filters_of_a_question_are_kept_with_its_answer(client: TestClient) -> None:
    page = tree(ask(client, kind="csv"))
    assert page.css_first("input[name=kind][value=csv]").attributes.get("checked", "no") != "no"
    assert "CSV" in page.css_first(".scope summary").text()


def test_a_collection_that_does_not_exist_is_named(client: TestClient) -> None:
    response = client.post("/ask", data={"q": QUESTION, "collection": "moon"}, headers=FROM_US)
    assert response.status_code == 404
    assert "There is no collection “moon”" in words(response.text)


def test_a_date_that_is_none_is_refused_with_an_example(client: TestClient) -> None:
    response = client.post("/ask", data={"q": QUESTION, "after": "soon"}, headers=FROM_US)
    assert response.status_code == 400
    assert "like 2026-03-31" in words(response.text)


def test_search_mode_in_the_form_leads_to_search(client: TestClient) -> None:
    response = client.post("/ask", data={"q": "crane", "mode": "search"}, headers=FROM_US)
    assert response.headers["location"] == "/search?q=crane"


def test_written_mode_says_that_it_needs_a_model(client: TestClient) -> None:
    response = client.post("/ask", data={"q": QUESTION, "mode": "written"}, headers=FROM_US)
    assert response.status_code == 409
    assert "chat model" in words(response.text)


def test_an_empty_question_is_refused_in_words(client: TestClient) -> None:
    response = client.post("/ask", data={"q": "  "}, headers=FROM_US)
    assert response.status_code == 400
    assert "The question is empty" in words(response.text)


# --- the stream ----------------------------------------------------------------------------------


def test_the_stream_goes_from_searching_to_the_answer(client: TestClient) -> None:
    response = client.post("/ask", data={"q": QUESTION}, headers=HTMX)
    assert response.headers["content-type"].startswith("text/event-stream")
    got = events(response.text)
    ready = [name for name, _ in got].index("footnote:finished")
    said = [
        tree(data).css_first("hx-partial[hx-target='#status']").text() for _, data in got[:ready]
    ]
    assert said[0] == "Searching"
    assert said[1].startswith("Reading ")
    assert said[2].startswith("Checking ")
    assert said[3] == "Answer ready"
    assert "7:30" in client.get(got[ready][1]).text
    (suggested,) = got[ready + 1 :]
    assert tree(suggested[1]).css("a[data-ask]")


@pytest.mark.slow
def test_a_question_that_meets_a_loading_model_waits_for_it(settings: Settings) -> None:
    with browsing(build_services(settings)) as client:
        assert "Warming up" in words(client.get("/readiness").text)
        got = events(client.post("/ask", data={"q": QUESTION}, headers=HTMX).text)
        assert "Warming up, then searching" in got[0][1]
        assert "footnote:finished" in [name for name, _ in got]
        assert "hx-get" not in client.get("/readiness").text


def test_every_part_of_the_stream_has_a_place_on_the_page(client: TestClient) -> None:
    home = client.get("/").text
    stream = client.post("/ask", data={"q": QUESTION}, headers=HTMX).text
    places = {
        node.attributes["hx-target"] or ""
        for _, data in events(stream)
        for node in tree(data).css("hx-partial")
    }
    shown = [tree(html) for html in (home, *(data for _, data in events(stream)))]
    for place in places:
        assert any(page.css_first(place) for page in shown), place


def test_the_finished_answer_is_the_same_as_its_permalink(client: TestClient) -> None:
    got = events(client.post("/ask", data={"q": QUESTION}, headers=HTMX).text)
    at = [name for name, _ in got].index("footnote:finished")
    streamed = tree(got[at - 1][1]).css_first(".answer .prose")
    stored = tree(client.get(got[at][1]).text).css_first(".answer .prose")
    assert streamed.text().split() == stored.text().split()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (IndexUnavailable("Chroma does not answer.", "Start it."), "Chroma does not answer."),
        (NotReady("The model is still loading.", "Ask again."), "still loading"),
        (ZeroDivisionError("secret detail"), "trace id"),
    ],
)
def test_an_error_inside_the_stream_becomes_a_card_with_a_way_to_retry(
    client: TestClient, scripted: Callable[..., Scripted], error: Exception, expected: str
) -> None:
    scripted(Searching("x"), error)
    got = events(client.post("/ask", data={"q": QUESTION}, headers=HTMX).text)
    card = got[-1][1]
    assert expected in words(card)
    assert "secret detail" not in card
    assert tree(card).css("button[form=ask]")


def test_the_stream_shows_the_draft_before_it_is_checked(
    client: TestClient, scripted: Callable[..., Scripted]
) -> None:
    answer = sample_answer(AnswerState.ANSWERED, Level.HIGH)
    asker = scripted(Searching("x"), Drafted(answer.sentences, answer.citations), Finished(answer))
    got = events(client.post("/ask", data={"q": QUESTION}, headers=HTMX).text)
    assert tree(got[1][1]).css_first("hx-partial[hx-target='#draft']")
    assert "7:30 to 16:00" in words(got[1][1])
    assert asker.session
    assert asker.asked
    assert asker.asked.text == QUESTION


def test_a_document_cannot_put_markup_into_an_answer(
    client: TestClient, scripted: Callable[..., Scripted]
) -> None:
    evil = '<img src=x onerror="alert(1)"><hx-partial hx-target="#ask">gone</hx-partial>'
    answer = sample_answer(AnswerState.ANSWERED, Level.HIGH)
    citation = replace(answer.citations[0], quote=evil, title=evil, heading=(evil,), before=evil)
    sentence = replace(answer.sentences[0], text=evil, emphasis=())
    scripted(Finished(replace(answer, sentences=(sentence,), citations=(citation,))))
    stream = client.post("/ask", data={"q": QUESTION}, headers=HTMX).text
    assert "<img" not in stream
    assert 'hx-target="#ask"' not in stream


# --- answers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "label"),
    [
        (AnswerState.ANSWERED, "Answered"),
        (AnswerState.PARTIAL, "Partly answered"),
        (AnswerState.CONFLICTING, "Sources disagree"),
        (AnswerState.OUTDATED, "May be out of date"),
    ],
)
def test_every_state_of_an_answer_is_named(
    client: TestClient, services: Services, state: AnswerState, label: str
) -> None:
    answer = replace(sample_answer(state, Level.MEDIUM), answer_id=f"ans_test_{state.value}")
    services.answers.add(answer)
    page = tree(client.get(f"/a/{answer.answer_id}").text)
    assert page.css_first(".badge").text().strip() == label
    assert "Medium confidence." in page.css_first(".confidence").text()


def test_a_refusal_shows_what_was_searched_and_what_came_closest(client: TestClient) -> None:
    shown = words(ask(client, "What does the zeppelin hangar cost?"))
    assert "Not in your documents" in shown
    assert "“zeppelin”" in shown
    assert "in none of them" in shown
    assert "in 5 documents" in shown
    assert "Closest passages" in shown


def test_a_refusal_under_filters_offers_to_ask_everywhere(
    client: TestClient, services: Services
) -> None:
    from app.domain import Filters

    answer = replace(
        sample_not_found(), answer_id="ans_test_filtered", filters=Filters(kinds=("csv",))
    )
    services.answers.add(answer)
    page = tree(client.get("/a/ans_test_filtered").text)
    wider = [link for link in page.css(".missing a") if "all documents" in link.text()]
    asked = parse_qs(urlsplit(wider[0].attributes["href"] or "").query)
    assert asked == {
        "q": ["Is the office open on public holidays?"],
        "rewrite": ["0"],
        "via": ["widen.ans_test_filtered"],
    }


def test_a_quoted_table_row_is_shown_as_its_fields(client: TestClient, services: Services) -> None:
    services.answers.add(
        replace(sample_answer(AnswerState.ANSWERED, Level.HIGH), answer_id="ans_test_row")
    )
    page = tree(client.get("/a/ans_test_row").text)
    fields = {
        row.css_first("dt").text(): row.css_first("dd").text() for row in page.css(".fields div")
    }
    assert fields["Depth"] == "4.2 m"
    assert page.css_first(".fields strong").text() == "C4"


def test_an_answer_can_be_copied_with_its_footnotes(client: TestClient, services: Services) -> None:
    services.answers.add(
        replace(sample_answer(AnswerState.ANSWERED, Level.HIGH), answer_id="ans_test_copy")
    )
    response = client.get("/a/ans_test_copy.md")
    assert response.headers["content-type"].startswith("text/markdown")
    assert "on weekdays.[^1]" in response.text
    assert "[^1]: Harbor handbook, Offices › Opening hours: “The harbor office" in response.text
    assert "http://127.0.0.1/a/ans_test_copy" in response.text


def test_an_answer_that_does_not_exist_is_a_page_that_says_so(client: TestClient) -> None:
    response = client.get("/a/ans_never")
    assert response.status_code == 404
    assert "There is no answer at this address" in words(response.text)


# --- small things --------------------------------------------------------------------------------


def test_the_theme_is_remembered_and_the_page_arrives_in_it(client: TestClient) -> None:
    chosen = client.post(
        "/theme", data={"theme": "dark"}, headers={**FROM_US, "Referer": "http://127.0.0.1/search"}
    )
    assert chosen.headers["location"] == "http://127.0.0.1/search"
    root = tree(client.get("/").text).css_first("html")
    assert root.attributes["data-theme"] == "dark"


def test_the_theme_form_leads_nowhere_else(client: TestClient) -> None:
    chosen = client.post(
        "/theme",
        data={"theme": "blinking"},
        headers={**FROM_US, "Referer": "https://elsewhere.example/"},
    )
    assert chosen.headers["location"] == "/"
    assert "set-cookie" not in chosen.headers


def test_the_notice_is_gone_once_the_model_is_loaded(client: TestClient) -> None:
    notice = tree(client.get("/readiness").text).css_first("#readiness")
    assert "hidden" in notice.attributes
    assert "hx-get" not in notice.attributes


# --- while a model writes ------------------------------------------------------------------------


def written_draft(count: int) -> Drafted:
    answer = sample_written()
    return Drafted(answer.sentences[:count], answer.citations[:1])


def test_a_draft_grows_and_only_what_changed_is_sent(
    client: TestClient, services: Services, scripted: Callable[..., Scripted]
) -> None:
    scripted(written_draft(1), written_draft(2), Finished(sample_written()))
    state: Any = client.app_state
    model = LangChainChatModel("openai:scripted", base_url="http://127.0.0.1:9/v1")
    state["services"] = replace(state["services"], chat_model=model)  # the fixture puts it back
    services.answers.add(replace(sample_written(), answer_id="ans_written_draft"))
    got = events(client.post("/ask", data={"q": "When?"}, headers=HTMX).text)
    first, second = tree(got[0][1]), tree(got[1][1])
    targets = [
        [part.attributes["hx-target"] for part in draft.css("hx-partial")]
        for draft in (first, second)
    ]
    assert targets == [["#status", "#draft", "#sources"], ["#draft"]]
    assert "Writing" in first.css_first("hx-partial").text()
    assert len(second.css(".sentence")) == 2


def test_a_stream_that_is_left_standing_is_closed_with_its_model(services: Services) -> None:
    closed = []

    class Standing(Scripted):
        async def ask(self, question: Question, session_id: str = "") -> AsyncIterator[AskStep]:
            try:
                async for step in super().ask(question, session_id):
                    yield step
            finally:
                closed.append(question.text)

    async def leave() -> None:
        asker = Standing([Searching(QUESTION), written_draft(1)])
        left_open = AsyncExitStack()
        stream = ask_stream(
            Request({"type": "http"}),
            replace(services, asker=asker),  # type: ignore[arg-type]  # a script of the same shape
            "",
            Asked(QUESTION, "auto", Narrowing((), (), "", ""), Continuing(), more_sources=False),
            left_open,
        )
        await anext(stream)
        assert closed == []
        await left_open.aclose()  # what FastAPI does when the response has ended
        assert closed == [QUESTION]

    asyncio.run(leave())
