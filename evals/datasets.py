"""Questions to measure with, read from files: any folder in a known layout, any path.

Layouts (`LOADERS`):

``folder``
    ``corpus/`` (or ``pdf/``) with the documents, ``questions.jsonl`` with one object per line:
    ``id, question, answerable, document, passage, answers``. Documents of questions that are not
    answerable may lie in ``held-out/``, which is not ingested.
``filings``
    ``pdf/`` (or ``corpus/``), ``questions.jsonl``: ``question, documents`` (glob over file names),
    ``type, evidence, answer`` (prose, so it is not looked for in quotes).
``cases``
    A JSONL file, or a folder of them, of golden cases written by hand on documents that are given
    apart: ``id, question, answerable, state, document, passage, answers, why, tags`` and optionally
    ``also``: more ``{document, passage}`` that the answer rests on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from app.domain import AnswerState
from app.errors import BadRequest, NotFound


class BadDataset(BadRequest):
    """A file of questions has a row that cannot be used; names file, line and what is wrong."""

    title = "The questions can't be read"


@dataclass(frozen=True, slots=True)
class Gold:
    """Where an answer stands: a file name (or the end of a path) and an excerpt.

    ``passage`` is empty when only the document is known.
    """

    document: str
    passage: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A question with what is known of its answer.

    ``gold``: where the answer stands; several when it rests on several. ``answers``: short spans,
    each of which is an answer; empty when only prose is known. ``state``: what the product should
    say, None when nobody decided.
    """

    id: str
    question: str
    answerable: bool
    gold: tuple[Gold, ...] = ()
    answers: tuple[str, ...] = ()
    state: AnswerState | None = None
    why: str = ""
    tags: tuple[str, ...] = ()

    @property
    def documents(self) -> tuple[str, ...]:
        """Names of the documents that hold the answer, without repetition."""
        return tuple(dict.fromkeys(gold.document for gold in self.gold))


@dataclass(frozen=True, slots=True)
class Dataset:
    """Cases, and the folder of documents that they are about (None: given apart)."""

    name: str
    path: Path
    cases: tuple[Case, ...]
    corpus: Path | None = None
    notes: tuple[str, ...] = field(default=())


def load(layout: str, path: Path) -> Dataset:
    """The dataset in ``path``.

    Raises:
        BadRequest: no such layout.
        NotFound: ``path``, or a file that the layout needs, does not exist.
        BadDataset: a row cannot be used.
    """
    loader = LOADERS.get(layout)
    if loader is None:
        raise BadRequest(
            f"“{layout}” is not a layout of questions.", f"Use one of: {', '.join(LOADERS)}."
        )
    if not path.exists():
        raise NotFound(f"{path} doesn't exist.", "Give the folder or file that holds questions.")
    dataset = loader(path)
    if not dataset.cases:
        raise BadDataset(f"{path} holds no questions.", "Give a folder or file that does.")
    return dataset


def load_folder(path: Path) -> Dataset:
    """The ``folder`` layout."""
    corpus = _corpus(path)
    present = {file.name for file in corpus.rglob("*") if file.is_file()}
    cases = []
    for row in _rows(_questions(path)):
        answerable = row.boolean("answerable")
        document = row.text("document", required=answerable)
        if answerable and Path(document).name not in present:
            raise row.wrong(f"its document {document!r} is not in {corpus}")
        gold = (Gold(document, row.text("passage", required=False)),) if answerable else ()
        answers = row.texts("answers") if answerable else ()
        cases.append(
            Case(row.id, row.text("question"), answerable, gold, answers, tags=row.texts("tags"))
        )
    return Dataset(path.name, path, _unique(cases, path), corpus)


def load_filings(path: Path) -> Dataset:
    """The ``filings`` layout."""
    corpus = _corpus(path)
    names = sorted(file.name for file in corpus.rglob("*") if file.is_file())
    cases = []
    for row in _rows(_questions(path)):
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
    return Dataset(path.name, path, _unique(cases, path), corpus)


def load_cases(path: Path) -> Dataset:
    """The ``cases`` layout."""
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    cases = []
    for file in files:
        for row in _rows(file):
            answerable = row.boolean("answerable")
            document = row.text("document", required=answerable)
            gold: list[Gold] = []
            if answerable:
                gold = [Gold(document, row.text("passage")), *_also(row)]
            cases.append(
                Case(
                    row.id,
                    row.text("question"),
                    answerable,
                    tuple(gold),
                    row.texts("answers") if answerable else (),
                    _state(row, answerable),
                    row.text("why", required=False),
                    row.texts("tags"),
                )
            )
    name = path.name if path.is_dir() else path.stem
    return Dataset(name, path, _unique(cases, path))


LOADERS: dict[str, Callable[[Path], Dataset]] = {
    "folder": load_folder,
    "filings": load_filings,
    "cases": load_cases,
}


@dataclass(frozen=True, slots=True)
class _Row:
    """One object of a JSONL file, with typed access that says what is wrong, and where."""

    file: Path
    line: int
    data: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.data.get("id") or f"{self.file.stem}:{self.line}")

    def wrong(self, what: str) -> BadDataset:
        return BadDataset(f"{self.file}, line {self.line}: {what}.", "Correct that line.")

    def text(self, key: str, *, required: bool = True) -> str:
        value = self.data.get(key)
        if value is None and not required:
            return ""
        if not isinstance(value, str):
            raise self.wrong(f"“{key}” is missing" if value is None else f"“{key}” is not a text")
        if required and not value.strip():
            raise self.wrong(f"“{key}” is empty")
        return value

    def boolean(self, key: str) -> bool:
        value = self.data.get(key)
        if not isinstance(value, bool):
            raise self.wrong(f"“{key}” is not true or false")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.data.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(f"“{key}” is not a list of texts")
        return tuple(value)


def _rows(file: Path) -> Iterator[_Row]:
    try:
        lines = file.read_text(encoding="utf-8").split("\n")  # not at U+2028
    except (OSError, UnicodeDecodeError) as error:
        raise BadDataset(f"{file} can't be read: {error}.", "It must be UTF-8 text.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _Row(file, number, {})
        try:
            data = json.loads(line)
        except json.JSONDecodeError as error:
            raise row.wrong(f"not valid JSON: {error.msg} at column {error.colno}") from error
        if not isinstance(data, dict):
            raise row.wrong("not a JSON object")
        yield _Row(file, number, data)


def _also(row: _Row) -> list[Gold]:
    more = row.data.get("also") or []
    if not isinstance(more, list) or not all(isinstance(item, dict) for item in more):
        raise row.wrong("“also” is not a list of objects")
    parts = [_Row(row.file, row.line, item) for item in more]
    return [Gold(part.text("document"), part.text("passage")) for part in parts]


def _state(row: _Row, answerable: bool) -> AnswerState | None:
    value = row.text("state", required=False)
    if not value:
        return None
    try:
        state = AnswerState(value)
    except ValueError:
        known = ", ".join(AnswerState)
        raise row.wrong(f"“state” is {value!r}; it can be {known}") from None
    # A question without an answer may still be met with "that page is out of date".
    contrary = AnswerState.NOT_FOUND if answerable else AnswerState.ANSWERED
    if state is contrary:
        raise row.wrong(f"“answerable” is {str(answerable).lower()}, but “state” is {value!r}")
    return state


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


def _unique(cases: list[Case], path: Path) -> tuple[Case, ...]:
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise BadDataset(f"{path}: the id {case.id!r} occurs twice.", "Give each its own.")
        seen.add(case.id)
    return tuple(cases)
