"""The list of traces as CSV, read and sent page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from app.insights.csv_lines import csv_lines
from app.records.tracing.records import Sort, TraceFilters
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


def lines(
    store: TraceStore, filters: TraceFilters, sort: Sort, most: int = MOST_ROWS
) -> Iterator[str]:
    """The file in pieces: a header, at most ``most`` rows, and a notice where there are more.

    An unknown cost is an empty cell.
    """
    return csv_lines(_COLUMNS, _rows(store, filters, sort, most))


def _rows(
    store: TraceStore, filters: TraceFilters, sort: Sort, most: int
) -> Iterator[Sequence[Any]]:
    after: str | None = None
    written = 0
    while written < most:
        found = store.page(filters, sort, after, min(_CHUNK, most - written))
        for row in found.rows:
            yield [getattr(row, name) for name in _COLUMNS]
        written += len(found.rows)
        after = found.after
        if after is None:
            return
    yield [f"Only the first {most:,} rows are here. Narrow the list to get the others."]
