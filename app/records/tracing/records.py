"""What the trace store takes and gives: workflows, their spans, and what a list is narrowed to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Kind = Literal["ask", "search", "ingest"]
Status = Literal["ok", "error", "running"]
"""running: an ingest under way, or one that was killed."""
Sort = Literal["started", "duration", "cost"]
"""Newest, slowest or dearest first; with cost, those of unknown cost come last."""
FeedbackFilter = Literal["helpful", "not", "none", "rejected"]
"""The last mark; none: neither marked nor rejected. rejected: not helpful, corrected, reported."""


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """One workflow (a question, a search, an ingest) without its spans.

    ``state``: an answer's state, or ``stopped`` or ``failed``. ``cost_usd``: None when a price is
    unknown. ``first_token_ms``: until there was something to show. ``bytes``: what its spans take
    in the store, roughly, content left out. ``question``, ``helpful`` and ``rejected`` are read
    from the questions: None and False where there is none (any more).
    """

    trace_id: str
    root_id: str
    kind: Kind
    name: str
    answer_id: str
    started_at: datetime
    duration_ms: float
    status: Status
    error_type: str
    state: str
    level: str
    mode: str
    model: str
    channel: str
    conversation_id: str
    release: str
    experiment: str
    arm: str
    first_token_ms: float | None
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    span_count: int
    bytes: int
    question: str | None = None
    helpful: bool | None = None
    rejected: bool = False


@dataclass(frozen=True, slots=True)
class SpanRecord:
    """One step. Times are nanoseconds since 1970; ``parent_id`` is empty or another span's id.

    The parent may be a span that is not stored: an HTTP request, or a caller's own span.
    ``content``: name → text, only where content is captured and not yet purged.
    """

    span_id: str
    parent_id: str
    name: str
    started_ns: int
    ended_ns: int
    status: Status
    attributes: Mapping[str, Any]
    events: Sequence[Mapping[str, Any]] = ()
    content: Mapping[str, str] = field(default_factory=dict)

    @property
    def duration_ms(self) -> float:
        """Milliseconds from start to end."""
        return (self.ended_ns - self.started_ns) / 1e6


@dataclass(frozen=True, slots=True)
class Workflow:
    """A summary with its spans in the order they started; the root is among them once it ended."""

    summary: TraceSummary
    spans: tuple[SpanRecord, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything under one trace id: usually one workflow, several where a caller sent the id."""

    trace_id: str
    workflows: tuple[Workflow, ...]


@dataclass(frozen=True, slots=True)
class TraceFilters:
    """Narrow a list; what is None or empty does not. Times: ``since`` inclusive, ``until`` not.

    ``text``: a piece of the question as it was asked or typed, in any case. ``cost_known`` False:
    only those of unknown cost. Latency in milliseconds, cost in USD, bounds inclusive.
    """

    since: datetime | None = None
    until: datetime | None = None
    kind: str = ""
    state: str = ""
    level: str = ""
    mode: str = ""
    model: str = ""
    channel: str = ""
    release: str = ""
    experiment: str = ""
    arm: str = ""
    conversation_id: str = ""
    min_ms: float | None = None
    max_ms: float | None = None
    min_cost: float | None = None
    max_cost: float | None = None
    cost_known: bool | None = None
    error: bool | None = None
    feedback: FeedbackFilter | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class TracePage:
    """Rows of one page; ``after`` is given to `TraceStore.page` for the next, None at the end."""

    rows: tuple[TraceSummary, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class Totals:
    """How many there are; ``capped``: at least so many, counting ended there."""

    count: int
    capped: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """What occurs among the newest traces, for a form's menus; sorted, empty values left out."""

    models: tuple[str, ...]
    releases: tuple[str, ...]
    arms: tuple[str, ...]
