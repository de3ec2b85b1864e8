"""`footnote eval published`, as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def published(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN…",
            help="Runs by name, or their files. Without: all that are kept or committed.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the table here, as Markdown.")
    ] = None,
) -> None:
    """Our figures on public sets beside published ones, and whether the two compare."""
    from evals.commands import published as command  # noqa: PLC0415  # the help needs none of it

    command.run(runs or [], out, Console())
