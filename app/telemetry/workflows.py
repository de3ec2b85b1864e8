"""Gathers the spans of each workflow and hands them to its sink when it ends.

A batch processor would lose what it holds when the process is killed. This one calls the sink in
the thread that ends the workflow's root span, before the answer is given: what was answered is
kept. HTTP spans and strays belong to no workflow and are let go of at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from opentelemetry.context import Context, get_value
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from app.telemetry.names import WORKFLOWS
from app.telemetry.steps import SINK, Sink

logger = logging.getLogger(__name__)

PIECE: Final = 500
"""Spans from which on a workflow is kept in pieces while it runs: an ingest of 10,000 documents
has tens of thousands."""
RETRY_S: float = 5.0
"""Between two tries while a sink fails: an answer must not wait for each of them."""
_WAITING: Final = 200
"""Pieces kept in memory while a sink cannot write; beyond, others are lost."""


@dataclass(slots=True)
class _Workflow:
    root: Span
    root_id: int
    sink: Sink
    members: set[int] = field(default_factory=set)
    ended: list[ReadableSpan] = field(default_factory=list)
    begun: bool = False
    writing: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    workflow: _Workflow
    spans: list[ReadableSpan]
    done: bool


@dataclass(slots=True)
class _Trouble:
    """A sink that fails, and what waits for it."""

    sink: Sink
    late: deque[_Piece] = field(default_factory=lambda: deque(maxlen=_WAITING))
    retry_at: float = 0.0


class WorkflowProcessor(SpanProcessor):
    """One for the process; each workflow brings its own sink, so that stores don't mix."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: dict[int, _Workflow] = {}
        self._troubles: dict[int, _Trouble] = {}

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """A workflow begins, or a step of one; anything else is none of ours."""
        identity = span.context.span_id
        if span.name in WORKFLOWS:
            sink = get_value(SINK, parent_context)
            if sink is None:
                return
            workflow = _Workflow(span, identity, sink)  # type: ignore[arg-type]  # put there by start_workflow
        else:
            parent = span.parent
            found = self._of.get(parent.span_id) if parent is not None else None
            if found is None:
                return
            workflow = found
        with self._lock:
            workflow.members.add(identity)
            self._of[identity] = workflow

    def on_end(self, span: ReadableSpan) -> None:
        """Hand over what a workflow has, when it has ended or has grown large."""
        identity = span.context.span_id
        workflow = self._of.get(identity)
        if workflow is None:
            return
        with self._lock:
            workflow.ended.append(span)
            done = identity == workflow.root_id
            if not done and len(workflow.ended) < PIECE:
                return
            spans, workflow.ended = workflow.ended, []
            gone = (
                workflow.members if done else {one.context.span_id for one in spans}
            )  # a step whose parent has been handed over would be one too many to remember
            for member in gone:
                self._of.pop(member, None)
            if not done:
                workflow.members -= gone
        self._hand_over(_Piece(workflow, spans, done))

    def open_spans(self) -> int:
        """How many spans are remembered: those of workflows under way."""
        return len(self._of)

    def _hand_over(self, piece: _Piece) -> None:
        """Never raises: a trace is not worth an answer."""
        sink = piece.workflow.sink
        with self._lock:
            trouble = self._troubles.get(id(sink))
            todo = [piece]
            if trouble is not None:
                trouble.late.append(piece)
                if time.monotonic() < trouble.retry_at:
                    return
                todo = list(trouble.late)
                trouble.late.clear()
        for number, one in enumerate(todo):
            try:
                _keep(one)
            except Exception as error:  # noqa: BLE001  # whatever a database can raise
                self._failed(sink, todo[number:], error)
                return
        if trouble is not None:
            with self._lock:
                if not trouble.late:  # else another thread's came meanwhile: the next one's turn
                    self._troubles.pop(id(sink), None)
            logger.warning("traces are stored again")

    def _failed(self, sink: Sink, late: list[_Piece], error: Exception) -> None:
        """Remember what could not be kept; say so the first time."""
        with self._lock:
            known = id(sink) in self._troubles
            trouble = self._troubles.setdefault(id(sink), _Trouble(sink))
            trouble.late.extendleft(reversed(late))
            trouble.retry_at = time.monotonic() + RETRY_S
        if not known:
            lines = str(error).strip().splitlines() or [""]
            logger.warning(
                "traces are not stored for now (%s: %s); trying again with a later one",
                type(error).__name__,
                lines[0],
            )


def _keep(piece: _Piece) -> None:
    workflow = piece.workflow
    with workflow.writing:
        workflow.sink.keep(workflow.root, piece.spans, begun=workflow.begun, done=piece.done)
        workflow.begun = True
