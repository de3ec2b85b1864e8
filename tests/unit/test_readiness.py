"""Ship or hold: what counts as evidence, and what holds a release."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.errors import SettingsError
from app.insights.columns import empty
from app.insights.eval_report import EvalReport
from app.insights.launch.criteria import stories_in
from app.insights.launch.evidence import SuiteRun, evidence_json
from app.insights.launch.readiness import Readiness, readiness
from app.insights.measures import Value
from app.insights.overview import Look
from app.insights.periods import parse_period
from app.insights.slices import EVERYTHING
from app.insights.targets import load_targets

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PRD = """
# A product
## Stories
### Find
*As a searcher I find,
so that I know.*

| id | criterion |
|---|---|
| A1 | Quotes <!-- figure: x y -->hold<!-- /figure --> \\| always |
| A2 | Right in ≥ 50 % |

### Rest
| id | what | note |
|---|---|---|
| H1 | an assumption | no criterion |
"""
METRICS = """
metrics:
  rejection: {target: 0.08, guardrail: 0.15, owner: PM}
  task_success: {target: 0.6}
quality:
  answer_quoted: {target: 0.5, guardrail: 0.4, owner: Q}
  rouge_l: {guardrail: 0.3}
"""
TESTS = "tests: [tests/a.py]"
METRIC = "metric: {id: answer_quoted, report: sample, limit: target}"


@pytest.fixture
def ready(tmp_path: Path) -> Callable[..., Readiness]:
    """Readiness of a made-up product; everything passes unless something is said."""
    prd, reports = tmp_path / "prd", tmp_path / "reports"
    (reports / "sample").mkdir(parents=True)
    prd.mkdir()

    def decide(
        *,
        a1: str = TESTS,
        a2: str = METRIC,
        run: dict[str, Any] | None = None,
        figure: dict[str, Any] | None = None,
        made: datetime = NOW,
        release: str = "1.0",
        live: Value | None = None,
        text: str = PRD,
    ) -> Readiness:
        (prd / "PRD.md").write_text(text)
        (prd / "metrics.yaml").write_text(METRICS)
        (prd / "acceptance.yaml").write_text(f"criteria:\n  A1: {{{a1}}}\n  A2: {{{a2}}}\n")
        fields: dict[str, Any] = {
            "outcome": "passed",
            "tests": ("tests/a.py",),
            "passed": 3,
            "at": NOW,
            "commit": "abcdef",
            "release": "1.0",
            "machine": "Linux",
        }
        evidence = {"A1": SuiteRun(**(fields | (run or {})))}
        (reports / "acceptance.json").write_text(evidence_json(evidence))
        number = {"value": 0.6, "n": 100, "low": 0.5, "high": 0.7, "unit": "share"}
        report = {
            "format": 2,
            "dataset": "sample",
            "made_at": made.isoformat(),
            "cases": 100,
            "answerable": 80,
            "seconds": 1.0,
            "environment": {"release": release},
            "sections": {"Answers": {"answer_quoted": number | (figure or {})}},
            "rows": [],
        }
        (reports / "sample" / "report.json").write_text(json.dumps(report))
        extra = {"rejection": live} if live else {}
        look = Look(
            columns=empty(),
            period=parse_period("28d", "", "", NOW, None),
            slice_=EVERYTHING,
            now=NOW,
            targets=load_targets(prd),
            report=EvalReport(),
            elsewhere=lambda _period, _slice: extra,
        )
        baseline = reports / "sample" / "report.json"
        return readiness(look, prd_dir=prd, eval_report=baseline, release="1.0")

    return decide


def status(found: Readiness, name: str) -> str:
    return next(one.status for one in found.criteria if one.criterion.id == name)


def test_stories_and_criteria_are_read_from_the_prd() -> None:
    stories = stories_in(PRD)
    assert [(story.title, story.told) for story in stories] == [
        ("Find", "As a searcher I find, so that I know.")
    ]
    assert [(one.id, one.text) for one in stories[0].criteria] == [
        ("A1", "Quotes hold | always"),
        ("A2", "Right in ≥ 50 %"),
    ]


def test_with_all_evidence_it_ships(ready: Callable[..., Readiness]) -> None:
    found = ready()
    assert found.verdict == "ship"
    assert found.reasons == ()
    assert found.count("pass") == 2


def test_a_failed_test_holds_it_and_says_what_to_do(ready: Callable[..., Readiness]) -> None:
    found = ready(run={"outcome": "failed", "failed": 1, "failures": ("tests/a.py::test_x",)})
    assert found.verdict == "hold"
    assert [(reason.id, reason.status) for reason in found.reasons] == [("A1", "fail")]
    assert "tests/a.py::test_x" in found.reasons[0].said
    assert "--evidence" in found.reasons[0].todo


@pytest.mark.parametrize(
    ("run", "why"),
    [
        ({"at": NOW - timedelta(days=31)}, "older than 30 days"),
        ({"release": "0.9"}, "release 0.9"),
        ({"tests": ("tests/other.py",)}, "other tests"),
        ({"outcome": "not_run", "at": None}, "not run"),
        ({"at": NOW + timedelta(days=2)}, "future"),
    ],
)
def test_old_or_other_evidence_counts_as_none(
    ready: Callable[..., Readiness], run: dict[str, Any], why: str
) -> None:
    found = ready(run=run)
    assert status(found, "A1") == "unknown"
    assert found.verdict == "hold"
    assert why in found.reasons[0].said


def test_a_figure_below_its_limit_holds_it(ready: Callable[..., Readiness]) -> None:
    found = ready(figure={"value": 0.45, "low": 0.35, "high": 0.55})
    assert status(found, "A2") == "fail"
    assert found.reasons[0].href == "/evals/sample"
    assert "45 % (35.0–55.0 %, n 100), and at least 50 % is wanted" in found.reasons[0].said


def test_a_figure_of_another_release_or_too_old_is_unknown(
    ready: Callable[..., Readiness],
) -> None:
    for found in (ready(release="0.9"), ready(made=NOW - timedelta(days=40))):
        assert status(found, "A2") == "unknown"
        assert {reason.kind for reason in found.reasons} == {"criterion", "report"}


def test_what_fails_stands_before_what_is_unknown(ready: Callable[..., Readiness]) -> None:
    found = ready(run={"release": "0.9"}, figure={"value": 0.1, "low": 0.05, "high": 0.2})
    assert [(reason.id, reason.kind) for reason in found.reasons] == [
        ("A2", "criterion"),
        ("A1", "criterion"),
        ("answer_quoted", "gate"),
    ]


def test_a_criterion_that_nothing_decides_is_unknown(ready: Callable[..., Readiness]) -> None:
    found = ready(text=PRD.replace("| A2 |", "| A3 |"))
    assert status(found, "A3") == "unknown"
    assert "acceptance.yaml" in found.reasons[0].todo


def test_somebody_who_looked_is_believed_for_a_while(ready: Callable[..., Readiness]) -> None:
    hand = "hand: {{result: {}, date: {}, by: Rui, note: seen, valid_days: 10}}"
    assert status(ready(a1=hand.format("pass", "2026-11-20")), "A1") == "pass"
    assert status(ready(a1=hand.format("pass", "2026-11-01")), "A1") == "unknown"
    assert status(ready(a1=hand.format("fail", "2026-11-20")), "A1") == "fail"


def test_everything_that_is_named_has_to_hold(ready: Callable[..., Readiness]) -> None:
    both = f"{TESTS}, {METRIC.replace('target', '0.9')}"
    assert status(ready(a1=both), "A1") == "fail"


def test_a_live_guardrail_needs_enough_people(ready: Callable[..., Readiness]) -> None:
    few = ready(live=Value(0.5, 5, 10))
    assert [one.finding.status for one in few.guardrails] == ["unknown"]
    assert few.verdict == "ship", "nobody would ever be the first to use it"
    many = ready(live=Value(0.5, 50, 100))
    assert [(reason.id, reason.kind) for reason in many.reasons] == [("rejection", "guardrail")]
    assert many.reasons[0].href == "/insights/metrics/rejection"


def test_a_criterion_may_rest_on_live_numbers(ready: Callable[..., Readiness]) -> None:
    live = "metric: {id: rejection, report: live, limit: target}"
    assert status(ready(a1=live), "A1") == "unknown"
    assert status(ready(a1=live, live=Value(0.05, 5, 100)), "A1") == "pass"


def test_what_the_report_lacks_is_said_and_holds_nothing(ready: Callable[..., Readiness]) -> None:
    gates = {one.id: one.finding.status for one in ready().gates}
    assert gates == {"answer_quoted": "pass", "rouge_l": "unknown"}


def test_without_a_prd_it_is_held(ready: Callable[..., Readiness]) -> None:
    found = ready(text="# Nothing promised\n")
    assert found.verdict == "hold"
    assert not found.found
    assert "FOOTNOTE_PRD_DIR" in found.reasons[0].todo


@pytest.mark.parametrize(
    "rule",
    [
        "owner: somebody",
        "tests: tests/a.py",
        "metric: {id: answer_quoted, report: sample}",
        "metric: {id: answer_quoted, report: sample, limit: often}",
        "hand: {result: maybe, date: 2026-11-20, by: Rui, note: seen}",
        "hand: {result: pass, by: Rui, note: seen}",
        "test: [tests/a.py]",
    ],
)
def test_a_mistake_in_the_rules_is_said_in_a_sentence(
    ready: Callable[..., Readiness], rule: str
) -> None:
    with pytest.raises(SettingsError, match=r"acceptance\.yaml can't be used: A1"):
        ready(a1=rule)
