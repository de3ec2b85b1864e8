"""`footnote eval compare` and `footnote eval runs`, as they are typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def compare(
    first: Annotated[
        str, typer.Argument(metavar="A", help="What there was before: a run's name, or a file.")
    ],
    second: Annotated[
        str, typer.Argument(metavar="B", help="What changed: a run's name, or a file.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
    markdown_file: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write the comparison here.")
    ] = None,
    most: Annotated[
        int, typer.Option(min=0, help="Cases to list of each kind; --json has them all.")
    ] = 10,
) -> None:
    """Compare two runs case by case: regressions first, and what is more than chance."""
    from evals.commands import comparing  # noqa: PLC0415  # the help needs none of it

    options = comparing.CompareOptions(first, second, as_json, markdown_file, most)
    comparing.run(options, Console())


def runs(
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the runs that are kept on this machine, and committed reports."""
    from evals.commands import comparing  # noqa: PLC0415  # the help needs none of it

    comparing.list_runs(Console(), as_json=as_json)
