"""What `footnote eval cases` does: questions that were marked in the review become golden cases.

The server writes no file of the project. This command does, where somebody sees the change: new
lines at the end of a JSONL file, to be corrected and committed like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from app.bootstrap import Services, build_services
from app.domain import Answer
from app.errors import BadRequest, NotFound
from app.insights.gaps.eval_cases import Marked, line, proposal
from app.records.product.reviews import Review
from app.settings import load_settings
from evals.datasets import BadDataset, load_cases


@dataclass(frozen=True, slots=True)
class CasesOptions:
    """What the command line was given. ``write`` None: only show."""

    write: Path | None = None
    dry_run: bool = False
    data_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """``new`` are written; ``known`` stand in the file, or in one beside it, already."""

    new: tuple[dict[str, Any], ...]
    known: tuple[dict[str, Any], ...]


def run(options: CasesOptions, console: Console) -> Plan:
    """Show the marked questions as cases, and append the new ones to a file.

    Raises:
        BadRequest: the file is none that cases are kept in.
        BadDataset: the file has a line that is no case; it is left as it is.
    """
    given: dict[str, Any] = {} if options.data_dir is None else {"data_dir": options.data_dir}
    services = build_services(load_settings(**given), record_answers=False)
    try:
        cases = marked_cases(services)
    finally:
        services.close()
    if not cases:
        console.print("No question is marked as an eval case. Mark some on /insights/questions.")
        return Plan((), ())
    if options.write is None:
        for case in cases:
            console.print(line(case), soft_wrap=True, markup=False, highlight=False)
        console.print(
            f"{_plural(len(cases), 'case')}. Write them with: "
            "footnote eval cases --write evals/cases/asked.jsonl",
            style="dim",
        )
        return Plan(tuple(cases), ())
    plan = planned(cases, options.write)
    for case in plan.new:
        console.print(f"+ {line(case)}", soft_wrap=True, markup=False, highlight=False)
    if plan.known:
        console.print(f"{_plural(len(plan.known), 'case')} there already.", style="dim")
    if not plan.new or options.dry_run:
        console.print("Nothing was written." if plan.new else "Nothing new.")
        return plan
    append(options.write, plan.new)
    console.print(
        f"{_plural(len(plan.new), 'case')} written to {options.write}. Look at each before you "
        "commit: what is expected was proposed, not checked."
    )
    return plan


def marked_cases(services: Services) -> list[dict[str, Any]]:
    """A proposal for each marked question, in the order they were asked."""
    found = (
        proposed(services, review.answer_id, review) for review in services.reviews.eval_cases()
    )
    return [case for case in found if case is not None]


def proposed(
    services: Services, answer_id: str, review: Review | None = None
) -> dict[str, Any] | None:
    """A recorded question as a case; None when its text is not kept. Raises NotFound."""
    row = services.questions.get(answer_id)
    try:
        answer = services.answers.get(answer_id)
    except NotFound:  # whoever asked deleted it
        answer = None
    said = services.answers.feedback(answer_id) if answer is not None else []
    question = answer.question if answer is not None else row.text
    after: tuple[str, ...] = ()
    if answer is not None and answer.completed and answer.asked:
        after = tuple(_typed(one) for one in _before(services, answer))
        question = answer.asked if after else question
    if not question.strip():
        return None
    marked = Marked(
        answer_id=answer_id,
        question=question,
        asked_at=row.asked_at,
        failure_mode=review.failure_mode if review is not None else row.failure_mode,
        note=review.note if review is not None else "",
        corrections=tuple(one.correction for one in said if one.correction),
        accepted=row.accepted_at is not None,
        rejected=row.rejected_at is not None,
        after=after,
    )
    return proposal(marked, answer)


def _before(services: Services, answer: Answer) -> list[Answer]:
    """What its conversation held when it was asked, oldest first."""
    conversation = services.answers.conversation(answer.conversation_id)
    return [one for one in conversation if one.created_at < answer.created_at]


def _typed(answer: Answer) -> str:
    return answer.asked or answer.question


def planned(cases: Sequence[dict[str, Any]], file: Path) -> Plan:
    """Which cases are new to ``file`` and to the other files of its folder, by id and by question.

    Raises:
        BadRequest: ``file`` is a folder, or no ``.jsonl``.
        BadDataset: a line there is no case.
    """
    if file.is_dir() or file.suffix != ".jsonl":
        raise BadRequest(f"{file} is no file of cases.", "Give one that ends in .jsonl.")
    ids: set[str] = set()
    questions: set[tuple[str, ...]] = set()
    beside = sorted(file.parent.glob("*.jsonl")) if file.parent.is_dir() else []
    for known in beside:
        for case in load_cases(known, unreviewed=True).cases:
            ids.add(case.id)
            questions.add(_normalized(case.question, case.after))
    new, old = [], []
    for row in cases:
        words = _normalized(row["question"], row.get("after", ()))
        if row["id"] in ids or words in questions:
            old.append(row)
            continue
        questions.add(words)
        new.append(row)
    return Plan(tuple(new), tuple(old))


def append(file: Path, cases: Sequence[dict[str, Any]]) -> None:
    """Add cases at the end of ``file``; what stands there is kept byte for byte.

    Raises:
        BadDataset: one of the cases could not be read back; nothing is written.
    """
    added = "".join(f"{line(case)}\n" for case in cases)
    with TemporaryDirectory() as folder:
        trial = Path(folder) / file.name
        trial.write_text(added, encoding="utf-8")
        if len(load_cases(trial, unreviewed=True).cases) != len(cases):
            raise BadDataset("The cases can't be read back.", "Report this as a bug.")
    before = file.read_bytes() if file.exists() else b""
    gap = b"\n" if before and not before.endswith(b"\n") else b""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as out:
        out.write(gap + added.encode())


def _normalized(question: str, after: Sequence[str]) -> tuple[str, ...]:
    """What is asked, and after what: "And in Oslo?" is another question each time."""
    asked = (*after, question)
    return tuple(" ".join(text.casefold().split()).rstrip("?!. ") for text in asked)


def _plural(count: int, one: str) -> str:
    return f"{count} {one}{'' if count == 1 else 's'}"
