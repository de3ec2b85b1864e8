"""The review queue by keyboard, in a real browser."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from app import moment
from app.records.database import open_database
from app.records.product.reviews import ReviewStore
from tests.contracts.asked import Asked
from tests.e2e.conftest import LiveServer, OpenPage
from tests.e2e.test_looks import BROKEN_REFERENCES, DOUBLE_IDS, SIDEWAYS, UNNAMED

if TYPE_CHECKING:
    from collections.abc import Iterator

QUEUE = "/insights/questions/review?q=lighthouse"


@pytest.fixture(scope="module")
def reviews(live_server: LiveServer) -> Iterator[tuple[ReviewStore, list[str]]]:
    """Three failures among the server's questions, the last one first in the queue."""
    engine = open_database(f"sqlite:///{live_server.data_dir / 'footnote.db'}")
    asked = Asked(engine, prefix="ans_lighthouse")
    now = moment.now()
    keys = [
        asked.ask(f"{word} lighthouse opening hours", now - timedelta(minutes=number))
        for number, word in enumerate(("Northern", "Western", "Southern"))
    ]
    yield ReviewStore(engine), keys
    engine.dispose()


def test_the_queue_is_reviewed_by_keyboard(
    open_page: OpenPage, reviews: tuple[ReviewStore, list[str]]
) -> None:
    store, keys = reviews
    page = open_page(QUEUE)
    progress, title = page.locator(".q-progress p"), page.locator("#card-title")
    expect(title).to_have_text("Northern lighthouse opening hours")
    page.keyboard.press("1")
    expect(progress).to_have_text("1 of 3 1 decided")
    page.keyboard.press("p")
    expect(page.locator("[name=status][value=planned]")).to_be_checked()
    page.keyboard.press("j")
    expect(title).to_have_text("Western lighthouse opening hours")
    page.keyboard.press("n")
    page.keyboard.type("j is a letter here, p too")
    page.keyboard.press("Escape")
    expect(page.locator("[name=note]")).not_to_be_focused()
    page.keyboard.press("e")
    expect(page.locator(".q-snippet")).to_be_visible()
    page.keyboard.press("k")
    expect(title).to_have_text("Northern lighthouse opening hours")
    page.keyboard.press("?")
    expect(page.locator("[data-help]")).to_have_attribute("open", "")
    first, second = store.get(keys[0]), store.get(keys[1])
    assert (first.failure_mode, first.status) == ("missing_document", "planned")
    assert (second.note, second.eval_case) == ("j is a letter here, p too", True)
    assert second.status == "new"
    # The address goes along, so that going back or loading again shows the same question.
    assert keys[0] in page.url
    page.keyboard.press("o")
    expect(page.locator("h1")).to_have_text("Northern lighthouse opening hours")


def test_save_and_next_goes_on(open_page: OpenPage, reviews: tuple[ReviewStore, list[str]]) -> None:
    page = open_page(f"{QUEUE}&at={reviews[1][1]}")
    page.get_by_label("Question too vague").check()
    page.get_by_role("button", name="Save and next").click()
    expect(page.locator("#card-title")).to_have_text("Southern lighthouse opening hours")
    expect(page.get_by_role("button", name="Save and next")).to_have_count(0)  # the last one
    assert reviews[0].get(reviews[1][1]).failure_mode == "vague_question"


@pytest.mark.parametrize("width", [390, 1280])
def test_pages_about_questions_fit_and_name_everything(
    open_page: OpenPage, reviews: tuple[ReviewStore, list[str]], width: int
) -> None:
    page = open_page(viewport={"width": width, "height": 800})
    for address in (
        "/insights/questions",
        QUEUE,
        f"/insights/questions/{reviews[1][0]}",
        "/insights/gaps",
        "/insights/gaps?tab=unexpected",
    ):
        page.goto(address)
        assert page.evaluate(SIDEWAYS) <= 0, address
        assert page.evaluate(UNNAMED) == [], address
        assert page.evaluate(DOUBLE_IDS) == [], address
        assert page.evaluate(BROKEN_REFERENCES) == [], address
        assert page.locator("h1").count() == 1
