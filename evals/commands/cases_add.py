"""What `footnote eval cases add` does: one recorded answer becomes a golden case."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from app.bootstrap import Services, build_services
from app.errors import BadRequest, NotFound
from app.insights.gaps.eval_cases import Expected, decided, line
from app.settings import load_settings
from evals.commands.cases import Plan, append, planned, proposed


@dataclass(frozen=True, slots=True)
class AddOptions:
    """What the command line was given. ``recorded``: an answer's id, or a trace's."""

    recorded: str
    to: Path
    expected: Expected = field(default_factory=Expected)
    dry_run: bool = False
    data_dir: Path | None = None


def run(options: AddOptions, console: Console) -> Plan:
    """Append the answer as a case to a file, unless it or its question is there already.

    Raises:
        NotFound: nothing is recorded under that id, or the question's text is not kept.
        BadRequest: the file is none that cases are kept in; or no passage answers the question.
        BadDataset: a line of the file is no case; it is left as it is.
    """
    given: dict[str, Any] = {} if options.data_dir is None else {"data_dir": options.data_dir}
    services = build_services(load_settings(**given), record_answers=False)
    try:
        answer_id = answer_of(services, options.recorded)
        case = proposed(services, answer_id)
    finally:
        services.close()
    if case is None:
        raise NotFound(
            f"The question of {options.recorded} is not kept any more.", "Write the case by hand."
        )
    plan = planned([decided(case, options.expected)], options.to)
    for known in plan.known:
        console.print(f"There already: {known['question']}", soft_wrap=True, markup=False)
    for new in plan.new:
        console.print(f"+ {line(new)}", soft_wrap=True, markup=False, highlight=False)
    if not plan.new or options.dry_run:
        console.print("Nothing was written.")
        return plan
    append(options.to, plan.new)
    console.print(
        f"Written to {options.to}. Check it with: footnote eval cases validate {options.to}",
        soft_wrap=True,
    )
    return plan


def answer_of(services: Services, recorded: str) -> str:
    """The id of an answer, given it or the id of its trace.

    Raises:
        NotFound: nothing is recorded under that id, or no answer.
        BadRequest: the trace holds several answers.
    """
    trace = services.traces.trace(recorded)
    if trace is None:
        services.questions.get(recorded)
        return recorded
    found = [w.summary.answer_id for w in trace.workflows if w.summary.answer_id]
    if not found:
        raise NotFound(f"The trace {recorded} holds no answer.", "Give one of a question.")
    if len(found) > 1:
        raise BadRequest(
            f"The trace {recorded} holds {len(found)} answers.",
            f"Give one of them: {', '.join(found)}.",
        )
    return found[0]
