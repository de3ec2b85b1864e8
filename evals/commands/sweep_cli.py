"""`footnote eval sweep`, as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console


def sweep(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="What to measure, as YAML. Without: `evals/sweeps/default.yaml`."
        ),
    ] = None,
    dataset: Annotated[
        tuple[str, Path] | None,
        typer.Option(
            metavar="FORMAT PATH",
            help="Questions elsewhere, as in `footnote eval`. Without: the golden cases.",
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Folder for the report; points that it holds are not asked again.")
    ] = Path("sweep"),
    split: Annotated[
        Literal["dev", "holdout", "all"],
        typer.Option(help="Questions to choose on. With `dev`, the choice is checked on holdout."),
    ] = "dev",
    limit: Annotated[
        int | None, typer.Option(min=1, help="Ask so many questions, drawn at random.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Draws the questions.")] = 0,
    minutes: Annotated[
        float | None,
        typer.Option(min=0, help="Begin no point after so many minutes; go on another time."),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Folder for the indexes. Without: the eval's own, kept between runs."),
    ] = None,
) -> None:
    """Measure many configurations; say what the shipped defaults rest on, with a picture."""
    from evals.commands import sweep as command  # noqa: PLC0415  # the help needs none of it
    from evals.sweep.plan import DEFAULT  # noqa: PLC0415

    options = command.SweepOptions(
        file or DEFAULT, out, dataset, split, limit, seed, minutes, data_dir
    )
    command.run(options, Console())
