"""Documents that disagree, are replaced, are overdue or say half of it: what the browser shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import LiveServer, OpenPage, ask, serving_folder
from tests.plugins import programs

if TYPE_CHECKING:
    from playwright.sync_api import Page

DOCUMENTS = {
    "travel.md": """---
title: Travel rules
updated: 2026-01-10
---
# Travel rules

## Meals

The daily meal allowance on business trips is EUR 45. Receipts are not needed for meals.
""",
    "onboarding.md": """---
title: Onboarding guide
updated: 2025-02-01
---
# Onboarding guide

## Business trips

The daily meal allowance on business trips is EUR 38. Ask your manager before you book a train.
""",
    "parking-2023.md": """---
title: Parking 2023
updated: 2023-05-01
superseded_by: Parking 2026
---
# Parking 2023

Bicycles are parked in the cellar of the east wing, behind the blue door.
""",
    "parking-2026.md": """---
title: Parking 2026
updated: 2026-02-01
---
# Parking 2026

Cars are parked on level two of the garage. Motorcycles have their own row beside the ramp.
""",
    "first-aid.md": """---
title: First aid
updated: 2023-06-01
review_by: 2024-06-30
---
# First aid

The first-aid kit hangs beside the lift on the second floor.
""",
    "canteen.md": """---
title: Canteen
updated: 2026-03-01
---
# Canteen

The canteen is open from 11:30 to 14:00 on weekdays. It accepts cards and vouchers.
""",
}
ASKED = {
    "answered": "When is the canteen open?",
    "partial": "When is the canteen open, and who drives the shuttle bus?",
    "conflicting": "What is the daily meal allowance on business trips?",
    "outdated": "Where does the first-aid kit hang?",
    "not_found": "What does the zeppelin hangar cost?",
}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}},
    "plain": {"java_script_enabled": False},
}


@pytest.fixture(scope="module")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server of its own, in place of the harbor's."""
    programs.chromium()
    folder = tmp_path_factory.mktemp("states") / "office"
    folder.mkdir()
    for name, text in DOCUMENTS.items():
        Path(folder, name).write_text(text, encoding="utf-8")
    with serving_folder(folder, "office") as live:
        yield live


def asked(open_page: OpenPage, question: str, look: str = "light") -> Page:
    page = open_page("/", **LOOKS[look])
    if look == "plain":
        page.fill("#q", question)
        page.locator("#ask button.primary").click()
        page.locator("article.answer").wait_for()
    else:
        ask(page, question)
    return page


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("state", ASKED)
def test_every_state_is_reached_from_documents(open_page: OpenPage, state: str, look: str) -> None:
    page = asked(open_page, ASKED[state], look)
    expect(page.locator(f"article.answer-{state}")).to_be_visible()


def test_documents_that_disagree_are_shown_newest_first(open_page: OpenPage) -> None:
    page = asked(open_page, ASKED["conflicting"])
    newer, older = page.locator(".party").all()
    expect(newer).to_contain_text("EUR 45")
    expect(newer).to_contain_text("newer")
    expect(newer).to_contain_text("changed 10 Jan 2026")
    expect(older).to_contain_text("EUR 38")
    older.get_by_role("link", name="Open at this passage").click()
    expect(page.locator("#quote")).to_contain_text("EUR 38")


def test_a_part_without_evidence_is_named_and_asked_alone(open_page: OpenPage) -> None:
    page = asked(open_page, ASKED["partial"])
    expect(page.locator(".prose")).to_contain_text("11:30 to 14:00")
    part = page.locator(".uncovered li")
    expect(part).to_contain_text("shuttle bus")
    part.get_by_role("link", name="Ask about this alone").click()
    expect(page.locator("article.answer-not_found")).to_be_visible()


def test_an_overdue_document_says_since_when(open_page: OpenPage) -> None:
    page = asked(open_page, ASKED["outdated"])
    expect(page.locator(".stale")).to_contain_text("past its review date of 30 Jun 2024")


def test_a_replaced_document_leads_to_the_newer_one(open_page: OpenPage) -> None:
    page = asked(open_page, "Where are bicycles parked?")
    expect(page.locator("article.answer-outdated")).to_be_visible()
    note = page.locator(".stale")
    expect(note).to_contain_text("has been replaced by Parking 2026")
    note.get_by_role("link", name="Ask in the newer one only").click()
    expect(page.locator(".scope summary")).to_contain_text("“Parking 2026”")
    page.goto("/ask?q=Where are bicycles parked?")
    page.get_by_role("link", name="Open the newer one").click()
    expect(page.locator("h1")).to_have_text("Parking 2026")


def test_a_refusal_leads_on_to_where_the_answer_stands(open_page: OpenPage) -> None:
    page = open_page("/ask?q=When is the canteen open?&after=2026-03-02")
    expect(page.locator("article.answer-not_found")).to_be_visible()
    page.locator(".missing .tries a").first.click()
    expect(page.locator("article.answer-answered")).to_be_visible()
    expect(page.locator("#ask [name=after]")).to_have_value("")
