"""Search mode: passages appear while one types."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.conftest import OpenPage


def test_results_follow_the_typing_and_the_address_follows_the_results(
    open_page: OpenPage,
) -> None:
    page = open_page("/search")
    page.locator("#q").press_sequentially("crane", delay=20)
    expect(page.locator(".results h3").first).to_have_text(re.compile("Crane letter"))
    expect(page).to_have_url(re.compile(r"/search\?q=crane"))
    page.reload()
    expect(page.locator(".results h3").first).to_have_text(re.compile("Crane letter"))


def test_a_filter_narrows_the_results_at_once(open_page: OpenPage) -> None:
    page = open_page("/search?q=harbor crane high water")
    page.locator(".scope summary").click()
    page.get_by_label("CSV").check()
    expect(page.locator(".results .found")).to_have_count(1)
    expect(page.locator(".results .where")).to_contain_text("CSV")


def test_a_result_opens_the_document_with_the_passage_highlighted(open_page: OpenPage) -> None:
    page = open_page("/search?q=twelve tonnes")
    page.locator(".results h3 a").first.click()
    expect(page.locator("#quote")).to_be_in_viewport()
    expect(page.locator(".text")).to_contain_text("twelve tonnes")
