"""Two simple sentences that cannot both be true because one denies what the other says."""

from __future__ import annotations

from app.ask.checking.claims import Claim
from app.ask.checking.polarity import OPPOSITES, is_negation
from app.ask.conversation.phrases import word_set
from app.ask.state.sameness import alike

_SHARED = 0.6
"""Share of each one's words that the other has: what is denied has to be what is said."""
_REACH = 3
"""Words of meaning that a denial is taken to deny; the other must speak of one of them."""
_FEW = 2
"""With fewer words in common nothing is said of the same thing."""
_UNTRUE = word_set(
    """
    forbid forbidden prohibit prohibited ban banned disallow disallowed deny denied refuse refused
    unable
    """
)
_MODES = word_set("allow allowed permit permitted may can must possible")
"""Words that only say whether: they are no part of what is said."""


def contrary(a: Claim, b: Claim) -> bool:
    """Whether exactly one of the two denies, and both speak of the same.

    "Contractors may use the VPN" and "Contractors are not allowed to use the VPN" do; two denials
    agree, and so do a denial and a sentence of something else.
    """
    words_a, words_b = _said(a), _said(b)
    opposed = _opposed(words_a, words_b)
    words_a, words_b = words_a - opposed, words_b - opposed
    if min(len(words_a), len(words_b)) < _FEW:
        return False
    for one, other in ((words_a, words_b), (words_b, words_a)):
        if sum(alike(word, other) for word in one) < _SHARED * len(one):
            return False
    if {fact.key for fact in a.facts} != {fact.key for fact in b.facts}:
        return False
    denials_a, denials_b = _denials(a, words_b), _denials(b, words_a)
    return (denials_a + denials_b + bool(opposed)) % 2 == 1


def _said(claim: Claim) -> frozenset[str]:
    """Keys of what a sentence speaks of, without its denials and modes."""
    return frozenset(
        claim.tokens[i].key
        for i in claim.content
        if claim.tokens[i].fact is None
        and claim.tokens[i].text.lower() not in _MODES | _UNTRUE
        and not is_negation(claim, i)
    )


def _denials(claim: Claim, others: frozenset[str]) -> int:
    """How often it denies something that the other speaks of."""
    return sum(
        any(alike(key, others) for key in _denied(claim, index))
        for index, token in enumerate(claim.tokens)
        if is_negation(claim, index) or token.text.lower() in _UNTRUE
    )


def _denied(claim: Claim, index: int) -> list[str]:
    """The words behind a denial; those before it too when it denies only a mode ("not allowed")."""
    said = [i for i in claim.content if claim.tokens[i].fact is None]
    after = [i for i in said if i > index][:_REACH]
    before = [i for i in said if i < index][-_REACH:]
    denied = after
    if not after or claim.tokens[after[0]].text.lower() in _MODES:
        denied = before + after
    return [claim.tokens[i].key for i in denied]


def _opposed(a: frozenset[str], b: frozenset[str]) -> frozenset[str]:
    """Keys of one whose contrary the other has: "mandatory", "optional"."""
    found = {
        key
        for one, other in ((a, b), (b, a))
        for key in one - other
        if OPPOSITES.get(key, set()) & (other - one)
    }
    return frozenset(found)
