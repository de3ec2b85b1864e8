"""A question as somebody else would type it: hurried, in search words, as a learner, at length.

Made by rule, so that any collection's own questions can be used. People write less evenly: figures
on these say where to look, figures on hand-written families (`evals/cases`) how it is.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping

from app.knowledge.terms import content_words
from evals.datasets import Phrasing

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBORS = {
    char: {row[j] for j in (i - 1, i + 1) if 0 <= j < len(row)}
    for row in _ROWS
    for i, char in enumerate(row)
}
_WORDS_PER_SLIP = 4
"""About one mistyped word in four: a hurried message, not a typical one."""
_MOST_SLIPS = 4
_SHORTEST_SLIP = 4
"""Letters; in shorter words slips are rarer, and often make another word."""
_SLIPS = (("swap", 3), ("drop", 3), ("double", 1), ("neighbor", 2), ("insert", 1))
"""Kinds and how often: most are a single letter missing, added, wrong or swapped (Damerau 1964)."""
_BEFORE = (
    "Hi, I hope this is the right place to ask. I have been looking around for a while now and "
    "could not really find it, probably I looked in the wrong spot.",
    "Quick one from me, sorry if somebody asked this before. We were talking about it over lunch "
    "and nobody was sure, everybody remembered something else.",
    "Hello! I am fairly new and still finding my way through all of the material. My colleague "
    "is out this week, otherwise I would have asked her.",
    "Hey team, I am putting together some notes for a meeting tomorrow morning and I want to get "
    "the details right this time, last time I got one wrong and it was a bit embarrassing.",
    "Good afternoon. I read something about this a few months ago, but I did not write it down "
    "and now I can't find it any more.",
    "So I promised a friend I would look this up, and of course I forgot until just now.",
)
_AFTER = (
    "No hurry, but it would help me a lot if I knew by the end of the day. Thanks so much!",
    "If there is a page that explains it I am happy to read it myself. Many thanks in advance.",
    "I may well have misunderstood, so please correct me. Cheers!",
    "Thank you, and sorry for the long message.",
    "Anything you can point me to is appreciated, have a nice day.",
    "I will share what I learn with the others.",
)
_LEADS = ("What I want to know is: ", "My question: ", "Anyway, ", "So, ", "")
_ARTICLES = re.compile(r"\b(?:the|a|an)\s+", re.IGNORECASE)
_SUPPORT = re.compile(r"\b(do|does|did)\s+", re.IGNORECASE)
_SWAPS = (("in", "on"), ("at", "in"), ("on", "in"), ("for", "to"), ("of", "from"))
_THIRD = re.compile(r"\b([a-z]{3,}[^s\W])s\b")


def typos(question: str, chance: random.Random) -> str:
    """One word in about four mistyped, at most four; no capitals, no apostrophes."""
    parts = re.split(r"(\W+)", question.lower().replace("'", "").replace("’", ""))
    long = [i for i, part in enumerate(parts) if len(part) >= _SHORTEST_SLIP and part.isalpha()]
    count = min(_MOST_SLIPS, max(1, round(len(long) / _WORDS_PER_SLIP)), len(long))
    for i in chance.sample(long, count):
        parts[i] = _slip(parts[i], chance)
    return "".join(parts).rstrip("?")


def keywords(question: str, chance: random.Random) -> str:  # noqa: ARG001  # same for all
    """The words that carry the question, in their order."""
    found = content_words(question.lower())
    return " ".join(found) if found else question.lower().rstrip("?")


def non_native(question: str, chance: random.Random) -> str:
    """Articles and "do" left out, a preposition wrong, an ending missing."""
    text = _ARTICLES.sub(lambda found: found[0] if chance.random() < 0.2 else "", question)
    text = _SUPPORT.sub(lambda found: found[0] if chance.random() < 0.4 else "", text)
    if chance.random() < 0.6:
        old, new = chance.choice(_SWAPS)
        text = re.sub(rf"\b{old}\b", new, text, count=1)
    return _THIRD.sub(lambda found: found[1] if chance.random() < 0.3 else found[0], text)


def long(question: str, chance: random.Random) -> str:
    """The question in the middle of a message of 50 to 80 words that says little else."""
    lead = chance.choice(_LEADS)
    asked = question if not lead or lead.endswith(": ") else question[:1].lower() + question[1:]
    asked = asked.rstrip()
    ended = asked if asked.endswith(("?", ".", "!")) else f"{asked}?"
    return f"{chance.choice(_BEFORE)} {lead}{ended} {chance.choice(_AFTER)}"


REWRITES: Mapping[Phrasing, Callable[[str, random.Random], str]] = {
    "plain": lambda question, _chance: question,
    "typos": typos,
    "non-native": non_native,
    "keywords": keywords,
    "long": long,
}
"""Phrasing → what makes it of a question that is written plainly."""


def rewritten(question: str, phrasing: Phrasing, seed: int = 0) -> str:
    """``question`` in another phrasing; the same one again for the same seed."""
    return REWRITES[phrasing](question, random.Random(f"{seed}|{phrasing}|{question}"))  # noqa: S311  # no secret


def _slip(word: str, chance: random.Random) -> str:
    kind = chance.choices([name for name, _ in _SLIPS], [often for _, often in _SLIPS])[0]
    i = chance.randrange(1, len(word) - 1)  # the first letter is seldom wrong (Kukich 1992)
    near = sorted(_NEIGHBORS.get(word[i], {"e"}))
    match kind:
        case "swap":
            return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
        case "drop":
            return word[:i] + word[i + 1 :]
        case "double":
            return word[:i] + word[i] + word[i:]
        case "neighbor":
            return word[:i] + chance.choice(near) + word[i + 1 :]
        case _:
            return word[:i] + chance.choice(near) + word[i:]
