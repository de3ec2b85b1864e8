"""Supported and corrupted sentences, each with what it cites, made from any dataset.

Supported are sentences of the passages that hold an answer, as they stand and in other words, and
questions with their short answers as statements. Corrupted are the same, wrong in one way each: so
neither kind is known by how freely it is worded.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sentencex

from evals.datasets import Case, Dataset
from evals.scoring.text import contains, fold_with_offsets
from evals.verifying.corruptions import CORRUPTIONS, Source, merged, names_in
from evals.verifying.question_statements import statement
from evals.verifying.rewriting import rewrite

SUPPORTED = ("as it stands", "in other words", "answer as statement")
CORRUPTED = (*CORRUPTIONS, "merged", "uncited")


@dataclass(frozen=True, slots=True)
class CitedPassage:
    """A passage as it is cited: its text, its title, its headings, and its document's file name."""

    document: str
    title: str
    heading: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence with the passages it cites.

    ``kind``: how it was made, of `SUPPORTED` or `CORRUPTED`; ``basis``: the kind of supported
    sentence that was corrupted.
    """

    sentence: str
    cited: tuple[CitedPassage, ...]
    supported: bool
    kind: str
    basis: str


def make(
    dataset: Dataset, passages: Sequence[CitedPassage], seed: int = 0, per_kind: int = 120
) -> list[Example]:
    """At most ``per_kind`` examples of each kind; the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311  # draws a sample
    return _Maker(passages, rng).make(dataset.cases, per_kind)


class _Maker:
    def __init__(self, passages: Sequence[CitedPassage], rng: random.Random) -> None:
        self._rng = rng
        self._by_document: dict[str, list[CitedPassage]] = defaultdict(list)
        for passage in passages:
            self._by_document[passage.document].append(passage)
        self._folded = {id(p): fold_with_offsets(p.text)[0] for p in passages}
        counts: dict[str, int] = defaultdict(int)
        for passage in passages:
            for name in names_in(passage.text):
                counts[name] += 1
        self._names = sorted(counts)

    def make(self, cases: Sequence[Case], per_kind: int) -> list[Example]:
        cases = [case for case in cases if case.answerable and case.gold]
        self._rng.shuffle(cases)
        pools: dict[str, list[Example]] = {kind: [] for kind in SUPPORTED}
        seen: set[str] = set()
        for case in cases:
            for example in self._supported(case):
                if example.sentence not in seen:
                    seen.add(example.sentence)
                    pools[example.kind].append(example)
        made = [example for kind in SUPPORTED for example in pools[kind][:per_kind]]
        # Corrupted are made of all supported ones in turn, so that every basis has its share.
        bases = [e for group in _in_turn([pools[kind] for kind in SUPPORTED]) for e in group]
        for kind in CORRUPTED:
            made += self._corrupted(kind, bases, per_kind)
        return made

    def _supported(self, case: Case) -> Iterator[Example]:
        for gold in case.gold:
            home = self._home(gold.document, gold.passage, case.answers)
            if home is None:
                continue
            own = [s for s in _prose(home.text) if self._belongs(s, gold.passage)]
            if own:
                sentence = self._rng.choice(own)
                yield self._example(sentence, home, "as it stands")
                other = rewrite(sentence, home.title, self._rng)
                if other is not None:
                    yield self._example(other, home, "in other words")
            short = [a for a in case.answers if contains(home.text, a)]
            said = statement(case.question, min(short, key=len)) if short else None
            if said is not None:
                yield self._example(said, home, "answer as statement")

    def _home(self, document: str, gold: str, answers: Sequence[str]) -> CitedPassage | None:
        """The passage that holds the gold text, or else its answer and most of its sentences."""
        name = document.rpartition("/")[2]
        own = [
            passage
            for path, passages in self._by_document.items()
            if path.rpartition("/")[2] == name
            for passage in passages
        ]
        wanted = fold_with_offsets(gold)[0]
        for passage in own:
            if wanted and wanted in self._folded[id(passage)]:
                return passage
        pieces = [fold_with_offsets(s)[0] for s in _prose(gold)]
        held = [
            (sum(len(piece) for piece in pieces if piece in self._folded[id(p)]), i)
            for i, p in enumerate(own)
            if not answers or any(contains(p.text, a) for a in answers)
        ]
        best = max(held, default=(0, 0))
        return own[best[1]] if best[0] > 60 else None

    def _belongs(self, sentence: str, gold: str) -> bool:
        folded = fold_with_offsets(gold)[0]
        mine = fold_with_offsets(sentence)[0]
        return mine in folded or folded in mine

    def _example(self, sentence: str, home: CitedPassage, kind: str) -> Example:
        cited = [home]
        if self._rng.random() < 0.3:  # some sentences cite two passages
            others = [p for p in self._by_document[home.document] if p is not home]
            if others:
                cited.append(self._rng.choice(others))
        return Example(sentence, tuple(cited), True, kind, kind)

    def _corrupted(self, kind: str, bases: Sequence[Example], limit: int) -> list[Example]:
        found: list[Example] = []
        for basis in bases:
            if len(found) == limit:
                break
            made = self._corrupt(kind, basis)
            if made is not None:
                found.append(Example(*made, False, kind, basis.kind))
        return found

    def _corrupt(self, kind: str, basis: Example) -> tuple[str, tuple[CitedPassage, ...]] | None:
        home = basis.cited[0]
        if kind == "uncited":
            elsewhere = self._elsewhere(basis)
            return (basis.sentence, (elsewhere,)) if elsewhere else None
        source = Source(home.text, home.title, self._names)
        if kind == "merged":
            return self._merge(basis)
        whole = " ".join(p.text for p in basis.cited)
        sentence = CORRUPTIONS[kind](basis.sentence, source, self._rng)
        if sentence is None or contains(whole, sentence):
            return None
        return sentence, basis.cited

    def _elsewhere(self, basis: Example) -> CitedPassage | None:
        """Another passage of the document, the one with most words in common."""
        home = basis.cited[0]
        words = _words(basis.sentence)
        others = [
            p
            for p in self._by_document[home.document]
            if p is not home and 2 * len(words & _words(p.text)) < len(words) * 1.6
        ]
        return max(others, key=lambda p: len(words & _words(p.text)), default=None)

    def _merge(self, basis: Example) -> tuple[str, tuple[CitedPassage, ...]] | None:
        home = basis.cited[0]
        same = [s for s in _prose(home.text) if s != basis.sentence]
        sentence = merged(basis.sentence, same, self._rng)
        if sentence is not None:
            return sentence, basis.cited
        others = [p for p in self._by_document[home.document] if p is not home]
        if not others:
            return None
        other = self._rng.choice(others)
        sentence = merged(basis.sentence, _prose(other.text), self._rng)
        return (sentence, (home, other)) if sentence else None


def _prose(text: str) -> list[str]:
    """Whole sentences of 6 to 60 words, as they are written in an answer: without Markdown."""
    clean = re.sub(r"\*\*|`|^#+ .*$|\s?\[[\d, –-]+\]", "", text, flags=re.MULTILINE)
    found = []
    for line in clean.split("\n"):
        for piece in sentencex.segment("en", line.strip().lstrip("-*• ")):
            sentence = piece.strip()
            if 6 <= len(sentence.split()) <= 60 and sentence[-1] in ".!" and sentence[0].isupper():
                found.append(sentence)
    return found


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.lower()) if len(word) > 3}


def _in_turn(pools: Sequence[Sequence[Example]]) -> Iterator[list[Example]]:
    for i in range(max(map(len, pools), default=0)):
        yield [pool[i] for pool in pools if i < len(pool)]
