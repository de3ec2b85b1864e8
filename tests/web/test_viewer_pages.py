"""The viewer: the quote stands out exactly where it is, in text, tables and PDF pages."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from app.domain import BlockKind, Document
from tests.web.conftest import tree, words

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.bootstrap import Services


def marked(html: str) -> str:
    """The highlighted text without white space: between blocks there is only white space."""
    return "".join("".join(mark.text() for mark in tree(html).css(".text mark")).split())


def test_every_sentence_of_every_document_is_highlighted_exactly(
    client: TestClient, services: Services
) -> None:
    checked = 0
    for document in services.documents.find(collection="harbor", failed=False)[0]:
        text, blocks = services.documents.text(document.id)
        rows = [b for b in blocks if b.kind is BlockKind.ROW]
        for passage in services.documents.of_document(document.id):
            for start, end in passage.sentences:
                page = client.get(
                    f"/documents/{document.id}", params={"start": start, "end": end, "view": "text"}
                ).text
                inside = [b for b in rows if b.start <= start and end <= b.end]
                expected = text[start:end]
                if inside:  # a row's column names stand in the header
                    expected = "".join(text[c.start : c.end] for c in inside[0].cells)
                assert marked(page) == "".join(expected.split())
                assert len(tree(page).css("#quote")) == 1
                checked += 1
    assert checked > 20


def test_a_quote_over_several_blocks_is_highlighted_in_all_of_them(
    client: TestClient, services: Services, find: Callable[[str], Document]
) -> None:
    document = find("handbook.md")
    text, _ = services.documents.text(document.id)
    start, end = text.index("They are:"), text.index("for members") + len("for members")
    page = client.get(f"/documents/{document.id}?start={start}&end={end}").text
    assert marked(page) == "".join(text[start:end].split())
    assert len(tree(page).css(".text mark")) > 3
    assert len(tree(page).css("#quote")) == 1


def test_structure_is_shown_as_structure(
    client: TestClient, find: Callable[[str], Document]
) -> None:
    page = tree(client.get(f"/documents/{find('handbook.md').id}").text)
    assert [node.text() for node in page.css("h1")] == ["Harbor handbook"]
    assert page.css_first(".text h2").text() == "Berths"
    assert page.css_first(".text ul > li > ul > li").text() == "up to three nights"
    assert [node.text() for node in page.css(".text ol > li")] == [
        "Report by radio.",
        "Wait for a berth.",
        "Moor.",
    ]
    assert [node.text() for node in page.css(".text thead th")] == [
        "Length",
        "Fee a night",
        "Power",
    ]
    assert [node.text() for node in page.css(".text tbody tr")[1].css("td")] == [
        "up to 12 m",
        "EUR 27",
        "16 A",
    ]
    assert "harbor --berth C4" in page.css_first(".text pre code").text()
    assert "doubled" in page.css_first(".text blockquote").text()


def test_the_side_shows_contents_and_what_the_file_says_about_itself(
    client: TestClient, find: Callable[[str], Document]
) -> None:
    page = tree(client.get(f"/documents/{find('handbook.md').id}").text)
    links = {link.text(): link.attributes["href"] for link in page.css(".outline a")}
    assert list(links) == ["Berths", "Fees", "Safety &"]
    assert page.css_first((links["Fees"] or "").removeprefix("?")).text() == "Fees"
    about = words(page.css_first(".about").html or "")
    assert "Marit Solberg" in about
    assert "31 Jan 2027" in about


def test_a_script_in_a_document_is_not_a_script_on_the_page(
    client: TestClient, find: Callable[[str], Document]
) -> None:
    assert "alert(1)" not in client.get(f"/documents/{find('crane.html').id}").text


@pytest.mark.parametrize("query", ["start=5", "start=9&end=2", "start=99999999&end=999999999"])
def test_a_range_that_is_none_shows_the_document_without_highlight(
    client: TestClient, find: Callable[[str], Document], query: str
) -> None:
    response = client.get(f"/documents/{find('handbook.md').id}?{query}")
    assert response.status_code == 200
    assert not tree(response.text).css("mark")


def test_a_document_that_could_not_be_read_says_why(
    client: TestClient, find: Callable[[str], Document]
) -> None:
    document = find("damaged.pdf")
    shown = words(client.get(f"/documents/{document.id}").text)
    assert "This document could not be read" in shown
    assert document.error
    assert " ".join(document.error.split()) in shown


def test_an_unknown_document_is_a_page_that_says_so(client: TestClient) -> None:
    response = client.get("/documents/doc_none")
    assert response.status_code == 404
    assert "There is no such document" in words(response.text)


# --- PDF -----------------------------------------------------------------------------------------


def test_a_pdf_opens_at_the_page_of_the_quote_with_its_words_boxed(
    client: TestClient, services: Services, find: Callable[[str], Document]
) -> None:
    document = find("dredging.pdf")
    text, _ = services.documents.text(document.id)
    start = text.index("6.2 metres")
    page = tree(
        client.get(f"/documents/{document.id}?start={start}&end={start + len('6.2 metres')}").text
    )
    assert page.css_first("input[name=page]").attributes["value"] == "2"
    boxes = page.css(".sheet svg rect")
    assert len(boxes) == 1
    at = {name: float(boxes[0].attributes[name] or 0) for name in ("x", "y", "width", "height")}
    # Helvetica 11 at 72/720 points on A4: 0.12 from the left, 0.145 from the top, one line high.
    assert 0.12 < at["x"] < 0.5
    assert at["y"] == pytest.approx(1 - 729 / 842, abs=0.01)
    assert 0.05 < at["width"] < 0.15
    assert at["height"] < 0.02
    image = page.css_first(".sheet img").attributes
    assert (image["width"], image["height"]) == ("1191", "1684")
    assert "6.2 metres deep" in page.css_first(".paper .visually-hidden").text()


def test_a_page_image_is_a_png_that_may_be_kept(
    client: TestClient, find: Callable[[str], Document]
) -> None:
    response = client.get(f"/documents/{find('dredging.pdf').id}/pages/1.png")
    assert response.content.startswith(b"\x89PNG")
    assert response.headers["content-type"] == "image/png"
    assert "immutable" in response.headers["cache-control"]


def test_pages_are_turned_by_links_that_keep_the_quote(
    client: TestClient, find: Callable[[str], Document]
) -> None:
    document = find("dredging.pdf")
    page = tree(client.get(f"/documents/{document.id}?page=1&start=0&end=8").text)
    assert not page.css(".turn a[rel=prev]")
    forward = page.css_first(".turn a[rel=next]").attributes["href"] or ""
    assert forward == "?start=0&end=8&page=2"
    second = tree(client.get(f"/documents/{document.id}{forward}").text)
    assert not second.css(".turn a[rel=next]")
    assert "Back to the quote, page 1" in second.css_first(".turn").text()


@pytest.mark.parametrize("number", [0, 3, 999])
def test_a_page_that_does_not_exist_is_not_found(
    client: TestClient, find: Callable[[str], Document], number: int
) -> None:
    document = find("dredging.pdf")
    response = client.get(f"/documents/{document.id}/pages/{number}.png")
    assert response.status_code == 404


def test_only_a_pdf_has_page_images(client: TestClient, find: Callable[[str], Document]) -> None:
    response = client.get(f"/documents/{find('handbook.md').id}/pages/1.png")
    assert response.status_code == 404


def test_a_pdf_can_be_read_as_text_with_its_pages_marked(
    client: TestClient, find: Callable[[str], Document]
) -> None:
    page = tree(client.get(f"/documents/{find('dredging.pdf').id}?view=text").text)
    assert [node.text().strip() for node in page.css(".text .break")] == ["Page 1", "Page 2"]
    assert "channel was dredged" in page.css_first(".text").text()


# --- long documents ------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_table_of_fifty_thousand_rows_opens_at_the_row_within_a_second(
    client: TestClient, services: Services
) -> None:
    from datetime import UTC, datetime

    import numpy as np

    from app.records.versions import NewVersion, content_hash
    from ingest.parsers import Limits, parse

    raw = b"number,name,price\n" + b"".join(
        b"%d,part %d,%d.50\n" % (n, n, n) for n in range(50_000)
    )
    parsed = parse(raw, "parts.csv", Limits(max_bytes=10_000_000))
    document = Document(
        id="doc_parts",
        collection="parts",
        source="/srv/parts.csv",
        title="Parts",
        kind="csv",
        size=len(raw),
        content_hash=content_hash(raw),
        passages=0,
        characters=len(parsed.text),
        pages=None,
        page_kind="",
        modified_at=None,
        ingested_at=datetime.now(UTC),
        status="ready",
        error=None,
    )
    nothing = np.zeros((0, 384), dtype=np.float32)
    services.writer.put([NewVersion(document, "", "0", "", raw, parsed, (), nothing)])
    start = parsed.text.index("part 41234")
    address = f"/documents/doc_parts?start={start}&end={start + len('part 41234')}"
    took = []
    for _ in range(4):
        began = time.perf_counter()
        page = client.get(address)
        took.append(time.perf_counter() - began)
    assert marked(page.text) == "part41234"
    assert len(page.text) < 150_000
    assert min(took) < 1.0, took
    services.library.forget(["doc_parts"])
