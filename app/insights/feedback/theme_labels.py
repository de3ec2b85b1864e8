"""A theme in words: the terms that set its texts apart from all others (c-TF-IDF)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from math import log

from app.knowledge.terms import STOP_WORDS, content_stems, words

TERMS = 3
"""Terms in a label."""
_SHARE = 0.05
"""Of a theme's texts, so many at least hold each term of its label."""
_MOST_TEXTS = 1_000
"""Texts of a theme that are read for its label; more don't change it."""
_CHARS = 500
_PAIR_BONUS = 1.6
"""Two words that stand together say more than each alone; they are preferred to their parts."""
_COURTESY_WORDS = """
hello hi hey dear thanks thank you regards kind best morning afternoon evening team help need
want know use using used since today yesterday also still ever even really always never now
question issue problem ticket request anyone somebody someone something anything thing things
way time times day days week weeks month months year years asap urgent screenshot attached see
cc re fwd sent new one two three first second third last next much many lot
monday tuesday wednesday thursday friday saturday sunday
"""
_COURTESY = frozenset(_COURTESY_WORDS.split())
"""What people write around what they mean; never part of a label."""


def theme_labels(texts: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Theme → its label, from theme → texts; a theme's most typical texts should come first.

    Class-based TF-IDF (Grootendorst, arXiv 2203.05794, section 3.3): how often a term stands in
    the theme, times the log of how rare it is in all of them; counted once for each text, so that
    one long mail does not name a theme. Terms are single words and pairs of neighbors.
    """
    counts: dict[str, Counter[str]] = {}
    written: dict[str, Counter[str]] = {}
    for theme, own in texts.items():
        counts[theme] = Counter()
        for text in own[:_MOST_TEXTS]:
            counts[theme].update(_terms(text, written))
    everywhere: Counter[str] = Counter()
    for counter in counts.values():
        everywhere.update(counter)
    average = sum(everywhere.values()) / max(1, len(counts))
    return {
        theme: _label(counter, everywhere, average, len(texts[theme][:_MOST_TEXTS]), written)
        for theme, counter in counts.items()
    }


def _terms(text: str, written: dict[str, Counter[str]]) -> set[str]:
    """Stems and pairs of stems of one text; how they are written is counted along the way."""
    found: set[str] = set()
    for part in re.split(r"[.!?;:,()\n\"“”]+", text[:_CHARS]):
        before: tuple[str, str] | None = None
        for word in words(part):
            plain = word.lower()
            stem = min(content_stems(plain), default="") if plain not in STOP_WORDS else ""
            if not stem or len(plain) < 2 or plain.isdigit() or len(plain) > 30:
                before = None
                continue
            shown = word if word.isupper() and len(word) <= 5 else plain
            if plain in _COURTESY:
                before = None
                continue
            found.add(stem)
            written.setdefault(stem, Counter())[shown] += 1
            if before is not None:
                pair = f"{before[0]} {stem}"
                found.add(pair)
                written.setdefault(pair, Counter())[f"{before[1]} {shown}"] += 1
            before = (stem, shown)
    return found


def _label(
    counter: Counter[str],
    everywhere: Counter[str],
    average: float,
    texts: int,
    written: Mapping[str, Counter[str]],
) -> str:
    scores = {
        term: count * log(1 + average / everywhere[term]) * (_PAIR_BONUS if " " in term else 1)
        for term, count in counter.items()
        # What a few texts hold names no theme, unless the theme has hardly any text.
        if count >= min(2, texts) and count >= _SHARE * texts
    }
    chosen: list[str] = []
    for term in sorted(scores, key=lambda term: (-scores[term], term)):
        parts = set(term.split())
        if any(parts & set(other.split()) for other in chosen):
            continue
        chosen.append(term)
        if len(chosen) == TERMS:
            break
    said = [written[term].most_common(1)[0][0] for term in chosen]
    label = ", ".join(said)
    return label[:1].upper() + label[1:]
