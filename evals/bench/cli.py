"""`footnote bench`: declares the commands; what they do is imported when one is run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(
    help="Measure speed and memory beside LangChain + Chroma's quickstart.", no_args_is_help=True
)

CorpusOption = Annotated[
    Path | None,
    typer.Option(
        "--corpus",
        help="A folder of documents, with questions.jsonl beside or in it for `ask`. "
        "Without: the sample documents.",
    ),
]
RoundsOption = Annotated[int, typer.Option(min=1, help="Fresh processes of each; medians count.")]
QuestionsOption = Annotated[int, typer.Option(min=1, help="Different questions to ask.")]
JsonOption = Annotated[Path | None, typer.Option("--json", help="Write the results here.")]


@app.command()
def ingest(corpus: CorpusOption = None, rounds: RoundsOption = 3, json: JsonOption = None) -> None:
    """Passages per second: Footnote, the quickstart, the bare encoder."""
    _run(("ingest",), corpus, rounds, 0, json)


@app.command()
def reingest(
    corpus: CorpusOption = None, rounds: RoundsOption = 3, json: JsonOption = None
) -> None:
    """How much quicker an unchanged corpus is the second time."""
    _run(("reingest",), corpus, rounds, 0, json)


@app.command()
def ask(
    corpus: CorpusOption = None,
    rounds: RoundsOption = 3,
    questions: QuestionsOption = 200,
    json: JsonOption = None,
) -> None:
    """Latency over HTTP of answers and of search, beside the quickstart's bare retrieval."""
    _run(("ask",), corpus, rounds, questions, json)


@app.command()
def tracing(
    corpus: CorpusOption = None,
    rounds: RoundsOption = 3,
    questions: QuestionsOption = 200,
    json: JsonOption = None,
) -> None:
    """What traces add to an answer: on and off in turns."""
    _run(("tracing",), corpus, rounds, questions, json)


@app.command("all")
def everything(
    corpus: CorpusOption = None,
    rounds: RoundsOption = 3,
    questions: QuestionsOption = 200,
    json: JsonOption = None,
) -> None:
    """All of them."""
    _run(("ingest", "reingest", "ask", "tracing"), corpus, rounds, questions, json)


def _run(
    suites: tuple[str, ...], corpus: Path | None, rounds: int, questions: int, json: Path | None
) -> None:
    from evals.bench import suites as measurements  # noqa: PLC0415  # the help needs none of it

    measurements.run(suites, corpus, rounds, questions, json, Console())
