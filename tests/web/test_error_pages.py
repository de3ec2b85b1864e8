"""Errors as pages, fragments and JSON, in the same words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.errors import IndexMismatch, NotReady
from tests.web.conftest import FROM_US, HTMX, Scripted, tree, words

if TYPE_CHECKING:
    from starlette.testclient import TestClient


def test_an_address_that_does_not_exist_is_a_page_with_ways_on(client: TestClient) -> None:
    response = client.get("/nowhere")
    assert response.status_code == 404
    page = tree(response.text)
    assert page.css_first("h1").text() == "Not found"
    assert "/docs" not in page.css_first("main").text()
    assert {link.attributes["href"] for link in page.css(".error-page a")} == {"/", "/documents"}


def test_htmx_gets_the_same_words_as_a_fragment(client: TestClient) -> None:
    response = client.get("/a/ans_never", headers=HTMX)
    assert response.status_code == 404
    assert "<html" not in response.text
    assert "There is no answer at this address" in words(response.text)


def test_a_program_gets_json(client: TestClient) -> None:
    response = client.get("/a/ans_never", headers={"Accept": "application/json"})
    assert response.headers["content-type"] == "application/problem+json"


def test_a_number_that_is_none_is_explained(client: TestClient) -> None:
    response = client.get("/documents?page=two")
    assert response.status_code == 422
    assert "page: " in words(response.text)


def test_an_index_of_another_model_says_what_to_do(
    client: TestClient, scripted: Callable[..., Scripted]
) -> None:
    scripted(IndexMismatch("The index was built with “other”.", "Run `footnote reindex`."))
    response = client.post("/ask", data={"q": "Open?"}, headers=FROM_US)
    assert response.status_code == 503
    assert "Run `footnote reindex`" in words(response.text)


def test_a_link_that_asks_while_warming_up_keeps_the_question_and_tries_again(
    client: TestClient, scripted: Callable[..., Scripted]
) -> None:
    scripted(NotReady("The model is still loading.", "Try again in a few seconds."))
    response = client.get("/ask", params={"q": "When is it <open>?"})
    assert response.status_code == 503
    assert response.headers["retry-after"] == "2"
    page = tree(response.text)
    assert page.css_first("meta[http-equiv=refresh]").attributes["content"] == "2"
    assert page.css_first("#q").text().strip() == "When is it <open>?"


def test_an_unexpected_error_shows_a_trace_id_and_nothing_else(
    client: TestClient, scripted: Callable[..., Scripted]
) -> None:
    scripted(ZeroDivisionError("secret detail"))
    response = client.post("/ask", data={"q": "Open?"}, headers=FROM_US)
    assert response.status_code == 500
    assert "secret detail" not in response.text
    assert "trace id" in words(response.text)
