"""Web pages → a `Listing`: one page, or those below an address that link to each other.

What was fetched while crawling lies in a temporary folder until it is ingested.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
from selectolax.lexbor import LexborHTMLParser

from app.errors import BadRequest, FootnoteError
from ingest.browser import Browser, Missing, Page, normal_url
from ingest.filters import Filters
from ingest.items import Item, Listing, Problem
from ingest.parsers.formats import BY_EXTENSION, extension_of

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
            if not isinstance(error, Missing):
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
    except Missing:
        return True
    except FootnoteError:
        return False
    return False


def _item(url: str, page: Page, size: int, read: Callable[[], bytes]) -> Item:
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


def _content_type(page: Page) -> str:
    return page.headers.get("content-type", "").partition(";")[0].strip().lower()


def _may_be_document(response: httpx.Response) -> bool:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in _EXTENSIONS or extension_of(urlsplit(str(response.url)).path) in BY_EXTENSION


def _kind_shown(page: Page) -> str:
    return extension_of(urlsplit(page.url).path) or _content_type(page) or "no content type"


def _relative(url: str, prefix: str) -> str:
    inside = url[len(prefix) :] if url.startswith(prefix) else urlsplit(url).path
    return re.sub(r"[?].*", "", inside).strip("/") or "index.html"


def _as_utf8(page: Page) -> bytes:
    """The body, re-coded when only the header says in which encoding it is."""
    message = Message()
    message["content-type"] = page.headers.get("content-type", "")
    charset = message.get_content_charset()
    if not _content_type(page).startswith("text/") or charset in (None, "utf-8", "us-ascii"):
        return page.body
    try:
        return b"\xef\xbb\xbf" + page.body.decode(str(charset)).encode()
    except (LookupError, ValueError):  # ValueError: Python's “undefined”, a name with a zero
        return page.body


def _links(page: Page) -> list[str]:
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
