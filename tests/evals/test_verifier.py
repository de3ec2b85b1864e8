"""The verifier, measured on sentences made from questions with their documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from app.ask.checking.checker import SupportChecker, load_model
from app.errors import BadRequest, NotFound
from app.knowledge.model_holder import ModelHolder
from evals.commands import verifier as verifier_command
from evals.datasets import load
from evals.verifying import verifier, verifier_fit
from evals.verifying.verifier_set import CORRUPTED, SUPPORTED, CitedPassage, Example, make

if TYPE_CHECKING:
    from app.knowledge.ports import Embedder

TOWNS = {
    "Aldor": ("1901", "Maria Silva", "12,000", "granite", "Olaf Brink"),
    "Brenn": ("1913", "Henrik Dahl", "8,500", "timber", "Rosa Lima"),
    "Corvin": ("1927", "Joana Reis", "31,000", "copper", "Erik Stahl"),
    "Delmar": ("1934", "Anna Berg", "2,400", "wool", "Nora Quint"),
    "Estra": ("1946", "Tomas Falk", "19,700", "glass", "Peter Holm"),
    "Fallow": ("1958", "Ingrid Moe", "5,300", "paper", "Ada Ferro"),
    "Garrick": ("1962", "Paulo Nunes", "44,000", "steel", "Jonas Wirth"),
    "Hollin": ("1971", "Clara Voss", "7,100", "salt", "Mia Sand"),
}


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight invented towns in the `folder` layout, two passages each."""
    path = tmp_path_factory.mktemp("towns")
    (path / "corpus").mkdir()
    rows = []
    for name, (year, mayor, people, goods, mason) in TOWNS.items():
        first = (
            f"The railway station of {name} was opened in {year} by the mayor {mayor}. "
            f"About {people} people were living in the town at that time. "
            f"The northern platform is not used before 6 May of each year, and trains longer than "
            f"40 meters must wait outside. The clock in its hall is a gift of the painter {mason}."
        )
        second = (
            f"The main export of the valley is {goods}, which is sold at the market of {name}. "
            f"The market hall has 14 gates and is closed in winter. "
            f"It was paid by the guild of merchants."
        )
        text = f"# {name}\n\n## Station\n\n{first}\n\n## Trade\n\n{second}\n"
        (path / "corpus" / f"{name.lower()}.md").write_text(text)
        for number, (question, answer, gold) in enumerate(
            (
                (f"When was the railway station of {name} opened?", year, first),
                (f"What is the main export of the valley of {name}?", goods, second),
            )
        ):
            rows.append(
                {
                    "id": f"{name}-{number}",
                    "question": question,
                    "answerable": True,
                    "document": f"{name.lower()}.md",
                    "passage": gold,
                    "answers": [answer],
                }
            )
    (path / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def made(towns: Path, embedder: Embedder) -> list[Example]:
    return verifier.examples(load("folder", towns), embedder, 100, seed=1, per_kind=40)


@pytest.fixture(scope="module")
def checker(embedder: Embedder) -> SupportChecker:
    return SupportChecker(ModelHolder(lambda: embedder, "search model"))


def test_every_kind_of_sentence_is_made(made: list[Example]) -> None:
    assert {example.kind for example in made} == {*SUPPORTED, *CORRUPTED}
    assert all(example.supported == (example.kind in SUPPORTED) for example in made)
    assert all(example.basis in SUPPORTED for example in made)


def test_the_same_seed_makes_the_same_sentences(
    towns: Path, embedder: Embedder, made: list[Example]
) -> None:
    dataset = load("folder", towns)
    assert verifier.examples(dataset, embedder, 100, seed=1, per_kind=40) == made
    assert verifier.examples(dataset, embedder, 100, seed=2, per_kind=40) != made


def test_a_sentence_as_it_stands_stands_in_what_it_cites(made: list[Example]) -> None:
    verbatim = [example for example in made if example.kind == "as it stands"]
    assert verbatim
    assert all(example.sentence in example.cited[0].text for example in verbatim)


def test_what_is_uncited_stands_in_another_passage_of_the_document(made: list[Example]) -> None:
    uncited = [example for example in made if example.kind == "uncited"]
    assert uncited
    for example in uncited:
        assert all(example.sentence not in passage.text for passage in example.cited)


def test_a_changed_sentence_differs_from_all_supported_ones(made: list[Example]) -> None:
    supported = {example.sentence for example in made if example.supported}
    changed = {e.sentence for e in made if not e.supported and e.kind != "uncited"}
    assert changed
    assert not supported & changed


def test_no_more_than_asked_for_are_made(towns: Path, embedder: Embedder) -> None:
    few = verifier.examples(load("folder", towns), embedder, 100, per_kind=3)
    for kind in (*SUPPORTED, *CORRUPTED):
        assert sum(example.kind == kind for example in few) <= 3


def test_questions_about_nothing_in_the_documents_make_nothing(towns: Path) -> None:
    elsewhere = [CitedPassage("other.md", "Other", (), "Nothing of it stands here at all.")]
    assert make(load("folder", towns), elsewhere) == []


def test_figures_are_told_by_kind(made: list[Example], checker: SupportChecker) -> None:
    report = verifier.summarize("towns", verifier.check(made, checker))
    assert report.supported == sum(example.supported for example in made)
    assert report.corrupted == len(made) - report.supported
    assert [kind.kind for kind in report.kinds] == [*SUPPORTED, *CORRUPTED]
    assert sum(kind.n for kind in report.kinds) == len(made)
    assert report.auroc is not None
    assert report.interval is not None
    assert report.interval[0] <= report.auroc <= report.interval[1]
    by_kind = {kind.kind: kind for kind in report.kinds}
    assert by_kind["as it stands"].flagged == 0
    for kind in ("number", "date", "unit", "entity", "negation"):
        assert by_kind[kind].flagged >= 0.9, by_kind[kind]
    assert report.auroc >= 0.9


def test_a_fit_gives_a_model_that_can_be_read_again(
    made: list[Example], checker: SupportChecker, embedder: Embedder, tmp_path: Path
) -> None:
    model = verifier_fit.fit(made, checker)
    refitted = SupportChecker(ModelHolder(lambda: embedder, "search model"), model)
    report = verifier.summarize("towns", verifier.check(made, refitted))
    file = tmp_path / "support.json"
    file.write_text(verifier_fit.to_file(model, ["towns"], [report]))
    assert load_model(file) == model
    written = json.loads(file.read_text())
    assert (written["fitted_on"], written["reported_on"]) == (["towns"], [])
    assert written["figures"]["towns"]["supported"] == report.supported
    assert report.auroc is not None
    assert report.auroc >= 0.9
    assert all(model.coefficients.get(name, 0.0) <= 0 for name in ("negation", "value_missing"))
    assert all(model.coefficients.get(name, 0.0) >= 0 for name in ("meaning", "focus", "weakest"))


@pytest.mark.slow
def test_the_command_prints_a_table_and_writes_json(towns: Path, tmp_path: Path) -> None:
    console = Console(width=100, record=True)
    options = verifier_command.VerifierOptions(
        paths=(towns,), tests=(), per_kind=12, seed=0, json_file=tmp_path / "r.json", fit=None
    )
    [report] = verifier_command.run(options, console)
    shown = console.export_text()
    assert f"Verifier on {towns.name}" in shown
    assert "wrong: negation" in shown
    assert "AUROC" in shown
    [written] = json.loads((tmp_path / "r.json").read_text())
    assert written["auroc"] == report.auroc
    assert len(written["kinds"]) == len(report.kinds)


def test_a_path_that_does_not_exist_is_said(tmp_path: Path) -> None:
    options = verifier_command.VerifierOptions((tmp_path / "none",), (), 10, 0, None, None)
    with pytest.raises(NotFound, match="doesn't exist"):
        verifier_command.run(options, Console(quiet=True))


@pytest.mark.slow
def test_too_few_questions_are_said(towns: Path, tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    text = (towns / "corpus" / "aldor.md").read_text()
    (tmp_path / "corpus" / "aldor.md").write_text(text)
    line = (towns / "questions.jsonl").read_text().splitlines()[0]
    (tmp_path / "questions.jsonl").write_text(line + "\n")
    options = verifier_command.VerifierOptions((tmp_path,), (), 10, 0, None, None)
    with pytest.raises(BadRequest, match="supported and"):
        verifier_command.run(options, Console(quiet=True))
