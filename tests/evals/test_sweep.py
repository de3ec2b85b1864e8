"""Many configurations on the same questions, and what is decided from them."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.insights.evals.paired import NOTHING
from app.insights.evals.row import Row
from app.insights.evals.run_file import RunFile, read_run_file
from app.settings import Settings
from evals import cli
from evals.reporting.report import summarize, to_json
from evals.running.records import RunResult
from evals.sweep import picture, report
from evals.sweep.measuring import small
from evals.sweep.plan import (
    DEFAULT,
    SWEPT,
    BadSweep,
    Point,
    points_of,
    read_sweep,
    settings_of,
    shipped_settings,
)
from evals.sweep.standing import Decision, Standing, decide, standings, told_apart
from tests.evals.made import record

SHIPPED = Point({})


def planned(tmp_path: Path, text: str) -> list[Point]:
    file = tmp_path / "sweep.yaml"
    file.write_text(text, encoding="utf-8")
    return points_of(read_sweep(file))


# --- the plan ---------------------------------------------------------------------


def test_the_committed_sweep_has_every_point_once_and_the_shipped_one_first() -> None:
    points = points_of(read_sweep(DEFAULT))
    assert points[0].shipped
    assert len({point.key for point in points}) == len(points)
    assert sum(point.shipped for point in points) == 1, "shipped values in an axis are no points"
    assert {point.axis for point in points} >= {"read_passages", "dense_weight", "passage_tokens"}


def test_an_axis_changes_one_setting_and_a_grid_every_combination(tmp_path: Path) -> None:
    points = planned(
        tmp_path,
        "axes: {read_passages: [8, 4]}\n"
        "grid: [{read_passages: [4, 12], dense_weight: [0.5, 0.65]}]\n"
        "points: [{quote_sentences: 2, candidates: 80}]\n",
    )
    assert [dict(point.changes) for point in points] == [
        {},
        {"read_passages": 4},
        {"quote_sentences": 2, "candidates": 80},
        {"read_passages": 4, "dense_weight": 0.5},
        {"read_passages": 12, "dense_weight": 0.5},
        {"read_passages": 12},
    ]
    assert [point.axis for point in points][:3] == ["", "read_passages", ""]


def test_points_that_share_an_index_stand_together(tmp_path: Path) -> None:
    points = planned(
        tmp_path,
        "axes: {passage_tokens: [100], read_passages: [4]}\n"
        "points: [{passage_tokens: 100, read_passages: 4}, {candidates: 20}]\n",
    )
    assert [bool(point.index) for point in points] == [False, False, False, True, True]


def test_drawn_combinations_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    text = "random: {count: 3, seed: %d, axes: {read_passages: [2, 4, 6, 12], candidates: [5, 9]}}"
    first, again = planned(tmp_path, text % 1), planned(tmp_path, text % 1)
    assert first == again
    assert len(first) == 4
    assert planned(tmp_path, text % 2) != first


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("axes: {data_dir: [x]}", "“data_dir” is not a setting that can be swept"),
        ("axes: {chat_api_key: [x]}", "“chat_api_key” is not a setting that can be swept"),
        ("axes: {read_passages: [0]}", "read_passages 0 can't be swept.*greater than or equal"),
        ("points: [{mode: written}]", "written answers need a chat model"),
        ("quality: luck", "“luck” is no figure"),
        ("axis: {}", "can't be used"),
        ("axes: [", "can't be used"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_before_anything_is_asked(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(BadSweep, match=message):
        planned(tmp_path, text)


def test_the_shipped_defaults_are_those_of_the_product_not_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FOOTNOTE_READ_PASSAGES", "3")
    monkeypatch.setenv("FOOTNOTE_CHAT_BASE_URL", "http://127.0.0.1:9/v1")
    settings = shipped_settings()
    for name in SWEPT:
        assert getattr(settings, name) == Settings.model_fields[name].default
    assert settings.chat_base_url == "http://127.0.0.1:9/v1", "where a model is, is kept"


def test_a_key_goes_to_the_provider_that_it_belongs_to_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FOOTNOTE_CHAT_MODEL", "openai:small")
    monkeypatch.setenv("FOOTNOTE_CHAT_API_KEY", "secret")
    base = shipped_settings()
    assert settings_of(SHIPPED, base).chat_model == ""
    same = settings_of(Point({"chat_model": "openai:large"}), base)
    assert same.chat_api_key.get_secret_value() == "secret"
    other = settings_of(Point({"chat_model": "ollama:large"}), base)
    assert other.chat_api_key.get_secret_value() == ""


def test_a_point_has_a_name_for_people_and_a_file_of_its_own() -> None:
    point = Point({"reranker_model": "/models/tiny", "read_passages": 4})
    assert point.label == "reranker_model tiny, read_passages 4"
    assert "/" not in point.key
    assert point.key != Point({"reranker_model": "/others/tiny", "read_passages": 4}).key


# --- how points stand -------------------------------------------------------------


def run_of(
    right: Sequence[float], ms: float = 50.0, cost: float | None = 0.0, words: float = 20.0
) -> RunFile:
    """A run whose case i has ``right[i]``."""
    scores = {"total_ms": ms, "words": words} | ({} if cost is None else {"cost_usd": cost})
    rows = tuple(
        Row(f"q{i:03}", "", True, "answered", "high", 0.9, scores={"correct": value} | scores)
        for i, value in enumerate(right)
    )
    return RunFile(
        "made", Path(), "made", "2026-11-01T00:00:00+00:00", len(rows), len(rows), 1.0, rows=rows,
        configuration={"read_passages": 8},
    )  # fmt: skip


HALF = [1.0, 0.0] * 40
BETTER = [1.0, 1.0, 1.0, 0.0] * 20


def found_of(*measured: tuple[Point, RunFile]) -> list[Standing]:
    return standings(measured, "correct")


def test_the_front_has_what_nothing_beats_in_quality_time_and_cost() -> None:
    quick, slow = Point({"read_passages": 2}), Point({"read_passages": 16})
    worse, dear = Point({"candidates": 5}), Point({"mode": "written"})
    found = found_of(
        (SHIPPED, run_of(HALF, 50)),
        (quick, run_of([0.0, *HALF[1:]], 20)),
        (slow, run_of([*HALF[:1], 1.0, *HALF[2:]], 90)),
        (worse, run_of([0.0, *HALF[1:]], 60)),
        (dear, run_of(HALF, 50, cost=None)),
    )
    front = {one.point.label for one in found if one.front}
    assert front == {"as shipped", "read_passages 2", "read_passages 16"}
    assert found[0].point == slow, "the best is first"
    assert next(one for one in found if one.point == dear).cost is None


def test_each_point_is_compared_with_the_shipped_defaults_case_by_case() -> None:
    other = Point({"read_passages": 2})
    found = found_of((SHIPPED, run_of(HALF)), (other, run_of(BETTER)))
    best, shipped = found
    assert best.against.difference == pytest.approx(0.25)
    assert best.against.low is not None
    assert best.against.low > 0
    assert best.p is not None
    assert best.p < 0.001
    assert told_apart(found) == [best]
    assert shipped.p is None
    assert shipped.figures["correct"].value == 0.5
    assert shipped.p50.value == 50.0


def test_a_point_without_the_score_is_left_out() -> None:
    assert standings([(SHIPPED, run_of(HALF))], "rouge_l") == []
    assert standings([], "correct") == []


def decision(dev: Sequence[float], holdout: Sequence[float] | None) -> Decision:
    other = Point({"read_passages": 2})
    found = found_of((SHIPPED, run_of(HALF)), (other, run_of(dev)))

    def check(point: Point) -> RunFile | None:
        if holdout is None:
            return None
        return run_of(HALF if point.shipped else holdout)

    return decide(found, check, "correct")


def test_the_defaults_stand_when_the_best_is_not_told_apart_from_them() -> None:
    made = decision([1.0, 1.0, *HALF[2:]], HALF)
    assert made.verdict == "stands"
    assert made.best is not None
    assert not made.best.point.shipped
    assert decision([0.0] * 80, HALF).verdict == "stands"


def test_what_is_better_where_it_was_chosen_has_to_be_better_elsewhere_too() -> None:
    assert decision(BETTER, HALF).verdict == "dev only"
    assert decision(BETTER, [1.0 - one for one in BETTER]).verdict == "dev only"
    assert decision(BETTER, BETTER).verdict == "beaten"
    assert decision(BETTER, None).verdict == "unknown"


def test_nothing_is_decided_from_one_point() -> None:
    alone = found_of((SHIPPED, run_of(HALF)))
    assert decide(alone, lambda _: None, "correct").verdict == "unknown"


# --- the report -------------------------------------------------------------------


def sweep_of(dev: Sequence[float], holdout: Sequence[float], words: float = 20.0) -> report.Sweep:
    other, slow = Point({"read_passages": 2}, "read_passages"), Point({"candidates": 80})
    measured = (
        (SHIPPED, run_of(HALF)),
        (other, run_of(dev, 30, words=words)),
        (slow, run_of(HALF, 90)),
    )
    made = decide(
        found_of(*measured), lambda point: run_of(HALF if point.shipped else holdout), "correct"
    )
    return report.Sweep(
        about="Tried.",
        dataset="made",
        split="dev",
        quality="correct",
        made_at="2026-11-01T00:00:00+00:00",
        standings=found_of(*measured),
        decision=made,
        again=run_of(HALF, 55),
        failed={"reranker_model x": "It can't be loaded."},
        left=["candidates 160"],
        command="footnote eval sweep",
    )


def test_the_report_says_first_whether_the_defaults_stand_and_how_sure_that_is() -> None:
    text = report.to_markdown(sweep_of([1.0, 1.0, *HALF[2:]], HALF))
    first = text.partition("## Decision\n")[2].splitlines()[1]
    assert first.startswith("**The shipped defaults stand**: Right 50.0 % at 50 ms, within the")
    assert "read_passages 2 (51.2 % at 30 ms" in first
    assert "On 80 questions that nothing was chosen on: shipped 50.0 %, read_passages 2" in text
    assert "none better; none worse" in text
    assert "Quicker by a tenth or more, and no worse here: read_passages 2" in text


def test_the_report_says_when_the_defaults_are_beaten_and_when_that_does_not_hold() -> None:
    beaten = report.to_markdown(sweep_of(BETTER, BETTER))
    assert "**read_passages 2 is better than the shipped defaults**" in beaten
    assert "read_passages 2 better; none worse" in beaten
    alone = report.to_markdown(sweep_of(BETTER, HALF))
    assert "on the others that is not so" in alone


def test_longer_answers_are_not_taken_for_better_ones_without_a_word() -> None:
    assert "have 40 words, not 20" in report.to_markdown(sweep_of(BETTER, BETTER, words=40))
    assert "Mind the length" not in report.to_markdown(sweep_of(BETTER, BETTER, words=21))


def test_the_tables_have_every_point_and_what_was_not_measured() -> None:
    text = report.to_markdown(sweep_of(BETTER, HALF))
    assert "| **as shipped** | " in text
    assert "+25.0 points (+" in text
    assert "Not measured: reranker_model x. It can't be loaded." in text
    assert "No time was left for: candidates 160" in text
    assert "| `read_passages` | 8 | 2: 75.0 % (30 ms), **8: 50.0 % (50 ms)** |" in text
    assert "median 55 ms against 50 ms at the beginning" in text
    data = json.loads(report.to_json(sweep_of(BETTER, HALF)))
    assert data["decision"]["verdict"] == "dev only"
    assert data["points"][0]["changes"] == {"read_passages": "2"}
    assert data["points"][0]["less_shipped"]["difference"] == 0.25


def test_the_picture_stands_alone_and_marks_the_shipped_defaults() -> None:
    drawn = picture.tradeoff(sweep_of(BETTER, HALF).standings, "Right")
    root = ET.fromstring(drawn)
    texts = ["".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "as shipped" in texts
    assert "read_passages 2" in texts
    assert "prefers-color-scheme:dark" in drawn
    circles = list(root.iter("{http://www.w3.org/2000/svg}circle"))
    assert sum(node.get("r") == "10" for node in circles) == 1, "the ring"
    alone = picture.tradeoff(found_of((SHIPPED, run_of([1.0] * 10))), "Right")
    assert "100 %" in alone


# --- runs -------------------------------------------------------------------------


def test_a_points_run_is_kept_small_and_is_read_as_any_other(tmp_path: Path) -> None:
    made = summarize(RunResult("made", (record(id="a"), record(id="b")), 1.0), texts=False)
    file = tmp_path / "shipped.dev.json"
    file.write_text(small(to_json(made)), encoding="utf-8")
    run = read_run_file(file)
    assert [row.id for row in run.rows] == ["a", "b"]
    assert run.rows[0].scores["correct"] == 1.0
    assert run.figures["answer_quoted"].value == 1.0
    assert len(file.read_text()) < len(to_json(made))


@pytest.mark.slow
def test_a_sweep_asks_each_point_once_and_goes_on_where_it_was(
    handbook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOOTNOTE_EMBEDDING_PRECISION", "float32")
    Path("sweep.yaml").write_text(
        "axes: {read_passages: [2], passage_tokens: [60]}\npoints: [{reranker_model: /none}]\n"
    )
    command = ["sweep", "sweep.yaml", "--dataset", "folder", str(handbook), "--split", "all"]
    command += ["--data-dir", "indexes", "--out", "made"]
    first = CliRunner().invoke(cli.app, [*command, "--minutes", "0"])
    assert first.exit_code == 0, first.output
    assert "No time was left for: read_passages 2" in Path("made/report.md").read_text()
    shipped = Path("made/points/shipped.all.json")
    before = shipped.stat().st_mtime_ns
    second = CliRunner().invoke(cli.app, command)
    assert second.exit_code == 0, second.output
    assert shipped.stat().st_mtime_ns == before, "asked once"
    assert "as shipped (kept)" in second.output
    summary = json.loads(Path("made/summary.json").read_text())
    assert {point["label"] for point in summary["points"]} == {
        "as shipped",
        "read_passages 2",
        "passage_tokens 60",
    }
    assert "reranker_model none" in summary["failed"]
    runs = {path.name.partition("-")[0]: read_run_file(path) for path in shipped.parent.iterdir()}
    assert runs["read_passages"].configuration["read_passages"] == 2
    assert runs["read_passages"].configuration["passage_tokens"] == 200
    assert runs["passage_tokens"].configuration["passage_tokens"] == 60
    assert (
        runs["passage_tokens"].environment["passages"]
        >= runs["read_passages"].environment["passages"]
    )
    assert not any(row.question or row.text for run in runs.values() for row in run.rows)
    assert len(list(Path("indexes").iterdir())) == 2, "points share an index where they can"
    assert not Path("data").exists()


def test_nothing_is_paired_where_no_case_is_shared() -> None:
    other = replace(run_of(HALF), rows=tuple(replace(r, id=f"x{r.id}") for r in run_of(HALF).rows))
    found = found_of((SHIPPED, run_of(HALF)), (Point({"candidates": 5}), other))
    assert next(one for one in found if not one.point.shipped).against == NOTHING
