"""What `footnote eval` does: load, ingest, ask, report. Imported when it is run, not before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from app import telemetry
from app.bootstrap import Services, build_services, models
from app.domain import Filters
from app.errors import NotFound, SettingsError
from app.knowledge.ports import Embedder
from app.settings import Settings, load_settings, release_name
from evals.commands import gate
from evals.commands.judge import JudgeChoice, judged, prepared
from evals.datasets import Dataset, load
from evals.judging.ragas_library import require_ragas
from evals.phrasing.families import families
from evals.reporting import (
    bad_rows,
    charts,
    gate_tables,
    keeping,
    markdown,
    rendering,
    report,
    reproducing,
)
from evals.reporting.folder import write, write_folder
from evals.running import ingesting
from evals.running.over_http import run_over_http
from evals.running.records import RunResult
from evals.running.runner import RunOptions, run
from evals.running.spans import SpanKeeper
from evals.scoring import curves

CASES = Path(__file__).parents[1] / "cases"
"""Golden cases on the sample documents."""
WITHOUT_RAGAS = (
    "Answers were not compared with the reference answers: Ragas isn't installed. `make setup-dev` "
    "in the project's folder installs it."
)


@dataclass(frozen=True, slots=True)
class EvalOptions:
    """The command's options. ``dataset``: layout and path; None for the sample's golden cases.

    ``data_dir`` None: one of the eval's own, kept between runs.
    """

    dataset: tuple[str, Path] | None
    data_dir: Path | None
    ingest: bool
    run: RunOptions
    json_file: Path | None
    markdown_file: Path | None
    worst: int
    out: Path | None = None
    """A folder for the report in every form, with its pictures."""
    url: str = ""
    """Of a running server to ask; empty: the product is run here."""
    keep: bool = True
    """Among the runs that `/evals` lists."""
    texts: bool = True
    """Whether the report has what was asked and answered, where the dataset lets it."""
    gate: bool = False
    """Show the gates and nothing else. The golden questions are judged either way."""
    baseline: str = ""
    """Run or file to compare with; empty: as set."""
    judge: JudgeChoice | None = None
    """Who judges the answers; None: nobody."""
    phrasings_of: int | None = None
    """So many questions, each in every phrasing, made by rule; None: the questions as they are."""


def evaluate(options: EvalOptions, console: Console) -> report.Report:
    """Run and show an eval. Figures go to ``console``, progress too.

    Raises:
        FootnoteError: the dataset, the index or a setting cannot be used.
    """
    dataset, corpus = questions(options.dataset)
    settings = own_settings(options.data_dir, dataset.name, corpus)
    if options.phrasings_of is not None:
        dataset = families(dataset, options.phrasings_of, options.run.seed)
    judge = prepared(options.judge) if options.judge is not None else None
    living = bool(options.url) or options.data_dir is not None
    how = replace(options.run, living=living)
    if options.url:
        result = measure_server(options.url, dataset, settings, how, console)
    else:
        measured = corpus if options.ingest else None
        result = measure(dataset, measured, settings, how, console)
    if judge is not None:
        result = judged(result, judge, console)
    made = report.summarize(result, options.worst, texts=options.texts and dataset.texts)
    if options.gate or options.baseline or made.dataset == reproducing.GOLDEN:
        made = gate.judged(made, options.baseline)
    if not options.gate:
        rendering.show(made, console)
    if made.gates is not None:
        gate_tables.show(made.gates, console)
    if options.keep:
        kept = keeping.keep(made, keeping.folder(load_settings()))
        console.print(f"Kept as {kept}; shown at /evals/{kept.stem}", markup=False, soft_wrap=True)
    for path, text in (
        (options.json_file, report.to_json),
        (options.markdown_file, markdown.to_markdown),
    ):
        if path is not None:
            write(path, text(made))
    if options.out is not None:
        write_folder(options.out, made, each=min(options.worst, bad_rows.SHOWN_EACH))
    return made


def measure(
    dataset: Dataset, corpus: Path | None, settings: Settings, options: RunOptions, console: Console
) -> RunResult:
    """Ingest ``corpus`` (None: what is in the index is used as it is) and ask every case.

    Raises:
        FootnoteError: the documents, the index or a setting cannot be used.
    """
    if corpus is None and not settings.data_dir.is_dir():
        raise NotFound(
            f"The data directory {settings.data_dir} doesn't exist.", "Leave out --no-ingest."
        )
    telemetry.set_up(release_name(settings), export=False)
    services = build_services(settings, record_answers=False, sink=SpanKeeper())
    try:
        if corpus is None:
            _check_collections(services, options.filters)
        else:
            _ingest(services, corpus, dataset.name, console)
        with _asking(console, dataset) as advance:
            result = run(services, dataset, options, advance)
        return compared(result, services.embedder.get)
    finally:
        services.close()


def measure_server(
    url: str, dataset: Dataset, settings: Settings, options: RunOptions, console: Console
) -> RunResult:
    """Ask every case of a running server, which must have the dataset's documents.

    ``settings``: those of the embedder that compares answers with reference answers.

    Raises:
        FootnoteError: the server, or its documents, cannot be used.
    """
    with _asking(console, dataset) as advance:
        result = run_over_http(url, dataset, options, advance)
    return compared(result, lambda: models.load_embedder(settings))


def compared(result: RunResult, embedder: Callable[[], Embedder]) -> RunResult:
    """The run, with how near its answers are to the reference answers, where Ragas is installed."""
    if not any(record.case.reference for record in result.records):
        return result
    try:
        require_ragas()
    except SettingsError:
        return replace(result, notes=(*result.notes, WITHOUT_RAGAS))
    from evals.judging import similarity  # noqa: PLC0415  # imports Ragas: 6 s

    return replace(result, records=similarity.scored(result.records, embedder()))


def write_pictures(
    folder: Path,
    reliability: Sequence[curves.Reliability],
    risk_coverage: Sequence[curves.RiskCoverage],
) -> None:
    """The pictures that there are data for."""
    for name, picture in charts.pictures(reliability, risk_coverage).items():
        write(folder / name, picture)


def questions(dataset: tuple[str, Path] | None) -> tuple[Dataset, Path]:
    """The cases, and the folder of documents that they are about."""
    if dataset is None:
        return replace(load("cases", CASES), name="sample"), ingesting.sample_documents()
    loaded = load(*dataset)
    return loaded, loaded.corpus or ingesting.sample_documents()


def own_settings(data_dir: Path | None, name: str, corpus: Path) -> Settings:
    """A directory of the eval's own, embedded stores: the user's are not touched."""
    settings = load_settings(database_url="", chroma_url="")
    directory = data_dir or ingesting.cached_data_dir(name, corpus, settings)
    return load_settings(database_url="", chroma_url="", data_dir=directory)


def _check_collections(services: Services, asked: Filters) -> None:
    known = {summary.name for summary in services.documents.collections()}
    for name in asked.collections:
        if name not in known:
            raise NotFound(
                f"There is no collection “{name}”.", f"There are: {', '.join(sorted(known))}."
            )


def _ingest(services: Services, corpus: Path, collection: str, console: Console) -> None:
    with _progress(console) as bar:
        task = bar.add_task("Ingesting", total=None)
        done = ingesting.ingest_folder(services, corpus, collection, _Ingesting(bar, task))
    console.print(
        f"{done.added} added, {done.changed} changed, {done.unchanged} unchanged, "
        f"{done.removed} removed, {len(done.failed)} failed in {done.seconds:.1f} s."
    )
    for problem in done.failed[:10]:
        console.print(f"{problem.path}: {problem.reason}", markup=False, highlight=False)


class _Ingesting(ingesting.Progress):
    """An ingest's progress on the eval's bar."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar = bar
        self._task = task

    def begin(self, files: int, size: int) -> None:  # noqa: ARG002  # part of the interface
        self._bar.update(self._task, total=files)

    def advance(self, *, files: int = 0, size: int = 0, passages: int = 0) -> None:  # noqa: ARG002
        self._bar.advance(self._task, files)


@contextmanager
def _asking(console: Console, dataset: Dataset) -> Iterator[Callable[[int, int], None]]:
    """A bar that is told cases done and cases in all."""
    with _progress(console) as bar:
        task = bar.add_task(f"Asking {dataset.name}", total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield advance


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def judge_choice(judge: bool, model: str, limit: int | None, cached: bool) -> JudgeChoice | None:
    """Who judges, as the command line says; None when nobody does."""
    return JudgeChoice(model, limit, cached=cached) if judge or model else None


def filters(collections: list[str]) -> Filters:
    """The collections asked, as a search knows them."""
    return Filters(collections=tuple(collections))
