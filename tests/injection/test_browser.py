"""A real browser shows every document and every answer, and asks nobody else for anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, get_args

import pytest

from tests.e2e.conftest import CHROMIUM_FLAGS
from tests.injection.cases import CASES
from tests.injection.conftest import Asked
from tests.injection.models import PWNED, distracted
from tests.plugins import programs

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

    from tests.api.conftest import Server
    from tests.injection.conftest import Library

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TYPED = ("markdown-image", "html-in-text", "javascript-and-data-addresses")
"""Cases whose question is typed, so that the answer streams in."""


@pytest.fixture(scope="module")
def server(library: Library) -> Iterator[Server]:
    from app.main import create_app
    from tests.api.conftest import serving

    # All answers are there before the browser's event loop runs in this thread.
    for case in CASES:
        for mode in get_args(Asked):
            library.asked(case, mode)
    with serving(create_app(services=library.services)) as running:
        yield running


@pytest.fixture
def window(server: Server) -> Iterator[tuple[BrowserContext, list[str]]]:
    """A window, and whatever it asks for elsewhere or complains about."""
    from playwright.sync_api import sync_playwright

    path = programs.chromium()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        context = chromium.new_context(base_url=server.url)
        said: list[str] = []
        context.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((server.url, "data:image/"))
                else said.append(request.url)
            ),
        )
        context.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        context.on("weberror", lambda error: said.append(str(error.error)))
        context.on("dialog", lambda dialog: said.append(dialog.message))
        yield context, said
        context.close()
        chromium.close()


def test_pages_with_hostile_documents_load_nothing_from_elsewhere(
    library: Library, server: Server, window: tuple[BrowserContext, list[str]]
) -> None:
    context, said = window
    page = context.new_page()
    modes: tuple[Asked, ...] = ("distracted",)  # the page with most of a model on it
    for case in CASES:
        addresses = [f"/a/{library.asked(case, mode).answer_id}" for mode in modes]
        addresses += [f"/documents/{one}" for one in library.hostile[case.id]]
        for address in addresses:
            response = page.goto(address, wait_until="load")
            assert response is not None
            assert response.ok, (case.id, address)
            assert page.url == f"{server.url}{address}"
            assert said == [], (case.id, address)
    page.goto("/documents")
    assert said == []
    assert library.canary.asked == []


@pytest.mark.parametrize("name", TYPED)
def test_an_answer_that_streams_in_loads_nothing_from_elsewhere(
    name: str, library: Library, server: Server, window: tuple[BrowserContext, list[str]]
) -> None:
    context, said = window
    case = next(one for one in CASES if one.id == name)
    library.model.script(distracted(case.topic, case.telltale, library.canary.url))
    ids = (library.honest[case.topic.name], *library.hostile[case.id])
    page = context.new_page()
    page.goto("/?" + "&".join(f"document={one}" for one in ids))
    page.fill("#q", case.topic.question)
    page.press("#q", "Enter")
    answer = page.locator("#result article.answer")
    answer.wait_for(timeout=20_000)
    assert case.topic.fact in answer.inner_text()
    assert PWNED in answer.inner_text()
    assert answer.locator(f"a[href^=http]:not([href^='{server.url}'])").count() == 0
    assert answer.locator("img:not([src^='/']), script, iframe").count() == 0
    assert said == []
    assert library.canary.asked == []
