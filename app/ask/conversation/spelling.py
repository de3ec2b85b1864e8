"""Misspelled words, corrected with the words that the documents themselves use.

A word is misspelled when no document holds it, the embedding model's vocabulary does not know it
either, and a close neighbor stands in the documents. The vocabulary keeps "dental" from becoming
"denial" where nobody wrote about teeth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from app.domain import Document, Passage
from app.knowledge.ports import LexicalIndex
from app.knowledge.terms import content_words, stems, words

_SHORTEST = 4
"""Letters; a shorter word has too many neighbors."""
_SHORTEST_SLIP = 3
"""Letters of a word in which two may be swapped: "teh"."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LONGEST = 30
_LONG = 6
"""From this length on a word may be two edits away, below it one; as AUTO in Elasticsearch."""
_SUFFIX = 5
"""Letters that stemming may take off ("-ation", "-ments")."""
_STEMS_LOOKED_AT = 12
_PASSAGES_LOOKED_AT = 4
_SAFE = 5
"""Letters from which on a word is corrected unseen, and then by one edit: over 80 % of misspellings
are one edit away (Damerau 1964), and two make "contract" of "counteract"."""
_CHOICES = 3
"""Neighbors of one word that are tried."""
_GUESSES = 4
"""Each costs a search, about 30 ms, and only where a word stands in no document."""
_CLEARLY = 5
"""A correction nobody sees must be so many times as frequent as the next one at its distance."""


@dataclass(frozen=True, slots=True)
class Neighbor:
    """A word of the documents: edits away from the typed one, passages that hold its stem."""

    word: str
    distance: int
    passages: int


Value = TypeVar("Value")


class Keeps(Protocol):
    """Keeps what follows from the documents until they change; as `Shelf.kept`."""

    def __call__(self, key: Hashable, find: Callable[[], Value]) -> Value:
        """What is kept under ``key``, or else what ``find`` finds now."""


def _afresh(key: Hashable, find: Callable[[], Value]) -> Value:  # noqa: ARG001
    return find()


class Speller:
    """Corrects words with the collection's own vocabulary."""

    def __init__(
        self,
        lexical: LexicalIndex,
        passages: Callable[[Collection[str]], Mapping[str, tuple[Passage, Document]]],
        known: Callable[[Sequence[str]], Sequence[bool]],
        keeps: Keeps = _afresh,
    ) -> None:
        """``known``: of lower-case words, which are words of the language.

        The embedding model's tokenizer knows most words: it has them whole. ``keeps``: a question's
        words are looked at two or three times on its way; afresh each time where nothing keeps.
        """
        self._lexical = lexical
        self._passages = passages
        self._known = known
        self._keeps = keeps

    def corrected(self, question: str) -> str | None:
        """``question`` with its misspelled words corrected; None when there is nothing to correct.

        Careful enough to be searched with at once: names are left alone, and a word is changed only
        when one neighbor is clearly the nearest.
        """
        changes: dict[str, str] = {}
        for index, word in enumerate(self._misspelled(question)):
            if _is_name(word, index, question):
                continue
            if len(word) < _SAFE:
                continue
            near = [one for one in self.neighbors(word) if one.distance == 1]
            if near and all(near[0].passages >= _CLEARLY * one.passages for one in near[1:]):
                changes[word] = near[0].word
        return replaced(question, changes) if changes else None

    def guesses(self, question: str) -> list[str]:
        """Bolder corrections, likeliest first, at most `_GUESSES`; to be read before one is taken.

        Every misspelled word is changed: short ones too, by two edits, into words that only the
        language has; names by one edit into a word of the documents. The first guess takes each
        one's nearest neighbor, the others differ from it in one word.
        """
        found = {
            word: choices
            for index, word in enumerate(self._misspelled(question))
            if (choices := self._choices(word, name=_is_name(word, index, question)))
        }
        if not found:
            return []
        first = {word: near[0] for word, near in found.items()}
        changes = [first]
        for place in range(1, _CHOICES):
            changes += [
                first | {word: near[place]} for word, near in found.items() if len(near) > place
            ]
        return [replaced(question, one) for one in changes[:_GUESSES]]

    def _choices(self, word: str, *, name: bool) -> list[str]:
        """What a misspelled word may have meant, likeliest first."""
        near = self.neighbors(word)
        if name:
            return [one.word for one in near if one.distance == 1][:_CHOICES]
        low = word.lower()
        edits = _one_edit(low) if low.isalpha() and len(low) <= _LONGEST else []
        language = [
            edit for edit, is_word in zip(edits, self._known(edits), strict=True) if is_word
        ]
        ranked = [
            *(one.word for one in near if one.distance == 1),
            *language[:_CHOICES],
            *(one.word for one in near if one.distance > 1),
        ]
        return list(dict.fromkeys(ranked))[:_CHOICES]

    def proposals(self, question: str) -> dict[str, str]:
        """Misspelled words, names too → the nearest word; for a person to choose."""
        found = {}
        for word in self._misspelled(question):
            near = self.neighbors(word)
            if near:
                found[word] = near[0].word
        return found

    def neighbors(self, word: str) -> list[Neighbor]:
        """Words of the documents that ``word`` may have meant, nearest and most frequent first.

        They begin with the same letter, which misspellings seldom change (Kukich 1992).
        """
        low = word.lower()
        if not low.isalpha() or not _SHORTEST <= len(low) <= _LONGEST:
            return []
        return self._keeps(("neighbors", low), lambda: self._neighbors(low))

    def _neighbors(self, word: str) -> list[Neighbor]:
        limit = 2 if len(word) >= _LONG else 1
        near = [
            one for stem in self._stems(word, limit) for one in self._surface(stem, word, limit)
        ]
        return sorted(near, key=lambda one: (one.distance, -one.passages, one.word))

    def _misspelled(self, question: str) -> Iterator[str]:
        for word in content_words(question):
            if word.isalpha() and self._keeps(("misspelled", word), partial(self._unknown, word)):
                yield word

    def _unknown(self, word: str) -> bool:
        """Whether neither the documents nor the language have it."""
        if self._lexical.document_frequency(stems(word)):
            return False
        return not self._known([word.lower()])[0]

    def _stems(self, word: str, limit: int) -> list[str]:
        """Stems in the index that ``word`` without an ending may have meant."""
        distances: dict[str, int] = {}

        def near(stem: str) -> bool:
            if not len(word) - _SUFFIX - limit <= len(stem) <= len(word) + limit:
                return False
            # Cheap, before the costly distance: one of the next letters agrees.
            if len(stem) < limit + 2 or not set(stem[1:3]) & set(word[1:4]):
                return False
            if len(set(stem).difference(word)) > limit:  # each such letter is an edit
                return False
            distances[stem] = min(_distances(stem, word, limit))
            return distances[stem] <= limit

        found = self._lexical.terms(word[0], near).items()
        ranked = sorted((distances[stem], -count, stem) for stem, count in found)
        return [stem for _, _, stem in ranked[:_STEMS_LOOKED_AT]]

    def _surface(self, stem: str, word: str, limit: int) -> Iterator[Neighbor]:
        """The nearest written form of ``stem``."""
        found = self._passages(self._lexical.holding([stem], _PASSAGES_LOOKED_AT))
        forms = Counter(
            form.lower()
            for passage, _ in found.values()
            for form in words(passage.text)
            if stems(form) == (stem,)
        )
        near = [(_distances(form, word, limit)[-1], -count, form) for form, count in forms.items()]
        if near and min(near)[0] <= limit:
            distance, _, form = min(near)
            yield Neighbor(form, distance, self._lexical.document_frequency([stem]))


def replaced(text: str, changes: Mapping[str, str]) -> str:
    """``text`` with whole words changed; a capital at the beginning stays."""
    for old, new in changes.items():
        at = 0
        while (at := text.find(old, at)) >= 0:
            end = at + len(old)
            whole = not (text[at - 1 : at].isalnum() or text[end : end + 1].isalnum())
            if whole:
                fitting = new.capitalize() if old[0].isupper() else new
                text, end = text[:at] + fitting + text[end:], at + len(fitting)
            at = end
    return text


def _is_name(word: str, index: int, question: str) -> bool:
    """Whether it may be one: a capital that is not the question's first letter."""
    return not word.islower() and not (index == 0 and question.startswith(word))


def _one_edit(word: str) -> list[str]:
    """Everything one slip away from ``word``, its first letter kept; swapped letters first."""
    if len(word) < _SHORTEST_SLIP:
        return []
    splits = [(word[:i], word[i:]) for i in range(1, len(word) + 1)]
    swapped = [a + b[1] + b[0] + b[2:] for a, b in splits if len(b) > 1]
    if len(word) < _SHORTEST:
        return swapped
    added = [a + letter + b for a, b in splits for letter in _LETTERS]
    dropped = [a + b[1:] for a, b in splits if b]
    other = [a + letter + b[1:] for a, b in splits if b for letter in _LETTERS]
    return list(dict.fromkeys([*swapped, *added, *dropped, *other]))


def _distances(left: str, right: str, limit: int) -> Sequence[int]:
    """Edits from ``left`` to each beginning of ``right``; the last is that to all of it.

    Optimal string alignment: insert, delete, replace, swap neighbors. Stops early, with distances
    beyond ``limit``, when none can be within it.
    """
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, char in enumerate(left, 1):
        above, row = row, [i]
        for j, other in enumerate(right, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (char != other))
            if i > 1 and j > 1 and char == right[j - 2] and left[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return [limit + 1] * (len(right) + 1)
        before = above
    return row
