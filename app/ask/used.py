"""Why each passage that was found was used, or was not, as spans say it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from opentelemetry.trace import Span as TraceSpan

from app.ask.quotes import Quote
from app.ask.sentences import Candidate
from app.ask.writing.written import WrittenDraft
from app.ask.writing.written_answer import Checked
from app.domain import Hit, Verdict
from app.telemetry import Attribute


def describe_reading(
    span: TraceSpan, hits: Sequence[Hit], candidates: Sequence[Candidate], quotes: Sequence[Quote]
) -> None:
    """Why each passage that was found was used, or was not."""
    if span.is_recording():
        rows = read_passages(hits, candidates, quotes)
        span.set_attribute(Attribute.ANSWER_PASSAGES, json.dumps(rows, separators=(",", ":")))


def read_passages(
    hits: Sequence[Hit], candidates: Sequence[Candidate], quotes: Sequence[Quote]
) -> list[dict[str, Any]]:
    """One row per passage, best first: ``id``, ``use`` and, where it was read, ``behind``.

    ``use``: ``quoted``; ``read`` (its sentences were read, none was chosen); ``left_out`` (it would
    have been read, but every sentence gives a model orders); ``unread`` (beyond the passages that
    are read: only looked through for contradictions). ``behind``: how far its best sentence's score
    lies below the best of all; the difference is the log of how many times less likely it is to
    hold the answer.
    """
    quoted = {quote.hit.passage.id for quote in quotes}
    best: dict[str, float] = {}
    last = -1
    for candidate in candidates:
        best.setdefault(candidate.hit.passage.id, candidate.score)
        last = max(last, candidate.rank)
    top = max(best.values(), default=0.0)
    rows: list[dict[str, Any]] = []
    for rank, hit in enumerate(hits):
        identity = hit.passage.id
        row: dict[str, Any] = {"id": identity}
        if identity in quoted:
            row["use"] = "quoted"
        elif identity in best:
            row["use"] = "read"
        else:
            row["use"] = "left_out" if rank < last else "unread"
        if identity in best:
            row["behind"] = round(float(top - best[identity]), 2)
        rows.append(row)
    return rows


def describe_written(span: TraceSpan, written: WrittenDraft, checked: Checked) -> None:
    """Which passages the model cites, and how its sentences fared."""
    cited = dict.fromkeys(citation.passage_id for citation in checked.citations)
    rows = [{"id": one, "use": "cited"} for one in cited]
    unsupported = [one for one in checked.sentences if one.verdict is Verdict.UNSUPPORTED]
    span.set_attributes(
        {
            Attribute.ANSWER_PASSAGES: json.dumps(rows, separators=(",", ":")),
            Attribute.SENTENCES: len(written.sentences),
            Attribute.DROPPED: len(written.sentences) - len(checked.sentences),
            Attribute.UNSUPPORTED: len(unsupported),
        }
    )
