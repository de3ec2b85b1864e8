"""Declares `footnote eval cases …`; what the commands do is imported when they are run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.domain import AnswerState

cases = typer.Typer(help="Golden cases: from marked questions, from one answer; their rules.")

DataDir = Annotated[
    Path | None, typer.Option(help="Data directory that holds the questions. Without: yours.")
]


@cases.callback(invoke_without_command=True)
def from_questions(
    context: typer.Context,
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Append what is new to this JSONL file of cases."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --write: say what would be added, write none.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """List the questions marked as eval cases in the review, or write them to a file."""
    if context.invoked_subcommand is not None:
        return
    from evals.commands import cases as command  # noqa: PLC0415  # the help needs none of it

    command.run(command.CasesOptions(write, dry_run, data_dir), Console())


@cases.command()
def validate(
    path: Annotated[
        Path | None,
        typer.Argument(help="A file or folder of cases. Without: the sample's golden cases."),
    ] = None,
    documents: Annotated[
        Path | None,
        typer.Option(help="Folder of the documents they are about. Without: the sample's."),
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Compare with the documents ingested here instead.")
    ] = None,
    located: Annotated[
        bool,
        typer.Option(
            "--located/--no-located", help="Look passages and answers up in the documents."
        ),
    ] = True,
) -> None:
    """Check the rules of a golden set: each problem with its line; exit 1 when there is one."""
    from evals.commands import cases_validate as command  # noqa: PLC0415  # the help needs none of it

    options = command.ValidateOptions(path, documents, data_dir, located)
    if not command.run(options, Console()).fine:
        raise typer.Exit(1)


@cases.command()
def add(  # options of a command
    recorded: Annotated[str, typer.Argument(metavar="ID", help="An answer's id, or its trace's.")],
    to: Annotated[Path, typer.Option(metavar="FILE", help="JSONL file of cases to append it to.")],
    state: Annotated[
        AnswerState | None, typer.Option(help="What it should be answered with.")
    ] = None,
    answer: Annotated[
        list[str] | None, typer.Option(help="Words that a right answer holds; may be repeated.")
    ] = None,
    reference: Annotated[str, typer.Option(help="The whole answer, in a sentence or two.")] = "",
    document: Annotated[
        str, typer.Option(help="The document that answers it, e.g. people/leave.md.")
    ] = "",
    passage: Annotated[str, typer.Option(help="The words there that answer it.")] = "",
    why: Annotated[str, typer.Option(help="Why the case matters, in a line.")] = "",
    tag: Annotated[
        list[str] | None,
        typer.Option(help="How it is written, and what it asks for; may be repeated."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be added, write none.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Make a golden case of one recorded answer: what it cited is proposed, you decide the rest."""
    from app.insights.gaps.eval_cases import Expected  # noqa: PLC0415  # the help needs none of it
    from evals.commands import cases_add as command  # noqa: PLC0415

    expected = Expected(
        state=state,
        answers=tuple(answer or ()),
        reference=reference,
        document=document,
        passage=passage,
        why=why,
        tags=tuple(tag or ()),
    )
    command.run(command.AddOptions(recorded, to, expected, dry_run, data_dir), Console())
