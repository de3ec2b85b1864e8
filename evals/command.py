"""What `footnote eval` does: load, ingest, ask, report. Imported when it is run, not before."""

from __future__ import annotations

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
from evals import ingesting, rendering, report
from evals.datasets import Dataset, load
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


def evaluate(options: EvalOptions, console: Console) -> report.Report:
    """Run and show an eval. Figures go to ``console``, progress too.

    Raises:
        FootnoteError: the dataset, the index or a setting cannot be used.
    """
    dataset, corpus = _questions(options.dataset)
    settings = _settings(options.data_dir, dataset.name, corpus)
    if not options.ingest and not settings.data_dir.is_dir():
        raise NotFound(
            f"The data directory {settings.data_dir} doesn't exist.", "Leave out --no-ingest."
        )
    services = build_services(settings, record_answers=False)
    try:
        _check_collections(services, options)
        if options.ingest:
            _ingest(services, corpus, dataset.name, console)
        with _progress(console) as bar:
            task = bar.add_task("Asking", total=None)

            def advance(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            result = run(services, dataset, options.run, advance)
    finally:
        services.close()
    made = report.summarize(result, options.worst)
    rendering.show(made, console)
    for path, text in (
        (options.json_file, report.to_json),
        (options.markdown_file, rendering.to_markdown),
    ):
        if path is not None:
            write(path, text(made))
    return made


def write(path: Path, text: str) -> None:
    """Write a result. Raises BadRequest when the path cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadRequest(
            f"{path} can't be written: {error.strerror or error}.", "Choose another file."
        ) from error


def _questions(dataset: tuple[str, Path] | None) -> tuple[Dataset, Path]:
    """The cases, and the folder of documents that they are about."""
    if dataset is None:
        return replace(load("cases", CASES), name="sample"), ingesting.sample_documents()
    loaded = load(*dataset)
    return loaded, loaded.corpus or ingesting.sample_documents()


def _settings(data_dir: Path | None, name: str, corpus: Path) -> Settings:
    """A directory of the eval's own, embedded stores: the user's are not touched."""
    settings = load_settings(database_url="", chroma_url="")
    directory = data_dir or ingesting.cached_data_dir(name, corpus, settings)
    return load_settings(database_url="", chroma_url="", data_dir=directory)


def _check_collections(services: Services, options: EvalOptions) -> None:
    known = {summary.name for summary in services.documents.collections()}
    for name in options.run.filters.collections:
        if not options.ingest and name not in known:
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
