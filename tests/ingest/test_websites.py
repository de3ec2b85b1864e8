"""Web pages and sites, from a server on loopback."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.errors import BadRequest, UnreadableDocument
from ingest.browser import Browser, checked_redirect, normal_url
from ingest.filters import Filters
from ingest.items import Listing
from ingest.websites import SiteLimits, list_page, list_site

Reply = tuple[int, dict[str, str], bytes]


class Site:
    """Pages by path, and what was asked for."""

    def __init__(self) -> None:
        self.pages: dict[str, Reply] = {}
        self.asked: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                missing: Reply = (404, {}, b"no such page")
                status, headers, body = site.pages.get(self.path, missing)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def html(self, path: str, body: str, **headers: str) -> None:
        self.pages[path] = (200, {"Content-Type": "text/html", **headers}, body.encode())

    def redirect(self, path: str, to: str) -> None:
        self.pages[path] = (302, {"Location": to}, b"")


@pytest.fixture
def site() -> Iterator[Site]:
    one = Site()
    thread = threading.Thread(target=one.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield one
    one.server.shutdown()
    one.server.server_close()
    thread.join()


@pytest.fixture
def browser() -> Iterator[Browser]:
    one = Browser(max_bytes=200_000)
    yield one
    one.close()


Crawl = Callable[..., Listing]


@pytest.fixture
def crawl(site: Site, browser: Browser, tmp_path: Path) -> Crawl:
    def run(path: str = "/docs/", filters: Filters | None = None, **limits: object) -> Listing:
        bounds = SiteLimits(**limits)  # type: ignore[arg-type]  # by the tests below
        return list_site(
            site.url + path, bounds, filters or Filters(), browser, tmp_path, lambda _count: None
        )

    return run


def nothing_known(_url: str) -> None:
    return None


def paths(listing: Listing, site: Site) -> list[str]:
    return [item.source.removeprefix(site.url) for item in listing.items]


def test_a_page_is_read_under_its_address(site: Site, browser: Browser) -> None:
    site.html("/a", "<h1>Hello</h1>", **{"Last-Modified": "Tue, 03 Mar 2026 10:00:00 GMT"})
    (item,) = list_page(f"{site.url}/a#part", browser, nothing_known).items
    assert item.source == f"{site.url}/a"
    assert item.name == "a.html"
    assert item.read() == b"<h1>Hello</h1>"
    assert item.modified_at is not None
    assert item.modified_at.isoformat() == "2026-03-03T10:00:00+00:00"


@pytest.mark.parametrize("header", ["ETag", "Last-Modified"])
def test_an_unchanged_page_is_told_by_its_headers(
    site: Site, browser: Browser, header: str
) -> None:
    site.html("/a", "<p>One</p>", **{header: "Tue, 03 Mar 2026 10:00:00 GMT"})
    (first,) = list_page(f"{site.url}/a", browser, nothing_known).items
    (second,) = list_page(f"{site.url}/a", browser, lambda _url: first.stamp).items
    assert first.stamp
    assert len(first.stamp) <= 24
    assert second.stamp == first.stamp
    assert second.read() == b"<p>One</p>"  # still to be had when it must be read after all
    site.html("/a", "<p>Two</p>", **{header: "Wed, 04 Mar 2026 10:00:00 GMT"})
    (third,) = list_page(f"{site.url}/a", browser, lambda _url: first.stamp).items
    assert third.stamp != first.stamp


def test_the_encoding_that_only_the_header_names_is_respected(site: Site, browser: Browser) -> None:
    site.pages["/a"] = (200, {"Content-Type": "text/html; charset=latin-1"}, b"<p>caf\xe9</p>")
    (item,) = list_page(f"{site.url}/a", browser, nothing_known).items
    assert item.read().decode("utf-8-sig") == "<p>café</p>"


def test_redirects_are_followed_a_few_times(site: Site, browser: Browser) -> None:
    site.redirect("/old", "/new")
    site.html("/new", "<p>x</p>")
    (item,) = list_page(f"{site.url}/old", browser, nothing_known).items
    assert item.source == f"{site.url}/old"
    site.redirect("/round", "/round")
    with pytest.raises(UnreadableDocument, match="without end"):
        list_page(f"{site.url}/round", browser, nothing_known)


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://example.org/a", "gopher://x/"])
def test_a_redirect_may_not_leave_the_web(site: Site, browser: Browser, to: str) -> None:
    site.redirect("/a", to)
    with pytest.raises(UnreadableDocument, match="no web page"):
        list_page(f"{site.url}/a", browser, nothing_known)


def test_a_redirect_may_not_lead_from_the_internet_into_a_private_network() -> None:
    with pytest.raises(UnreadableDocument, match="private network"):
        checked_redirect("http://93.184.215.14/", "http://169.254.169.254/latest/meta-data")
    assert checked_redirect("http://127.0.0.1/", "http://127.0.0.1/b") == "http://127.0.0.1/b"
    assert checked_redirect("http://93.184.215.14/", "https://93.184.215.15/")


def test_robots_txt_is_respected(site: Site, browser: Browser) -> None:
    site.pages["/robots.txt"] = (200, {}, b"User-agent: *\nDisallow: /private/\n")
    site.html("/private/a", "<p>x</p>")
    site.html("/public/a", "<p>x</p>")
    with pytest.raises(UnreadableDocument, match="robots"):
        list_page(f"{site.url}/private/a", browser, nothing_known)
    assert list_page(f"{site.url}/public/a", browser, nothing_known).items


def test_a_server_in_trouble_is_not_crawled(site: Site, browser: Browser) -> None:
    site.pages["/robots.txt"] = (503, {}, b"")
    site.html("/a", "<p>x</p>")
    with pytest.raises(UnreadableDocument, match="robots"):
        list_page(f"{site.url}/a", browser, nothing_known)


def test_a_page_over_the_limit_is_refused_while_it_comes_in(site: Site, browser: Browser) -> None:
    packed = gzip.compress(bytes(5_000_000))
    headers = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
    site.pages["/bomb"] = (200, headers, packed)
    with pytest.raises(UnreadableDocument, match="limit"):
        list_page(f"{site.url}/bomb", browser, nothing_known)


@pytest.mark.parametrize(("status", "words"), [(404, "no such page"), (500, "HTTP 500")])
def test_an_error_of_the_server_is_said(
    site: Site, browser: Browser, status: int, words: str
) -> None:
    site.pages["/a"] = (status, {}, b"")
    with pytest.raises(UnreadableDocument, match=words):
        list_page(f"{site.url}/a", browser, nothing_known)


def test_a_server_that_is_not_there_is_said(browser: Browser) -> None:
    with pytest.raises(UnreadableDocument, match="can't be reached"):
        list_page("http://127.0.0.1:9/", browser, nothing_known)


@pytest.mark.parametrize(
    "url", ["ftp://example.org/a", "file:///etc/passwd", "http://", "http:///a"]
)
def test_only_web_addresses_are_taken(url: str) -> None:
    with pytest.raises(BadRequest):
        normal_url(url)


def test_an_address_has_one_spelling() -> None:
    assert normal_url("HTTP://Example.ORG:80#top") == "http://example.org/"
    assert normal_url("https://example.org:8443/A?b=1#c") == "https://example.org:8443/A?b=1"


def test_a_site_is_followed_below_its_prefix_to_a_depth(site: Site, crawl: Crawl) -> None:
    site.html("/docs/", '<a href="a">A</a> <a href="/outside">no</a> <a href="mailto:x@y">m</a>')
    site.html("/docs/a", '<a href="b#top">B</a> <a href="./">home</a> <a href="b">B</a>')
    site.html("/docs/b", '<a href="c">C</a> <a href="missing">gone</a>')
    site.html("/docs/c", "the end")
    assert paths(crawl(), site) == ["/docs/", "/docs/a", "/docs/b", "/docs/c"]
    assert paths(crawl(depth=1), site) == ["/docs/", "/docs/a"]
    assert "/outside" not in site.asked


def test_a_crawl_stops_at_its_number_of_pages_and_says_so(site: Site, crawl: Crawl) -> None:
    links = "".join(f'<a href="{i}">x</a>' for i in range(20))
    site.html("/docs/", links)
    for i in range(20):
        site.html(f"/docs/{i}", f"page {i}")
    listing = crawl(pages=5)
    assert len(listing.items) == 5
    assert "stopped at 5 pages" in listing.warnings[0].reason


def test_documents_linked_from_a_site_are_taken_and_pictures_are_not(
    site: Site, crawl: Crawl
) -> None:
    site.html("/docs/", '<a href="a.pdf">pdf</a> <a href="b.png">picture</a>')
    site.pages["/docs/a.pdf"] = (200, {"Content-Type": "application/pdf"}, b"%PDF-1.7")
    site.pages["/docs/b.png"] = (200, {"Content-Type": "image/png"}, b"\x89PNG")
    listing = crawl()
    assert paths(listing, site) == ["/docs/", "/docs/a.pdf"]
    assert listing.skipped == {".png": 1}


def test_globs_narrow_a_crawl(site: Site, crawl: Crawl) -> None:
    site.html("/docs/", '<a href="old/a">a</a><a href="new/a">b</a>')
    site.html("/docs/old/a", "x")
    site.html("/docs/new/a", "y")
    assert paths(crawl(filters=Filters(exclude=["old/"])), site) == ["/docs/", "/docs/new/a"]


def test_a_page_is_gone_only_when_the_server_says_so(site: Site, crawl: Crawl) -> None:
    site.html("/docs/", "no links any more")
    site.html("/docs/unlinked", "still there")
    site.pages["/docs/broken"] = (500, {}, b"")
    listing = crawl()
    assert not listing.gone(f"{site.url}/docs/unlinked")
    assert not listing.gone(f"{site.url}/docs/broken")
    assert listing.gone(f"{site.url}/docs/deleted")
    assert not listing.covers(f"{site.url}/elsewhere/deleted")


def test_two_addresses_of_one_page_are_one_document(site: Site, crawl: Crawl) -> None:
    site.html("/docs/", '<a href="a">a</a><a href="alias">b</a>')
    site.html("/docs/a", "x")
    site.redirect("/docs/alias", "/docs/a")
    assert paths(crawl(), site) == ["/docs/", "/docs/a"]
