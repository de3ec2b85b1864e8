"""Search mode: ranked passages, highlights, filters, and the fragment that htmx gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.conftest import HTMX, tree, words

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.bootstrap import Services


def test_the_best_passage_comes_first_and_opens_where_it_stands(client: TestClient) -> None:
    page = tree(client.get("/search", params={"q": "crane lifts tonnes"}).text)
    first = page.css_first(".results .found")
    assert first.css_first("h3").text().strip() == "Crane letter"
    href = first.css_first("h3 a").attributes["href"] or ""
    shown = client.get(href.split("#")[0]).text
    assert "twelve tonnes" in " ".join(mark.text() for mark in tree(shown).css("mark"))


def test_words_are_highlighted_in_all_their_forms(client: TestClient) -> None:
    page = tree(client.get("/search", params={"q": "refund"}).text)
    marked = {mark.text().lower() for mark in page.css(".results mark")}
    assert {"refunds", "refunded"} <= marked
    assert not {"crane", "the"} & marked


def test_a_result_names_its_place_type_collection_and_date(client: TestClient) -> None:
    page = tree(client.get("/search", params={"q": "dredged channel depth low water"}).text)
    first = page.css_first(".results .found")
    assert first.css_first(".where").text(separator="·").startswith("page 2·PDF·harbor·changed")


def test_a_result_names_the_headings_above_it(client: TestClient, services: Services) -> None:
    hit = services.search.search("life jackets", 1).hits[0]
    assert hit.passage.heading
    first = tree(client.get("/search", params={"q": "life jackets"}).text).css_first(".found")
    path = [node.text() for node in first.css(".crumbs span:not(.sep)")]
    assert path == list(hit.passage.heading)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"kind": "csv"}, {"CSV"}),
        ({"collection": "harbor", "kind": ["pdf", "html"]}, {"PDF", "HTML"}),
    ],
)
def test_filters_narrow_the_results(
    client: TestClient, filters: dict[str, str | list[str]], expected: set[str]
) -> None:
    page = tree(client.get("/search", params={"q": "harbor high water crane", **filters}).text)
    shown = page.css(".results .where")
    assert shown
    assert all(expected & set(where.text(separator="·").split("·")) for where in shown)


def test_filters_that_leave_nothing_say_so_and_offer_everything(client: TestClient) -> None:
    page = client.get("/search", params={"q": "crane", "before": "1999-01-01"}).text
    assert "leave 0 documents" in words(page)
    assert tree(page).css_first(".blank a").attributes["href"] == "/search?q=crane"


def test_htmx_gets_only_the_results(client: TestClient) -> None:
    response = client.get("/search", params={"q": "crane"}, headers=HTMX)
    assert "<html" not in response.text
    assert "Crane letter" in response.text
    assert "HX-Request" in response.headers["vary"]


def test_without_words_the_page_says_what_search_does(client: TestClient) -> None:
    assert "as you type" in words(client.get("/search").text)
    assert "as you type" in words(client.get("/search?q=", headers=HTMX).text)


def test_words_that_occur_nowhere_are_named(client: TestClient) -> None:
    assert "“zeppelin” appears in none of them" in words(
        client.get("/search", params={"q": "zeppelin crane"}).text
    )


def test_a_search_that_is_too_long_is_refused_in_words(client: TestClient) -> None:
    response = client.get("/search", params={"q": "crane " * 400})
    assert response.status_code == 400
    assert "A few words find more" in words(response.text)


def test_the_way_back_to_asking_keeps_the_words(client: TestClient) -> None:
    page = tree(client.get("/search", params={"q": "crane", "kind": "html"}).text)
    modes = {link.text(): link.attributes["href"] for link in page.css(".modes a")}
    assert modes["Ask"] == "/?q=crane&kind=html"
