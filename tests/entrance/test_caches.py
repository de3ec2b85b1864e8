"""What one person is shown, no cache on the way and no browser shows to the next."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from app.access import Scope
from tests.entrance.world import Door
from tests.ingest.parsers.files import pdf


@pytest.fixture
def picture(at: Door) -> Iterator[str]:
    """The address of a page of a PDF that only one group sees."""
    document = pdf(["The harbor master's plan."], title="Plan")
    uploaded = at.program("opal", Scope.DOCUMENTS).post(
        "/api/v1/documents?wait=true",
        files=[("files", ("plan.pdf", document))],
        data={"collection": "payroll"},
    )
    assert uploaded.status_code < 300, uploaded.text
    documents = at.services.documents.find(limit=20)[0]
    found = next(one.id for one in documents if one.kind == "pdf")
    yield f"/documents/{found}/pages/1.png?v=1"
    at.program("opal", Scope.DOCUMENTS).delete(f"/api/v1/documents/{found}")


def directives(response: httpx.Response) -> set[str]:
    return {one.strip().lower() for one in response.headers["cache-control"].split(",")}


def vary(response: httpx.Response) -> set[str]:
    return {one.strip().lower() for one in response.headers["vary"].split(",")}


def test_a_picture_of_a_page_is_kept_by_the_readers_browser_for_them_alone(
    at: Door, picture: str
) -> None:
    shown = at.browser("fin").get(picture)
    assert shown.headers["content-type"] == "image/png"
    assert {"private", "immutable"} <= directives(shown)
    assert {"cookie", "authorization"} <= vary(shown)
    # Whoever comes next at the same browser asks anew, and is told that there is none.
    assert at.browser("sam").get(picture).status_code == 404
    assert at.browser().get(picture).status_code == 303


def test_originals_pages_and_answers_of_the_api_are_for_one_reader(at: Door) -> None:
    document = at.documents["payroll"]
    browser, program = at.browser("fin"), at.program("fin")
    for response in (
        browser.get(f"/documents/{document}/original"),
        browser.get(f"/documents/{document}"),
        browser.get("/documents"),
        browser.get("/"),
        browser.get("/search?q=harbor"),
        program.get(f"/api/v1/documents/{document}?text=true"),
        program.get("/api/v1/collections"),
        program.get("/api/v1/documents/no_such_thing"),
        program.get("/openapi.json"),
    ):
        assert response.status_code in (200, 404), response.url
        assert "private" in directives(response), response.url
        assert {"cookie", "authorization"} <= vary(response), response.url


def test_fragments_still_differ_from_pages(at: Door) -> None:
    assert "hx-request" in vary(at.browser("sam").get("/documents"))


def test_what_everybody_is_given_may_be_kept_for_all(at: Door) -> None:
    response = at.browser("sam").get("/static/app.css?v=1")
    assert "public" in directives(response)
    assert "cookie" not in response.headers.get("vary", "").lower()
