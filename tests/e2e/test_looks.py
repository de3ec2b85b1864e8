"""What a designer and an auditor check: no overflow, themes without flash, names for everything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import LiveServer, OpenPage, ask, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PAGES = [
    "/",
    "/search?q=harbor",
    "/documents",
    "/patterns",
    "/history",
    "/history/delete",
    "/privacy",
    "/nowhere",
    "/ask?q=Is it open?",
]

SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
OPEN_ALL = "() => document.querySelectorAll('main details').forEach(e => { e.open = true; })"
UNNAMED = """() => [...document.querySelectorAll("a[href], button, input, select, textarea")]
  .filter(e => e.type !== "hidden" && !e.closest("[hidden], [aria-hidden=true]"))
  .filter(e => !(e.textContent.trim() || e.ariaLabel || e.title || e.labels?.length))
  .map(e => e.outerHTML)"""
DOUBLE_IDS = """() => [...document.querySelectorAll("[id]")].map(e => e.id)
  .filter((id, at, all) => all.indexOf(id) !== at)"""
BROKEN_REFERENCES = """() => [...document.querySelectorAll("[aria-labelledby], [aria-describedby]")]
  .flatMap(e => [e.getAttribute("aria-labelledby"), e.getAttribute("aria-describedby")])
  .filter(ids => ids).flatMap(ids => ids.split(" "))
  .filter(id => id !== "dialog-title" && !document.getElementById(id))"""


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_page_scrolls_sideways(open_page: OpenPage, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 800})
    for address in [*PAGES, *documents(page)]:
        page.goto(address)
        page.evaluate(OPEN_ALL)
        assert page.evaluate(SIDEWAYS) <= 0, (address, width)


def documents(page: Page) -> list[str]:
    """The viewer of every document."""
    page.goto("/documents")
    links = page.locator("table.list tbody th a").all()
    return [link.get_attribute("href") or "" for link in links]


@pytest.mark.parametrize("address", PAGES)
def test_every_control_has_a_name_and_every_reference_a_target(
    open_page: OpenPage, address: str
) -> None:
    page = open_page(address)
    assert page.evaluate(UNNAMED) == []
    if address != "/patterns":  # which shows the same components several times
        assert page.evaluate(DOUBLE_IDS) == []
    assert page.evaluate(BROKEN_REFERENCES) == []
    assert page.locator("h1").count() == 1


def test_headings_never_skip_a_level(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, "When is the harbor office open?")
    for address in [page.url, "/search?q=harbor", "/documents", *documents(page)]:
        page.goto(address)
        levels = page.eval_on_selector_all(
            "h1, h2, h3, h4, h5, h6", "all => all.map(heading => Number(heading.tagName[1]))"
        )
        first = levels.index(1)
        for above, below in zip(levels[first:], levels[first + 1 :], strict=False):
            assert below <= above + 1, (address, levels)


def test_the_chosen_theme_is_there_before_anything_is_painted(open_page: OpenPage) -> None:
    page = open_page(color_scheme="light")
    light = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Use dark colors").click()
    dark = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert dark != light
    page.goto("/documents", wait_until="commit")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == dark
    page.get_by_role("button", name="Use light colors").click()
    page.goto("/")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == light


def test_without_a_choice_the_theme_follows_the_system(open_page: OpenPage) -> None:
    grounds = {
        open_page(color_scheme=scheme).evaluate(
            "() => getComputedStyle(document.body).backgroundColor"
        )
        for scheme in ("light", "dark")
    }
    assert len(grounds) == 2


def test_nothing_moves_for_those_who_ask_for_less_motion(open_page: OpenPage) -> None:
    page = open_page("/patterns", reduced_motion="reduce")
    durations = page.eval_on_selector_all(
        ".pulse, .skeleton",
        "all => all.map(e => parseFloat(getComputedStyle(e).animationDuration))",
    )
    assert durations
    assert max(durations) < 0.01


def test_a_question_asked_while_the_model_loads_is_answered_when_it_is_there(
    browser: Browser, live_server: LiveServer, tmp_path: Path
) -> None:
    data = live_server.data_for_another(tmp_path)
    with serving(data, tmp_path / "serve.log", ready=False) as (url, _program):
        page = browser.new_context(base_url=url).new_page()
        page.goto("/")
        notice = page.locator("#readiness")
        # A machine that does other things too shows the page that only says "starting" for a while.
        expect(notice).to_contain_text("Warming up", timeout=60_000)
        page.wait_for_load_state("load")  # a page that only says "starting" stood here before
        page.fill("#q", "When is the harbor office open?")
        page.press("#q", "Enter")
        expect(page.locator("#status")).not_to_be_empty()
        page.locator("#result article.answer").wait_for(timeout=90_000)
        expect(page.locator(".answer .prose")).to_contain_text("7:30")
        expect(notice).to_be_hidden()
        page.context.close()
