"""The signals behind a confidence, for people: what each one is, and how strong it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SIGNALS = {
    "best_sentence": "How well the best sentence fits the question, all in all",
    "sentence_margin": "How far it stands out from the sixth best",
    "document_margin": "How far the best document stands out from the next",
    "every_word": "How near a sentence comes to each word of the question",
    "key_words": "The same for the question's rare words",
    "top_dense": "How near the best passage is to the question in meaning",
    "dense_margin": "How far it stands out from the fifth",
    "lexical": "How well a passage matches the question's words",
    "passage_coverage": "Share of the question's words in the best passage",
    "top5_coverage": "Share of the question's words in the five best passages",
    "sentence_meaning": "How near the best sentence is to the question in meaning",
    "sentence_coverage": "Share of the question's words in the best sentence",
    "agreement": "Meaning and words point to the same passage",
    "kind_missing": "The best sentence lacks the kind of answer that was asked for",
    "rarest_missing": "The question's rarest word is in none of the best passages",
}
"""What the confidence model measures, in words; a name that is missing here is shown as it is."""
_YES_NO = ("agreement", "kind_missing", "rarest_missing")


@dataclass(frozen=True, slots=True)
class Signal:
    """One row of "Why this level"."""

    words: str
    value: str


def signals(measured: Mapping[str, float]) -> tuple[Signal, ...]:
    """Every signal as a row, in the order they were measured."""
    return tuple(
        Signal(SIGNALS.get(name, name.replace("_", " ").capitalize()), _value(name, value))
        for name, value in measured.items()
    )


def _value(name: str, value: float) -> str:
    if name in _YES_NO and value in (0.0, 1.0):
        return "yes" if value else "no"
    return f"{value:.2f}"
