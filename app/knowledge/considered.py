"""What a search considered, as its span says it: every passage, its scores, and what became of it.

``use`` is one of: ``returned``; ``duplicate`` (near-identical to the passage ``of``);
``crowded`` (its document has filled its share, so others came before it); ``below`` (as many as
were wanted ranked better).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opentelemetry.trace import Span

from app.domain import Hit, Retrieval
from app.knowledge.diversity import PER_DOCUMENT
from app.telemetry import Attribute, captures_content


@dataclass(frozen=True, slots=True)
class Considered:
    """Hits before and after near-identical ones were folded, and in their last order."""

    ranked: Sequence[Hit]
    folded: Sequence[Hit]
    ordered: Sequence[Hit]


def describe(span: Span, found: Retrieval, considered: Considered) -> None:
    """Say on a retrieval's span what was considered; texts only where content is captured."""
    hits = found.hits
    span.set_attributes(
        {
            Attribute.HITS: len(hits),
            Attribute.CANDIDATES: len(considered.ranked),
            Attribute.TOP_DENSE: max((hit.dense for hit in hits), default=0.0),
            Attribute.TOP_LEXICAL: max((hit.lexical for hit in hits), default=0.0),
            Attribute.MISSING_TERMS: len(found.missing_terms),
            Attribute.PASSAGES: json.dumps(
                passages(considered, len(hits)), separators=(",", ":"), ensure_ascii=False
            ),
        }
    )
    if captures_content():
        span.set_attribute(Attribute.INPUT, found.question)
        span.set_attributes(
            {
                Attribute.DOCUMENT_CONTENT.format(index=index): hit.passage.text
                for index, hit in enumerate(hits)
            }
        )


def passages(considered: Considered, returned: int) -> list[dict[str, Any]]:
    """Best first, those folded into others last."""
    seen: Counter[str] = Counter()
    crowded = set()
    for hit in considered.folded:
        seen[hit.document.id] += 1
        if seen[hit.document.id] > PER_DOCUMENT:
            crowded.add(hit.passage.id)
    rows = []
    for rank, hit in enumerate(considered.ordered, 1):
        if rank <= returned:
            use = "returned"
        else:
            use = "crowded" if hit.passage.id in crowded else "below"
        rows.append(_row(hit) | {"rank": rank, "use": use})
    twins = {twin: hit.passage.id for hit in considered.folded for twin in hit.duplicates}
    rows += [
        _row(hit) | {"use": "duplicate", "of": twins[hit.passage.id]}
        for hit in considered.ranked
        if hit.passage.id in twins
    ]
    return rows


def _row(hit: Hit) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": hit.passage.id,
        "document": hit.document.id,
        "score": round(float(hit.score), 4),
        "dense": round(float(hit.dense), 4),
        "lexical": round(float(hit.lexical), 3),
    }
    if hit.rerank is not None:
        row["rerank"] = round(float(hit.rerank), 4)
    return row
