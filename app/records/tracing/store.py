"""Traces in SQL: each workflow is written whole, in one short transaction; the pages read it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, text, update

from app.records.tracing import listing
from app.records.tracing.records import (
    Choices,
    Sort,
    SpanRecord,
    Totals,
    Trace,
    TraceFilters,
    TracePage,
    TraceSummary,
    Workflow,
)
from app.records.tracing.tables import span_content, spans, traces
from app.records.tracing.withholding import within_reach

_INSERT_SPANS = text(
    "INSERT INTO spans (trace_id, span_id, root_id, parent_id, name, started_ns, ended_ns, status,"
    " attributes, events) VALUES (:trace_id, :span_id, :root_id, :parent_id, :name, :started_ns,"
    " :ended_ns, :status, :attributes, :events)"
)
"""As text: the JSON is made here, once, because its length is counted too."""
_PATIENCE_MS = 2_000
"""An answer waits no longer for its trace to be written; others' transactions take far less."""
_SPAN_BYTES = 300
"""What a span takes beside its JSON: ids, name, times and their index entries. An estimate, from
their lengths."""
_COLUMNS = tuple(column.name for column in traces.c)
_INSERT_TRACE = insert(traces)


class TraceStore:
    """`traces`, `spans` and `span_content`. Every method is one short transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # --- writing ----------------------------------------------------------------------------

    def write(self, workflow: Workflow, *, begun: bool = False) -> None:
        """Keep a workflow's roll-up, spans and content: all of it, or nothing.

        ``begun``: its roll-up is there already (a long one is written in pieces); it is replaced,
        and the spans are added to those that are stored.
        """
        summary = workflow.summary
        rows = [_span_row(summary, span) for span in workflow.spans]
        size = sum(_SPAN_BYTES + len(row["attributes"]) + len(row["events"]) for row in rows)
        columns = {name: getattr(summary, name) for name in _COLUMNS}
        content = [
            {
                "trace_id": summary.trace_id,
                "span_id": span.span_id,
                "name": name,
                "value": value,
                "at": summary.started_at,
            }
            for span in workflow.spans
            for name, value in span.content.items()
        ]
        with self._writing() as connection:
            if begun:
                columns["span_count"] = traces.c.span_count + len(rows)
                columns["bytes"] = traces.c.bytes + size
                connection.execute(update(traces).where(_is(summary)).values(columns))
            else:
                columns |= {"span_count": len(rows), "bytes": size}
                connection.execute(_INSERT_TRACE, columns)
            if rows:
                connection.execute(_INSERT_SPANS, rows)
            if content:
                connection.execute(insert(span_content), content)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction that gives up sooner than others when SQLite is locked."""
        if self._engine.dialect.name != "sqlite":
            with self._engine.begin() as connection:
                yield connection
            return
        with self._engine.connect() as connection:
            usual = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
            connection.exec_driver_sql(f"PRAGMA busy_timeout={_PATIENCE_MS}")
            try:
                yield connection
                connection.commit()
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout={usual}")

    # --- reading ----------------------------------------------------------------------------

    def page(
        self,
        filters: TraceFilters = TraceFilters(),
        sort: Sort = "started",
        after: str | None = None,
        limit: int = 50,
    ) -> TracePage:
        """At most ``limit`` roll-ups, best first by ``sort``; ``after``: the page before said it.

        Raises:
            BadRequest: ``after`` is no cursor of this order.
        """
        with self._engine.connect() as connection:
            return listing.page(connection, filters, sort, after, limit)

    def totals(self, filters: TraceFilters = TraceFilters()) -> Totals:
        """How many `page` would list, counted up to 10,000."""
        with self._engine.connect() as connection:
            return listing.totals(connection, filters)

    def choices(self) -> Choices:
        """Models, releases and arms among the newest 10,000 traces."""
        with self._engine.connect() as connection:
            return listing.choices(connection)

    def trace(self, trace_id: str) -> Trace | None:
        """Everything under a trace id; None where nothing is stored (any more).

        Without the words of documents that the reader may not see.
        """
        with self._engine.connect() as connection:
            found = listing.summaries(connection, traces.c.trace_id == trace_id)
            if not found:
                return None
            by_root = _spans(connection, trace_id)
            whole = [Workflow(one, tuple(by_root[one.root_id])) for one in found]
            return Trace(trace_id, within_reach(connection, whole))

    def of_answer(self, answer_id: str) -> TraceSummary | None:
        """The roll-up of one question or search, by its id; None where none is stored."""
        if not answer_id:
            return None
        with self._engine.connect() as connection:
            found = listing.summaries(connection, traces.c.answer_id == answer_id)
        return found[-1] if found else None


def _is(summary: TraceSummary) -> Any:
    return (traces.c.trace_id == summary.trace_id) & (traces.c.root_id == summary.root_id)


def _span_row(summary: TraceSummary, span: SpanRecord) -> dict[str, Any]:
    return {
        "trace_id": summary.trace_id,
        "span_id": span.span_id,
        "root_id": summary.root_id,
        "parent_id": span.parent_id,
        "name": span.name[:120],
        "started_ns": span.started_ns,
        "ended_ns": span.ended_ns,
        "status": span.status,
        "attributes": json.dumps(span.attributes, separators=(",", ":")),
        "events": json.dumps(span.events, separators=(",", ":")) if span.events else "[]",
    }


def _spans(connection: Connection, trace_id: str) -> dict[str, list[SpanRecord]]:
    """Spans by root, in the order they started."""
    content: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for row in connection.execute(
        select(span_content.c.span_id, span_content.c.name, span_content.c.value).where(
            span_content.c.trace_id == trace_id
        )
    ):
        content[row.span_id][row.name] = row.value
    by_root: defaultdict[str, list[SpanRecord]] = defaultdict(list)
    query = select(spans).where(spans.c.trace_id == trace_id)
    for row in connection.execute(query.order_by(spans.c.started_ns, spans.c.span_id)):
        by_root[row.root_id].append(
            SpanRecord(
                row.span_id,
                row.parent_id,
                row.name,
                row.started_ns,
                row.ended_ns,
                row.status,
                row.attributes,
                tuple(row.events),
                content.get(row.span_id, {}),
            )
        )
    return by_root
