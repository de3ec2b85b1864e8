"""What a real browser tells of what is done in it: copying, sharing, stopping, the survey."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine, create_engine, select

from app.records.behavior.tables import events, questions
from tests.e2e.conftest import LiveServer, OpenPage, ask

if TYPE_CHECKING:
    from playwright.sync_api import Page

QUESTION = "When is the harbor office open?"


@pytest.fixture(scope="module")
def database(live_server: LiveServer) -> Iterator[Engine]:
    """The running server's database, to read."""
    engine = create_engine(f"sqlite:///{live_server.data_dir / 'footnote.db'}")
    yield engine
    engine.dispose()


def answer_of(page: Page) -> str:
    return page.locator("article.answer").get_attribute("data-answer") or ""


def kinds(database: Engine, answer: str) -> list[str]:
    c = events.c
    query = select(c.kind).where(c.answer_id == answer).order_by(c.at, c.id)
    with database.connect() as connection:
        found = list(connection.scalars(query))
    return [kind for kind in found if kind not in ("asked", "answered")]


def comes(look: Callable[[], object], expected: object) -> None:
    """Wait for what a beacon brings."""
    until = time.monotonic() + 10
    while look() != expected and time.monotonic() < until:
        time.sleep(0.05)
    assert look() == expected


def test_copying_and_sharing_are_told_once_each(open_page: OpenPage, database: Engine) -> None:
    page = open_page()
    ask(page, QUESTION)
    answer = answer_of(page)
    page.get_by_role("link", name="Copy with citations").click()
    comes(lambda: kinds(database, answer), ["copied"])
    page.get_by_role("link", name="Link", exact=True).click()
    comes(lambda: kinds(database, answer), ["copied", "shared"])
    comes(lambda: page.evaluate("sessionStorage.getItem('events')"), "[]")


def test_words_copied_by_hand_are_told_and_those_of_a_field_are_not(
    open_page: OpenPage, database: Engine
) -> None:
    page = open_page()
    ask(page, QUESTION)
    page.locator("#q").focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.prose'))")
    page.locator("#answer-title").focus()
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.prose'))")
    page.keyboard.press("Control+c")
    comes(lambda: kinds(database, answer_of(page)), ["copied"])


def test_what_the_server_did_not_acknowledge_is_sent_again_and_counts_once(
    open_page: OpenPage, database: Engine
) -> None:
    page = open_page(expected="Failed to load resource")
    ask(page, QUESTION)
    answer = answer_of(page)
    page.route("**/events", lambda route: route.abort())
    page.get_by_role("link", name="Link", exact=True).click()
    kept = "JSON.parse(sessionStorage.getItem('events') ?? '[]').length"
    comes(lambda: page.evaluate(kept), 1)
    page.unroute("**/events")
    assert kinds(database, answer) == []
    page.reload()
    comes(lambda: kinds(database, answer), ["shared"])


def test_a_browser_that_does_not_want_to_be_followed_sends_nothing(
    open_page: OpenPage, database: Engine
) -> None:
    page = open_page(extra_http_headers={"Sec-GPC": "1"})
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    page.reload()
    ask(page, QUESTION)
    page.get_by_role("link", name="Link", exact=True).click()
    page.wait_for_timeout(300)
    assert not [url for url in sent if url.endswith("/events")]
    assert kinds(database, answer_of(page)) == []


def test_a_link_that_is_chosen_and_a_source_that_is_opened_are_told(
    open_page: OpenPage, database: Engine
) -> None:
    page = open_page()
    ask(page, QUESTION)
    first = answer_of(page)
    page.get_by_role("link", name="Ask again").click()
    expect(page.locator("article.answer")).not_to_have_attribute("data-answer", first)
    second = answer_of(page)
    expect(page.locator("input[name=via]")).to_have_value("")
    page.locator(".cite").first.click()
    page.wait_for_url("**/documents/**")
    assert kinds(database, first) == ["regenerated"]
    assert kinds(database, second) == ["citation_opened"]
    with database.connect() as connection:
        query = select(questions.c.rephrase_of).where(questions.c.answer_id == second)
        assert connection.scalar(query) == first


def test_the_survey_is_shown_once_and_says_thank_you(open_page: OpenPage, database: Engine) -> None:
    page = open_page()
    for question in (QUESTION, "How deep is the harbor?"):
        ask(page, question)
        expect(page.locator("#trust")).to_have_count(0)
        page.goto("/")
    ask(page, QUESTION)
    page.get_by_role("button", name="4 of 5").click()
    expect(page.locator("#trust")).to_contain_text("Thank you")
    comes(lambda: kinds(database, answer_of(page)), ["trust_rated"])
    page.goto("/")
    ask(page, QUESTION)
    expect(page.locator("#trust")).to_have_count(0)
