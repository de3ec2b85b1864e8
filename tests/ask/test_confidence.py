"""How sure an answer is: a fitted model that anybody can read, and reasons in sentences."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from app.ask import confidence
from app.ask.confidence import SIGNALS, Judgment, judge, load_model, measure
from app.ask.sentences import rank_sentences
from app.ask.word_match import WordMatch
from app.domain import Hit, Level
from tests.knowledge.hits import make_hit, make_retrieval

FILE = Path(confidence.__file__).with_name("confidence.json")


def judged(question: str, *hits: Hit, missing: tuple[str, ...] = ()) -> Judgment:
    retrieval = make_retrieval(question, *hits, missing=missing)
    return judge(retrieval, rank_sentences(question, retrieval, 8))


def strong(document: str = "doc") -> Hit:
    """A passage that says just what "When do boats leave?" asks."""
    return make_hit(
        "Boats leave at 09:30.", document, score=0.9, lexical=4.0, sentence_scores=(0.9,)
    )


def weak(document: str = "other") -> Hit:
    """A passage about something else."""
    return make_hit("Cats sleep.", document, score=0.1, lexical=0.0, sentence_scores=(0.1,))


def test_the_file_says_what_was_fitted_on_what_and_how_good_it_is() -> None:
    data = json.loads(FILE.read_text(encoding="utf-8"))
    assert data["what"]
    assert data["fitted_on"]
    assert not set(data["fitted_on"]) & set(data["reported_on"])
    assert date.fromisoformat(data["date"]).year >= 2026
    for name, figures in data["figures"].items():
        assert 0.5 < figures["auroc"] <= 1, name
        assert 0 <= figures["ece"] < 0.5, name
        assert min(figures["answerable"], figures["unanswerable"]) >= 30, name


def test_coefficients_belong_to_signals_and_thresholds_are_ordered() -> None:
    model = load_model()
    assert set(model.coefficients) <= set(SIGNALS)
    assert 0 < model.answer_from <= model.medium_from < model.high_from < 1


def test_the_probability_is_the_logistic_function_of_the_signals() -> None:
    model = load_model()
    signals = dict.fromkeys(SIGNALS, 0.4)
    z = model.intercept + 0.4 * sum(model.coefficients.values())
    assert model.probability(signals) == pytest.approx(1 / (1 + math.exp(-z)))


@pytest.mark.parametrize("name", sorted(load_model().coefficients))
def test_a_signal_moves_the_probability_the_way_its_coefficient_says(name: str) -> None:
    model = load_model()
    base = dict.fromkeys(SIGNALS, 0.5)
    steps = [model.probability(base | {name: value}) for value in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert steps == sorted(steps, reverse=model.coefficients[name] < 0)
    assert len(set(steps)) == 5


def test_extreme_signals_give_a_probability_all_the_same() -> None:
    model = load_model()
    for value in (-1e6, 1e6):
        assert 0 <= model.probability(dict.fromkeys(SIGNALS, value)) <= 1


def test_a_good_match_is_answered_with_more_confidence_than_a_bad_one() -> None:
    question = "When do boats leave?"
    good = judged(question, strong(), weak(), weak("third"))
    bad = judged(question, weak(), missing=("boats", "leave"))
    assert good.answerable
    assert not bad.answerable
    assert good.confidence.probability > bad.confidence.probability
    assert good.confidence.level is Level.HIGH
    assert bad.confidence.level is Level.LOW


def test_the_level_follows_the_thresholds() -> None:
    model = load_model()
    for hits in ((strong(), weak()), (strong(),), (weak(),), (weak(), strong("b"))):
        given = judged("When do boats leave?", *hits)
        probability = given.confidence.probability
        expected = (
            Level.HIGH
            if probability >= model.high_from
            else Level.MEDIUM
            if probability >= model.medium_from
            else Level.LOW
        )
        assert given.confidence.level is expected
        assert given.answerable == (probability >= model.answer_from)
        assert probability == pytest.approx(model.probability(given.signals))


def test_nothing_found_is_never_answered() -> None:
    given = judged("When do boats leave?", missing=("boats",))
    assert (given.answerable, given.confidence.probability) == (False, 0)
    assert given.confidence.reasons == (
        "“boats” appears in no document that was searched.",
        "Nothing was found to quote.",
    )
    assert set(given.signals.values()) == {0.0}


def test_every_signal_is_measured() -> None:
    question = "When do boats leave?"
    retrieval = make_retrieval(question, strong(), weak())
    candidates = rank_sentences(question, retrieval, 8)
    signals = measure(retrieval, candidates)
    assert set(signals) == set(SIGNALS)
    assert signals["top_dense"] == 0.9
    assert signals["dense_margin"] == pytest.approx(0.8)
    assert signals["passage_coverage"] == signals["sentence_coverage"] == pytest.approx(1)
    assert (signals["agreement"], signals["kind_missing"], signals["rarest_missing"]) == (1, 0, 0)
    assert signals["best_sentence"] == pytest.approx(candidates[0].score / 10)


def test_a_sentence_and_a_document_that_stand_out_count_up_to_a_limit() -> None:
    question = "When do boats leave?"
    alone = judged(question, strong(), weak(), weak("third")).signals
    beside = judged(question, strong("a"), strong("b")).signals
    assert alone["sentence_margin"] > beside["sentence_margin"]
    assert alone["document_margin"] == 1
    assert beside["document_margin"] == 0
    assert judged(question, *(strong(f"d{i}") for i in range(7))).signals["sentence_margin"] == 0


def test_the_words_met_come_from_the_second_reading_where_there_was_one() -> None:
    question = "When do boats leave?"
    retrieval = make_retrieval(question, strong(), weak())
    first, second = rank_sentences(question, retrieval, 8)
    unread = measure(retrieval, [first, second])
    assert unread["every_word"] == unread["key_words"] == first.meaning
    read = [
        replace(first, words=WordMatch(0.5, 0.4)),
        replace(second, words=WordMatch(0.3, 0.6)),
    ]
    signals = measure(retrieval, read)
    assert (signals["every_word"], signals["key_words"]) == (0.5, 0.6)


def test_a_level_says_what_it_was_worth_in_the_tests() -> None:
    question = "When do boats leave?"
    retrieval = make_retrieval(question, strong(), weak())
    candidates = rank_sentences(question, retrieval, 8)
    model = replace(load_model(), levels={"high": "right 9 times in 10"})
    told = judge(retrieval, candidates, model).confidence
    assert told.level is Level.HIGH
    assert told.measured == "Answers like this were right 9 times in 10 in our tests."
    assert judge(retrieval, candidates, replace(model, levels={})).confidence.measured == ""


def test_the_shipped_levels_are_measured_and_ordered() -> None:
    data = json.loads(FILE.read_text(encoding="utf-8"))
    shares = [
        Fraction(*map(int, re.findall(r"\d+", data["levels"][name])))
        for name in ("low", "medium", "high")
    ]
    assert shares == sorted(shares)


@pytest.mark.parametrize(
    ("question", "hits", "reason"),
    [
        (
            "When do boats leave?",
            [strong(), weak()],
            "A sentence has most of the question's words.",
        ),
        ("When do boats leave?", [strong(), weak()], "One document stands out from all others."),
        ("When do boats leave?", [weak()], "No passage has most of the question's words."),
        ("When do boats leave?", [weak()], "Even the nearest passage is not close in meaning."),
        (
            "When do cats sleep?",
            [weak()],
            "The question asks for a date or time, and the best sentence has none.",
        ),
        (
            "When do boats leave?",
            [strong("a"), strong("b")],
            "2 documents speak of this.",
        ),
    ],
)
def test_reasons_say_what_speaks_for_and_against(
    question: str, hits: list[Hit], reason: str
) -> None:
    assert reason in judged(question, *hits).confidence.reasons


def test_reasons_are_whole_sentences_without_figures_to_misread() -> None:
    for hits in ((strong(), weak()), (weak(),), ()):
        reasons = judged("Who pays boats, and why?", *hits, missing=("zebra",)).confidence.reasons
        assert reasons
        for reason in reasons:
            assert reason[0] in "“0123456789" or reason[0].isupper()
            assert reason.endswith(".")
            assert "%" not in reason
