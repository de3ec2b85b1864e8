"""Imported feedback in SQLite and PostgreSQL: nothing twice, everything gone when it is deleted."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
from sqlalchemy import Engine

from app.errors import NotFound
from app.records.product.feedback_items import FeedbackItemStore, Item, Theme
from app.records.product.feedback_reads import FeedbackReads, ItemFilter

DAY = datetime(2026, 9, 1, 23, 30, tzinfo=UTC)


def item(name: str, **changes: object) -> Item:
    values: dict[str, object] = {
        "id": f"fbi_{name}",
        "kind": "ticket",
        "external_id": name,
        "at": DAY,
        "text": f"Text of {name}",
        "rating": None,
    }
    return Item(**{**values, **changes})  # type: ignore[arg-type]  # a test's shorthand


def vector(*values: float) -> bytes:
    return np.array(values, dtype=np.float16).tobytes()


@pytest.fixture
def store(engine: Engine) -> FeedbackItemStore:
    return FeedbackItemStore(engine)


@pytest.fixture
def reads(engine: Engine) -> FeedbackReads:
    return FeedbackReads(engine)


def test_what_is_there_already_is_not_added_again(
    store: FeedbackItemStore, reads: FeedbackReads
) -> None:
    first, second = (store.add_import(name, "ticket", {}) for name in ("a.csv", "b.csv"))
    assert store.add_items(first.id, [item("1"), item("2"), item("2")]) == 2
    assert store.add_items(second.id, [item("2"), item("3")]) == 1
    assert reads.count() == 3
    store.change_import(second.id, status="done", report={"read": 2})
    kept = store.get_import(second.id)
    assert (kept.rows, kept.status, kept.report) == (1, "done", {"read": 2})


def test_a_deleted_import_takes_its_items_and_empty_themes_along(
    store: FeedbackItemStore, reads: FeedbackReads
) -> None:
    first, second = (store.add_import(name, "ticket", {}) for name in ("a.csv", "b.csv"))
    store.add_items(first.id, [item("1")])
    store.add_items(second.id, [item("2")])
    themes = [Theme(f"thm_{n}", f"Theme {n}", vector(1, 0), "", "", DAY) for n in "12"]
    store.replace_themes(themes, [("fbi_1", "thm_1"), ("fbi_2", "thm_2")], {})
    assert store.delete_import(first.id) == 1
    assert [one.id for one in reads.find(ItemFilter())] == ["fbi_2"]
    assert [one.id for one in reads.themes()] == ["thm_2"]
    with pytest.raises(NotFound):
        store.get_import(first.id)


def test_vectors_are_kept_with_what_the_text_feels_like(
    store: FeedbackItemStore, reads: FeedbackReads
) -> None:
    one = store.add_import("a.csv", "ticket", {})
    store.add_items(one.id, [item("1"), item("2", rating=5.0)])
    assert [(name, rating) for name, _, rating in store.without_vector(9)] == [
        ("fbi_1", None),
        ("fbi_2", 5.0),
    ]
    store.keep_vectors([("fbi_1", vector(1, 0), -0.6), ("fbi_2", vector(0, 1), 1.0)])
    assert reads.waiting() == 0
    assert list(reads.vectors()) == [(["fbi_1", "fbi_2"], vector(1, 0) + vector(0, 1))]
    store.forget_vectors(4)
    assert reads.waiting() == 0
    store.forget_vectors(6)
    assert reads.waiting() == 2


def test_new_themes_take_the_place_of_the_old_ones(
    store: FeedbackItemStore, reads: FeedbackReads
) -> None:
    one = store.add_import("a.csv", "ticket", {})
    store.add_items(one.id, [item("1"), item("2")])
    old = Theme("thm_old", "Old", vector(1, 0), "", "", DAY)
    kept = Theme("thm_kept", "Kept", vector(0, 1), "", "", DAY)
    store.replace_themes([old, kept], [("fbi_1", "thm_old"), ("fbi_2", "thm_kept")], {})
    store.keep_summary("thm_kept", "People wait.", "fake:model")
    assert reads.theme("thm_kept").summary == "People wait."
    again = reads.theme("thm_kept")
    links = {"thm_kept": ("doc_1", "gap_1")}
    store.replace_themes([again], [("fbi_1", ""), ("fbi_2", "thm_kept")], links)
    assert [(one.id, one.model) for one in reads.themes()] == [("thm_kept", "fake:model")]
    assert reads.links() == {"": ("", ""), "thm_kept": ("doc_1", "gap_1")}
    assert reads.item("fbi_1").theme_id == ""
    store.keep_links({"thm_kept": ("", "")})
    assert reads.links()["thm_kept"] == ("", "")


def test_days_are_utc_days_with_counts_of_how_people_feel(
    store: FeedbackItemStore, reads: FeedbackReads
) -> None:
    one = store.add_import("a.csv", "ticket", {})
    late = datetime(2026, 9, 2, 0, 30, tzinfo=UTC)
    store.add_items(
        one.id,
        [
            item("1", sentiment=-0.5),
            item("2", sentiment=0.1, kind="review"),
            item("3", at=late, sentiment=0.75),
            item("4", at=late),
        ],
    )
    first, second = reads.daily(ItemFilter())
    assert (first.day, first.items, first.tickets) == (date(2026, 9, 1), 2, 1)
    assert (first.negative, first.positive, first.felt) == (1, 0, 2)
    assert first.sentiment == pytest.approx(-0.4)
    assert (second.day, second.items, second.positive, second.felt) == (date(2026, 9, 2), 2, 1, 1)
    assert reads.daily(ItemFilter(since=late))[0].items == 2


def test_items_are_found_by_words_kind_feeling_time_and_theme(
    store: FeedbackItemStore, reads: FeedbackReads
) -> None:
    one = store.add_import("a.csv", "ticket", {})
    store.add_items(
        one.id,
        [
            item("1", text="The VPN drops 100% of the time", sentiment=-0.9),
            item("2", text="vpn works", sentiment=0.8, kind="review"),
            item("3", text="Payslip_2026 is missing"),
        ],
    )

    def ids(**wanted: object) -> list[str]:
        return [one.id for one in reads.find(ItemFilter(**wanted), order="most negative")]  # type: ignore[arg-type]  # a test's shorthand

    assert ids(text="VPN") == ["fbi_1", "fbi_2"]
    assert ids(text="100%") == ["fbi_1"]
    assert ids(text="payslip_2026 missing") == ["fbi_3"]
    assert ids(text="%") == ["fbi_1"]
    assert ids(text="3") == ["fbi_3"]
    assert ids(kind="review") == ids(feeling="positive") == ["fbi_2"]
    assert ids(until=DAY) == []
    assert ids(theme_id="none") == ["fbi_1", "fbi_2", "fbi_3"]
    assert [one.id for one in reads.stream(ItemFilter(text="vpn"))] == ["fbi_1", "fbi_2"]


def test_texts_that_no_database_takes_as_they_are_are_kept_without_what_hurts(
    store: FeedbackItemStore, reads: FeedbackReads
) -> None:
    one = store.add_import("nul\0.csv", "review", {})
    store.add_items(one.id, [item("1", text="a\0b \ud800 c", external_id="x\0")])
    assert reads.item("fbi_1").text == "ab ? c"
    assert store.imports()[0].name == "nul.csv"
