"""The passages a question found: how each scored, and why it was or wasn't used."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

from app.domain import Answer, Document, Passage
from app.records.tracing.records import SpanRecord
from app.telemetry import Attribute
from app.web.places import passage_url, place

SHOWN = 10
"""Ranks that are shown at once; what was used is shown whatever its rank."""
_USES = {
    "returned": "Found, but nothing was read",
    "document_share": "Others of its document came before it",
    "beyond": "Enough others ranked better",
    "duplicate": "Near-identical to a better one",
    "quoted": "Quoted in the answer",
    "cited": "Cited in the answer",
    "closest": "Shown as one of the closest",
    "read": "Read; no sentence was chosen",
    "left_out": "Left out: its sentences give a model orders",
    "unread": "Only looked through for contradictions",
}
"""What became of a passage, as spans name it, in words."""
_USED = ("quoted", "cited")
_WITHHELD = "Not shown"
_EXCERPT = 160
"""Characters of a passage that are shown."""


@dataclass(frozen=True, slots=True)
class Score:
    """One score as text, and in percent of the best one among these passages."""

    text: str
    share: float


@dataclass(frozen=True, slots=True)
class PassageRow:
    """A passage of one search, best first. ``rank`` counts from 1 and is 0 for one not returned."""

    id: str
    rank: int
    title: str
    address: str
    where: tuple[str, ...]
    excerpt: str
    score: Score | None
    dense: Score | None
    lexical: Score | None
    rerank: Score | None
    use: str
    used: bool

    @property
    def first(self) -> bool:
        """Whether it is shown at once, not folded away with the others."""
        return self.used or 0 < self.rank <= SHOWN


def passage_rows(
    spans: Sequence[SpanRecord],
    known: Mapping[str, tuple[Passage, Document]],
    answer: Answer | None,
    withheld: Collection[str] = (),
) -> tuple[PassageRow, ...]:
    """The passages that a workflow found, best first, then those that were folded or left behind.

    ``withheld``: ids of documents that the reader may not see; their passages keep id and scores.

    They are those of its last search, which the answer came from: an earlier one is of the question
    as it was misspelled, or of one of its parts. What was used from an earlier one stands first.
    """
    found = retrieved(spans)
    fate = fates(spans, answer)
    ranked = {str(one.get("id")): one.get("rank", 0) for one in found}
    best = {
        name: max((abs(one[name]) for one in found if _is_number(one.get(name))), default=0.0)
        for name in ("score", "dense", "lexical", "rerank")
    }
    rows = []
    for one in found:
        passage_id = str(one.get("id", ""))
        use = fate.get(passage_id)
        words = _word(one, ranked) if use is None else use.words
        row = _row(one, best, words, use is not None and use.used, known.get(passage_id))
        if one.get("document") in withheld:
            row = replace(row, title=_WITHHELD, where=("from a collection that you may not see",))
        rows.append(row)
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class Fate:
    """What the answer did with a passage, in words."""

    words: str
    used: bool


def fates(spans: Sequence[SpanRecord], answer: Answer | None) -> dict[str, Fate]:
    """By passage id, for those that an answer looked at."""
    said: dict[str, Mapping[str, Any]] = {}
    written = False
    for span in spans:
        for one in _objects(span, Attribute.ANSWER_PASSAGES):
            written = written or one.get("use") == "cited"
            said[str(one.get("id", ""))] = one
    numbers: dict[str, list[int]] = {}
    for citation in answer.citations if answer is not None else ():
        numbers.setdefault(citation.passage_id, []).append(citation.number)
    closest = {hit.passage.id for hit in answer.closest} if answer is not None else set()
    return {
        passage_id: _fate(one, numbers.get(passage_id, ()), passage_id in closest, written)
        for passage_id, one in said.items()
    }


def _fate(one: Mapping[str, Any], numbers: Sequence[int], closest: bool, written: bool) -> Fate:
    use = str(one.get("use", ""))
    if numbers:
        return Fate("Cited as " + ", ".join(f"[{number}]" for number in numbers), True)
    if written and use == "quoted":
        return Fate("Given to the model, which did not cite it", False)
    if closest:
        return Fate(_USES["closest"], False)
    behind = one.get("behind")
    if use == "read" and _is_number(behind) and behind > 0:
        times = math.exp(min(float(behind), _FAR))
        return Fate(f"Read; {times:,.1f} times less likely to hold the answer", False)
    return Fate(_USES.get(use, use), use in _USED)


_FAR = math.log(1000.0)
"""Beyond a thousand times less likely, how many times tells nobody more."""


def _word(one: Mapping[str, Any], ranked: Mapping[str, Any]) -> str:
    """What the search itself did with a passage."""
    use = str(one.get("use", ""))
    of = ranked.get(str(one.get("of")))
    if use == "duplicate" and of:
        return f"Near-identical to rank {of}"
    return _USES.get(use, use)


def retrieved(spans: Sequence[SpanRecord]) -> list[Mapping[str, Any]]:
    """What the last search of these spans says of its passages, best first."""
    lists = [found for span in spans if (found := _objects(span, Attribute.PASSAGES))]
    if not lists:
        return []
    last = lists.pop()
    known = {one.get("id") for one in last}
    used = {
        one.get("id")
        for span in spans
        for one in _objects(span, Attribute.ANSWER_PASSAGES)
        if one.get("use") in _USED
    }
    wanted = used - known
    earlier = {one.get("id"): one for found in lists for one in found if one.get("id") in wanted}
    return [*earlier.values(), *last]


def passage_ids(spans: Sequence[SpanRecord]) -> list[str]:
    """Ids to look up, for titles and places."""
    return [str(one.get("id", "")) for one in retrieved(spans)]


def document_ids(spans: Sequence[SpanRecord]) -> list[str]:
    """Ids of their documents."""
    return [str(one.get("document", "")) for one in retrieved(spans)]


def _objects(span: SpanRecord, name: str) -> list[Mapping[str, Any]]:
    value = span.attributes.get(name)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _row(
    one: Mapping[str, Any],
    best: Mapping[str, float],
    use: str,
    used: bool,
    known: tuple[Passage, Document] | None,
) -> PassageRow:
    given = one.get("use") == "returned"
    passage_id = str(one.get("id", ""))
    row = PassageRow(
        id=passage_id,
        rank=int(one.get("rank", 0)) if given else 0,
        title=passage_id,
        address="",
        where=("changed or removed since",),
        excerpt="",
        score=_score(one, "score", best),
        dense=_score(one, "dense", best),
        lexical=_score(one, "lexical", best),
        rerank=_score(one, "rerank", best),
        use=use,
        used=used,
    )
    if known is None:
        return row
    passage, document = known
    text = " ".join(passage.text.split())
    heading = " › ".join(passage.heading)
    return replace(
        row,
        title=document.title,
        address=passage_url(document.id, passage.start, passage.end),
        where=(heading, place(document.page_kind, passage.page), document.collection),
        excerpt=text if len(text) <= _EXCERPT else text[:_EXCERPT].rpartition(" ")[0] + " …",
    )


def _score(one: Mapping[str, Any], name: str, best: Mapping[str, float]) -> Score | None:
    value = one.get(name)
    if not _is_number(value):
        return None
    share = 100 * max(0.0, value) / best[name] if best[name] else 0.0
    return Score(f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}", round(share, 1))


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
