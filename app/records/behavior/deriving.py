"""What questions and events together say: threads, rephrasings, acceptance. Pure functions.

The definitions are those of the metrics; `app.records.behavior.rederiving` keeps the results in the
rows of `questions`. Nothing depends on the order in which questions and events became known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from app.records.behavior import events as kinds
from app.records.behavior.events import Event
from app.records.behavior.sameness import SIMILAR, asks_otherwise

SOON = timedelta(seconds=120)
"""A rephrasing this long after a question is a retry; this long after a source was opened, the
source did not answer (product.md, "Signals and metrics")."""
VISIT_GAP = timedelta(minutes=30)
"""Longer without a question, and a new visit begins; the usual session timeout of web analytics."""
LOOK_BACK = 200
"""Questions of a visit that one is compared with. No person asks as many in a visit; a program
that does must not make every question slower than the one before."""

_OPENED = (kinds.CitationOpened, kinds.ResultOpened)
_WORD = re.compile(r"\w+")

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Turn:
    """A question or a search, as far as the conclusions need it.

    ``vector``: of unit length; None when it is not known. ``thread_id``: where it is known already
    and not to be derived again, because what came before is not among the given turns.
    """

    answer_id: str
    kind: str
    session_id: str
    conversation_id: str
    text: str
    followup: bool
    regenerate: bool
    private: bool
    asked_at: datetime
    vector: Vector | None = None
    thread_id: str = ""

    @property
    def key(self) -> tuple[datetime, str]:
        """Its place in time."""
        return self.asked_at, self.answer_id

    @property
    def plain(self) -> str:
        """The text without case, punctuation and white space."""
        return " ".join(_WORD.findall(self.text.casefold()))


@dataclass(frozen=True, slots=True)
class Derived:
    """The conclusions about one question; the names are those of the columns."""

    thread_id: str
    rephrase_of: str | None = None
    retried_at: datetime | None = None
    helpful: bool | None = None
    accepted_at: datetime | None = None
    rejected_at: datetime | None = None
    corrected_at: datetime | None = None
    reported_at: datetime | None = None
    copied_at: datetime | None = None
    shared_at: datetime | None = None
    opened_at: datetime | None = None
    interacted_at: datetime | None = None


def derive(turns: Iterable[Turn], events: Mapping[str, Sequence[Event]]) -> dict[str, Derived]:
    """Every turn's conclusions; ``events``: by the answer they are about."""
    found: dict[str, Derived] = {}
    ordered = sorted(turns, key=lambda turn: (turn.session_id, turn.kind, turn.key))
    for _, group in groupby(ordered, key=attrgetter("session_id", "kind")):
        found |= _of_session(list(group), events)
    return found


def _of_session(turns: Sequence[Turn], events: Mapping[str, Sequence[Event]]) -> dict[str, Derived]:
    """One session's turns of one kind, in their order."""
    earlier = rephrased(turns)
    later: list[list[datetime]] = [[] for _ in turns]
    for at, places in enumerate(earlier):
        for place in places:
            later[place].append(turns[at].asked_at)
    threads: dict[str, str] = {}
    conversations: dict[str, str] = {}
    found = {}
    for at, turn in enumerate(turns):
        latest = turns[earlier[at][-1]].answer_id if earlier[at] else None
        thread = turn.thread_id or _thread(turn, latest, threads, conversations)
        threads[turn.answer_id] = thread
        if turn.conversation_id and not turn.private:
            conversations[turn.conversation_id] = thread
        found[turn.answer_id] = _concluded(
            turn, thread, latest, later[at], events.get(turn.answer_id, ())
        )
    return found


def _thread(
    turn: Turn, latest: str | None, threads: Mapping[str, str], conversations: Mapping[str, str]
) -> str:
    if turn.private:
        return turn.answer_id
    if latest is not None:
        return threads[latest]
    return conversations.get(turn.conversation_id, turn.answer_id)


def rephrased(turns: Sequence[Turn]) -> list[list[int]]:
    """For every turn the places of those that it rephrases; turns of one session, in order."""
    plain = [turn.plain for turn in turns]
    near = _near(turns)
    found: list[list[int]] = []
    begins = 0
    for at, turn in enumerate(turns):
        if at and turn.asked_at - turns[at - 1].asked_at > VISIT_GAP:
            begins = at
        if not turn.session_id or turn.private:
            found.append([])
            continue
        first = max(begins, at - LOOK_BACK)
        similar = near(at, first)
        found.append(
            [
                place
                for place in range(first, at)
                if not turns[place].private
                and _rephrases(
                    turn,
                    turns[place],
                    equal=plain[at] == plain[place],
                    similar=place in similar,
                )
            ]
        )
    return found


def _rephrases(turn: Turn, earlier: Turn, *, equal: bool, similar: bool) -> bool:
    if turn.regenerate and (equal or _together(turn, earlier)):
        return True
    if turn.followup:
        return False
    return equal or (similar and not asks_otherwise(turn.text, earlier.text))


def _together(turn: Turn, earlier: Turn) -> bool:
    return bool(turn.conversation_id) and turn.conversation_id == earlier.conversation_id


def _near(turns: Sequence[Turn]) -> Callable[[int, int], frozenset[int]]:
    """``(at, first)`` → the places from ``first`` on before ``at`` whose vector is near that one's.

    Vectors of another size than the last one are another model's, and compare with nothing.
    """
    sizes = [turn.vector.size for turn in turns if turn.vector is not None]
    if not sizes:
        return lambda _at, _first: frozenset()
    vectors = np.zeros((len(turns), sizes[-1]), dtype=np.float32)
    for at, turn in enumerate(turns):
        if turn.vector is not None and turn.vector.size == sizes[-1]:
            vectors[at] = turn.vector

    def near(at: int, first: int) -> frozenset[int]:
        cosines = vectors[first:at] @ vectors[at]
        return frozenset((np.flatnonzero(cosines >= SIMILAR) + first).tolist())

    return near


def _concluded(
    turn: Turn,
    thread: str,
    latest: str | None,
    rephrasings: Sequence[datetime],
    events: Sequence[Event],
) -> Derived:
    """``rephrasings``: when questions were asked that rephrase this one, in order."""
    counting = sorted(
        (event for event in events if event.person and counts(event, turn)),
        key=lambda event: (event.at, event.id),
    )
    marks = [event for event in counting if isinstance(event, kinds.Marked)]
    helpful = marks[-1].helpful if marks else None
    mark_at = next((mark.at for mark in marks if mark.helpful == helpful), None)
    corrected_at = _first(counting, kinds.Corrected)
    reported_at = _first(counting, kinds.Reported)
    copied_at = _first(counting, kinds.Copied)
    shared_at = _first(counting, kinds.Shared)
    refusals = [event.at for event in counting if _refuses(event)]
    read = (
        event.at
        for event in counting
        if isinstance(event, _OPENED)
        and not any(event.at < at <= event.at + SOON for at in rephrasings)
        and not any(event.at <= at <= event.at + SOON for at in refusals)
    )
    return Derived(
        thread_id=thread,
        rephrase_of=latest,
        retried_at=next((at for at in rephrasings if at - turn.asked_at <= SOON), None),
        helpful=helpful,
        accepted_at=_earliest(mark_at if helpful else None, copied_at, shared_at, next(read, None)),
        rejected_at=_earliest(mark_at if helpful is False else None, corrected_at, reported_at),
        corrected_at=corrected_at,
        reported_at=reported_at,
        copied_at=copied_at,
        shared_at=shared_at,
        opened_at=_first(counting, *_OPENED),
        interacted_at=counting[0].at if counting else None,
    )


def counts(event: Event, turn: Turn) -> bool:
    """What is said counts whoever says it; what is done, only by whoever asked."""
    if event.said:
        return True
    return not turn.private and bool(turn.session_id) and event.session_id == turn.session_id


def _refuses(event: Event) -> bool:
    if isinstance(event, kinds.Marked):
        return not event.helpful
    return isinstance(event, kinds.Corrected | kinds.Reported)


def _first(events: Sequence[Event], *of: type[Event]) -> datetime | None:
    return next((event.at for event in events if isinstance(event, of)), None)


def _earliest(*times: datetime | None) -> datetime | None:
    return min((time for time in times if time is not None), default=None)
