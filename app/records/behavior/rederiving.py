"""Keeps what `deriving` concludes in the rows of `questions`, looking only as far as needed.

A new question may rephrase earlier ones of its visit, and later ones may rephrase it; an event
touches the one answer it is about. So what is loaded is a visit (a few questions), whatever the
session asked before. All functions here belong inside a transaction that began with `bump`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cache
from typing import Any, Literal

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    or_,
    select,
    update,
)

from app.records.behavior.deriving import LOOK_BACK, VISIT_GAP, Derived, Turn, derive
from app.records.behavior.event_reads import events_of
from app.records.behavior.tables import question_vectors, questions

_DERIVED = tuple(one.name for one in fields(Derived))
_BACKWARD = ("thread_id", "rephrase_of")
"""What follows from earlier questions; everything else follows from events and later ones."""
_FORWARD = tuple(name for name in _DERIVED if name not in _BACKWARD)
_FEW = 16
"""Rows of a visit that are looked for at first; most have fewer."""

_Key = tuple[datetime, str]
_Joined = Literal["session", "conversation", "nothing"]
"""What a question shares with those that may matter to it."""


@dataclass(frozen=True, slots=True)
class Seed:
    """Where in a session something changed: a question's place in time, and its conversation."""

    session_id: str
    kind: str
    conversation_id: str
    asked_at: datetime
    answer_id: str

    @property
    def key(self) -> _Key:
        """The place in time."""
        return self.asked_at, self.answer_id


@dataclass(frozen=True, slots=True)
class _Known:
    """A row as it stands."""

    turn: Turn
    derived: Derived


def seeds(connection: Connection, where: ColumnElement[bool]) -> list[Seed]:
    """The places of questions; private ones have no place in a session."""
    c = questions.c
    query = select(c.session_id, c.kind, c.conversation_id, c.asked_at, c.answer_id).where(
        where, c.private.is_(False)
    )
    return [Seed(*row) for row in connection.execute(query)]


def after_asking(connection: Connection, answer_id: str, revision: int) -> None:
    """A question is new, or has become known better: its text, its vector, that it is complete."""
    found = seeds(connection, questions.c.answer_id == answer_id)
    after_changes(connection, found, revision)
    if not found:  # a private question stands alone
        after_events(connection, [answer_id], revision)


def after_changes(connection: Connection, changed: Iterable[Seed], revision: int) -> None:
    """Questions came, changed or went at these places."""
    waiting = sorted(changed, key=lambda seed: seed.key)
    seen: set[_Key] = set()
    while waiting:
        seed = waiting.pop(0)
        if seed.key in seen:
            continue
        seen.add(seed.key)
        waiting = sorted([*waiting, *_spread(connection, seed, revision)], key=lambda s: s.key)


def after_events(connection: Connection, answer_ids: Iterable[str], revision: int) -> None:
    """Something was done with, or said about, these answers."""
    about = list(dict.fromkeys(answer_ids))
    if not about:
        return
    for row in _known(connection, _about(), {"answer_ids": about}):
        turn = row.turn
        seed = Seed(turn.session_id, turn.kind, turn.conversation_id, turn.asked_at, turn.answer_id)
        later: list[_Known] = []
        if turn.session_id:
            later, _ = _reach(connection, seed, forward=True)
        window = [replace(turn, thread_id=row.derived.thread_id), *(one.turn for one in later)]
        events = events_of(connection, [turn.answer_id])
        derived = derive(window, events)[turn.answer_id]
        _keep(connection, row, derived, _FORWARD, revision)


def _spread(connection: Connection, seed: Seed, revision: int) -> list[Seed]:
    """Derive around ``seed`` anew; the places further on where that may change something."""
    before, _ = _reach(connection, seed, forward=False)
    after, last_of_all = _reach(connection, seed, forward=True)
    rows = [*before, *after]
    open_rows = [row for row in rows if row.turn.key >= seed.key]
    settled = [
        replace(row.turn, thread_id=row.derived.thread_id)
        for row in before
        if row.turn.key < seed.key
    ]
    first = rows[0].turn.key if rows else seed.key
    wanted = {row.turn.conversation_id for row in open_rows} - {
        turn.conversation_id for turn in settled
    }
    for conversation in sorted(wanted - {""}):
        settled += _conversation(connection, seed, conversation, first)
    about = [row.turn.answer_id for row in rows if row.turn.key <= seed.key]
    events = events_of(connection, about)
    derived = derive([*settled, *(row.turn for row in open_rows)], events)
    moved: list[_Known] = []
    for row in rows:
        names: tuple[str, ...] = _BACKWARD if row.turn.key >= seed.key else ()
        names += _FORWARD if row.turn.key <= seed.key else ()
        new = derived[row.turn.answer_id]
        _keep(connection, row, new, names, revision)
        if "thread_id" in names and new.thread_id != row.derived.thread_id:
            moved.append(row)
    if last_of_all:  # as nearly always: nobody has asked anything since
        return []
    last = rows[-1].turn.key if rows else seed.key
    return _further(connection, seed, moved, last)


def _further(connection: Connection, seed: Seed, moved: Sequence[_Known], last: _Key) -> list[Seed]:
    """Later questions, beyond those just derived, of the conversations and threads that changed."""
    conversations = {seed.conversation_id, *(row.turn.conversation_id for row in moved)} - {""}
    threads = {row.derived.thread_id for row in moved} | {seed.answer_id}
    c = questions.c
    later = and_(
        c.session_id == seed.session_id,
        c.kind == seed.kind,
        _after(last),
        or_(c.conversation_id.in_(conversations), c.thread_id.in_(threads)),
    )
    found: dict[tuple[str, str], Seed] = {}
    for one in sorted(seeds(connection, later), key=lambda seed: seed.key):
        found.setdefault(("conversation", one.conversation_id), one)
    return list(found.values())


def _conversation(connection: Connection, seed: Seed, conversation: str, key: _Key) -> list[Turn]:
    """The nearest question of a conversation before ``key``, its thread known."""
    at, answer_id = key
    place = {"conversation_id": conversation, "at": at, "answer_id": answer_id}
    return [
        replace(row.turn, thread_id=row.derived.thread_id, vector=None)
        for row in _known(connection, _nearest(), _same(seed) | place)
    ]


def _reach(connection: Connection, seed: Seed, *, forward: bool) -> tuple[list[_Known], bool]:
    """The visit's questions up to and with ``seed``, or those after it; oldest first.

    And whether there is none at all, neither in the visit nor in another one.
    """
    joined: _Joined = "session"
    if not seed.session_id:
        # Nobody's questions have no visits: a conversation is all that joins them.
        joined = "conversation" if seed.conversation_id else "nothing"
    query = _reaching(joined, forward=forward)
    place = _same(seed) | {"at": seed.asked_at, "answer_id": seed.answer_id}
    if joined != "session":
        place["conversation_id"] = seed.conversation_id
    found: list[_Known] = []
    rows: list[_Known] = []
    for limit in (_FEW, LOOK_BACK + 1):
        rows = _known(connection, query, place | {"most": limit})
        found = _visit(rows, seed.asked_at) if seed.session_id else rows
        if len(found) < limit:
            break
    return (found if forward else found[::-1]), not rows


def _visit(rows: Sequence[_Known], asked_at: datetime) -> list[_Known]:
    """The first of ``rows``, as long as no gap lies between one and the next."""
    found = []
    for row in rows:
        if abs(row.turn.asked_at - asked_at) > VISIT_GAP:
            break
        asked_at = row.turn.asked_at
        found.append(row)
    return found


def _after(key: _Key) -> ColumnElement[bool]:
    c, (at, answer_id) = questions.c, key
    return and_(c.asked_at >= at, or_(c.asked_at > at, c.answer_id > answer_id))


def _same(seed: Seed) -> dict[str, Any]:
    """What `_of_seed` asks for."""
    return {"session_id": seed.session_id, "kind": seed.kind}


# Statements are made once: making one costs more than SQLite takes to answer it, and every question
# asks them.


@cache
def _rows() -> Select[Any]:
    c = questions.c
    names = [one.name for one in fields(Turn) if one.name not in ("vector", "thread_id")]
    return select(*(c[name] for name in (*names, *_DERIVED)), question_vectors.c.vector).join_from(
        questions, question_vectors, isouter=True
    )


@cache
def _about() -> Select[Any]:
    """Rows of some answers."""
    return _rows().where(questions.c.answer_id.in_(bindparam("answer_ids", expanding=True)))


@cache
def _of_seed() -> Select[Any]:
    """Rows of one session and kind; private ones have no place in a session."""
    c = questions.c
    return _rows().where(
        c.session_id == bindparam("session_id"), c.kind == bindparam("kind"), c.private.is_(False)
    )


@cache
def _nearest() -> Select[Any]:
    """Of one conversation, the last row before a place."""
    c = questions.c
    before = or_(c.asked_at < bindparam("at"), c.answer_id < bindparam("answer_id"))
    return (
        _of_seed()
        .where(
            c.conversation_id == bindparam("conversation_id"),
            c.asked_at <= bindparam("at"),
            before,
        )
        .order_by(c.asked_at.desc(), c.answer_id.desc())
        .limit(1)
    )


@cache
def _reaching(joined: _Joined, *, forward: bool) -> Select[Any]:
    """The ``most`` rows nearest to a place: up to and with it, nearest first, or after it."""
    c = questions.c
    at = bindparam("at", type_=c.asked_at.type)
    answer_id = bindparam("answer_id", type_=c.answer_id.type)
    query = _of_seed().limit(bindparam("most", type_=Integer))
    if joined != "session":
        query = query.where(c.conversation_id == bindparam("conversation_id"))
    if joined == "nothing":
        query = query.where(c.answer_id == answer_id)
    if forward:
        query = query.where(c.asked_at >= at, or_(c.asked_at > at, c.answer_id > answer_id))
        return query.order_by(c.asked_at, c.answer_id)
    query = query.where(c.asked_at <= at, or_(c.asked_at < at, c.answer_id <= answer_id))
    return query.order_by(c.asked_at.desc(), c.answer_id.desc())


def _known(connection: Connection, query: Select[Any], values: Mapping[str, Any]) -> list[_Known]:
    return [_from_row(row) for row in connection.execute(query, values)]


def _from_row(row: Row[Any]) -> _Known:
    vector = None
    if row.vector:
        vector = np.frombuffer(row.vector, dtype=np.float16).astype(np.float32)
    turn = Turn(
        answer_id=row.answer_id,
        kind=row.kind,
        session_id=row.session_id,
        conversation_id=row.conversation_id,
        text=row.text,
        followup=row.followup,
        regenerate=row.regenerate,
        private=row.private,
        asked_at=row.asked_at,
        vector=vector,
    )
    return _Known(turn, Derived(**{name: getattr(row, name) for name in _DERIVED}))


def _keep(
    connection: Connection, row: _Known, new: Derived, names: Iterable[str], revision: int
) -> None:
    """Write what is new; a row that says so already is left alone."""
    changed = {
        name: getattr(new, name)
        for name in names
        if getattr(new, name) != getattr(row.derived, name)
    }
    if changed:
        connection.execute(
            update(questions)
            .where(questions.c.answer_id == row.turn.answer_id)
            .values(**changed, revision=revision)
        )
