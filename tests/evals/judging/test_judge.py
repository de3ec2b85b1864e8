"""The judge end to end, against a scripted server on loopback.

The server judges by substrings: nothing here says anything about the quality of an answer.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.domain import AnswerState
from app.insights.evals.rubric import load_rubric
from evals.judging.errors import JudgeAway
from evals.judging.judge import Judged, check, judge, with_judgement
from evals.judging.options import METRICS, JudgeOptions
from evals.reporting.rows import rows
from evals.running.records import CaseRecord, RunResult, from_line, to_line
from tests.evals.judging.scripted_judge import (
    ANSWER,
    CONTEXTS,
    EXPECTED,
    JUDGING,
    Sometimes,
    case,
    wanted,
)
from tests.fakes.openai_server import BROKEN, OpenAIServer, Script, rate_limited, serve
from tests.knowledge.world import WordEmbedder

pytestmark = pytest.mark.slow  # the first test in a process waits 5 s for Ragas


def options(server: OpenAIServer, **changes: Any) -> JudgeOptions:
    chosen = JudgeOptions(
        model="scripted", base_url=server.base_url, timeout_s=5, parallel=1, backoff_s=0.01
    )
    return replace(chosen, **changes)


def judged(records: Sequence[CaseRecord], chosen: JudgeOptions) -> Judged:
    return asyncio.run(judge(records, chosen, WordEmbedder()))


def outcomes(made: Judged, metric: str) -> dict[str, int]:
    return {name: n for name, n in made.summary["outcomes"][metric].items() if n}


def test_every_metric_gives_the_score_worked_out_by_hand() -> None:
    with serve(JUDGING) as server:
        made = judged([case()], options(server))
    assert dict(made.records[0].scores) == pytest.approx(EXPECTED, abs=1e-6)
    assert made.spent.calls == len(server.requests) == 2 + 3 + 3 + 1 + 4


def test_each_verdict_is_kept_with_what_it_is_about() -> None:
    with serve(JUDGING) as server:
        claims = judged([case()], options(server)).records[0].claims
    told = [(c.metric, c.about, c.text, c.verdict) for c in claims]
    assert told[:3] == [
        ("faithfulness", "answer", "A term is four years", 1),
        ("faithfulness", "answer", "A term can be renewed twice", 0),
        ("faithfulness", "answer", "The chair is elected", 1),
    ]
    assert ("context_precision", "passage 2", CONTEXTS[1], 0) in told
    assert ("context_recall", "reference", "It starts in May", 0) in told
    assert [t for t in told if t[0] == "factual_correctness"] == [
        ("factual_correctness", "answer", "A term is four years", 1),
        ("factual_correctness", "answer", "A term can be renewed twice", 0),
        ("factual_correctness", "answer", "The chair is elected", 0),
        ("factual_correctness", "reference", "A term is four years", 1),
        ("factual_correctness", "reference", "It starts in May", 0),
    ]
    assert claims[0].reason == "looked up"


def test_verdicts_reach_the_rows_and_stay_away_where_texts_do() -> None:
    with serve(JUDGING) as server:
        record = judged([case()], options(server)).records[0]
    kept = from_line(to_line(record))
    assert kept.claims == record.claims
    (row,), (bare,) = rows([kept]), rows([kept], texts=False)
    assert row.claims
    assert not bare.claims
    assert row.scores["faithfulness"] == bare.scores["faithfulness"] == pytest.approx(2 / 3)


def test_a_refusal_abstains_and_is_counted_apart() -> None:
    refusal = replace(case("refused"), state=AnswerState.NOT_FOUND, text="")
    with serve(JUDGING) as server:
        made = judged([case(), refusal], options(server))
    assert outcomes(made, "faithfulness") == {"scored": 1, "abstained": 1}
    assert outcomes(made, "context_recall") == {"scored": 2}  # what was read can still be judged
    assert "faithfulness" not in made.records[1].scores
    assert "faithfulness 1 abstained" in " ".join(made.notes)


def test_without_a_reference_answer_only_what_needs_none_is_asked() -> None:
    with serve(JUDGING) as server:
        made = judged([case(reference="")], options(server))
    assert set(made.records[0].scores) == {"faithfulness", "answer_relevancy"}
    assert outcomes(made, "context_recall") == {"not_asked": 1}


def test_an_answer_without_statements_is_undefined_not_zero() -> None:
    script = Script(Sometimes("StatementGeneratorOutput", json.dumps({"statements": []})))
    with serve(script) as server:
        made = judged([case()], options(server, metrics=("faithfulness",)))
    assert outcomes(made, "faithfulness") == {"undefined": 1}
    assert not made.records[0].scores


def test_an_evasive_answer_has_no_relevancy() -> None:
    record = replace(case(), text="That depends.")
    with serve(JUDGING) as server:
        made = judged([record], options(server, metrics=("answer_relevancy",)))
    assert made.records[0].scores == {"answer_relevancy": 0.0}
    assert made.records[0].claims[0].verdict == 0


@pytest.mark.parametrize(
    "said",
    [
        '{"classifications": [{"statement": "A term',
        "I think that most of it is supported.",
        '{"verdicts": ["yes", "no"]}',
        '{"classifications": [{"statement": "A", "reason": "", "attributed": 7}]}',
        "",
    ],
    ids=["broken JSON", "prose", "another schema", "a verdict off the scale", "nothing"],
)
def test_malformed_output_costs_its_verdict_and_no_other(said: str) -> None:
    with serve(Script(Sometimes("ContextRecallOutput", said))) as server:
        made = judged([case()], options(server))
    assert outcomes(made, "context_recall") == {"failed": 1}
    assert made.summary["failures"] == {"malformed": 1}
    assert set(made.records[0].scores) == set(METRICS) - {"context_recall"}
    assert not made.gone


def test_the_judge_is_told_once_what_was_wrong_with_its_json() -> None:
    with serve(Script("no JSON"), JUDGING) as server:
        made = judged([case()], options(server, metrics=("context_recall",)))
        assert len(server.requests) == 2
        assert len(server.requests[1].messages) > len(server.requests[0].messages)
    assert made.records[0].scores == {"context_recall": 0.5}
    assert made.spent.input_tokens == 2 * 321  # both are paid


def test_an_answer_cut_at_its_token_limit_is_no_verdict() -> None:
    with serve(replace(JUDGING, finish="length")) as server:
        made = judged([case()], options(server, metrics=("context_recall",)))
    assert made.summary["failures"] == {"cut": 1}


def test_a_slow_verdict_fails_and_the_next_one_is_asked() -> None:
    slow = replace(JUDGING, first_wait_s=30)
    with serve(slow, JUDGING) as server:
        made = judged(
            [case("a"), case("b")], options(server, metrics=("context_recall",), timeout_s=0.5)
        )
    assert outcomes(made, "context_recall") == {"scored": 1, "failed": 1}
    assert made.summary["failures"] == {"slow": 1}
    assert "took longer than FOOTNOTE_JUDGE_TIMEOUT_S" in " ".join(made.notes)


@pytest.mark.parametrize("trouble", [rate_limited(0.01), rate_limited(), BROKEN], ids=repr)
def test_a_server_without_capacity_is_asked_again(trouble: Script) -> None:
    with serve(trouble, trouble, JUDGING) as server:
        made = judged([case()], options(server, metrics=("context_recall",)))
        assert len(server.requests) == 3
    assert made.records[0].scores == {"context_recall": 0.5}


def test_a_server_that_keeps_failing_is_left_alone_and_what_was_judged_is_kept() -> None:
    records = [case(f"case {i}") for i in range(20)]
    with serve(*[JUDGING] * 3, BROKEN) as server:
        made = judged(records, options(server, metrics=("context_recall",), attempts=2))
        assert len(server.requests) == 3 + 5 * 2  # five verdicts in a row, tried twice each
    assert outcomes(made, "context_recall") == {"scored": 3, "failed": 5, "missing": 12}
    assert [r.case.id for r in made.records if r.scores] == ["case 0", "case 1", "case 2"]
    assert "12 verdicts are missing" in made.notes[-1]
    assert made.gone


def test_a_connection_that_breaks_off_is_tried_again_and_then_given_up() -> None:
    gone = replace(JUDGING, drop_after=0)
    with serve(JUDGING, gone, JUDGING) as server:
        made = judged([case("a"), case("b")], options(server, metrics=("context_recall",)))
    assert outcomes(made, "context_recall") == {"scored": 2}
    with serve(JUDGING, gone) as server:
        made = judged(
            [case(str(i)) for i in range(9)],
            options(server, metrics=("context_recall",), attempts=1),
        )
    assert outcomes(made, "context_recall") == {"scored": 1, "failed": 5, "missing": 3}
    assert made.summary["failures"] == {"unreachable": 5}


@pytest.mark.parametrize("status", [401, 404])
def test_a_wrong_key_or_model_ends_the_run_at_once(status: int) -> None:
    with serve(Script(status=status)) as server:
        with pytest.raises(JudgeAway, match="gave no verdict"):
            judged([case("a"), case("b")], options(server))
        assert len(server.requests) == 1


def test_a_judge_that_is_away_is_said_before_anything_is_asked() -> None:
    with serve(JUDGING) as server:
        check(options(server))
        assert not server.requests  # the check costs no tokens
        chosen = options(server)
    with pytest.raises(JudgeAway, match="can't be reached"):
        check(chosen)


def test_the_key_of_another_provider_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    from app.settings import Settings
    from evals.judging.options import judge_options

    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    with serve(JUDGING) as server:
        settings = Settings(
            _env_file=None, judge_model="openai:scripted", judge_base_url=server.base_url
        )
        chosen = replace(judge_options(settings, cached=False), metrics=("context_recall",))
        judged([case()], chosen)
        own = replace(chosen, api_key=SecretStr("sk-own"))
        judged([case()], own)
    assert [shown.headers["authorization"] for shown in server.requests] == [
        "Bearer none",
        "Bearer sk-own",
    ]


def test_a_second_run_asks_nothing_and_says_the_same(tmp_path: Path) -> None:
    with serve(JUDGING) as server:
        chosen = options(server, cache=tmp_path / "verdicts.sqlite", rubric=load_rubric())
        first = judged([case()], chosen)
        asked = len(server.requests)
        second = judged([case()], chosen)
        assert len(server.requests) == asked > 0
        assert second.spent.calls == 0
        assert second.records == first.records
        assert second.summary == first.summary
        judged([case()], replace(chosen, cache=None))
        assert len(server.requests) == 2 * asked


def test_another_answer_model_or_criterion_is_judged_anew(tmp_path: Path) -> None:
    with serve(JUDGING) as server:
        chosen = options(server, cache=tmp_path / "v.sqlite", metrics=("faithfulness",))
        judged([case()], chosen)
        asked = len(server.requests)
        judged([replace(case(), text=ANSWER + " Lunch is at noon.")], chosen)
        assert len(server.requests) == asked + 2
        judged([case()], replace(chosen, model="another"))
        assert len(server.requests) == asked + 4


def test_a_failed_verdict_is_not_kept(tmp_path: Path) -> None:
    with serve(Script("no JSON")) as server:
        chosen = options(server, cache=tmp_path / "v.sqlite", metrics=("context_recall",))
        assert outcomes(judged([case()], chosen), "context_recall") == {"failed": 1}
        server.script(JUDGING)
        assert outcomes(judged([case()], chosen), "context_recall") == {"scored": 1}


def test_criteria_are_asked_one_by_one_of_what_they_apply_to() -> None:
    rubric = load_rubric()
    refusal = replace(case("refused"), state=AnswerState.NOT_FOUND, text="", closest=("a.md",))
    with serve(JUDGING) as server:
        made = judged([case(), refusal], options(server, metrics=(), rubric=rubric))
    answered, refused = made.records
    assert set(answered.scores) == {
        one.score_id for one in rubric.criteria if one.applies(refused=False)
    }
    assert set(refused.scores) == {
        one.score_id for one in rubric.criteria if one.applies(refused=True)
    }
    assert answered.scores["rubric.plain-tone"] == 3.0
    assert answered.claims[0].about == "criterion"
    assert answered.claims[0].reason == "as good as it gets"
    asked = [shown.user for shown in server.requests if wanted(shown) == "Points"]
    assert '"nearest_documents": [\n        "a.md"\n    ]' in asked[-1]


def test_points_off_the_scale_are_no_verdict() -> None:
    script = Script(Sometimes("Points", json.dumps({"reason": "wow", "points": 10})))
    with serve(script) as server:
        made = judged([case()], options(server, metrics=(), rubric=load_rubric()))
    assert not made.records[0].scores
    assert set(made.summary["failures"]) == {"malformed"}


def test_a_limit_draws_the_same_cases_with_the_same_seed() -> None:
    records = [case(str(i)) for i in range(10)]
    with serve(JUDGING) as server:
        chosen = options(server, metrics=("context_recall",), limit=3, parallel=4)
        first, second = judged(records, chosen), judged(records, chosen)
    drawn = [r.case.id for r in first.records if r.scores]
    assert len(drawn) == 3
    assert drawn == [r.case.id for r in second.records if r.scores]
    assert first.summary["cases"] == 3


def test_who_judged_stands_in_the_run() -> None:
    with serve(JUDGING) as server:
        made = judged([case()], options(server))
    result = with_judgement(RunResult("made", (case(),), 1.0, {"seed": 0}), made)
    assert result.environment["seed"] == 0
    assert result.environment["judge"] == "openai:scripted"
    assert result.environment["judged_faithfulness"] == "1 scored"
    assert result.environment["judge_failures"] == "none"
    assert result.environment["judge_input_tokens"] == 13 * 321
    assert made.summary["tokens"] == {"input": 13 * 321, "output": 13 * 45}


def test_nothing_but_the_judge_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    asked: list[str] = []
    lookup = socket.getaddrinfo

    def noted(host: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(str(host))
        return lookup(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    with serve(JUDGING) as server:
        judged([case()], options(server, rubric=load_rubric()))
    assert set(asked) <= {"127.0.0.1"}
    from ragas import _analytics

    assert _analytics.do_not_track()
    assert _analytics.get_userid().startswith("anonymous-")  # made up, and kept nowhere
