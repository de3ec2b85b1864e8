"""What a benchmark ingests and asks: text files that every contender reads, and questions."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

from app.errors import BadRequest, NotFound
from evals.bench import measuring
from evals.commands.evaluate import CASES
from evals.running import ingesting


@dataclass(frozen=True, slots=True)
class Corpus:
    """``folder`` holds text files only; ``left_out`` counts files of other formats."""

    name: str
    folder: Path
    files: int
    left_out: int
    questions: tuple[str, ...]


def prepare(path: Path | None, work: Path, questions: int, seed: int = 0) -> Corpus:
    """The corpus in ``path`` (None: the sample), and ``questions`` different ones on it.

    Files of formats that the quickstart does not read are left out for every contender.

    Raises:
        NotFound: there is no such folder, or no text file in it.
        BadRequest: questions are wanted and there are none.
    """
    source, asked = _places(path)
    if not source.is_dir():
        raise NotFound(f"{source} is not a folder.", "Give a folder of documents with --corpus.")
    files = measuring.text_files(source)
    if not files:
        raise NotFound(
            f"{source} holds no plain text ({', '.join(measuring.READ)}).",
            "Give a folder with text files: the quickstart reads nothing else.",
        )
    everything = sum(1 for file in source.rglob("*") if file.is_file())
    folder = source
    if everything > len(files):
        folder = work / "corpus"
        for file in files:
            target = folder / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target)
    return Corpus(
        name=(path or Path("sample")).resolve().name if path else "sample",
        folder=folder.resolve(),
        files=len(files),
        left_out=everything - len(files),
        questions=tuple(_drawn(asked, source, questions, seed)) if questions else (),
    )


def _places(path: Path | None) -> tuple[Path, list[Path]]:
    """Where the documents are, and the files that may hold questions."""
    if path is None:
        return ingesting.sample_documents(), sorted(CASES.glob("*.jsonl"))
    inner = next((path / n for n in ("corpus", "pdf") if (path / n).is_dir()), path)
    files = [path / "questions.jsonl", path.parent / "questions.jsonl"]
    return inner, [file for file in files if file.is_file()][:1]


def _drawn(files: list[Path], source: Path, count: int, seed: int) -> list[str]:
    try:
        lines = [line for f in files for line in f.read_text(encoding="utf-8").split("\n")]
        found = [json.loads(line)["question"] for line in lines if line.strip()]
    except (ValueError, KeyError, TypeError) as error:
        raise BadRequest(
            f"The questions beside {source} can't be read: {error}.",
            "Each line must be a JSON object with “question”.",
        ) from error
    different = list(dict.fromkeys(found))
    if not different:
        raise BadRequest(
            f"There are no questions for {source}.", "Put a questions.jsonl in or beside it."
        )
    random.Random(seed).shuffle(different)  # noqa: S311  # no secret
    return different[:count]
