"""A sentence as the verifier reads it: its words, facts and names, each with its place."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from app.ask.checking.facts import Fact, facts
from app.domain import Span
from app.knowledge.terms import STOP_WORDS, stems

_TOKEN = re.compile(r"[^\W_]+(?:['’\-./&][^\W_]+)*|n['’]t\b|%")
_SENTENCE_START = re.compile(r"(?:^|[.!?:•|]|\n|\d[.)])[\s\"“‘'(*\[_]*$")
_MARKUP = re.compile(r"\*\*|__|`|^#+\s*|^\s*[-*•]\s+|\[\d+(?:,\s*\d+)*\]", re.MULTILINE)
_PARTED = re.compile(r"(?<=\w) (?=['’]s\b|n['’]t\b)|(?<=\w) - (?=\w)| (?=[.,;:!?)])|(?<=\() ")

TITLES = frozenset(["mr", "mrs", "ms", "dr", "prof", "sir", "st", "jr", "sr"])
"""Forms of address: they may come and go."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a whole fact. ``key`` is what is compared: a stem, or the fact's key."""

    text: str
    key: str
    span: Span
    content: bool
    fact: Fact | None = None
    name: bool = False
    """Capitalized within a sentence, or in a way that no ordinary word is."""
    initial: bool = False
    """Capitalized at the start of a sentence, where any word is."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A text and its tokens. ``keys`` of all tokens, ``content`` the places of those that count."""

    text: str
    tokens: tuple[Token, ...]
    keys: frozenset[str]
    content: tuple[int, ...]

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The facts, in order."""
        return tuple(token.fact for token in self.tokens if token.fact is not None)

    @property
    def content_keys(self) -> list[str]:
        """Keys of the tokens that carry meaning, in order."""
        return [self.tokens[i].key for i in self.content]


def plain(text: str) -> str:
    """``text`` without Markdown, citation marks, and the spaces that tokenizers leave."""
    text = unicodedata.normalize("NFKC", _MARKUP.sub("", text)).replace("⁄", "/")
    return _PARTED.sub(lambda match: "-" if "-" in match.group() else "", text).strip()


@lru_cache(maxsize=4096)
def read(text: str) -> Claim:
    """The tokens of ``text`` (already `plain`)."""
    own = facts(text)
    tokens: list[Token] = []
    at = 0
    for fact in own:
        tokens += _words(text, at, fact.start)
        tokens.append(Token(fact.text, fact.key, (fact.start, fact.end), not fact.loose, fact))
        at = max(at, fact.end)
    tokens += _words(text, at, len(text))
    return Claim(
        text,
        tuple(tokens),
        frozenset(token.key for token in tokens),
        tuple(i for i, token in enumerate(tokens) if token.content),
    )


def fold(word: str) -> str:
    """Lower case, without accents and possessive."""
    word = re.sub(r"['’]s?$", "", word)
    apart = unicodedata.normalize("NFD", word.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """One stem for a word, whatever its hyphens and accents."""
    found = stems(fold(word))
    return "-".join(found) if found else fold(word)


def same_name(a: str, b: str) -> bool:
    """Whether two folded words name the same: Kenya and Kenyan do, Martin and Martinez do not."""
    if a == b or stem(a) == stem(b):
        return True
    short, long = sorted((a, b), key=len)
    return (
        len(short) >= 4
        and long.startswith(short[: max(4, len(short) - 1)])
        and _DEMONYM.fullmatch(long[len(short) - 1 :]) is not None
    )


_DEMONYM = re.compile(r"[a-z]?(?:s|n|an|ian|ean|ese|ish|ic|i|is|y)?")


def _words(text: str, start: int, end: int) -> list[Token]:
    tokens = []
    for match in _TOKEN.finditer(text, start, end):
        word = match.group()
        lower = fold(word)
        capital = word[0].isupper()
        inner = any(c.isupper() for c in word[1:])
        before = text[max(0, match.start() - 8) : match.start()]
        initial = capital and bool(_SENTENCE_START.search(before))
        stop = word.lower() in STOP_WORDS or lower in STOP_WORDS or len(lower) < 2
        bears = not stop and lower not in TITLES
        tokens.append(
            Token(
                word,
                stem(word),
                match.span(),
                content=bears,
                name=bears and (inner or (capital and not initial)),
                initial=initial and not inner,
            )
        )
    return tokens
