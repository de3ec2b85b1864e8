"""A question is typed, the answer streams in, its footnote opens the document at the quote."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.e2e.conftest import OpenPage, ask

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

QUESTION = "When is the harbor office open?"


def test_an_answer_streams_in_with_its_sources(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, QUESTION)
    expect(page.locator(".answer .badge")).to_have_text("Answered")
    expect(page.locator(".answer .prose")).to_contain_text("from 7:30 to 16:00 on weekdays")
    expect(page.locator(".answer .label")).to_have_text("Quoted from your documents")
    expect(page.locator("#source-1 mark")).to_contain_text("7:30")
    expect(page.locator("#status")).to_have_text("Answer ready")
    expect(page).to_have_url(re.compile(r"/a/ans_\w+$"))
    expect(page).to_have_title(f"{QUESTION} · Footnote")
    expect(page.locator("h1.intro")).to_be_hidden()


def test_a_click_on_a_footnote_opens_the_document_at_the_quote(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, QUESTION)
    quote = page.locator("#quote-1").inner_text()
    page.locator(".cite").first.click()
    expect(page.locator("h1")).to_have_text("Harbor handbook")
    expect(page.locator("#quote")).to_have_text(quote)
    expect(page.locator("#quote")).to_be_in_viewport()


def test_a_footnote_shows_its_quote_to_the_mouse_and_to_the_keyboard(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, QUESTION)
    peek = page.locator("#peek")
    expect(peek).to_be_hidden()
    page.locator(".cite").first.hover()
    expect(peek).to_be_visible()
    expect(peek.locator("strong")).to_have_text("Harbor handbook")
    expect(peek.locator("p")).to_contain_text("7:30")
    peek.hover()
    page.wait_for_timeout(300)
    expect(peek).to_be_visible()
    page.keyboard.press("Escape")
    expect(peek).to_be_hidden()
    page.locator(".cite").first.focus()
    expect(peek).to_be_visible()
    described = page.locator(".cite").first.get_attribute("aria-describedby")
    expect(page.locator(f"#{described}")).to_contain_text("7:30")


def test_back_leads_from_one_answer_to_the_one_before_and_home(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, QUESTION)
    expect(page).to_have_url(re.compile("/a/"))
    first = page.url
    page.fill("#q", "Is there a workshop in the harbor area?")
    page.press("#q", "Enter")
    expect(page.locator(".answer .prose")).to_contain_text("behind the crane")
    expect(page).not_to_have_url(first)  # the answer is shown before its address
    page.go_back()
    expect(page.locator(".answer .prose")).to_contain_text("7:30")
    expect(page.locator("#q")).to_have_value(QUESTION)
    page.go_back()
    expect(page.locator("h1.intro")).to_be_visible()


def test_a_refusal_says_what_was_searched(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, "What does the zeppelin hangar cost?")
    expect(page.locator(".badge")).to_have_text("Not in your documents")
    expect(page.locator(".missing")).to_contain_text("“zeppelin”")
    expect(page.locator(".sources .found")).not_to_have_count(0)


def test_a_suggested_question_is_asked_with_one_click(open_page: OpenPage) -> None:
    page = open_page()
    suggestion = page.locator(".suggestions a").first
    words = suggestion.inner_text()
    suggestion.click()
    page.locator("#result article.answer").wait_for()
    expect(page.locator("#q")).to_have_value(words)
    expect(page.locator(".badge")).to_have_text("Answered")


def test_the_field_and_buttons_survive_the_answer(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, QUESTION)
    page.get_by_role("button", name="Yes", exact=True).click()
    expect(page.locator("#feedback")).to_contain_text("Thank you")


def test_what_was_wrong_can_be_said(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, QUESTION)
    page.locator(".feedback summary").click()
    page.get_by_label("It is out of date").check()
    page.get_by_label("What would have helped?").fill("New hours since May.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#feedback")).to_contain_text("Thank you")


def test_an_answer_is_copied_with_its_footnotes(open_page: OpenPage) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    ask(page, QUESTION)
    page.get_by_role("link", name="Copy with citations").click()
    expect(page.locator(".actions .done")).to_have_text("Copied")
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert "[^1]: Harbor handbook" in copied
    assert page.url in copied


def slow_stream(page: Page, body: str) -> None:
    """Let `/ask` answer with an unfinished stream."""

    def fulfil(route: Route) -> None:
        route.fulfill(status=200, content_type="text/event-stream", body=body)

    page.route("**/ask", fulfil)


def test_a_stream_that_breaks_off_is_not_left_looking_busy(open_page: OpenPage) -> None:
    page = open_page()
    draft = '<div><article id="draft" aria-busy="true"><p class="prose">Half</p></article></div>'
    slow_stream(page, f'data: <hx-partial hx-target="#result">{draft}</hx-partial>\n\n')
    page.fill("#q", QUESTION)
    page.press("#q", "Enter")
    expect(page.locator("#status")).to_contain_text("The connection was lost")
    expect(page.locator("#draft")).not_to_have_attribute("aria-busy", "true")


def test_escape_stops_a_question_and_the_next_one_is_answered(
    open_page: OpenPage,
) -> None:
    page = open_page()
    page.route("**/ask", lambda _route: None)  # which leaves the request waiting
    page.fill("#q", "A slow question about berths?")
    page.press("#q", "Enter")
    expect(page.locator("#ask")).to_have_class(re.compile("htmx-request"))
    page.keyboard.press("Escape")
    expect(page.locator("#ask")).not_to_have_class(re.compile("htmx-request"))
    expect(page.locator("#status")).to_have_text("Stopped.")
    page.unroute("**/ask")
    ask(page, QUESTION)
    expect(page.locator(".badge")).to_have_text("Answered")
