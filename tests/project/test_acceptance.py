"""What was promised has something that decides it; what is measured has somebody who owns it."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from pathlib import Path

import pytest

from app.insights.evals.quality_words import QUALITY_WORDS
from app.insights.launch.criteria import read_stories
from app.insights.launch.rules import LIVE, load_rules
from app.insights.metric_table import METRICS
from app.insights.metric_words import WORDS
from app.insights.targets import load_targets
from evals.datasets import PHRASINGS

ROOT = Path(__file__).resolve().parents[2]
PRD = ROOT / "prd"
RULES = load_rules(PRD).criteria
TARGETS = load_targets(PRD)
ELSEWHERE = {
    "false_refusal": "app/insights/eval_report.py",
    "time_saved": "app/insights/metrics.py",
    "coverage_gaps": "app/insights/alerts/rules.py",
    "unexpected_use": "app/insights/alerts/rules.py",
}
"""Behavior metrics that are not computed from columns, and the file that computes them."""


@lru_cache(maxsize=256)
def functions(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = ast.FunctionDef, ast.AsyncFunctionDef
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


@lru_cache(maxsize=1)
def eval_code() -> str:
    """All code that could compute a quality metric: not the words about it."""
    folders = (ROOT / "evals", ROOT / "app" / "insights" / "evals")
    paths = [path for folder in folders for path in folder.rglob("*.py")]
    return "\n".join(
        path.read_text(encoding="utf-8") for path in paths if path.name != "quality_words.py"
    )


def computed(metric: str) -> bool:
    """Whether the id stands in the code, whole or as one of a family that is put together."""
    if f'"{metric}"' in eval_code():
        return True
    family, _, kind = metric.partition("_") if metric.startswith("gap_") else metric.rpartition("_")
    if family == "gap":
        return 'f"gap_{' in eval_code() and kind.replace("_", "-") in PHRASINGS
    return kind in ("p50", "p95") and f'"{family}"' in eval_code()


def test_every_criterion_is_decided_and_every_decision_has_its_criterion() -> None:
    stories = read_stories(PRD)
    ids = [criterion.id for story in stories for criterion in story.criteria]
    assert len(ids) == len(set(ids)) >= 50
    assert set(ids) == set(RULES)
    assert all(story.told for story in stories), "each story says who wants what, and why"


@pytest.mark.parametrize("name", RULES)
def test_a_criterion_has_an_owner_and_its_tests_exist(name: str) -> None:
    rule = RULES[name]
    assert rule.owner
    for test in rule.tests:
        path, _, function = test.partition("::")
        assert (ROOT / path).exists(), test
        if function:
            assert function in functions(ROOT / path), test
        elif (ROOT / path).is_dir():
            assert list((ROOT / path).rglob("test_*.py")), f"{test} holds no test"


@pytest.mark.parametrize("name", RULES)
def test_a_criterions_metric_exists_and_has_the_limit_it_is_held_to(name: str) -> None:
    for metric in RULES[name].metrics:
        known = TARGETS.metrics if metric.report == LIVE else TARGETS.quality
        assert metric.id in known
        limits = {"target": known[metric.id].target, "guardrail": known[metric.id].guardrail}
        assert limits.get(str(metric.limit), metric.limit) is not None


@pytest.mark.parametrize("name", TARGETS.metrics)
def test_a_behavior_metric_is_implemented_defined_and_owned(name: str) -> None:
    if name not in METRICS:
        code = (ROOT / ELSEWHERE[name]).read_text(encoding="utf-8")
        assert f'"{name}"' in code
    target = TARGETS.metrics[name]
    assert target.definition
    assert target.owner
    assert target.target is not None or target.why, "a target, or why there is none"


def test_every_behavior_metric_is_in_the_file() -> None:
    import yaml

    given = yaml.safe_load((PRD / "metrics.yaml").read_text(encoding="utf-8"))
    assert set(given["metrics"]) == set(WORDS) == set(METRICS) | set(ELSEWHERE)
    assert all(fields["source"] for fields in given["metrics"].values())
    assert set(given["quality"]) == set(QUALITY_WORDS)
    assert {target.source for target in TARGETS.quality.values()} == {"evals"}


@pytest.mark.parametrize("name", TARGETS.quality)
def test_a_quality_metric_is_implemented_defined_and_owned(name: str) -> None:
    assert computed(name), "no code computes it"
    target = TARGETS.quality[name]
    assert target.definition
    assert target.owner
    assert target.target is not None or target.why, "a target, or why there is none"


def test_every_decision_record_that_is_named_exists() -> None:
    numbers = {path.name[:4] for path in (PRD / "decisions").glob("0*.md")}
    for path in [*PRD.rglob("*.md"), *ROOT.glob("*.md"), *PRD.glob("*.yaml")]:
        text = path.read_text(encoding="utf-8")
        for number in re.findall(r"\b(?:ADR|[Dd]ecision) (\d{1,2})\b", text):
            assert f"{int(number):04}" in numbers, f"{path.name} names decision {number}"
