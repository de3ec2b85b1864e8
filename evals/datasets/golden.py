"""Golden cases, written by hand on documents that are given apart: the layout ``cases``."""

from __future__ import annotations

from pathlib import Path

from app.domain import AnswerState
from evals.datasets.case import Case, Dataset, Gold
from evals.datasets.rows import Row, read_rows, unique


def load_cases(path: Path, unreviewed: bool = False) -> Dataset:
    """The ``cases`` layout.

    Cases that something made and nobody reviewed do not count: they are left out, and the notes
    say how many, unless ``unreviewed``. Raises BadDataset when a line is no case.
    """
    cases = [case_of(row) for file in case_files(path) for row in read_rows(file)]
    name = path.name if path.is_dir() else path.stem
    known = unique(cases, path)
    kept = tuple(case for case in known if unreviewed or case.counts)
    left = len(known) - len(kept)
    notes = (
        f"{left} case{'' if left == 1 else 's'} left out: made by a model, and not reviewed yet.",
    )
    return Dataset(name, path, kept, notes=notes if left else ())


def case_files(path: Path) -> list[Path]:
    """The files of a folder of cases, by name; or ``path`` itself."""
    return sorted(path.glob("*.jsonl")) if path.is_dir() else [path]


def case_of(row: Row) -> Case:
    """A line as a case. Raises BadDataset when it is none."""
    answerable = row.boolean("answerable")
    document = row.text("document", required=answerable)
    gold: list[Gold] = []
    if answerable:
        gold = [Gold(document, row.text("passage")), *_also(row)]
    return Case(
        id=row.id,
        question=row.text("question"),
        answerable=answerable,
        gold=tuple(gold),
        answers=row.texts("answers") if answerable else (),
        state=_state(row, answerable),
        why=row.text("why", required=False),
        tags=row.texts("tags"),
        reference=row.text("reference", required=False),
        after=row.texts("after"),
        family=row.text("family", required=False),
        made=row.text("made", required=False),
        reviewed=row.text("reviewed", required=False),
    )


def _also(row: Row) -> list[Gold]:
    more = row.data.get("also") or []
    if not isinstance(more, list) or not all(isinstance(item, dict) for item in more):
        raise row.wrong("“also” is not a list of objects")
    parts = [Row(row.file, row.line, item) for item in more]
    return [Gold(part.text("document"), part.text("passage")) for part in parts]


def _state(row: Row, answerable: bool) -> AnswerState | None:
    value = row.text("state", required=False)
    if not value:
        return None
    try:
        state = AnswerState(value)
    except ValueError:
        known = ", ".join(AnswerState)
        raise row.wrong(f"“state” is {value!r}; it can be {known}") from None
    # A question without an answer may still be met with "that page is out of date".
    contrary = AnswerState.NOT_FOUND if answerable else AnswerState.ANSWERED
    if state is contrary:
        raise row.wrong(f"“answerable” is {str(answerable).lower()}, but “state” is {value!r}")
    return state
