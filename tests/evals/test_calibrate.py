"""`footnote eval calibrate` on made questions: what is written, what is refused, and why."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from app.ask.confidence import load_model
from app.errors import BadRequest, FootnoteError, NotFound, SettingsError
from evals.cli import app
from evals.confidence.gathering import named_apart, source
from evals.running.records import RunResult, read_run
from tests.evals.made import cases_of, record, refused, save_run

GOOD = {"near": 8.0, "far": -4.0}


@pytest.fixture(autouse=True)
def in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model in use that is unsure of everything."""
    return use(tmp_path, monkeypatch, 0.2, {"near": 1.0, "far": -0.2})


def use(
    folder: Path, monkeypatch: pytest.MonkeyPatch, intercept: float, coefficients: dict[str, float]
) -> Path:
    file = folder / f"in-use-{intercept}.json"
    data = {
        "fitted_on": ["somewhere"],
        "intercept": intercept,
        "coefficients": coefficients,
        "thresholds": {"answer": 0.3, "medium": 0.5, "high": 0.9},
    }
    file.write_text(json.dumps(data))
    monkeypatch.setenv("FOOTNOTE_CONFIDENCE_FILE", str(file))
    return file


def run(*words: str | Path) -> tuple[int, str, FootnoteError | None]:
    done = CliRunner().invoke(
        app, ["calibrate", *map(str, words)], env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"}
    )
    error = done.exception if isinstance(done.exception, FootnoteError) else None
    if done.exception is not None and not isinstance(done.exception, FootnoteError | SystemExit):
        raise done.exception
    return done.exit_code, " ".join(done.output.split()), error


@pytest.mark.slow
def test_a_better_model_is_written_and_the_product_can_read_it(tmp_path: Path) -> None:
    runs = [
        save_run(tmp_path / f"{n}.jsonl", n, cases_of(400, 0.8, GOOD, seed=i), wrong=0.05)
        for i, n in enumerate(("one", "two"))
    ]
    out = tmp_path / "new" / "confidence.json"
    code, said, _ = run("--run", runs[0], "--run", runs[1], "--out", out)
    assert code == 0, said
    assert "Recommended: on questions it has not seen, the new model is better" in said
    assert f"FOOTNOTE_CONFIDENCE_FILE={out}" in said
    model = load_model(out)
    assert model.coefficients["near"] > 5
    assert model.coefficients["far"] < -2
    assert 0 < model.answer_from <= model.medium_from <= model.high_from < 1
    data = json.loads(out.read_text())
    assert data["fitted_on"] == ["one (400 questions)", "two (400 questions)"]
    assert data["reported_on"][0] == "one (held out, one of 2 collections at a time)"
    assert data["prior"] == 0.5
    assert "50 % of questions have an answer" in data["what"]
    assert data["signs"] == {"near": 1, "far": -1}
    figures = data["figures"]["one"]
    assert figures["answerable"] + figures["unanswerable"] == 400
    assert figures["auroc"] > 0.8
    assert figures["auroc_interval"][0] < figures["auroc"] < figures["auroc_interval"][1]
    assert figures["refused_answerable"] <= 0.05
    assert figures["refused_unanswerable"] > 0.3
    assert figures["ece_at_own_share"] < figures["ece"], "the rest was another mix of questions"
    assert data["levels"]["high"] == "right 9 times in 10"
    assert figures["right"]["high"]["share"] > 0.85


@pytest.mark.slow
def test_a_model_that_is_not_better_is_not_written_unless_forced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(tmp_path, monkeypatch, 0.8, GOOD)  # the very model that the questions come from
    file = save_run(tmp_path / "run.jsonl", "made", cases_of(500, 0.8, GOOD))
    out = tmp_path / "confidence.json"
    out.write_text("as it was")
    code, said, _ = run("--run", file, "--out", out, "--weights", "as-is")
    assert code == 1
    assert "Not recommended" in said
    assert "was not written; --force" in said
    assert out.read_text() == "as it was"
    code, said, _ = run("--run", file, "--out", out, "--weights", "as-is", "--force")
    assert code == 0
    assert "Not recommended" in said
    assert load_model(out).coefficients["near"] == pytest.approx(8.0, rel=0.3)


def test_too_few_questions_are_refused_with_the_number_needed(tmp_path: Path) -> None:
    labels = np.asarray([1.0] * 80 + [0.0] * 12)
    file = save_run(tmp_path / "run.jsonl", "made", cases_of(92, 0, GOOD, answerable=labels))
    _, _, error = run("--run", file, "--out", tmp_path / "c.json")
    assert isinstance(error, BadRequest)
    assert "80 answerable and 12 unanswerable" in error.detail
    assert "At least 30 of each" in error.action
    assert "20 of each to fit its 2 signals" in error.action
    assert not (tmp_path / "c.json").exists()


@pytest.mark.slow
def test_with_few_questions_only_the_scale_of_the_model_in_use_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"s{i}" for i in range(6)]
    use(tmp_path, monkeypatch, 4.0, dict.fromkeys(names, 1.0))
    cases = cases_of(110, 0.0, dict.fromkeys(names, 1.5))
    assert 30 <= cases.fewest < 60
    file = save_run(tmp_path / "run.jsonl", "made", cases)
    out = tmp_path / "c.json"
    _, said, _ = run("--run", file, "--out", out)
    assert "was rescaled (too few questions to fit its signals)" in said
    coefficients = json.loads(out.read_text())["coefficients"]
    assert len(set(coefficients.values())) == 1, "as they were to each other"
    _, said, _ = run("--run", file, "--out", out, "--fit", "signals", "--force")
    assert "signals were fitted" in said


@pytest.mark.slow
def test_a_collection_to_test_on_is_reported_and_not_fitted_on(tmp_path: Path) -> None:
    fitted = save_run(tmp_path / "a.jsonl", "a", cases_of(400, 0.8, GOOD))
    other = save_run(tmp_path / "b.jsonl", "b", cases_of(300, 0.8, {"near": 2.0, "far": 6.0}))
    alone, both = tmp_path / "alone.json", tmp_path / "both.json"
    run("--run", fitted, "--out", alone, "--force")
    run("--run", fitted, "--test-run", other, "--out", both, "--force")
    one, two = json.loads(alone.read_text()), json.loads(both.read_text())
    assert one["coefficients"] == two["coefficients"]
    assert two["fitted_on"] == ["a (400 questions)"]
    assert two["reported_on"][1] == "b (not fitted on)"
    assert set(two["figures"]) == {"a", "b"}
    assert two["figures"]["b"]["auroc"] < two["figures"]["a"]["auroc"]


@pytest.mark.slow
def test_what_a_fit_gains_on_one_collection_it_may_lose_on_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {"near": 8.0, "far": 4.0}
    use(tmp_path, monkeypatch, 0.8, other)
    fitted = save_run(tmp_path / "a.jsonl", "a", cases_of(150, 0.8, GOOD))
    test = save_run(tmp_path / "b.jsonl", "b", cases_of(900, 0.8, other))
    assert run("--run", fitted, "--out", tmp_path / "c.json")[0] == 0
    code, said, _ = run("--run", fitted, "--test-run", test, "--out", tmp_path / "d.json")
    assert code == 1
    assert "Not recommended" in said


@pytest.mark.slow
def test_pictures_and_tables_are_written_for_every_collection(tmp_path: Path) -> None:
    runs = [save_run(tmp_path / f"{n}.jsonl", n, cases_of(200, 0.8, GOOD)) for n in ("one", "two")]
    folder = tmp_path / "charts"
    run("--run", runs[0], "--run", runs[1], "--out", tmp_path / "c.json", "--charts", folder)
    text = (folder / "calibration.md").read_text()
    assert "](reliability.svg)" in text
    assert "](risk-coverage.svg)" in text
    assert "| one, in use |" in text
    assert "| near | 1.000 |" in text
    for name in ("reliability.svg", "risk-coverage.svg"):
        picture = (folder / name).read_text()
        assert ">one<" in picture
        assert ">two<" in picture


def test_answers_without_signals_cannot_be_fitted_on(tmp_path: Path) -> None:
    file = save_run(tmp_path / "run.jsonl", "old", cases_of(5, 0, GOOD))
    lines = file.read_text().splitlines()
    bare = [json.loads(line) | {"signals": {}} for line in lines[1:]]
    file.write_text("\n".join([lines[0], *map(json.dumps, bare)]))
    _, _, error = run("--run", file, "--out", tmp_path / "c.json")
    assert error is not None
    assert "carry no signals" in error.detail
    other = save_run(tmp_path / "b.jsonl", "b", cases_of(5, 0, {"near": 1.0}))
    _, _, error = run("--run", other, "--out", tmp_path / "c.json")
    assert error is not None
    assert "lack the signal “far”" in error.detail


def test_what_is_not_there_or_not_a_run_is_said_in_a_sentence(tmp_path: Path) -> None:
    out = tmp_path / "c.json"
    assert isinstance(run("--run", tmp_path / "none.jsonl", "--out", out)[2], NotFound)
    half = save_run(tmp_path / "half.jsonl", "half", cases_of(3, 0, GOOD))
    half.write_text(half.read_text()[:-40])
    error = run("--run", half, "--out", out)[2]
    assert error is not None
    assert "doesn't hold a whole run" in error.detail
    error = run("--out", out)[2]
    assert error is not None
    assert "--cases FILE" in error.action
    error = run("--dataset", "questions.jsonl", "--out", out)[2]
    assert error is not None
    assert "LAYOUT:PATH" in error.action


def test_a_broken_model_in_use_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"intercept": 1}')
    monkeypatch.setenv("FOOTNOTE_CONFIDENCE_FILE", str(broken))
    file = save_run(tmp_path / "run.jsonl", "made", cases_of(5, 0, GOOD))
    error = run("--run", file, "--out", tmp_path / "c.json")[2]
    assert isinstance(error, SettingsError)
    assert "FOOTNOTE_CONFIDENCE_FILE" in error.action


def test_runs_of_the_same_name_are_told_apart() -> None:
    runs = [RunResult(name, (), 0.0) for name in ("a", "b", "a", "a")]
    assert [result.dataset for result in named_apart(runs)] == ["a", "b", "a (2)", "a (3)"]


def test_a_saved_run_is_read_as_it_was(tmp_path: Path) -> None:
    file = save_run(tmp_path / "run.jsonl", "made", cases_of(4, 0, GOOD))
    result = read_run(file)
    assert result.dataset == "made"
    assert [r.case.id for r in result.records] == ["q0", "q1", "q2", "q3"]
    assert set(result.records[0].signals) == {"near", "far"}
    assert result.records[0].found
    assert not refused(signals={"near": 0.0}, probability=0.0).found
    assert not record().found, "a record without signals"


def test_a_source_is_a_layout_and_a_path() -> None:
    where = source("folder:C:/data/x")
    assert (where.layout, str(where.path)) == ("folder", "C:/data/x")


@pytest.mark.slow
def test_questions_are_asked_without_refusing_any_and_fitted_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FOOTNOTE_CONFIDENCE_FILE")
    towns = [a + b for a in ("Ald", "Bor", "Cor", "Dun", "Els", "Fen") for b in
             ("ham", "ton", "wick", "stead", "ford", "bury")]  # fmt: skip
    questions = tmp_path / "towns"
    (questions / "corpus").mkdir(parents=True)
    rows = []
    for i, town in enumerate(towns):
        text = f"# {town}\n\nThe mayor of {town} is Person{i}. The bridge is {i + 20} m long.\n"
        (questions / "corpus" / f"{town}.md").write_text(text)
        rows.append(
            {
                "id": f"a{i}",
                "question": f"Who is the mayor of {town}?",
                "answerable": True,
                "document": f"{town}.md",
                "passage": f"The mayor of {town} is Person{i}.",
                "answers": [f"Person{i}"],
            }
        )
        rows.append(
            {
                "id": f"u{i}",
                "question": f"What does the {town[::-1]} turbine cost to insure?",
                "answerable": False,
            }
        )
    (questions / "questions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    options = ("--dataset", f"folder:{questions}", "--data-dir", str(tmp_path / "data"))
    kept, out = tmp_path / "kept", tmp_path / "c.json"
    code, said, _ = run(*options, "--records", kept, "--out", out, "--force")
    assert code == 0, said
    records = read_run(kept / "towns.jsonl").records
    assert len(records) == 72
    assert all(r.signals for r in records)
    assert not any(r.refused for r in records), "also those that the shipped threshold refuses"
    figures = json.loads(out.read_text())["figures"]["towns"]
    assert figures["auroc"] > 0.9
    # The same records again, and only rescaled, as for few questions.
    code, said, _ = run("--run", kept / "towns.jsonl", "--out", out, "--fit", "scale", "--force")
    assert code == 0, said
