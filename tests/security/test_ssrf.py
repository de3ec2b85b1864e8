"""Addresses given by people lead to public servers only; a name is looked up once, and checked."""

from __future__ import annotations

import gzip
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.errors import BadRequest, FootnoteError, UnreadableDocument
from ingest import addresses
from ingest.addresses import is_public, public_addresses, resolved
from ingest.browser import Browser
from ingest.filters import Filters
from ingest.git_repositories import list_repository
from ingest.websites import list_page

PUBLIC = "93.184.215.14"

PRIVATE = [
    *("127.0.0.1", "127.255.0.3", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200", "168.63.129.16"),
    *("192.0.0.192", "198.18.0.1", "0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.250"),
    *("240.0.0.1", "255.255.255.255", "203.0.113.9", "::", "::1", "fe80::1", "fe80::1%eth0"),
    *("fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
    *("::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
    *("64:ff9b:1::1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1"),
    *("not an address", ""),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_the_internets_is_private(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", [PUBLIC, "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"]
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


class Site:
    """A server on loopback that says what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append((self.headers["Host"], self.path))
                status, headers, body = site.pages.get(self.path, (404, {}, b""))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = int(self.server.server_address[1])


@pytest.fixture
def site() -> Iterator[Site]:
    one = Site()
    thread = threading.Thread(target=one.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    one.pages["/"] = (200, {"Content-Type": "text/html"}, b"<p>the secret of the network</p>")
    yield one
    one.server.shutdown()
    one.server.server_close()
    thread.join()


class Names:
    """A name server: each name's answers, one after the other; the last one stays."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self._answers = {name: [list(one) for one in found] for name, found in answers.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        answers = self._answers.get(host)
        if answers is None:
            return resolved(host, port)
        return answers.pop(0) if len(answers) > 1 else answers[0]


def nothing_known(_url: str) -> None:
    return None


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "0"),
        *("localhost", "LOCALHOST", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]"),
        *("①②⑦.⓪.⓪.①", "127。0。0。1", "user@127.0.0.1", "169.254.169.254", "10.0.0.7"),
    ],
)
def test_a_private_address_is_refused_however_it_is_spelled(site: Site, host: str) -> None:
    browser = Browser(10_000, public_only=True)
    with pytest.raises(FootnoteError) as refusal:
        list_page(f"http://{host}:{site.port}/", browser, nothing_known)
    browser.close()
    assert "private network" in refusal.value.message or "reached" in refusal.value.message
    assert not site.asked


def test_the_command_line_may_read_a_private_address_and_a_server_may_when_set(site: Site) -> None:
    browser = Browser(10_000)
    (item,) = list_page(f"http://127.0.0.1:{site.port}/", browser, nothing_known).items
    browser.close()
    assert b"secret" in item.read()


def test_one_private_address_among_public_ones_refuses_the_host() -> None:
    names = Names(both=[[PUBLIC, "10.0.0.1"]])
    with pytest.raises(UnreadableDocument, match="FOOTNOTE_FETCH_PRIVATE"):
        public_addresses("both", 80, names)


def test_the_connection_goes_to_the_address_that_was_checked(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server on loopback stands for a public one; the name rebinds after the first answer."""
    monkeypatch.setattr(addresses, "is_public", lambda address: address == "127.0.0.1")
    names = Names(**{"rebind.example": [["127.0.0.1"], ["10.66.66.66"]]})
    browser = Browser(10_000, public_only=True, resolve=names)
    url = f"http://rebind.example:{site.port}/"
    for _ in range(3):
        (item,) = list_page(url, browser, nothing_known).items
        assert b"secret" in item.read()
    browser.close()
    assert names.asked == ["rebind.example"]
    assert {host for host, _path in site.asked} == {f"rebind.example:{site.port}"}


def test_a_name_that_turns_private_is_not_followed_there(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check sees a public address, the connection would go to a private one."""
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for public_only in (True, False):
        names = Names(**{"rebind.example": [[PUBLIC], ["127.0.0.1"]]})
        if public_only:
            names("rebind.example", 80)  # somebody looked before
        browser = Browser(10_000, public_only=public_only, resolve=names)
        with pytest.raises(UnreadableDocument, match="private network"):
            list_page(f"http://rebind.example:{site.port}/", browser, nothing_known)
        browser.close()
    assert not site.asked


@pytest.mark.parametrize("page", ["/", "/robots.txt"])
def test_a_redirect_into_a_private_network_is_refused(
    site: Site, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = Site()
    thread = threading.Thread(target=inside.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    # The first server is taken for a public one, by its name.
    monkeypatch.setattr(addresses, "is_public", lambda address: address == "127.0.0.1")
    monkeypatch.setattr("ingest.browser.is_public", lambda address: address == "127.0.0.1")
    names = Names(**{"public.example": [["127.0.0.1"]], "inside.example": [["127.0.0.2"]]})
    to = f"http://inside.example:{inside.port}/"
    site.pages[page] = (302, {"Location": to}, b"")
    browser = Browser(10_000, public_only=True, resolve=names)
    with pytest.raises(UnreadableDocument, match="private network"):
        list_page(f"http://public.example:{site.port}/", browser, nothing_known)
    browser.close()
    inside.server.shutdown()
    inside.server.server_close()
    thread.join()
    assert not inside.asked


def test_a_page_that_unpacks_to_too_much_is_refused_in_little_memory(site: Site) -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    headers = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
    site.pages["/bomb"] = (200, headers, bomb)
    layers = {"Content-Type": "text/html", "Content-Encoding": "gzip, gzip"}
    site.pages["/layers"] = (200, layers, gzip.compress(bomb))
    browser = Browser(100_000)
    started = time.thread_time()
    with pytest.raises(UnreadableDocument, match="limit"):
        list_page(f"http://127.0.0.1:{site.port}/bomb", browser, nothing_known)
    with pytest.raises(UnreadableDocument, match="unpacked here"):
        list_page(f"http://127.0.0.1:{site.port}/layers", browser, nothing_known)
    browser.close()
    assert time.thread_time() - started < 1  # unpacking all of it takes longer


def test_a_packed_page_is_read(site: Site) -> None:
    headers = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
    text = b"<p>" + b"Twelve weeks of leave. " * 40_000 + b"</p>"
    site.pages["/packed"] = (200, headers, gzip.compress(text))
    browser = Browser(10_000_000)
    (item,) = list_page(f"http://127.0.0.1:{site.port}/packed", browser, nothing_known).items
    browser.close()
    assert item.read() == text


def test_a_picture_is_not_fetched(site: Site) -> None:
    site.pages["/a"] = (200, {"Content-Type": "image/png"}, b"\x89PNG")
    browser = Browser(10_000)
    with pytest.raises(UnreadableDocument, match="image/png"):
        list_page(f"http://127.0.0.1:{site.port}/a", browser, nothing_known)
    browser.close()


# --- git -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% {marker}",
        "ext::https://example.org/a.git",
        "fd::17/a.git",
        "file:///etc/a.git",
        "ftp://example.org/a.git",
        "ssh://-oProxyCommand=touch {marker}/a.git",
        "git@-oProxyCommand=touch:a.git",
        "-uscript.git",
    ],
)
@pytest.mark.parametrize("public_only", [True, False])
def test_a_repositorys_address_that_could_run_a_program_is_refused(
    tmp_path: Path, url: str, public_only: bool
) -> None:
    marker = tmp_path / "ran"
    with pytest.raises(BadRequest):
        list_repository(
            url.format(marker=marker), "", Filters(), 10**6, tmp_path, public_only=public_only
        )
    assert not marker.exists()


@pytest.mark.parametrize("url", ["http://example.org/a.git", "git@example.org:team/a.git"])
def test_a_server_fetches_repositories_over_https_only(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadRequest, match="https://"):
        list_repository(url, "", Filters(), 10**6, tmp_path, public_only=True)


def test_a_server_fetches_no_repository_from_a_private_network(tmp_path: Path, site: Site) -> None:
    url = f"https://localhost:{site.port}/a.git"
    with pytest.raises(UnreadableDocument, match="private network"):
        list_repository(url, "", Filters(), 10**6, tmp_path, public_only=True)
    assert not site.asked


def test_git_is_told_the_address_that_was_checked(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless it was told, git could not know where rebind.example is; TLS then ends the attempt."""
    monkeypatch.setattr(addresses, "is_public", lambda address: address == "127.0.0.1")
    names = Names(**{"rebind.example": [["127.0.0.1"], ["10.6.6.6"]]})
    url = f"https://rebind.example:{site.port}/a.git"
    with pytest.raises(UnreadableDocument) as refusal:
        list_repository(url, "", Filters(), 10**6, tmp_path, public_only=True, resolve=names)
    assert names.asked == ["rebind.example"]
    said = refusal.value.message
    assert "resolve host" not in said
    assert "SSL" in said or "TLS" in said or "gnutls" in said


def test_hooks_and_submodules_of_a_repository_are_left_alone(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
        allowed = ["-c", "protocol.file.allow=always"]
        subprocess.run(["git", *identity, *allowed, *arguments], cwd=source, check=True)

    marker = tmp_path / "ran"
    other, source, copy = tmp_path / "other", tmp_path / "source", tmp_path / "copy"
    for folder in (other, source, copy):
        folder.mkdir()
    subprocess.run(["git", "init", "--quiet", "-b", "main"], cwd=other, check=True)
    (other / "inner.md").write_text("From the submodule.")
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "add", "."], cwd=other, check=True)
    subprocess.run(["git", *identity, "commit", "-qm", "one"], cwd=other, check=True)
    git("init", "--quiet", "-b", "main")
    (source / "a.md").write_text("Hello.")
    git("submodule", "--quiet", "add", str(other), "sub")
    hook = source / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
    hook.chmod(0o755)
    git("add", "a.md")
    git("commit", "--quiet", "-m", "first")
    listing = list_repository(str(source), "", Filters(), 10**6, copy)
    assert [item.name for item in listing.items] == ["a.md"]
    assert not (copy / "sub" / "inner.md").exists()
    assert not marker.exists()
