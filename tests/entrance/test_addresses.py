"""Where somebody goes after signing in: a page here, whatever an address tries to be."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import Response

from app.entrance.addresses import local_path, sign_in_then
from app.entrance.cookies import clear_sign_in, set_sign_in, sign_in_token


@pytest.mark.parametrize(
    "path",
    ["/", "/documents", "/documents?q=a%20b&kind=md", "/a/ans_1", "/search?q=//evil.example"],
)
def test_a_page_here_is_kept(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "https:evil.example",
        "https://evil.example/",
        "HTTPS:/evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "evil.example",
        "@evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/ /evil.example",
        "/\x00/evil.example",
        "/x\r\nSet-Cookie: a=b",
        "/documents\\..\\..\\evil",
        "//[::1",
        "/signin",
        "/signin?next=/signin",
        "/signout",
        "/invite/abc",
        "/sso/start",
    ],
)
def test_whatever_else_is_asked_for_leads_home(wanted: str) -> None:
    assert local_path(wanted) == "/"
    assert sign_in_then(wanted) == "/signin"


def request(scheme: str, cookies: str = "") -> Request:
    headers = [(b"host", b"ask.example.org"), (b"cookie", cookies.encode())]
    return Request(
        {"type": "http", "scheme": scheme, "path": "/", "query_string": b"", "headers": headers}
    )


def test_the_cookie_is_for_this_host_alone_and_for_no_script() -> None:
    response = Response()
    set_sign_in(request("https"), response, "secret")
    said = response.headers["set-cookie"]
    assert said.startswith("__Host-footnote_sign_in=secret;")
    parts = {part.strip().lower() for part in said.split(";")}
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= parts
    assert not any(part.startswith("domain") for part in parts)


def test_a_cookie_that_plain_http_could_have_planted_is_not_read_on_https() -> None:
    planted = "footnote_sign_in=planted"
    assert sign_in_token(request("https", planted)) == ""
    assert sign_in_token(request("https", f"{planted}; __Host-footnote_sign_in=own")) == "own"
    assert sign_in_token(request("http", planted)) == "planted"


def test_signing_out_forgets_the_cookie() -> None:
    response = Response()
    clear_sign_in(request("https"), response)
    said = response.headers["set-cookie"]
    assert said.startswith('__Host-footnote_sign_in="";')
    assert "Max-Age=0" in said
    assert "Secure" in said
