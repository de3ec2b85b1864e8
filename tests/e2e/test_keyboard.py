"""Everything that the pages promise to the keyboard."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.conftest import OpenPage, ask

QUESTION = "What are the fees and when are they doubled?"


def test_slash_goes_to_the_question_from_anywhere(open_page: OpenPage) -> None:
    page = open_page("/search?q=crane")
    page.locator("h3 a").first.focus()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#q")).to_have_value("crane")
    page = open_page("/documents")
    page.keyboard.press("/")
    expect(page).to_have_url(re.compile(r"/$"))


def test_s_switches_between_asking_and_searching_and_keeps_the_words(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, "Is there a workshop?")
    page.keyboard.press("s")
    expect(page).to_have_url(re.compile(r"/search\?q=Is\+there\+a\+workshop"))
    expect(page.locator(".results .found")).not_to_have_count(0)
    page.locator(".results h3 a").first.focus()
    page.keyboard.press("s")
    expect(page.locator("#q")).to_have_value("Is there a workshop?")
    expect(page).to_have_url(re.compile(r"/\?q="))


def test_letters_typed_into_the_field_are_letters(open_page: OpenPage) -> None:
    page = open_page()
    page.locator("#q").press_sequentially("jks/")
    expect(page.locator("#q")).to_have_value("jks/")


def test_j_and_k_move_through_the_sources(open_page: OpenPage) -> None:
    page = open_page("/search?q=harbor")
    links = page.locator("[data-step]")
    page.keyboard.press("Escape")
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(links.nth(0)).to_be_focused()


def test_after_an_answer_the_keys_work_at_once(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, QUESTION)
    expect(page.locator("#answer-title")).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator("#source-1 a")).to_be_focused()


def test_shift_enter_is_a_new_line(open_page: OpenPage) -> None:
    page = open_page()
    page.locator("#q").press_sequentially("one")
    page.keyboard.press("Shift+Enter")
    page.locator("#q").press_sequentially("two")
    expect(page.locator("#q")).to_have_value("one\ntwo")


def test_single_keys_can_be_switched_off_and_stay_off(open_page: OpenPage) -> None:
    page = open_page("/search?q=harbor")
    page.locator(".keys summary").click()
    page.get_by_label("Single-key shortcuts").uncheck()
    page.reload()
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("j")
    expect(page.locator("[data-step]").first).not_to_be_focused()


def test_the_first_tab_offers_to_skip_to_the_content(open_page: OpenPage) -> None:
    page = open_page("/documents")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()


def test_arrows_turn_the_pages_of_a_pdf(open_page: OpenPage) -> None:
    page = open_page("/documents")
    page.get_by_role("link", name="Dredging report", exact=True).click()
    page.locator(".sheet").wait_for()
    page.wait_for_load_state("load")  # keys work once the script has run
    page.keyboard.press("ArrowRight")
    expect(page.locator("input[name=page]")).to_have_value("2")
    page.wait_for_load_state("load")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("input[name=page]")).to_have_value("1")
