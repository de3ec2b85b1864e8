"""Gates turn red for a reason that can be read, and for no other."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from app.insights.evals.gates import FEWEST_PAIRS, figure_of, judge
from app.insights.evals.quality_words import QUALITY_WORDS
from app.insights.evals.row import Row
from app.insights.evals.run_file import RunFigure, RunFile
from app.insights.targets import Target, load_targets
from evals.cli import app
from evals.reporting import gate_tables
from evals.reporting.report import Report, to_json

ROOT = Path(__file__).parents[2]
RIGHT = Target("correct", "Right", "", "ratio", "higher", target=0.9, guardrail=0.5, tolerance=0.05)
WRONG = Target("false_refusal", "False refusals", "", "ratio", "lower", guardrail=0.3)


def run_of(
    scores: list[float], metric: str = "correct", name: str = "run", **figures: RunFigure
) -> RunFile:
    """A run with a case for each score, two cases to a family."""
    rows = tuple(
        Row(
            id=f"q{i}",
            question=f"Question {i}?",
            answerable=True,
            state="answered",
            level="high",
            probability=0.8,
            group=f"family-{i // 2}",
            scores={metric: score},
        )
        for i, score in enumerate(scores)
    )
    return RunFile(
        name,
        Path(),
        "sample",
        "2026-11-01T10:00:00+00:00",
        len(rows),
        len(rows),
        1.0,
        sections={"Answers": figures},
        rows=rows,
    )


def gates(run: RunFile, target: Target = RIGHT, baseline: RunFile | None = None) -> str:
    (gate,) = judge(run, {target.id: target}, baseline).gates
    return f"{gate.verdict}: {gate.reason}"


def test_a_guardrail_is_crossed_only_by_the_whole_interval() -> None:
    run = run_of([], correct=RunFigure(0.55, 100, 0.45, 0.65))
    assert gates(run) == "green: 55.0 % (45.0–65.0 %, n 100) is within the limit, 50.0 %."
    run = run_of([], correct=RunFigure(0.45, 100, 0.35, 0.55))
    assert gates(run).startswith("green: 45.0 % (35.0–55.0 %, n 100) is beyond the limit, 50.0 %")
    assert gates(run).endswith(", but its interval is not.")
    run = run_of([], correct=RunFigure(0.4, 100, 0.31, 0.49))
    assert gates(run) == (
        "red: 40.0 % (31.0–49.0 %, n 100): the whole interval is below the limit, 50.0 %."
    )


def test_where_lower_is_better_the_whole_interval_lies_above() -> None:
    run = run_of([], false_refusal=RunFigure(0.4, 100, 0.29, 0.5))
    assert gates(run, WRONG).startswith("green")
    run = run_of([], false_refusal=RunFigure(0.4, 100, 0.31, 0.5))
    assert "above the limit, 30.0 %" in gates(run, WRONG)


def test_one_violation_is_red_and_one_gold_passage_that_is_gone() -> None:
    violations = Target("violations", "Violations", "", "count", "lower", guardrail=0.0)
    clean = run_of([1.0] * 30)
    assert gates(clean, violations).startswith("green")
    assert gates(replace(clean, violations=1), violations).startswith("red: 1")
    located = Target("gold_located", "Located", "", "ratio", "higher", guardrail=1.0)
    gone = run_of([], gold_located=RunFigure(0.995, 200, 0.98, 1.0))
    assert gates(gone, located).startswith("red"), "though its interval reaches 100 %"


def test_worse_than_the_baseline_beyond_tolerance_and_chance_is_red() -> None:
    before = run_of([1.0] * 60, name="before")
    after = run_of([0.0] * 12 + [1.0] * 48)
    said = gates(after, baseline=before)
    assert said.startswith("red: 80.0 %")
    assert "20.0 points" in said
    assert "worse than the baseline over 60 cases; at most 5.0 points is tolerated." in said


def test_a_difference_within_tolerance_or_by_chance_is_green() -> None:
    before = run_of([1.0] * 60, name="before")
    assert gates(run_of([0.0] * 2 + [1.0] * 58), baseline=before).startswith("green")
    noisy = run_of([0.0, 0.0, 1.0, 1.0] * 15)
    other = run_of([1.0, 1.0, 0.0, 0.0] * 13 + [1.0] * 8, name="before")
    strict = replace(RIGHT, tolerance=0.0)
    found = judge(noisy, {"correct": strict}, other).gates[0]
    assert found.difference is not None
    assert found.difference < 0
    assert found.verdict == "green", "families differ too much to say"


def test_better_than_the_baseline_is_never_red() -> None:
    said = gates(run_of([1.0] * 60), baseline=run_of([0.0] * 60, name="before"))
    assert said.startswith("green")
    assert "100.0 points (100.0 to 100.0) better than the baseline" in said


def test_too_few_shared_cases_or_nothing_measured_is_unknown() -> None:
    few = [1.0] * (FEWEST_PAIRS - 1)
    said = gates(run_of(few), baseline=run_of(few, name="before"))
    assert said.startswith("unknown")
    assert "only 19 cases" in said
    assert gates(run_of(few, metric="mrr")) == "unknown: It was not measured in this run."
    only_tolerance = replace(RIGHT, guardrail=None)
    assert "no baseline to compare with" in gates(run_of(few), only_tolerance)


def test_cases_of_one_run_alone_and_changed_ones_are_named_not_compared() -> None:
    run, before = run_of([1.0] * 40), run_of([1.0] * 30, name="before")
    asked = replace(before.rows[3], question="Something else?")
    gold = replace(before.rows[4], answers=("another",))
    before = replace(before, rows=(*before.rows[:3], asked, gold, *before.rows[5:]))
    report = judge(run, {"correct": RIGHT}, before)
    assert report.changed == ("q3", "q4")
    assert report.only_here == tuple(sorted(f"q{i}" for i in range(30, 40)))
    assert report.gates[0].pairs == 28
    assert "10 cases are only in this run, and not compared" in gate_tables.compared(report)


def test_speed_is_never_held_against_another_machine() -> None:
    speed = Target("total_p50", "Time", "", "ms", "lower", guardrail=1000.0, tolerance=1.0)
    slow = run_of([900.0] * 60, metric="total_p50")
    quick = run_of([9.0] * 60, metric="total_p50", name="before")
    (gate,) = judge(slow, {"total_p50": speed}, quick).gates
    assert (gate.verdict, gate.difference) == ("green", None)


def test_a_metric_without_a_figure_is_the_mean_of_its_scores() -> None:
    figure = figure_of(run_of([1.0] * 10 + [0.0] * 10), "correct")
    assert figure is not None
    assert figure.value == 0.5
    assert figure.low is not None
    assert figure.low < 0.5


def test_reds_come_first_and_decide() -> None:
    run = run_of([1.0] * 30, mrr=RunFigure(0.1, 30, 0.05, 0.2))
    mrr = replace(RIGHT, id="mrr", name="Rank")
    report = judge(run, {"correct": RIGHT, "mrr": mrr}, None)
    assert [gate.verdict for gate in report.gates] == ["red", "green"]
    assert report.decision == "hold"
    assert report.headline == "Hold: 1 gate is red (Rank); 1 are green."
    assert judge(run, {}, None).decision == "unknown", "nothing judged is nothing shown to hold"
    stream = io.StringIO()
    gate_tables.show(report, Console(file=stream, width=80))
    shown = stream.getvalue()
    assert shown.index("Rank") < shown.index("Right")
    assert "the whole interval is below the limit" in " ".join(shown.split())
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_the_projects_limits_name_every_metric_with_an_owner_and_a_reason() -> None:
    quality = load_targets(ROOT / "prd").quality
    for metric in QUALITY_WORDS:
        assert quality[metric].owner, metric
        assert quality[metric].why, metric
    gated = [one for one in quality.values() if one.guardrail is not None]
    assert len(gated) > 20


def test_the_committed_baseline_keeps_its_own_limits() -> None:
    from app.insights.evals.run_file import read_run_file

    baseline = read_run_file(ROOT / "evals" / "reports" / "sample" / "report.json")
    report = judge(baseline, load_targets(ROOT / "prd").quality, baseline)
    assert [gate.reason for gate in report.of("red")] == []
    assert all(gate.difference == 0 for gate in report.gates if gate.difference is not None)


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A baseline in which all is right, and limits beside it."""
    (tmp_path / "metrics.yaml").write_text(
        "metrics: {}\nquality:\n  correct: {guardrail: 0.5, tolerance: 0.05}\n"
    )
    for name, wrong in (("good", 0), ("bad", 20)):
        run = run_of([0.0] * wrong + [1.0] * (60 - wrong))
        made = Report(
            dataset="sample",
            made_at=run.made_at,
            cases=60,
            answerable=60,
            seconds=1.0,
            environment={},
            notes=(),
            violations=0,
            violation_examples=(),
            states={},
            sections={},
            retrieval={},
            slices={},
            worst=(),
            rows=run.rows,
        )
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_text(to_json(made))
    monkeypatch.setenv("FOOTNOTE_PRD_DIR", str(tmp_path))
    monkeypatch.setenv("FOOTNOTE_EVAL_REPORT", str(tmp_path / "good" / "report.json"))
    monkeypatch.setenv("FOOTNOTE_EVAL_RUNS", str(tmp_path / "none"))
    return tmp_path


def test_the_command_ends_with_1_when_a_gate_is_red(reports: Path) -> None:
    held = CliRunner().invoke(app, ["gate", "bad"])
    assert held.exit_code == 1
    assert "Hold: 1 gate is red (Right)" in " ".join(held.output.split())
    shipped = CliRunner().invoke(app, ["gate", str(reports / "bad"), "--baseline", "bad"])
    assert shipped.exit_code == 0, shipped.output
    assert "Ship" in shipped.output


def test_gates_stay_with_the_report_that_they_are_of(reports: Path) -> None:
    from app.insights.evals.run_file import read_run_file
    from evals.commands.gate import gates_of
    from evals.reporting.as_run import as_run

    run = read_run_file(reports / "bad" / "report.json")
    whole = replace(run, gates=gates_of(run))
    assert as_run(whole) is whole
    data = json.loads((reports / "bad" / "report.json").read_text())
    assert data["gates"] is None
