"""Spans as rows of a waterfall: nested, in order of time, each with its own share of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.records.tracing.records import SpanRecord
from app.telemetry import Attribute

LANE = 100.0
"""Width of a lane, in percent of it."""
THINNEST = 0.4
"""A bar is at least this wide, in the same unit: a step that took nothing can still be seen."""
GROUPS = 50
"""Steps directly under the root that one page shows; an ingest has one for each document."""
MOST_ROWS = 600
"""Rows of one page; deeper steps of the shown groups are left out after that."""
DOCUMENT = "document"
"""The name of the span that `by_document` puts around the steps of one document."""
_DEEPEST = 7
"""Steps nested deeper are indented no further."""
_NS_PER_MS = 1e6


@dataclass(frozen=True, slots=True)
class Row:
    """One step. Times in milliseconds; ``x`` and ``width`` in percent of the lane.

    ``self_ms``: the part in which none of its own steps was running.
    """

    span: SpanRecord
    depth: int
    start_ms: float
    duration_ms: float
    self_ms: float
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Waterfall:
    """What one page shows of a workflow.

    ``groups``: steps directly under the root; when they do not fit on one page they are sorted
    slowest first and ``paged`` is true. ``hidden``: rows that were left out of the shown groups.
    """

    rows: tuple[Row, ...]
    total_ms: float
    groups: int
    paged: bool
    page: int
    pages: int
    hidden: int

    @property
    def ticks(self) -> tuple[float, ...]:
        """Five times along the axis, in milliseconds."""
        return tuple(self.total_ms * part / 4 for part in range(5))


def waterfall(spans: Sequence[SpanRecord], page: int = 1, selected: str = "") -> Waterfall:
    """The rows of one workflow. A span whose parent is not among ``spans`` is a root.

    ``selected``: of the documents of an ingest, the one whose steps are shown too, by its own id or
    that of one of its steps.
    """
    known = {span.span_id for span in spans}
    children: dict[str, list[SpanRecord]] = defaultdict(list)
    for span in sorted(spans, key=lambda one: (one.started_ns, -one.ended_ns)):
        parent = span.parent_id
        children[parent if parent in known and parent != span.span_id else ""].append(span)
    roots = children[""]
    began = min((span.started_ns for span in spans), default=0)
    total = max((span.ended_ns for span in spans), default=0) - began
    root = roots[0] if len(roots) == 1 else None
    groups = children[root.span_id] if root else roots
    paged = len(groups) > GROUPS
    pages = -(-len(groups) // GROUPS) if paged else 1
    page = min(max(page, 1), pages)
    shown: Sequence[SpanRecord] = groups
    if paged:
        slowest = sorted(groups, key=lambda one: one.started_ns - one.ended_ns)
        shown = slowest[(page - 1) * GROUPS : page * GROUPS]
    order = [(root, 0)] if root else []
    for group in shown:
        found = _descend(group, children, 1 if root else 0)
        folded = group.name == DOCUMENT and all(one.span_id != selected for one, _ in found)
        order += found[:1] if folded else found
    rows = [
        _row(span, depth, began, total, children[span.span_id]) for span, depth in order[:MOST_ROWS]
    ]
    return Waterfall(
        rows=tuple(rows),
        total_ms=total / _NS_PER_MS,
        groups=len(groups),
        paged=paged,
        page=page,
        pages=pages,
        hidden=max(0, len(order) - MOST_ROWS),
    )


def by_document(spans: Sequence[SpanRecord]) -> tuple[SpanRecord, ...]:
    """Where steps name the document they worked on: with a span for each document around them.

    An ingest parses, splits and stores many documents, whose steps are mixed in time. The added
    span is named `DOCUMENT`; from the first of its steps to the last it may also have waited.
    """
    grouped: dict[str, list[SpanRecord]] = defaultdict(list)
    for span in spans:
        document = span.attributes.get(Attribute.DOCUMENT)
        if document:
            grouped[str(document)].append(span)
    inside = {span.span_id for group in grouped.values() for span in group}
    found: list[SpanRecord] = [span for span in spans if span.span_id not in inside]
    for document, steps in grouped.items():
        outer = [step for step in steps if step.parent_id not in inside]
        head = SpanRecord(
            span_id=f"document-{document}",
            parent_id=outer[0].parent_id,
            name=DOCUMENT,
            started_ns=min(step.started_ns for step in steps),
            ended_ns=max(step.ended_ns for step in steps),
            status="error" if any(step.status == "error" for step in steps) else "ok",
            attributes={Attribute.DOCUMENT: document},
        )
        found.append(head)
        found += [
            replace(step, parent_id=head.span_id) if step in outer else step for step in steps
        ]
    return tuple(found)


def _descend(
    top: SpanRecord, children: Mapping[str, Sequence[SpanRecord]], depth: int
) -> list[tuple[SpanRecord, int]]:
    """``top`` and everything below it, in order. A loop of parents is walked once."""
    found: list[tuple[SpanRecord, int]] = []
    seen: set[str] = set()
    waiting = [(top, depth)]
    while waiting:
        span, level = waiting.pop()
        if span.span_id in seen:
            continue
        seen.add(span.span_id)
        found.append((span, level))
        below = children.get(span.span_id, ())
        waiting += [(child, level + 1) for child in reversed(below)]
    return found


def _row(span: SpanRecord, depth: int, began: int, total: int, own: Iterable[SpanRecord]) -> Row:
    took = max(0, span.ended_ns - span.started_ns)
    scale = LANE / total if total else 0.0
    width = max(THINNEST, took * scale)
    return Row(
        span=span,
        depth=min(depth, _DEEPEST),
        start_ms=(span.started_ns - began) / _NS_PER_MS,
        duration_ms=took / _NS_PER_MS,
        self_ms=max(0, took - _covered(span, own)) / _NS_PER_MS,
        x=round(min((span.started_ns - began) * scale, LANE - width), 2),
        width=round(width, 2),
    )


def _covered(span: SpanRecord, own: Iterable[SpanRecord]) -> int:
    """Nanoseconds of ``span`` in which at least one of its steps ran; they may overlap."""
    covered, reached = 0, span.started_ns
    for child in own:  # in order of their start
        start = max(child.started_ns, reached)
        end = min(child.ended_ns, span.ended_ns)
        if end > start:
            covered += end - start
            reached = end
    return covered
