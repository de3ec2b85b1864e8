"""Pronouns that point at an earlier question, and what they stand for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.ask.conversation import phrases
from app.ask.conversation.phrases import AUXILIARIES, PREPOSITIONS, WH, word_set, words_of


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question that stands alone, and whom or what its answer named."""

    question: str
    named: str = ""


_SUBJECTS = word_set("it they he she this that these those them him her its their his")
_POSSESSIVE = word_set("its their his")
_DEMONSTRATIVE = word_set("this that these those")
_PERSONAL = word_set("he she him her his")
_CLAUSE = word_set("to that if when whether who which because for")
_WEATHER = word_set("rain rains raining snow snows snowing")
_QUESTION_WORDS = 2
"""Content words before the auxiliary ("which form does it need"); more are a clause."""
_AFTER_PRONOUN = 3
"""Content words after the pronoun; with more, a question says what it is about."""


def open_pronoun(text: str) -> phrases.Word | None:
    """The pronoun that nothing before it in the question explains."""
    found = words_of(text)
    for index, word in enumerate(found):
        if word.low in _SUBJECTS:
            explained = word.low in _DEMONSTRATIVE and "," in text[word.end :]
            return word if not explained and _leans(found, index) else None
    return None


def _leans(found: Sequence[phrases.Word], index: int) -> bool:
    word, before, after = found[index], found[:index], found[index + 1 :]
    auxiliary = next((i for i, one in enumerate(before) if one.low in AUXILIARIES), None)
    if auxiliary and sum(not one.functional for one in before[:auxiliary]) > _QUESTION_WORDS:
        return False
    clause = before if auxiliary is None else before[auxiliary + 1 :]
    spoken = [one for one in clause if not one.functional]
    # "Who approves it", "how do I cancel it": one verb, and nothing that it could mean.
    if len(spoken) > 1 or any(one.capital for one in before[1:]):
        return False
    if spoken and not _is_verb(before, spoken[0], after):
        return False
    content = [one for one in after if not one.functional]
    if len(content) > _AFTER_PRONOUN or any(one.low in _CLAUSE for one in after):
        return False
    following = after[0] if after else None
    if word.low in _DEMONSTRATIVE:
        return (
            following is None
            or following.low in AUXILIARIES | PREPOSITIONS
            or (
                len(after) == 1
                and not spoken
                and bool(before)
                and _predicate(before[-1], following)
            )
        )
    if word.low == "it":
        clock = {"time", "day", "date", "year"} & {one.low for one in before}
        weather = {one.low for one in after} & _WEATHER
        return not weather and not clock
    if word.low in ("they", "them") and before and before[0].low in WH:
        # "How do they make steel" means people in general.
        return len(content) <= 1
    if word.low == "her" or word.low in _POSSESSIVE:
        return following is not None and len(content) <= 2  # "its opening hours"
    return True


def _is_verb(
    before: Sequence[phrases.Word], spoken: phrases.Word, after: Sequence[phrases.Word]
) -> bool:
    """“Who approves it”, “how do I cancel it”: the one word before the pronoun is no noun."""
    position = list(before).index(spoken)
    if position and before[position - 1].low in {"i", "you", "we", "they"}:
        return True
    simple = not any(one.low in AUXILIARIES for one in (*before, *after))
    return position == 1 and before[0].low in {"who", "what"} and simple


def _predicate(before: phrases.Word, after: phrases.Word) -> bool:
    """“Is that paid”, “does that expire”: what follows is said of the pronoun."""
    if before.low in phrases.BE:
        return bool(re.search(r"(?:ed|able|ible|al|paid|free|true|ok|enough)$", after.low))
    return before.low in AUXILIARIES


def filled(text: str, pronoun: phrases.Word, turn: Turn, topic: str | None) -> str | None:
    """``text`` with what ``pronoun`` stands for; None when that is not clear."""
    low = pronoun.low
    if low in _PERSONAL:
        known = phrases.names(turn.question)
        meant = turn.named if _names_a_person(turn) else ""
        told = not turn.question.lower().startswith("who ") or _WHO_IS.match(turn.question)
        if not meant and known and told:
            start, end = known[-1]
            meant = turn.question[start:end]
            if " " not in meant and not _WHO_IS.match(turn.question):
                meant = ""  # "Nixon", but also "California"
    elif low in ("they", "them", "their"):
        meant = phrases.people(turn.question) or topic or ""
    else:
        meant = topic or ""
    if not meant:
        return None
    if low in _POSSESSIVE or (low == "her" and pronoun.end < len(text)):
        meant += "'" if meant.endswith("s") else "'s"
    tail = text[pronoun.end :]
    if topic and topic != meant and low in ("they", "he", "she"):
        tail = _OBJECT.sub(lambda _: topic, tail)
    return f"{text[: pronoun.start]}{meant}{tail}?"


_WHO_IS = re.compile(r"who(?: is| was|['’]s)\b", re.IGNORECASE)
_OBJECT = re.compile(r"\b(?:it|them)$", re.IGNORECASE)


def _names_a_person(turn: Turn) -> bool:
    asked = re.match(r"(?:and )?who\b", turn.question, re.IGNORECASE)
    return bool(asked and turn.named[:1].isupper())
