"""All of it with JavaScript switched off."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.conftest import OpenPage

QUESTION = "When is the harbor office open?"


def test_a_question_is_asked_answered_and_traced_to_its_source(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    page.fill("#q", QUESTION)
    page.locator("#ask button.primary").click()
    expect(page).to_have_url(re.compile(r"/a/ans_\w+$"))
    expect(page.locator(".prose")).to_contain_text("7:30")
    expect(page.locator(".stop")).to_be_hidden()
    page.locator(".cite").first.click()
    expect(page.locator("#quote")).to_be_in_viewport()


def test_feedback_is_given(open_page: OpenPage) -> None:
    page = open_page(f"/ask?q={QUESTION}", java_script_enabled=False)
    page.locator(".feedback summary").click()
    page.get_by_label("Something is missing").check()
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#feedback")).to_contain_text("Thank you")


def test_search_and_its_filters_work(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    page.get_by_role("link", name="Search", exact=True).click()
    page.fill("#q", "crane")
    page.locator(".scope summary").click()
    page.get_by_label("HTML").check()
    page.locator("#ask button.primary").click()
    expect(page.locator(".results h3").first).to_contain_text("Crane letter")
    expect(page.locator(".scope summary")).to_contain_text("HTML")


def test_a_file_is_uploaded_and_the_page_watches_it(open_page: OpenPage, tmp_path: Path) -> None:
    file = tmp_path / "lighthouse.md"
    file.write_text("# Lighthouse\n\nThe lighthouse was painted red in 1931.\n")
    page = open_page("/documents", java_script_enabled=False)
    page.locator("input[type=file]").set_input_files([file])
    page.get_by_role("button", name="Upload").click()
    expect(page).to_have_url(re.compile("/documents/uploads/"))
    expect(page.locator(".tally")).to_contain_text("Done")
    page.locator(".job-done a").click()
    expect(page.locator(".text")).to_contain_text("painted red in 1931")


def test_the_list_is_sorted_filtered_and_a_document_deleted(
    open_page: OpenPage, tmp_path: Path
) -> None:
    file = tmp_path / "short-lived.md"
    file.write_text("# Short-lived\n\nThis notice is removed again.\n")
    page = open_page("/documents", java_script_enabled=False)
    page.locator("input[type=file]").set_input_files([file])
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".tally")).to_contain_text("Done")
    page.goto("/documents?sort=title&desc=1")
    page.get_by_label("Title or file").fill("short-lived")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("link", name="Delete Short-lived").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("table.list")).not_to_contain_text("Short-lived")


def test_pdf_pages_are_turned(open_page: OpenPage) -> None:
    page = open_page("/documents", java_script_enabled=False)
    page.get_by_role("link", name="Dredging report", exact=True).click()
    page.get_by_role("link", name="Next page").click()
    expect(page.locator("input[name=page]")).to_have_value("2")
    page.fill("input[name=page]", "1")
    page.press("input[name=page]", "Enter")
    expect(page.locator(".sheet img")).to_have_attribute("src", re.compile(r"/pages/1\.png"))


def test_the_theme_is_chosen_and_kept(open_page: OpenPage) -> None:
    page = open_page("/search", java_script_enabled=False)
    page.get_by_role("button", name="Use dark colors").click()
    expect(page).to_have_url(re.compile("/search$"))
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/documents")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
