"""A run drives the real Asker on a real index."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from app.domain import Answer, AnswerState, Filters, Question
from app.errors import BadRequest, NotFound
from evals.datasets import Case, Dataset, Gold, load
from evals.reporting.report import summarize, to_json
from evals.running.records import RunResult, from_line, to_line
from evals.running.runner import DEPTH, RunOptions, drawn, run

if TYPE_CHECKING:
    from app.bootstrap import Services

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def result(measured: Services, handbook: Path) -> RunResult:
    return run(measured, load("folder", handbook))


def test_each_case_has_a_record_in_the_datasets_order(result: RunResult) -> None:
    assert [record.case.id for record in result.records] == ["leave", "battery", "hotel", "dental"]
    assert result.environment["documents"] == 3
    assert result.notes == ()


def test_a_record_says_what_was_cited_quoted_and_found(result: RunResult) -> None:
    leave, battery = result.records[:2]
    assert leave.state is AnswerState.ANSWERED
    assert leave.cited[0] == "people/leave.md"
    assert "25 days" in leave.text
    assert 1 <= leave.sentences <= 3
    assert battery.located == (True,)
    assert battery.rankings["fused"][0].gold == (0,)
    assert battery.hits[0].lexical > 0
    assert 0 <= battery.probability <= 1
    assert battery.timings_ms["total"] > 0
    assert battery.answer["citations"][0]["quote"] in battery.text


def test_baselines_rank_with_one_of_the_two_scores(result: RunResult) -> None:
    for record in result.records:
        dense, lexical = record.rankings["dense"], record.rankings["lexical"]
        assert [p.dense for p in dense] == sorted((p.dense for p in dense), reverse=True)
        assert [p.lexical for p in lexical] == sorted((p.lexical for p in lexical), reverse=True)
        assert len(dense) <= DEPTH
    assert "eleven hours" in result.records[1].best_sentences[0]


def test_citations_hold_and_none_is_reported_as_broken(result: RunResult) -> None:
    assert [record.violations for record in result.records] == [()] * 4


def test_no_answer_is_kept_in_the_records(measured: Services, result: RunResult) -> None:
    with pytest.raises(NotFound):
        measured.answers.get(result.records[0].answer["answer_id"])


def test_a_record_survives_its_line_of_json(result: RunResult) -> None:
    for record in result.records:
        assert from_line(to_line(record)) == record


def test_a_run_holds_no_path_of_the_machine(result: RunResult, handbook: Path) -> None:
    lines = " ".join(to_line(record) for record in result.records) + json.dumps(result.environment)
    assert str(handbook) not in lines


def test_several_questions_at_once_give_the_same_answers(
    measured: Services, handbook: Path, result: RunResult
) -> None:
    options = RunOptions(parallel=4, baselines=False)
    again = run(measured, load("folder", handbook), options)
    assert [r.text for r in again.records] == [r.text for r in result.records]
    assert set(again.records[0].rankings) == {"fused"}


def test_an_interrupted_run_goes_on_where_it_ended(
    measured: Services, handbook: Path, tmp_path: Path
) -> None:
    file = tmp_path / "run.jsonl"
    dataset, options = load("folder", handbook), RunOptions(baselines=False, resume=file)
    first = run(measured, dataset, options)
    lines = file.read_text().splitlines()
    assert len(lines) == 5
    # As a kill leaves it: two records and half a line.
    file.write_text("\n".join([*lines[:3], lines[3][:100]]))
    seen: list[tuple[int, int]] = []
    second = run(measured, dataset, options, lambda done, total: seen.append((done, total)))
    assert seen[0] == (2, 4)
    assert seen[-1] == (4, 4)
    assert second.records[:2] == first.records[:2], "the same ids and times: not asked again"
    assert second.records[3].answer["answer_id"] != first.records[3].answer["answer_id"]
    assert len(file.read_text().splitlines()) == 5


def test_a_file_of_another_run_is_not_mixed_with_this_one(
    measured: Services, handbook: Path, tmp_path: Path
) -> None:
    file = tmp_path / "run.jsonl"
    dataset = load("folder", handbook)
    run(measured, dataset, RunOptions(limit=1, baselines=False, resume=file))
    with pytest.raises(BadRequest, match="holds another run"):
        run(measured, dataset, RunOptions(limit=2, baselines=False, resume=file))


def test_only_the_collections_asked_for_are_searched(measured: Services, handbook: Path) -> None:
    options = RunOptions(limit=1, baselines=False, filters=Filters(collections=("empty",)))
    result = run(measured, load("folder", handbook), options)
    assert result.environment["documents"] == 0
    assert result.records[0].refused


class _Shifting:
    """An asker whose citations are off by one character."""

    def __init__(self, services: Services) -> None:
        self._asker = services.asker

    async def answer(self, question: Question, session_id: str = "") -> Answer:
        answer = await self._asker.answer(question, session_id)
        moved = tuple(replace(c, start=c.start + 1, end=c.end + 1) for c in answer.citations)
        return replace(answer, citations=moved)


def test_wrong_offsets_are_seen(measured: Services, handbook: Path) -> None:
    damaged = replace(measured, asker=cast("Any", _Shifting(measured)))
    result = run(damaged, load("folder", handbook), RunOptions(baselines=False))
    cited = [record for record in result.records if record.cited]
    assert cited
    assert all("is not the quote" in record.violations[0] for record in cited)


CAPS = Case(
    "caps",
    "And in Porto?",
    True,
    (Gold("travel.md", "Porto | 120 euros | 45 euros"),),
    ("120 euros",),
    after=("What is the hotel cap in Oslo?",),
)


def test_a_follow_up_is_asked_in_its_conversation_and_scored_alone(
    measured: Services, handbook: Path
) -> None:
    alone = replace(CAPS, id="alone", after=())
    both = Dataset("talk", handbook, (CAPS, alone))
    told, cold = run(measured, both, RunOptions(baselines=False)).records
    assert "hotel cap" in told.asked
    assert "Porto" in told.asked
    assert "120 euros" in told.text
    assert told.answer["completed"]
    assert cold.asked == "And in Porto?"
    with pytest.raises(NotFound):
        measured.answers.get(told.answer["answer_id"])


def test_conversations_of_cases_asked_at_once_do_not_mix(
    measured: Services, handbook: Path
) -> None:
    leave = replace(
        CAPS, id="leave", question="And of sick leave?", after=("How many days of annual leave?",)
    )
    both = Dataset("talk", handbook, (CAPS, leave))
    options = RunOptions(baselines=False, parallel=2)
    first, second = run(measured, both, options).records
    assert "hotel cap" in first.asked
    assert "hotel" not in second.asked


def test_each_record_has_the_steps_of_its_answer(measured: Services, result: RunResult) -> None:
    for record in result.records:
        first, *others = record.trace
        assert (first.name, first.depth, first.start_ms) == ("invoke_workflow ask", 0, 0.0)
        assert record.state.value in first.note
        assert {"retrieval all", "read", "confidence"} <= {step.name for step in others}
        assert all(step.depth > 0 and step.ms <= first.ms for step in others)
    assert measured.traces.trace(result.records[0].answer["trace_id"]) is None, "nothing is stored"


def test_a_record_has_what_a_judge_reads(result: RunResult) -> None:
    battery = result.records[1]
    assert len(battery.contexts) == len(battery.hits) > 0
    assert battery.cited_contexts[0] in battery.contexts
    assert any("eleven hours" in text for text in battery.cited_contexts)
    assert battery.cited_places[0].gold == (0,)
    assert battery.cited_places[0].document == "radio.md"


TOO_LONG = Case("long", "why " * 1000, True, (Gold("radio.md", "channel 16"),), ("channel 16",))


def test_a_case_that_cannot_be_asked_is_told_and_costs_no_other(
    measured: Services, handbook: Path, result: RunResult
) -> None:
    dataset = load("folder", handbook)
    broken = replace(dataset, cases=(*dataset.cases[:2], TOO_LONG, *dataset.cases[2:]))
    again = run(measured, broken, RunOptions(baselines=False))
    assert [record.failed for record in again.records] == [False, False, True, False, False]
    assert "at most 2,000" in again.records[2].error
    assert "1 of 5 questions could not be asked" in again.notes[-1]
    made, whole = summarize(again), summarize(result)
    assert made.sections["Answers"]["failed"].value == 0.2
    assert made.sections["Answers"]["correct"].n == 5
    figures, before = made.sections["Answers"], whole.sections["Answers"]
    assert figures["answer_quoted"] == before["answer_quoted"]
    assert made.rows[2].scores == {"correct": 0.0, "failed": 1.0}
    assert made.rows[2].error


def test_a_failed_case_is_asked_again_when_the_run_goes_on(
    measured: Services, handbook: Path, tmp_path: Path
) -> None:
    file = tmp_path / "run.jsonl"
    both = Dataset("talk", handbook, (CAPS, TOO_LONG))
    options = RunOptions(baselines=False, resume=file)
    run(measured, both, options)
    seen: list[tuple[int, int]] = []
    run(measured, both, options, lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


def test_a_run_in_which_nothing_can_be_asked_is_an_error(
    measured: Services, handbook: Path
) -> None:
    with pytest.raises(BadRequest, match="None of the 1 questions could be asked"):
        run(measured, Dataset("talk", handbook, (TOO_LONG,)), RunOptions(baselines=False))


def without_times(result: RunResult) -> Any:
    """A report as it is compared: without what a clock says."""
    data = json.loads(to_json(summarize(result)))
    for key in ("made_at", "seconds"):
        del data[key]
    del data["sections"]["Milliseconds"], data["environment"]["parallel"]
    for row in data["rows"]:
        row.pop("trace", None)  # of bad and slow cases alone
        row["scores"] = {k: v for k, v in row["scores"].items() if not k.endswith("_ms")}
    return data


def test_two_runs_give_the_same_report_however_many_questions_at_once(
    measured: Services, handbook: Path, result: RunResult
) -> None:
    again = run(measured, load("folder", handbook), RunOptions(parallel=3))
    assert without_times(again) == without_times(result)


def test_a_report_says_what_it_was_made_with(result: RunResult) -> None:
    made = result.environment
    assert made["seed"] == 0
    assert made["precision"] == "float32"
    assert made["packages"]["torch"]
    assert made["packages"]["tantivy"]
    assert made["processor"]
    assert result.configuration["read_passages"] == 8


def test_a_draw_is_the_same_for_a_seed_and_keeps_the_order(handbook: Path) -> None:
    cases = load("folder", handbook).cases
    two = drawn(cases, 2, seed=1)
    assert two == drawn(cases, 2, seed=1)
    assert [cases.index(case) for case in two] == sorted(cases.index(case) for case in two)
    assert len({tuple(case.id for case in drawn(cases, 2, seed)) for seed in range(20)}) > 1
    assert drawn(cases, 99, seed=1) == list(cases)
