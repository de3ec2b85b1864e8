"""Fetches web pages politely.

Only http and https; robots.txt is respected; every redirect is looked at again; size and time are
bounded.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin, urlsplit, urlunsplit
from urllib.robotparser import RobotFileParser

import httpx

from app.errors import BadRequest, UnreadableDocument
from ingest.items import over_limit

USER_AGENT = "Footnote"
"""What a robots.txt calls us."""
_TIMEOUT = httpx.Timeout(20, connect=10)
_PAGE_SECONDS = 60
_MAX_REDIRECTS = 5
_MAX_CRAWL_DELAY = 5.0
_GONE = (404, 410)


@dataclass(frozen=True, slots=True)
class Page:
    """What a server answered."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class Missing(UnreadableDocument):
    """The server says that there is no such page."""


class Browser:
    """Fetches pages; one connection pool, one reading of each robots.txt."""

    def __init__(self, max_bytes: int) -> None:
        self._client = httpx.Client(
            headers={"User-Agent": USER_AGENT}, timeout=_TIMEOUT, follow_redirects=False
        )
        self._max_bytes = max_bytes
        self._robots: dict[str, RobotFileParser] = {}

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def get(self, url: str, wanted: Callable[[httpx.Response], bool] = lambda _r: True) -> Page:
        """The page at ``url``, redirects followed; its body is empty when it is not ``wanted``.

        Raises:
            UnreadableDocument: it cannot be had; `Missing` when the server has no such page.
        """
        start = url
        deadline = time.monotonic() + _PAGE_SECONDS
        for _ in range(_MAX_REDIRECTS + 1):
            self._check_robots(url)
            with self._open(url) as response:
                if response.is_redirect:
                    url = checked_redirect(start, urljoin(url, response.headers["location"]))
                    continue
                if response.status_code in _GONE:
                    raise Missing(
                        f"There is no such page (HTTP {response.status_code}).",
                        "Check the address.",
                    )
                if response.status_code != httpx.codes.OK:
                    raise UnreadableDocument(
                        f"The server answered with HTTP {response.status_code}.",
                        "Open the address in a browser, or try again later.",
                    )
                body = self._body(response, deadline) if wanted(response) else b""
                return Page(url, response.status_code, response.headers, body)
        raise UnreadableDocument("The address leads from one page to another without end.")

    def delay(self, url: str) -> float:
        """Seconds to wait between two pages of a site, as its robots.txt asks."""
        asked = self._rules(url).crawl_delay(USER_AGENT)
        return min(float(asked or 0), _MAX_CRAWL_DELAY)

    @contextmanager
    def _open(self, url: str) -> Iterator[httpx.Response]:
        try:
            with self._client.stream("GET", url) as response:
                yield response
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            reason = str(error).strip().rstrip(".") or type(error).__name__
            raise UnreadableDocument(
                f"The address can't be reached: {reason}.", "Check it and the connection."
            ) from error

    def _body(self, response: httpx.Response, deadline: float) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if refusal := over_limit(len(body), self._max_bytes):
                raise refusal
            if time.monotonic() > deadline:
                raise UnreadableDocument(
                    f"The server took longer than {_PAGE_SECONDS} seconds.", "Try again later."
                )
        return bytes(body)

    def _check_robots(self, url: str) -> None:
        if not self._rules(url).can_fetch(USER_AGENT, url):
            raise UnreadableDocument(
                "The site's robots.txt asks programs not to read this page.",
                "Ask the site's owner, or save the page and ingest the file.",
            )

    def _rules(self, url: str) -> RobotFileParser:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._robots:
            rules = RobotFileParser()
            # RFC 9309: no file allows everything, a server in trouble allows nothing.
            try:
                response = self._client.get(f"{origin}/robots.txt", follow_redirects=True)
                if response.status_code == httpx.codes.OK:
                    rules.parse(response.text.splitlines())
                elif response.is_client_error:
                    rules.parse([])
                else:
                    rules.parse(["User-agent: *", "Disallow: /"])
            except httpx.HTTPError as error:
                raise UnreadableDocument(
                    f"The address can't be reached: {error}.", "Check it and the connection."
                ) from error
            self._robots[origin] = rules
        return self._robots[origin]


def normal_url(url: str) -> str:
    """The address as it is stored: without fragment, host in lower case.

    Raises:
        BadRequest: not an http or https address.
    """
    try:
        parts = urlsplit(urldefrag(url.strip()).url)
        port = parts.port
    except ValueError as error:
        raise BadRequest(f"{url} is not an address: {error}.") from error
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise BadRequest(
            f"{url} can't be ingested: only http and https addresses can.",
            "Give an address that begins with https://.",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = {"http": 80, "https": 443}[parts.scheme.lower()]
    netloc = host if port in (None, default) else f"{host}:{port}"
    return urlunsplit((parts.scheme.lower(), netloc, parts.path or "/", parts.query, ""))


def checked_redirect(start: str, to: str) -> str:
    """``to``, when a page at ``start`` may send us there.

    Raises:
        UnreadableDocument: it leaves http(s), or leads from the internet into a private network.
    """
    try:
        to = normal_url(to)
    except BadRequest as error:
        raise UnreadableDocument(f"The address leads to {to}, which is no web page.") from error
    if _is_private(to) and not _is_private(start):
        raise UnreadableDocument(
            f"The address leads into a private network ({urlsplit(to).hostname}).",
            "Ingest that address itself if you trust it.",
        )
    return to


def _is_private(url: str) -> bool:
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
    except OSError:
        return False  # what has no address cannot be reached either
    return any(not ipaddress.ip_address(str(info[4][0]).split("%")[0]).is_global for info in found)
