"""The list of documents: finding, adding, refreshing, removing."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from app.domain import Document
from tests.web.conftest import FROM_US, HTMX, tree, words

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

    from app.bootstrap import Services

NOTE = b"# Regatta notes\n\nThe regatta starts on the first Saturday of July at ten.\n"


def titles(html: str) -> list[str]:
    return [link.text() for link in tree(html).css("table.list tbody th a")]


def upload(client: TestClient, *files: tuple[str, bytes], **fields: str) -> str:
    """Upload as a plain form does; gives the address of the batch."""
    response = client.post(
        "/documents",
        files=[("files", file) for file in files],
        data={"collection": "uploads", **fields},
        headers=FROM_US,
    )
    assert response.status_code == 303, response.text
    return response.headers["location"]


def finished(client: TestClient, address: str) -> str:
    """The batch's page once every file is done."""
    for _ in range(600):
        page = client.get(address).text
        if "Done" in tree(page).css_first(".tally").text():
            return page
        time.sleep(0.1)
    raise AssertionError(page)


# --- the list ------------------------------------------------------------------------------------


def test_the_list_names_every_document_with_what_is_known(client: TestClient) -> None:
    page = client.get("/documents?collection=harbor").text
    assert {"Harbor handbook", "Crane letter", "Tides", "Dredging report"} <= set(titles(page))
    row = next(row for row in tree(page).css("tbody tr") if "Harbor handbook" in row.text())
    shown = row.text(separator=" ").split()
    assert {"handbook.md", "harbor", "Markdown"} <= set(shown)
    assert "2 Feb 2026" in " ".join(shown)


def test_a_failed_file_is_listed_with_its_reason(client: TestClient) -> None:
    page = client.get("/documents?failed=1").text
    rows = tree(page).css("tbody tr")
    assert len(rows) == 1
    assert "damaged.pdf" in rows[0].text()
    assert len(rows[0].css_first(".reason").text().split()) > 4


@pytest.mark.parametrize(
    ("parameters", "first"),
    [
        ("sort=title", "Crane letter"),
        ("sort=title&desc=1", "Tides"),
    ],
)
def test_the_list_is_sorted_as_asked(client: TestClient, parameters: str, first: str) -> None:
    page = client.get(f"/documents?collection=harbor&{parameters}").text
    ready = [title for title in titles(page) if "amaged" not in title]
    assert ready[0] == first


def test_the_list_is_sorted_by_passages(client: TestClient) -> None:
    page = client.get("/documents?collection=harbor&sort=passages&desc=1").text
    cells = tree(page).css('td[data-label="Passages"]')
    counts = [int(cell.text().replace(",", "")) for cell in cells]
    assert len(set(counts)) > 1
    assert counts == sorted(counts, reverse=True)


def test_a_column_header_turns_the_order_at_the_second_click(client: TestClient) -> None:
    once = tree(client.get("/documents?sort=passages&desc=1").text)
    header = once.css_first("th[aria-sort]")
    assert header.attributes["aria-sort"] == "descending"
    assert header.css_first("a").attributes["href"] == "/documents?sort=passages"


def test_an_unknown_sort_is_ignored(client: TestClient) -> None:
    assert client.get("/documents?sort=color").status_code == 200


def test_the_list_is_filtered_by_text_type_and_collection(client: TestClient) -> None:
    assert titles(client.get("/documents?q=cran").text) == ["Crane letter"]
    assert titles(client.get("/documents?kind=csv").text) == ["Tides"]
    assert "No documents match" in words(client.get("/documents?collection=moon").text)


def test_htmx_gets_only_the_list(client: TestClient) -> None:
    text = client.get("/documents?q=crane", headers=HTMX).text
    assert "<html" not in text
    assert titles(text) == ["Crane letter"]


def test_long_lists_have_pages(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.document_pages.PER_PAGE", 2)
    address, seen = "/documents?collection=harbor", []
    while address:
        page = client.get(address).text
        seen += titles(page)
        link = tree(page).css_first("a[rel=next]")
        address = (link.attributes["href"] or "") if link else ""
    assert len(seen) == len(set(seen)) == 6


# --- adding --------------------------------------------------------------------------------------


def test_an_uploaded_file_is_read_and_can_be_opened(client: TestClient) -> None:
    page = finished(client, upload(client, ("regatta.md", NOTE)))
    link = tree(page).css_first(".job-done a")
    assert link.text() == "regatta.md"
    assert "first Saturday of July" in client.get(link.attributes["href"] or "").text


def test_one_bad_file_does_not_stop_the_others(client: TestClient) -> None:
    files = [
        ("good.md", NOTE + b"Second copy.\n"),
        ("empty.md", b""),
        ("noise.bin", b"\x00\xff" * 99),
    ]
    page = finished(client, upload(client, *files))
    states = {
        node.css_first("a, strong").text(): (node.attributes["class"] or "", node.text())
        for node in tree(page).css(".job")
    }
    assert "job-done" in states["good.md"][0]
    assert "job-failed" in states["empty.md"][0]
    assert "empty" in states["empty.md"][1]
    assert "job-failed" in states["noise.bin"][0]
    assert "2 files could not be read" in words(page)
    listed = tree(client.get("/documents?q=empty.md").text).css_first("tbody tr")
    assert not listed.css("form")  # its bytes are not kept: only a new upload helps
    link = listed.css_first("th a").attributes["href"] or ""
    assert "Upload a corrected file" in words(client.get(link).text)


def test_a_file_that_is_too_large_is_named_and_the_rest_is_taken(client: TestClient) -> None:
    address = upload(client, ("big.txt", b"x" * 1_100_000), ("small.md", NOTE + b"Third.\n"))
    shown = words(finished(client, address))
    assert "big.txt" in shown
    assert "Larger than 1 MB, so it was not taken." in shown
    assert "small.md" in shown


def test_an_upload_through_htmx_gives_the_batch_that_looks_again_by_itself(
    client: TestClient,
) -> None:
    response = client.post(
        "/documents",
        files=[("files", ("fourth.md", NOTE + b"Fourth.\n"))],
        data={"collection": "uploads"},
        headers=HTMX,
    )
    assert "<html" not in response.text
    batch = tree(response.text).css_first(".batch")
    address = batch.attributes["hx-get"] or ""
    assert re.fullmatch(r"/documents/uploads/[0-9a-f]+", address)
    finished(client, address)
    last = client.get(address, headers=HTMX)
    assert "hx-get" not in tree(last.text).css_first(".batch").attributes
    assert last.headers["hx-trigger"] == "documents-changed"


def test_an_upload_without_files_is_refused_in_words(client: TestClient) -> None:
    response = client.post("/documents", files=[("files", ("", b""))], headers=FROM_US)
    assert response.status_code == 400
    assert "No file was sent" in words(response.text)


def test_an_unknown_upload_is_not_found(client: TestClient) -> None:
    assert client.get("/documents/uploads/ffff").status_code == 404


# --- again, and away -----------------------------------------------------------------------------


def test_an_ingested_folder_can_be_ingested_again(
    client: TestClient, harbor_files: Path, services: Services
) -> None:
    root = tree(client.get("/documents").text).css_first(".roots form")
    fields = {node.attributes["name"]: node.attributes["value"] for node in root.css("input")}
    response = client.post("/documents/roots", data=fields, headers=FROM_US)
    assert "unchanged" in words(finished(client, response.headers["location"]))


def test_a_folder_that_was_never_ingested_cannot_be_named(client: TestClient) -> None:
    response = client.post(
        "/documents/roots", data={"collection": "harbor", "uri": "/etc"}, headers=FROM_US
    )
    assert response.status_code == 404


def test_one_document_is_ingested_again_with_its_folder(
    client: TestClient, find: Callable[[str], Document]
) -> None:
    response = client.post(f"/documents/{find('tides.csv').id}/ingest", headers=FROM_US)
    assert "unchanged" in words(finished(client, response.headers["location"]))


def test_deleting_asks_first_and_says_that_the_folder_brings_it_back(
    client: TestClient, find: Callable[[str], Document], harbor_files: Path
) -> None:
    document = find("tides.csv")
    shown = words(client.get(f"/documents/{document.id}/delete").text)
    assert "Delete “Tides”?" in shown
    assert str(harbor_files) in shown
    assert ".footnoteignore" in shown
    assert find("tides.csv") == document


def test_a_deleted_document_is_gone_from_list_search_and_viewer(
    client: TestClient, find: Callable[[str], Document]
) -> None:
    finished(client, upload(client, ("gone.md", b"# Gone\n\nThe quokka desk closes at five.\n")))
    document = find("upload:gone.md")
    assert "next ingest" not in client.get(f"/documents/{document.id}/delete").text
    response = client.post(f"/documents/{document.id}/delete", headers=FROM_US)
    assert response.headers["location"] == "/documents"
    assert client.get(f"/documents/{document.id}").status_code == 404
    assert "Gone" not in titles(client.get("/documents").text)
    found = client.get("/search?q=quokka+desk", headers=HTMX).text
    assert "closes at five" not in found


def test_deleting_what_does_not_exist_is_not_found(client: TestClient) -> None:
    assert client.post("/documents/doc_none/delete", headers=FROM_US).status_code == 404
