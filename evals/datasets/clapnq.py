"""CLAPnq's JSONL: the layout ``clapnq``.

One object per line: ``id, input`` (the question), ``passages[]`` with ``title, text, sentences``
and ``output[]`` with ``answer, selected_sentences``; the answer of an unanswerable question is
null. Described in the readme of github.com/primeqa/clapnq and by Rosenthal et al. 2024
(arXiv:2404.02103).

``path`` is a file, or a folder with several (those of answerable and unanswerable questions, say).
Where ``passages.tsv`` (``id, text, title``: the set's whole corpus) lies beside, that is what is
ingested; without, only the passages in the file are, which is a much easier search: the report says
so. Passages of one title are one document.

Answers are prose, so they are a case's reference, and none is looked for word for word.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from app.errors import NotFound
from evals.datasets.case import BadDataset, Case, Dataset, Gold
from evals.datasets.rows import Row, read_rows, unique
from evals.datasets.written_out import Written, file_name, write_out

CORPUS = "passages.tsv"
_LONGEST = 2**31 - 1
"""Characters that a passage may have: what a C long holds everywhere."""


def load_clapnq(path: Path) -> Dataset:
    """The ``clapnq`` layout."""
    root = path if path.is_dir() else path.parent
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    if not files:
        raise NotFound(f"{path} has no JSONL file.", "Give CLAPnq's annotated data.")
    rows = [row for file in files for row in read_rows(file)]
    cases = [_case(row) for row in rows]
    notes = ["CLAPnq: Apache-2.0, its passages Wikipedia's (CC BY-SA); no text is kept"]
    corpus = root / CORPUS
    if corpus.is_file():
        folder = write_out("clapnq", [corpus], _joined(_corpus(corpus)), sharded=True)
    else:
        given = ((p.text("title"), p.text("text")) for row in rows for p in _passages(row))
        folder = write_out("clapnq", files, _joined(given))
        notes.append(
            f"without {CORPUS} only the questions' own passages are searched: easier than the set"
        )
    return Dataset(path.stem, path, unique(cases, path), folder, tuple(notes), texts=False)


def _case(row: Row) -> Case:
    outputs = _objects(row, "output")
    answers = [out.text("answer", required=False).strip() for out in outputs]
    reference = next((answer for answer in answers if answer), "")
    passages = _passages(row)
    gold = tuple(Gold(file_name(p.text("title")), p.text("text").strip()) for p in passages)
    return Case(
        row.id,
        row.text("input").strip(),
        answerable=bool(reference),
        gold=gold if reference else (),
        reference=reference,
    )


def _passages(row: Row) -> list[Row]:
    return _objects(row, "passages")


def _objects(row: Row, key: str) -> list[Row]:
    value: Any = row.data.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(v, dict) for v in value):
        raise row.wrong(f"“{key}” is not a list of objects")
    return [Row(row.file, row.line, item) for item in value]


def _corpus(file: Path) -> Iterator[tuple[str, str]]:
    csv.field_size_limit(_LONGEST)
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            for record in csv.DictReader(stream, delimiter="\t"):
                title, text = record.get("title"), record.get("text")
                if title is None or text is None:
                    raise BadDataset(
                        f"{file}: a passage has no “title” or no “text”.",
                        "Its first line must name the columns id, text and title.",
                    )
                yield title, text
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadDataset(f"{file} can't be read: {error}.", "It must be UTF-8 text.") from error


def _joined(passages: Iterable[tuple[str, str]]) -> Iterator[Written]:
    """One document for each title, its passages in their order, none twice."""
    texts: dict[str, dict[str, None]] = {}
    for title, text in passages:
        texts.setdefault(title.strip(), {})[text.strip()] = None
    for title, own in texts.items():
        yield Written(title, title, "\n\n".join(own))
