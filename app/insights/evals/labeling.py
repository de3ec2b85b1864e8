"""What people are asked about a run's answers, in which order, and what that is compared with."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Literal, get_args

from app.errors import NotFound
from app.insights.evals.agreement import Agreement, Pair, agreement
from app.insights.evals.row import Row
from app.insights.evals.rubric import RUBRIC, Criterion, load_rubric
from app.records.product.labels import Label

Order = Literal["random", "hard"]
ORDERS: tuple[Order, ...] = get_args(Order)
"""Drawn at random; or those first whose probability says least, which tells more per label."""
CORRECT = Criterion(
    id="correct",
    name="Right",
    question="Is what the product said right?",
    guidance=(
        "Right is an answer with what the reference has, whatever its words, and a refusal where "
        "the documents have no answer. A refusal where they have one is wrong; so is an answer "
        "from a version that no longer holds, unless it says so."
    ),
    scale={0: "No", 1: "Yes"},
    applies_to="all",
)
"""Always asked: it can be compared with how the eval itself scored the answer."""
AUTOMATIC = "automatic"
"""The rater that is no person: the eval's own score, or the judge model's."""

Said = dict[str, dict[tuple[str, str], Label]]
"""Labeler → (case, criterion) → label."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two raters on one criterion; ``second`` is `AUTOMATIC` or a person."""

    criterion: Criterion
    first: str
    second: str
    found: Agreement


def criteria(path: Path = RUBRIC) -> tuple[Criterion, ...]:
    """`CORRECT`, and the criteria of the rubric where the project has one.

    Raises:
        BadRubric: the file holds no criteria, or one of them is wrong.
    """
    try:
        own = load_rubric(path).criteria
    except NotFound:
        own = ()
    return (CORRECT, *(one for one in own if one.id != CORRECT.id))


def automatic_score(criterion: Criterion) -> str:
    """What the automatic score of a criterion is called among a row's scores."""
    return CORRECT.id if criterion.id == CORRECT.id else criterion.score_id


def fingerprint(row: Row) -> str:
    """Of all that whoever labels a case sees: 16 hexadecimal digits.

    The question, what was answered and cited, and what was wanted. A label counts for as long as
    none of it changed.
    """
    given = (row.question, row.after, row.state, row.text, row.cited)
    wanted = (row.answerable, row.expected, row.reference, row.answers, row.wanted)
    told = json.dumps((given, wanted), ensure_ascii=False)
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:16]


def to_label(rows: Iterable[Row]) -> list[Row]:
    """The rows that a person can say something about: asked without an error, and with texts."""
    return [row for row in rows if row.question and not row.error]


def asked_of(row: Row, known: Sequence[Criterion]) -> list[Criterion]:
    """The criteria that can be asked of a case."""
    return [one for one in known if one.applies(refused=row.state == "not_found")]


def ordered(rows: Sequence[Row], order: Order, seed: int) -> list[Row]:
    """The rows as they are to be labeled; the same for the same seed, whatever else is in the run.

    ``hard``: the nearer an answer's probability is to one in two, the earlier.
    """
    drawn = sorted(to_label(rows), key=lambda row: _drawn(row, seed))
    return sorted(drawn, key=lambda row: abs(row.probability - 0.5)) if order == "hard" else drawn


def said_of(
    rows: Iterable[Row], labels: Iterable[Label]
) -> dict[str, dict[tuple[str, str], Label]]:
    """What was said of exactly these answers; labels of another answer to a case are left out."""
    shown = {row.id: fingerprint(row) for row in to_label(rows)}
    said: Said = defaultdict(dict)
    for label in labels:
        if shown.get(label.case_id) == label.answer:
            said[label.labeler][label.case_id, label.criterion] = label
    return dict(said)


def agreements(rows: Sequence[Row], said: Said, known: Sequence[Criterion]) -> list[Compared]:
    """Every person with the automatic score, and with every other person, by criterion.

    Only pairs of raters with an answer that both scored.
    """
    found = []
    for criterion in known:
        raters = {name: _points(rows, own, criterion) for name, own in sorted(said.items())}
        machine = _automatic(rows, criterion)
        couples: list[tuple[str, str]] = [(name, AUTOMATIC) for name in raters]
        couples += combinations(raters, 2)
        for first, second in couples:
            other = machine if second == AUTOMATIC else raters[second]
            pairs = list(_pairs(rows, raters[first], other))
            if pairs:
                result = agreement(pairs, tuple(criterion.scale))
                found.append(Compared(criterion, first, second, result))
    return found


def disagreements(
    rows: Sequence[Row], said: Said, compared: Compared
) -> Iterator[tuple[Row, int, int]]:
    """The cases of which two raters said different things, with what each said."""
    criterion = compared.criterion
    first = _points(rows, said[compared.first], criterion)
    second = (
        _automatic(rows, criterion)
        if compared.second == AUTOMATIC
        else _points(rows, said[compared.second], criterion)
    )
    for row in rows:
        one, other = first.get(row.id), second.get(row.id)
        if one is not None and other is not None and one != other:
            yield row, one, other


def _pairs(
    rows: Sequence[Row], first: Mapping[str, int], second: Mapping[str, int]
) -> Iterator[Pair]:
    for row in rows:
        if row.id in first and row.id in second:
            yield Pair(first[row.id], second[row.id], row.group or row.id)


def _points(
    rows: Sequence[Row], own: Mapping[tuple[str, str], Label], criterion: Criterion
) -> dict[str, int]:
    """What a person said, by case. A value that the scale no longer has says nothing."""
    found = {}
    for row in rows:
        label = own.get((row.id, criterion.id))
        if label is not None and label.value in criterion.scale:
            found[row.id] = int(label.value)
    return found


def _automatic(rows: Sequence[Row], criterion: Criterion) -> dict[str, int]:
    """What the eval or the judge said, by case; a score between two points is the nearer one."""
    name = automatic_score(criterion)
    return {
        row.id: min(sorted(criterion.scale), key=lambda points: abs(points - row.scores[name]))
        for row in rows
        if name in row.scores and not row.error
    }


def _drawn(row: Row, seed: int) -> str:
    return hashlib.sha256(f"{seed}|{row.id}".encode()).hexdigest()
