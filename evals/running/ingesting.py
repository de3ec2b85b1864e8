"""The only place where evals ingest: a folder of documents into a data directory of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

import ingest.sample
from app.bootstrap import Services
from app.domain import ParsedDocument, Passage
from app.errors import NotFound, UnreadableDocument
from app.settings import Settings
from evals.folders import private_folder
from ingest.progress import Progress
from ingest.report import IngestReport

__all__ = [
    "IngestReport",
    "Progress",
    "cached_data_dir",
    "ingest_folder",
    "load_pipeline",
    "read_documents",
    "read_passages",
    "sample_documents",
]


def load_pipeline() -> ModuleType:
    """The ingest with all its parsers, which a run without an ingest need not import."""
    from ingest import pipeline  # noqa: PLC0415

    return pipeline


def ingest_folder(
    services: Services, folder: Path, collection: str, progress: Progress | None = None
) -> IngestReport:
    """Bring ``collection`` in line with ``folder``; unchanged files cost next to nothing.

    Raises:
        NotFound: nothing could be read.
        IndexProblem: the index belongs to another model, or cannot be written to.
    """
    pipeline = load_pipeline()
    options = pipeline.IngestOptions(collection=collection)
    report: IngestReport = pipeline.ingest(services, [str(folder.resolve())], options, progress)
    if report.failed_targets:
        problem = report.failed_targets[0]
        raise NotFound(f"{problem.path}: {problem.reason}", problem.action)
    return report


def sample_documents() -> Path:
    """The sample company's documents, which come with the package."""
    return Path(next(iter(ingest.sample.__path__))) / "documents"


def cached_data_dir(name: str, corpus: Path, settings: Settings) -> Path:
    """A data directory for this corpus and these settings; the same one again next time.

    It lies in the system's folder for temporary files, readable by its owner alone.
    """
    key = f"{corpus.resolve()}|{settings.embedding_model}|{settings.passage_tokens}"
    digest = hashlib.blake2b(key.encode(), digest_size=4).hexdigest()
    return private_folder() / f"{name}-{digest}"


def read_documents(folder: Path) -> Iterator[tuple[str, ParsedDocument]]:
    """(path within ``folder``, parsed) of every document. What cannot be read is left out."""
    from ingest.parsers import Limits, parse  # noqa: PLC0415

    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            yield str(file.relative_to(folder)), parse(file.read_bytes(), file.name, Limits())
        except UnreadableDocument:
            continue


def read_passages(
    folder: Path, tokens: int, count_tokens: Callable[[Sequence[str]], list[int]]
) -> Iterator[tuple[str, str, Passage]]:
    """(path within ``folder``, title, passage) of every document, without storing anything.

    The passages are those that an ingest would make. What cannot be read is left out.
    """
    from ingest.splitter import split  # noqa: PLC0415

    for name, parsed in read_documents(folder):
        for passage in split(parsed, name, "eval", tokens, count_tokens):
            yield name, parsed.title, passage
