"""Misspelled words, corrected with the words that the documents themselves use.

A word is misspelled when no document holds it, the embedding model's vocabulary does not know it
either, and a close neighbor stands in the documents. The vocabulary keeps "dental" from becoming
"denial" where nobody wrote about teeth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.domain import Document, Passage
from app.knowledge.ports import LexicalIndex
from app.knowledge.terms import content_words, stems, words

_SHORTEST = 4
"""Letters; a shorter word has too many neighbors."""
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
_CLEARLY = 5
"""A correction nobody sees must be so many times as frequent as the next one at its distance."""


@dataclass(frozen=True, slots=True)
class Neighbor:
    """A word of the documents: edits away from the typed one, passages that hold its stem."""

    word: str
    distance: int
    passages: int


class Speller:
    """Corrects words with the collection's own vocabulary."""

    def __init__(
        self,
        lexical: LexicalIndex,
        passages: Callable[[Collection[str]], Mapping[str, tuple[Passage, Document]]],
        is_word: Callable[[str], bool],
    ) -> None:
        """``is_word``: whether a lower-case word is one of the language.

        The embedding model's tokenizer knows most words: it has them whole.
        """
        self._lexical = lexical
        self._passages = passages
        self._is_word = is_word

    def corrected(self, question: str) -> str | None:
        """``question`` with its misspelled words corrected; None when there is nothing to correct.

        Careful enough to be searched with at once: names are left alone, and a word is changed only
        when one neighbor is clearly the nearest.
        """
        changes: dict[str, str] = {}
        for index, word in enumerate(self._misspelled(question)):
            if not word.islower() and not (index == 0 and question.startswith(word)):
                continue
            if len(word) < _SAFE:
                continue
            near = [one for one in self.neighbors(word) if one.distance == 1]
            if near and all(near[0].passages >= _CLEARLY * one.passages for one in near[1:]):
                changes[word] = near[0].word
        return replaced(question, changes) if changes else None

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
        limit = 2 if len(low) >= _LONG else 1
        near = [one for stem in self._stems(low, limit) for one in self._surface(stem, low, limit)]
        return sorted(near, key=lambda one: (one.distance, -one.passages, one.word))

    def _misspelled(self, question: str) -> Iterator[str]:
        for word in content_words(question):
            known = not word.isalpha() or self._lexical.document_frequency(stems(word))
            if not known and not self._is_word(word.lower()):
                yield word

    def _stems(self, word: str, limit: int) -> list[str]:
        """Stems in the index that ``word`` without an ending may have meant."""
        near = []
        for stem, count in self._lexical.terms(word[0]).items():
            if not len(word) - _SUFFIX - limit <= len(stem) <= len(word) + limit:
                continue
            # Cheap, before the costly distance: one of the next letters agrees.
            if len(stem) < limit + 2 or not set(stem[1:3]) & set(word[1:4]):
                continue
            distance = min(_distances(stem, word, limit))
            if distance <= limit:
                near.append((distance, -count, stem))
        return [stem for _, _, stem in sorted(near)[:_STEMS_LOOKED_AT]]

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
