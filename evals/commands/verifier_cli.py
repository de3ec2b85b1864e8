"""`footnote eval verifier`, as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def verifier(
    path: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Questions with their documents: a folder with questions.jsonl. "
            "Without: the golden cases on the sample documents."
        ),
    ] = None,
    test: Annotated[
        list[Path] | None,
        typer.Option(help="Questions to report on, but not to fit on; may be repeated."),
    ] = None,
    per_kind: Annotated[
        int, typer.Option(min=10, help="Sentences at most of each kind, supported or wrong.")
    ] = 120,
    seed: Annotated[int, typer.Option(help="Draws and changes the sentences.")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report here.")] = None,
    fit: Annotated[
        Path | None,
        typer.Option(help="Fit the verifier's coefficients on these questions; write them here."),
    ] = None,
) -> None:
    """Measure how well supported sentences are told from wrong ones, made from your questions."""
    from evals.commands import verifier as verifier_command  # noqa: PLC0415  # the help needs none of it

    options = verifier_command.VerifierOptions(
        tuple(path or ()), tuple(test or ()), per_kind, seed, json_file, fit
    )
    verifier_command.run(options, Console())
