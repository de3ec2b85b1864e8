"""No payload comes to life on any page: not as an element, not as an attribute, not as an address.

The pages are made by the real application; two HTML parsers read them here, and Chromium runs them
in `test_xss_browser`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.security.inert import complaints
from tests.security.payloads import COLLECTIONS, FILE_NAMES, PAYLOADS
from tests.web.conftest import FROM_US, browsing

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from tests.security.conftest import Hostile


@pytest.fixture(scope="module")
def client(hostile: Hostile) -> Iterator[TestClient]:
    with browsing(hostile.services) as one:
        yield one


def storable(text: str) -> str:
    """A payload as a form can carry it."""
    return text.replace("\0", "")


def inert(client: TestClient, address: str, **parameters: str) -> str:
    """The page, which must be ours alone."""
    response = client.get(address, params=parameters or None, follow_redirects=True)
    assert response.status_code < 500, (address, parameters, response.status_code)
    assert "xssmark" not in str(response.headers).lower().replace("%22", "").split("location")[0]
    if response.headers["content-type"].startswith("text/html"):
        found = complaints(response.text, "http://127.0.0.1")
        assert found == [], (address, parameters, found[:3])
    return response.text


def test_the_corpus_is_large_and_each_payload_is_its_own() -> None:
    assert len(PAYLOADS) >= 100
    assert len({one.text for one in PAYLOADS}) == len(PAYLOADS)
    assert len({one.technique for one in PAYLOADS}) >= 10


def test_the_check_sees_a_payload_that_lives() -> None:
    """Put into a page as it is, nearly every payload with markup in it is found."""
    alive = [one for one in PAYLOADS if one.technique in ("tags", "events", "svg and mathml")]
    found = [one for one in alive if complaints(f"<html><body>{one.text}</body></html>")]
    assert [one.id for one in alive if one not in found] == []


def test_documents_lists_and_viewers_show_payloads_as_text(
    hostile: Hostile, client: TestClient
) -> None:
    documents, total = hostile.services.documents.find(limit=500)
    assert total >= len(PAYLOADS) + len(FILE_NAMES) + len(COLLECTIONS) + 6
    for offset in range(0, total, 50):
        inert(client, "/documents", offset=str(offset), page=str(offset // 50 + 1))
    seen = 0
    for document in documents:
        page = inert(client, f"/documents/{document.id}", start="0", end="40")
        inert(client, f"/documents/{document.id}/delete")
        seen += page.count("xssmark")
    assert seen > 300  # they are shown, not left out


def test_an_original_is_never_a_page_of_ours(hostile: Hostile, client: TestClient) -> None:
    documents, _ = hostile.services.documents.find(limit=500)
    for document in documents:
        response = client.get(f"/documents/{document.id}/original")
        assert response.status_code in (200, 404)
        if response.status_code == 200:
            policy = response.headers["content-security-policy"]
            kind = response.headers["content-type"]
            assert response.headers["x-content-type-options"] == "nosniff"
            attached = response.headers.get("content-disposition", "").startswith("attachment")
            assert (
                attached or "sandbox" in policy or kind.startswith(("text/plain", "application/"))
            )
            assert not re.search(r"[\r\n]", response.headers.get("content-disposition", ""))


@pytest.mark.slow
def test_questions_and_what_is_said_about_answers_stay_text(
    hostile: Hostile, client: TestClient
) -> None:
    for number, one in enumerate(PAYLOADS):
        typed = f"What does the harbor master answer? {storable(one.text)}"
        response = client.post("/ask", data={"q": typed, "mode": "quotes"}, headers=FROM_US)
        assert response.status_code == 303, response.text
        address = response.headers["location"]
        page = inert(client, address)
        assert "harbor master" in page
        hostile.answers.append(address)
        if number % 4 == 0:
            said = {"helpful": "no", "comment": storable(one.text), "reasons": storable(one.text)}
            client.post(f"{address}/feedback", data=said, headers=FROM_US)
            text = {"correction": storable(one.text), "comment": storable(one.text)}
            client.post(f"{address}/correction", data=text, headers=FROM_US)
            problem = {"kind": storable(one.text)[:60], "comment": storable(one.text)}
            client.post(f"{address}/report", data=problem, headers=FROM_US)
            client.post(f"{address}/request", data=text, headers=FROM_US)
            inert(client, address)
            inert(client, f"{address.replace('/a/', '/insights/questions/')}")
            inert(client, f"/traces/of/{address.rpartition('/')[2]}")
    for page in ("/history", "/insights/questions", "/insights/gaps", "/traces", "/insights"):
        inert(client, page)
    for page in ("/insights/feedback", "/insights/alerts", "/insights/cost", "/launch", "/evals"):
        inert(client, page)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        *(("/", "q"), ("/", "mode"), ("/", "collection"), ("/search", "q"), ("/documents", "q")),
        *(("/documents", "collection"), ("/documents", "kind"), ("/documents", "sort")),
        *(("/traces", "q"), ("/traces", "sort"), ("/traces", "model"), ("/history", "before")),
        *(("/insights", "from"), ("/insights", "compare"), ("/insights/questions", "q")),
        *(("/insights/questions", "status"), ("/insights/feedback/items", "q")),
        *(("/evals/compare", "a"), ("/a/nothing", "said"), ("/signin", "next")),
        *(("/insights/gaps", "show"), ("/", "conversation_id"), ("/documents/nothing", "start")),
    ],
)
def test_no_parameter_of_an_address_comes_to_life(client: TestClient, path: str, name: str) -> None:
    for one in PAYLOADS[::5]:
        inert(client, path, **{name: storable(one.text)})


def test_paths_and_collections_and_file_names_stay_text(client: TestClient) -> None:
    from urllib.parse import quote

    for one in PAYLOADS[::3]:
        path = quote(storable(one.text), safe="")
        for folder in ("", "a/", "documents/", "traces/", "insights/questions/", "evals/", "prd/"):
            inert(client, f"/{folder}{path}")
    for name in COLLECTIONS:
        inert(client, "/documents", collection=name)
        inert(client, "/search", q="harbor master", collection=name)
    for name in FILE_NAMES:
        sent = {"files": (name, b"The harbor master is in. " * 3)}
        response = client.post(
            "/documents", files=sent, data={"collection": "default"}, headers=FROM_US
        )
        assert response.status_code in (200, 202, 303), response.text
        inert(client, response.headers.get("location", "/documents"))


def test_imported_feedback_stays_text(hostile: Hostile, client: TestClient) -> None:
    import csv
    import io

    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["date", "type", "rating", "subject", "text", "id"])
    for number, one in enumerate(PAYLOADS):
        text = storable(one.text)
        writer.writerow(
            ["2026-09-01", "ticket", "", text, f"{text} The form is lost.", f"X{number}"]
        )
    sent = {"file": ("<img xssmark src=x onerror=1>.csv", table.getvalue().encode())}
    response = client.post("/insights/feedback/imports", files=sent, headers=FROM_US)
    address = response.headers.get("location", "/insights/feedback/imports")
    inert(client, address)
    inert(client, "/insights/feedback/imports")
