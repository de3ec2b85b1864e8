"""Notices in a document's first lines that say how long it holds."""

from __future__ import annotations

from datetime import date

import pytest

from app.domain import ParsedDocument
from ingest.parsers import Limits, parse


def parsed(body: str, name: str = "rules.md") -> ParsedDocument:
    return parse(f"# Rules\n\n{body}\n\nThe rules themselves.\n".encode(), name, Limits())


@pytest.mark.parametrize(
    ("notice", "successor"),
    [
        ("This document is superseded by rules-2026.md.", "rules-2026.md"),
        ("Superseded by: House Rules 2026", "House Rules 2026"),
        ("**Superseded by:** [House Rules 2026](rules-2026.md)", "House Rules 2026"),
        ("Status: superseded by House Rules v3 (2026)", "House Rules v3 (2026)"),
        ("This policy has been replaced by the 2026 policy.", "2026 policy"),
        ("This page was replaced by House Rules as of 1 May 2026.", "House Rules"),
        ("> This old guide is now replaced by Rules for Guests; please move.", "Rules for Guests"),
        ("Deprecated: see House Rules 2026.", "House Rules 2026"),
        ("OBSOLETE - use the House Rules instead.", "House Rules"),
        ("| Field | Value |\n|---|---|\n| Status | Superseded by HR-12 |", "HR-12"),
    ],
)
def test_a_notice_names_the_successor(notice: str, successor: str) -> None:
    assert parsed(notice).superseded_by == successor


@pytest.mark.parametrize(
    ("notice", "day"),
    [
        ("Review by 2025-03-31", date(2025, 3, 31)),
        ("Next review: March 2025", date(2025, 3, 31)),
        ("Next review: 2025-02", date(2025, 2, 28)),
        ("Review date: 14 May 2025", date(2025, 5, 14)),
        ("Owner: Ann. Next review: May 14th, 2025. Version 3.", date(2025, 5, 14)),
        ("Valid until 31.12.2024", date(2024, 12, 31)),
        ("Expires: Q1 2025", date(2025, 3, 31)),
        ("Review due: 03/04/2025", date(2025, 4, 3)),  # whichever it is, it has passed by then
        ("This guide is due for review by the end of June 2026.", date(2026, 6, 30)),
        ("| Field | Value |\n|---|---|\n| Next review | 31 March 2025 |", date(2025, 3, 31)),
        ("| Owner | Next review |\n|---|---|\n| Ann | 2025-03-31 |", date(2025, 3, 31)),
    ],
)
def test_a_notice_gives_the_review_date(notice: str, day: date) -> None:
    assert parsed(notice).review_by == day


@pytest.mark.parametrize(
    "text",
    [
        "Supersedes: rules-2024.md. Replaces version 4.3 from 2024.",
        "The king was superseded by his brother in 1204.",
        "A day code is valid until midnight.",
        "The review of 2025-03-31 found nothing.",
        "Laptops are replaced by Finance after three years.",
        "The trial version expires after 30 days.",
        "Next review: when there is time",
        "Valid until 31.02.2025",
        "```\nsuperseded by: nothing\nreview by: 2020-01-01\n```",
    ],
)
def test_what_speaks_of_something_else_is_no_notice(text: str) -> None:
    document = parsed(text)
    assert (document.superseded_by, document.review_by) == (None, None)


def test_front_matter_is_surer_than_the_text() -> None:
    matter = "---\nreview_by: 2027-01-01\nsuperseded_by: new.md\n---\n"
    text = f"{matter}# Rules\n\nReview by 2020-01-01. This page is superseded by other.md.\n"
    document = parse(text.encode(), "rules.md", Limits())
    assert (document.review_by, document.superseded_by) == (date(2027, 1, 1), "new.md")


def test_a_notice_far_down_is_about_something_else() -> None:
    body = "\n\n".join(f"Paragraph {n} says something." for n in range(40))
    assert parsed(f"{body}\n\nReview by 2020-01-01").review_by is None


def test_rows_of_data_are_no_notices() -> None:
    data = b"task,note\nReview by 2020-01-01,superseded by task 2\nother,nothing\n"
    document = parse(data, "tasks.csv", Limits())
    assert (document.superseded_by, document.review_by) == (None, None)


def test_plain_text_and_web_pages_are_read_too() -> None:
    text = parse(b"RULES\n=====\n\nNext review: 2025-03-31\n\nThe rules.\n", "rules.txt", Limits())
    page = b"<html><body><h1>Rules</h1><p>Superseded by: New rules</p><p>Old.</p></body></html>"
    assert text.review_by == date(2025, 3, 31)
    assert parse(page, "rules.html", Limits()).superseded_by == "New rules"
