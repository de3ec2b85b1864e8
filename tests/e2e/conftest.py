"""The whole product in a real browser: `footnote ingest`, `footnote serve`, Chromium."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.plugins import programs
from tests.project.running import Program, running, running_forked, status, wait_until
from tests.web.harbor import write_harbor

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HERE = Path(__file__).parent
PATIENCE_MS = 20_000
"""How long a page may take for what is expected of it: five seconds pass on a busy machine."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These share one server and one browser, so one worker runs them all."""
    for item in items:
        if HERE in item.path.parents:
            for mark in (pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("e2e")):
                item.add_marker(mark)


@dataclass(frozen=True)
class LiveServer:
    """A running server: its address, its data, the folder that was ingested."""

    url: str
    data_dir: Path
    folder: Path
    program: Program

    def data_for_another(self, folder: Path) -> Path:
        """The data as it was ingested, for a second server: this one has the directory alone."""
        return Path(shutil.copytree(_as_ingested(self.data_dir), folder / "data"))


def _as_ingested(data_dir: Path) -> Path:
    return data_dir.with_name(f"{data_dir.name}-as-ingested")


def environment(data_dir: Path) -> dict[str, str]:
    return {"FOOTNOTE_DATA_DIR": str(data_dir), "FOOTNOTE_EMBEDDING_PRECISION": "float32"}


@contextmanager
def serving(
    data_dir: Path, log: Path, *, ready: bool = True, settings: Mapping[str, str] | None = None
) -> Iterator[tuple[str, Program]]:
    """`footnote serve` on a free port; with ``ready``, once questions can be answered.

    ``settings``: further environment variables.
    """
    port = programs.free_port()
    url = f"http://127.0.0.1:{port}"
    command = ["serve", "--port", str(port)]
    root = HERE.parent.parent
    variables = environment(data_dir) | dict(settings or {})
    started = (
        running_forked(command, log, variables, root)
        if ready
        # Looked at while it starts: as slow as it is for people.
        else running([sys.executable, "-m", "app.cli", *command], log, variables, cwd=root)
    )
    with started as program:
        wait_until(lambda: status(f"{url}/{'readyz' if ready else 'healthz'}") == 200, program)
        yield url, program


@contextmanager
def serving_folder(
    folder: Path, collection: str, settings: Mapping[str, str] | None = None
) -> Iterator[LiveServer]:
    """`footnote ingest` of a folder, then a server over what came of it; all of it lies beside."""
    base, data = folder.parent, folder.with_name("data")
    ingest = ["ingest", str(folder), "--collection", collection]
    root = HERE.parent.parent
    with running_forked(ingest, base / "ingest.log", environment(data), root) as program:
        assert program.process.wait(timeout=240) == 0, program.output()
    shutil.copytree(data, _as_ingested(data))  # now, while nobody writes to it
    with serving(data, base / "serve.log", settings=settings) as (url, program):
        yield LiveServer(url, data, folder, program)


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server for all tests here, over a harbor's documents that the command line ingested."""
    programs.chromium()  # before anything is started: skips when there is none
    folder = tmp_path_factory.mktemp("e2e") / "harbor"
    folder.mkdir()
    write_harbor(folder)
    with serving_folder(folder, "harbor") as live:
        yield live


# A module's, not the session's: while Playwright is open its event loop runs in this thread, and
# other tests of the same worker could not run one of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import expect, sync_playwright

    path = programs.chromium()
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


OpenPage = Callable[..., "Page"]


@pytest.fixture
def open_page(live_server: LiveServer, browser: Browser) -> Iterator[OpenPage]:
    """Open an address in a fresh window.

    At the end nothing may have been complained about: no script error, no console error or
    warning but the ``expected`` one, nothing that the content policy blocked, and nothing that was
    asked of another address.
    """
    complaints: list[str] = []

    def watch(url: str) -> None:
        if not url.startswith((f"{live_server.url}/", "data:", "about:")):
            complaints.append(f"asked of another address: {url}")

    contexts: list[BrowserContext] = []

    def opened(address: str = "/", expected: str = "404 (Not Found)", **options: Any) -> Page:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context = browser.new_context(base_url=live_server.url, **options)
        context.set_default_timeout(PATIENCE_MS)
        context.on("request", lambda request: watch(request.url))
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda said: (
                complaints.append(f"{page.url}: {said.type} {said.text}")
                if said.type in ("error", "warning") and expected not in said.text
                else None
            ),
        )
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def ask(page: Page, question: str) -> None:
    """Type a question, press Enter, wait for the answer."""
    page.fill("#q", question)
    page.press("#q", "Enter")
    page.locator("#result article.answer").wait_for()
