"""Web pages: one, or those below an address, fetched politely.

Only http and https; robots.txt is respected; every redirect is looked at again; size and time are
bounded. What was fetched while crawling lies in a temporary folder until it is ingested.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit, urlunsplit
from urllib.robotparser import RobotFileParser

import httpx
from selectolax.lexbor import LexborHTMLParser

from app.errors import BadRequest, FootnoteError, UnreadableDocument
from ingest.filters import Filters
from ingest.items import Item, Listing, Problem, over_limit
from ingest.parsers.formats import BY_EXTENSION, extension_of

USER_AGENT = "Footnote"
"""What a robots.txt calls us."""
_TIMEOUT = httpx.Timeout(20, connect=10)
_PAGE_SECONDS = 60
_MAX_REDIRECTS = 5
_MAX_CRAWL_DELAY = 5.0
_GONE = (404, 410)
_EXTENSIONS = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "text/csv": ".csv",
    "text/x-rst": ".rst",
    "application/pdf": ".pdf",
    "application/epub+zip": ".epub",
    "message/rfc822": ".eml",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
"""Extensions by content type: whatever else a page links to is not fetched whole."""


@dataclass(frozen=True, slots=True)
class SiteLimits:
    """How far a crawl goes. ``prefix``: empty means the folder of the first address."""

    prefix: str = ""
    depth: int = 3
    pages: int = 200


@dataclass(frozen=True, slots=True)
class _Page:
    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class _Missing(UnreadableDocument):
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

    def get(self, url: str, wanted: Callable[[httpx.Response], bool] = lambda _r: True) -> _Page:
        """The page at ``url``, redirects followed; its body is empty when it is not ``wanted``.

        Raises:
            UnreadableDocument: it cannot be had; `_Missing` when the server has no such page.
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
                    raise _Missing(
                        f"There is no such page (HTTP {response.status_code}).",
                        "Check the address.",
                    )
                if response.status_code != httpx.codes.OK:
                    raise UnreadableDocument(
                        f"The server answered with HTTP {response.status_code}.",
                        "Open the address in a browser, or try again later.",
                    )
                body = self._body(response, deadline) if wanted(response) else b""
                return _Page(url, response.status_code, response.headers, body)
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


def list_page(url: str, browser: Browser, known_stamp: Callable[[str], str | None]) -> Listing:
    """One page. Its body is fetched only when its headers do not say that it is unchanged.

    Raises:
        BadRequest, UnreadableDocument: it cannot be had.
    """
    url = normal_url(url)
    known = known_stamp(url)
    page = browser.get(url, lambda response: not known or _stamp(response.headers) != known)
    unread = not page.body and known is not None and _stamp(page.headers) == known

    def read() -> bytes:
        return _as_utf8(browser.get(url)) if unread else _as_utf8(page)

    return Listing(uri=url, items=[_item(url, page, len(page.body), read)])


def list_site(
    url: str,
    limits: SiteLimits,
    filters: Filters,
    browser: Browser,
    spool: Path,
    found: Callable[[int], None],
) -> Listing:
    """The page at ``url`` and those below its prefix that it leads to. ``found`` hears how many.

    Raises:
        BadRequest, UnreadableDocument: the first page cannot be had.
    """
    first = normal_url(url)
    prefix = normal_url(limits.prefix) if limits.prefix else first[: first.rindex("/") + 1]
    listing = Listing(uri=first)
    queue = deque([(first, 0)])
    asked = {first}
    taken: set[str] = set()
    while queue and len(listing.items) < limits.pages:
        address, depth = queue.popleft()
        try:
            if asked != {first}:
                time.sleep(browser.delay(address))
            page = browser.get(address, _may_be_document)
        except FootnoteError as error:
            if address == first:
                raise
            if not isinstance(error, _Missing):
                listing.problems.append(Problem.of(address, error))
            continue
        if page.url in taken or not (page.url.startswith(prefix) or address == first):
            continue
        taken.add(page.url)
        asked.add(page.url)
        if not page.body:
            listing.skipped[_kind_shown(page)] += 1
            continue
        if filters.wants_file(_relative(page.url, prefix)) or address == first:
            body = _as_utf8(page)
            file = spool / f"{len(listing.items)}.page"
            file.write_bytes(body)
            listing.items.append(_item(page.url, page, len(body), partial(file.read_bytes)))
            found(len(listing.items))
        if depth < limits.depth and _content_type(page) in ("text/html", "application/xhtml+xml"):
            for link in _links(page):
                if link.startswith(prefix) and link not in asked:
                    asked.add(link)
                    queue.append((link, depth + 1))
    if queue:
        listing.warnings.append(
            Problem(
                first,
                f"The crawl stopped at {limits.pages} pages; {len(queue)} more were found.",
                "Raise --max-pages, or narrow --prefix.",
            )
        )
    listing.covers = lambda source: (
        source.startswith(prefix)
        and source not in taken
        and filters.wants_file(_relative(source, prefix))
    )
    listing.gone = lambda source: _is_gone(browser, source)
    return listing


def _is_gone(browser: Browser, url: str) -> bool:
    """Whether the server says so; not to be linked any more is no evidence."""
    try:
        browser.get(url, lambda _response: False)
    except _Missing:
        return True
    except FootnoteError:
        return False
    return False


def _item(url: str, page: _Page, size: int, read: Callable[[], bytes]) -> Item:
    name = urlsplit(page.url).path.rstrip("/").rpartition("/")[2] or urlsplit(url).hostname or url
    if extension_of(name) not in BY_EXTENSION:
        name += _EXTENSIONS.get(_content_type(page), "")
    try:
        modified = parsedate_to_datetime(page.headers.get("last-modified", ""))
    except ValueError:
        modified = None
    if modified is not None and modified.tzinfo is None:
        modified = None
    # A page made on the fly has no size of its own to compare: its stamp or hash decides.
    return Item(url, name, size, _stamp(page.headers), modified, read)


def _stamp(headers: Mapping[str, str]) -> str:
    mark = headers.get("etag") or headers.get("last-modified")
    if not mark:
        return ""
    return "w:" + hashlib.blake2b(mark.encode(), digest_size=10).hexdigest()


def _content_type(page: _Page) -> str:
    return page.headers.get("content-type", "").partition(";")[0].strip().lower()


def _may_be_document(response: httpx.Response) -> bool:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in _EXTENSIONS or extension_of(urlsplit(str(response.url)).path) in BY_EXTENSION


def _kind_shown(page: _Page) -> str:
    return extension_of(urlsplit(page.url).path) or _content_type(page) or "no content type"


def _relative(url: str, prefix: str) -> str:
    inside = url[len(prefix) :] if url.startswith(prefix) else urlsplit(url).path
    return re.sub(r"[?].*", "", inside).strip("/") or "index.html"


def _as_utf8(page: _Page) -> bytes:
    """The body, re-coded when only the header says in which encoding it is."""
    message = Message()
    message["content-type"] = page.headers.get("content-type", "")
    charset = message.get_content_charset()
    if not _content_type(page).startswith("text/") or charset in (None, "utf-8", "us-ascii"):
        return page.body
    try:
        return b"\xef\xbb\xbf" + page.body.decode(str(charset)).encode()
    except (LookupError, UnicodeDecodeError):
        return page.body


def _links(page: _Page) -> list[str]:
    tree = LexborHTMLParser(page.body)
    base_node = tree.css_first("base[href]")
    base = urljoin(page.url, (base_node.attributes.get("href") or "") if base_node else "")
    links = []
    for node in tree.css("a[href]"):
        try:
            links.append(normal_url(urljoin(base, node.attributes.get("href") or "")))
        except (BadRequest, ValueError):
            continue  # mailto:, javascript:, or no address at all
    return list(dict.fromkeys(links))
