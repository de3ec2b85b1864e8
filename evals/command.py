"""What `footnote eval` does: load, ingest, ask, report. Imported when it is run, not before."""

from __future__ import annotations

from collections.abc import Sequence
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

from app.bootstrap import Services, build_services
from app.domain import Filters
from app.errors import BadRequest, NotFound
from app.settings import Settings, load_settings
from evals import charts, curves, html_report, ingesting, rendering, report
from evals.datasets import Dataset, load
from evals.records import RunResult
from evals.runner import RunOptions, run

CASES = Path(__file__).parent / "cases"
"""Golden cases on the sample documents."""


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


def evaluate(options: EvalOptions, console: Console) -> report.Report:
    """Run and show an eval. Figures go to ``console``, progress too.

    Raises:
        FootnoteError: the dataset, the index or a setting cannot be used.
    """
    dataset, corpus = questions(options.dataset)
    settings = own_settings(options.data_dir, dataset.name, corpus)
    result = measure(dataset, corpus if options.ingest else None, settings, options.run, console)
    made = report.summarize(result, options.worst)
    rendering.show(made, console)
    for path, text in (
        (options.json_file, report.to_json),
        (options.markdown_file, rendering.to_markdown),
    ):
        if path is not None:
            write(path, text(made))
    if options.out is not None:
        write_folder(options.out, made)
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
    services = build_services(settings, record_answers=False)
    try:
        if corpus is None:
            _check_collections(services, options.filters)
        else:
            _ingest(services, corpus, dataset.name, console)
        with _progress(console) as bar:
            task = bar.add_task(f"Asking {dataset.name}", total=None)

            def advance(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            return run(services, dataset, options, advance)
    finally:
        services.close()


def write_folder(folder: Path, made: report.Report) -> None:
    """report.json, report.md and report.html, with the pictures as files of their own."""
    write(folder / "report.json", report.to_json(made))
    write(folder / "report.md", rendering.to_markdown(made, pictures=True))
    write(folder / "report.html", html_report.to_html(made))
    write_pictures(folder, made.reliability, made.risk_coverage)


def write_pictures(
    folder: Path,
    reliability: Sequence[curves.Reliability],
    risk_coverage: Sequence[curves.RiskCoverage],
) -> None:
    """The pictures that there are data for."""
    for name, picture in charts.pictures(reliability, risk_coverage).items():
        write(folder / name, picture)


def write(path: Path, text: str) -> None:
    """Write a result. Raises BadRequest when the path cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadRequest(
            f"{path} can't be written: {error.strerror or error}.", "Choose another file."
        ) from error


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


def filters(collections: list[str]) -> Filters:
    """The collections asked, as a search knows them."""
    return Filters(collections=tuple(collections))
