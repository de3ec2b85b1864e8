"""One trace as its page shows it: its workflows with steps, passages, cost and what came after."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from app.domain import Answer, Document, Passage
from app.records.tracing.records import SpanRecord, Trace, TraceSummary, Workflow
from app.telemetry import Attribute
from app.web.confidence_view import Signal, signals
from app.web.pm.traces import trace_words as words
from app.web.pm.traces.passages_view import PassageRow, passage_rows
from app.web.pm.traces.span_view import SpanView, error_words, shown, span_error, span_view
from app.web.pm.traces.trace_list import cost, feedback, key, title, tokens
from app.web.pm.traces.trace_words import apart, step_words, took, usd
from app.web.pm.traces.waterfall import DOCUMENT, Row, Waterfall, by_document, waterfall
from app.web.templating import moment, query

_PARTLY = "Titles and texts from a collection that you may not see are not shown."


class Happened(Protocol):
    """An event on the answer, as the event store has it."""

    @property
    def kind(self) -> str:
        """``copied``, ``marked`` and so on."""

    @property
    def person(self) -> bool:
        """Whether somebody did it."""

    @property
    def at(self) -> datetime:
        """When."""

    @property
    def properties(self) -> Mapping[str, Any]:
        """What only this kind has."""


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of a workflow besides its trace; each may be gone by now.

    ``passages``: by id, with their documents. ``titled``: a document's title by its id; asked for
    the few that a page shows. ``withheld``: ids of documents that the reader may not see;
    ``answer_withheld``: that there is an answer, which they may not see either.
    """

    answer: Answer | None = None
    passages: Mapping[str, tuple[Passage, Document]] = field(default_factory=dict)
    titled: Callable[[str], str] = str
    events: Sequence[Happened] = ()
    withheld: frozenset[str] = frozenset()
    answer_withheld: bool = False


@dataclass(frozen=True, slots=True)
class Detail:
    """One line of the head: what, how much, and where it leads."""

    words: str
    value: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class StepRow:
    """One line of the waterfall."""

    row: Row
    words: str
    address: str
    selected: bool
    style: str
    duration: str
    self_time: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a model and what it cost."""

    model: str
    read: str
    cached: str
    written: str
    prompt: str
    completion: str
    total: str
    estimated: bool


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that was done with the answer, and how long after it was complete."""

    words: str
    at: datetime
    after: str


@dataclass(frozen=True, slots=True)
class Flow:
    """One workflow."""

    summary: TraceSummary
    key: str
    title: str
    state: str
    status: str
    level: str
    details: tuple[Detail, ...]
    error: str
    answer: Answer | None
    signals: tuple[Signal, ...]
    measured: Mapping[str, float]
    waterfall: Waterfall
    ticks: tuple[str, ...]
    steps: tuple[StepRow, ...]
    selected: SpanView | None
    passages: tuple[PassageRow, ...]
    reranked: bool
    calls: tuple[Call, ...]
    happenings: tuple[Happening, ...]
    untouched: bool
    """Nobody did anything with the answer yet."""
    withheld: str
    """Why some of it is not shown; empty where all is."""


@dataclass(frozen=True, slots=True)
class TraceView:
    """All workflows of a trace, in the order they began."""

    trace_id: str
    flows: tuple[Flow, ...]


def trace_view(
    trace: Trace, around: Mapping[str, Around], *, selected: str = "", page: int = 1
) -> TraceView:
    """The page's model of a trace.

    ``around``: by root id. ``selected``: a span's id; where there is none, the first failure, or
    the first step. ``page``: of the steps, where they do not fit on one.
    """
    flows = []
    for workflow in trace.workflows:
        near = around.get(workflow.summary.root_id, Around())
        flows.append(flow_view(workflow, near, selected=selected, page=page))
    return TraceView(trace.trace_id, tuple(flows))


def flow_view(workflow: Workflow, near: Around, *, selected: str = "", page: int = 1) -> Flow:
    """One workflow with everything known around it."""
    summary = workflow.summary
    fall = waterfall(by_document(workflow.spans), page, selected)
    chosen = _chosen(fall.rows, selected)
    answer = near.answer
    passages = passage_rows(workflow.spans, near.passages, answer, near.withheld)
    values = measured(workflow.spans)
    return Flow(
        summary=summary,
        key=key(summary),
        title=title(summary),
        state=summary.state,
        status=summary.status,
        level=summary.level,
        details=_details(summary, workflow.spans),
        error=_error(workflow),
        answer=answer,
        signals=signals(values),
        measured=values,
        waterfall=fall,
        ticks=tuple(took(tick) if tick else "0" for tick in fall.ticks),
        steps=tuple(_step(row, summary, chosen, near, page) for row in fall.rows),
        selected=span_view(chosen, near.titled) if chosen is not None else None,
        passages=passages,
        reranked=any(one.rerank for one in passages),
        calls=calls(workflow.spans),
        happenings=_happenings(near.events, answer),
        untouched=not any(event.person for event in near.events),
        withheld=_PARTLY if near.answer_withheld or near.withheld else "",
    )


def calls(spans: Sequence[SpanRecord]) -> tuple[Call, ...]:
    """Every call of a model, in order."""
    found = []
    for span in spans:
        attributes = span.attributes
        if attributes.get(Attribute.SPAN_KIND) != "LLM":
            continue
        model = attributes.get(Attribute.RESPONSE_MODEL) or attributes.get(Attribute.REQUEST_MODEL)
        found.append(
            Call(
                model=str(model or span.name),
                read=_count(attributes.get(Attribute.INPUT_TOKENS)),
                cached=_count(attributes.get(Attribute.CACHED_TOKENS)),
                written=_count(attributes.get(Attribute.OUTPUT_TOKENS)),
                prompt=usd(attributes.get(Attribute.COST_PROMPT)),
                completion=usd(attributes.get(Attribute.COST_COMPLETION)),
                total=usd(attributes.get(Attribute.COST_TOTAL)),
                estimated=bool(attributes.get(Attribute.USAGE_ESTIMATED)),
            )
        )
    return tuple(found)


def measured(spans: Sequence[SpanRecord]) -> dict[str, float]:
    """The signals behind the confidence, as the last judgment of these spans says them."""
    for span in reversed(spans):
        said = span.attributes.get(Attribute.CONFIDENCE_SIGNALS)
        if isinstance(said, str):
            found: dict[str, float] = json.loads(said)
            return found
    return {}


def _details(summary: TraceSummary, spans: Sequence[SpanRecord]) -> tuple[Detail, ...]:
    root = next((span for span in spans if span.span_id == summary.root_id), None)
    price = str(root.attributes.get(Attribute.PRICE_VERSION, "")) if root else ""
    ask = summary.kind == "ask"
    conversation = f"/traces?conversation={summary.conversation_id}"
    experiment = f"{summary.experiment}, arm {summary.arm}" if summary.arm else ""
    found = [
        Detail("Started", moment(summary.started_at)),
        Detail("Duration", took(summary.duration_ms) if summary.status != "running" else "running"),
        Detail("First content", took(summary.first_token_ms) if ask else ""),
        Detail("Tokens read + written", tokens(summary) if ask else ""),
        Detail("Cost", cost(summary) if ask else ""),
        Detail("Prices", price if summary.input_tokens or summary.output_tokens else ""),
        Detail("Mode", words.MODES.get(summary.mode, summary.mode)),
        Detail("Model", summary.model if summary.model != summary.mode else ""),
        Detail("Asked through", words.CHANNELS.get(summary.channel, summary.channel)),
        Detail("Release", summary.release, _listed("release", summary.release)),
        Detail("Experiment", experiment, "/insights/experiments" if experiment else ""),
        Detail("Feedback", feedback(summary)),
        Detail("Conversation", summary.conversation_id and "All its questions", conversation),
        *_ingested(root),
        Detail("Steps", f"{summary.span_count:,}"),
    ]
    return tuple(one for one in found if one.value)


def _ingested(root: SpanRecord | None) -> list[Detail]:
    """What an ingest came to, once it has ended."""
    attributes = root.attributes if root is not None else {}
    if Attribute.COLLECTION not in attributes:
        return []
    collection = str(attributes[Attribute.COLLECTION])
    counts = (
        ("Documents", Attribute.DOCUMENTS),
        ("Not readable", Attribute.FAILED),
        ("Passages", Attribute.PASSAGE_COUNT),
    )
    return [
        Detail("Collection", collection, f"/documents{query({'collection': collection})}"),
        *(Detail(said, shown(attributes[name])) for said, name in counts if name in attributes),
    ]


def _listed(name: str, value: str) -> str:
    return f"/traces{query({name: value})}"


def _chosen(rows: Sequence[Row], selected: str) -> Row | None:
    """The row that was asked for; else the innermost of the first failure, else the first."""
    by_id = {row.span.span_id: row for row in rows}
    if selected in by_id:
        return by_id[selected]
    failed = [row for row in rows if row.span.status == "error"]
    if failed:
        return max(failed, key=lambda row: row.depth)
    return rows[0] if rows else None


def _step(row: Row, summary: TraceSummary, chosen: Row | None, near: Around, page: int) -> StepRow:
    span = row.span
    said = step_words(span.name)
    if span.name == DOCUMENT:
        said = near.titled(str(span.attributes[Attribute.DOCUMENT]))
    paged = f"&page={page}" if page > 1 else ""
    kind = str(span.attributes.get(Attribute.SPAN_KIND, "")).lower()
    return StepRow(
        row=row,
        words=said,
        address=f"/traces/{summary.trace_id}?span={span.span_id}{paged}#step-{summary.root_id}",
        selected=chosen is not None and span.span_id == chosen.span.span_id,
        style="error" if span.status == "error" else "model" if kind in _MODELS else "took",
        duration=took(row.duration_ms),
        self_time=took(row.self_ms),
    )


_MODELS = ("llm", "embedding", "reranker")


def _error(workflow: Workflow) -> str:
    """Why it failed, in words; empty when it did not."""
    summary = workflow.summary
    if summary.status != "error":
        return ""
    said = [span_error(span) for span in reversed(workflow.spans)]
    return error_words(summary.error_type) or next((one for one in said if one), "It failed.")


def _happenings(events: Sequence[Happened], answer: Answer | None) -> tuple[Happening, ...]:
    complete = answer.created_at if answer is not None else None
    found = []
    for event in sorted(events, key=lambda one: one.at):
        later = event.person and complete is not None and event.at > complete
        after = apart(event.at - complete) if later and complete is not None else ""
        found.append(Happening(words.event_words(event.kind, event.properties), event.at, after))
    return tuple(found)


def _count(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else "–"
