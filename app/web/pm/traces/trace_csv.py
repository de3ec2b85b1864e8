"""The list of traces as CSV, read and sent page by page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from app.records.tracing.records import Sort, TraceFilters, TraceSummary
from app.records.tracing.store import TraceStore

MOST_ROWS = 50_000
"""A file ends here, with a line that says so: a spreadsheet opens it, and the store is not held up
by one reader."""
_CHUNK = 500
_COLUMNS = (
    *("trace_id", "root_id", "kind", "answer_id", "started_at", "question", "status", "state"),
    *("level", "mode", "model", "channel", "conversation_id", "release", "experiment", "arm"),
    *("duration_ms", "first_token_ms", "input_tokens", "output_tokens", "cost_usd"),
    *("helpful", "rejected", "error_type", "span_count"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for the beginning of a formula."""


def lines(
    store: TraceStore, filters: TraceFilters, sort: Sort, most: int = MOST_ROWS
) -> Iterator[str]:
    """The file in pieces: a header, at most ``most`` rows, and a notice where there are more.

    An unknown cost is an empty cell. A text that a spreadsheet would take for a formula gets an
    apostrophe in front (OWASP, "CSV Injection").
    """
    yield _csv([_COLUMNS])
    after: str | None = None
    written = 0
    while written < most:
        found = store.page(filters, sort, after, min(_CHUNK, most - written))
        if found.rows:
            yield _csv([[_cell(row, name) for name in _COLUMNS] for row in found.rows])
        written += len(found.rows)
        after = found.after
        if after is None:
            return
    yield _csv([[f"Only the first {most:,} rows are here. Narrow the list to get the others."]])


def _cell(row: TraceSummary, name: str) -> Any:
    value = getattr(row, name)
    if value is None:
        return ""
    if name == "started_at":
        return value.isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _csv(rows: Any) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
