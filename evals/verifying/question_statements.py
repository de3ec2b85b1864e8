"""A question and its short answer as one sentence, the way an answer states it; without a model.

Patterns of English questions; a question that none of them fits gives nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_PAST = {
    "become": "became", "begin": "began", "bring": "brought", "build": "built", "buy": "bought",
    "come": "came", "do": "did", "draw": "drew", "fall": "fell", "feel": "felt", "find": "found",
    "get": "got", "give": "gave", "go": "went", "grow": "grew", "have": "had", "hold": "held",
    "keep": "kept", "know": "knew", "lead": "led", "leave": "left", "lose": "lost", "make": "made",
    "mean": "meant", "meet": "met", "pay": "paid", "put": "put", "read": "read", "rise": "rose",
    "run": "ran", "say": "said", "see": "saw", "sell": "sold", "send": "sent", "set": "set",
    "show": "showed", "sing": "sang", "sit": "sat", "spend": "spent", "stand": "stood",
    "take": "took", "teach": "taught", "tell": "told", "think": "thought", "win": "won",
    "write": "wrote", "wear": "wore", "speak": "spoke", "seek": "sought", "fight": "fought",
    "cut": "cut", "cost": "cost", "hit": "hit", "let": "let", "lie": "lay", "break": "broke",
    "choose": "chose", "drive": "drove", "eat": "ate", "fly": "flew", "forget": "forgot",
}  # fmt: skip
_REGULAR_TEXT = """
accept achieve act add admit affect agree allow announce appear apply approve argue arrive ask
attack attend base believe belong call cause change charge claim close compare complete conquer
consider consist construct contain contribute control convert cover create cross decide declare
defeat defend define deliver describe design destroy determine develop die discover divide earn
employ enable end enjoy enter establish estimate exist expand expect explain express extend face
fail finish follow force form found gain govern happen hate help host identify improve include
increase influence inspire introduce invade invent involve join kill land last launch learn like
live locate look maintain manage mark marry move name need occur offer open operate oppose order
organize own pass perform place plan play prefer prevent produce promote propose protect prove
provide publish raise reach receive record reduce refer refuse reject relate release remain remove
replace report represent require resign result return reveal rule score serve settle share sign
split start state stay stop study succeed suffer suggest support surrender surround survive talk
travel treat try turn use visit vote want wish work
"""
_REGULAR = _REGULAR_TEXT.split()
_VERBS = {**dict.fromkeys(_REGULAR, ""), **_PAST}
_AUX = "is|are|was|were|has|have|had|can|could|will|would|must|may|should"
_PARTICIPLE = re.compile(
    r"^(?:\w{2,}(?:ed|wn)|born|built|made|held|found|given|known|won|led|put|set|sent|said|taken|"
    r"written|chosen|sold|paid|kept|lost|brought|called|located|caught|seen|cut|used|done|spoken)$"
)
_NOUN_PHRASE = re.compile(
    r"^(?:the|a|an|his|her|its|their|our|your|my|this|one|some|[A-Z])\b|^[A-Z]"
)
_IN = "In which|In what|On what|On which|At what|At which|During which|During what|By what"


def past(verb: str) -> str:
    """The simple past of a verb."""
    if known := _VERBS.get(verb):
        return known
    if verb.endswith("e"):
        return f"{verb}d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ied"
    return f"{verb}ped" if verb == "stop" else f"{verb}ed"


_TWO_QUESTIONS = re.compile(
    r"[.?;]\s|,? and (?:how|what|when|who|can|is|which|where)\b|\bdo$", re.I
)


def statement(question: str, answer: str) -> str | None:
    """The question and its short answer as one sentence; None where no pattern fits."""
    asked = " ".join(question.strip().rstrip("?. ").split())
    answer = answer.strip().rstrip(".")
    too_long = len(answer.split()) > 12
    if not asked or not answer or too_long or _TWO_QUESTIONS.search(asked):
        return None
    for pattern, build in _PATTERNS:
        if match := pattern.match(asked):
            said = build(match, answer)
            if said is not None:
                said = " ".join(said.split())
                return f"{said[0].upper()}{said[1:]}."
    return None


def _copula(match: re.Match[str], answer: str) -> str | None:
    verb, rest = match.group("verb"), match.group("rest")
    if _NOUN_PHRASE.match(rest):
        parted = _part(rest)
        return f"{parted[0]} {verb} {parted[1]} {answer}" if parted else f"{rest} {verb} {answer}"
    return f"{answer} {verb} {rest}"


def _subject(match: re.Match[str], answer: str) -> str | None:
    return f"{answer} {match.group('rest')}"


def _which(match: re.Match[str], answer: str) -> str | None:
    verb, rest = match.group("verb"), match.group("rest")
    first = rest.split()[0]
    if re.fullmatch(_AUX, verb, re.IGNORECASE) and not (
        _PARTICIPLE.match(first) or first in _VERBS
    ):
        return None  # "Which album is it on": the subject stands after the verb
    return f"{answer} {verb} {rest}"


def _passive(match: re.Match[str], answer: str) -> str | None:
    parted = _part(match.group("rest"))
    if parted is None:
        return None
    head = match.group("head").lower()
    before = "in " if head.endswith("year") or re.fullmatch(r"\d{4}", answer) else ""
    return f"{parted[0]} {match.group('verb')} {parted[1]} {before}{answer}"


def _did(match: re.Match[str], answer: str) -> str | None:
    words = match.group("rest").split()
    for i in range(1, len(words)):
        if words[i] in _VERBS:
            verb = past(words[i]) if match.group("verb").lower() == "did" else words[i]
            if match.group("verb").lower() == "does":
                verb = _third(words[i])
            subject, rest = " ".join(words[:i]), " ".join(words[i + 1 :])
            noun = match.groupdict().get("noun") or ""
            if noun and noun.split()[0].lower() in answer.lower():
                return f"{subject} {verb} {answer} {' '.join(noun.split()[1:])} {rest}"
            if noun:
                return f"{subject} {verb} {answer} {noun} {rest}"
            before = "in " if re.fullmatch(r"\d{4}", answer) else ""
            return f"{subject} {verb} {rest} {before}{answer}"
    return None


def _third(verb: str) -> str:
    irregular = {"have": "has", "do": "does", "go": "goes"}
    return irregular.get(verb) or (f"{verb}es" if verb.endswith(("s", "sh", "ch")) else f"{verb}s")


def _count(match: re.Match[str], answer: str) -> str | None:
    noun = match.group("noun")
    held = answer if noun.split()[-1].lower() in answer.lower() else f"{answer} {noun}"
    return f"{held} {match.group('verb')} {match.group('rest')}"


def _part(rest: str) -> tuple[str, str] | None:
    """Subject and participle with what follows."""
    words = rest.split()
    for i in range(1, len(words)):
        if _PARTICIPLE.match(words[i]):
            return " ".join(words[:i]), " ".join(words[i:])
    return None


_WHEN = rf"when|where|(?:{_IN}) \w+|what year"
_NOUN = r"(?P<noun>[\w' -]{3,30}?)"
_DO = r"(?P<verb>did|does|do)"
_BE = r"(?P<verb>is|are|was|were)"
_NO_VERB = r"(?!did|does|do|can|could|will|would|have|has|had|is|are)"
_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str], str | None]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), build)
    for pattern, build in (
        (rf"(?P<head>how many|how much) {_NOUN} {_DO} (?P<rest>.+)", _did),
        (rf"(?P<head>how many) {_NOUN} (?P<verb>{_AUX}) (?P<rest>.+)", _count),
        (rf"(?P<head>{_WHEN}|on what date) {_BE} (?P<rest>.+)", _passive),
        (rf"(?P<head>{_WHEN}|how long|how often|what|who|whom) {_DO} (?P<rest>.+)", _did),
        (rf"(?:what|who) {_BE} (?P<rest>.+)", _copula),
        (rf"(?:who|what) (?P<rest>{_NO_VERB}\w+(?:ed|s)\b .+)", _subject),
        (r"who (?P<rest>(?!did|does|do|can|could|will|would)\w+ .+)", _subject),
        (rf"(?:what|which) (?:[\w-]+ ){{1,2}}(?P<verb>{_AUX}|\w+ed) (?P<rest>.+)", _which),
    )
)
