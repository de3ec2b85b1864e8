"""The `footnote` command. Declares options; what they do is imported when a command is run."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from app.domain import DEFAULT_COLLECTION
from app.terminal.backup import backup, restore
from app.terminal.doctor import doctor
from app.terminal.documents import app as documents_app
from app.terminal.ending import leave
from app.terminal.experiments import app as experiments_app
from app.terminal.feedback import app as feedback_app
from app.terminal.launch import launch
from app.terminal.people_access import app as people_app
from app.terminal.session import (
    command_settings,
    complain,
    conversation_id,
    debugging,
    note,
    note_when_empty,
    opened,
    wait_for_model,
)
from app.terminal.traces import app as traces_app

if TYPE_CHECKING:
    from app.settings import Settings
    from ingest.pipeline import IngestOptions
    from ingest.report import IngestReport

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 + SIGINT."""

app = typer.Typer(
    name="footnote",
    help="Ask your team's documents: every sentence comes with its footnote.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(documents_app, name="documents")
app.add_typer(traces_app, name="traces")
app.add_typer(experiments_app, name="experiments")
app.add_typer(feedback_app, name="feedback")
app.add_typer(people_app, name="people")
app.command("launch")(launch)
app.command("doctor")(doctor)
app.command("backup")(backup)
app.command("restore")(restore)

CollectionOption = Annotated[
    str, typer.Option("--collection", "-c", help="Collection to ingest into.")
]
CollectionsOption = Annotated[
    list[str] | None,
    typer.Option("--collection", "-c", help="Only in this collection; may be repeated."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
HostOption = Annotated[str | None, typer.Option(help="Address to bind.")]
PortOption = Annotated[int | None, typer.Option(min=0, max=65535, help="Port to bind.")]


def main() -> NoReturn:
    """Run a command; every failure is a sentence on standard error and an exit code.

    0: done. 1: it failed. 2: the command line is wrong. 130: interrupted.
    """
    from app.errors import FootnoteError

    code: str | int | None = 1
    try:
        app(prog_name="footnote")
    except SystemExit as ending:
        code = ending.code
    except FootnoteError as error:
        complain(error.detail, error.action)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output went away, as `head` does; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:  # no traceback ever reaches a person
        if debugging():
            raise
        text = " ".join(str(error).split())
        complain(
            f"Something went wrong: {type(error).__name__}{': ' if text else ''}{text}",
            "Run again with FOOTNOTE_LOG_LEVEL=debug to see where, and report it.",
        )
    leave(code)


def _version(wanted: bool) -> None:
    if wanted:
        import importlib.metadata

        typer.echo(f"footnote {importlib.metadata.version('footnote')}")
        raise typer.Exit


@app.callback()
def common(
    _version_wanted: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Ask your team's documents: every sentence comes with its footnote."""


@app.command()
def demo(host: HostOption = None, port: PortOption = None) -> None:
    """Ingest the sample company's documents and serve the app."""
    import ingest.sample
    from app.terminal.output import print_short_report
    from app.terminal.serving import check_port
    from ingest.pipeline import IngestOptions

    settings = command_settings(host=host, port=port)
    check_port(settings, "demo")
    documents = Path(ingest.sample.__file__).parent / "documents"
    report = _ingest(settings, [str(documents)], IngestOptions(collection="sample"))
    if report.cancelled:
        raise typer.Exit(INTERRUPTED)
    print_short_report(report)
    _serve(settings)


@app.command()
def serve(host: HostOption = None, port: PortOption = None) -> None:
    """Serve the app until Ctrl-C."""
    from app.terminal.serving import check_port

    settings = command_settings(host=host, port=port)
    check_port(settings, "serve")
    _serve(settings)


@app.command()
def ingest(
    targets: Annotated[
        list[str], typer.Argument(metavar="PATH|URL…", help="Folders, files, pages, repositories.")
    ],
    collection: CollectionOption = DEFAULT_COLLECTION,
    include: Annotated[
        list[str] | None, typer.Option(help="Only files that match this glob; may be repeated.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="No files that match this glob; may be repeated.")
    ] = None,
    hidden: Annotated[bool, typer.Option("--hidden", help="Hidden files too.")] = False,
    site: Annotated[bool, typer.Option("--site", help="Follow links below the address.")] = False,
    prefix: Annotated[str, typer.Option(help="With --site: only addresses that begin so.")] = "",
    depth: Annotated[int, typer.Option(min=0, help="With --site: links away at most.")] = 3,
    max_pages: Annotated[int, typer.Option(min=1, help="With --site: pages at most.")] = 200,
    git: Annotated[bool, typer.Option("--git", help="The targets are git repositories.")] = False,
    ref: Annotated[str, typer.Option(help="With git: branch, tag or commit.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing; say what would be done.")
    ] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Fail when another ingest is running.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Read everything again, also what did not change.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring a collection in line with folders, files, web pages or git repositories.

    Run it again at any time: unchanged files cost next to nothing, changed ones are replaced,
    vanished ones removed, renamed ones recognized. Files that cannot be read are reported and do
    not stop the rest; the exit code is 1 only when a whole target could not be read.
    """
    from app.terminal.output import print_json, print_report
    from ingest.pipeline import IngestOptions
    from ingest.sources import SourceOptions
    from ingest.websites import SiteLimits

    options = IngestOptions(
        collection=collection,
        sources=SourceOptions(
            include=tuple(include or ()),
            exclude=tuple(exclude or ()),
            hidden=hidden,
            site=SiteLimits(prefix, depth, max_pages) if site else None,
            git=git,
            ref=ref,
        ),
        dry_run=dry_run,
        wait=not no_wait,
        force=force,
    )
    report = _ingest(command_settings(), targets, options)
    if as_json:
        print_json(report.to_json())
    else:
        print_report(report)
    if report.cancelled:
        raise typer.Exit(INTERRUPTED)
    if report.failed_targets:
        raise typer.Exit(1)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, in plain words.")],
    mode: Annotated[
        Literal["auto", "quotes", "written", "search"],
        typer.Option(help="Quoted answer, written answer, or the passages alone."),
    ] = "auto",
    collection: CollectionsOption = None,
    conversation: Annotated[
        str | None, typer.Option(metavar="ID", help="Ask on in a conversation: a follow-up.")
    ] = None,
    results: Annotated[
        int | None, typer.Option("--results", "-k", min=1, max=50, help="With search: how many.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Ask a question; the answer comes with numbered footnotes."""
    import asyncio

    from app.api.schemas import AnswerOut, SearchResponse, SearchResult
    from app.domain import Filters, Question
    from app.requests import recorded_search
    from app.terminal.output import print_answer, print_json, print_results

    settings = command_settings()
    filters = Filters(collections=tuple(collection or ()))
    with opened(settings, traced=True) as services:
        whole = Question(
            question,
            "quotes" if mode == "search" else mode,
            filters,
            conversation_id=conversation_id(conversation),
            suggest="all",
            channel="cli",
        )
        services.asker.accepted(whole)  # what will be refused is refused before a model is loaded
        note_when_empty(services, filters)
        wait_for_model(services)
        if mode == "search":
            count = results or settings.search_results
            retrieval, _ = recorded_search(services, question, count, filters, channel="cli")
            hits = retrieval.hits[:count]
            if as_json:
                found = SearchResponse(results=[SearchResult.of(hit) for hit in hits])
                print_json(found.model_dump(mode="json"))
            else:
                print_results(hits)
            return
        answer = asyncio.run(services.asker.answer(whole))
    if as_json:
        print_json(AnswerOut.of(answer).model_dump(mode="json"))
    else:
        print_answer(answer)


@app.command()
def status(as_json: JsonOption = False) -> None:
    """What is stored, in which state the index is, and what could not be read."""
    from app.terminal.output import print_json, print_status
    from app.terminal.status import status_of

    with opened(command_settings()) as services:
        found = status_of(services)
    if as_json:
        print_json(found)
    else:
        print_status(found)


@app.command()
def reindex() -> None:
    """Build the vector and the lexical index again from the database."""
    from app.records.lock import writer_lock
    from app.terminal.progress import progress_bar

    settings = command_settings()
    with (
        opened(settings) as services,
        progress_bar("Rebuilding the indexes") as bar,
        writer_lock(settings.data_dir, wait=True, on_wait=bar.note),
    ):
        services.library.reindex(bar.update)
        passages = bar.total
    typer.echo(f"Both indexes are rebuilt: {passages:,} passages.")


_PASSED_ON = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}


@app.command("eval", context_settings=_PASSED_ON)
def evaluate(context: typer.Context) -> None:
    """Measure answers on questions whose answers are known."""
    from evals.cli import app as command

    command(context.args, prog_name="footnote eval")


@app.command(context_settings=_PASSED_ON)
def bench(context: typer.Context) -> None:
    """Measure speed and memory, with LangChain + Chroma side by side."""
    from evals.bench.cli import app as command

    command(context.args, prog_name="footnote bench")


# --- helpers -------------------------------------------------------------------------------------


def _ingest(settings: Settings, targets: list[str], options: IngestOptions) -> IngestReport:
    """Ingest with a progress bar; Ctrl-C and TERM end it after the step under way."""
    from app.terminal.progress import interruptible, progress_display
    from ingest.pipeline import ingest as run

    with (
        opened(settings, traced=True) as services,
        progress_display() as progress,
        interruptible(progress.note) as interrupted,
    ):
        return run(services, targets, options, progress, interrupted)


def _serve(settings: Settings) -> None:
    from app.server import serve as run
    from app.terminal.serving import say_first_link

    run(
        settings,
        lambda address: note(f"Footnote is at {address} (Ctrl-C ends it)"),
        say_first_link,
    )


if __name__ == "__main__":
    main()
