"""prd/metrics.yaml: the project's own, and how a broken one is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from app.errors import BadRequest, SettingsError
from app.insights.metric_words import WORDS
from app.insights.periods import Period, parse_period
from app.insights.targets import load_targets

PRD = Path(__file__).parents[2] / "prd"
NOW = datetime(2026, 3, 10, 15, 30, tzinfo=UTC)


def write(folder: Path, text: str) -> Path:
    (folder / "metrics.yaml").write_text(text, encoding="utf-8")
    return folder


def test_the_projects_file_has_every_metric_in_the_words_of_the_product() -> None:
    found = load_targets(PRD)
    written = yaml.safe_load((PRD / "metrics.yaml").read_text(encoding="utf-8"))["metrics"]
    assert list(written) == list(WORDS)
    for name, words in WORDS.items():
        one = found.metrics[name]
        assert (one.name, one.unit, one.better, one.definition) == words, name
    assert 3 <= len(found.alerts) <= 5
    assert found.alerts[0].over == timedelta(hours=1)


def test_without_a_file_there_are_definitions_without_targets(tmp_path: Path) -> None:
    found = load_targets(tmp_path)
    assert not found.found
    assert list(found.metrics) == list(WORDS)
    assert all(one.target is None for one in found.metrics.values())
    assert found.alerts == ()


def test_a_change_is_seen_at_the_next_look(tmp_path: Path) -> None:
    write(tmp_path, "metrics: {retry: {target: 0.2}}")
    assert load_targets(tmp_path).metrics["retry"].target == 0.2
    write(tmp_path, "metrics: {retry: {target: 0.30, better: lower}}")
    found = load_targets(tmp_path).metrics["retry"]
    assert found.target == 0.3
    assert found.meets(0.3) is True
    assert found.meets(0.31) is False
    assert found.meets(None) is None
    assert found.holds(0.9) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("metrics: [", "can't be read"),
        ("alerts: []", "has no `metrics:`"),
        ("metrics: {speed: {target: 1}}", "no metric 'speed'"),
        ("metrics: {retry: {target: high}}", "retry: target is 'high'"),
        ("metrics: {retry: {goal: 1}}", "has a field 'goal'"),
        ("metrics: {retry: {unit: ms}}", "measured in ratio"),
        ("metrics: {retry: {better: less}}", "better is 'less'"),
        ("metrics: {retry: {target: 0.2, guardrail: 0.1}}", "guardrail 0.1 is better"),
        ("metrics: {retry: 3}", "not a list of fields"),
        ("{metrics: {}, alerts: [{metric: retry}]}", "an alert has no id"),
        ("{metrics: {}, alerts: [{id: a, metric: x, above: 1}]}", "no metric 'x'"),
        ("{metrics: {}, alerts: [{id: a, metric: retry}]}", "no threshold"),
        ("{metrics: {}, alerts: [{id: a, metric: retry, above: 1, below: 2}]}", "or two"),
        ("{metrics: {}, alerts: [{id: a, metric: retry, above: 1, over: 3}]}", "over is 3"),
        (
            "{metrics: {}, alerts: [{id: a, metric: retry, above: 1}, "
            "{id: a, metric: retry, above: 2}]}",
            "'a' is there twice",
        ),
        ("{metrics: {}, alerts: 3}", "is not a list"),
    ],
)
def test_a_broken_file_is_told_with_what_to_do(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_targets(write(tmp_path, text))
    assert said in caught.value.detail
    assert "metrics.yaml" in caught.value.detail
    assert caught.value.action


@pytest.mark.parametrize(
    ("period", "start", "end", "first", "last"),
    [
        ("", "", "", "2026-02-11", "2026-03-11"),
        ("today", "", "", "2026-03-10", "2026-03-11"),
        ("7d", "", "", "2026-03-04", "2026-03-11"),
        ("all", "", "", "2026-01-05", "2026-03-11"),
        ("7d", "2026-03-01", "2026-03-02", "2026-03-01", "2026-03-03"),
        ("", "", "2026-03-02", "2026-02-03", "2026-03-03"),
        ("", "2026-03-01T10:00", "2026-03-01T11:00+01:00", "", ""),
    ],
)
def test_an_address_says_a_period(period: str, start: str, end: str, first: str, last: str) -> None:
    asked_first = datetime(2026, 1, 5, 7, tzinfo=UTC)
    if not first:
        with pytest.raises(BadRequest):
            parse_period(period, start, end, NOW, asked_first)
        return
    found = parse_period(period, start, end, NOW, asked_first)
    assert (f"{found.start:%Y-%m-%d %H}", f"{found.end:%Y-%m-%d %H}") == (
        f"{first} 00",
        f"{last} 00",
    )


@pytest.mark.parametrize("start", ["yesterday", "2026-13-01", "0001-01-01T00:00", "2026-03-09T"])
def test_what_is_no_date_is_told(start: str) -> None:
    with pytest.raises(BadRequest, match=r"date|length"):
        parse_period("", start, "2026-03-08", NOW)


def test_a_period_that_does_not_exist_is_told() -> None:
    with pytest.raises(BadRequest, match="fortnight"):
        parse_period("fortnight", "", "", NOW)


@pytest.mark.parametrize(
    ("days", "name", "count"),
    [(1, "hour", 24), (28, "day", 28), (365, "week", 53), (1000, "30 days", 34)],
)
def test_a_trend_has_few_points(days: int, name: str, count: int) -> None:
    buckets = Period(NOW, NOW + timedelta(days=days)).buckets()
    assert (buckets.name, buckets.count, len(buckets.labels())) == (name, count, count)
