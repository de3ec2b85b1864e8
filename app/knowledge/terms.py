"""Words of a question that carry meaning."""

from __future__ import annotations

import re
from functools import lru_cache
from sys import intern

import tantivy

_WORD = re.compile(r"[^\W_]+(?:['’\-.][^\W_]+)*", re.UNICODE)

_POSSESSIVE = re.compile(r"['’]s$", re.IGNORECASE)

_STOP_WORDS = """
a about above after again against all also am an and any anyone are aren't as at be because been
before being below between both but by can can't cannot could couldn't did didn't do does
doesn't doing don't down during each either else ever every few for from further get gets got
had hadn't has hasn't have haven't having he her here hers herself him himself his how however
i if in into is isn't it its itself just let like many may me might more most much must my
myself need no nor not of off on once only or other our ours ourselves out over own per please
same shall she should shouldn't so some such tell than that that's the their theirs them
themselves then there there's these they this those through to too under until up us very was
wasn't we were weren't what what's when where which while who whom whose why will with within
without won't would wouldn't yes you your yours yourself yourselves
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""English function words, and the words with which people ask ("tell", "please")."""


def words(text: str) -> list[str]:
    """Every word as written, in order; hyphens, dots and apostrophes inside a word stay."""
    return _WORD.findall(text)


def word_spans(text: str) -> list[tuple[int, int]]:
    """Where every word of `words` stands."""
    return [match.span() for match in _WORD.finditer(text)]


def content_words(text: str) -> list[str]:
    """Words that are not stop words, without repetition; all words when nothing else is left.

    A possessive's ending is dropped: "Tidewell's" is about Tidewell.
    """
    plain = [_POSSESSIVE.sub("", word) or word for word in words(text)]
    found = list(dict.fromkeys(word for word in plain if word.lower() not in STOP_WORDS))
    return found or list(dict.fromkeys(plain))


_ANALYZER = (
    tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    .filter(tantivy.Filter.remove_long(40))
    .filter(tantivy.Filter.lowercase())
    .filter(tantivy.Filter.stemmer("english"))
    .build()
)
"""The same steps as tantivy's `en_stem`, which the lexical index uses."""


@lru_cache(maxsize=50_000)
def stems(text: str) -> tuple[str, ...]:
    """The stems that the lexical index has for ``text``, in order, stop words included."""
    # Interned: the same few thousand stems make up all texts.
    return tuple(map(intern, _ANALYZER.analyze(text)))


@lru_cache(maxsize=20_000)
def stem_set(text: str) -> frozenset[str]:
    """`stems` without order and repetition."""
    return frozenset(stems(text))


@lru_cache(maxsize=20_000)
def content_stems(text: str) -> frozenset[str]:
    """Stems of the content words of ``text``."""
    return frozenset(stem for word in content_words(text) for stem in stems(word))
