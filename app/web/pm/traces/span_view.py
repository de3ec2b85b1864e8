"""One step of a trace in words: what it was told, what it gave, and what it said about itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app import errors
from app.errors import FootnoteError
from app.records.tracing.records import SpanRecord
from app.telemetry import CONTENT_PREFIX, Attribute
from app.web.pm.traces.trace_words import attribute_words, step_words, took
from app.web.pm.traces.waterfall import DOCUMENT, Row

_PROBLEMS = {
    "timed_out": "The model took longer than it may.",
    "refused": "The model refused to answer.",
    "empty": "The model gave an empty answer.",
    "broken_off": "The model broke off in the middle.",
}
"""`WritingFailed.problem`, as a chat span names it."""
_APART = frozenset(
    {
        *(Attribute.PASSAGES, Attribute.ANSWER_PASSAGES),
        *(Attribute.CONFIDENCE_SIGNALS, Attribute.DOCUMENT_IDS),
        *(Attribute.SPAN_KIND, Attribute.OPERATION, Attribute.WORKFLOW, Attribute.DOCUMENT),
        *(Attribute.ANSWER_ID, Attribute.CONVERSATION, Attribute.COST_KNOWN, Attribute.TOTAL_MS),
    }
)
"""Attributes that stand elsewhere on the page, or that only programs need."""
_INPUT = ("input", "prompt", "question", "query")
_LONGEST = 300
"""Characters of an attribute's value in the plain list; the raw attributes have all of it."""


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of captured content: who said it, or what it is called, and the words."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Fact:
    """An attribute in words; ``raw`` is its own name."""

    words: str
    value: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Noted:
    """Something that happened within a step, and how long after its beginning."""

    words: str
    after: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class SpanView:
    """Everything about one step. ``raw``: its attributes as JSON.

    ``document``: the id of the one it worked on, in an ingest.
    """

    span_id: str
    words: str
    document: str
    name: str
    kind: str
    duration: str
    self_time: str
    start: str
    error: str
    inputs: tuple[Text, ...]
    outputs: tuple[Text, ...]
    facts: tuple[Fact, ...]
    events: tuple[Noted, ...]
    raw: str
    talks: bool
    """Whether it is a call of a model, whose words are worth capturing."""


def span_view(row: Row, titled: Callable[[str], str]) -> SpanView:
    """The step behind a row of the waterfall; ``titled`` knows documents by their id."""
    span = row.span
    attributes = span.attributes
    inputs, outputs = _content(span.content)
    document = str(attributes.get(Attribute.DOCUMENT, ""))
    return SpanView(
        span_id=span.span_id,
        words=titled(document) if span.name == DOCUMENT else step_words(span.name),
        document=document,
        name=span.name,
        kind=str(attributes.get(Attribute.SPAN_KIND, "")),
        duration=took(row.duration_ms),
        self_time=took(row.self_ms),
        start=took(row.start_ms),
        error=span_error(span),
        inputs=inputs,
        outputs=outputs,
        facts=tuple(
            Fact(attribute_words(name), shown(value), name)
            for name, value in attributes.items()
            if name not in _APART and value not in ("", None)
        ),
        events=tuple(_noted(span, event) for event in span.events),
        raw=json.dumps(attributes, indent=2, ensure_ascii=False, default=str),
        talks=attributes.get(Attribute.SPAN_KIND) == "LLM",
    )


def span_error(span: SpanRecord) -> str:
    """Why a step failed, as a sentence where one is known; empty when it did not fail."""
    if span.status != "error":
        return ""
    said = str(span.attributes.get(Attribute.ERROR_TYPE, ""))
    for event in span.events:
        inside = event.get("attributes") or {}
        if event.get("name") == "exception":
            kind = str(inside.get("exception.type", "")).rpartition(".")[2]
            message = str(inside.get("exception.message", ""))
            return f"{error_words(kind)}{': ' + message if message else ''}"
    return error_words(said) if said else "This step failed."


def error_words(kind: str) -> str:
    """``NotReady`` as its title, ``timed_out`` as a sentence; another name as it is."""
    if kind in _PROBLEMS:
        return _PROBLEMS[kind]
    found = getattr(errors, kind, None)
    if isinstance(found, type) and issubclass(found, FootnoteError):
        return f"{found.title} ({kind})"
    return kind


def shown(value: Any) -> str:
    """An attribute's value on one line, cut when it is long."""
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, float):
        text = f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    elif isinstance(value, int):
        text = f"{value:,}"
    elif isinstance(value, list | tuple) and all(isinstance(one, str | int) for one in value):
        text = ", ".join(str(one) for one in value)
    elif isinstance(value, list | tuple | Mapping):
        text = json.dumps(value, ensure_ascii=False, default=str)
    else:
        text = str(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " …"


def _content(content: Mapping[str, str]) -> tuple[tuple[Text, ...], tuple[Text, ...]]:
    """What went in and what came out, by the names the content has."""
    inputs: list[Text] = []
    outputs: list[Text] = []
    told = {Attribute.INPUT: Attribute.INPUT_MESSAGES, Attribute.OUTPUT: Attribute.OUTPUT_MESSAGES}
    for name, value in content.items():
        if any(name == plain and fuller in content for plain, fuller in told.items()):
            continue  # the same again, in another convention
        where = inputs if any(one in name.lower() for one in _INPUT) else outputs
        where += _texts(name, value)
    return tuple(inputs), tuple(outputs)


def _texts(name: str, value: str) -> list[Text]:
    """Messages one by one; anything else whole."""
    try:
        found = json.loads(value)
    except ValueError:
        return [Text(_label(name), value)]
    if isinstance(found, list) and found and all(_is_message(one) for one in found):
        return [Text(_label(str(one["role"])), _said(one)) for one in found]
    if isinstance(found, str):
        return [Text(_label(name), found)]
    return [Text(_label(name), json.dumps(found, indent=2, ensure_ascii=False))]


def _is_message(one: Any) -> bool:
    return isinstance(one, dict) and "role" in one and ("parts" in one or "content" in one)


def _said(message: Mapping[str, Any]) -> str:
    """A message of the GenAI conventions (``parts``), or of OpenAI's shape (``content``)."""
    parts: Iterable[Any] = message.get("parts") or [{"content": message.get("content", "")}]
    return "\n".join(str(part.get("content", "")) for part in parts if isinstance(part, dict))


def _label(name: str) -> str:
    known = {
        "system": "Instructions",
        "user": "Message",
        "assistant": "Written",
        Attribute.INPUT: "Text",
        Attribute.OUTPUT: "Text",
    }
    if name.startswith(CONTENT_PREFIX):
        return f"Passage {int(name.split('.')[2]) + 1}"
    words = name.rpartition(".")[2].replace("_", " ")
    return known.get(name, words[:1].upper() + words[1:])


def _noted(span: SpanRecord, event: Mapping[str, Any]) -> Noted:
    after = (event["at_ns"] - span.started_ns) / 1e6
    inside = event.get("attributes") or {}
    facts = tuple(Fact(attribute_words(k), shown(v), k) for k, v in inside.items())
    name = str(event.get("name", ""))
    return Noted({"exception": "Error"}.get(name, name), took(max(0.0, after)), facts)
