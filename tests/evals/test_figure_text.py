"""Figures as sentences have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.errors import NotFound
from app.insights.evals.figure_text import figure_text, interval_text, value_text
from app.insights.evals.run_file import RunFigure, RunFile

RUN = RunFile(
    "sample",
    Path(),
    "sample",
    "2026-11-01T10:00:00+00:00",
    1227,
    1000,
    1.0,
    states={"not_found": 78},
    sections={
        "Answers": {"answer_quoted": RunFigure(0.52809, 178, 0.455, 0.6011)},
        "Milliseconds": {"total_p50": RunFigure(41.4, 227, unit="ms")},
        "Cost": {"cost_per_question": RunFigure(0.00213, 9, unit="usd")},
    },
    retrieval={"as set": {"mrr": RunFigure(0.668, 178)}, "BM25 alone": {"mrr": RunFigure(0.5, 1)}},
    slices={"v1.5": {"answer_quoted": RunFigure(None, 0)}},
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("answer_quoted", "52.8 %"),
        ("sections.Answers.answer_quoted", "52.8 %"),
        ("mrr", "66.8 %"),
        ("retrieval.BM25 alone.mrr", "50.0 %"),
        ("slices.v1.5.answer_quoted", "–"),
        ("total_p50", "41 ms"),
        ("cost_per_question", "$0.0021"),
        ("cases", "1,227"),
        ("violations", "0"),
        ("states.not_found", "78"),
    ],
)
def test_a_figure_is_named_by_its_metric_or_its_place(name: str, value: str) -> None:
    assert figure_text(RUN, name) == value


def test_its_interval_has_its_unit_once_and_n_is_a_number() -> None:
    assert figure_text(RUN, "answer_quoted", "interval") == "45.5–60.1 %"
    assert figure_text(RUN, "total_p50", "interval") == ""
    assert figure_text(RUN, "answer_quoted", "n") == "178"


def test_negative_ends_are_not_joined_by_a_dash() -> None:
    assert interval_text(-0.05, 0.1, "share") == "−5.0 to 10.0 %"
    assert value_text(3.14, "ms") == "3.1 ms"
    assert value_text(45.17, "amount") == "45.2"


@pytest.mark.parametrize("name", ["nothing", "slices.none.mrr", "elsewhere.a.b"])
def test_a_figure_that_is_not_there_says_so(name: str) -> None:
    with pytest.raises(NotFound, match="has no figure"):
        figure_text(RUN, name)
