"""Take the pictures in prd/images again: ``make screenshots``.

Serves the sample documents from a data folder of its own (``build/screenshots``), with questions of
two made-up months, drives Chromium, and takes each page in light and dark and at phone width.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright
from sqlalchemy import func, select

from app.records.behavior.tables import questions
from app.records.database import open_database
from tests.load.questions import fill
from tests.plugins.programs import find_chromium, free_port
from tests.project.docs import ROOT
from tests.project.running import running, status, wait_until

IMAGES = ROOT / "prd" / "images"
WORK = ROOT / "build" / "screenshots"
FOOTNOTE = str(Path(sys.executable).parent / "footnote")
QUESTION = "How many readings were lost for good in the April outage, and why those buoys?"
PDF_QUESTION = "My buoy shows E412, what now?"
UNKNOWN = "Are pets allowed in the office?"

QUESTIONS = 6000
"""In two months: enough for trends that say something."""

DESKTOP = ViewportSize(width=1280, height=860)
PHONE = ViewportSize(width=390, height=844)


def ask(page: Page, question: str) -> None:
    """Type a question as a person does, and wait for the finished answer."""
    page.goto("/")
    field = page.get_by_role("searchbox").or_(page.get_by_role("textbox")).first
    field.fill(question)
    field.press("Enter")
    page.wait_for_url("**/a/*")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def open_citation(page: Page) -> None:
    """From an answer to the viewer, through its first citation."""
    ask(page, PDF_QUESTION)
    page.locator("a[href*='/documents/']").first.click()
    page.wait_for_load_state("networkidle")


def search(page: Page) -> None:
    """The plain search."""
    page.goto(f"/search?q={QUESTION}")


def trace(page: Page) -> None:
    """How an answer was made."""
    ask(page, PDF_QUESTION)
    page.get_by_role("link", name="How this was answered").click()
    page.wait_for_load_state("networkidle")


def insights(page: Page) -> None:
    """The overview of the two months."""
    page.goto("/insights")
    page.wait_for_load_state("networkidle")


SHOTS: dict[str, Callable[[Page], object]] = {
    "home": lambda page: page.goto("/"),
    "answer": lambda page: ask(page, QUESTION),
    "not-found": lambda page: ask(page, UNKNOWN),
    "viewer": open_citation,
    "search": search,
    "documents": lambda page: page.goto("/documents"),
    "insights": insights,
    "trace": trace,
}


def take(browser: Browser, address: str, name: str, *, dark: bool, phone: bool) -> None:
    """One picture: ``answer.png``, ``answer-dark.png``, ``answer-phone.png``."""
    ending = ("-dark" if dark else "") + ("-phone" if phone else "")
    context = browser.new_context(
        base_url=address,
        viewport=PHONE if phone else DESKTOP,
        color_scheme="dark" if dark else "light",
        device_scale_factor=2 if phone else 1.5,
        reduced_motion="reduce",
    )
    page = context.new_page()
    SHOTS[name](page)
    path = IMAGES / f"{name}{ending}.png"
    page.screenshot(path=path)
    context.close()
    with Image.open(path) as picture:  # flat colors: a palette holds them in a third of the bytes
        small = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    print(path.relative_to(ROOT))


def main() -> None:
    """Serve the sample, take every picture, end the server."""
    chromium = find_chromium()
    if chromium is None:
        sys.exit("Pictures need Chromium: apt install chromium")
    IMAGES.mkdir(parents=True, exist_ok=True)
    WORK.mkdir(parents=True, exist_ok=True)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {
        "FOOTNOTE_DATA_DIR": str(WORK / "data"),
        "FOOTNOTE_PORT": str(port),
        "FOOTNOTE_PRD_DIR": str(ROOT / "prd"),
    }
    sample = ROOT / "ingest" / "sample" / "documents"
    subprocess.run(
        [FOOTNOTE, "ingest", str(sample)], env={**os.environ, **environment}, cwd=WORK, check=True
    )
    engine = open_database(f"sqlite:///{WORK / 'data' / 'footnote.db'}")
    with engine.connect() as connection:
        asked = connection.execute(select(func.count()).select_from(questions)).scalar_one()
    if asked < QUESTIONS:
        fill(engine, QUESTIONS, days=60)
    engine.dispose()
    with (
        running([FOOTNOTE, "serve"], WORK / "server.log", environment) as server,
        sync_playwright() as playwright,
    ):
        wait_until(lambda: status(f"{address}/readyz") == 200, server)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name in SHOTS:
            take(browser, address, name, dark=False, phone=False)
            take(browser, address, name, dark=True, phone=False)
            take(browser, address, name, dark=False, phone=True)
        browser.close()


if __name__ == "__main__":
    main()
