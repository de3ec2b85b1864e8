"""The pages that a person can open: found as a person finds them, by following links."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import httpx
from selectolax.lexbor import LexborHTMLParser
from starlette.routing import compile_path

from tests.fuzz.pages import doors

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PER_ROUTE = 4
"""So many addresses of a route are looked at; the longest page of them stands for the route."""
NO_PAGES = re.compile(r"\.\w+$|^/(?:sso|openapi|healthz|readyz|api|v1)\b|/original$")
"""Downloads, doors for programs, and what leads away."""


@dataclass(frozen=True)
class Site:
    """A running server as one person sees it."""

    url: str
    cookies: dict[str, str]
    pages: dict[str, str]
    """Route → an address of it."""

    def visit(self, browser: Browser, **options: str) -> Page:
        """A new window with an empty cache, known to the server."""
        context = browser.new_context(base_url=self.url, **options)  # type: ignore[arg-type]
        context.set_default_timeout(60_000)
        context.add_cookies(
            [
                {"name": name, "value": value, "url": self.url}
                for name, value in self.cookies.items()
            ]
        )
        return context.new_page()


@lru_cache(maxsize=1)
def routes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Every route that can be a page, with what its addresses look like."""
    from fastapi import FastAPI

    from app import api, web

    app = FastAPI(docs_url=None, redoc_url=None)
    api.mount(app)
    web.mount(app)
    paths = [door.path for door in doors(app) if door.method == "GET"]
    kept = [path for path in paths if not NO_PAGES.search(path)]
    # As the router: what is spelled out goes before what has a place for anything.
    return tuple((path, compile_path(path)[0]) for path in sorted(kept, key=lambda p: "{" in p))


def route_of(path: str) -> str | None:
    """The route that an address belongs to; None where it is no page."""
    return next((route for route, pattern in routes() if pattern.match(path)), None)


def explored(client: httpx.Client, seeds: Sequence[str]) -> Site:
    """All pages that links lead to from ``seeds``.

    The site keeps the cookies that the server gave meanwhile: it knows who it is.
    """
    client.headers["Accept"] = "text/html"
    seen: dict[str, int] = {}
    longest: dict[str, tuple[int, str]] = {}
    waiting, known = deque(seeds), set(seeds)
    while waiting:
        address = waiting.popleft()
        route = route_of(urlsplit(address).path)
        if route is None or seen.get(route, 0) >= PER_ROUTE:
            continue
        seen[route] = seen.get(route, 0) + 1
        response = client.get(address, follow_redirects=True)
        there = response.url
        if response.status_code != 200 or "text/html" not in response.headers["content-type"]:
            continue
        arrived = route_of(there.path) or route
        found = (len(response.content), there.raw_path.decode())
        longest[arrived] = max(longest.get(arrived, (0, "")), found)
        for link in LexborHTMLParser(response.text).css("a[href]"):
            url = urlsplit(urljoin(str(there), link.attributes["href"] or ""))
            if url.netloc != urlsplit(str(there)).netloc:
                continue
            target = f"{url.path}?{url.query}" if url.query else url.path
            if target not in known:
                known.add(target)
                waiting.append(target)
    pages = {route: address for route, (_, address) in sorted(longest.items())}
    return Site(str(client.base_url).rstrip("/"), dict(client.cookies), pages)
