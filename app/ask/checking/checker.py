"""Whether the passages that a written sentence cites carry it.

Numbers, dates, units, names and negation are compared exactly, after normalizing. What remains, the
wording, is compared by words and by the embedding model. A small logistic model turns all of it
into one score; its coefficients, their data and their figures stand in `support.json`.
"""

from __future__ import annotations

import json
import math
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import sentencex

from app.ask.checking.alignment import Read
from app.ask.checking.claims import Claim, plain, read
from app.ask.checking.signals import EXACT, Measured, measure
from app.domain import Verdict
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder, Encoded

_FILE = Path(__file__).with_name("support.json")

READ_CLOSELY = 5
"""Evidence sentences that are embedded for one sentence, those with most words in common: about as
many tokens as one passage. Values and names are looked for in all of them."""

_REMEMBERED = 1024
"""Embedded sentences kept: the sentences of one answer cite the same passages."""


@dataclass(frozen=True, slots=True)
class Support:
    """How well evidence carries a sentence.

    ``score`` is 0–1, the fitted chance that the sentence is supported, and never reaches the
    threshold of `SUPPORTED` where an exact check fails. ``problems`` are in words for people.
    """

    score: float
    verdict: Verdict
    problems: tuple[str, ...]
    signals: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence with the texts it cites, and their titles and headings."""

    sentence: str
    evidence: tuple[str, ...]
    context: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SupportModel:
    """Probability = 1 / (1 + exp(−(intercept + Σ coefficient · signal)))."""

    intercept: float
    coefficients: Mapping[str, float]
    supported_from: float
    partly_from: float

    def probability(self, signals: Mapping[str, float]) -> float:
        """That the evidence supports the sentence."""
        z = self.intercept + sum(c * signals[name] for name, c in self.coefficients.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


@cache
def load_model(path: Path = _FILE) -> SupportModel:
    """The fitted model in ``path``."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return SupportModel(
        intercept=data["intercept"],
        coefficients=data["coefficients"],
        supported_from=data["thresholds"]["supported"],
        partly_from=data["thresholds"]["partly"],
    )


class SupportChecker:
    """Checks written sentences. Safe to use from several threads."""

    def __init__(self, embedder: ModelHolder[Embedder], model: SupportModel | None = None) -> None:
        self._embedder = embedder
        self._model = model
        self._remembered: OrderedDict[str, Encoded] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, sentence: str, evidence: Sequence[str], context: Sequence[str] = ()) -> Support:
        """Compare ``sentence`` with the texts it cites; ``context``: their titles and headings.

        Raises:
            SettingsError: the embedding model cannot be loaded.
        """
        return self.check_all([Written(sentence, tuple(evidence), tuple(context))])[0]

    def check_all(self, written: Sequence[Written]) -> list[Support]:
        """As `check`, with all sentences embedded in one batch. One result each, in order."""
        model = self._model or load_model()
        return [_judge(measured, model) for measured in self.measure_all(written)]

    def measure_all(self, written: Sequence[Written]) -> list[Measured | None]:
        """The signals alone; None where nothing is claimed or cited."""
        cases = [_Case.of(one) for one in written]
        vectors = self._encode(
            [claim for case in cases if case.usable for claim in (case.claim, *case.close)]
        )
        return [case.measure(vectors) if case.usable else None for case in cases]

    def _encode(self, claims: Sequence[Claim]) -> Mapping[str, Encoded]:
        wanted = {claim.text: claim for claim in claims}
        with self._lock:
            known = {text: e for text in wanted if (e := self._remembered.get(text)) is not None}
        new = [claim for text, claim in wanted.items() if text not in known]
        if new:
            encoded = self._embedder.get(wait=True).encode_passages(
                [claim.text for claim in new],
                [[claim.tokens[i].span for i in claim.content] for claim in new],
            )
            fresh = dict(zip((claim.text for claim in new), encoded, strict=True))
            known |= fresh
            with self._lock:
                self._remembered.update(fresh)
                while len(self._remembered) > _REMEMBERED:
                    self._remembered.popitem(last=False)
        return known


@dataclass(frozen=True, slots=True)
class _Case:
    """One sentence, prepared: its evidence in sentences, and those to read closely."""

    claim: Claim
    everything: tuple[Claim, ...]
    close: tuple[Claim, ...]
    places: tuple[tuple[int, int], ...]
    context: Claim

    @classmethod
    def of(cls, written: Written) -> _Case:
        claim = read(_without_attribution(plain(written.sentence), written.context))
        pieces = [
            (passage, position, read(text))
            for passage, whole in enumerate(written.evidence)
            for position, text in enumerate(sentences(whole))
        ]
        ranked = sorted(range(len(pieces)), key=lambda i: -_shared(claim, pieces[i][2]))
        chosen = sorted(ranked[:READ_CLOSELY])
        return cls(
            claim,
            tuple(piece[2] for piece in pieces),
            tuple(pieces[i][2] for i in chosen),
            tuple((pieces[i][0], pieces[i][1]) for i in chosen),
            read(plain(" . ".join(written.context))),
        )

    @property
    def usable(self) -> bool:
        return bool(self.claim.content) and any(claim.content for claim in self.close)

    def measure(self, vectors: Mapping[str, Encoded]) -> Measured:
        def with_vectors(claim: Claim, passage: int = 0, position: int = 0) -> Read:
            encoded = vectors[claim.text]
            return Read(claim, encoded.vector, encoded.sentences, passage, position)

        evidence = [
            with_vectors(claim, *place)
            for claim, place in zip(self.close, self.places, strict=True)
        ]
        return measure(with_vectors(self.claim), evidence, self.everything, self.context)


def sentences(text: str) -> list[str]:
    """The sentences of a passage, without Markdown. A line ends one unless the next goes on."""
    whole = re.sub(r"(?<=[\w,;–-])[ \t]*\n(?=[a-z0-9(])", " ", plain(text))
    return [
        stripped
        for line in whole.split("\n")
        for piece in sentencex.segment("en", line)
        if any(map(str.isalnum, stripped := piece.strip()))
    ]


_SAYS = r"(?:says|states|notes|explains|mentions|reports|specifies|shows)(?:\s+that)?"
_GENERAL = re.compile(
    rf"^(?:According to|As stated in|Per)\s+(?:the|this|our|its)\s+[a-z -]{{3,40}},\s+|"
    rf"^The\s+(?:document|documents|passage|passages|policy|handbook|guide|page|text|source|"
    rf"sources|article)\s+{_SAYS}\s+",
)


def _without_attribution(text: str, context: Sequence[str]) -> str:
    """“According to the Travel policy, …” without its beginning, which is not what is claimed."""
    for title in sorted(context, key=len, reverse=True):
        name = rf"(?:the\s+)?[\"“‘']?{re.escape(plain(title))}[\"”’']?"
        lead = rf"(?:According to|As stated in|As|Per|In)\s+{name}(?:\s+{_SAYS})?\s*,\s*"
        found = re.match(rf"(?:{lead}|{name}\s+{_SAYS}\s+)(?=\w)", text, re.IGNORECASE)
        if len(title) > 2 and found is not None:
            return text[found.end() :]
    return _GENERAL.sub("", text, count=1)


def _shared(claim: Claim, other: Claim) -> float:
    """How much a sentence has in common with another; values count double."""
    return sum(
        2.0 if claim.tokens[i].fact is not None or claim.tokens[i].name else 1.0
        for i in claim.content
        if claim.tokens[i].key in other.keys
    )


def _judge(measured: Measured | None, model: SupportModel) -> Support:
    if measured is None:
        return Support(0.0, Verdict.UNSUPPORTED, ("It cites nothing that could support it.",), {})
    score = model.probability(measured.signals)
    problems = measured.problems
    if any(measured.signals[name] for name in EXACT):
        # As many as fail together the score still orders them, below the threshold.
        score *= 0.5 * model.supported_from
    elif score >= model.supported_from:
        return Support(score, Verdict.SUPPORTED, (), measured.signals)
    if not problems:
        words = "”, “".join(measured.unmet[:3])
        problems = (
            f"The cited passages say nothing like “{words}”."
            if words
            else "The cited passages do not say this in one place.",
        )
    verdict = Verdict.PARTLY if score >= model.partly_from else Verdict.UNSUPPORTED
    return Support(score, verdict, problems, measured.signals)
