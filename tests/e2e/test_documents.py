"""Documents are added, watched, opened and removed in the browser."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.conftest import LiveServer, OpenPage, ask


def test_files_are_uploaded_reported_one_by_one_and_answered_from(
    open_page: OpenPage, tmp_path: Path
) -> None:
    good, empty = tmp_path / "regatta.md", tmp_path / "empty.md"
    good.write_text("# Regatta\n\nThe regatta starts on the first Saturday of July at ten.\n")
    empty.write_text("")
    page = open_page("/documents")
    page.locator("input[type=file]").set_input_files([good, empty])
    expect(page.locator(".drop-words")).to_contain_text("regatta.md, empty.md")
    page.get_by_label("Collection", exact=True).last.fill("events")
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".batch .tally")).to_contain_text("1 file could not be read")
    expect(page.locator(".job-failed")).to_contain_text("empty")
    expect(page.locator("#list")).to_contain_text("Regatta")
    page.locator(".job-done a").click()
    expect(page.locator(".text")).to_contain_text("first Saturday of July")
    page.goto("/")
    ask(page, "When does the regatta start?")
    expect(page.locator(".answer .prose")).to_contain_text("first Saturday of July")


def test_the_list_is_filtered_while_one_types(open_page: OpenPage) -> None:
    page = open_page("/documents")
    page.get_by_label("Title or file").press_sequentially("crane", delay=20)
    expect(page.locator("table.list tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile("q=crane"))
    page.get_by_label("Title or file").fill("")
    page.get_by_label("With a problem").check()
    expect(page.locator("table.list tbody tr").first).to_contain_text("damaged.pdf")


def test_deleting_asks_in_a_dialog_and_can_be_taken_back(
    open_page: OpenPage, live_server: LiveServer
) -> None:
    page = open_page("/documents?q=tides")
    page.get_by_role("link", name="Delete Tides").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(str(live_server.folder))
    dialog.get_by_role("link", name="Keep it").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("table.list")).to_contain_text("Tides")


def test_a_document_is_deleted_after_confirmation(open_page: OpenPage, tmp_path: Path) -> None:
    file = tmp_path / "brief.md"
    file.write_text("# Brief visit\n\nThe otter visited the basin briefly in spring.\n")
    page = open_page("/documents")
    page.locator("input[type=file]").set_input_files([file])
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("#list")).to_contain_text("Brief visit")
    page.get_by_role("link", name="Delete Brief visit").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page).to_have_url(re.compile("/documents$"))
    expect(page.locator("#list")).not_to_contain_text("Brief visit")


def test_a_pdf_shows_the_quoted_words_marked_on_the_page(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, "How deep is the channel at low water?")
    page.locator(".cite").first.click()
    box = page.locator(".sheet svg rect").first
    expect(box).to_be_in_viewport()
    image = page.locator(".sheet img")
    expect(image).to_have_js_property("complete", value=True)
    assert image.evaluate("image => image.naturalWidth") > 1000
    mark, sheet = box.bounding_box(), image.bounding_box()
    assert mark
    assert sheet
    # 11-point text at 720 of 842 points from the bottom of the page.
    middle = (mark["y"] + mark["height"] / 2 - sheet["y"]) / sheet["height"]
    assert 0.13 < middle < 0.16


def test_an_upload_that_does_not_arrive_is_said_and_can_be_repeated(
    open_page: OpenPage, tmp_path: Path
) -> None:
    file = tmp_path / "pilot.md"
    file.write_text("# Pilot\n\nThe pilot boards at the outer buoy.\n")
    page = open_page("/documents", expected="ERR_FAILED")
    page.route("**/documents", lambda route: route.abort())
    page.locator("input[type=file]").set_input_files([file])
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("#batch")).to_contain_text("The upload did not arrive")
    expect(page.locator("progress")).to_be_hidden()
    page.unroute("**/documents")
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".job-done")).to_contain_text("pilot.md")
