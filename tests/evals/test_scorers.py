"""Figures of hand-made records against values computed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain import AnswerState, Level
from evals.datasets import Gold
from evals.scoring import scorers
from tests.evals.made import passage, record, refused


def test_the_document_cited_first_must_be_a_gold_one() -> None:
    assert scorers.document_first(record()) == 1.0
    assert scorers.document_first(record(cited=("other.md", "rules.md"))) == 0.0
    assert scorers.document_first(refused(closest=("rules.md",))) == 0.0
    assert scorers.document_first(record(gold=(), answerable=False)) is None


def test_the_document_counts_among_three_citations_or_three_closest_passages() -> None:
    assert scorers.document_in_three(record(cited=("a", "b", "rules.md"))) == 1.0
    assert scorers.document_in_three(record(cited=("a", "b", "c", "rules.md"))) == 0.0
    assert scorers.document_in_three(refused(closest=("a", "rules.md"))) == 1.0
    assert scorers.document_in_three(refused(closest=("a", "b", "c", "rules.md"))) == 0.0


def test_a_refusal_of_an_answerable_question_is_a_wrong_answer() -> None:
    assert scorers.answer_quoted(refused()) == 0.0
    assert scorers.right(refused()) == 0.0


def test_an_answer_where_there_is_none_is_wrong_and_unscored_without_gold_answers() -> None:
    assert scorers.right(record(answerable=False, gold=(), answers=())) == 0.0
    assert scorers.right(record(answers=())) is None


def test_the_best_gold_answer_counts_for_the_words_quoted() -> None:
    # "four long years" has 2 of 3 words; "5 years" 1 of 2
    assert scorers.answer_words(record(answers=("four long years", "5 years"))) == pytest.approx(
        2 / 3
    )


def test_answers_are_summed_up_over_all_and_over_those_answered() -> None:
    records = [
        record(text="A term is four years.", sentences=1),
        record(text="Eight words that do not hold the answer.", sentences=2, cited=("b.md",)),
        refused(),
        refused(answerable=False, gold=(), answers=()),
    ]
    figures = scorers.answers(records)
    assert (figures["document_first"].value, figures["document_first"].n) == (1 / 3, 3)
    assert figures["document_first_when_answered"].value == 0.5
    assert (figures["answer_quoted"].value, figures["answer_quoted"].n) == (1 / 3, 3)
    assert (figures["words_mean"].value, figures["words_mean"].n) == (6.5, 2)
    assert figures["words_p95"].value == pytest.approx(5 + 0.95 * 3)
    assert figures["sentences_mean"].value == 1.5
    assert figures["sentences_most"].value == 2
    assert figures["state_expected"].value is None


def test_states_are_compared_with_what_the_case_asks_for() -> None:
    records = [
        record(state_wanted=AnswerState.ANSWERED),
        record(state_wanted=AnswerState.CONFLICTING),
        record(),
    ]
    figure = scorers.answers(records)["state_expected"]
    assert (figure.value, figure.n) == (0.5, 2)
    assert scorers.states(records) == {"answered": 3}


def test_refusals_are_counted_apart_for_questions_with_and_without_an_answer() -> None:
    nothing: dict[str, Any] = {"answerable": False, "gold": (), "answers": ()}
    records = [record(), record(), record(), refused(), refused(**nothing), record(**nothing)]
    figures = scorers.abstention(records)
    assert (figures["false_refusal"].value, figures["false_refusal"].n) == (0.25, 4)
    assert (figures["true_refusal"].value, figures["true_refusal"].n) == (0.5, 2)
    # positives .9 .9 .9 .1, negatives .1 .9: (1 + ½) · 3 + (½ + 0) of 8 pairs
    assert figures["auroc_answerable"].value == pytest.approx(5 / 8)
    # right .9 .9 .9, wrong .1 .1 .9: each right beats two and ties with one
    assert figures["auroc_right"].value == pytest.approx(7.5 / 9)
    # .1² three times, .1² twice, .9² once
    assert figures["brier_right"].value == pytest.approx((5 * 0.01 + 0.81) / 6)
    # the first 4 of 6 are equally sure: ¾ of those are right
    assert figures["right_at_80"].value == pytest.approx(0.75)


def test_a_second_passage_over_the_same_gold_gains_nothing() -> None:
    one = record(
        gold=(Gold("a.md", "A."), Gold("b.md", "B."), Gold("c.md", "C.")),
        located=(True, True, False),
    )
    ranking = [passage("x.md"), passage("a.md", 0), passage("a.md", 0), passage("b.md", 1)]
    assert scorers.recall_at(one, ranking, 1) == 0.0
    assert scorers.recall_at(one, ranking, 3) == 0.5
    assert scorers.recall_at(one, ranking, 5) == 1.0
    assert scorers.hit_at(one, ranking, 3) == 1.0
    assert scorers.reciprocal_rank(one, ranking) == 0.5
    # gains at ranks 2 and 4: .6309 + .4307; ideal at 1 and 2: 1 + .6309
    assert scorers.ndcg_at(one, ranking, 10) == pytest.approx(1.0616 / 1.6309, abs=1e-4)
    assert scorers.document_hit_at(one, ranking, 1) == 0.0
    assert scorers.document_hit_at(one, ranking, 2) == 1.0


def test_one_passage_may_cover_two_gold_passages_and_be_perfect() -> None:
    one = record(gold=(Gold("a.md", "A."), Gold("a.md", "B.")), located=(True, True))
    assert scorers.ndcg_at(one, [passage("a.md", 0, 1)], 10) == 1.0
    assert scorers.recall_at(one, [passage("a.md", 0, 1)], 1) == 1.0


def test_passages_that_were_not_located_leave_retrieval_figures_unasked() -> None:
    one = record(located=(False,), rankings={"fused": (passage("rules.md"),)})
    figures = scorers.retrieval([one], "fused")
    assert figures["mrr"].n == 0
    assert figures["document_hit_at_1"].value == 1.0


def test_the_nearest_sentence_is_judged_by_the_same_rule() -> None:
    one = record(best_sentences=("No.", "A term is four years.", "Yes."))
    figures = scorers.nearest_sentence([one])
    assert figures["best_1_by_cosine"].value == 0.0
    assert figures["best_3_by_cosine"].value == 1.0


def test_levels_count_right_answers_among_those_given() -> None:
    records = [record(), record(text="Something else."), record(level=Level.LOW), refused()]
    figures = scorers.levels(records)
    assert (figures["high"].value, figures["high"].n) == (0.5, 2)
    assert (figures["low"].value, figures["low"].n) == (1.0, 1)
    assert figures["medium"].n == 0


def test_violations_are_counted() -> None:
    assert scorers.count_violations([record(), record(violations=("a", "b"))]) == 2


def test_latencies_have_a_median_and_a_95th_percentile() -> None:
    records = [record(timings_ms={"total": float(ms)}) for ms in range(1, 102)]
    figures = scorers.latencies(records)
    assert figures["total_p50"].value == 51.0
    assert figures["total_p95"].value == 96.0
    assert figures["verify_p50"].value is None
