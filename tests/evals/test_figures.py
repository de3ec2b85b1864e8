"""Scores of citations, gaps between ways of writing, and intervals over families."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from app.insights.evals.row import TraceStep
from evals.datasets import Gold
from evals.reporting.report import summarize, to_json
from evals.running.records import CaseRecord, CitedPlace, RunResult
from evals.scoring import calibration, citing, fairness, per_case, scorers
from evals.scoring.sections import sections
from tests.evals.made import passage, record, refused

TWO = (Gold("rules.md", "A term is four years."), Gold("law.md", "Terms are renewable."))


def cited(*gold: tuple[int, ...], **changes: Any) -> CaseRecord:
    """A record with one citation for each of ``gold``: the gold passages that it overlaps."""
    places = tuple(CitedPlace("rules.md", 0, 10, one) for one in gold)
    names = tuple(place.document for place in places)
    return record(cited_places=places, cited=names, **changes)


def test_a_citation_beside_the_gold_passage_is_precise_by_document_alone() -> None:
    one = cited((0,), ())
    assert citing.precision(one) == 0.5
    assert citing.document_precision(one) == 1.0
    other = record(cited=("rules.md", "other.md"), cited_places=())
    assert citing.document_precision(other) == 0.5


def test_recall_counts_gold_passages_once_and_a_refusal_cites_none() -> None:
    assert citing.recall(cited((0,), (0,), gold=TWO, located=(True, True))) == 0.5
    assert citing.recall(cited((0, 1), gold=TWO, located=(True, True))) == 1.0
    assert citing.recall(refused()) == 0.0
    assert citing.precision(refused()) is None


def test_gold_that_was_not_located_is_counted_once_and_nowhere_else() -> None:
    one = cited((0,), gold=TWO, located=(True, False))
    assert citing.recall(one) == 1.0
    assert citing.located(one) == 0.5
    assert citing.located(record(gold=(Gold("rules.md"),), located=(False,))) is None


def test_what_was_read_is_compared_with_the_gold() -> None:
    read = {"gold": TWO, "located": (True, True)}
    assert citing.read_recall(record(hits=(passage("rules.md", 0),), **read)) == 0.5
    assert citing.read_recall(record(hits=(), **read)) == 0.0
    over_http = record(hits=(), rankings={"fused": (passage("rules.md", 0),)}, **read)
    assert citing.read_recall(over_http) is None


def test_questions_without_an_answer_have_no_citation_figures() -> None:
    nothing = cited((), answerable=False, gold=(), answers=(), located=())
    assert citing.precision(nothing) is None
    assert citing.document_precision(nothing) is None
    assert citing.recall(nothing) is None
    assert citing.located(nothing) is None


def family(name: str, plain: bool, typos: bool) -> list[CaseRecord]:
    def one(phrasing: str, right: bool) -> CaseRecord:
        text = "A term is four years." if right else "No."
        return record(id=f"{name}-{phrasing}", family=name, tags=(phrasing,), text=text)

    return [one("plain", plain), one("typos", typos)]


def test_a_gap_is_over_families_that_are_written_both_ways() -> None:
    records = [
        *family("a", True, False),
        *family("b", True, True),
        *family("c", True, True),
        *family("d", False, True),
        record(id="alone", tags=("typos",), text="No."),
        record(id="half", family="e", tags=("typos",), text="No."),
    ]
    gaps = fairness.gaps(records)
    assert (gaps["gap_typos"].value, gaps["gap_typos"].n) == (0.0, 4)
    low, high = gaps["gap_typos"].low, gaps["gap_typos"].high
    assert low is not None
    assert high is not None
    assert low < 0 < high
    assert gaps["gap_keywords"].value is None
    assert set(gaps) == {"gap_typos", "gap_non_native", "gap_keywords", "gap_long"}


def test_a_family_with_several_plain_cases_counts_once() -> None:
    twice = record(id="a-2", family="a", tags=("plain",), text="No.")
    records = [*family("a", True, False), twice, *family("b", True, False)]
    # a: ½ − 0, b: 1 − 0
    assert fairness.gaps(records)["gap_typos"].value == 0.75


def test_a_question_asked_in_five_ways_is_one_observation() -> None:
    values = [float(i % 2) for i in range(20) for _ in range(5)]
    each = [f"{i}" for i in range(100)]
    groups = [f"{i // 5}" for i in range(100)]
    alone = calibration.bootstrap_mean(values, each)
    together = calibration.bootstrap_mean(values, groups)
    assert alone is not None
    assert together is not None
    # √5 times as wide
    ratio = (together[1] - together[0]) / (alone[1] - alone[0])
    assert ratio == pytest.approx(5**0.5, rel=0.15)


def test_both_ways_to_an_interval_say_the_same_and_a_seed_decides() -> None:
    values = np.random.default_rng(3).normal(size=60)
    groups = [f"{i // 3}" for i in range(60)]
    fast = calibration.bootstrap_mean(values, groups)
    slow = calibration.bootstrap(calibration.mean, values, groups=groups)
    assert fast == pytest.approx(slow)
    assert fast == calibration.bootstrap_mean(values, groups)
    assert fast != calibration.bootstrap_mean(values, groups, seed=1)
    assert calibration.bootstrap_mean([], []) is None


def test_every_figure_with_a_rows_id_is_the_mean_of_the_rows() -> None:
    records = (
        cited((0,), (), id="a", timings_ms={"total": 10.0, "retrieve": 4.0}),
        cited((0,), id="b", answer={"usage": {"cost_usd": 0.02}}),
        refused(id="c", family="x"),
        record(id="d", family="x", answerable=False, gold=(), answers=(), located=()),
    )
    made = summarize(RunResult("rules", records, 1.0))
    figures = {name: one for group in made.sections.values() for name, one in group.items()}
    figures |= made.retrieval.get("as set", {})
    shared = set(figures) & set(per_case.SCORES) - {"violations"}
    assert {"correct", "citation_precision", "citation_recall", "gold_located"} <= shared
    for name in shared:
        values = [row.scores[name] for row in made.rows if name in row.scores]
        assert figures[name].n == len(values), name
        assert figures[name].value == (pytest.approx(np.mean(values)) if values else None), name
    assert figures["cost_per_question"].value == 0.02
    assert figures["cost_per_question"].n == 1, "an unknown cost is not nothing"


def test_scores_made_apart_are_in_the_row_and_have_figures_of_their_own() -> None:
    records = (
        record(id="a", scores={"rouge_l": 0.4, "faithfulness": 1.0, "tone": 4.0}),
        record(id="b", scores={"rouge_l": 0.6}),
    )
    made = sections(records)
    assert made["Similarity to the reference answer"]["rouge_l"].value == 0.5
    assert made["Judged by a model"]["faithfulness"].n == 1
    assert made["Judged by a model"]["tone"].unit == "score"
    assert per_case.scores(records[0])["faithfulness"] == 1.0
    assert "Judged by a model" not in sections(records[1:])


def test_a_failed_case_is_no_refusal() -> None:
    failed = CaseRecord.failure(record(answerable=False, gold=(), answers=()).case, "It broke.")
    assert not failed.refused
    assert per_case.correct(failed) == 0.0
    figures = sections([failed, record()])
    assert figures["Answers"]["failed"].value == 0.5
    assert figures["Abstention and calibration"]["true_refusal"].n == 0
    assert scorers.states([record()]) == {"answered": 1}


def test_traces_are_kept_of_bad_and_of_slow_cases_only() -> None:
    steps = (TraceStep("invoke_workflow ask", 0, 0.0, 5.0),)
    good = [record(id=f"good{i}", trace=steps, timings_ms={"total": float(i)}) for i in range(10)]
    bad = record(id="bad", trace=steps, text="No.", timings_ms={"total": 0.0})
    made = summarize(RunResult("rules", (*good, bad), 1.0))
    traced = [row.id for row in made.rows if row.trace]
    assert traced == ["good5", "good6", "good7", "good8", "good9", "bad"]


def test_a_report_without_texts_has_ids_and_scores_alone() -> None:
    steps = (TraceStep("invoke_workflow ask", 0, 0.0, 5.0, "note"),)
    one = record(text="The secret is 42.", reference="Secret.", trace=steps, contexts=("Secret.",))
    made = summarize(RunResult("rules", (one,), 1.0), texts=False)
    said = to_json(made)
    assert "ecret" not in said
    assert "How long" not in said
    assert json.loads(said)["rows"][0]["scores"]["correct"] == 0.0
    assert "ecret" in to_json(summarize(RunResult("rules", (one,), 1.0)))


def test_what_a_judge_reads_is_not_in_a_report() -> None:
    one = record(contexts=("All of a passage.",), cited_contexts=("All of a passage.",))
    assert "All of a passage" not in to_json(summarize(RunResult("rules", (one,), 1.0)))
