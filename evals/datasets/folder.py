"""Folders with documents beside their questions: the layouts ``folder`` and ``filings``."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

from app.errors import NotFound
from evals.datasets.case import Case, Dataset, Gold
from evals.datasets.rows import read_rows, unique


def load_folder(path: Path) -> Dataset:
    """The ``folder`` layout."""
    corpus = _corpus(path)
    present = {file.name for file in corpus.rglob("*") if file.is_file()}
    cases = []
    for row in read_rows(_questions(path)):
        answerable = row.boolean("answerable")
        document = row.text("document", required=answerable)
        if answerable and Path(document).name not in present:
            raise row.wrong(f"its document {document!r} is not in {corpus}")
        gold = (Gold(document, row.text("passage", required=False)),) if answerable else ()
        answers = row.texts("answers") if answerable else ()
        cases.append(
            Case(row.id, row.text("question"), answerable, gold, answers, tags=row.texts("tags"))
        )
    return Dataset(path.name, path, unique(cases, path), corpus)


def load_filings(path: Path) -> Dataset:
    """The ``filings`` layout."""
    corpus = _corpus(path)
    names = sorted(file.name for file in corpus.rglob("*") if file.is_file())
    cases = []
    for row in read_rows(_questions(path)):
        pattern = row.text("documents")
        matching = [name for name in names if fnmatch(name, pattern)]
        if not matching:
            raise row.wrong(f"no file in {corpus} matches {pattern!r}")
        kind = row.text("type", required=False)
        tags = [
            "single-document" if kind.lower().startswith("single-doc") else "multi-document",
            *(["single-chunk"] if "single-chunk" in kind.lower() else []),
            *(["multi-chunk"] if "multi-chunk" in kind.lower() else []),
        ]
        if evidence := row.text("evidence", required=False):
            tags.append(f"evidence-{evidence.lower()}")
        cases.append(
            Case(
                row.id,
                row.text("question"),
                answerable=True,
                gold=tuple(Gold(name) for name in matching),
                why=row.text("answer", required=False),
                tags=tuple(tags),
            )
        )
    return Dataset(path.name, path, unique(cases, path), corpus)


def _corpus(path: Path) -> Path:
    for name in ("corpus", "pdf"):
        if (path / name).is_dir():
            return path / name
    raise NotFound(f"{path} has no folder “corpus” or “pdf”.", "Put the documents there.")


def _questions(path: Path) -> Path:
    file = path / "questions.jsonl"
    if not file.is_file():
        raise NotFound(f"{path} has no questions.jsonl.", "Put the questions there.")
    return file
