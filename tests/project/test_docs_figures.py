"""Every figure in the README and the PRD is what a committed report says today."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.errors import NotFound
from tests.project import figures
from tests.project.docs import ROOT, WITH_FIGURES


@pytest.mark.parametrize("path", WITH_FIGURES, ids=lambda path: path.name)
def test_a_figure_is_what_its_report_says(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert figures.marked(text) >= 8
    assert text == figures.with_figures(text), "run `make docs`"


@pytest.mark.parametrize("path", WITH_FIGURES, ids=lambda path: path.name)
def test_a_number_that_looks_measured_says_where_it_comes_from(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    excused = [one["text"] for one in figures.allowed() if one["file"] == name]
    without = [
        f"{name}:{number}: {figure}"
        for number, figure, line in figures.unmarked(path.read_text(encoding="utf-8"))
        if not any(text in line for text in excused)
    ]
    assert without == [], "mark it as tests/project/figures.py says"


def test_every_excuse_has_a_reason_and_is_still_needed() -> None:
    for one in figures.allowed():
        assert set(one) == {"file", "text", "reason"}
        assert one["reason"].strip()
        lines = figures.unmarked((ROOT / one["file"]).read_text(encoding="utf-8"))
        assert any(one["text"] in line for _, _, line in lines), one["text"]


def test_a_figure_that_drifted_is_written_anew() -> None:
    mark = "<!-- figure: fit/support figures.open-qa.supported (amount) -->"
    old = f"of {mark}9,999<!-- /figure --> sentences"
    assert figures.with_figures(old) == f"of {mark}360<!-- /figure --> sentences"


def test_an_interval_and_a_count_can_be_named() -> None:
    text = figures.with_figures(
        "<!-- figure: sample answer_quoted (interval) -->?<!-- /figure --> of "
        "<!-- figure: sample answer_quoted (n) -->?<!-- /figure -->"
    )
    assert figures.marked(text) == 2
    assert "?" not in text
    assert "–" in text.partition(" of ")[0]


def test_a_figure_or_a_report_that_does_not_exist_is_an_error() -> None:
    for missing in ("sample no_such_figure", "no-such-report answer_quoted"):
        with pytest.raises(NotFound):
            figures.with_figures(f"<!-- figure: {missing} -->?<!-- /figure -->")


@pytest.mark.parametrize(
    "claim", ["52.8 %", "3.5 ×", "40 ms", "AUROC .968", "63 of 77", "12 seconds", "9 questions/s"]
)
def test_a_claim_without_a_report_is_found(claim: str) -> None:
    assert list(figures.unmarked(f"We measured {claim} here."))


@pytest.mark.parametrize(
    "text",
    [
        "<!-- figure: sample answer_quoted -->52.8 %<!-- /figure -->",
        "| A2 | its document is cited first in ≥ 95 % |",
        "`limit: 0.95 %`",
        "```\nfootnote bench  # 40 ms\n```",
        "ADR 13 of November 2026, 114 documents, version 1.2",
    ],
)
def test_limits_code_and_plain_numbers_are_not_claims(text: str) -> None:
    assert list(figures.unmarked(text)) == []
