"""What a question is about, told apart by its words alone: phrases, names, people, times.

No tagger and no model: English function words and the order of words in questions are enough to
find what a follow-up stands for. Where they are not, nothing is found, and the question stays as
it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.domain import Span
from app.knowledge.terms import STOP_WORDS


def word_set(text: str) -> frozenset[str]:
    """The words of ``text``."""
    return frozenset(text.split())


WH = word_set("what which who whom whose when where why how")
BE = word_set("is are was were be been being isn't aren't wasn't weren't")
AUXILIARIES = BE | word_set(
    """
    do does did don't doesn't didn't can could may might must shall should will would has have had
    can't won't
    """
)
PREPOSITIONS = word_set(
    """
    in at for of with without on during after before from to by under over about as than between
    within outside inside until since per via against through toward near
    """
)
PRONOUNS = word_set(
    """
    i you we he she it they me us him her them my your our his its their theirs this that these
    those one someone anybody anyone everyone there
    """
)
DETERMINERS = word_set("the a an our my your their his her its any some each every")
VERBS = word_set(
    """
    accept access add allow apply approve arrive ask assign attend become begin belong book break
    bring build buy call cancel carry change charge check choose claim close collect come connect
    contact contain cost cover create decide define delete deliver depend do earn eat enable end
    enroll enter expire file fill find fix follow get give go grow handle happen have help hire
    hold include increase install invite join keep know last lead learn leave live log look lose
    make manage mean measure meet move need obtain offer open order own pay pick play prefer
    prepare print produce prove provide publish put quit read receive register reimburse release
    renew rent repair replace report request require reserve reset resign restart return review
    run say see sell send set share show sign spend start stay stop store submit support take
    teach tell travel try turn update upload use wait want wear win work write
    """
)
"""Common verbs in the form that follows “do employees …”."""
_CLOSING = word_set(
    "last take cost begin start end expire happen include mean contain require apply"
)
"""Verbs that end a question about a thing: “how long does parental leave last”, where “leave” is
none."""
PEOPLE = word_set(
    """
    people person staff employee employees worker workers contractor contractors freelancer
    freelancers intern interns trainee trainees apprentice apprentices manager managers lead leads
    director directors executive executives engineer engineers developer developers designer
    designers analyst analysts consultant consultants supervisor supervisors administrator
    administrators admin admins user users customer customers client clients guest guests visitor
    visitors member members student students pupil pupils teacher teachers professor professors
    parent parents mother mothers father fathers child children adult adults man men woman women
    patient patients doctor doctors nurse nurses driver drivers citizen citizens resident
    residents tenant tenants owner owners supplier suppliers vendor vendors partner partners temp
    temps part-timer part-timers full-timer full-timers hire hires newcomer newcomers starter
    starters joiner joiners leaver leavers applicant applicants candidate candidates colleague
    colleagues volunteer volunteers retiree retirees passenger passengers teammate teammates crew
    seller sellers buyer buyers researcher researchers scientist scientists
    """
)
_MONTHS = (
    "january|february|(?-i:March)|april|(?-i:May)|june|july|august|september|october|november|"
    "december"
)
"""May and March only with a capital: both are verbs."""
_TIME = re.compile(
    rf"\b(?:1[0-9]|20)\d\d\b|\bq[1-4]\b|\b(?:{_MONTHS})\b|\b(?:this|last|next) "
    r"(?:year|month|week|quarter)\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|"
    r"\b(?:today|tomorrow|yesterday)\b|\b(?:spring|summer|autumn|winter|weekends?)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:['’\-./&][^\W_]+)*", re.UNICODE)
_PARTICIPLE = re.compile(r"(?:ed|paid|made|held|kept|built|sent|given|taken|written|done|run)$")


class Kind(StrEnum):
    """What a phrase names; a slot takes only a phrase of its own kind."""

    TIME = "time"
    NAME = "name"
    PEOPLE = "people"
    THING = "thing"


@dataclass(frozen=True, slots=True)
class Word:
    """A word as written, and where."""

    text: str
    start: int
    end: int

    @property
    def low(self) -> str:
        """In lower case, with a plain apostrophe."""
        return self.text.lower().replace("’", "'")

    @property
    def functional(self) -> bool:
        """True for a word that carries no meaning of its own."""
        return self.low in STOP_WORDS or self.low in AUXILIARIES or self.low in PREPOSITIONS

    @property
    def capital(self) -> bool:
        """True when it is written like a name."""
        return self.text[0].isupper()


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase of a question: ``question[start:end]`` with its article."""

    text: str
    start: int
    end: int
    before: str
    """The function word right before it, in lower case; empty at the beginning."""

    @property
    def core(self) -> str:
        """Without its article."""
        first, _, rest = self.text.partition(" ")
        return rest if first.lower() in DETERMINERS and rest else self.text


def words_of(text: str) -> list[Word]:
    """Every word, in order."""
    return [Word(match[0], match.start(), match.end()) for match in _WORD.finditer(text)]


def kind_of(phrase: str) -> Kind:
    """What ``phrase`` names."""
    found = words_of(phrase)
    if _TIME.search(phrase):
        return Kind.TIME
    if found and found[-1].low in PEOPLE:
        return Kind.PEOPLE
    if any(word.capital for word in found if word.low not in DETERMINERS):
        return Kind.NAME
    return Kind.THING


def is_question(text: str) -> bool:
    """True when the text has a question word, an auxiliary or a pronoun: no mere keywords."""
    return any(
        word.low in WH or word.low in AUXILIARIES or word.low in PRONOUNS for word in words_of(text)
    )


def phrases(question: str) -> list[Phrase]:
    """The noun phrases of a question, in order, verbs taken off by where they stand."""
    found = words_of(question)
    made: list[Phrase] = []
    index = 0
    while index < len(found):
        if found[index].functional:
            index += 1
            continue
        first = index
        while index < len(found) and _goes_on(question, found, first, index):
            index += 1
        for start, end in _nouns(found, first, index):
            made.append(_phrase(question, found, start, end))
    return made


def _goes_on(question: str, found: Sequence[Word], first: int, index: int) -> bool:
    word = found[index]
    if index == first:
        return True
    gap = question[found[index - 1].end : word.start]
    return not word.functional and not gap.strip(" \"“”'‘’")


def _nouns(found: Sequence[Word], first: int, end: int) -> Iterator[Span]:
    """The parts of ``found[first:end]``, a run of content words, that are no verb."""
    before = found[first - 1].low if first else ""
    opening = next((w.low for w in found[:first] if w.low in AUXILIARIES), "")
    leads = before in AUXILIARIES or (before in DETERMINERS and _after_auxiliary(found, first))
    last = end == len(found)
    if before in {"i", "you", "we", "they", "he", "she", "it", "to", "who", "that", "not"}:
        names = found[first].capital or (before == "to" and found[first].low in PEOPLE)
        if not names:
            first += 1  # its verb
    elif before == "what" and not (end < len(found) and found[end].low in AUXILIARIES):
        first += 1  # "what causes …"
    elif leads and opening not in BE:
        verb = next((i for i in range(first + 1, end) if found[i].low in VERBS), None)
        if last and end - first > 1 and found[end - 1].low in _CLOSING:
            verb = end - 1
        if verb is not None:
            yield first, verb
            first = verb + 1
        elif last and end - first > 1:
            end -= 1  # "how long does onboarding take"
    elif leads and end - first > 1 and _PARTICIPLE.search(found[end - 1].low):
        end -= 1  # "when are expenses reimbursed"
    elif end - first > 1 and last and found[end - 1].low in VERBS and opening not in BE | {""}:
        end -= 1  # "… do people in Porto receive"
    if first < end:
        yield first, end


def _after_auxiliary(found: Sequence[Word], first: int) -> bool:
    return first > 1 and found[first - 2].low in AUXILIARIES


def _phrase(question: str, found: Sequence[Word], start: int, end: int) -> Phrase:
    first = start
    if first and found[first - 1].low in DETERMINERS:
        first -= 1
    before = found[first - 1].low if first else ""
    span = (found[first].start, found[end - 1].end)
    return Phrase(question[span[0] : span[1]], *span, before)


_IS = re.compile(
    r"^(?:and |so )?(?:what|who|where|which|when)(?:\s+(?:is|are|was|were)|['’]s)\s+(.+)$", re.I
)
_LONGEST_TOPIC = 8
"""Words; a longer one is no phrase but a clause."""


def topic(question: str) -> str | None:
    """The phrase that "it" would mean after ``question``; None when there is no clear one."""
    bare = question.strip().rstrip("?!. ")
    found = phrases(bare)
    if not is_question(bare):
        return bare if len(words_of(bare)) <= _LONGEST_TOPIC else None
    whole = _IS.match(bare)
    if whole and found and len(words_of(whole[1])) <= _LONGEST_TOPIC:
        named = whole[1]
        close = _PARTICIPLE.search(named.split(" ", 1)[0].lower())
        if not close and not is_question(named):
            return _without_participle(named)
    found = [one for one in found if " " in one.core or not _PARTICIPLE.search(one.core.lower())]
    things = [one for one in found if kind_of(one.core) is Kind.THING]
    counted = [one for one in found if one.before in ("many", "much")]
    free = [one for one in things if one.before not in PREPOSITIONS]
    for choice in (counted, free[-1:], things, found):
        if choice:
            return choice[0].text
    return None


def _without_participle(phrase: str) -> str:
    head, _, last = phrase.rpartition(" ")
    article = head.lower() in DETERMINERS
    return head if head and not article and _PARTICIPLE.search(last.lower()) else phrase


def people(question: str) -> str | None:
    """The last phrase that names people by what they are."""
    found = [one for one in phrases(question) if kind_of(one.core) is Kind.PEOPLE]
    return found[-1].text if found else None


def names(question: str) -> list[Span]:
    """Runs of words written like names, in order; the question's first word is none."""
    found = words_of(question)
    spans: list[Span] = []
    for index, word in enumerate(found):
        if index == 0 or not word.capital or word.low in PRONOUNS or _TIME.fullmatch(word.text):
            continue
        if spans and question[spans[-1][1] : word.start] == " ":
            spans[-1] = (spans[-1][0], word.end)
        else:
            spans.append((word.start, word.end))
    return spans


def times(question: str) -> list[Span]:
    """Where years, months, weekdays and the like stand."""
    return [match.span() for match in _TIME.finditer(question)]


def after_preposition(question: str, preposition: str) -> Phrase | None:
    """The last phrase that ``preposition`` introduces."""
    found = [one for one in phrases(question) if one.before == preposition]
    if not found:
        return None
    last = found[-1]
    inside = [span for span in names(question) if last.start <= span[0] and span[1] <= last.end]
    # "in Porto receive": a name ends where its capitals do, unless an article opens the phrase.
    if inside and inside[0][0] == last.start:
        start, end = inside[0]
        return Phrase(question[start:end], start, end, preposition)
    return last
