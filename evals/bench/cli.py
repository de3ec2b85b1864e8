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


@app.command()
def start(corpus: CorpusOption = None, rounds: RoundsOption = 3, json: JsonOption = None) -> None:
    """How soon after `footnote serve` there is a page, and an answer."""
    _run(("start",), corpus, rounds, 1, json)


@app.command()
def peers(
    corpus: CorpusOption = None,
    rounds: RoundsOption = 3,
    questions: QuestionsOption = 100,
    json: JsonOption = None,
) -> None:
    """LangChain, LlamaIndex, Haystack and txtai beside Footnote (`make peers` installs them)."""
    _run(("peers",), corpus, rounds, questions, json)


@app.command()
def check(
    corpus: CorpusOption = None,
    rounds: RoundsOption = 1,
    questions: QuestionsOption = 100,
    tolerance: Annotated[
        float, typer.Option(min=1.0, help="How many times worse a ratio may be.")
    ] = 1.4,
    against: Annotated[
        Path | None,
        typer.Option("--against", help="Committed figures; evals/reports/bench/check.json."),
    ] = None,
    update: Annotated[bool, typer.Option("--update", help="Write them anew instead.")] = False,
) -> None:
    """Hold ratios against the committed ones: exit code 1 when one became worse."""
    from evals.bench import checks  # noqa: PLC0415  # the help needs none of it

    committed = against or checks.COMMITTED
    console = Console()
    if not checks.check(corpus, rounds, questions, tolerance, committed, console, update=update):
        raise typer.Exit(1)


@app.command()
def scale(
    passages: Annotated[
        list[int],
        typer.Option("--passages", min=1, help="A size to measure at; may be repeated."),
    ],
    corpus: CorpusOption = None,
    questions: QuestionsOption = 200,
    seconds: Annotated[
        float, typer.Option("--load", min=0, help="Seconds under load at each size; 0: none.")
    ] = 20.0,
    clients: Annotated[int, typer.Option(min=1, help="Clients that ask at once.")] = 32,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="Keep the stores here, to be filled further another time."),
    ] = None,
    json: JsonOption = None,
) -> None:
    """An answer beside bare retrieval as passages grow, and answers under load."""
    from evals.bench import scale as measurements  # noqa: PLC0415  # the help needs none of it

    measurements.run(passages, corpus, questions, seconds, clients, folder, json, Console())


@app.command("all")
def everything(
    corpus: CorpusOption = None,
    rounds: RoundsOption = 3,
    questions: QuestionsOption = 200,
    json: JsonOption = None,
) -> None:
    """All of them."""
    _run(("ingest", "reingest", "ask", "tracing", "start"), corpus, rounds, questions, json)


def _run(
    suites: tuple[str, ...], corpus: Path | None, rounds: int, questions: int, json: Path | None
) -> None:
    from evals.bench import suites as measurements  # noqa: PLC0415  # the help needs none of it

    measurements.run(suites, corpus, rounds, questions, json, Console())
