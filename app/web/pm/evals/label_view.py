"""The queue of answers to label, and tables of agreement, as their pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlencode

from app.insights.evals.agreement import Agreement, Estimate, kappa_words
from app.insights.evals.labeling import (
    AUTOMATIC,
    CORRECT,
    Compared,
    Order,
    Said,
    asked_of,
    automatic_score,
    disagreements,
    ordered,
)
from app.insights.evals.row import Row
from app.insights.evals.rubric import Criterion
from app.insights.evals.run_file import RunFile
from app.insights.tables import Table
from app.records.product.labels import Label
from app.web.pm.evals.run_words import case_url, run_url
from app.web.units import NOTHING

TAKES = (40, 100, 0)
"""How many answers a queue can have; 0: all of them."""
MOST_SHOWN = 50
"""Disagreements that a page lists, of each pair of raters."""
_KEYS = "1234567890asdfghlqwertyuip"
"""Keys of points, criterion after criterion: those that `static/review.js` leaves free."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A number of points that can be given; ``key`` is empty when there are no more keys."""

    points: int
    words: str
    key: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A criterion as a group of choices."""

    criterion: Criterion
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Queue:
    """What one person labels, and where in it they are. ``row`` is None where nothing is to be."""

    run: str
    by: str
    order: Order
    seed: int
    take: int
    rows: tuple[Row, ...]
    done: frozenset[str]
    row: Row | None

    @property
    def place(self) -> int:
        """Of the row, from 1; 0 without one."""
        return self.rows.index(self.row) + 1 if self.row else 0

    @property
    def earlier(self) -> str:
        """The address of the answer before; empty at the first."""
        return self.at(self.rows[self.place - 2].id) if self.place > 1 else ""

    @property
    def later(self) -> str:
        """The address of the answer after; empty at the last."""
        return self.at(self.rows[self.place].id) if 0 < self.place < len(self.rows) else ""

    def at(self, case_id: str = "") -> str:
        """The queue's address, at one answer; without: at the first that is not labeled."""
        asked = {"by": self.by, "order": self.order, "seed": self.seed, "take": self.take}
        if case_id:
            asked["at"] = case_id
        return f"{run_url(self.run)}/label?{urlencode(asked)}"

    def open_after(self, case_id: str) -> str:
        """The next answer that is not labeled, from one on and round again; empty: none is."""
        ids = [row.id for row in self.rows]
        start = ids.index(case_id) + 1 if case_id in ids else 0
        return next((one for one in ids[start:] + ids[:start] if one not in self.done), "")


def queue_of(
    run: RunFile, said: Said, by: str, *, order: Order, seed: int, take: int, at: str
) -> Queue:
    """The queue, at the case ``at``, else at the first that this person said nothing about."""
    rows = tuple(ordered(run.rows, order, seed)[: take or None])
    done = frozenset(case for case, _ in said.get(by, {}))
    queue = Queue(run.name, by, order, seed, take, rows, done, None)
    wanted = at or queue.open_after("")
    row = next((one for one in rows if one.id == wanted), None)
    return Queue(run.name, by, order, seed, take, rows, done, row)


def questions_of(row: Row, known: Sequence[Criterion], said: Said, by: str) -> list[Asked]:
    """What is asked about an answer, with what this person said of it already."""
    keys, found = iter(_KEYS), []
    for criterion in asked_of(row, known):
        label = said.get(by, {}).get((row.id, criterion.id))
        value = None if label is None else label.value
        choices = tuple(
            Choice(points, words, next(keys, ""), points == value)
            for points, words in sorted(criterion.scale.items(), reverse=True)
        )
        found.append(Asked(criterion, choices))
    return found


def note_of(row: Row, said: Said, by: str) -> str:
    """The note that this person left at an answer."""
    own = said.get(by, {}).items()
    return next((label.note for (case, _), label in own if case == row.id and label.note), "")


# --- agreement ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two raters on one criterion, in words. ``differing``: case, address, what each said."""

    raters: str
    first: str
    second: str
    found: Agreement
    raw: str
    kappa: str
    weighted: str
    ac1: str
    said: str
    differing: tuple[tuple[Row, str, str, str], ...]
    more: int


@dataclass(frozen=True, slots=True)
class OfCriterion:
    """A criterion with every pair of raters; ``judged``: the run has an automatic score of it."""

    criterion: Criterion
    judged: bool
    pairings: tuple[Pairing, ...]


def by_criterion(
    run: RunFile, said: Said, known: Sequence[Criterion], compared: Sequence[Compared]
) -> list[OfCriterion]:
    """Agreement, a criterion at a time, in the order of the rubric."""
    found = []
    for criterion in known:
        score = automatic_score(criterion)
        judged = any(score in row.scores for row in run.rows)
        own = [one for one in compared if one.criterion.id == criterion.id]
        if judged or own:
            pairings = tuple(_pairing(run, said, one) for one in own)
            found.append(OfCriterion(criterion, judged, pairings))
    return found


def agreement_table(compared: Sequence[Compared]) -> Table:
    """Every figure of agreement."""
    columns = ["criterion", "first", "second", "cases", "groups"]
    for name in ("same", "kappa", "weighted_kappa", "ac1"):
        columns += [name, f"{name}_low", f"{name}_high"]
    rows = []
    for one in compared:
        found, row = one.found, [one.criterion.id, one.first, one.second, one.found.n]
        row.append(found.groups)
        for estimate in (found.raw, found.kappa, found.weighted, found.ac1):
            row += [estimate.value, estimate.low, estimate.high]
        rows.append(row)
    return Table(columns, rows)


def labels_table(run: RunFile, said: Said, known: Sequence[Criterion]) -> Table:
    """Every label of the run's answers, beside the automatic score of the same."""
    rows = {row.id: row for row in run.rows}
    score = {one.id: automatic_score(one) for one in known}
    columns = ("case_id", "criterion", "labeler", "value", "automatic", "note", "at", "answer")
    return Table(
        columns,
        [
            _labeled(label, rows[case], score.get(criterion, ""))
            for own in said.values()
            for (case, criterion), label in own.items()
        ],
    )


def _labeled(label: Label, row: Row, score: str) -> tuple[object, ...]:
    return (
        label.case_id,
        label.criterion,
        label.labeler,
        label.value,
        row.scores.get(score),
        label.note,
        label.at.isoformat(),
        label.answer,
    )


def _pairing(run: RunFile, said: Said, one: Compared) -> Pairing:
    found, scale = one.found, one.criterion.scale
    second = _rater(one)
    differing = disagreements(run.rows, said, one)
    shown = tuple(
        (row, case_url(run.name, row.id), scale[first], scale[other])
        for row, first, other in islice(differing, MOST_SHOWN)
    )
    return Pairing(
        f"{one.first} and {second}",
        one.first,
        second,
        found,
        percent(found.raw),
        plain(found.kappa),
        plain(found.weighted),
        plain(found.ac1),
        _said(found),
        shown,
        sum(1 for _ in differing),
    )


def _rater(one: Compared) -> str:
    if one.second != AUTOMATIC:
        return one.second
    return "the eval's own score" if one.criterion.id == CORRECT.id else "the judge model"


def _said(found: Agreement) -> str:
    """The figures in a sentence or two."""
    if found.kappa.value is None:
        text = "Both always said the same one thing, so that κ is undefined."
    elif found.kappa.value <= 0:
        text = "No agreement beyond chance."
    else:
        text = f"{kappa_words(found.kappa.value).capitalize()} agreement beyond chance."
    if found.skewed:
        text += (
            " Nearly everything got the same points, and then κ misleads: go by the share of "
            "same answers and by AC1, and label cases that fail, too."
        )
    if found.few:
        text += f" {found.n} cases are few: the interval says how much it can still be off."
    return text


def percent(estimate: Estimate) -> str:
    """A share with its interval: ``92 % (81 to 98)``."""
    if estimate.value is None:
        return NOTHING
    text = f"{100 * estimate.value:.0f} %"
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} ({100 * estimate.low:.0f} to {100 * estimate.high:.0f})"


def plain(estimate: Estimate) -> str:
    """A coefficient with its interval: ``0.71 (0.50 to 0.88)``."""
    if estimate.value is None:
        return NOTHING
    if estimate.low is None or estimate.high is None:
        return _two(estimate.value)
    return f"{_two(estimate.value)} ({_two(estimate.low)} to {_two(estimate.high)})"


def _two(value: float) -> str:
    text = f"{value:.2f}"
    return "0.00" if text == "-0.00" else text.replace("-", "−")
