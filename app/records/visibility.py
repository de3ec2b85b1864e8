"""What the reader may see of documents, as conditions on rows: the lowest place where it is asked.

`app.access.reach()` says which collections the running code may see. Every read of documents adds
`in_reach`, so that what is out of reach is not there: not found, not counted, not named. An answer
is in sight when everything it shows comes from collections in reach.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from app.access import Reach, reach
from app.records.tables import answers, documents

WITHHELD = "Not shown: this comes from a collection that you may not see."
"""Stands where a page about questions would show words of a document out of reach."""
WITHHELD_NAME = "another collection"
"""Stands for the name of a collection out of reach."""
_IN_LIMIT = 500


def in_reach(column: Any = documents.c.collection) -> tuple[ColumnElement[bool], ...]:
    """Conditions under which a row may be seen; none where everything may.

    ``column``: holds the name of the row's collection.
    """
    allowed = reach().collections
    return () if allowed is None else (column.in_(sorted(allowed)),)


def shown_name(collection: str) -> str:
    """A collection's name, or what stands for it where it is out of reach; empty stays empty."""
    return collection if not collection or reach().sees(collection) else WITHHELD_NAME


# --- answers --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a stored answer shows.

    ``unknown``: ids of documents of which only the documents themselves know the collection.
    ``anywhere``: words in it may come from any collection, and nobody knows from which.
    """

    collections: frozenset[str]
    unknown: frozenset[str]
    anywhere: bool


def drawn(payload: Mapping[str, Any]) -> Drawn:
    """From an answer as it is stored: what it cites, the closest passages, what is newer.

    A model reads passages that it does not cite. Where a written sentence is not carried by what it
    cites, its words may come from any of them.
    """
    home = {one["document_id"]: one["collection"] for one in _all(payload, "citations")}
    for hit in _all(payload, "closest"):
        home[hit["document"]["id"]] = hit["document"]["collection"]
    named = {
        document_id
        for one in _all(payload, "stale")
        for document_id in (one["document_id"], one.get("newer_document_id"))
        if document_id
    }
    loose = payload.get("mode") == "written" and any(
        one.get("verdict", "supported") != "supported" or not one.get("citations")
        for one in _all(payload, "sentences")
    )
    searched = frozenset(payload.get("searched") or ())
    collections = frozenset(home.values()) | (searched if loose else frozenset())
    return Drawn(collections, frozenset(named - set(home)), loose and not searched)


def in_sight(connection: Connection, payloads: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Which of these stored answers the reader may see; all of them without a limit.

    A citation knows its collection, so that an answer stays hidden when its document is gone. What
    can no longer be told counts as out of reach.
    """
    seen = reach()
    if not seen.limited:
        return [True] * len(payloads)
    found = [drawn(payload) for payload in payloads]
    known = _visible_of(connection, {one for each in found for one in each.unknown})
    return [
        not each.anywhere and all(map(seen.sees, each.collections)) and each.unknown <= known
        for each in found
    ]


def trimmed(connection: Connection, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """An answer without what was suggested beside it, where more was searched than is in reach.

    Questions to ask next are made from passages that the answer need not cite, rephrasings also
    from the vocabulary of all that was searched; and a word that is *not* said to be missing tells
    that it stands somewhere. How much was searched is told as far as it may be seen.
    """
    seen = reach()
    searched = payload.get("searched") or ()
    if not seen.limited or (searched and all(map(seen.sees, searched))):
        return payload
    within = in_reach()
    query = select(func.count(), func.coalesce(func.sum(documents.c.passages), 0))
    counted = connection.execute(query.where(documents.c.status == "ready", *within)).one()
    filters = dict(payload.get("filters") or {})
    filters["collections"] = list(seen.within(filters.get("collections") or ()))
    without: dict[str, Any] = {"followups": [], "rephrasings": [], "missing_terms": []}
    return {
        **payload,
        **without,
        "filters": filters,
        "searched": list(seen.within(searched)),
        "documents_searched": min(int(payload.get("documents_searched", 0)), int(counted[0])),
        "passages_searched": min(int(payload.get("passages_searched", 0)), int(counted[1])),
    }


def sighted(connection: Connection, answer_ids: Iterable[str]) -> set[str]:
    """Those of these answers that exist and may be seen."""
    ids = list(dict.fromkeys(answer_ids))
    found: set[str] = set()
    for chunk in _chunks(ids):
        if not reach().limited:
            found |= set(connection.scalars(select(answers.c.id).where(answers.c.id.in_(chunk))))
            continue
        query = select(answers.c.id, answers.c.payload).where(answers.c.id.in_(chunk))
        rows = connection.execute(query).all()
        seen = in_sight(connection, [row.payload for row in rows])
        found |= {row.id for row, may in zip(rows, seen, strict=True) if may}
    return found


def homes(connection: Connection, document_ids: Collection[str]) -> dict[str, str]:
    """Document id → its collection, whatever the reach: for telling what must be withheld."""
    found: dict[str, str] = {}
    for chunk in _chunks(list(document_ids)):
        query = select(documents.c.id, documents.c.collection).where(documents.c.id.in_(chunk))
        found |= {row.id: row.collection for row in connection.execute(query)}
    return found


def _visible_of(connection: Connection, document_ids: Collection[str]) -> set[str]:
    seen: Reach = reach()
    return {key for key, home in homes(connection, document_ids).items() if seen.sees(home)}


def _all(payload: Mapping[str, Any], name: str) -> Iterable[Mapping[str, Any]]:
    found: Iterable[Mapping[str, Any]] = payload.get(name) or ()
    return found


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(ids), _IN_LIMIT):
        yield ids[first : first + _IN_LIMIT]
