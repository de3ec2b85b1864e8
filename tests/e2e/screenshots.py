"""Take pictures of every page, light, dark and at phone width, over the sample documents.

``python -m tests.e2e.screenshots FOLDER [--data DIR] [--url URL]``: starts a server on the data
directory (made by ``footnote demo`` or ``footnote ingest``), or uses a running one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.e2e.conftest import CHROMIUM_FLAGS, serving
from tests.plugins import programs

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 860}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 860}},
    "phone": {
        "color_scheme": "light",
        "viewport": {"width": 390, "height": 844},
        "is_mobile": True,
        "has_touch": True,
        "device_scale_factor": 2,
    },
}


def answered(question: str) -> Callable[[Page], None]:
    """Ask, and wait for the answer."""

    def go(page: Page) -> None:
        page.goto("/")
        page.fill("#q", question)
        page.press("#q", "Enter")
        page.locator("#result article.answer").wait_for()

    return go


def streaming(page: Page) -> None:
    """The moment in which the sources are there and the answer is not."""
    page.goto("/")
    page.evaluate(
        """() => document.addEventListener("htmx:sse:before:message", event => {
             if (event.detail.message.data.includes("Checking")) event.detail.cancelled = true;
             if (event.detail.message.data.includes("Answer ready"))
               event.detail.waitUntil(new Promise(() => {}));
           })"""
    )
    page.fill("#q", "How long is parental leave?")
    page.press("#q", "Enter")
    page.locator("#sources .found").first.wait_for()
    page.wait_for_timeout(600)


def quoted(question: str) -> Callable[[Page], None]:
    """Ask, and follow the first footnote."""

    def go(page: Page) -> None:
        answered(question)(page)
        page.locator(".cite").first.click()
        page.locator("#quote").wait_for(state="attached")

    return go


def peeking(page: Page) -> None:
    """A footnote's quote under the mouse."""
    answered("How long is parental leave?")(page)
    page.locator(".cite").first.hover()
    page.locator("#peek").wait_for()


def uploaded(page: Page) -> None:
    """One file that is read and one that is not."""
    with tempfile.TemporaryDirectory() as folder:
        good, empty = Path(folder, "visitor-parking.md"), Path(folder, "empty-note.txt")
        good.write_text("# Visitor parking\n\nVisitors park behind building B, 20 places.\n")
        empty.write_text("")
        page.goto("/documents")
        page.locator("input[type=file]").set_input_files([good, empty])
        page.get_by_role("button", name="Upload").click()
        page.locator(".job-done").wait_for()
        page.locator(".job-failed").wait_for()
        page.locator("#add").scroll_into_view_if_needed()


def at(address: str) -> Callable[[Page], None]:
    """Open an address."""

    def go(page: Page) -> None:
        page.goto(address)

    return go


def pdf(page: Page) -> None:
    """A PDF, opened at a passage that search found."""
    page.goto("/search?q=revenue by segment&kind=pdf")
    page.locator(".results h3 a").first.click()
    page.locator(".sheet img").wait_for()


PICTURES: dict[str, Callable[[Page], None]] = {
    "home": at("/"),
    "streaming": streaming,
    "answer": answered("How long is parental leave?"),
    "answer-table": answered("What is the hotel cap per night?"),
    "footnote": peeking,
    "not-found": answered("Do we get dental cover?"),
    "search": at("/search?q=refund subscription"),
    "documents": at("/documents"),
    "upload": uploaded,
    "viewer-text": quoted("How long is parental leave?"),
    "viewer-pdf": pdf,
    "error": at("/a/ans_0000"),
}


def take(browser: Browser, url: str, folder: Path, names: list[str]) -> None:
    """Write ``NAME-LOOK.png`` for every picture and look."""
    for look, options in LOOKS.items():
        context = browser.new_context(base_url=url, **options)
        page = context.new_page()
        for name in names:
            PICTURES[name](page)
            page.wait_for_timeout(400)  # transitions end
            page.screenshot(path=folder / f"{name}-{look}.png")
        context.close()


def main(arguments: list[str]) -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the PNG files go")
    parser.add_argument("--data", type=Path, default=Path("data"), help="the data directory")
    parser.add_argument("--url", default="", help="a server that runs already")
    parser.add_argument("--only", nargs="*", choices=list(PICTURES), default=list(PICTURES))
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    from playwright.sync_api import sync_playwright

    with ExitStack() as stack:
        url = given.url
        if not url:
            url, _ = stack.enter_context(serving(given.data, given.folder / "server.log"))
        playwright = stack.enter_context(sync_playwright())
        chromium = playwright.chromium.launch(
            executable_path=programs.chromium(), args=CHROMIUM_FLAGS
        )
        take(chromium, url, given.folder, given.only)
        chromium.close()


if __name__ == "__main__":
    main(sys.argv[1:])
