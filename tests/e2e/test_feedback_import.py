"""A PM imports tickets in a browser and reads what they are about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.conftest import OpenPage

TICKETS = """\
Ticket ID;Created at;Subject;Description
T-1;03/04/2026;Leave;How many weeks of parental leave do I get?
T-2;05/04/2026;Leave;Where is the form for parental leave?
T-3;07/04/2026;Leave;My parental leave request got no answer
T-4;09/04/2026;Printer;"The printer jams; again and again"
"""


def test_tickets_become_themes_and_go_again_when_the_import_is_deleted(
    open_page: OpenPage, tmp_path: Path
) -> None:
    file = tmp_path / "tickets.csv"
    file.write_text(TICKETS, encoding="utf-8")
    page = open_page("/insights/feedback")
    page.set_input_files("input[type=file]", file)
    page.click("form.upload button")
    page.wait_for_selector("text=Nothing is imported yet")
    assert page.locator(".preview").first.locator("tbody tr").count() == 4
    page.select_option("#order", "day")
    page.click("button:has-text('Import')")
    page.wait_for_selector("text=4 items imported", timeout=60_000)
    page.click("text=See the themes")
    theme = page.locator(".themes tbody tr").first
    assert "Parental leave" in theme.inner_text()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.click(".themes tbody th a")
    assert "Where is the form" in page.inner_text("main")
    page.goto("/insights/feedback/imports")
    page.click("[aria-label='Delete tickets.csv']")
    page.click("dialog button.danger")
    page.wait_for_selector("h1:has-text('Import feedback')")
    assert page.locator("text=tickets.csv").count() == 0
    page.goto("/insights/feedback")
    page.wait_for_selector("text=What to upload")
