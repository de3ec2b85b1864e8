"""Names in a sentence, and whether the cited passages know them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.ask.checking.claims import Claim, Token, fold, same_name

_SMALL_TEXT = """
of the and for in on de da van von der du la le & at to a an
"""
_SMALL = frozenset(_SMALL_TEXT.split())


@dataclass(frozen=True, slots=True)
class Known:
    """Every word of the evidence, folded, and the initials of its phrases."""

    words: frozenset[str]
    initials: str
    """First letters of all words in order, small words left out: "world health" is "wh"."""
    starts: frozenset[str]
    """The first four letters of each word."""

    def has(self, word: str) -> bool:
        """Whether the folded ``word``, or a form of it, is among them."""
        if word in self.words:
            return True
        parts = [part for part in re.split(r"[-/&.]", word) if part]
        if len(parts) > 1 and all(self.has(part) for part in parts):
            return True
        if word[:4] in self.starts and any(
            same_name(word, other) for other in self.words if other[:4] == word[:4]
        ):
            return True
        return len(word) <= 3 and any(same_name(word, other) for other in self.words)


def known(claims: Sequence[Claim]) -> Known:
    """What the evidence knows."""
    words = [fold(token.text) for claim in claims for token in claim.tokens]
    parts = {part for word in words for part in re.split(r"[-/&.]", word) if part}
    initials = "".join(word[0] for word in words if word and word not in _SMALL)
    every = frozenset(words) | parts
    return Known(every, initials, frozenset(word[:4] for word in every))


def names(claim: Claim) -> list[tuple[Token, ...]]:
    """Runs of name tokens; a run at the start of the sentence counts when it is longer than one."""
    runs: list[list[Token]] = []
    last = -1
    for token in claim.tokens:
        named = token.name or (token.initial and token.content)
        if not named or token.fact is not None:
            continue
        between = claim.text[last : token.span[0]] if last >= 0 else "."
        joined = runs and all(w in _SMALL for w in between.split()) and "," not in between
        if joined:
            runs[-1].append(token)
        else:
            runs.append([token])
        last = token.span[1]
    return [tuple(run) for run in runs if len(run) > 1 or run[0].name]


def missing(claim: Claim, known_words: Known, evidence: Sequence[Claim]) -> list[str]:
    """Names of which some word stands in no evidence, as written."""
    acronyms = {
        token.text.casefold()
        for e in evidence
        for token in e.tokens
        if token.text.isupper() and 2 <= len(token.text) <= 6
    }
    found = []
    for run in names(claim):
        unknown = [token for token in run if not _is_known(token, known_words)]
        if not unknown:
            continue
        if unknown[0] is run[0] and run[0].initial and len(unknown) == 1:
            continue  # "Employees in Porto": capitalized only because it begins the sentence
        short = "".join(fold(token.text)[0] for token in run)
        if len(run) > 1 and short in acronyms:
            continue
        found.append(" ".join(token.text for token in run))
    return found


def _is_known(token: Token, known_words: Known) -> bool:
    word = fold(token.text)
    if known_words.has(word):
        return True
    return token.text.isupper() and 2 <= len(word) <= 6 and word in known_words.initials
