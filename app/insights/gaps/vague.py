"""Prompt quality: questions too short to answer, and what helped those who asked again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from app.knowledge.terms import content_words
from app.records.product.failure_reads import ThreadPart

FEW_WORDS = 3
"""Content words; a question without an answer that has fewer of them is too short or vague."""

Help = Literal["longer", "named", "narrowed", "offered"]
HELPS: dict[Help, str] = {
    "longer": "made it longer",
    "named": "named a thing, a number or a place",
    "narrowed": "narrowed the sources",
    "offered": "took a rephrasing that was offered",
}
"""What people change, in the words of the page."""


@dataclass(frozen=True, slots=True)
class Helped:
    """One way to ask again: how many did, and how many then got an answer above level low."""

    way: Help
    words: str
    tried: int
    answered: int


@dataclass(frozen=True, slots=True)
class PromptQuality:
    """``vague`` of ``questions`` were too short; ``again`` asked again; ``answered`` then had one.

    Only questions of people who may be followed are counted, in all of them.
    """

    questions: int
    vague: int
    again: int
    answered: int
    ways: tuple[Helped, ...]
    examples: tuple[tuple[ThreadPart, ThreadPart], ...]
    """Pairs that worked: the vague question and the rephrase that was answered."""

    @property
    def share(self) -> float | None:
        """Vague ÷ questions."""
        return self.vague / self.questions if self.questions else None


def is_vague(part: ThreadPart) -> bool:
    """A complete question that is not found or of low level, with fewer than `FEW_WORDS`."""
    bad = part.state == "not_found" or part.level == "low"
    return part.status == "complete" and bad and part.content_words < FEW_WORDS


def prompt_quality(
    parts: Sequence[ThreadPart],
    questions: int,
    within: Callable[[ThreadPart], bool] = lambda _part: True,
) -> PromptQuality:
    """From whole threads in order (``parts``) and the number of questions of the period.

    ``within``: whether a question belongs to the period; its thread may reach out of it.
    """
    vague = 0
    pairs: list[tuple[ThreadPart, ThreadPart]] = []
    for _, thread in groupby(parts, key=lambda part: part.thread_id):
        rows = list(thread)
        for number, part in enumerate(rows):
            if not (is_vague(part) and within(part)):
                continue
            vague += 1
            again = [row for row in rows[number + 1 :] if row.rephrase_of]
            if again:
                pairs.append((part, again[-1]))
    worked = [pair for pair in pairs if good(pair[1])]
    ways = []
    for way, words in HELPS.items():
        tried = [pair for pair in pairs if way in changes(*pair)]
        ways.append(Helped(way, words, len(tried), sum(good(pair[1]) for pair in tried)))
    return PromptQuality(questions, vague, len(pairs), len(worked), tuple(ways), tuple(worked[-3:]))


def good(part: ThreadPart) -> bool:
    """Answered above level low."""
    return part.status == "complete" and part.level in ("medium", "high")


def changes(before: ThreadPart, after: ThreadPart) -> set[Help]:
    """What the rephrase has that the vague question had not."""
    found: set[Help] = set()
    if after.content_words > before.content_words:
        found.add("longer")
    old = {word.lower() for word in content_words(before.text)}
    fresh = [word for word in content_words(after.text) if word.lower() not in old]
    first = after.text.split()[0] if after.text.split() else ""
    if any(_names(word, word == first.strip("?!.,")) for word in fresh):
        found.add("named")
    if "sources_narrowed" in before.acts | after.acts:
        found.add("narrowed")
    if "rephrasing_chosen" in before.acts:
        found.add("offered")
    return found


def _names(word: str, first: bool) -> bool:
    """A number, a code or a name; the first word of a question is capitalized anyway."""
    return any(c.isdigit() for c in word) or word.isupper() or (word[:1].isupper() and not first)
