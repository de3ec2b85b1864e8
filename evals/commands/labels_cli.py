"""`footnote eval labels …` and `footnote eval agreement`, as they are typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

labels = typer.Typer(
    no_args_is_help=True, help="What people said of answers on /evals: as files, to commit."
)
DataDir = Annotated[
    Path | None, typer.Option(help="Data directory that holds the labels. Without: yours.")
]


@labels.command("export")
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .jsonl or .csv to write.")],
    run: Annotated[
        str, typer.Option(metavar="RUN", help="Only labels that were given in this run.")
    ] = "",
    data_dir: DataDir = None,
) -> None:
    """Write labels to a file."""
    from evals.commands import labels as command  # noqa: PLC0415  # the help needs none of it

    command.export(file, run, data_dir, Console())


@labels.command("import")
def take_in(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .jsonl or .csv of labels.")],
    data_dir: DataDir = None,
) -> None:
    """Keep the labels of a file; all of them, or none when a line is wrong."""
    from evals.commands import labels as command  # noqa: PLC0415  # the help needs none of it

    command.take_in(file, data_dir, Console())


def agreement(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's name, or its file.")],
    labels_file: Annotated[
        list[Path] | None,
        typer.Option(
            "--labels", metavar="FILE", help="Go by these labels, not by those that are kept."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Show how far people agree with a run's scores, and with each other: Cohen's kappa."""
    from evals.commands import labels as command  # noqa: PLC0415  # the help needs none of it

    command.agree(run, labels_file or [], data_dir, Console(), as_json=as_json)
