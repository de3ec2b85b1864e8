"""What protects people from other sites, from documents, and from being followed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from app.domain import Document
from app.web.security import CONTENT_POLICY, SESSION_COOKIE
from tests.web.conftest import FROM_US, HTMX, tree

if TYPE_CHECKING:
    from starlette.testclient import TestClient

PAGES = ["/", "/search", "/search?q=crane", "/documents", "/patterns", "/nowhere", "/a/nothing"]


@pytest.mark.parametrize("address", PAGES)
def test_every_page_carries_the_policy_and_the_other_headers(
    client: TestClient, address: str
) -> None:
    headers = client.get(address).headers
    assert headers["content-security-policy"] == CONTENT_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_static_files_carry_the_headers_too(client: TestClient) -> None:
    assert client.get("/static/app.css").headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("address", PAGES)
def test_no_page_has_anything_inline_that_the_policy_would_block(
    client: TestClient, address: str
) -> None:
    page = tree(client.get(address).text)
    assert not page.css("style")
    assert not page.css("[style]")
    assert all(script.attributes.get("src") for script in page.css("script"))
    handlers = [name for node in page.css("*") for name in node.attributes if name[:2] == "on"]
    assert not handlers
    links = [node.attributes.get("href") or "" for node in page.css("[href]")]
    assert not [link for link in links if link.startswith(("javascript:", "http:", "https:"))]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
    ],
)
def test_another_site_cannot_post_in_somebodys_name(
    client: TestClient, headers: dict[str, str]
) -> None:
    response = client.post("/ask", data={"q": "When is it open?"}, headers=headers)
    assert response.status_code == 403
    assert "Another website tried" in response.text


def test_another_site_cannot_post_to_the_api_either(client: TestClient) -> None:
    response = client.post(
        "/api/v1/ask", json={"question": "Open?"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "headers",
    [FROM_US, {"Sec-Fetch-Site": "none"}, {"Origin": "http://127.0.0.1"}, {}],
)
def test_our_own_pages_and_programs_can_post(client: TestClient, headers: dict[str, str]) -> None:
    response = client.post("/theme", data={"theme": "dark"}, headers=headers)
    assert response.status_code == 303


def test_reading_sets_no_session_cookie_and_searching_does(client: TestClient) -> None:
    for address in PAGES:
        searches = address == "/search?q=crane"
        assert (SESSION_COOKIE in client.get(address).cookies) == searches
        client.cookies.clear()


def test_asking_sets_an_anonymous_session_cookie_that_scripts_cannot_read(
    client: TestClient,
) -> None:
    response = client.post("/ask", data={"q": "When is the harbor office open?"}, headers=FROM_US)
    cookie = response.headers["set-cookie"]
    assert cookie.startswith(f"{SESSION_COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_the_stream_sets_the_cookie_too_and_a_known_session_keeps_its_own(
    client: TestClient,
) -> None:
    first = client.post("/ask", data={"q": "Is there a workshop?"}, headers=HTMX)
    assert SESSION_COOKIE in first.headers["set-cookie"]
    second = client.post("/ask", data={"q": "Is there a workshop?"}, headers=HTMX)
    assert "set-cookie" not in second.headers


def test_a_cookie_that_is_no_session_id_is_replaced(client: TestClient) -> None:
    response = client.post(
        "/ask",
        data={"q": "Is there a workshop?"},
        headers={**FROM_US, "Cookie": f"{SESSION_COOKIE}=<script>"},
    )
    assert "<script>" not in response.headers["set-cookie"]


def test_an_original_is_downloaded_and_never_opened_in_our_origin(
    client: TestClient, find: Callable[[str], Document]
) -> None:
    response = client.get(f"/documents/{find('crane.html').id}/original")
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"].startswith("attachment; filename*=UTF-8''crane")
    assert "sandbox" in response.headers["content-security-policy"]
    assert b"<script>alert(1)</script>" in response.content
