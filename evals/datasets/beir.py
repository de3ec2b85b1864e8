"""A folder of BEIR: the layout ``beir``.

``corpus.jsonl`` (``_id, title, text``), ``queries.jsonl`` (``_id, text``) and ``qrels/<split>.tsv``
(a heading, then query id, document id and grade, parted by tabs). Described in BEIR's wiki, "Load
your custom dataset" (github.com/beir-cellar/beir/wiki), and by Thakur et al. 2021
(arXiv:2104.08663).

Judges graded whole documents, so a case's gold has no passage, and its figures are those over
documents (`evals.scoring.documents`). What is graded 0 or less is not relevant. Questions that
nobody judged in the split are left out, as are those for which nothing is relevant: there is no
ideal ranking to compare with.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.errors import NotFound
from evals.datasets.case import BadDataset, Case, Dataset, Gold
from evals.datasets.rows import Row, read_rows, unique
from evals.datasets.written_out import Written, file_name, write_out

SPLITS = ("test", "dev")
"""The judgments taken where nobody chose: BEIR reports on `test`, and on `dev` for MS MARCO."""


def load_beir(path: Path) -> Dataset:
    """The ``beir`` layout. ``path``: the folder, or one of its files in ``qrels/``."""
    root = path.parent.parent if path.is_file() else path
    corpus, queries = _needed(root, "corpus.jsonl"), _needed(root, "queries.jsonl")
    qrels = path if path.is_file() else _qrels(root)
    judged = read_qrels(qrels)
    asked = {_id(row): row.text("text") for row in read_rows(queries)}
    cases = []
    for query, grades in judged.items():
        if query not in asked:
            raise BadDataset(
                f"{qrels}: the query {query!r} is not in {queries.name}.",
                "Take queries and judgments of the same set.",
            )
        gold = tuple(
            Gold(file_name(document), grade=grade)
            for document, grade in grades.items()
            if grade > 0
        )
        if gold:
            cases.append(Case(query, asked[query].strip(), answerable=True, gold=gold))
    left_out = len(judged) - len(cases)
    notes = [f"BEIR: judgments of {qrels.name}. Each set has a license of its own; no text is kept"]
    if left_out:
        notes.append(f"{left_out} judged questions have no relevant document and were left out")
    folder = write_out("beir", [corpus], _documents(corpus), sharded=True)
    return Dataset(root.name, root, unique(cases, qrels), folder, tuple(notes), texts=False)


def read_qrels(file: Path) -> dict[str, dict[str, int]]:
    """Query id → document id → grade. Raises BadDataset naming the line that is none."""
    judged: dict[str, dict[str, int]] = {}
    for number, line in enumerate(_lines(file), 1):
        fields = line.rstrip("\r\n").split("\t")
        if not line.strip() or (number == 1 and not _whole(fields[-1])):
            continue  # the heading
        where = f"{file}, line {number}"
        if len(fields) != 3:
            raise BadDataset(
                f"{where}: {len(fields)} fields, not query id, document id and grade with tabs "
                "between.",
                "Correct that line; TREC's own four columns are not BEIR's.",
            )
        query, document, grade = (field.strip() for field in fields)
        if not _whole(grade):
            raise BadDataset(
                f"{where}: the grade {grade!r} is not a whole number.", "Correct that line."
            )
        value = int(grade)
        if judged.setdefault(query, {}).setdefault(document, value) != value:
            raise BadDataset(
                f"{where}: {document!r} was judged before for {query!r}, with another grade.",
                "Keep one of the two lines.",
            )
    return judged


def _whole(grade: str) -> bool:
    return grade.strip().removeprefix("-").isdecimal()


def _documents(corpus: Path) -> Iterator[Written]:
    for row in read_rows(corpus):
        text = row.text("text", required=False)
        yield Written(_id(row), row.text("title", required=False), text)


def _id(row: Row) -> str:
    value = row.data.get("_id")
    if value is None or value == "":
        raise row.wrong("“_id” is missing")
    return str(value)


def _lines(file: Path) -> Iterator[str]:
    try:
        with file.open(encoding="utf-8") as stream:
            yield from stream
    except (OSError, UnicodeDecodeError) as error:
        raise BadDataset(f"{file} can't be read: {error}.", "It must be UTF-8 text.") from error


def _qrels(root: Path) -> Path:
    found = sorted((root / "qrels").glob("*.tsv"))
    for split in SPLITS:
        if root / "qrels" / f"{split}.tsv" in found:
            return root / "qrels" / f"{split}.tsv"
    if len(found) == 1:
        return found[0]
    raise NotFound(
        f"{root} has no qrels/test.tsv or qrels/dev.tsv.",
        "Unpack a set of BEIR there, or give one of its files in qrels/.",
    )


def _needed(root: Path, name: str) -> Path:
    file = root / name
    if not file.is_file():
        packed = " Unpack the .gz first." if (root / f"{name}.gz").is_file() else ""
        raise NotFound(
            f"{root} has no {name}.", f"Give the folder of a set of BEIR, unpacked.{packed}"
        )
    return file
