"""Old versions, documents past their review, and what replaced them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.ask.state.freshness import newer_version, stale, successor_in, wants_former
from app.domain import Document
from tests.knowledge.hits import make_document

TODAY = date(2026, 11, 22)


class Shelf:
    """Documents that are looked up as the store does it: by text in title or source."""

    def __init__(self, *documents: Document) -> None:
        self.documents = documents

    def find(self, *, text: str = "", limit: int = 100) -> tuple[list[Document], int]:
        wanted = text.lower()
        found = [d for d in self.documents if wanted in f"{d.title}\n{d.source}".lower()]
        return found[:limit], len(found)


NEW = make_document("new", title="Travel Policy 2026", source="/docs/finance/travel-2026.md")


def old(reference: str | None, **fields: object) -> Document:
    values: dict[str, object] = {
        "title": "Travel Policy 2024",
        "source": "/docs/finance/travel-2024.md",
        "superseded_by": reference,
        "modified_at": datetime(2024, 1, 15, tzinfo=UTC),
    }
    return make_document("old", **(values | fields))


@pytest.mark.parametrize(
    "reference",
    [
        "travel-2026.md",
        "./travel-2026.md",
        "../finance/travel-2026.md",
        "/docs/finance/travel-2026.md",
        "travel-2026",
        "Travel Policy 2026",
        "travel policy 2026",
        "the 2026 policy",
    ],
)
def test_a_successor_is_found_by_path_name_or_title(reference: str) -> None:
    other = make_document("other", title="Expense Policy 2026", source="/docs/finance/expense.md")
    document = old(reference)
    assert successor_in(Shelf(document, other, NEW))(document) == NEW


def test_a_successor_is_found_by_its_address() -> None:
    document = old("/wiki/travel-2026", source="https://wiki.example.org/wiki/travel-2024")
    page = make_document("page", title="Travel", source="https://wiki.example.org/wiki/travel-2026")
    assert successor_in(Shelf(document, page))(document) == page


def test_of_two_files_of_one_name_the_nearer_is_the_successor() -> None:
    document = old("travel-2026.md")
    elsewhere = make_document("else", title="Trips", source="/docs/archive/travel-2026.md")
    assert successor_in(Shelf(elsewhere, document, NEW))(document) == NEW


def test_the_newest_of_a_chain_is_linked_and_a_circle_ends() -> None:
    middle = make_document(
        "middle", title="Travel Policy 2025", source="/docs/finance/travel-2025.md",
        superseded_by="travel-2026.md",
    )  # fmt: skip
    document = old("travel-2025.md")
    assert successor_in(Shelf(document, middle, NEW))(document) == NEW
    one, two = (
        old("b.md", source="/a.md"),
        make_document("two", source="/b.md", superseded_by="a.md"),
    )
    assert successor_in(Shelf(one, two))(one) == two


def test_a_superseded_document_is_stale_and_names_the_newer_one() -> None:
    document = old("travel-2026.md")
    found = stale(document, TODAY, successor_in(Shelf(document, NEW)))
    assert found is not None
    assert (found.reason, found.newer_title, found.newer_document_id) == (
        "superseded", "Travel Policy 2026", "new",
    )  # fmt: skip


def test_a_successor_that_is_not_there_is_named_as_far_as_it_is_known() -> None:
    document = old("../hr/travel_policy-2027.md")
    found = stale(document, TODAY, successor_in(Shelf(document)))
    assert found is not None
    assert (found.newer_title, found.newer_document_id) == ("travel policy 2027", None)


@pytest.mark.parametrize(
    ("review_by", "past"),
    [(date(2026, 11, 21), True), (TODAY, False), (date(2027, 1, 1), False), (None, False)],
)
def test_a_review_date_counts_from_the_day_after(review_by: date | None, past: bool) -> None:
    found = stale(make_document(review_by=review_by), TODAY, lambda _document: None)
    assert (found is not None) == past
    if found is not None:
        assert (found.reason, found.review_by) == ("review_passed", review_by)


@pytest.mark.parametrize(
    ("question", "former"),
    [
        ("What did the 2024 policy say about trains?", True),
        ("What was the limit back in the old days?", True),
        ("Which limit did we have previously?", True),
        ("What is the limit for hotels?", False),
        ("What is the limit in 2026?", False),
        ("How did the limit change between the old and the current policy?", False),
    ],
)
def test_a_question_about_the_past_wants_the_old_document(question: str, former: bool) -> None:
    assert wants_former(question, old("travel-2026.md")) is former


def titled(title: str) -> Document:
    return make_document(title, title=title)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("Travel policy 2024", "Travel policy 2026"),
        ("API rate limits v1", "API rate limits v2"),
        ("Security standard, version 3.9", "Security standard, version 3.10"),
    ],
)
def test_of_two_versions_of_a_standing_document_the_higher_number_holds(
    older: str, newer: str
) -> None:
    a, b = titled(older), titled(newer)
    assert newer_version(a, b) == newer_version(b, a) == b


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Annual report 2024", "Annual report 2025"),
        ("Minutes of May 2026", "Minutes of June 2026"),
        ("Travel policy 2024", "Expense policy 2026"),
        ("Travel policy", "Travel policy"),
    ],
)
def test_reports_and_other_documents_do_not_replace_each_other(one: str, other: str) -> None:
    assert newer_version(titled(one), titled(other)) is None
