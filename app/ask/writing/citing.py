"""What a model wrote → sentences of plain text, each with the numbers of the passages it cites.

Models are asked for ``[2]`` behind every sentence and write much else: ``[1, 2]``, ``[1-3]``,
``(1)``, ``【1†source】``, ``[^1]``, ``[Source 1]``, ``¹``, half a marker, a list of sources at the
end. All of it is read here; a number that names no passage is dropped. Markers are first replaced
by one private-use character per passage, which neither Markdown nor the sentence splitter touches.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import sentencex

from app.ask.writing.flatten import PlainBlock, flatten
from app.ask.writing.plain_text import visible

MOST_PASSAGES = 200
"""Numbers above this name no passage, whatever was searched."""
_FIRST_MARK = 0xE100
_MARKS = f"[{chr(_FIRST_MARK + 1)}-{chr(_FIRST_MARK + MOST_PASSAGES)}]"

_WORD = (
    r"(?:(?:sources?|passages?|documents?|docs?|references?|refs?|citations?|cite|notes?|excerpts?"
    r"|quellen?|fuentes?|fontes?|see|cf|no|nr)\b|[#^†*])"
)
_NUMBER = r"\d{1,3}(?::\d{1,3})?(?:†[^\]】,]{0,40})?"
_ONE = rf"(?:{_WORD}[.:\s]*){{0,3}}{_NUMBER}"
_BETWEEN = r"\s*(?:[,;&/+–—‐-]|,?\s*\b(?:and|or|to|und|et|y|e|en)\b)\s*"
_LIST = rf"{_ONE}(?:{_BETWEEN}{_ONE}){{0,19}}"
_OPEN, _CLOSE = r"\\?[\[【［〔]", r"\\?[\]】］〕]"
_TARGET = r"(?:\((?:[^()\s]|\([^()\s]*\)){0,500}\))?"
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_SUPERSCRIPT = rf"[{_SUPERSCRIPTS}]{{1,3}}(?:[,˒][{_SUPERSCRIPTS}]{{1,3}})*"

_MARKER = re.compile(
    rf"(?P<bracketed>(?:{_OPEN}\s*){{1,2}}{_LIST}\s*(?:{_CLOSE}){{1,2}}{_TARGET})"
    rf"|(?P<worded>\(\s*{_WORD}[.:\s]*{_LIST}\s*\))"
    rf"|(?P<unclosed>{_OPEN}\s*{_LIST}(?=\s*(?:$|[.!?](?:\s|$))|\s+(?-i:[A-Z])))"
    rf"|(?P<unopened>(?:(?<=\s)|^)\d{{1,2}}(?:\s*,\s*\d{{1,2}}){{0,9}}\s*{_CLOSE})"
    # Only where a footnote would stand: 12 m² and 10⁶ are no citations.
    rf"|(?P<raised>(?:(?<=[^\W\d_]{{4}})|(?<=[.!?,;:…\"”’»])){_SUPERSCRIPT})",
    re.IGNORECASE | re.MULTILINE,
)
_ROUND = re.compile(r"\(\s*\d{1,3}(?:\s*[,;–-]\s*\d{1,3}){0,9}\s*\)(?=\s*(?:[.!?,;:(]|$))", re.M)
"""Read as citations only where a model uses no other kind: people number with ``(1)`` too."""
_SPOKEN = re.compile(
    r"(?P<lead>\b(?:according to|as per|per|as stated in|based on|from|in)\s+(?:the\s+)?)?"
    rf"\bpassages?\s+(?P<list>\d{{1,3}}(?:{_BETWEEN}(?:passage\s+)?\d{{1,3}}){{0,9}})(?!\w)"
    r"(?:(?P<comma>\s*,\s*)(?P<next>\w?))?",
    re.IGNORECASE,
)
"""Readers see other numbers than the model does, so "passage 2" has to go."""
_RAISED_TAG = re.compile(
    r"<(sup|cite|ref|footnote)\b[^>]{0,80}>\s*\[?\s*([\d,;\s-]{1,20}?)\s*\]?\s*</\1\s*>", re.I
)
_SPAN = re.compile(r"(\d{1,3})(?::\d{1,3})?(?:\s*(?:[–—‐-]|\bto\b)\s*(\d{1,3}))?")

_DEFINITION = re.compile(rf"^[ \t]*(?:[-*+]\s+)?{_OPEN}\^?\d{{1,3}}{_CLOSE}\s*:.*$", re.MULTILINE)
_SOURCES = re.compile(
    r"^[ \t#>*_]*(?:sources?|references?|citations?|footnotes?|bibliography|quellen|fuentes|fontes"
    r"|bronnen)(?:\s+(?:used|cited))?[ \t*_]*(?P<rest>:.*)?$",
    re.IGNORECASE | re.MULTILINE,
)
_LISTED = re.compile(
    r"\s*(?:$|[-*+•]\s|\d{1,3}[.):]\s|" + _OPEN + r"\^?\d|[" + _SUPERSCRIPTS + r"]|https?:)"
)
_HALF = re.compile(
    rf"(?:!?{_OPEN}[^\]】］〕\n]{{0,120}}(?:\]\(?[^)\s]*)?|<[^>\n]{{0,200}}|&#?\w{{0,8}}"
    rf"|\(\s*\w{{0,10}}\s*\d{{0,3}}|\s\d{{1,2}}|[{_SUPERSCRIPTS}\\!*_`~#|]+|(?:https?:|www\.)\S*)$"
)
"""The end of a text that is still being written, as far as it may become something else."""

_URL = re.compile(
    r"(?:[a-z][a-z0-9+.-]{0,20}://|//(?=[\w-]+\.)|www\.|data:(?=\w+/)|(?:javascript|vbscript|mailto):)[^\s<>\"]+"
    r"|\b(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24}/[^\s<>\"]*",
    re.IGNORECASE,
)
_AFTER_URL = tuple(".,;:!?)]}'”’»")
_EMPTY = re.compile(r"\(\s*(?:see|source|sources|cf\.?|siehe)?[\s,;:]*\)|\[\s*\]", re.IGNORECASE)
_ABBREVIATED = re.compile(
    r"(?:^|[\s(])(?:approx|art|ca|cf|e\.g|excl|ext|figs?|i\.e|incl|max|min|nos?|pp?|resp|sect?|tel"
    r"|vol|vs|z\.B)\.\s*$",
    re.IGNORECASE,
)
_MARK_CLUSTER = re.compile(rf"\s*{_MARKS}(?:[\s,;]*{_MARKS})*\s*")


@dataclass(frozen=True, slots=True)
class CitedSentence:
    """A sentence as plain text, and the passages it names, from 1, in the order it names them."""

    text: str
    numbers: tuple[int, ...]


def parse(text: str, passages: Sequence[str], *, complete: bool = True) -> list[CitedSentence]:
    """The sentences of ``text``; never raises, whatever was written.

    ``passages``: the texts that numbers stand for; an address survives only where a passage that
    its sentence cites holds it. ``complete`` False: more is coming, so the end is held back as
    long as it may be the beginning of a marker, a link or a tag.
    """
    count = min(len(passages), MOST_PASSAGES)
    text = visible(text)
    if not complete:
        text = _HALF.sub("", text)
    text = _RAISED_TAG.sub(_as_superscript, text)
    text = _without_sources(text)
    found: list[CitedSentence] = []
    for block in _led(flatten(_marked(text, count))):
        # Markdown and entities may have hidden a marker: [**1**], &#91;1&#93;
        for sentence, numbers in _sentences(_marked(block, count)):
            plain = _tidy(sentence, [passages[number - 1] for number in numbers])
            if any(map(str.isalnum, plain)):
                found.append(CitedSentence(plain, tuple(numbers)))
            elif found and numbers:
                last = found[-1]
                merged = tuple(dict.fromkeys([*last.numbers, *numbers]))
                found[-1] = CitedSentence(last.text, merged)
    return found


def has_marker(text: str) -> bool:
    """Whether something is left in ``text`` that reads as a citation."""
    return _MARKER.search(text) is not None


def _marked(text: str, count: int) -> str:
    """Every marker as one private-use character for each passage it names."""

    def marks(found: re.Match[str]) -> str:
        return "".join(chr(_FIRST_MARK + number) for number in _numbers(found[0], count))

    def spoken(found: re.Match[str]) -> str:
        named = "".join(chr(_FIRST_MARK + n) for n in _numbers(found["list"], count))
        comma, following = found["comma"] or "", found["next"] or ""
        if found["lead"] and comma:
            return named + (following.upper() if found["lead"][0].isupper() else following)
        plural = "documents" if re.search(r"\D", found["list"].strip()) else "document"
        article = "The" if found[0][0].isupper() and not found["lead"] else "the"
        return f"{found['lead'] or ''}{article} {plural}{named}{comma}{following}"

    marked = _MARKER.sub(marks, text)
    if marked == text and not re.search(_MARKS, text):
        marked = _ROUND.sub(marks, text)
    return _SPOKEN.sub(spoken, marked)


def _numbers(marker: str, count: int) -> list[int]:
    """The passages that a marker names, without repetition; numbers out of range name none."""
    if any(character in _SUPERSCRIPTS for character in marker):
        runs = re.findall(f"[{_SUPERSCRIPTS}]+", marker)
        named = [int("".join(str(_SUPERSCRIPTS.index(c)) for c in run)) for run in runs]
        # ¹² is twelve, or one and two where there are no twelve.
        split = [int(digit) for number in named for digit in str(number)]
        numbers = named if all(number <= count for number in named) else split
    else:
        marker = re.sub(r"†[^\]】,]{0,40}|\]\(.*", " ", marker, flags=re.DOTALL)
        numbers = []
        for first, last in _SPAN.findall(marker):
            top = min(int(last), count) if last else int(first)
            numbers += range(int(first), top + 1)
    return list(dict.fromkeys(number for number in numbers if 1 <= number <= count))


def _as_superscript(found: re.Match[str]) -> str:
    """``<sup>1</sup>`` as ¹, so that one rule tells citations from units; ``<cite>`` as [1]."""
    if found[1].lower() != "sup":
        return f"[{found[2]}]"
    digits = re.sub(r"[^\d,]", "", found[2])
    return "".join(_SUPERSCRIPTS[int(c)] if c != "," else c for c in digits if c in "0123456789,")


def _without_sources(text: str) -> str:
    """Without footnote definitions, and without a list of sources at the end."""
    rest = _DEFINITION.sub("", text)
    text = rest if rest.strip() else text
    for heading in _SOURCES.finditer(text):
        before, after = text[: heading.start()], text[heading.end() :]
        inline = (heading["rest"] or "").strip(" :*_")
        only_listed = all(_LISTED.match(line) for line in after.split("\n"))
        if before.strip() and only_listed and (not inline or _LISTED.match(inline)):
            return before
    return text


def _led(blocks: Sequence[PlainBlock]) -> list[str]:
    """Texts of blocks; a line that only leads on ("You need:") joins what follows it."""
    texts: list[str] = []
    lead = ""
    for block in blocks:
        joined = f"{lead} {block.text}".strip()
        if block.kind == "text" and re.search(rf":\s*{_MARKS}*$", joined):
            lead = joined
            continue
        texts.append(joined)
        lead = ""
    return [*texts, lead] if lead else texts


def _sentences(block: str) -> list[tuple[str, list[int]]]:
    """The block's sentences without markers, each with its numbers in order."""
    plain = ""
    marks: list[tuple[int, list[int]]] = []
    position = 0
    for cluster in _MARK_CLUSTER.finditer(block):
        plain += block[position : cluster.start()]
        position = cluster.end()
        numbers = [ord(c) - _FIRST_MARK for c in cluster[0] if re.match(_MARKS, c)]
        marks.append((len(plain), numbers))
        following = block[position : position + 1]
        if following in (".", "!", "?") and plain.endswith((".", "!", "?")):
            position += 1
            following = block[position : position + 1]
        if plain and following and following not in ".,;:!?)]”’»\"'" and plain[-1:] not in "([":
            plain += " "
    plain += block[position:]
    spans = _spans(plain.rstrip())
    if not spans:
        return [("", [number for _, numbers in marks for number in numbers])] if marks else []
    # "[1] First. [2] Second.": markers stand in front here.
    in_front = len(marks) > 1 and marks[0][0] == 0 and marks[-1][0] < len(plain.rstrip())
    own: list[list[int]] = [[] for _ in spans]
    for place, numbers in marks:
        at = place if place == 0 else place - 1
        if in_front:
            at = place + len(plain[place:]) - len(plain[place:].lstrip())
        index = next((i for i, (_, end) in enumerate(spans) if at < end), len(spans) - 1)
        own[index] += numbers
    return [
        (plain[start:end], list(dict.fromkeys(numbers)))
        for (start, end), numbers in zip(spans, own, strict=True)
    ]


def _spans(text: str) -> list[tuple[int, int]]:
    """Where sentences begin and end; together they are the whole text."""
    spans: list[tuple[int, int]] = []
    position = 0
    for piece in sentencex.segment("en", text):
        first, position = position, position + len(piece)
        if spans:
            before = text[slice(*spans[-1])]
            shown = piece.lstrip()
            goes_on = shown[:1].islower() or not any(map(str.isalnum, piece))
            numbered = re.fullmatch(r"\W*\d{1,3}[.)]\s*", before) is not None
            if goes_on or numbered or _ABBREVIATED.search(before):
                spans[-1] = (spans[-1][0], position)
                continue
        spans.append((first, position))
    return spans


def _tidy(sentence: str, cited: Sequence[str]) -> str:
    """Without addresses that no cited passage holds, without leftovers, on one line."""

    def judged(found: re.Match[str]) -> str:
        address = found[0]
        while address[-1:] in _AFTER_URL and not (
            address.endswith(")") and address.count("(") >= address.count(")")
        ):
            address = address[:-1]
        tail = found[0][len(address) :]
        held = len(address) > 3 and any(address in visible(text) for text in cited)
        return found[0] if held else tail

    text = _URL.sub(judged, sentence)
    # What is left where markers were may read as one again, once or twice; then it is no text.
    for _ in range(3):
        text = _EMPTY.sub("", _MARKER.sub("", text))
    if has_marker(text):
        text = re.sub(rf"[\[【［〔\]】］〕{_SUPERSCRIPTS}]|\(\s*(?={_WORD})", "", text, flags=re.I)
    return re.sub(r"\s+([.,;!?])(?=\s|$)", r"\1", " ".join(text.split()))
