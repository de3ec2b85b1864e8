"""What `footnote eval cases validate` does: the rules of a golden set, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from rich.console import Console
from rich.table import Table

from app.bootstrap import build_services
from app.errors import NotFound
from app.settings import load_settings
from evals.commands.cases_corpus import FoundCorpus, ParsedDocuments, StoredDocuments
from evals.commands.evaluate import CASES
from evals.datasets import KINDS, PHRASINGS, BadDataset, Split
from evals.datasets.validation import (
    Entry,
    Problem,
    counts,
    not_counting,
    problems,
    read_entries,
    ungrounded,
)
from evals.running.ingesting import sample_documents

SPLITS = get_args(Split)


@dataclass(frozen=True, slots=True)
class ValidateOptions:
    """What the command line was given.

    ``path`` None: the sample's golden cases. ``documents`` None: the sample's documents;
    ``data_dir``: those that are ingested there instead. ``located`` False: no documents are read.
    """

    path: Path | None = None
    documents: Path | None = None
    data_dir: Path | None = None
    located: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found."""

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]

    @property
    def fine(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def run(options: ValidateOptions, console: Console) -> Verdict:
    """Print every problem as ``file:line: what is wrong; what to do``, and a table of the cases.

    Raises:
        NotFound: a path that was given does not exist.
        BadDataset: there is no case at all.
    """
    path = options.path or CASES
    for given in (path, options.documents):
        if given is not None and not given.exists():
            raise NotFound(f"{given} doesn't exist.", "Give a file or folder that does.")
    verdict = validated(path, options)
    if not verdict.entries and verdict.fine:
        raise BadDataset(f"{path} holds no cases.", "Give a folder or file that does.")
    for problem in verdict.problems:
        console.print(str(problem), soft_wrap=True, markup=False, highlight=False)
    _show(verdict, console)
    return verdict


def validated(path: Path, options: ValidateOptions) -> Verdict:
    """The cases of ``path``, and what is wrong with them."""
    entries, wrong = read_entries(path)
    wrong += problems(entries)
    if options.located and any(entry.case.gold for entry in entries):
        wrong += _ungrounded(entries, options)
    return Verdict(tuple(entries), tuple(sorted(wrong)))


def _ungrounded(entries: Sequence[Entry], options: ValidateOptions) -> list[Problem]:
    cases = [entry.case for entry in entries]
    if options.data_dir is None:
        folder = options.documents or sample_documents()
        return ungrounded(entries, FoundCorpus(ParsedDocuments(folder), cases))
    settings: dict[str, Any] = {"data_dir": options.data_dir}
    services = build_services(load_settings(**settings), record_answers=False)
    try:
        return ungrounded(entries, FoundCorpus(StoredDocuments(services.documents), cases))
    finally:
        services.close()


def _show(verdict: Verdict, console: Console) -> None:
    cases = [entry.case for entry in verdict.entries if entry.case.counts]
    title = "Cases by kind and phrasing, dev+holdout"
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    table.add_column("kind", no_wrap=True)
    for phrasing in (*PHRASINGS, "all"):
        table.add_column(phrasing, justify="right", no_wrap=True)
    by_kind = counts(cases)
    for kind in KINDS:
        cells = by_kind[kind]
        table.add_row(
            kind,
            *(_sum(cells[name, "dev"], cells[name, "holdout"]) for name in PHRASINGS),
            _sum(*(sum(n for (_, s), n in cells.items() if s == split) for split in SPLITS)),
        )
    table.add_section()
    table.add_row(
        "cases",
        *(
            _sum(*(sum(c.phrasing == name and c.split == s for c in cases) for s in SPLITS))
            for name in PHRASINGS
        ),
        _sum(*(sum(case.split == split for case in cases) for split in SPLITS)),
    )
    console.print(table)
    waiting = not_counting(verdict.entries)
    for entry in waiting:
        where = f"{entry.file}:{entry.line}: {entry.case.id}"
        console.print(
            f"{where}: does not count yet: made by {entry.case.made}, and not reviewed.",
            soft_wrap=True,
            markup=False,
            highlight=False,
        )
    found = len(verdict.problems)
    said = f"{found} problem{'' if found == 1 else 's'}." if found else "Nothing is wrong."
    count = "1 case counts" if len(cases) == 1 else f"{len(cases)} cases count"
    console.print(f"{count}. {said}", highlight=False)


def _sum(dev: int, holdout: int) -> str:
    return f"{dev}+{holdout}" if dev or holdout else "–"
