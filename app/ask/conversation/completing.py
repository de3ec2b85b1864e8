"""A follow-up that leaves something out, made whole with the question before it.

Each rule is narrow: it knows a form ("and for contractors?", "how long does it take?", "why?") and
gives None for everything else.
"""

from __future__ import annotations

import re

from app.ask.conversation import phrases
from app.ask.conversation.phrases import (
    AUXILIARIES,
    PREPOSITIONS,
    PRONOUNS,
    WH,
    Kind,
    word_set,
    words_of,
)
from app.ask.conversation.pointing import Turn, filled, open_pronoun
from app.knowledge.terms import content_stems, content_words

_LEAD = re.compile(
    r"^(?P<link>(?:(?:and|or|but|also|then|so|plus|ok|okay|now)\b[, ]+)*)"
    r"(?P<about>(?:what|how) about\s+|what of\s+)?",
    re.IGNORECASE,
)
_SAME = re.compile(
    r"^(?:(?:is|are|would) (?:it|that|this|they) |does (?:it|that|this) work )?(?:also )?"
    r"(?:the )?same (?:question )?(?P<rest>(?:for|in|at|with|on) .+)$|"
    r"^(?:do|does|would|is|are) (?:that|this|it|these|those|they|the same)(?: rules?)?(?: also)? "
    r"(?:apply|hold|valid|true|go|count)(?: also| too)? (?P<other>(?:to|for|in) .+)$",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"^(?:(?:please |can you |could you )?(?:tell me more|explain(?: more)?|elaborate|go on|"
    r"give me (?:more|details|more details)|say more)|more(?: details| information| info)?|"
    r"(?:any )?details|continue)(?: please)?$",
    re.IGNORECASE,
)
_ELSE = re.compile(r"^(?:what|anything) else(?: is there)?$", re.IGNORECASE)
_BARE = re.compile(
    r"^(?:why(?: not| is that| so)?|how(?: so| come| is that)?|when(?: is that)?|"
    r"where(?: is that)?|who(?: is that)?|(?:since|until|from|by) when|"
    r"how (?:long|much|many|often|far|soon|fast|old)|at what cost|by whom)$",
    re.IGNORECASE,
)
_RELATIONAL = word_set(
    """
    deadline limit limits maximum minimum exception exceptions exempt penalty eligible responsible
    approves approve decides decide pays signs allowed mandatory required requirement requirements
    condition conditions cost costs price procedure process steps step reason reasons rule rules
    difference alternative alternatives taxable
    """
)
"""Words that always belong to something else: a question of nothing but them leans."""
_ONE = re.compile(r"(?<=\w) ones?$", re.IGNORECASE)
_WITH_OBJECT = word_set("approves approve decides decide pays signs")
_LONGEST_REST = 6
"""Words of an elliptic follow-up; a longer one says enough to stand alone."""


def completed(text: str, asks: bool, turn: Turn) -> str | None:
    """The follow-up ``text`` made whole with ``turn``; None when it is none."""
    topic = phrases.topic(turn.question)
    if topic and _MORE.match(text):
        return f"Tell me more about {topic}"
    if topic and _ELSE.match(text):
        return f"What else is there about {topic}?"
    same = _SAME.match(text)
    if same:
        return _slotted(_without_to(same["rest"] or same["other"]), turn.question)
    lead = _LEAD.match(text)
    rest = _ONE.sub("", text[lead.end() :] if lead else text)
    linked = bool(lead and lead.end())
    found = words_of(rest)
    if not found:
        return None
    if _BARE.match(rest):
        return _asked_again(rest, turn.question, topic)
    if found[0].low in WH or found[0].low in AUXILIARIES:
        return _question(rest, linked, turn, topic)
    if is_clause(rest) or len(found) > _LONGEST_REST:
        return None
    if linked or (asks and found[0].low in PREPOSITIONS):
        return _slotted(rest, turn.question)
    if asks and len(found) <= 3:  # "Rotterdam?", "part-time employees?"
        return _same_kind(rest, turn.question)
    return None


def is_clause(text: str) -> bool:
    """True when ``text`` holds a question word, an auxiliary or a pronoun: more than a phrase."""
    return phrases.is_question(text)


def _question(rest: str, linked: bool, turn: Turn, topic: str | None) -> str | None:
    """A follow-up that has the form of a question."""
    tail = re.match(
        r"(?P<wh>(?:how (?:much|many|long|often|far)|when|where|who|why|how|what))\s+"
        r"(?P<phrase>(?:in|for|at|on|with|during|after|before) .+)$", rest, re.IGNORECASE
    )  # fmt: skip
    if tail and not is_clause(tail["phrase"]) and linked:
        return _slotted(tail["phrase"], turn.question)
    pronoun = open_pronoun(rest)
    if pronoun is not None:
        return filled(rest, pronoun, turn, topic)
    content = [word.lower() for word in content_words(rest) if word.lower() not in _FUNCTION]
    if topic and content and all(word in _RELATIONAL for word in content):
        link = "" if content[-1] in _WITH_OBJECT else "for "
        return f"{rest} {link}{topic}?"
    low = rest.lower().split()
    if topic and linked and low[-1:] == content and low[-2:-1] in (["i"], ["you"], ["we"]):
        return f"{rest} {topic}?"  # "And how do I cancel?"
    return None


_FUNCTION = AUXILIARIES | PREPOSITIONS | PRONOUNS | WH


def _asked_again(rest: str, question: str, topic: str | None) -> str | None:
    """A bare “why?” asks the question before with another question word."""
    bare = question.strip().rstrip("?!. ")
    head = re.match(r"(?:why|when|where)\b", rest, re.IGNORECASE)
    form = re.match(
        r"(?:(?:how (?:many|much)|what|which) (?P<counted>.+?) |(?:what|when|where|why|how) )?"
        r"(?P<aux>do|does|did|can|could|may|must|should|will|would) (?P<rest>.+)$",
        bare, re.IGNORECASE,
    )  # fmt: skip
    if head and form and not (form["counted"] and phrases.is_question(form["counted"])):
        counted = f" {form['counted']}" if form["counted"] else ""
        return f"{head[0]} {form['aux'].lower()} {form['rest']}{counted}?"
    if topic is None:
        return None
    return f"{rest} for {topic}?" if not head else f"{head[0]}: {bare}?"


# --- slots ---------------------------------------------------------------------------------------


def _slotted(rest: str, question: str) -> str | None:
    """``question`` about ``rest``: in place of a phrase of its kind, or behind the question."""
    first, _, remainder = rest.partition(" ")
    preposition = first.lower() if first.lower() in PREPOSITIONS and remainder else ""
    phrase = remainder if preposition else rest
    kind = phrases.kind_of(phrase)
    if preposition:
        old = phrases.after_preposition(question, preposition)
        if old and (phrases.kind_of(old.core) is kind or Kind.TIME not in
                    (kind, phrases.kind_of(old.core))):  # fmt: skip
            return _put(question, old.start, old.end, phrase)
    replaced = _same_kind(phrase, question)
    if replaced is not None:
        return replaced
    bare = question.strip().rstrip("?!. ")
    if not preposition and phrases.is_question(bare):
        topic = phrases.topic(question) if kind is Kind.THING else None
        linked = [one for one in phrases.phrases(bare) if one.before in _LINKS]
        if topic and linked and phrases.kind_of(linked[-1].core) is kind:
            return _put(bare, linked[-1].start, linked[-1].end, phrase) + "?"
        if topic and topic in bare:
            start = bare.index(topic)
            return _put(bare, start, start + len(topic), phrase) + "?"
        preposition = "in" if kind is Kind.TIME else "for"
    link = f" {preposition} " if preposition else " "
    return f"{bare}{link}{phrase}{'?' if phrases.is_question(bare) else ''}"


_LINKS = frozenset({"of", "for", "about", "on", "with"})
"""A thing behind one of these is what a question is asked about: "the retention of invoices"."""


def _same_kind(phrase: str, question: str) -> str | None:
    """``phrase`` in place of the last one of its kind, or of one with the same head noun."""
    kind = phrases.kind_of(phrase)
    known = {Kind.TIME: phrases.times, Kind.NAME: phrases.names}
    spans = known[kind](question) if kind in known else []
    if spans:
        start, end = spans[-1]
        return _put(question, start, end, _without_article(phrase))
    found = phrases.phrases(question)
    if kind is Kind.PEOPLE:
        found = [one for one in found if phrases.kind_of(one.core) is Kind.PEOPLE]
    else:
        head = content_stems(phrase.rsplit(maxsplit=1)[-1])
        found = [one for one in found if content_stems(one.core.split()[-1]) == head]
    if not found:
        return None
    return _put(question, found[-1].start, found[-1].end, phrase)


def _put(text: str, start: int, end: int, phrase: str) -> str:
    return f"{text[:start]}{phrase}{text[end:]}"


def _without_article(phrase: str) -> str:
    return re.sub(r"^(?:the|a|an|our)\s+", "", phrase, flags=re.IGNORECASE)


def _without_to(rest: str) -> str:
    """“Does that apply to contractors” asks about contractors, not about a direction."""
    return re.sub(r"^to\s+", "", rest, flags=re.IGNORECASE)
