"""All questions as numpy columns, in the order in which they were asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]
Real = NDArray[np.float64]

CODED = (
    "session",
    "thread",
    "kind",
    "channel",
    "status",
    "state",
    "mode",
    "model",
    "level",
    "collection",
    "release",
    "experiment",
    "arm",
)
"""Columns of words: a code per row, and a vocabulary. Code 0 is the empty word."""
TIMES = (
    "asked_at",
    "completed_at",
    "retried_at",
    "accepted_at",
    "rejected_at",
    "corrected_at",
    "reported_at",
    "copied_at",
    "shared_at",
    "opened_at",
    "interacted_at",
)
"""Microseconds since 1970 in UTC; `NEVER` where it did not happen."""
REALS = ("first_content_ms", "total_ms", "probability", "cost_usd")
"""NaN where it is not known."""
WHOLES = ("content_words", "citations", "input_tokens", "output_tokens", "cached_tokens")
FLAGS = ("followup", "regenerate", "private", "rephrase")
NEVER = np.iinfo(np.int64).max // 4
"""Later than any time, and far enough from overflow that hours may be added."""
_SOURCES = {"session": "session_id", "thread": "thread_id", "rephrase": "rephrase_of"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Vocabulary:
    """Words ↔ codes. Grows only, so that older columns stay valid."""

    def __init__(self) -> None:
        self.words: list[str] = [""]
        self._codes: dict[str, int] = {"": 0}

    def code(self, word: str) -> int:
        """The code of ``word``; -1 when no row ever had it."""
        return self._codes.get(word, -1)

    def codes(self, words: Iterable[str | None]) -> NDArray[np.int32]:
        """A code for each word; new words get new codes."""
        known, kept = self._codes, self.words
        found = []
        for word in words:
            text = word or ""
            code = known.get(text)
            if code is None:
                code = known[text] = len(kept)
                kept.append(text)
            found.append(code)
        return np.array(found, dtype=np.int32)


@dataclass(frozen=True)
class Side:
    """What is counted by its own time: reports, ratings, tickets; sorted by ``at``."""

    at: Whole = field(default_factory=lambda: np.empty(0, np.int64))
    answer_id: Sequence[str] = ()
    value: Real = field(default_factory=lambda: np.empty(0))
    release: Sequence[str] = ()
    experiment: Sequence[str] = ()
    arm: Sequence[str] = ()


@dataclass(frozen=True)
class Columns:
    """Rows sorted by ``asked_at``, then ``answer_id``. Never changed: an update makes new ones."""

    answer_id: NDArray[np.object_]
    data: Mapping[str, NDArray[Any]]
    vocabularies: Mapping[str, Vocabulary]
    reports: Side = Side()
    ratings: Side = Side()
    tickets: Side = Side()

    def __len__(self) -> int:
        return len(self.answer_id)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """A column by its name: one of `CODED`, `TIMES`, `REALS`, `WHOLES`, `FLAGS`, ``helpful``.

        ``helpful`` is 1 (yes), 0 (no) or -1 (not said).
        """
        return self.data[name]

    def has(self, name: str, *words: str) -> Mask:
        """Rows whose word in a coded column is one of ``words``."""
        vocabulary, column = self.vocabularies[name], self.data[name]
        found: Mask = np.zeros(len(self), bool)
        for word in words:
            found |= column == vocabulary.code(word)
        return found

    def words(self, name: str) -> list[str]:
        """The words that a coded column has, most frequent first; without the empty one."""
        vocabulary = self.vocabularies[name].words
        counts = np.bincount(self.data[name], minlength=len(vocabulary))
        order = np.argsort(-counts, kind="stable")
        return [vocabulary[code] for code in order if counts[code] and vocabulary[code]]

    def happened(self, name: str) -> Mask:
        """Rows where this time is set."""
        return np.asarray(self.data[name] < NEVER)

    @cached_property
    def place(self) -> dict[str, int]:
        """answer_id → row."""
        return {answer_id: row for row, answer_id in enumerate(self.answer_id)}

    @cached_property
    def threads(self) -> Threads:
        """Which questions belong together."""
        return Threads.of(self)


@dataclass(frozen=True)
class Threads:
    """One entry per thread of asks or of searches (they never mix), private ones left out.

    ``first``, ``last``, ``last_complete``, ``last_rephrase``: rows of its first and last question,
    of the last one that has an answer, and of the last rephrase; -1 without. ``search``: whether
    it is one of searches. ``entry``, ``next``: for every row of the table its thread, and the next
    question in it; -1 without.
    """

    first: Whole
    last: Whole
    last_complete: Whole
    last_rephrase: Whole
    search: Mask
    entry: Whole
    next: Whole

    def some(self, which: Mask) -> Threads:
        """Those threads; ``entry`` and ``next`` stay those of all."""
        return replace(
            self,
            first=self.first[which],
            last=self.last[which],
            last_complete=self.last_complete[which],
            last_rephrase=self.last_rephrase[which],
            search=self.search[which],
        )

    @classmethod
    def of(cls, columns: Columns) -> Threads:
        """The threads of ``columns``, whose rows are in order of time."""
        rows = np.flatnonzero(~columns["private"])
        code = columns["thread"].astype(np.int64) * 2 + columns.has("kind", "search")
        own = code[rows]
        following = np.full(len(columns), -1, np.int64)
        by_thread = rows[np.argsort(own, kind="stable")]
        same = code[by_thread[1:]] == code[by_thread[:-1]]
        following[by_thread[:-1][same]] = by_thread[1:][same]
        size = int(own.max()) + 1 if len(own) else 0

        def last_of(some: Whole) -> Whole:
            found = np.full(size, -1, np.int64)
            found[code[some]] = some  # rows are in order: what is written last stays
            return found

        first = last_of(rows[::-1])
        used = np.flatnonzero(first >= 0)
        order = used[np.argsort(first[used], kind="stable")]
        number = np.full(size, -1, np.int64)
        number[order] = np.arange(len(order))
        entry = np.full(len(columns), -1, np.int64)
        entry[rows] = number[own]
        return cls(
            first=first[order],
            last=last_of(rows)[order],
            last_complete=last_of(rows[columns.has("status", "complete")[rows]])[order],
            last_rephrase=last_of(rows[columns["rephrase"][rows]])[order],
            search=(order % 2).astype(bool),
            entry=entry,
            next=following,
        )


def empty() -> Columns:
    """No question yet."""
    return Columns(
        np.empty(0, object),
        {name: np.empty(0, _kind(name)) for name in _names()},
        {name: Vocabulary() for name in CODED},
    )


@dataclass(frozen=True)
class Part:
    """Some rows, converted: what `merged` puts into columns."""

    answer_id: NDArray[np.object_]
    data: Mapping[str, NDArray[Any]]


def part(columns: Columns, values: Mapping[str, Sequence[Any]]) -> Part:
    """Rows as a driver gave them, by column of `app.records.product.fact_reads`."""
    return Part(
        _objects(values["answer_id"]),
        {name: _column(name, values, columns.vocabularies) for name in _names()},
    )


def merged(columns: Columns, parts: Sequence[Part]) -> Columns:
    """``columns`` with these rows in place of those with the same answer_id, or added."""
    if not parts:
        return columns
    ids = np.concatenate([one.answer_id for one in parts])
    fresh = {name: np.concatenate([one.data[name] for one in parts]) for name in _names()}
    if not len(columns):
        return _sorted(columns, ids, fresh)
    place = columns.place
    at = np.array([place.get(one, -1) for one in ids], np.int64)
    known, new = at >= 0, at < 0
    data = {}
    for name, column in columns.data.items():
        changed = column.copy()
        changed[at[known]] = fresh[name][known]
        data[name] = np.concatenate([changed, fresh[name][new]]) if new.any() else changed
    every = np.concatenate([columns.answer_id, ids[new]]) if new.any() else columns.answer_id
    return _sorted(columns, every, data)


def kept(columns: Columns, answer_ids: set[str]) -> Columns:
    """Only the rows whose id is in ``answer_ids``."""
    stay = np.fromiter((one in answer_ids for one in columns.answer_id), bool, len(columns))
    data = {name: column[stay] for name, column in columns.data.items()}
    return Columns(columns.answer_id[stay], data, columns.vocabularies)


def renamed(columns: Columns, name: str, shown: Callable[[str], str]) -> Columns:
    """The same rows with other words in one coded column; words shown alike become one."""
    vocabulary = Vocabulary()
    codes = vocabulary.codes(map(shown, columns.vocabularies[name].words))
    return replace(
        columns,
        data={**columns.data, name: codes[columns.data[name]]},
        vocabularies={**columns.vocabularies, name: vocabulary},
    )


def micros(moment: datetime) -> int:
    """Whole microseconds since 1970; exact, where a float of seconds is not."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(micros_since: int) -> datetime:
    """The time, aware and in UTC."""
    return _EPOCH + timedelta(microseconds=int(micros_since))


def times(values: Sequence[Any]) -> Whole:
    """Microseconds of what a driver gave: text in UTC, whole microseconds, datetimes, or None."""
    found = np.full(len(values), NEVER, np.int64)
    there = [place for place, value in enumerate(values) if value is not None]
    if not there:
        return found
    given = [values[place] for place in there]
    if isinstance(given[0], str):
        found[there] = np.array(given, "datetime64[us]").astype(np.int64)
    elif isinstance(given[0], datetime):
        found[there] = [micros(value) for value in given]
    else:
        found[there] = given
    return found


# --- making columns -------------------------------------------------------------------------------


def _names() -> tuple[str, ...]:
    return (*CODED, *TIMES, *REALS, *WHOLES, *FLAGS, "helpful")


def _kind(name: str) -> type[np.generic]:
    if name in TIMES:
        return np.int64
    if name in REALS:
        return np.float64
    if name in FLAGS:
        return np.bool_
    return np.int8 if name == "helpful" else np.int32


def _column(
    name: str, batch: Mapping[str, Sequence[Any]], vocabularies: Mapping[str, Vocabulary]
) -> NDArray[Any]:
    values = batch[_SOURCES.get(name, name)]
    if name in CODED:
        return vocabularies[name].codes(values)
    if name in TIMES:
        return times(values)
    if name == "helpful":
        return np.array([-1 if value is None else int(value) for value in values], np.int8)
    if name == "rephrase":
        return np.array([bool(value) for value in values], np.bool_)
    return np.array(values, _kind(name))  # None becomes NaN among floats


def _objects(values: Sequence[str]) -> NDArray[np.object_]:
    made = np.empty(len(values), object)
    made[:] = values
    return made


def _sorted(before: Columns, ids: NDArray[np.object_], data: dict[str, NDArray[Any]]) -> Columns:
    asked = data["asked_at"]
    steps = np.diff(asked)
    if len(steps) and steps.min() <= 0:
        order = np.argsort(asked, kind="stable")
        ties = np.flatnonzero(np.diff(asked[order]) == 0)
        if len(ties):
            order = np.array(sorted(order, key=lambda row: (asked[row], ids[row])), np.int64)
        ids = ids[order]
        data = {name: column[order] for name, column in data.items()}
    return Columns(ids, data, before.vocabularies)
