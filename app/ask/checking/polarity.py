"""Negation and opposites: what turns a sentence into its contrary with one small word.

Both checks look at the words near by, so that a "not" elsewhere in a passage proves nothing:
negation (what is denied in one and affirmed in the other) and opposites (increase/decrease,
allowed/forbidden). `leading` has the small words that lead another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.ask.checking.claims import Claim, Token, fold, stem
from app.ask.checking.opposites import OPPOSITES, PREFIXES, by_prefix

__all__ = ["OPPOSITES", "Turned", "is_negation", "negations", "opposites"]

_DENYING = """
not no never none neither nor without cannot can't n't nobody nothing nowhere hardly barely scarcely
unable lack lacks lacked lacking refuse refuses refused fail fails failed failure forbidden
prohibited banned forbids prohibits forbid prohibit disallowed denied denies deny rejected exclude
excluded excludes except prevents prevented absence unlikely rarely seldom optional voluntary false
impossible avoid ineligible exempt unless until only drop drops dropped remove removes removed
discontinued abolished canceled cancelled reserved waived
"""
_NEGATIONS = frozenset(_DENYING.split())
"""Words that deny, in any way: enough to carry a denial found in the other text."""

_PLAIN = (
    "not no never none neither nor without cannot can't n't nobody nothing nowhere unable lacks"
)
_PLAIN_NEGATION = frozenset(_PLAIN.split())
"""Words that only deny: removing or adding one turns the sentence around."""

_NO_DENIAL = re.compile(
    r"^no[.]?\s*\d|^no\s+(?:later|earlier|more|less|fewer|longer\s+than|sooner|matter|doubt)\b|"
    r"^(?:no|not)\s+\w+\s+than\b|^not\s+(?:only|just|merely|necessarily|exceed)|"
    r"^none\s+other\b|^without\s+(?:doubt|question)\b",
    re.IGNORECASE,
)
_REACH = 3
"""Content words that a negation is taken to deny."""
_BACK = 4
_NEAR = 6
"""Tokens after and before a negation that it may be about: "pets are not", "not … any pets"."""


@dataclass(frozen=True, slots=True)
class Turned:
    """A place where sentence and evidence say contrary things. ``what`` is for a person."""

    kind: str
    what: str


def negates(token: Token, among: frozenset[str] = _PLAIN_NEGATION) -> bool:
    """Whether the word by itself denies something."""
    lower = token.text.lower().replace("’", "'")
    return lower in among or (lower.endswith("n't") and len(lower) > 2)


def is_negation(claim: Claim, index: int, among: frozenset[str] = _PLAIN_NEGATION) -> bool:
    """Whether the token denies something where it stands: not in "no later than", "not only"."""
    token = claim.tokens[index]
    following = claim.text[token.span[0] : token.span[0] + 30]
    return negates(token, among) and not _NO_DENIAL.match(following)


def negations(sentence: Claim, evidence: Sequence[Claim], best: Sequence[int]) -> list[Turned]:
    """Denials that only one of the two has, about the same words.

    ``best``: the evidence sentences that the sentence rests on; any of ``evidence`` may carry a
    denial that the sentence makes.
    """
    found = []
    for index, reach in _denials(sentence):
        keys = {sentence.tokens[i].key for i in reach}
        if not any(sentence.tokens[reach[0]].key in e.keys for e in evidence):
            # What is denied may come first: "lost profits are not covered".
            keys |= {
                sentence.tokens[i].key for i in [i for i in sentence.content if i < index][-2:]
            }
        candidates = [e for e in evidence if _shares(keys, e)] or [evidence[i] for i in best]
        if not any(_denied(e, keys) for e in candidates):
            what = _phrase(sentence, index, reach)
            found.append(Turned("negation", f"The cited passage does not say “{what}”."))
    for e in (evidence[i] for i in best):
        for index, reach in _denials(e):
            denied = [e.tokens[i].key for i in reach]
            held = [key for key in denied if key in sentence.keys]
            enough = len(held) >= 2 or (len(denied) == 1 and len(held) == 1)
            lead = denied[0] in sentence.keys
            if enough and lead and not _denied(sentence, set(held)):
                if any(_affirmed(other, set(held)) for other in evidence if other is not e):
                    continue
                what = _phrase(e, index, reach)
                found.append(Turned("negation", f"The cited passage says “{what}”."))
    return found


def opposites(sentence: Claim, evidence: Sequence[Claim], best: Sequence[int]) -> list[Turned]:
    """Words whose contrary stands in the evidence, near the same words."""
    found = []
    everything = frozenset[str]().union(*(evidence[i].keys for i in best)) if best else frozenset()
    written = {fold(t.text): t.key for i in best for t in evidence[i].tokens if t.fact is None}
    for index, token in enumerate(sentence.tokens):
        if token.fact is not None or token.key in everything:
            continue
        contrary = OPPOSITES.get(token.key, set()) | by_prefix(token, written)
        contrary = contrary - sentence.keys
        if not contrary & everything:
            continue
        for e in (evidence[i] for i in best):
            for at, other in enumerate(e.tokens):
                if other.key not in contrary or not _alike(sentence, index, e, at):
                    continue
                if _negated(sentence, index) != _negated(e, at):
                    continue  # "not allowed" and "forbidden" agree
                found.append(
                    Turned(
                        "opposite",
                        f"It says “{token.text}” where the cited passage says “{other.text}”.",
                    )
                )
    return found


def _denials(claim: Claim) -> Iterator[tuple[int, list[int]]]:
    """Each plain negation, with the content words after it up to the end of the clause."""
    for index in range(len(claim.tokens)):
        if not is_negation(claim, index):
            continue
        reach: list[int] = []
        last = claim.tokens[index].span[1]
        for i in range(index + 1, len(claim.tokens)):
            token = claim.tokens[i]
            between = claim.text[last : token.span[0]]
            if re.search(r"[;:.]\s|,\s*$", between) and reach:
                break
            last = token.span[1]
            if token.text.lower() in ("but", "although", "however") and reach:
                break
            if token.content or token.fact is not None:
                reach.append(i)
            if len(reach) == _REACH:
                break
        if reach:
            yield index, reach


def _shares(keys: set[str], claim: Claim) -> bool:
    return 2 * len(keys & claim.keys) >= len(keys)


def _denied(claim: Claim, keys: set[str]) -> bool:
    """Whether a denial of any sort reaches one of these words."""
    places = [i for i, token in enumerate(claim.tokens) if token.key in keys]
    denying = [
        i
        for i in range(len(claim.tokens))
        if is_negation(claim, i, _NEGATIONS) or _prefixed(claim, i, keys)
    ]
    if not places:
        return bool(denying)
    return any(_reaches(claim, j, i) for i in places for j in denying)


def _reaches(claim: Claim, denial: int, word: int) -> bool:
    """A denial reaches what follows it, and what comes shortly before: not past a "but"."""
    if denial == word:
        return True
    first, last = sorted((denial, word))
    between = claim.text[claim.tokens[first].span[1] : claim.tokens[last].span[0]]
    if re.search(r"\b(?:but|although|however|whereas|while)\b|[;:]", between):
        return False
    return last - first <= (_NEAR if denial < word else _BACK) and not (
        denial > word and "," in between
    )


def _affirmed(claim: Claim, keys: set[str]) -> bool:
    return keys <= claim.keys and not _denied(claim, keys)


def _prefixed(claim: Claim, index: int, keys: set[str]) -> bool:
    """“unlimited” denies "limited"."""
    word = fold(claim.tokens[index].text)
    return any(
        word.startswith(prefix)
        and len(word) - len(prefix) > 3
        and stem(word[len(prefix) :]) in keys
        for prefix in PREFIXES
    )


def _negated(claim: Claim, index: int) -> bool:
    return any(is_negation(claim, i) for i in range(max(0, index - 4), index))


def _alike(a: Claim, at: int, b: Claim, other: int) -> bool:
    """Whether the content words around two places have one in common."""
    return bool(around(a, at, 3) & around(b, other, 3))


def around(claim: Claim, index: int, reach: int) -> set[str]:
    """Keys of up to ``reach`` content words on each side of a token."""
    before = [i for i in claim.content if i < index][-reach:]
    after = [i for i in claim.content if i > index][:reach]
    return {claim.tokens[i].key for i in (*before, *after)}


def _phrase(claim: Claim, index: int, reach: Sequence[int]) -> str:
    start = claim.tokens[max(0, index - 1)].span[0]
    return claim.text[start : claim.tokens[reach[-1]].span[1]]
