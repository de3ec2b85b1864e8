"""Where sentences begin and end, so that a quote is always a whole one.

The boundaries come from `sentencex`. What is added here: which language to ask it for, the few
English abbreviations it does not know, and a bound for what nobody would call a sentence.
"""

from __future__ import annotations

import re

import sentencex

from app.domain import Block, BlockKind, Span

MAX_CHARS = 4000
"""Longer than any sentence or row that a person wrote; beyond it text is cut between words."""

_SHORT_ITEM = 240
"""List items up to this length are quoted whole; longer ones are prose with sentences."""

_SHORT_LINES = 200
"""A few short lines (an address, a signature) stay together; longer runs part at line ends."""

_SPACE = re.compile(r"\s")
_ENUMERATOR = re.compile(r"\W*(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,4})[.)]\s*")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:approx|avg|cf|dept|eq|esp|excl|ext|figs?|incl|max|min|misc|nos|opt|pp?|ref"
    r"|resp|sect?|tel|temp|vol|vs)\.\s*$",
    re.IGNORECASE,
)
_CONTINUES = re.compile(r"[\s(]*[a-z0-9]")
_LETTERS = re.compile(r"[^\W\d_]+")

# The commonest function words; a handful tells these languages apart in a paragraph.
_FUNCTION_WORDS = {
    "en": "the of and to in is that for it with as on are this be by not or",
    "de": "der die und das ist nicht mit den ein eine zu von für auf dem im sich",
    "fr": "le la les des et est une dans pour que du sur au par pas avec ce",
    "es": "el los las una es por con para del se al como más su lo que y",
    "pt": "os as um uma é por com para do da dos das no na ao não que e",
    "it": "il gli una è per con del della di che non sono nel alla dei si e",
    "nl": "de het een van en is dat op te voor met zijn niet aan er om",
}
_KNOWN_WORDS = {code: frozenset(words.split()) for code, words in _FUNCTION_WORDS.items()}


def language_of(text: str) -> str:
    """A language code for `sentencex`: of seven European ones the likeliest, else English.

    English rules also end sentences at the marks of other scripts (。 ؟ ।).
    """
    words = [word.lower() for word in _LETTERS.findall(text[:6000])]
    counts = {code: sum(word in known for word in words) for code, known in _KNOWN_WORDS.items()}
    best = max(counts, key=lambda code: counts[code])
    # Short or mixed text: only a clear lead moves it away from English.
    return best if counts[best] > 1.5 * counts["en"] and counts[best] >= 5 else "en"


def sentences_of(block: Block, text: str, language: str = "en") -> list[Span]:
    """The block's sentences as spans of the document's ``text``, without white space around them.

    Headings and table rows are one sentence, code is one per line, short list items are one.
    """
    start, end = block.start, block.end
    if block.kind is BlockKind.CODE:
        spans = _lines(text, start, end)
    elif block.kind in (BlockKind.HEADING, BlockKind.ROW) or (
        block.kind is BlockKind.ITEM and end - start <= _SHORT_ITEM
    ):
        spans = [(start, end)]
    else:
        spans = _prose(text, start, end, language)
    trimmed = (_trim(text, *piece) for span in spans for piece in _bounded(text, *span))
    return [span for span in trimmed if span is not None]


def _prose(text: str, start: int, end: int, language: str) -> list[Span]:
    """Sentences by the library, with its false ends taken back."""
    spans: list[Span] = []
    position = start
    for piece in sentencex.segment(language, text[start:end]):
        first, position = position, position + len(piece)
        if spans and _belongs_together(text[slice(*spans[-1])], piece):
            spans[-1] = (spans[-1][0], position)
        else:
            spans.append((first, position))
    parted: list[Span] = []
    for first, last in spans:
        long = last - first > _SHORT_LINES and "\n" in text[first:last].strip()
        parted += _lines(text, first, last) if long else [(first, last)]
    return parted


def _belongs_together(before: str, piece: str) -> bool:
    """Markers like "1." belong to what follows, stray marks to what they follow."""
    return (
        bool(_ENUMERATOR.fullmatch(before))
        or bool(_ABBREVIATION.search(before) and _CONTINUES.match(piece))
        or not any(map(str.isalnum, piece))
    )


def _lines(text: str, start: int, end: int) -> list[Span]:
    spans = []
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        spans.append((start, stop))
        start = stop + 1
    return spans


def _bounded(text: str, start: int, end: int) -> list[Span]:
    """The span itself, or pieces of at most `MAX_CHARS` that end between words."""
    pieces = []
    while end - start > MAX_CHARS:
        stop = start + MAX_CHARS
        half = start + MAX_CHARS // 2
        blanks = [match.start() for match in _SPACE.finditer(text, half, stop)]
        stop = blanks[-1] if blanks else stop
        pieces.append((start, stop))
        start = stop
    return [*pieces, (start, end)]


def _trim(text: str, start: int, end: int) -> Span | None:
    piece = text[start:end]
    stripped = piece.strip()
    if not stripped:
        return None
    start += len(piece) - len(piece.lstrip())
    return start, start + len(stripped)
