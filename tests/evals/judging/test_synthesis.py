"""Synthetic cases, end to end against a scripted model: their form, never their quality."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from app.errors import BadRequest
from evals.commands.synthesize import SynthesizeOptions, synthesize
from evals.datasets import load_cases
from evals.judging.errors import JudgeAway
from tests.evals.judging.scripted_judge import given, wanted
from tests.fakes.openai_server import OpenAIServer, Script, Shown, serve

pytestmark = pytest.mark.slow  # Ragas and the search model take seconds

ABOUT = "The rule is the same in every office. It was agreed with the works council in 2024. "
TEXTS = {
    "leave": "# Leave\n\nEverybody has 25 days of leave. Unused days lapse in March. " + ABOUT * 2,
    "travel": "# Travel\n\nTrains are booked 14 days ahead. Porto costs 120 euros. " + ABOUT * 2,
    "radio": "# Radio\n\nThe radio listens on channel 16. A charge takes four hours. " + ABOUT * 2,
}


def writing(shown: Shown) -> str:
    """Things named and questions asked, from the words of the prompt."""
    asked = given(shown)
    if wanted(shown) == "NEROutput":
        own = asked["text"].split("\n")[0].split(" ")[0]
        return json.dumps({"entities": [own, f"{own} rule", "works council", "office"]})
    context = asked["context"] if isinstance(asked["context"], str) else " ".join(asked["context"])
    about = asked.get("term") or " and ".join(asked["themes"])
    first = context.split("\n\n")[1].split(".")[0]
    return json.dumps({"query": f"What is said of {about} where {first}?", "answer": f"{first}."})


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with three documents. Read only."""
    from app.bootstrap import build_services
    from app.settings import Settings
    from evals.running.ingesting import ingest_folder

    base = tmp_path_factory.mktemp("library")
    for name, text in TEXTS.items():
        (base / "documents" / "people").mkdir(parents=True, exist_ok=True)
        (base / "documents" / "people" / f"{name}.md").write_text(text)
    settings = Settings(_env_file=None, data_dir=base / "data", embedding_precision="float32")
    services = build_services(settings, record_answers=False)
    ingest_folder(services, base / "documents", "made")
    services.close()
    return base / "data"


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    """A scripted model that the settings name as the judge."""
    with serve(Script(writing)) as server:
        monkeypatch.setenv("FOOTNOTE_JUDGE_MODEL", "openai:scripted")
        monkeypatch.setenv("FOOTNOTE_JUDGE_BASE_URL", server.base_url)
        monkeypatch.setenv("FOOTNOTE_EMBEDDING_PRECISION", "float32")
        yield server


def made(library: Path, out: Path, **changes: Any) -> tuple[list[dict[str, Any]], str]:
    console = Console(record=True, width=300, quiet=False, file=(out.parent / "log").open("w"))
    chosen: dict[str, Any] = {"count": 3, "out": out, "data_dir": library, "parallel": 2} | changes
    return synthesize(SynthesizeOptions(**chosen), console), console.export_text()


def test_cases_are_marked_and_name_their_passage(
    library: Path, model: OpenAIServer, tmp_path: Path
) -> None:
    out = tmp_path / "cases" / "synthetic.jsonl"
    out.parent.mkdir()
    written, said = made(library, out)
    assert not load_cases(out).cases  # nobody has read them yet
    cases = load_cases(out, unreviewed=True).cases
    assert len(cases) == len(written) == 3
    for case in cases:
        assert case.made.startswith("ragas 0.")
        assert case.made.endswith("with openai:scripted")
        assert not case.reviewed
        assert not case.counts
        assert case.reference
        assert case.phrasing
        assert "synthetic" in case.tags
        name = case.gold[0].document.removeprefix("people/").removesuffix(".md")
        assert case.gold[0].passage.strip()[:20] in TEXTS[name]
    assert [len(case.gold) for case in cases] == [2, 1, 1]
    assert "multi-passage" in cases[0].tags
    assert "None of them counts yet" in said
    assert model.requests


def test_what_was_asked_before_is_left_out(
    library: Path, model: OpenAIServer, tmp_path: Path
) -> None:
    out = tmp_path / "synthetic.jsonl"
    first, _ = made(library, out)
    before = out.read_bytes()
    beside = tmp_path / "other.jsonl"
    out.rename(beside)
    again, _ = made(library, out)
    assert not {case["question"] for case in again} & {case["question"] for case in first}
    assert beside.read_bytes() == before


def test_a_model_that_fails_now_and_then_costs_some_cases(
    library: Path, model: OpenAIServer, tmp_path: Path
) -> None:
    count = 0

    def flaky(shown: Shown) -> str:
        nonlocal count
        if wanted(shown) == "NEROutput":
            return writing(shown)
        count += 1
        return writing(shown) if count == 1 else "Sorry, I can't."

    model.script(Script(flaky))
    written, said = made(library, tmp_path / "synthetic.jsonl")
    assert len(written) == 1
    assert "questions failed" in said
    assert "0 questions failed" not in said


def test_a_model_that_names_nothing_is_said_to(
    library: Path, model: OpenAIServer, tmp_path: Path
) -> None:
    model.script(Script("no JSON"))
    with pytest.raises(JudgeAway, match="found nothing to ask about"):
        made(library, tmp_path / "synthetic.jsonl")
    assert not (tmp_path / "synthetic.jsonl").exists()


def test_a_model_that_goes_away_is_left_alone(
    library: Path, model: OpenAIServer, tmp_path: Path
) -> None:
    model.script(Script(status=401))
    with pytest.raises(JudgeAway, match="did not accept the key"):
        made(library, tmp_path / "synthetic.jsonl")
    assert len(model.requests) <= 2


def test_a_file_of_another_kind_is_refused_before_anything_is_asked(
    library: Path, model: OpenAIServer, tmp_path: Path
) -> None:
    with pytest.raises(BadRequest, match="no file of cases"):
        made(library, tmp_path / "synthetic.csv")
    assert not model.requests


def test_a_collection_without_passages_is_said_to_have_none(
    library: Path, model: OpenAIServer, tmp_path: Path
) -> None:
    with pytest.raises(BadRequest, match="no passage"):
        made(library, tmp_path / "synthetic.jsonl", collections=("elsewhere",))
    assert not model.requests
