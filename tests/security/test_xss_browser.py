"""Chromium, scripts on, shows what holds the corpus; a tripwire tells of anything that moves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import CHROMIUM_FLAGS
from tests.plugins import programs
from tests.security.payloads import COLLECTIONS, FILE_NAMES, PAYLOADS

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, Page

    from tests.api.conftest import Server
    from tests.security.conftest import Hostile

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LIVES = """() => [
  ...(window.xssmark === undefined ? [] : ['window.xssmark']),
  ...[...document.querySelectorAll('*')].filter(node =>
    /xssmark|^(iframe|object|embed|base|math|style|marquee)$/i.test(node.tagName)
    || [...node.attributes].some(one => /xssmark|^on|^style$|^srcdoc$/i.test(one.name))
    || [...node.attributes].some(one =>
      /^(href|src|action|formaction|hx-get|hx-post|data)$/i.test(one.name)
      && /^\\s*(javascript|vbscript|data:text)/i.test(one.value))
  ).map(node => node.outerHTML.slice(0, 200)),
]"""


@pytest.fixture(scope="module")
def server(hostile: Hostile) -> Iterator[Server]:
    from app.main import create_app
    from tests.api.conftest import serving

    with serving(create_app(services=hostile.services)) as running:
        yield running


@pytest.fixture(scope="module")
def watched(server: Server) -> Iterator[tuple[Page, list[str]]]:
    """A window, and whatever moved in it."""
    from playwright.sync_api import sync_playwright

    path = programs.chromium()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        context = chromium.new_context(base_url=server.url)
        moved: list[str] = []

        def asked(url: str) -> None:
            if not url.startswith((f"{server.url}/", "data:image/")):
                moved.append(f"asked {url}")

        context.on("request", lambda request: asked(request.url))

        def opened(dialog: Dialog) -> None:
            moved.append("a dialog")
            dialog.dismiss()

        context.on("dialog", opened)
        context.on("weberror", lambda error: moved.append(str(error.error)))
        context.on(
            "console",
            # "Refused to …" is what the content policy says where something tried.
            lambda message: (
                moved.append(message.text) if "status of 404" not in message.text else None
            ),
        )
        yield context.new_page(), moved
        context.close()
        chromium.close()


def still(page: Page, moved: list[str]) -> None:
    """Nothing has come to life."""
    assert page.evaluate(LIVES) == [], page.url
    assert moved == [], page.url


def test_documents_with_every_payload_in_every_format_stay_still(
    hostile: Hostile, watched: tuple[Page, list[str]]
) -> None:
    page, moved = watched
    documents, _ = hostile.services.documents.find(limit=500)
    wanted = [one for one in documents if "/title-" not in one.source]
    assert len(wanted) >= 6 + len(FILE_NAMES)
    for document in wanted + [one for one in documents if "/title-" in one.source][::6]:
        page.goto(f"/documents/{document.id}", wait_until="load")
        assert document.passages == 0 or "harbor master" in page.inner_text("main")
        still(page, moved)
    page.goto("/documents", wait_until="load")
    for name in ("", *COLLECTIONS):
        page.goto("/documents?" + _query(collection=name), wait_until="load")
        still(page, moved)


def test_questions_typed_with_payloads_stay_still_while_they_stream_and_after(
    watched: tuple[Page, list[str]],
) -> None:
    page, moved = watched
    typed = [
        "What does the harbor master answer? "
        + " ".join(one.text.replace("\0", "").replace("\n", " ") for one in PAYLOADS[at : at + 12])
        for at in range(0, len(PAYLOADS), 12)
    ]
    for text in typed:
        page.goto("/", wait_until="load")
        page.fill("#q", text[:1900])
        page.press("#q", "Enter")
        page.locator("#result article.answer").wait_for(timeout=30_000)
        still(page, moved)
        page.reload(wait_until="load")
        still(page, moved)
    for address in ("/history", "/insights/questions", "/traces", "/insights/gaps"):
        page.goto(address, wait_until="load")
        still(page, moved)


def test_addresses_with_payloads_stay_still(watched: tuple[Page, list[str]]) -> None:
    page, moved = watched
    for one in PAYLOADS[::4]:
        text = one.text.replace("\0", "")
        for path in (f"/?{_query(q=text)}", f"/search?{_query(q=text)}#{_query(q=text)}"):
            page.goto(path, wait_until="load")
            still(page, moved)


def _query(**values: str) -> str:
    from urllib.parse import urlencode

    return urlencode(values)
