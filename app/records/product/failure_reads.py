"""What is known of questions that got no good answer: their vectors, and what came closest."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select, tuple_

from app.access import reach
from app.records.behavior import revisions
from app.records.behavior.tables import events, question_vectors, questions
from app.records.product.question_filters import failure
from app.records.product.question_reads import chunks
from app.records.tables import answers, documents
from app.records.visibility import WITHHELD

_BATCH = 5_000
"""Rows held at once while vectors are read: about 4 MB."""
_ACTS = ("rephrasing_chosen", "sources_narrowed")


@dataclass(frozen=True, slots=True)
class Failure:
    """A question without a good answer. ``vector``: float16 bytes, unit length; or empty."""

    answer_id: str
    text: str
    asked_at: datetime
    state: str
    level: str
    rejected: bool
    thread_id: str
    vector: bytes


@dataclass(frozen=True, slots=True)
class Near:
    """A document that came close to answering."""

    document_id: str
    title: str
    owner: str
    collection: str

    def within_reach(self) -> Near:
        """Itself, or what stands for it where its collection may not be seen."""
        return self if reach().sees(self.collection) else HIDDEN

    @property
    def hidden(self) -> bool:
        """Whether it stands for a document that may not be seen."""
        return not self.document_id


HIDDEN = Near("", WITHHELD, "", "")


@dataclass(frozen=True, slots=True)
class Reworded:
    """A later question of the same thread that did get an answer."""

    failed_id: str
    failed: str
    answer_id: str
    text: str

    @property
    def other_words(self) -> bool:
        """Whether it was asked in other words; the same ones may be answered another day."""
        return self.failed.casefold().split() != self.text.casefold().split()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a failed answer says of why it failed."""

    answer_id: str
    missing_terms: tuple[str, ...]
    near: tuple[Near, ...]


@dataclass(frozen=True, slots=True)
class ThreadPart:
    """A question as prompt quality looks at it. ``acts``: what its asker used to get on."""

    answer_id: str
    thread_id: str
    text: str
    asked_at: datetime
    state: str
    level: str
    status: str
    content_words: int
    rephrase_of: str | None
    acts: frozenset[str]


class FailureReads:
    """The read side of failures; safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def revision(self) -> tuple[int, int]:
        """Changes whenever a question changes or is deleted."""
        with self._engine.connect() as connection:
            return revisions.current(connection)

    def failures(self, start: datetime, end: datetime, most: int) -> list[Failure]:
        """Failures asked in ``[start, end)``, newest first, ``most`` at most."""
        q = questions.c
        query = (
            select(
                q.answer_id,
                q.text,
                q.asked_at,
                q.state,
                q.level,
                q.rejected_at,
                q.thread_id,
                question_vectors.c.vector,
            )
            .outerjoin(question_vectors)
            .where(failure(), q.asked_at >= start, q.asked_at < end)
            .order_by(q.asked_at.desc(), q.answer_id.desc())
            .limit(most)
        )
        with self._engine.connect() as connection:
            rows = connection.execution_options(yield_per=_BATCH).execute(query)
            return [_failure(row) for row in rows]

    def reworded(self, start: datetime, end: datetime, most: int) -> list[Reworded]:
        """Failures of a period whose thread later got an answer above level low; newest first."""
        better = questions.alias("better")
        query = (
            select(
                questions.c.answer_id,
                questions.c.text.label("failed"),
                better.c.answer_id.label("better_id"),
                better.c.text,
            )
            .join(better, better.c.thread_id == questions.c.thread_id)
            .where(
                failure(),
                questions.c.asked_at >= start,
                questions.c.asked_at < end,
                better.c.asked_at > questions.c.asked_at,
                better.c.status == "complete",
                better.c.state != "not_found",
                better.c.level != "low",
                better.c.rejected_at.is_(None),
                better.c.rephrase_of.is_not(None),
            )
            .order_by(questions.c.asked_at.desc(), better.c.asked_at)
            .limit(most)
        )
        with self._engine.connect() as connection:
            return [
                Reworded(row.answer_id, row.failed, row.better_id, row.text)
                for row in connection.execute(query)
            ]

    def evidence(self, answer_ids: Sequence[str]) -> dict[str, Evidence]:
        """What failed answers say, by id; answers that are gone are absent.

        Documents that may not be seen are all `HIDDEN`.
        """
        found: dict[str, Evidence] = {}
        with self._engine.connect() as connection:
            owners: dict[str, str] = {}
            for chunk in chunks(answer_ids):
                query = select(answers.c.id, answers.c.payload).where(answers.c.id.in_(chunk))
                for row in connection.execute(query):
                    found[row.id] = _evidence(row.id, row.payload)
            named = {near.document_id for one in found.values() for near in one.near}
            for chunk in chunks(named):
                known = select(documents.c.id, documents.c.owner).where(documents.c.id.in_(chunk))
                owners |= {row.id: row.owner or "" for row in connection.execute(known)}
        return {key: _within_reach(_with_owners(one, owners)) for key, one in found.items()}

    # --- every question ---------------------------------------------------------------------------

    def new_vectors(
        self, since: int, known: Container[str]
    ) -> Iterator[list[tuple[str, int, bytes]]]:
        """``(answer_id, revision, vector)`` of questions changed after ``since``, in batches.

        Those in ``known`` come without reading their vector again: a question keeps its vector.
        """
        own = questions.c
        further = own.revision > since
        while True:
            query = (
                select(own.answer_id, own.revision)
                .where(further, own.kind == "ask")
                .order_by(own.revision, own.answer_id)
                .limit(_BATCH)
            )
            with self._engine.connect() as connection:
                rows = list(connection.execute(query))
                vectors: dict[str, bytes] = {}
                for chunk in chunks(row.answer_id for row in rows if row.answer_id not in known):
                    new = select(question_vectors).where(question_vectors.c.answer_id.in_(chunk))
                    vectors |= {row.answer_id: row.vector for row in connection.execute(new)}
            if not rows:
                return
            yield [(row.answer_id, row.revision, vectors.get(row.answer_id, b"")) for row in rows]
            # Rows of one transaction share a revision, and a batch may end among them.
            last = (rows[-1].revision, rows[-1].answer_id)
            further = tuple_(own.revision, own.answer_id) > last

    def asked(self, start: datetime, end: datetime) -> list[str]:
        """Ids of questions asked in ``[start, end)``, newest first."""
        query = (
            select(questions.c.answer_id)
            .where(
                questions.c.kind == "ask",
                questions.c.asked_at >= start,
                questions.c.asked_at < end,
            )
            .order_by(questions.c.asked_at.desc(), questions.c.answer_id.desc())
        )
        with self._engine.connect() as connection:
            return list(connection.scalars(query))

    def with_vectors(self, answer_ids: Sequence[str]) -> list[Failure]:
        """These questions with their vectors, in this order; the same shape as failures."""
        found: dict[str, Failure] = {}
        q = questions.c
        with self._engine.connect() as connection:
            for chunk in chunks(answer_ids):
                query = (
                    select(questions, question_vectors.c.vector)
                    .join(question_vectors)
                    .where(q.answer_id.in_(chunk))
                )
                for row in connection.execute(query):
                    found[row.answer_id] = _failure(row)
        return [found[one] for one in answer_ids if one in found]

    def thread_parts(self, answer_ids: Sequence[str]) -> list[ThreadPart]:
        """These questions as prompt quality looks at them, thread by thread in order."""
        rows: list[Any] = []
        acts: dict[str, set[str]] = {}
        with self._engine.connect() as connection:
            for chunk in chunks(answer_ids):
                own = select(questions).where(questions.c.answer_id.in_(chunk))
                rows += connection.execute(own)
                said = select(events.c.answer_id, events.c.kind).where(
                    events.c.answer_id.in_(chunk), events.c.kind.in_(_ACTS)
                )
                for row in connection.execute(said):
                    acts.setdefault(row.answer_id, set()).add(row.kind)
        rows.sort(key=lambda row: (row.thread_id, row.asked_at, row.answer_id))
        return [_part(row, acts.get(row.answer_id, ())) for row in rows]


def _part(row: Any, acts: Iterable[str]) -> ThreadPart:
    return ThreadPart(
        row.answer_id,
        row.thread_id,
        row.text,
        row.asked_at,
        row.state or "",
        row.level or "",
        row.status,
        row.content_words,
        row.rephrase_of,
        frozenset(acts),
    )


def _evidence(answer_id: str, payload: dict[str, Any]) -> Evidence:
    """From an answer as it is stored: the closest passages, or what it cites."""
    near = [
        Near(d["id"], d["title"], d.get("owner") or "", d["collection"])
        for d in (hit["document"] for hit in payload.get("closest") or ())
    ] or [
        Near(c["document_id"], c["title"], "", c["collection"])
        for c in payload.get("citations") or ()
    ]
    return Evidence(
        answer_id, tuple(payload.get("missing_terms") or ()), tuple(dict.fromkeys(near))
    )


def _with_owners(found: Evidence, owners: dict[str, str]) -> Evidence:
    """Owners as the documents name them today; those of removed documents as they were."""
    near = tuple(
        Near(one.document_id, one.title, owners.get(one.document_id, one.owner), one.collection)
        for one in found.near
    )
    return Evidence(found.answer_id, found.missing_terms, near)


def _within_reach(found: Evidence) -> Evidence:
    near = tuple(dict.fromkeys(one.within_reach() for one in found.near))
    return Evidence(found.answer_id, found.missing_terms, near)


def _failure(row: Any) -> Failure:
    return Failure(
        row.answer_id,
        row.text,
        row.asked_at,
        row.state or "",
        row.level or "",
        row.rejected_at is not None,
        row.thread_id,
        row.vector or b"",
    )
