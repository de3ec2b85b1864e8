"""FinanceBench's JSONL with its annual reports as PDF: the layout ``financebench``.

One object per line: ``financebench_id, question, answer, question_type, doc_name`` and
``evidence[]`` with ``evidence_text, doc_name, evidence_page_num``; releases before 2024 have one
``evidence_text`` beside the question instead. Described in the readme of
github.com/patronus-ai/financebench and by Islam et al. 2023 (arXiv:2311.11944).

The documents are not in the file: ``<doc_name>.pdf`` of every question must lie in ``pdfs/``,
beside the file or beside its folder, as in that repository. All PDFs there are ingested ("shared
store" in the paper's words: one index for all).

Answers are prose or a number in one of many forms, and the paper had people judge them: they are a
case's reference, and none is looked for word for word.
"""

from __future__ import annotations

from pathlib import Path

from app.errors import NotFound
from evals.datasets.case import Case, Dataset, Gold
from evals.datasets.rows import Row, read_rows, unique

FILE = "financebench_open_source.jsonl"
SOURCE = "https://github.com/patronus-ai/financebench/tree/main/pdfs"


def load_financebench(path: Path) -> Dataset:
    """The ``financebench`` layout. ``path``: the JSONL file, or the folder that has it."""
    file = _questions(path) if path.is_dir() else path
    rows = list(read_rows(file))
    cases = [_case(row) for row in rows]
    wanted = sorted({gold.document for case in cases for gold in case.gold})
    corpus = _pdfs(file)
    present = {pdf.name for pdf in corpus.rglob("*.pdf")} if corpus else set()
    missing = [name for name in wanted if name not in present]
    if corpus is None or missing:
        shown = ", ".join(missing[:5]) + ("…" if len(missing) > 5 else "")
        raise NotFound(
            f"{len(missing)} of the {len(wanted)} reports that {file.name} asks about are missing: "
            f"{shown}.",
            f"Download them from {SOURCE} into {corpus or file.parent / 'pdfs'}.",
        )
    notes = ("FinanceBench: CC BY-NC 4.0; no text is kept",)
    return Dataset("financebench", path, unique(cases, file), corpus, notes, texts=False)


def _case(row: Row) -> Case:
    kind = row.text("question_type", required=False)
    given = row.data.get("financebench_id")
    return Case(
        str(given) if given else row.id,
        row.text("question").strip(),
        answerable=True,
        gold=_gold(row),
        reference=row.text("answer"),
        tags=(kind.lower().replace(" ", "-"),) if kind else (),
    )


def _gold(row: Row) -> tuple[Gold, ...]:
    evidence = row.data.get("evidence")
    if evidence is None:
        return (_one(row, row),)
    if not isinstance(evidence, list) or not all(isinstance(item, dict) for item in evidence):
        raise row.wrong("“evidence” is not a list of objects")
    parts = [_one(Row(row.file, row.line, item), row) for item in evidence]
    return tuple(dict.fromkeys(parts)) or (Gold(_pdf(row.text("doc_name"))),)


def _one(part: Row, row: Row) -> Gold:
    name = part.text("doc_name", required=False) or row.text("doc_name")
    return Gold(_pdf(name), part.text("evidence_text", required=False).strip())


def _pdf(name: str) -> str:
    return name if name.lower().endswith(".pdf") else f"{name}.pdf"


def _questions(folder: Path) -> Path:
    for place in (folder / FILE, folder / "data" / FILE):
        if place.is_file():
            return place
    others = sorted(folder.glob("*.jsonl"))
    if len(others) == 1:
        return others[0]
    raise NotFound(
        f"{folder} has no {FILE}.",
        "Give FinanceBench's JSONL file, or the folder of its repository.",
    )


def _pdfs(file: Path) -> Path | None:
    for folder in (file.parent / "pdfs", file.parent.parent / "pdfs"):
        if folder.is_dir():
            return folder
    return None
