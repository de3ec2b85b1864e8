"""What a golden set has to keep to, so that a figure made with it can be believed.

`read_entries` reads files leniently, so that every line that is wrong is told at once; `problems`
are the rules that need no documents; `ungrounded` compares with the documents' extracted texts.
Near-duplicates are questions of which nine words in ten are the same (Jaccard's index of the sets
of words): asked twice, a question would weigh twice.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Protocol

from app.domain import AnswerState
from evals.datasets.case import KINDS, PHRASINGS, BadDataset, Case, Gold
from evals.datasets.golden import case_files, case_of
from evals.datasets.rows import read_rows
from evals.scoring.text import contains_any, words

FOLLOW_UP = "follow-up"
UNANSWERABLE = tuple(kind for kind in KINDS if kind.startswith("unanswerable-"))
COMPUTED = "computed"
"""Tag of a case whose answer has to be worked out, so that it stands nowhere word for word."""
SAME_WORDS = 0.9
"""Share of words in common from which two questions are near-duplicates."""
FEW_WORDS = 4
"""Questions of fewer words are compared whole: "And Delta?" and "And River?" differ enough."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong with a line, and what to do about it."""

    file: Path
    line: int
    what: str
    action: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}; {self.action}."


@dataclass(frozen=True, slots=True)
class Entry:
    """A case, and the line it stands in."""

    file: Path
    line: int
    case: Case

    def wrong(self, what: str, action: str) -> Problem:
        """A problem with this line."""
        return Problem(self.file, self.line, f"{self.case.id}: {what}", action)


class Corpus(Protocol):
    """The documents that cases are about, as far as they are compared with them."""

    def holds(self, document: str) -> bool:
        """Whether there is a document of that name."""

    def texts(self, gold: Gold) -> list[str]:
        """Extracted texts of the documents in which the gold passage is found; else empty."""


def read_entries(path: Path) -> tuple[list[Entry], list[Problem]]:
    """The cases of a file, or of a folder's files, and the lines that are none."""
    entries: list[Entry] = []
    wrong: list[Problem] = []
    for file in case_files(path):
        try:
            for row in read_rows(file):
                try:
                    entries.append(Entry(file, row.line, case_of(row)))
                except BadDataset as error:
                    wrong.append(_unreadable(file, error))
        except BadDataset as error:  # not JSON: what follows cannot be read either
            wrong.append(_unreadable(file, error))
    return entries, wrong


def problems(entries: Sequence[Entry]) -> list[Problem]:
    """Everything that is wrong with the cases themselves, by file and line."""
    each = [problem for entry in entries for problem in _one(entry)]
    return sorted([*each, *_ids(entries), *_families(entries), *_repeated(entries)])


def ungrounded(entries: Sequence[Entry], corpus: Corpus) -> list[Problem]:
    """Gold that the documents do not bear out, by file and line."""
    return sorted(problem for entry in entries for problem in _grounded(entry, corpus))


def not_counting(entries: Sequence[Entry]) -> list[Entry]:
    """Cases that something made and that nobody has reviewed yet."""
    return [entry for entry in entries if not entry.case.counts]


def counts(cases: Iterable[Case]) -> dict[str, Counter[tuple[str, str]]]:
    """For each kind, in `KINDS`' order: cases by (phrasing, split). A case may have two kinds."""
    table: dict[str, Counter[tuple[str, str]]] = {kind: Counter() for kind in KINDS}
    for case in cases:
        for tag in set(case.tags) & set(KINDS):
            table[tag][case.phrasing or "", case.split] += 1
    return table


def _one(entry: Entry) -> Iterator[Problem]:
    case = entry.case
    phrasings = [tag for tag in case.tags if tag in PHRASINGS]
    if len(phrasings) != 1:
        held = f"has {len(phrasings)} tags of phrasing" if phrasings else "has no tag of phrasing"
        yield entry.wrong(held, f"keep one of {', '.join(PHRASINGS)}")
    if not set(case.tags) & set(KINDS):
        yield entry.wrong("has no tag of kind", f"add one of {', '.join(KINDS)}")
    if case.state is None:
        yield entry.wrong("has no “state”", "say what the product should answer with")
    refusals = [tag for tag in case.tags if tag in UNANSWERABLE]
    if case.answerable:
        yield from _answerable(entry, refusals)
    elif len(refusals) != 1:
        yield entry.wrong(
            f"can't be answered, and has {len(refusals)} tags that say why",
            f"keep one of {', '.join(UNANSWERABLE)}",
        )
    if (FOLLOW_UP in case.tags) != bool(case.after):
        yield entry.wrong(
            "is a follow-up without “after”" if not case.after else "has “after”, but not the tag",
            "give the questions asked before it"
            if not case.after
            else f"add the tag {FOLLOW_UP}, or take “after” out",
        )


def _answerable(entry: Entry, refusals: Sequence[str]) -> Iterator[Problem]:
    case = entry.case
    if refusals:
        yield entry.wrong(f"can be answered, but is tagged {refusals[0]}", "drop that tag")
    if not case.reference.strip():
        yield entry.wrong("has no “reference”", "write the whole answer in a sentence or two")
    if not any(answer.strip() for answer in case.answers):
        yield entry.wrong("has no “answers”", "give the words that a right answer holds")
    if case.state is AnswerState.CONFLICTING and len(case.documents) < 2:
        yield entry.wrong("is conflicting, but rests on one document", "give the other in “also”")


def _ids(entries: Sequence[Entry]) -> Iterator[Problem]:
    first: dict[str, Entry] = {}
    for entry in entries:
        known = first.setdefault(entry.case.id, entry)
        if known is not entry:
            where = f"{known.file.name}:{known.line}"
            yield entry.wrong(f"the id stands at {where} already", "give it one of its own")


def _families(entries: Sequence[Entry]) -> Iterator[Problem]:
    families: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.case.family:
            families[entry.case.family].append(entry)
    for first, *others in families.values():
        seen = {first.case.phrasing}
        for entry in others:
            yield from _relatives(first, entry)
            if entry.case.phrasing in seen:
                yield entry.wrong(
                    f"family {entry.case.family!r} has two cases phrased {entry.case.phrasing}",
                    "keep one for each way of writing",
                )
            seen.add(entry.case.phrasing)


def _relatives(first: Entry, entry: Entry) -> Iterator[Problem]:
    one, other = first.case, entry.case
    different = [
        name
        for name, differs in (
            ("answerable", one.answerable is not other.answerable),
            ("state", one.state is not other.state),
            ("answers", set(one.answers) != set(other.answers)),
            ("documents", set(one.documents) != set(other.documents)),
        )
        if differs
    ]
    if different:
        yield entry.wrong(
            f"differs from {one.id} of its family in {', '.join(different)}",
            "the same question has the same answer: correct one, or part the family",
        )


def _repeated(entries: Sequence[Entry]) -> Iterator[Problem]:
    asked = [(entry, _asked(entry.case)) for entry in entries]
    for (first, one), (entry, other) in combinations(asked, 2):
        if first.case.after != entry.case.after:
            continue
        if one == other:
            yield entry.wrong(
                f"asks word for word what {first.case.id} asks", "ask something else, or drop it"
            )
        elif _nearly(one, other) and not (
            first.case.family and first.case.family == entry.case.family
        ):
            yield entry.wrong(
                f"asks nearly what {first.case.id} asks",
                "give both one “family”, ask something else, or drop it",
            )


def _asked(case: Case) -> tuple[str, ...]:
    return words(case.question)


def _nearly(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if min(len(one), len(other)) < FEW_WORDS:
        return False
    first, second = set(one), set(other)
    return len(first & second) >= SAME_WORDS * len(first | second)


def _grounded(entry: Entry, corpus: Corpus) -> Iterator[Problem]:
    case = entry.case
    texts = [gold.passage for gold in case.gold]
    lost = False
    for gold in case.gold:
        if not corpus.holds(gold.document):
            lost = True
            yield entry.wrong(f"there is no document {gold.document!r}", "correct its name")
        elif found := corpus.texts(gold):
            texts += found
        else:
            lost = True
            yield entry.wrong(
                f"its passage is not in {gold.document}: “{_short(gold.passage)}”",
                "copy it from the document's text",
            )
    if lost or COMPUTED in case.tags:
        return
    for answer in case.answers:
        if not any(contains_any(text, (answer,)) for text in texts):
            yield entry.wrong(
                f"“{_short(answer)}” stands in none of its documents",
                f"take the words of the document, or add the tag {COMPUTED}",
            )


def _unreadable(file: Path, error: BadDataset) -> Problem:
    said = error.detail.removeprefix(str(file)).rstrip(".")
    found = re.match(r", line (\d+): ", said)
    if found is None:
        return Problem(file, 1, said.strip(" :,"), "make it a file of UTF-8 text")
    return Problem(file, int(found[1]), said[found.end() :], "correct that line")


def _short(text: str, most: int = 60) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"
