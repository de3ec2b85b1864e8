"""What people say of the answers of eval runs: whether they are right, and more by the rubric.

A label belongs to what was shown (`Label.answer`, a fingerprint), not to the run in which it was
shown: a later run that answers word for word the same has the label, too, and a run of the same
name that answers otherwise has it not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from app.errors import BadRequest
from app.records.behavior.tables import eval_labels
from app.records.product.question_reads import chunks
from app.records.rows import storable

MAX_NOTE = 2000
"""Characters of a note."""
MAX_NAME = 80
"""Characters of a labeler's name, and of a criterion's id: as wide as their columns."""
MAX_ID = 200
"""Characters of a case's id, and of a run's name."""
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_PER_STATEMENT = 500
"""Labels per INSERT: each has eight parameters, and SQLite allows 32,766."""
_columns = eval_labels.c


@dataclass(frozen=True, slots=True)
class Label:
    """One person's word on one criterion of one answer.

    ``run``: where it was given. ``answer``: 16 hexadecimal digits, a fingerprint of what was shown.
    ``value``: points on the criterion's scale. ``labeler``: whoever said so, by name. ``at``: UTC.
    """

    run: str
    case_id: str
    answer: str
    criterion: str
    labeler: str
    value: float
    at: datetime
    note: str = ""


class LabelStore:
    """Labels; one for each answer, criterion and person: the last word stands."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, labels: Sequence[Label]) -> int:
        """Keep labels, all or none; one that was given before what is kept changes nothing.

        Returns: how many were kept; of several for one key only the newest is.

        Raises:
            BadRequest: one of them has no case, criterion, name or fingerprint, is too long, or its
                value is no number.
        """
        newest: dict[tuple[str, str, str, str], Label] = {}
        for label in map(_checked, labels):
            key = (label.case_id, label.answer, label.criterion, label.labeler)
            known = newest.get(key)
            if known is None or known.at <= label.at:
                newest[key] = label
        ordered = [newest[key] for key in sorted(newest)]  # two writers never wait crosswise
        kept = 0
        with self._engine.begin() as connection:
            for start in range(0, len(ordered), _PER_STATEMENT):
                part = [asdict(label) for label in ordered[start : start + _PER_STATEMENT]]
                kept += len(connection.execute(_upsert(connection).values(part)).all())
        return kept

    def of_answers(self, answers: Iterable[str]) -> list[Label]:
        """Labels of these answers, by their fingerprints; in no run's order but by case."""
        found = []
        with self._engine.connect() as connection:
            for chunk in chunks(answers):
                rows = connection.execute(select(eval_labels).where(_columns.answer.in_(chunk)))
                found += [_label(row) for row in rows]
        return sorted(found, key=_order)

    def all(self, run: str = "") -> list[Label]:
        """Every label, or those that were given in one run."""
        query = select(eval_labels)
        if run:
            query = query.where(_columns.run == run)
        with self._engine.connect() as connection:
            return sorted(map(_label, connection.execute(query)), key=_order)

    def forget(self, case_id: str, answer: str, labeler: str) -> int:
        """Take back all that a person said of an answer; how many labels that were."""
        with self._engine.begin() as connection:
            done = connection.execute(
                delete(eval_labels).where(
                    _columns.case_id == case_id,
                    _columns.answer == answer,
                    _columns.labeler == labeler,
                )
            )
            return int(done.rowcount)


def _upsert(connection: Connection) -> Any:
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    insert = make(eval_labels)
    keys = ("case_id", "answer", "criterion", "labeler")
    return insert.on_conflict_do_update(
        index_elements=keys,
        set_={name: insert.excluded[name] for name in ("run", "value", "note", "at")},
        where=_columns.at <= insert.excluded.at,
    ).returning(_columns.case_id)


def _checked(label: Label) -> Label:
    clean = replace(
        label,
        run=storable(label.run.strip()),
        case_id=storable(label.case_id.strip()),
        criterion=storable(label.criterion.strip()),
        labeler=storable(" ".join(label.labeler.split())),
        note=storable(label.note.strip()[:MAX_NOTE]),
        at=label.at.astimezone(UTC),
    )
    said = f"The label of the case “{clean.case_id[:60]}” "
    for name, text, longest in (
        ("case", clean.case_id, MAX_ID),
        ("criterion", clean.criterion, MAX_NAME),
        ("name of who gave it", clean.labeler, MAX_NAME),
        ("run", clean.run, MAX_ID),
    ):
        if not text:
            raise BadRequest(f"{said}has no {name}.", "Give one.")
        if len(text) > longest:
            raise BadRequest(
                f"{said}has a {name} of {len(text)} characters.", f"{longest} are allowed."
            )
    if not _FINGERPRINT.fullmatch(clean.answer):
        raise BadRequest(
            f"{said}does not say which answer it is about.",
            "“answer” is the fingerprint that `footnote eval labels export` writes.",
        )
    if not math.isfinite(clean.value):
        raise BadRequest(f"{said}has no number as its value.", "Give points of the scale.")
    return clean


def _order(label: Label) -> tuple[str, ...]:
    return label.case_id, label.answer, label.criterion, label.labeler


def _label(row: Any) -> Label:
    return Label(**row._mapping)
