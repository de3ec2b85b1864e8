"""What the pages of an import show: columns to choose from, rows as read, how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.bootstrap import Services
from app.insights.feedback.columns import FIELDS, Columns, Field
from app.insights.feedback.csv_reading import BadRow
from app.insights.feedback.importing import Progress
from app.records.product.feedback_items import Import

FIELD_WORDS: dict[Field, tuple[str, str]] = {
    "text": ("Text", "What people wrote. Needed."),
    "title": ("Subject", "Put in front of the text."),
    "date": ("Date", "When it was written. Needed."),
    "rating": ("Rating", "Counts instead of the text for the sentiment."),
    "id": ("Id", "The number it has there: imported twice, it counts once."),
    "kind": ("Review or ticket", "Where the table says it for each row."),
}
_STEPS = {
    "reading": "Reading rows",
    "embedding": "Understanding texts",
    "themes": "Finding themes",
    "links": "Looking for documents",
}
_LISTED = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """One field of the mapping. ``column``: the name of the chosen column, "" for none."""

    field: Field
    name: str
    hint: str
    column: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One row of the preview; ``problem`` is why it would not be imported."""

    line: str
    text: str
    date: str
    rating: str
    kind: str
    problem: str


def mapping_view(services: Services, one: Import) -> dict[str, Any]:
    """What the page shows on which a person decides how a file is read."""
    preview = services.feedback.uploads.preview(one)
    columns, names = preview.columns, preview.layout.names
    return {
        "one": one,
        "layout": preview.layout,
        "choices": [
            Choice(field, *FIELD_WORDS[field], _name(columns, field, names)) for field in FIELDS
        ],
        "names": names,
        "day_first": columns.day_first,
        "ambiguous": preview.ambiguous,
        "missing": columns.missing,
        "scale": f"{columns.low:g} to {columns.high:g}" if "rating" in columns.fields else "",
        "rows": [_seen(row) for row in preview.rows],
        "cells": [[cell[:80] for cell in record.cells] for record in preview.cells[:3]],
    }


def run_view(services: Services, one: Import) -> dict[str, Any]:
    """What the page of a started import shows: how far it is, or what came of it."""
    importer = services.feedback.importer
    progress = importer.progress(one.id)
    running = one.status == "running" or progress is not None
    interrupted = one.status == "running" and progress is None and not importer.busy()
    report: Mapping[str, Any] = one.report
    seconds = sum(report.get("seconds", {}).values())
    return {
        "one": one,
        "running": running and not interrupted,
        "interrupted": interrupted,
        "step": progress_words(progress) if progress else "Running",
        "share": _share(progress),
        "report": report,
        "seconds": seconds,
        "speed": report.get("read", 0) / seconds if seconds else 0.0,
        "bad": report.get("listed", [])[:_LISTED],
    }


def progress_words(progress: Progress) -> str:
    """``Understanding texts: 1,200 of 50,000``."""
    words = _STEPS.get(progress.step, progress.step)
    if progress.total > 1:
        return f"{words}: {progress.done:,} of {progress.total:,}"
    return f"{words}: {progress.done:,}" if progress.done else words


def _share(progress: Progress | None) -> float | None:
    if progress is None or progress.total <= 1:
        return None
    return round(progress.done / progress.total, 3)


def _name(columns: Columns, field: Field, names: tuple[str, ...]) -> str:
    number = columns.fields.get(field)
    return "" if number is None else names[number]


def _seen(row: Any) -> Seen:
    if isinstance(row, BadRow):
        return Seen(f"{row.line:,}", row.excerpt, "", "", "", row.reason)
    return Seen(
        line="",
        text=row.text[:200],
        date=f"{row.at.day} {row.at:%b %Y}",
        rating="" if row.rating is None else f"{row.rating:.1f} of 5",
        kind=row.kind,
        problem="",
    )
