"""What was changed in a sentence that otherwise runs as its evidence does.

Where both run alike, every small difference can be seen: another value, a "not" put in or taken
out, one word for its contrary. A free rendering is not compared here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

from app.ask.checking.claims import Claim, Token, fold, same_name
from app.ask.checking.facts import agree, comparable
from app.ask.checking.opposites import OPPOSITES, SMALL_OPPOSITES
from app.ask.checking.polarity import Turned, is_negation, negates

ALIKE = 0.5
"""Share of the sentence's words that must run in the evidence's order for edits to mean much."""

_LONGEST = 4
"""Tokens of a replaced stretch: beyond that it is another wording, not a replacement."""


def edits(sentence: Claim, evidence: Claim) -> list[Turned]:
    """Values replaced, negations put in or taken out, contraries exchanged."""
    found: list[Turned] = []
    swaps: list[tuple[str, str]] = []
    ours = _tokens(sentence)
    theirs = _tokens(evidence)
    matcher = SequenceMatcher(
        None, [_key(t) for t in ours], [_key(t) for t in theirs], autojunk=False
    )
    content = sum(t.content for t in ours)
    same = sum(
        t.content
        for block in matcher.get_matching_blocks()
        for t in ours[block.a : block.a + block.size]
    )
    if not content or same < ALIKE * content:
        return []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            continue
        mine, other = ours[a:b], theirs[c:d]
        found += _negation(sentence, evidence, mine, other)
        if tag == "replace":
            if not (_before_denial(ours, b) and _before_denial(theirs, d)):
                found += _contrary(mine, other)  # "must not" and "may not" agree
            swaps += [(x.text, y.text) for x, y in _exchanged(mine, other)]
    passive = " by " in sentence.text and " by " not in evidence.text
    if not (passive and {x for x, _ in swaps} == {y for _, y in swaps}):
        found += [Turned("replaced", _says(x, y)) for x, y in swaps]
    return found


def _tokens(claim: Claim) -> list[Token]:
    """Without articles, which come and go."""
    return [t for t in claim.tokens if t.text.lower() not in ("a", "an", "the")]


def _key(token: Token) -> str:
    return token.key if token.fact is not None or token.content else token.text.lower()


def _negation(
    sentence: Claim, evidence: Claim, mine: Sequence[Token], other: Sequence[Token]
) -> list[Turned]:
    """A negation on one side of a stretch that holds nothing else of weight."""
    ours = [t for t in mine if _denies(sentence, t, evidence)]
    theirs = [t for t in other if _denies(evidence, t, sentence)]
    if bool(ours) == bool(theirs):
        return []
    if sum(t.content for t in mine) > 1 or sum(t.content for t in other) > 1:
        return []
    if any(OPPOSITES.get(t.key, set()) & {o.key for o in other} for t in mine):
        return []  # "not allowed" for "forbidden"
    denying, affirming = (sentence, evidence) if ours else (evidence, sentence)
    said = {t.text.lower() for t in denying.tokens}
    if any(t.text.lower() in _CONDITIONS - said for t in affirming.tokens):
        return []  # "not unless" for "only if"
    head = _head(denying, (ours or theirs)[0])
    if _heads(affirming)[head] >= _heads(denying)[head]:
        return []  # the same is denied in another place of the sentence
    if ours:
        return [Turned("negation", f"The cited passage does not say “{_near(sentence, ours[0])}”.")]
    return [Turned("negation", f"The cited passage says “{_near(evidence, theirs[0])}”.")]


_CONDITIONS_TEXT = """
only unless until except forbidden prohibited unable fails failed lacks
"""
_CONDITIONS = frozenset(_CONDITIONS_TEXT.split())


def _head(claim: Claim, negation: Token) -> str:
    """Key of the first word of weight after a negation."""
    index = claim.tokens.index(negation)
    return next((t.key for t in claim.tokens[index + 1 :] if t.content), "")


def _heads(claim: Claim) -> Counter[str]:
    return Counter(_head(claim, t) for t in claim.tokens if negates(t))


def _denies(claim: Claim, token: Token, other: Claim) -> bool:
    """Whether a token denies; "no fewer than" does only where the other says "fewer than"."""
    index = claim.tokens.index(token)
    if is_negation(claim, index):
        return True
    following = claim.tokens[index + 1].text.lower() if index + 1 < len(claim.tokens) else ""
    return negates(token) and any(t.text.lower() == following for t in other.tokens)


def _near(claim: Claim, token: Token) -> str:
    """The token with the word before and the two after it."""
    index = claim.tokens.index(token)
    start = claim.tokens[max(0, index - 1)].span[0]
    end = claim.tokens[min(len(claim.tokens) - 1, index + 2)].span[1]
    return claim.text[start:end]


def _before_denial(tokens: Sequence[Token], index: int) -> bool:
    return index < len(tokens) and tokens[index].text.lower() in ("not", "never")


def _contrary(mine: Sequence[Token], other: Sequence[Token]) -> list[Turned]:
    if len(mine) > _LONGEST or len(other) > _LONGEST:
        return []
    found: list[Turned] = []
    for x in mine:
        contrary = OPPOSITES.get(x.key, set()) | SMALL_OPPOSITES.get(x.text.lower(), set())
        found += [
            Turned("opposite", _says(x.text, y.text))
            for y in other
            if y.key in contrary or y.text.lower() in contrary
        ]
    return found


def _says(said: str, there: str) -> str:
    return f"It says “{said}” where the cited passage says “{there}”."


def _exchanged(mine: Sequence[Token], other: Sequence[Token]) -> list[tuple[Token, Token]]:
    """Values on one side that the other side has not, facts with facts and names with names."""
    mine = [t for t in mine if t.content or t.fact is not None]
    other = [t for t in other if t.content or t.fact is not None]
    if len(mine) > _LONGEST or len(other) > _LONGEST or abs(len(mine) - len(other)) > 1:
        return []
    pairs = []
    for x in mine:
        if x.fact is not None:
            facts = [t for t in other if t.fact is not None and comparable(x.fact, t.fact)]
            if facts and not any(agree(x.fact, t.fact) for t in facts if t.fact is not None):
                pairs.append((x, facts[0]))
        elif x.name or x.initial:
            names = [t for t in other if t.fact is None and (t.name or t.initial)]
            alike = any(_alike(x, t) for t in names)
            sure = x.name or any(t.name for t in names)
            if names and sure and not alike:
                pairs.append((x, names[0]))
    return pairs


def _alike(a: Token, b: Token) -> bool:
    """One name, or one the other's initials."""
    return same_name(fold(a.text), fold(b.text)) or bool(
        re.fullmatch(r"[A-Z]{2,6}", a.text)
        and re.fullmatch(r"[A-Z]{2,6}", b.text) is None
        and a.text[0] == b.text[0]
    )
