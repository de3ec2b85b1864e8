"""Every page: how much it weighs, how soon its largest part is painted, who can read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from time import monotonic
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
QUIET_S, ENDLESS_S = 0.5, 30
"""A page is there when nothing was under way for the first; it has to be within the second."""
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


class Restless(Exception):
    """A page for which something is always under way; the message names what."""


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
            first = opened(browser, at, address)
            plain += first.uncompressed
            if route in OWN_WEIGHT:
                rows.append(row(route, first, first.paint_ms))
                continue
            loads = [first]
            if first.paint_ms > SOON_MS:  # the machine, or the page?
                loads += [opened(browser, at, address) for _ in range(2)]
            paint = median(load.paint_ms for load in loads)
            rows.append(row(route, first, paint))
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
    try:
        return once_opened(browser, site, address)
    except Restless as restless:  # the browser, or the page? Twice is the page.
        print(f"\n{restless}")
        return once_opened(browser, site, address)


def once_opened(browser: Browser, site: Site, address: str) -> Load:
    page = site.visit(browser)
    devtools = page.context.new_cdp_session(page)
    known: dict[str, dict[str, Any]] = {}
    pending: dict[str, str] = {}
    brought: Counter[str] = Counter()
    uncompressed: list[str] = []

    def finished(event: dict[str, Any]) -> None:
        response, kind = known.get(event["requestId"], {}), "Other"
        pending.pop(event["requestId"], None)
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

    def dropped(event: dict[str, Any]) -> None:
        pending.pop(event["requestId"], None)

    def begun(event: dict[str, Any]) -> None:
        pending[event["requestId"]] = event["request"]["url"]

    devtools.on("Network.requestWillBeSent", begun)
    devtools.on("Network.responseReceived", lambda event: known.update({event["requestId"]: event}))
    devtools.on("Network.loadingFinished", finished)
    devtools.on("Network.loadingFailed", dropped)
    devtools.send("Network.enable")
    response = page.goto(address)
    assert response is not None
    assert response.ok, address
    quiet_since, deadline = None, monotonic() + ENDLESS_S
    while quiet_since is None or monotonic() < quiet_since + QUIET_S:
        # Not "networkidle": that gives up after a minute, and does not say what it waited for.
        if monotonic() > deadline:
            page.context.close()
            raise Restless(f"{address} waits for {[*pending.values()]} after {ENDLESS_S} s")
        page.wait_for_timeout(50)
        quiet_since = None if pending else quiet_since or monotonic()
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
