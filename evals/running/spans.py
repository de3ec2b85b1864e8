"""The spans of each answer, kept in memory while a run goes; nothing is stored or exported."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan

from app.insights.evals.row import TraceStep
from app.telemetry import Attribute, SpanName

_KEPT = 1000
"""Traces that nobody has taken yet; beyond, the oldest fall out."""
_DIGITS = 2
"""Of milliseconds, as on the product's own timings."""
_COUNTS: Mapping[str, str] = {
    Attribute.HITS: "found",
    Attribute.SENTENCES: "sentences",
    Attribute.DROPPED: "dropped",
    Attribute.CITATIONS: "citations",
}
_WORDS = (
    Attribute.ANSWER_STATE,
    Attribute.CONFIDENCE_LEVEL,
    Attribute.CONFIDENCE_PROBABILITY,
    Attribute.ERROR_TYPE,
)


class SpanKeeper:
    """A sink of workflows (`app.telemetry.Sink`) from which each answer's steps are taken once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pieces: dict[int, list[ReadableSpan]] = {}
        self._traces: OrderedDict[str, tuple[TraceStep, ...]] = OrderedDict()

    def keep(
        self,
        root: ReadableSpan,
        ended: Sequence[ReadableSpan],
        *,
        begun: bool,  # noqa: ARG002  # part of the interface
        done: bool,
    ) -> None:
        """Keep a question's spans; a search's and an ingest's are nobody's here."""
        if root.name != SpanName.ASK:
            return
        trace = root.context.trace_id
        with self._lock:
            spans = self._pieces.setdefault(trace, [])
            spans += ended
            if not done:
                return
            del self._pieces[trace]
            self._traces[f"{trace:032x}"] = steps(spans)
            while len(self._traces) > _KEPT:
                self._traces.popitem(last=False)

    def take(self, trace_id: str) -> tuple[TraceStep, ...]:
        """The steps of one answer, in the order they began; empty where none were recorded."""
        with self._lock:
            return self._traces.pop(trace_id, ())


def steps(spans: Iterable[ReadableSpan]) -> tuple[TraceStep, ...]:
    """The spans of one workflow as steps. Names, times and counts: nothing of what was written."""
    ordered = sorted(spans, key=lambda span: (span.start_time or 0, span.context.span_id))
    parents = {span.context.span_id: span.parent.span_id if span.parent else 0 for span in ordered}
    begin = min((span.start_time or 0 for span in ordered), default=0)
    return tuple(
        TraceStep(
            name=span.name,
            depth=_depth(span.context.span_id, parents),
            start_ms=_ms((span.start_time or 0) - begin),
            ms=_ms((span.end_time or 0) - (span.start_time or 0)),
            note=_note(span.attributes or {}),
        )
        for span in ordered
    )


def _depth(span: int, parents: Mapping[int, int]) -> int:
    depth = 0
    while (span := parents.get(span, 0)) in parents:
        depth += 1
    return depth


def _note(attributes: Mapping[str, Any]) -> str:
    counts = [f"{attributes[name]} {word}" for name, word in _COUNTS.items() if name in attributes]
    return ", ".join([*(str(attributes[name]) for name in _WORDS if name in attributes), *counts])


def _ms(nanoseconds: int) -> float:
    return round(nanoseconds / 1e6, _DIGITS)
