"""Signing in with a real browser: by keyboard, in both themes, on a phone, and for everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.contracts.accounts import PASSWORD
from tests.e2e.test_looks import BROKEN_REFERENCES, DOUBLE_IDS, SIDEWAYS, UNNAMED
from tests.entrance.world import Door, door
from tests.plugins import programs

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    Open = Callable[..., "Page"]

OPEN_ALL = "() => document.querySelectorAll('details').forEach(e => { e.open = true; })"
STRANGERS = ["/signin", "/signin?out=1", "/invite/nothing", "/privacy"]
OPERATORS = ["/account", "/people", "/people/{sam}", "/people/groups", "/audit", "/documents"]


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    programs.chromium()  # before anything is started: skips when there is none
    with door(tmp_path_factory.mktemp("door")) as opened:
        yield opened


@pytest.fixture
def visit(at: Door, browser: Browser) -> Iterator[Open]:
    """A window, signed in where a name is given; at its end nothing may have been complained of."""
    complaints: list[str] = []
    contexts = []

    def opened(name: str = "", **options: Any) -> Page:
        context = browser.new_context(base_url=at.url, **options)
        contexts.append(context)
        if name:
            signed_in = at.accounts.sign_in_as(
                at.people[name].id, client="127.0.0.1", device="Chrome on Linux"
            )
            cookie = {"name": "footnote_sign_in", "value": signed_in.token, "url": at.url}
            context.add_cookies([cookie])  # type: ignore[list-item]  # a cookie's fields
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda said: (
                complaints.append(f"{page.url}: {said.text}")
                if said.type in ("error", "warning") and "the server responded" not in said.text
                else None
            ),
        )
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def test_somebody_signs_in_and_out_with_the_keyboard_alone(visit: Open, at: Door) -> None:
    page = visit()
    page.goto("/documents?kind=md")
    assert page.evaluate("() => document.activeElement.id") == "email"
    page.keyboard.type("sam@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type("not the password")
    page.keyboard.press("Enter")
    page.locator("[role=alert]").wait_for()
    assert page.evaluate("() => document.activeElement.id") == "password"
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{at.url}/documents?kind=md")
    cookies = {one["name"]: one for one in page.context.cookies()}
    assert set(cookies) == {"footnote_sign_in"}
    assert cookies["footnote_sign_in"]["httpOnly"]
    assert cookies["footnote_sign_in"]["sameSite"] == "Lax"
    page.locator(".account-menu summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out").focus()
    page.keyboard.press("Enter")
    page.get_by_text("You are signed out.").wait_for()
    page.goto("/documents")
    assert page.url.startswith(f"{at.url}/signin")


def test_a_sign_in_that_ended_meanwhile_leads_back_to_the_page(visit: Open, at: Door) -> None:
    page = visit("sam")
    page.goto("/documents")
    at.accounts.end_all(at.people["sam"].id)
    page.fill("input[name=q]", "harbor")  # htmx asks for the list
    page.wait_for_url(f"{at.url}/signin?next=/documents")
    page.fill("#email", "sam@example.org")
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{at.url}/documents")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_rule_for_accessibility_is_broken(visit: Open, at: Door, scheme: str) -> None:
    _, token = at.accounts.invite("new@example.org")
    stranger, operator = visit(color_scheme=scheme), visit("opal", color_scheme=scheme)
    for page, addresses in (stranger, [*STRANGERS, f"/invite/{token}"]), (operator, OPERATORS):
        for address in addresses:
            page.goto(address.format(sam=at.people["sam"].id))
            page.evaluate(OPEN_ALL)
            found = Axe().run(page, options={"resultTypes": ["violations"]})
            told = [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]]
            assert told == [], address
            assert page.evaluate(UNNAMED) == []
            assert page.evaluate(DOUBLE_IDS) == []
            assert page.evaluate(BROKEN_REFERENCES) == []
            assert page.locator("h1").count() == 1


def test_nothing_scrolls_sideways_on_a_small_phone(visit: Open, at: Door) -> None:
    size = {"width": 320, "height": 640}
    stranger, operator = visit(viewport=size), visit("opal", viewport=size)
    for page, addresses in (stranger, STRANGERS), (operator, OPERATORS):
        for address in addresses:
            page.goto(address.format(sam=at.people["sam"].id))
            page.evaluate(OPEN_ALL)
            assert page.evaluate(SIDEWAYS) <= 0, address


def test_it_all_works_without_javascript(visit: Open, at: Door) -> None:
    page = visit(java_script_enabled=False)
    page.goto("/people")
    page.fill("#email", "opal@example.org")
    page.fill("#password", PASSWORD)
    page.click("text=Sign in >> nth=-1")
    page.wait_for_url(f"{at.url}/people")
    page.fill("#invite #email", "quay@example.org")
    page.click("text=Make the link")
    assert page.input_value("#link").startswith(f"{at.url}/invite/")
    page.click(".account-menu summary")
    page.click("text=Sign out")
    page.wait_for_url(f"{at.url}/signin?out=1")
