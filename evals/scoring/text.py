"""How texts are compared, so that a figure does not hang on a comma or a line break.

Two foldings, both after Unicode NFKC ("ﬁ" is "fi", a no-break space is a space):

`normalize` is for answers. Lower case; each punctuation mark is a space ("people's" and "people 's"
are the same); "%" and symbols such as "€" are words of their own ("5%" is "5 %"); the articles a,
an, the are left out; white space is one space. That is SQuAD's rule (Rajpurkar et al. 2016), but
punctuation separates words where SQuAD joins them ("1901–1905" has the word "1901"). An answer is
found in a text when its words stand in it in a row, whole.

`fold_with_offsets` is for finding a passage in a document: letters and digits only, lower case,
since a parser may have dropped markup and joined lines.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

_ARTICLES = frozenset({"a", "an", "the"})


@lru_cache(maxsize=50_000)
def words(text: str) -> tuple[str, ...]:
    """The words of ``text``, folded, articles included."""
    pieces = []
    for character in unicodedata.normalize("NFKC", text).casefold():
        category = unicodedata.category(character)
        if category == "Cf":  # soft hyphens, zero-width spaces
            continue
        if character == "%" or category in ("Sc", "Sm", "So"):
            pieces.append(f" {character} ")
        elif category[0] in "PSZC":
            pieces.append(" ")
        else:
            pieces.append(character)
    return tuple("".join(pieces).split())


def normalize(text: str) -> str:
    """The words of ``text`` without articles, parted by single spaces."""
    return " ".join(word for word in words(text) if word not in _ARTICLES)


def contains(text: str, answer: str) -> bool:
    """Whether the words of ``answer`` stand in ``text`` in a row; an empty answer never does.

    An answer of articles alone ("vitamin A": "A") is looked for with them.
    """
    wanted, held = normalize(answer), normalize(text)
    if not wanted:
        wanted, held = " ".join(words(answer)), " ".join(words(text))
    return bool(wanted) and f" {wanted} " in f" {held} "


def contains_any(text: str, answers: Sequence[str]) -> bool:
    """Whether one of ``answers`` is found in ``text``."""
    return any(contains(text, answer) for answer in answers)


def word_recall(text: str, answer: str) -> float:
    """Share of the answer's words that ``text`` has, each as often, 0–1.

    For answers of a sentence or more, of which a quote may hold nearly all.
    """
    wanted = Counter(normalize(answer).split())
    if not wanted:
        return 0.0
    return (wanted & Counter(normalize(text).split())).total() / wanted.total()


def fold_with_offsets(text: str) -> tuple[str, list[int]]:
    """Letters and digits of ``text`` in lower case, and where each stands in ``text``."""
    folded = []
    offsets = []
    for position, character in enumerate(text):
        plain = character if character.isascii() else unicodedata.normalize("NFKC", character)
        for part in plain.casefold():
            if part.isalnum():
                folded.append(part)
                offsets.append(position)
    return "".join(folded), offsets
