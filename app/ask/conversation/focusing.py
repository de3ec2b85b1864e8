"""A long message → the question in it.

People tell a story, greet, thank, and somewhere ask. An embedding of all of it is near to nothing,
so that plain questions and rambling ones were answered unequally: over open-qa's questions inside
such a message, 38 % right instead of 95 % (`footnote eval phrasings`, prd/decisions/0025). What is
searched with is shown beside what was typed, and can be edited.

By rule, for English: sentences that ask are kept, without the words that lead up to the question.
What else was said is dropped, unless the question points at it ("how long does that take?").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import sentencex

from app.ask.conversation.phrases import AUXILIARIES, WH, word_set
from app.ask.conversation.pointing import open_pronoun
from app.knowledge.terms import content_words, words

_LONG = 25
"""Words; a shorter message is searched with as it is."""
_SHORTER = 0.75
"""Of the message's words at most; else there was nothing to leave out."""
_CARRIES = 2
"""Content words that a question needs to be searched with alone."""
_FEW = 3
"""Content words up to which a question with "that" or "it" needs what was said before."""
_QUOTE_ENDS = frozenset("\"”’'»")
_POINTING = word_set("it that this they them these those there one")
_WHO = r"(?:you|anyone|anybody|someone|somebody|one of you|any of you|people|u)"
_LEAD = re.compile(
    rf"""\b(?:
      what\s+i(?:\s+(?:really|actually|just))?(?:'d|\s+would)?\s+(?:want|like|need)(?:ed)?\s+to\s+
        (?:know|ask|understand|find\s+out)\s+is
    | (?:my|the|one|a|another)(?:\s+\w+)?\s+question(?:\s+(?:is|was|would\s+be|then))?
    | i(?:'m|\s+am|\s+was|'ve\s+been)?\s*(?:also|just|only|really|now)?\s*wonder(?:ing|ed)?
    | (?<!do\s)(?<!did\s)(?<!should\s)i(?:'d|\s+would)?\s*(?:also|just|really|only)?
        \s*(?:want|like|love|need|wish|try|trying)(?:ed)?
        \s+to\s+(?:know|ask|understand|find\s+out|check|learn|clarify|confirm)
    | (?:can|could|would|will)\s+{_WHO}\s+(?:please\s+|kindly\s+|maybe\s+|perhaps\s+)?
        (?:tell|remind|let|explain|say|confirm|clarify|check)(?:\s+(?:to\s+)?(?:me|us)(?:\s+know)?)?
    | (?:do|does|did|would)\s+{_WHO}\s+(?:happen\s+to\s+|maybe\s+|by\s+chance\s+)?know
    | (?:please\s+)?(?:tell|remind)\s+me
    | any(?:one|body)?\s+(?:idea|know|clue)
    | (?:i(?:'m|\s+am)\s+)?not\s+(?:entirely\s+|quite\s+|really\s+|so\s+)?sure
    | (?:i\s+have\s+|i've\s+(?:got\s+)?)?no\s+(?:idea|clue)
    | i\s+(?:don't|do\s+not|dont|didn't)\s+(?:really\s+)?(?:know|remember|understand)
    )\b\s*(?:is|was)?\s*[:,–-]?\s*""",
    re.IGNORECASE | re.VERBOSE,
)
"""What people say before a question that is part of a longer sentence."""
_OPENERS = WH | (AUXILIARIES - word_set("be been being has have had"))
_ASKS = f"(?:{'|'.join(sorted(map(re.escape, _OPENERS), key=len, reverse=True))})"
_BEGINS = re.compile(rf"(?:(?:and|so|but|or|also|now|then|well|okay|anyway)\W+)*{_ASKS}\b", re.I)
_CLAUSE = re.compile(rf"(?:[,;:–]|\s-)\s+(?:(?:and|so|but|anyway)\W+)*(?={_ASKS}\b)", re.I)
_CLAUSES_SAID = re.compile(r"[,;:–]\s+(?:and\s+|but\s+|so\s+)?", re.IGNORECASE)
_SO = re.compile(r"^(?:(?:and|so|but|well|ok|okay|anyway|basically|now|then|hence)\b\W*)+", re.I)
_IF = re.compile(r"^(?:if|whether)\b\s*", re.IGNORECASE)
_COURTESY = re.compile(
    r"\b(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|thanks?|thank you|thx|cheers|"
    r"sorry|apolog\w+|regards|appreciate\w*|in advance|have a (?:nice|good|great)|hope|"
    r"no (?:hurry|rush)|let me know|any help|many thanks|bear with me)\b",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"[,.–-]?\s*(?:\b(?:please|pls)\s*)?\b(?:thanks?|thank you|thx|cheers|many thanks|sorry)\b.*$",
    re.IGNORECASE,
)
_SOCIAL = word_set(
    "help know ask question advise clarify point sense idea answer right place anyone anybody "
    "someone mind okay ok sure ideas possible remind tell explain"
)
"""Content words of sentences that ask for help, and say with nothing what for."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    """``asked``: its question, without what leads up to it; ``said``: what does lead up to it.

    A sentence that asks nothing has only said something.
    """

    said: str
    asked: str = ""


def focused(message: str) -> str | None:
    """The question in a long message; None where it is short, or nothing can be left out."""
    length = len(words(message))
    if length < _LONG:
        return None
    sentences = [
        _divided(text) for piece in sentencex.segment("en", message) if (text := piece.strip())
    ]
    asking = [i for i, sentence in enumerate(sentences) if sentence.asked]
    if asking:
        kept = " ".join(sentences[i].asked for i in asking)
        if _leans(sentences[asking[0]].asked):
            kept = f"{_context(sentences[: asking[0] + 1])} {kept}".strip()
    else:
        kept = " ".join(one.said for one in sentences if not _COURTESY.search(one.said))
    found = len(words(kept))
    if not found or found > _SHORTER * length or len(content_words(kept)) < _CARRIES:
        return None
    return kept[:1].upper() + kept[1:]


def _divided(sentence: str) -> _Sentence:
    """The question in a sentence, without its lead and its thanks."""
    marked = sentence.rstrip().endswith("?")
    text = _TAIL.sub("", sentence).strip() or sentence
    leads = [found for found in _LEAD.finditer(text) if _worth(text[found.end() :])]
    begins = bool(_BEGINS.match(text))
    clauses = [found for found in _CLAUSE.finditer(text) if _worth(text[found.end() :])]
    if leads:
        at, start = leads[-1].start(), leads[-1].end()
    elif marked and clauses and not begins:
        at = start = clauses[0].end()
    elif marked or begins:
        at = start = 0
    else:
        return _Sentence(sentence)
    asked = _IF.sub("", _SO.sub("", text[start:].strip())).strip()
    if not _worth(asked):
        return _Sentence(sentence)
    ended = f"{asked.rstrip('.!,; ')}?" if marked and not asked.endswith("?") else asked
    return _Sentence(text[:at].strip(" ,;"), ended)


def _worth(text: str) -> bool:
    """Whether there is something to search with, beyond asking for help, not cut out of a quote."""
    if text.lstrip()[:1] in _QUOTE_ENDS:
        return False
    return len({word.lower() for word in content_words(text)} - _SOCIAL) >= _CARRIES


def _leans(question: str) -> bool:
    """Whether it points at something said before."""
    few = len(content_words(question)) <= _FEW
    pointing = any(word.lower() in _POINTING for word in words(question))
    return (few and pointing) or open_pronoun(question) is not None


def _context(before: Sequence[_Sentence]) -> str:
    """Of what was said up to the question, the clause that says most; the nearest of equals."""
    said = [
        clause.strip()
        for one in before
        if not _COURTESY.search(one.said) or one.asked
        for clause in _CLAUSES_SAID.split(one.said)
    ]
    return max(reversed(said), key=lambda text: len(content_words(text)), default="")
