"""Nearest passages in Chroma, embedded or on a server. Derived from SQL; rebuilt by `reindex`."""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext, suppress
from datetime import UTC, date, datetime, time
from typing import Any

from app.access import reach
from app.domain import Filters
from app.errors import IndexUnavailable
from app.knowledge.ports import IndexEntry, Scored, Vector

log = logging.getLogger(__name__)

_PREFIX = "footnote-"
_ADD_BATCH = 2000
"""Vectors per call: Chroma refuses more than about 5,461 at once."""
_READ_BATCH = 10_000
_NO_DATE = -(2**40)
"""Stands for an unknown date of change; every real one is larger, also those before 1970."""
_DAY_SECONDS = 86_400


class ChromaIndex:
    """Vectors by cosine, in one Chroma collection for each of ours.

    A filter on metadata costs 48 ms at 100,000 vectors; a choice of collections costs nothing.

    ``connect`` opens a client; it is called again by `refresh`, because embedded Chroma does not
    see the vectors that another process added.
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        *,
        shared: bool,
        wipe: Callable[[], None] | None = None,
        closed: Callable[[], None] = lambda: None,
    ) -> None:
        """``shared``: other processes see each other's writes by themselves (a Chroma server).

        ``wipe`` deletes the files, damaged ones too; ``closed`` is called when they were let go of
        in good order.
        """
        self._closed = closed
        self._connect = connect
        self._shared = shared
        self._wipe = wipe
        self._guard = threading.RLock()
        self._client: Any = None
        self._known: dict[str, Any] = {}

    def add(self, entries: Sequence[IndexEntry]) -> None:
        """Add or replace by passage id. Durable when it returns."""
        by_collection: dict[str, list[IndexEntry]] = defaultdict(list)
        for entry in entries:
            by_collection[entry.collection].append(entry)
        with self._guard:
            for name, own in by_collection.items():
                target = self._open(name, create=True)
                for first in range(0, len(own), _ADD_BATCH):
                    batch = own[first : first + _ADD_BATCH]
                    self._call(
                        target.upsert,
                        ids=[entry.passage_id for entry in batch],
                        embeddings=[entry.vector for entry in batch],
                        metadatas=[_metadata(entry) for entry in batch],
                    )

    def delete(self, collection: str, passage_ids: Iterable[str]) -> None:
        """Forget these; unknown ids are ignored."""
        ids = list(passage_ids)
        with self._guard:
            target = self._open(collection, create=False)
            if target is None:
                return
            for first in range(0, len(ids), _ADD_BATCH):
                self._call(target.delete, ids=ids[first : first + _ADD_BATCH])

    def search(
        self, vector: Vector, k: int, filters: Filters, collections: Sequence[str]
    ) -> list[Scored]:
        """The ``k`` nearest within ``collections`` that pass ``filters``, best first, by cosine."""
        where = _where(filters)
        found: list[Scored] = []
        for name in reach().within(collections):
            arguments: dict[str, Any] = {"where": where} if where else {}
            # Embedded Chroma must not be closed by `refresh` in the middle of a query (3 ms), nor
            # between opening a collection and asking it.
            with nullcontext() if self._shared else self._guard:
                target = self._open(name, create=False)
                if target is None:
                    continue
                result = self._call(
                    target.query,
                    query_embeddings=[vector],
                    n_results=k,
                    include=["distances"],
                    **arguments,
                )
            # Chroma's cosine distance is 1 − cosine.
            found += [
                (passage_id, 1.0 - float(distance))
                for passage_id, distance in zip(
                    result["ids"][0], result["distances"][0], strict=True
                )
            ]
        found.sort(key=lambda scored: (-scored[1], scored[0]))
        return found[:k]

    def ids(self) -> Mapping[str, set[str]]:
        """Every passage id held, by collection."""
        with self._guard:
            held: dict[str, set[str]] = {}
            for target in self._call(self._opened().list_collections):
                if not target.name.startswith(_PREFIX):
                    continue
                own: set[str] = set()
                while True:
                    batch = self._call(target.get, limit=_READ_BATCH, offset=len(own), include=[])[
                        "ids"
                    ]
                    own.update(batch)
                    if len(batch) < _READ_BATCH:
                        break
                held[(target.metadata or {}).get("collection", target.name)] = own
            return held

    def count(self) -> int:
        """How many passages are held."""
        with self._guard:
            return sum(
                int(self._call(target.count))
                for target in self._call(self._opened().list_collections)
                if target.name.startswith(_PREFIX)
            )

    def clear(self) -> None:
        """Forget everything: this is also the cure for damaged files."""
        with self._guard:
            try:
                client = self._opened()
                for target in self._call(client.list_collections):
                    if target.name.startswith(_PREFIX):
                        self._call(client.delete_collection, target.name)
            except IndexUnavailable:
                if self._wipe is None:
                    raise
                self.close()
                self._wipe()
            self._known = {}

    def refresh(self) -> None:
        """See what other processes wrote: embedded Chroma must be closed and opened for that."""
        if self._shared:
            with self._guard:
                self._known = {}
            return
        with self._guard:
            old = self._client
            self._client, self._known = None, {}
            _close(old)
            self._opened()

    def exchange(self, move: Callable[[], None]) -> None:
        """Let go of the files, ``move`` others in their place; searches wait for it."""
        with self._guard:
            self.close()
            move()

    def close(self) -> None:
        """Let go of files and connections."""
        with self._guard:
            old, self._client, self._known = self._client, None, {}
            _close(old)
            if old is not None:
                self._closed()

    def _opened(self) -> Any:
        with self._guard:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _open(self, collection: str, *, create: bool) -> Any:
        with self._guard:
            if collection in self._known:
                return self._known[collection]
            client = self._opened()
            name = _chroma_name(collection)
            target: Any = None
            if create:
                target = self._call(
                    client.get_or_create_collection,
                    name,
                    metadata={"collection": collection},
                    embedding_function=None,
                    configuration={"hnsw": {"space": "cosine"}},
                )
            else:
                from chromadb.errors import NotFoundError  # noqa: PLC0415

                with suppress(NotFoundError):
                    target = self._call(
                        client.get_collection, name, embedding_function=None, let=NotFoundError
                    )
            if target is not None:
                self._known[collection] = target
            return target

    def _call(
        self,
        function: Callable[..., Any],
        *args: Any,
        let: type[Exception] | tuple[()] = (),
        **kwargs: Any,
    ) -> Any:
        """What ``function`` gives; its errors as ours, but for ``let``, which passes."""
        try:
            return function(*args, **kwargs)
        except let:
            raise
        except Exception as error:  # Chroma raises its own tree, httpx's, and bare ones
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise IndexUnavailable(
                f"Chroma can't do what was asked: {reason.rstrip('.')}.",
                "Check that it runs and that its disk has room; `footnote doctor --repair` "
                "looks at what it holds and builds it again where it is damaged.",
            ) from error


def _chroma_name(collection: str) -> str:
    """Chroma wants 3 to 512 characters of [a-zA-Z0-9._-]; ours may be anything."""
    plain = re.sub(r"[^a-z0-9]+", "-", collection.lower()).strip("-")[:40]
    digest = hashlib.blake2b(collection.encode(), digest_size=5).hexdigest()
    return f"{_PREFIX}{plain}-{digest}" if plain else f"{_PREFIX}{digest}"


def _metadata(entry: IndexEntry) -> dict[str, str | int]:
    return {
        "document_id": entry.document_id,
        "kind": entry.kind,
        "modified": _seconds(entry.modified_at) if entry.modified_at else _NO_DATE,
    }


def _where(filters: Filters) -> dict[str, Any] | None:
    clauses: list[dict[str, Any]] = []
    if filters.kinds:
        clauses.append({"kind": {"$in": list(filters.kinds)}})
    if filters.document_ids:
        clauses.append({"document_id": {"$in": list(filters.document_ids)}})
    if filters.changed_after:
        clauses.append({"modified": {"$gte": _day(filters.changed_after)}})
    if filters.changed_before:
        clauses.append({"modified": {"$lt": _day(filters.changed_before) + _DAY_SECONDS}})
        clauses.append({"modified": {"$gt": _NO_DATE}})
    if not clauses:
        return None
    return clauses[0] if len(clauses) == 1 else {"$and": clauses}


def _day(day: date) -> int:
    return _seconds(datetime.combine(day, time.min, UTC))


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _close(client: Any) -> None:
    if client is None:
        return
    try:
        client.close()
    except Exception:
        log.debug("closing Chroma failed", exc_info=True)
