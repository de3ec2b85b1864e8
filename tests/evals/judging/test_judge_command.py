"""`footnote eval judge`: a saved run, a scripted judge, the report. No word on quality."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from app.bootstrap import Services
from app.domain import AnswerState
from app.errors import BadRequest, SettingsError
from app.insights.evals.rubric import load_rubric
from app.insights.evals.run_file import read_run_file
from app.settings import Settings
from evals.cli import app
from evals.commands.judge import JudgeChoice, prepared, saved
from evals.commands.judge_run import JudgeRunOptions, run
from evals.judging.cache import Verdict, VerdictCache
from evals.judging.errors import JudgeAway
from evals.judging.options import JudgeOptions, judge_options, writer_options
from evals.running.records import CaseRecord, to_line
from tests.evals.judging.scripted_judge import EXPECTED, JUDGING, case
from tests.fakes.openai_server import OpenAIServer, serve

pytestmark = pytest.mark.slow  # Ragas and the search model take seconds

RECORDS = (case("a"), replace(case("b"), state=AnswerState.NOT_FOUND, text=""))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[OpenAIServer]:
    """A scripted judge that the settings name."""
    with serve(JUDGING) as made:
        monkeypatch.setenv("FOOTNOTE_JUDGE_MODEL", "openai:scripted")
        monkeypatch.setenv("FOOTNOTE_JUDGE_BASE_URL", made.base_url)
        monkeypatch.setenv("FOOTNOTE_DATA_DIR", str(tmp_path / "data"))
        monkeypatch.setenv("FOOTNOTE_EMBEDDING_PRECISION", "float32")
        yield made


def save(path: Path, records: Sequence[CaseRecord] = RECORDS) -> Path:
    lines = [json.dumps({"run": {"dataset": "made"}}), *map(to_line, records)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def written(console: Console) -> str:
    return " ".join(console.export_text().split())


def test_a_saved_run_is_judged_and_reported_and_again_for_nothing(
    server: OpenAIServer, tmp_path: Path
) -> None:
    options = JudgeRunOptions(
        save(tmp_path / "run.jsonl"), JudgeChoice(), json_file=tmp_path / "report.json"
    )
    console = Console(record=True, width=200)
    run(options, console)
    said = written(console)
    assert "Judging 2 cases with openai:scripted: about" in said
    assert "at an unknown price" in said
    assert "openai:scripted answered" in said
    report = read_run_file(tmp_path / "report.json")
    first, second = report.rows
    for metric, score in EXPECTED.items():
        assert first.scores[metric] == pytest.approx(score, abs=1e-4)
    assert {claim.metric for claim in first.claims} > set(EXPECTED)
    assert "faithfulness" not in second.scores
    assert second.scores["rubric.useful-next-step"] == 3
    assert report.figures["faithfulness"].n == 1
    assert report.environment["judge"] == "openai:scripted"
    assert report.environment["judged_faithfulness"] == "1 scored, 1 abstained"

    asked = len(server.requests)
    console = Console(record=True, width=200)
    run(replace(options, json_file=tmp_path / "again.json"), console)
    assert len(server.requests) == asked
    assert "Every verdict on 2 cases is in the cache" in written(console)
    again = read_run_file(tmp_path / "again.json")
    assert again.rows == report.rows
    assert again.environment == report.environment
    assert again.notes == report.notes


def test_the_estimate_asks_nobody_and_counts_what_will_be_asked(
    server: OpenAIServer, tmp_path: Path
) -> None:
    console = Console(record=True, width=200)
    path = save(tmp_path / "run.jsonl")
    assert run(JudgeRunOptions(path, JudgeChoice(), estimate=True), console) is None
    assert not server.requests
    options = JudgeRunOptions(path, JudgeChoice(), keep=False)
    run(options, Console(quiet=True))
    assert f"about {len(server.requests)} requests" in written(console)


def test_the_price_is_estimated_where_the_table_knows_it(tmp_path: Path) -> None:
    from app.ask.writing.price_file import PriceFile
    from evals.judging.estimate import cost, estimate

    options = JudgeOptions("gpt-4o-mini", rubric=load_rubric())
    guess = asyncio.run(estimate(RECORDS, options))
    usd = cost(options, guess.input_tokens, guess.output_tokens, PriceFile())
    assert usd is not None
    per_million = (guess.input_tokens * 0.15 + guess.output_tokens * 0.60) / 1_000_000
    assert usd.total == pytest.approx(per_million, rel=0.01)
    assert cost(replace(options, base_url="http://127.0.0.1:9/v1"), 1, 1, PriceFile()) is None


def test_the_command_line_reaches_the_judge(server: OpenAIServer, tmp_path: Path) -> None:
    path = save(tmp_path / "run.jsonl", RECORDS[:1])
    arguments = ["judge", str(path), "--no-keep", "--no-criteria", "--no-judge-cache"]
    result = CliRunner().invoke(app, [*arguments, "--json", str(tmp_path / "report.json")])
    assert result.exit_code == 0, result.output
    assert len(server.requests) == 13
    assert read_run_file(tmp_path / "report.json").figures["context_recall"].value == 0.5
    assert not (tmp_path / "data" / "evals").exists()


def test_an_eval_has_its_answers_judged(
    server: OpenAIServer, handbook: Path, measured: Services, tmp_path: Path
) -> None:
    from evals.commands.evaluate import EvalOptions, evaluate, judge_choice
    from evals.running.runner import RunOptions

    options = EvalOptions(
        dataset=("folder", handbook),
        data_dir=measured.settings.data_dir,
        ingest=False,
        run=RunOptions(baselines=False),
        json_file=tmp_path / "report.json",
        markdown_file=None,
        worst=0,
        keep=False,
        judge=judge_choice(False, "openai:scripted", 2, False),
    )
    evaluate(options, Console(quiet=True))
    report = read_run_file(tmp_path / "report.json")
    assert report.environment["judge"] == "openai:scripted"
    assert report.environment["judge_cases"] == 2
    assert sum("rubric.plain-tone" in row.scores for row in report.rows) == 2
    assert server.requests
    assert judge_choice(False, "", None, True) is None


def test_a_report_or_an_old_run_cannot_be_judged(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="keeps no passages"):
        saved(tmp_path / "report.json")
    old = save(tmp_path / "old.jsonl", [replace(RECORDS[0], contexts=())])
    with pytest.raises(BadRequest, match="keeps no passages"):
        saved(old)


def test_a_judge_that_is_away_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FOOTNOTE_JUDGE_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(JudgeAway, match="can't be reached"):
        prepared(JudgeChoice("openai:any"))


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({}, "There is no judge"),
        ({"judge_model": "anthropic:claude-haiku-4-5"}, "speak OpenAI's protocol"),
        ({"judge_model": "openai:"}, "speak OpenAI's protocol"),
        ({"judge_model": "openai:gpt-5-mini"}, "There is no key"),
    ],
)
def test_a_judge_that_is_not_set_up_is_said(
    chosen: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(SettingsError, match=said):
        judge_options(Settings(_env_file=None, **chosen))  # type: ignore[arg-type]


def test_the_chat_model_writes_cases_where_there_is_no_judge() -> None:
    settings = Settings(
        _env_file=None, chat_model="openai:own", chat_base_url="http://127.0.0.1:9/v1"
    )
    assert writer_options(settings).model == "own"
    assert writer_options(settings).api_key.get_secret_value() == "none"


def test_the_cache_keeps_the_first_verdict_and_refuses_a_file_of_another_kind(
    tmp_path: Path,
) -> None:
    path = tmp_path / "new" / "verdicts.sqlite"
    with VerdictCache(path) as cache:
        assert cache.get("key") is None
        cache.put("key", Verdict("{}", 3, 4))
        cache.put("key", Verdict("[]", 0, 0))
    with VerdictCache(path) as cache:
        assert cache.get("key") == Verdict("{}", 3, 4)
    path.write_text("This is no database, and long enough to be looked at. " * 40)
    with pytest.raises(BadRequest, match="can't be used"):
        VerdictCache(path)
    with VerdictCache(None) as nothing:
        nothing.put("key", Verdict("{}", 3, 4))
        assert nothing.get("key") is None
