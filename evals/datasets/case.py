"""A question with what is known of its answer, and a set of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from app.domain import AnswerState
from app.errors import BadRequest

Split = Literal["dev", "holdout"]
Phrasing = Literal["plain", "typos", "non-native", "keywords", "long"]
PHRASINGS: tuple[Phrasing, ...] = get_args(Phrasing)
"""How people write: correctly, with typing errors, as a second language, in search words, or long
and rambling. A golden case has exactly one of them as a tag."""
KINDS = (
    "single-fact",
    "table",
    "multi-passage",
    "comparison",
    "procedure",
    "yes-no-condition",
    "follow-up",
    "conflicting",
    "outdated",
    "partial",
    "unanswerable-missing",
    "unanswerable-out-of-scope",
    "unanswerable-false-premise",
    "unanswerable-underspecified",
    "unanswerable-future",
    "unanswerable-personal",
)
"""What a question asks for. A golden case has at least one of them as a tag."""
HOLDOUT_SHARE = 0.4
"""Of the families of golden cases. Nothing is fitted on them, and nobody chooses them."""


class BadDataset(BadRequest):
    """A file of questions has a row that cannot be used; names file, line and what is wrong."""

    title = "The questions can't be read"


@dataclass(frozen=True, slots=True)
class Gold:
    """Where an answer stands: a file name (or the end of a path) and an excerpt.

    ``passage`` is empty when only the document is known. ``grade``: how well it answers, from 1 on,
    where judges graded; only document-level figures read it.
    """

    document: str
    passage: str = ""
    grade: int = 1


@dataclass(frozen=True, slots=True)
class Case:
    """A question with what is known of its answer.

    ``gold``: where the answer stands; several when it rests on several. ``answers``: short spans,
    each of which is an answer; empty when only prose is known. ``reference``: the whole answer in
    a sentence or two, as an expert would give it. ``state``: what the product should say, None when
    nobody decided. ``after``: questions asked before it in the same conversation, oldest first.
    ``family``: the same question in other words has the same one; empty: it stands alone.
    ``made``: empty for a case by hand, else what made it; such a case counts only once somebody has
    ``reviewed`` it: their name and the date.
    """

    id: str
    question: str
    answerable: bool
    gold: tuple[Gold, ...] = ()
    answers: tuple[str, ...] = ()
    state: AnswerState | None = None
    why: str = ""
    tags: tuple[str, ...] = ()
    reference: str = ""
    after: tuple[str, ...] = ()
    family: str = ""
    made: str = ""
    reviewed: str = ""

    @property
    def documents(self) -> tuple[str, ...]:
        """Names of the documents that hold the answer, without repetition."""
        return tuple(dict.fromkeys(gold.document for gold in self.gold))

    @property
    def phrasing(self) -> Phrasing | None:
        """How it is written, None when nobody said."""
        return next((name for name in PHRASINGS if name in self.tags), None)

    @property
    def group(self) -> str:
        """What its answers are not independent of: its family, or itself."""
        return self.family or self.id

    @property
    def split(self) -> Split:
        """Whether it may be fitted on. A hash of its family decides: the same one forever."""
        digest = hashlib.sha256(self.group.encode()).digest()
        return "holdout" if digest[0] < HOLDOUT_SHARE * 256 else "dev"

    @property
    def counts(self) -> bool:
        """Made by hand, or reviewed."""
        return not self.made or bool(self.reviewed)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Cases, and the folder of documents that they are about (None: given apart).

    ``texts``: whether reports may keep what was asked and answered; False where a set is others'
    and its license asks for more than a copy in a report can give.
    """

    name: str
    path: Path
    cases: tuple[Case, ...]
    corpus: Path | None = None
    notes: tuple[str, ...] = field(default=())
    texts: bool = True
