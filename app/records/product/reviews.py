"""What a reviewer decided about a question: status, failure mode, note, eval case or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Engine, Table, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from app.errors import BadRequest, NotFound
from app.moment import now
from app.records.behavior.tables import question_reviews, questions
from app.records.product.question_filters import looked_at
from app.records.product.question_reads import chunks
from app.records.rows import storable

ReviewStatus = Literal["new", "planned", "fixed", "ignored"]
STATUSES: tuple[ReviewStatus, ...] = get_args(ReviewStatus)
FAILURE_MODES: dict[str, str] = {
    "missing_document": "Missing document",
    "document_outdated": "Document outdated",
    "retrieval_missed": "Retrieval missed it",
    "wrong_sentence": "Wrong sentence chosen",
    "over_cautious": "Over-cautious refusal",
    "vague_question": "Question too vague",
    "wrong_state": "Wrong state",
    "citation_wrong": "Citation wrong",
    "out_of_scope": "Out of scope",
    "other": "Something else",
}
"""Why an answer failed: what is stored, what is shown. In the order of the keys 1 to 9 and 0."""
FAILURE_HINTS: dict[str, str] = {
    "missing_document": "No document says it. Somebody has to write it.",
    "document_outdated": "A document says it, but what it says is no longer true.",
    "retrieval_missed": "A document says it, and it was not among the passages found.",
    "wrong_sentence": "The right passage was found, and another sentence was shown.",
    "over_cautious": "The right passage was found, and the product did not dare to answer.",
    "vague_question": "Nobody could tell what was meant.",
    "wrong_state": "Answered, partial, conflicting, outdated or not found: the wrong one.",
    "citation_wrong": "The sentence is right, the place it points to is not.",
    "out_of_scope": "Not what these documents are for.",
    "other": "None of these; say what in the note.",
}
"""When a failure mode applies, for whoever chooses."""
MAX_NOTE = 2000
"""Characters of a note; longer ones belong in a document."""


@dataclass(frozen=True, slots=True)
class Review:
    """A decision about one question. ``updated_at`` is None where nobody decided anything."""

    answer_id: str
    status: ReviewStatus = "new"
    note: str = ""
    failure_mode: str = ""
    eval_case: bool = False
    updated_at: datetime | None = None


def checked(status: str | None, failure_mode: str | None) -> None:
    """Refuse a word that is none of ours.

    Raises:
        BadRequest: an unknown status or failure mode.
    """
    if status is not None and status not in STATUSES:
        raise BadRequest(
            f"“{status[:20]}” is no status of a review.", f"Use one of: {', '.join(STATUSES)}."
        )
    if failure_mode and failure_mode not in FAILURE_MODES:
        raise BadRequest(
            f"“{failure_mode[:30]}” is no failure mode.", f"Use one of: {', '.join(FAILURE_MODES)}."
        )


class ReviewStore:
    """Decisions about questions; one row each, the last word stands."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, answer_id: str) -> Review:
        """What was decided; a review that says nothing where nobody did."""
        query = select(question_reviews).where(question_reviews.c.answer_id == answer_id)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return Review(answer_id) if row is None else _review(row)

    def decide(
        self,
        answer_id: str,
        *,
        status: str | None = None,
        note: str | None = None,
        failure_mode: str | None = None,
        eval_case: bool | None = None,
    ) -> Review:
        """Change what is given, leave the rest as it is; the review as it then stands.

        Raises:
            BadRequest: an unknown status or failure mode.
            NotFound: there is no such question.
        """
        checked(status, failure_mode)
        changes: dict[str, Any] = {
            "status": status,
            "note": None if note is None else storable(note.strip()[:MAX_NOTE]),
            "failure_mode": failure_mode,
            "eval_case": eval_case,
        }
        given = {name: value for name, value in changes.items() if value is not None}
        here = question_reviews.c.answer_id == answer_id
        blank = {"answer_id": answer_id, "status": "new", "eval_case": False, "updated_at": now()}
        try:
            with self._engine.begin() as connection:
                connection.execute(insert_new(connection, question_reviews).values(**blank))
                connection.execute(
                    update(question_reviews).where(here).values(**given, updated_at=now())
                )
                return _review(connection.execute(select(question_reviews).where(here)).one())
        except IntegrityError as error:  # the review's question is not there
            raise NotFound(
                "There is no question with this id.", "It may have been deleted; see the list."
            ) from error

    def forget(self, answer_id: str) -> None:
        """Take a decision back."""
        with self._engine.begin() as connection:
            here = question_reviews.c.answer_id == answer_id
            connection.execute(delete(question_reviews).where(here))

    def decided(self, answer_ids: Sequence[str]) -> int:
        """How many of these somebody looked at: a status other than new, or a failure mode."""
        total = 0
        with self._engine.connect() as connection:
            for chunk in chunks(answer_ids):
                query = select(func.count()).where(
                    question_reviews.c.answer_id.in_(chunk), looked_at()
                )
                total += int(connection.execute(query).scalar_one())
        return total

    def eval_cases(self) -> list[Review]:
        """Those that are to become eval cases, in the order they were asked."""
        query = (
            select(question_reviews)
            .join(questions)
            .where(question_reviews.c.eval_case.is_(True))
            .order_by(questions.c.asked_at, questions.c.answer_id)
        )
        with self._engine.connect() as connection:
            return [_review(row) for row in connection.execute(query)]


def insert_new(connection: Connection, table: Table) -> Any:
    """An INSERT that leaves a row alone that is there already, also one of this moment."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return make(table).on_conflict_do_nothing()


def _review(row: Any) -> Review:
    return Review(
        row.answer_id, row.status, row.note, row.failure_mode, row.eval_case, row.updated_at
    )
