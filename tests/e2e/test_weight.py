"""Every page: how much it weighs, how soon its largest part is painted, who can read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.e2e.conftest import LiveServer
from tests.e2e.every_page import Site, explored
from tests.entrance.world import door
from tests.plugins import programs

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.timeout(1200)  # some forty pages, on a machine that does other things too
MOST_BYTES = 60_000
"""For a page, its styles and its scripts, as they come over the wire, headers included."""
SOON_MS, LATEST_MS = 1000, 2500
"""The largest paint is meant to come within the first; a loaded machine gets the second."""
NOT_WEIGHED = ("Image", "Font", "Media")
COMPRESSED_FROM = 1024
"""What is smaller than this is sent as it is."""
OWN_WEIGHT = {"/docs": "the API's explorer: a program from elsewhere, for those who write programs"}
SEEDS = (
    "/",
    "/ask?q=When is the harbor office open?",
    "/ask?q=What does the zeppelin hangar cost?",
    "/search?q=harbor",
    "/history",
    "/insights",
    "/traces",
    "/evals",
    "/prd",
    "/launch",
    "/patterns",
)
EXPECTED = {
    *("/", "/a/{answer_id}", "/search", "/documents", "/documents/{document_id}", "/history"),
    *("/privacy", "/insights", "/insights/questions", "/insights/questions/{answer_id}"),
    *("/insights/metrics/{metric}", "/insights/gaps", "/insights/cost", "/insights/alerts"),
    *("/traces", "/traces/{trace_id}", "/evals", "/prd", "/launch"),
}
SIGNED_IN = {"/account", "/people", "/people/{user_id}", "/people/groups", "/audit"}
LCP = """() => new Promise(done => {
  new PerformanceObserver(list => done(list.getEntries().at(-1).startTime))
    .observe({ type: "largest-contentful-paint", buffered: true });
})"""


@dataclass(frozen=True)
class Load:
    """What one opening of a page brought."""

    bytes: Counter[str]
    """Kind of resource → bytes over the wire."""
    uncompressed: list[str]
    paint_ms: float

    @property
    def weight(self) -> int:
        return sum(n for kind, n in self.bytes.items() if kind not in NOT_WEIGHED)


@pytest.fixture(scope="module")
def site(live_server: LiveServer) -> Site:
    """Where nobody signs in: everybody sees every page."""
    with httpx.Client(base_url=live_server.url, timeout=60, trust_env=False) as client:
        return explored(client, SEEDS)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Where people sign in, as an operator sees it: the pages that are only there."""
    programs.chromium()
    with door(tmp_path_factory.mktemp("weight")) as at:
        found = explored(at.browser("opal"), ["/", "/account", "/people"])
        own = {route: found.pages[route] for route in sorted(SIGNED_IN & set(found.pages))}
        yield Site(at.url, found.cookies, own)


@pytest.fixture(scope="module")
def stranger(guarded: Site) -> Site:
    """The same as somebody sees it who has not signed in yet."""
    return Site(guarded.url, {}, {"/signin": "/signin"})


def test_links_lead_to_every_page(site: Site, guarded: Site) -> None:
    assert set(site.pages) >= EXPECTED
    assert set(guarded.pages) == SIGNED_IN


def test_every_page_is_light_and_painted_soon(
    browser: Browser, site: Site, guarded: Site, stranger: Site
) -> None:
    rows, heavy, late, plain = [], [], [], []
    for at in (site, guarded, stranger):
        for route, address in at.pages.items():
            loads = [opened(browser, at, address)]
            if loads[0].paint_ms > SOON_MS:  # the machine, or the page?
                loads += [opened(browser, at, address) for _ in range(2)]
            paint = median(load.paint_ms for load in loads)
            first = loads[0]
            rows.append(row(route, first, paint))
            plain += first.uncompressed
            if route in OWN_WEIGHT:
                continue
            if paint > LATEST_MS:
                late.append(rows[-1])
            if first.weight > MOST_BYTES:
                heavy.append(rows[-1])
    print("\n" + "\n".join([HEAD, *rows]))
    assert heavy == []
    assert late == []
    assert plain == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_somebody_out_of_a_page(
    browser: Browser, site: Site, stranger: Site, scheme: str
) -> None:
    """What people who sign in see besides, test_accounts looks at."""
    found: list[str] = []
    page = site.visit(browser, color_scheme=scheme, reduced_motion="reduce")
    for route, address in site.pages.items():
        if route in OWN_WEIGHT:
            continue
        page.goto(address)
        checked = Axe().run(page, options={"resultTypes": ["violations"]})
        found += [
            f"{route}: {one['id']}: {one['nodes'][0]['html'][:200]}"
            for one in checked.response["violations"]
            if one["impact"] in ("serious", "critical")
        ]
    page.context.close()
    assert found == []


def opened(browser: Browser, site: Site, address: str) -> Load:
    """Open a page with an empty cache, and wait until nothing more comes."""
    page = site.visit(browser)
    devtools = page.context.new_cdp_session(page)
    known: dict[str, dict[str, Any]] = {}
    brought: Counter[str] = Counter()
    uncompressed: list[str] = []

    def finished(event: dict[str, Any]) -> None:
        response, kind = known.get(event["requestId"], {}), "Other"
        if response:
            kind = response["type"]
            length = event["encodedDataLength"]
            headers = {name.lower() for name in response["response"]["headers"]}
            if (
                kind in ("Document", "Stylesheet", "Script")
                and length > COMPRESSED_FROM + 1000  # the headers
                and "content-encoding" not in headers
            ):
                uncompressed.append(f"{response['response']['url']}: {length:,.0f} bytes")
        brought[kind] += int(event["encodedDataLength"])

    devtools.on("Network.responseReceived", lambda event: known.update({event["requestId"]: event}))
    devtools.on("Network.loadingFinished", finished)
    devtools.send("Network.enable")
    response = page.goto(address)
    assert response is not None
    assert response.ok, address
    page.wait_for_load_state("networkidle")
    paint = float(page.evaluate(LCP))
    page.context.close()
    assert brought["Document"] > 0
    return Load(brought, uncompressed, paint)


HEAD = f"{'page':45} {'HTML':>7} {'CSS':>7} {'JS':>7} {'other':>7} {'together':>9} {'paint':>8}"


def row(route: str, load: Load, paint_ms: float) -> str:
    sizes = [load.bytes[kind] for kind in ("Document", "Stylesheet", "Script")]
    sizes.append(load.weight - sum(sizes))
    columns = " ".join(f"{size:>7,}" for size in sizes)
    return f"{route:45} {columns} {load.weight:>9,} {paint_ms:>5.0f} ms"
