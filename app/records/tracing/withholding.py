"""A trace as its reader may see it: steps, times, ids and scores stay; documents' words do not.

Questions are whoever manages the product's to read. What stands in documents is not, where their
collection is out of reach: passages, prompts made of them, what was answered from them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from app.access import reach
from app.records.tracing.records import SpanRecord, Workflow
from app.records.visibility import WITHHELD, homes, shown_name, sighted
from app.telemetry import Attribute, SpanName

_MESSAGES = (Attribute.INPUT_MESSAGES, Attribute.OUTPUT_MESSAGES)
_RETRIEVAL = SpanName.RETRIEVAL.partition("{")[0]


def within_reach(connection: Connection, workflows: Sequence[Workflow]) -> tuple[Workflow, ...]:
    """These workflows without what the reader may not see; as they are where nothing is limited."""
    if not reach().limited:
        return tuple(workflows)
    documents = {one for flow in workflows for one in _document_ids(flow.spans)}
    known = homes(connection, documents)
    in_sight = {one for one, home in known.items() if reach().sees(home)}
    answers = sighted(connection, (flow.summary.answer_id for flow in workflows))
    return tuple(_workflow(flow, in_sight, answers) for flow in workflows)


def _workflow(flow: Workflow, in_sight: set[str], answers: set[str]) -> Workflow:
    """Content only where every passage it was made from may be seen, and so may the answer."""
    whole = in_sight.issuperset(_document_ids(flow.spans))
    if flow.summary.kind == "ask":
        whole = whole and flow.summary.answer_id in answers
    elif flow.summary.kind == "ingest":
        whole = all(map(reach().sees, _collections(flow.spans)))
    # The prompt that completes a follow-up holds what was answered before it.
    earlier = {span.span_id for span in flow.spans if span.name == SpanName.REWRITE}
    spans = tuple(_span(span, whole=whole and span.parent_id not in earlier) for span in flow.spans)
    return replace(flow, spans=spans)


def _span(span: SpanRecord, *, whole: bool) -> SpanRecord:
    attributes = dict(span.attributes)
    name = span.name
    if Attribute.COLLECTION in attributes:
        attributes[Attribute.COLLECTION] = shown_name(str(attributes[Attribute.COLLECTION]))
    if name.startswith(_RETRIEVAL):
        source = str(attributes.get(Attribute.DATA_SOURCE, "all"))
        if source != "all":
            # Cut to fit: a name that is not whole is none that may be seen.
            shown = dict.fromkeys(map(shown_name, source.split(",")))
            attributes[Attribute.DATA_SOURCE] = ",".join(shown)
            name = SpanName.RETRIEVAL.format(data_source=attributes[Attribute.DATA_SOURCE])
    if whole:
        return replace(span, name=name, attributes=attributes)
    return replace(
        span,
        name=name,
        attributes=attributes,
        events=tuple(_event(event) for event in span.events),
        content={
            key: value if key == Attribute.INPUT and not _of_a_model(span) else WITHHELD
            for key, value in span.content.items()
        },
    )


def _event(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """An error may name the file that it is about."""
    inside = event.get("attributes") or {}
    kept = {
        key: WITHHELD if key in ("exception.message", "exception.stacktrace") else value
        for key, value in inside.items()
    }
    return {**event, "attributes": kept}


def _of_a_model(span: SpanRecord) -> bool:
    """Whether its input is a prompt, and not what somebody asked."""
    return any(name in span.content for name in _MESSAGES)


def _collections(spans: Iterable[SpanRecord]) -> Iterator[str]:
    for span in spans:
        if Attribute.COLLECTION in span.attributes:
            yield str(span.attributes[Attribute.COLLECTION])


def _document_ids(spans: Iterable[SpanRecord]) -> Iterator[str]:
    """Of every passage that a search considered."""
    for span in spans:
        value = span.attributes.get(Attribute.PASSAGES)
        if not isinstance(value, str):
            continue
        try:
            found = json.loads(value)
        except ValueError:
            continue
        for one in found if isinstance(found, list) else ():
            if isinstance(one, dict):
                yield str(one.get("document", ""))
