"""Fetches web pages politely.

Only http and https; robots.txt is respected; every redirect is looked at again; size, also
unpacked, and time are bounded. From the internet no way leads into a private network; where only
public addresses are allowed, not even an address given by hand does.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass
from urllib.robotparser import RobotFileParser

import httpx

from app.errors import BadRequest, UnreadableDocument
from ingest.addresses import PublicTransport, Resolver, is_public, resolved
from ingest.items import over_limit

USER_AGENT = "Footnote"
"""What a robots.txt calls us."""
_TIMEOUT = httpx.Timeout(20, connect=10)
_PAGE_SECONDS = 60
_MAX_REDIRECTS = 5
_MAX_CRAWL_DELAY = 5.0
_GONE = (404, 410)
_ROBOTS_BYTES = 512 * 1024
"""RFC 9309 asks to read at least 500 KiB."""
_UNPACK_STEP = 256 * 1024
_PACKED = {"gzip": 47, "x-gzip": 47, "deflate": 47}
"""Content codings that are unpacked here, in bounded steps; 47: zlib finds out which it is."""
_NO_DOCUMENTS = ("image/", "audio/", "video/", "font/")


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
    """Fetches pages; one reading of each robots.txt.

    Args:
        max_bytes: largest page, unpacked.
        public_only: no private address, even where one is asked for: for a server, whose pages
            others use. Otherwise whoever named an address in a private network is trusted with it,
            and only the way from the internet into one is closed.
        resolve: looks names up.
    """

    def __init__(
        self, max_bytes: int, *, public_only: bool = False, resolve: Resolver = resolved
    ) -> None:
        def client(transport: httpx.BaseTransport | None) -> httpx.Client:
            return httpx.Client(
                headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate"},
                timeout=_TIMEOUT,
                follow_redirects=False,
                transport=transport,
            )

        self._public = client(PublicTransport(resolve))
        self._any = client(None)
        self._public_only = public_only
        self._resolve = resolve
        self._trusted: dict[str, bool] = {}
        self._max_bytes = max_bytes
        self._robots: dict[str, RobotFileParser] = {}

    def close(self) -> None:
        """Close connections."""
        self._public.close()
        self._any.close()

    def get(self, url: str, wanted: Callable[[httpx.Response], bool] = lambda _r: True) -> Page:
        """The page at ``url``, redirects followed; its body is empty when it is not ``wanted``.

        Raises:
            UnreadableDocument: it cannot be had; `Missing` when the server has no such page.
        """
        start, client = url, self._client(url)
        deadline = time.monotonic() + _PAGE_SECONDS
        for _ in range(_MAX_REDIRECTS + 1):
            self._check_robots(client, url, deadline)
            with self._open(client, url) as response:
                if response.is_redirect:
                    to = urljoin(url, response.headers["location"])
                    url = checked_redirect(start, to, self._resolve)
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
                body = b""
                if wanted(response):
                    body = _body(response, self._max_bytes, deadline)
                return Page(url, response.status_code, response.headers, body)
        raise UnreadableDocument("The address leads from one page to another without end.")

    def delay(self, url: str) -> float:
        """Seconds to wait between two pages of a site, as its robots.txt asks."""
        deadline = time.monotonic() + _PAGE_SECONDS
        asked = self._rules(self._client(url), url, deadline).crawl_delay(USER_AGENT)
        return min(float(asked or 0), _MAX_CRAWL_DELAY)

    def _client(self, start: str) -> httpx.Client:
        """Which connections a page at ``start``, and all that it redirects to, are fetched over."""
        if self._public_only or not self._is_trusted(start):
            return self._public
        return self._any

    def _is_trusted(self, start: str) -> bool:
        """A private address that was named by hand; or behind a proxy, which decides instead.

        What a host was at first it stays: a public name that turns private is not followed there.
        """
        origin = _origin(start)
        if origin not in self._trusted:
            parts = urlsplit(start)
            host = parts.hostname or ""
            proxied = parts.scheme in getproxies() and not proxy_bypass(host)
            self._trusted[origin] = proxied or _is_private(start, self._resolve)
        return self._trusted[origin]

    @contextmanager
    def _open(self, client: httpx.Client, url: str) -> Iterator[httpx.Response]:
        try:
            with client.stream("GET", url) as response:
                yield response
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            reason = str(error).strip().rstrip(".") or type(error).__name__
            raise UnreadableDocument(
                f"The address can't be reached: {reason}.", "Check it and the connection."
            ) from error

    def _check_robots(self, client: httpx.Client, url: str, deadline: float) -> None:
        if not self._rules(client, url, deadline).can_fetch(USER_AGENT, url):
            raise UnreadableDocument(
                "The site's robots.txt asks programs not to read this page.",
                "Ask the site's owner, or save the page and ingest the file.",
            )

    def _rules(self, client: httpx.Client, url: str, deadline: float) -> RobotFileParser:
        origin = _origin(url)
        if origin not in self._robots:
            rules = RobotFileParser()
            status, text = self._robots_txt(client, f"{origin}/robots.txt", deadline)
            # RFC 9309: no file allows everything, a server in trouble allows nothing.
            if status == httpx.codes.OK:
                rules.parse(text.splitlines())
            elif httpx.codes.is_client_error(status):
                rules.parse([])
            else:
                rules.parse(["User-agent: *", "Disallow: /"])
            self._robots[origin] = rules
        return self._robots[origin]

    def _robots_txt(self, client: httpx.Client, url: str, deadline: float) -> tuple[int, str]:
        start = url
        for _ in range(_MAX_REDIRECTS + 1):
            with self._open(client, url) as response:
                if response.is_redirect:
                    to = urljoin(url, response.headers["location"])
                    url = checked_redirect(start, to, self._resolve)
                    continue
                if response.status_code != httpx.codes.OK:
                    return response.status_code, ""
                raw = b"".join(_unpacked(response, _ROBOTS_BYTES, deadline))
                return response.status_code, raw[:_ROBOTS_BYTES].decode("utf-8", "replace")
        return httpx.codes.LOOP_DETECTED, ""


def _body(response: httpx.Response, max_bytes: int, deadline: float) -> bytes:
    kind = response.headers.get("content-type", "").strip().lower()
    if kind.startswith(_NO_DOCUMENTS):
        raise UnreadableDocument(
            f"The address holds no document, but {kind.partition(';')[0]}.",
            "Give the address of a page or a file with text.",
        )
    body = bytearray()
    for piece in _unpacked(response, max_bytes, deadline):
        body += piece
        if refusal := over_limit(len(body), max_bytes):
            raise refusal
    return bytes(body)


def _unpacked(response: httpx.Response, most: int, deadline: float) -> Iterator[bytes]:
    """The body in pieces of at most `_UNPACK_STEP`, until a little more than ``most`` came.

    One coding is unpacked: what is packed in several layers grows a thousandfold in each.
    """
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding not in ("", "identity", *_PACKED):
        raise UnreadableDocument(
            f"The server packed the page in a way that can't be unpacked here ({coding[:40]}).",
            "Save the page and ingest the file.",
        )
    unpack = zlib.decompressobj(_PACKED[coding]) if coding in _PACKED else None
    came = 0
    for chunk in response.iter_raw(_UNPACK_STEP):
        if time.monotonic() > deadline:
            raise UnreadableDocument(
                f"The server took longer than {_PAGE_SECONDS} seconds.", "Try again later."
            )
        rest = chunk
        while rest:
            piece = rest
            if unpack is None:
                rest = b""
            else:
                try:
                    piece = unpack.decompress(rest, _UNPACK_STEP)
                except zlib.error as error:
                    raise UnreadableDocument(
                        "The server sent a page that can't be unpacked.", "Try again later."
                    ) from error
                rest = unpack.unconsumed_tail
            came += len(piece)
            yield piece
            if came > most:
                return


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


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


def checked_redirect(start: str, to: str, resolve: Resolver = resolved) -> str:
    """``to``, when a page at ``start`` may send us there.

    Raises:
        UnreadableDocument: it leaves http(s), or leads from the internet into a private network.
    """
    try:
        to = normal_url(to)
    except BadRequest as error:
        raise UnreadableDocument(f"The address leads to {to}, which is no web page.") from error
    if _is_private(to, resolve) and not _is_private(start, resolve):
        raise UnreadableDocument(
            f"The address leads into a private network ({urlsplit(to).hostname}).",
            "Ingest that address itself if you trust it.",
        )
    return to


def _is_private(url: str, resolve: Resolver) -> bool:
    parts = urlsplit(url)
    try:
        found = resolve(parts.hostname or "", parts.port or 80)
    except (OSError, UnicodeError):
        return False  # what has no address cannot be reached either
    return any(not is_public(address) for address in found)
