"""The pages about feedback over HTTP: upload, choose, import, read, export, delete."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.conftest import HTMX, words

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.bootstrap import Services

pytestmark = pytest.mark.slow  # the harbor's model is loaded once for all pages

HEADER = "Id,Created,Subject,Message\n"
LEAVE = [
    "How many weeks of parental leave do I get?",
    "Where is the form for parental leave?",
    "My parental leave request got no answer",
    "Is parental leave paid in full?",
]
DARK = [
    "I love the dark theme of the app",
    "The dark theme is wonderful at night",
    "Dark theme makes me happy, great work",
]


def table() -> str:
    rows = [f'L-{n},2026-09-0{n},Leave,"{text}"' for n, text in enumerate(LEAVE, 1)]
    rows += [f'D-{n},2026-09-2{n},,"{text}"' for n, text in enumerate(DARK, 1)]
    rows += ['X-1,2026-09-12,,"=HYPERLINK(""http://x"",""free <b>money</b>"")"', "B-1,soon,,Bad"]
    return HEADER + "\n".join(rows) + "\n"


def upload(client: TestClient, data: str | bytes, name: str = "tickets.csv") -> Any:
    content = data.encode() if isinstance(data, str) else data
    return client.post("/insights/feedback/imports", files={"files": (name, content, "text/csv")})


def choices(**changes: str) -> dict[str, str]:
    chosen = {"text": "Message", "title": "Subject", "date": "Created", "id": "Id"}
    return {**chosen, "default_kind": "ticket", "then": "import", **changes}


def imported(client: TestClient, data: str, **changes: str) -> str:
    """The address of an import that is done."""
    address = str(upload(client, data).headers["location"])
    assert client.post(address, data=choices(**changes)).status_code == 303
    for _ in range(600):
        if "Rows read" in words(client.get(address).text):
            return address
        time.sleep(0.1)
    raise AssertionError(words(client.get(address).text))


@pytest.fixture
def clean(services: Services) -> Iterator[None]:
    yield
    for one in services.feedback.store.imports():
        services.feedback.importer.delete(one.id)


@pytest.fixture
def done(client: TestClient, clean: None) -> str:
    return imported(client, table())


def theme_address(client: TestClient, label: str) -> str:
    from tests.web.conftest import tree

    page = tree(client.get("/insights/feedback").text)
    links = page.css(".themes tbody th a")
    found = next(link for link in links if label in link.text().lower())
    return str(found.attributes["href"])


def test_without_feedback_the_page_says_what_to_upload(client: TestClient) -> None:
    page = words(client.get("/insights/feedback").text)
    assert "What to upload" in page
    assert "Choose a CSV file" in page
    sample = client.get("/insights/feedback/sample.csv")
    assert len(list(csv.reader(io.StringIO(sample.text)))) == 7


def test_nothing_is_imported_before_the_columns_are_confirmed(
    client: TestClient, services: Services, clean: None
) -> None:
    address = upload(client, table()).headers["location"]
    page = client.get(address).text
    assert "Nothing is imported yet" in page
    assert "Where is the form for parental leave?" in page
    assert "Line 10: “soon” is no date." in words(page)
    assert services.feedback.reads.count() == 0
    changed = client.post(address, data=choices(then="preview", title="", default_kind="review"))
    assert changed.headers["location"] == address
    _, columns = services.feedback.uploads.reading(services.feedback.store.imports()[0])
    assert "title" not in columns.fields
    assert columns.kind == "review"


def test_dates_that_can_be_read_two_ways_have_to_be_decided(
    client: TestClient, services: Services, clean: None
) -> None:
    data = HEADER + "1,03/04/2026,,A text\n2,05/06/2026,,Another text\n"
    address = upload(client, data).headers["location"]
    assert "day or month first" in words(client.get(address).text)
    refused = client.post(address, data=choices())
    assert refused.status_code == 422
    assert services.feedback.reads.count() == 0
    imported(client, data, order="month")
    first = services.feedback.reads.find(_everything(), order="oldest")[0]
    assert (first.at.month, first.at.day) == (3, 4)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "empty"),
        (b"PK\x03\x04 workbook", "Excel"),
        (b"\x7fELF" + bytes(range(256)) * 9, "zero bytes"),
        ("only\none\ncolumn\n", "one column"),
    ],
)
def test_what_is_no_table_gets_an_answer_and_leaves_nothing_behind(
    client: TestClient, services: Services, data: str | bytes, said: str
) -> None:
    answer = upload(client, data)
    assert answer.status_code == 422
    assert said in words(answer.text)
    assert services.feedback.store.imports() == []
    assert list(services.settings.data_dir.glob("feedback/*.csv")) == []


def test_an_import_says_what_came_of_it_and_lists_bad_rows(client: TestClient, done: str) -> None:
    page = words(client.get(done).text)
    assert "8 items imported" in page
    assert "“soon” is no date." in page
    bad = list(csv.reader(io.StringIO(client.get(f"{done}/bad.csv").text)))
    assert bad == [["line", "reason", "row"], ["10", "“soon” is no date.", "Bad"]]


def test_the_same_file_twice_counts_once(client: TestClient, services: Services, done: str) -> None:
    again = imported(client, table())
    assert re.search(r"There already\s*8\b", words(client.get(again).text))
    assert services.feedback.reads.count() == 8


def test_themes_are_listed_with_size_mood_and_whether_a_document_says_it(
    client: TestClient, done: str
) -> None:
    page = words(client.get("/insights/feedback").text)
    assert "Parental leave" in page
    assert "Dark theme" in page
    assert "No document found" in page
    assert "rather positive" in page
    narrowed = words(client.get("/insights/feedback?q=dark&kind=ticket").text)
    assert "Parental leave" not in narrowed
    part = client.get("/insights/feedback?feeling=positive", headers=HTMX).text
    assert "<html" not in part
    assert "Dark theme" in part
    assert client.get("/insights/feedback?from=yesterday").status_code == 400


def test_a_theme_shows_its_texts_and_that_nobody_summarizes_without_a_model(
    client: TestClient, done: str
) -> None:
    address = theme_address(client, "parental leave")
    page = words(client.get(address).text)
    assert "4 tickets" in page
    assert "Where is the form for parental leave?" in page
    assert "No chat model is set" in page
    refused = client.post(f"{address}/summary")
    assert refused.status_code == 409


class FakeChat:
    """Writes the same for everything, and remembers what it was sent."""

    name = "fake:writer"

    def __init__(self) -> None:
        self.sent = ""

    async def stream(
        self, messages: Sequence[Any], *, max_tokens: int, parent: Any = None
    ) -> AsyncGenerator[Any, None]:
        from app.ask.writing.chat_model import Chunk

        self.sent = messages[1].text
        yield Chunk("People ask how long leave is. <script>Others</script> look for the form.\n")
        yield Chunk("**To do: link the form.**")


def test_a_summary_is_kept_with_its_models_name_and_shown_as_plain_text(
    client: TestClient, services: Services, done: str
) -> None:
    from app.insights.feedback.theme_summary import ThemeSummarizer

    chat = FakeChat()
    state: Any = client.app_state
    before = state["services"]
    desk = replace(services.feedback, summarizer=ThemeSummarizer(chat))
    state["services"] = replace(services, feedback=desk)
    try:
        address = theme_address(client, "parental leave")
        client.get(address)
        assert chat.sent == ""  # nothing goes to a model before somebody asks
        assert client.post(f"{address}/summary").status_code == 303
        page = client.get(address).text
    finally:
        state["services"] = before
    assert "Is parental leave paid in full?" in chat.sent
    assert "dark theme" not in chat.sent
    assert "Written by fake:writer" in words(page)
    assert "To do: link the form." in words(page)
    assert "<script>Others" not in page


def test_items_are_paged_filtered_and_exported_without_formulas(
    client: TestClient, done: str
) -> None:
    page = words(client.get("/insights/feedback/items?q=dark").text)
    assert "1–3 of 3" in page
    assert "<b>money</b>" not in client.get("/insights/feedback/items").text
    rows = list(csv.DictReader(io.StringIO(client.get("/insights/feedback/items.csv").text)))
    assert len(rows) == 8
    texts = [row["text"] for row in rows]
    assert not [text for text in texts if text.startswith("=")]
    assert any(text.startswith("'=HYPERLINK") for text in texts)
    themes = list(csv.DictReader(io.StringIO(client.get("/insights/feedback/themes.csv").text)))
    assert sorted(int(row["items"]) for row in themes) == [3, 4]
    item = client.get(f"/insights/feedback/items/{rows[0]['id']}")
    assert item.status_code == 200
    assert client.get("/insights/feedback/items/fbi_none").status_code == 404


def test_documents_are_looked_for_again_on_request(client: TestClient, done: str) -> None:
    assert client.post("/insights/feedback/links").headers["location"] == "/insights/feedback"


def test_a_deleted_import_takes_everything_with_it(
    client: TestClient, services: Services, done: str
) -> None:
    assert "8 items" in words(client.get(f"{done}/delete").text)
    assert client.post(f"{done}/delete").status_code == 303
    assert services.feedback.reads.count() == 0
    assert services.feedback.reads.themes() == []
    assert client.get(done).status_code == 404


def test_an_import_that_was_cut_off_goes_on_without_doubling(
    client: TestClient, services: Services, clean: None
) -> None:
    address = str(upload(client, table()).headers["location"])
    client.post(address, data=choices(then="preview"))
    one = services.feedback.store.imports()[0]
    services.feedback.store.change_import(one.id, status="running")  # as a kill leaves it
    assert "was interrupted" in words(client.get(address).text)
    client.post(address, data={"then": "import"})
    for _ in range(600):
        if services.feedback.store.get_import(one.id).status == "done":
            break
        time.sleep(0.1)
    assert services.feedback.store.get_import(one.id).rows == 8
    assert not services.feedback.uploads.path(one.id).exists()


def test_an_upload_that_nobody_imports_is_forgotten_after_a_day(
    client: TestClient, services: Services, clean: None
) -> None:
    from datetime import timedelta

    from app import moment

    upload(client, table())
    one = services.feedback.store.imports()[0]
    services.feedback.uploads.tidy(moment.now() + timedelta(hours=23))
    assert services.feedback.uploads.path(one.id).exists()
    services.feedback.uploads.tidy(moment.now() + timedelta(hours=25))
    assert services.feedback.store.imports() == []
    assert not services.feedback.uploads.path(one.id).exists()


def _everything() -> Any:
    from app.records.product.feedback_reads import ItemFilter

    return ItemFilter()
