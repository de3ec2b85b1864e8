"""Traces in a real browser: filtering, choosing steps, from the answer to its trace and back."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.conftest import OpenPage, ask


def test_one_click_leads_from_an_answer_to_its_trace_and_one_back(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, "How much is the deposit for a shower card?")
    answer = page.url
    page.get_by_role("link", name="How this was answered").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("shower card"))
    expect(page.locator(".passages tr.used").first).to_contain_text("Cited as [1]")
    page.get_by_role("link", name="The answer", exact=True).click()
    expect(page).to_have_url(answer)


def test_a_step_is_chosen_with_the_keyboard_and_keeps_the_focus(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, "When does the workshop behind the crane open?")
    page.get_by_role("link", name="How this was answered").click()
    page.locator(".waterfall").wait_for()
    page.wait_for_load_state()  # the script that catches the key is there
    page.evaluate("window.kept = true")
    page.get_by_role("link", name="Search by words").press("Enter")
    expect(page.locator(".step-name")).to_have_text("Search by words")
    expect(page.get_by_role("link", name="Search by words")).to_be_focused()
    expect(page).to_have_url(re.compile("span="))
    assert page.evaluate("window.kept"), "only the steps were loaded"


def test_the_list_is_filtered_while_one_types_and_a_chip_takes_it_back(
    open_page: OpenPage,
) -> None:
    page = open_page()
    ask(page, "Is swimming in the basin allowed?")
    page.goto("/traces")
    page.get_by_label("Words of the question").press_sequentially("swimming", delay=20)
    expect(page.locator(".trace-list tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile("q=swimming"))
    page.get_by_role("link", name="Words: swimming").click()
    expect(page).to_have_url(re.compile(r"/traces$"))


def test_the_two_that_are_ticked_are_compared(open_page: OpenPage) -> None:
    page = open_page()
    for _ in range(2):
        page.goto("/")
        ask(page, "What is the fee for twelve metres?")
    page.goto("/traces?q=twelve+metres")
    for box in page.locator(".trace-list input[type=checkbox]").all()[:2]:
        box.check()
    page.get_by_role("button", name="Compare the two chosen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One question, two answers")


def test_pages_are_no_wider_than_a_phone(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, "How much is the deposit for a shower card?")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("link", name="How this was answered").click()
    page.locator(".waterfall").wait_for()
    trace = page.url.partition("#")[0].rpartition("/")[2]
    for address in ("/traces", f"/traces/{trace}", f"/traces/compare?a={trace}&b={trace}"):
        page.goto(address)
        wide = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, address
