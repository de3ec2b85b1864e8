"""Declares `footnote eval synthesize`; what it does is imported when it is run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def synthesize(  # options of a command
    out: Annotated[Path, typer.Option(help="Append the cases to this JSONL file.")] = Path(
        "evals/cases/synthetic.jsonl"
    ),
    count: Annotated[int, typer.Option(min=1, max=1000, help="Cases to make.")] = 20,
    model: Annotated[
        str,
        typer.Option(
            help="Who writes them, as openai:MODEL. Without: FOOTNOTE_JUDGE_MODEL, or else "
            "FOOTNOTE_CHAT_MODEL."
        ),
    ] = "",
    collection: Annotated[
        list[str] | None, typer.Option(help="Only from this collection; may be repeated.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Data directory with the documents. Without: yours.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Draws the passages.")] = 0,
    parallel: Annotated[int, typer.Option(min=1, max=64, help="Requests at once.")] = 4,
) -> None:
    """Make cases from your documents with a chat model; they count once somebody has read them."""
    from evals.commands import synthesize as command  # noqa: PLC0415  # the help needs none of it

    options = command.SynthesizeOptions(
        count, out, model, tuple(collection or ()), data_dir, seed, parallel
    )
    command.synthesize(options, Console())
