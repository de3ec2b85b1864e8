"""SQuAD's JSON: the layout ``squad``, for SQuAD 1.1 and 2.0 and the many sets in its form.

``data[].title``, ``data[].paragraphs[].context`` and, for each paragraph, ``qas[]`` with ``id,
question, answers[].text, answers[].answer_start`` and in 2.0 ``is_impossible``. Described by
Rajpurkar et al. 2016 (arXiv:1606.05250) and 2018 (arXiv:1806.03822); XQuAD (arXiv:1910.11856) and
COVID-QA have the same form, the latter with whole articles as paragraphs.

An article is one document; the paragraph that a question was written on is the gold passage. SQuAD
asks about a paragraph that is given, so some questions ("What did he do next?") can't be answered
from a library; and of 2.0's impossible ones, another paragraph may hold the answer. Both are said
in the report.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import NotFound
from evals.datasets.case import BadDataset, Case, Dataset, Gold
from evals.datasets.rows import unique
from evals.datasets.written_out import Written, file_name, paragraphs_of, write_out


@dataclass(frozen=True, slots=True)
class _Node:
    """An object in the file, with typed access that says what is wrong, and where."""

    where: str
    data: Mapping[str, Any]

    def wrong(self, what: str) -> BadDataset:
        return BadDataset(f"{self.where}: {what}.", "It must be of SQuAD's form, 1.1 or 2.0.")

    def text(self, key: str) -> str:
        value = self.data.get(key)
        if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
            raise self.wrong(f"“{key}” is missing or not a text")
        return str(value)

    def nodes(self, key: str) -> list[_Node]:
        value = self.data.get(key)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.wrong(f"“{key}” is missing or not a list of objects")
        return [_Node(f"{self.where}, {key}[{i}]", item) for i, item in enumerate(value)]


@dataclass(frozen=True, slots=True)
class _Article:
    """One document, with a title that no other one has."""

    id: str
    title: str
    paragraphs: tuple[_Node, ...]


def load_squad(path: Path) -> Dataset:
    """The ``squad`` layout. ``path``: a JSON file, or a folder of them."""
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files:
        raise NotFound(f"{path} has no JSON file.", "Give a file of SQuAD's form, or its folder.")
    articles = list(_articles(files))
    cases = [case for article in articles for case in _cases(article)]
    impossible = sum(not case.answerable for case in cases)
    notes = [
        "SQuAD: CC BY-SA 4.0 (a set in its form may differ); no text is kept",
        "Its questions were written with a paragraph given: some can't be understood alone",
    ]
    if impossible:
        notes.append(
            f"{impossible} questions can't be answered from their paragraph; another one may answer"
        )
    documents = (Written(article.id, article.title, _text(article)) for article in articles)
    folder = write_out("squad", files, documents)
    return Dataset(path.stem, path, unique(cases, path), folder, tuple(notes), texts=False)


def _articles(files: list[Path]) -> Iterator[_Article]:
    seen: set[str] = set()
    for file in files:
        for node in _read(file).nodes("data"):
            paragraphs = tuple(node.nodes("paragraphs"))
            # COVID-QA's articles have no title, but the number of a document.
            first = paragraphs[0].data if paragraphs else {}
            named = node.data.get("title") or first.get("document_id") or len(seen) + 1
            base = key = str(named)
            while key in seen:
                key = f"{base} {len(seen) + 1}"
            seen.add(key)
            title = base.replace("_", " ") if node.data.get("title") else ""
            yield _Article(key, title, paragraphs)


def _cases(article: _Article) -> Iterator[Case]:
    for paragraph in article.paragraphs:
        context = paragraph.text("context")
        for node in paragraph.nodes("qas"):
            impossible = node.data.get("is_impossible") is True
            answers = [] if impossible else node.nodes("answers")
            if not impossible and not answers:
                raise node.wrong("it has no answers, and is not marked as impossible")
            gold = (
                () if impossible else (Gold(file_name(article.id), _around(context, answers[0])),)
            )
            yield Case(
                node.text("id"),
                node.text("question").strip(),
                not impossible,
                gold,
                tuple(dict.fromkeys(answer.text("text") for answer in answers)),
            )


def _around(context: str, answer: _Node) -> str:
    """The part of ``context``, between blank lines, that the answer begins in."""
    start = answer.data.get("answer_start")
    if not isinstance(start, int):
        raise answer.wrong("“answer_start” is missing or not a whole number")
    at = 0
    for part in paragraphs_of(context):
        at = context.find(part, at)
        if at < 0 or start < at + len(part):
            return part
        at += len(part)
    return context


def _text(article: _Article) -> str:
    return "\n\n".join(paragraph.text("context") for paragraph in article.paragraphs)


def _read(file: Path) -> _Node:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadDataset(f"{file} can't be read: {error}.", "It must be UTF-8 text.") from error
    except json.JSONDecodeError as error:
        raise BadDataset(
            f"{file}, line {error.lineno}: not valid JSON: {error.msg}.", "Correct that line."
        ) from error
    if not isinstance(data, dict):
        raise BadDataset(f"{file} is not a JSON object.", "It must be of SQuAD's form.")
    return _Node(str(file), data)
