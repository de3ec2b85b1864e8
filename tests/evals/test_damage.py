"""Deliberate damage to the product turns a gate red; the product as it is turns none.

One index of the sample documents is made for all of this, and copied for each damage. Limits and
tolerances are those of the project's own prd/metrics.yaml, and the baseline is the committed
report: what CI would say, on a part of the golden questions.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from app.insights.evals.gate import GateReport
from app.insights.evals.gates import judge
from app.insights.evals.run_file import read_run_file
from app.insights.targets import load_targets
from app.settings import Settings
from evals.datasets import Dataset, load
from evals.reporting.as_run import as_run
from evals.reporting.report import summarize
from evals.running.ingesting import ingest_folder
from evals.running.runner import RunOptions, run

if TYPE_CHECKING:
    from app.bootstrap import Services
    from app.domain import Answer, Question
    from app.knowledge.ports import Embedder

ROOT = Path(__file__).parents[2]
CASES = ROOT / "evals" / "cases"
BASELINE = ROOT / "evals" / "reports" / "sample" / "report.json"
MANY, SOME, FEW = 120, 60, 30
"""Questions: enough that a damage is beyond chance. Of a violation, one is enough."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("damage")]


@dataclass(frozen=True)
class Bench:
    """The sample documents, an index of them, and the golden questions."""

    documents: Path
    index: Path
    dataset: Dataset
    scratch: Path

    def settings(self, data_dir: Path, **changes: Any) -> Settings:
        # Not what the baseline was made with: gates must not depend on the processor.
        fixed: dict[str, Any] = {"_env_file": None, "embedding_precision": "float32"}
        return Settings(data_dir=data_dir, **fixed, **changes)

    def damaged(
        self,
        damage: Callable[[Services], Services | None] | None = None,
        questions: int = MANY,
        **settings: Any,
    ) -> GateReport:
        """The gates of a run on a copy of the index, after ``damage`` was done to it."""
        from app.bootstrap import build_services

        data_dir = self.scratch / f"copy-{len(list(self.scratch.iterdir()))}"
        shutil.copytree(self.index, data_dir)
        services = build_services(self.settings(data_dir, **settings), record_answers=False)
        try:
            broken = (damage(services) if damage else None) or services
            options = RunOptions(limit=questions, parallel=2, baselines=False)
            made = summarize(run(broken, self.dataset, options))
        finally:
            services.close()
        quality = load_targets(ROOT / "prd").quality
        return judge(as_run(made), quality, read_run_file(BASELINE))


@pytest.fixture(scope="module")
def bench(
    tmp_path_factory: pytest.TempPathFactory, sample_files: Path, embedder: Embedder
) -> Iterator[Bench]:
    from app.bootstrap import build_services, models

    root = tmp_path_factory.mktemp("damage")
    documents = root / "documents"
    shutil.copytree(sample_files, documents)
    (root / "scratch").mkdir()
    dataset = replace(load("cases", CASES), name="sample")
    made = Bench(documents, root / "index", dataset, root / "scratch")
    with pytest.MonkeyPatch.context() as patch:
        # The same model, loaded once and not nine times.
        patch.setattr(models, "load_embedder", lambda _settings: embedder)
        services = build_services(made.settings(made.index), record_answers=False)
        ingest_folder(services, documents, "sample")
        services.close()
        yield made
    shutil.rmtree(root, ignore_errors=True)  # eight copies of an index


def red(gates: GateReport) -> set[str]:
    return {gate.metric for gate in gates.of("red")}


def test_the_product_as_it_is_turns_no_gate_red_on_another_kind_of_arithmetic(
    bench: Bench,
) -> None:
    gates = bench.damaged()
    assert red(gates) == set(), [gate.reason for gate in gates.of("red")]
    assert len(gates.of("green")) >= 15, "and not for want of anything measured"


def test_a_search_without_words_finds_too_little(bench: Bench) -> None:
    def empty(services: Services) -> None:
        index = services.library.lexical
        index.delete(index.ids())
        index.commit()

    assert {"mrr", "ndcg_at_10"} <= red(bench.damaged(empty, dense_weight=1.0))


def test_chunks_with_wrong_offsets_are_cited_where_nothing_of_the_kind_stands(
    bench: Bench,
) -> None:
    def shift(services: Services) -> None:
        with services.engine.begin() as connection:
            connection.execute(text('UPDATE passages SET start = start + 25, "end" = "end" + 25'))

    assert "violations" in red(bench.damaged(shift, FEW))


def test_a_threshold_of_nothing_answers_what_no_document_answers(bench: Bench) -> None:
    assert "true_refusal" in red(bench.damaged(questions=SOME, answer_threshold=1e-9))


def test_one_passage_read_is_too_few(bench: Bench) -> None:
    assert "read_recall" in red(bench.damaged(questions=SOME, read_passages=1))


def test_citations_swapped_within_an_answer_are_violations(bench: Bench) -> None:
    def turned(answer: Answer) -> Answer:
        moved = answer.citations[1:] + answer.citations[:1]
        numbered = (replace(one, number=number) for number, one in enumerate(moved, 1))
        return replace(answer, citations=tuple(numbered))

    gates = bench.damaged(lambda services: _answering(services, turned), FEW)
    assert "violations" in red(gates)


def test_citations_swapped_between_answers_support_nothing(bench: Bench) -> None:
    """Even where each sentence is changed along with its citation, so that the two agree."""
    held: list[Answer] = []

    def another(answer: Answer) -> Answer:
        if not answer.citations:
            return answer
        held.append(answer)
        other = held[-2] if len(held) > 1 else answer
        return replace(
            answer, text=other.text, sentences=other.sentences, citations=other.citations
        )

    gates = bench.damaged(lambda services: _answering(services, another))
    assert {"citation_precision", "document_first"} <= red(gates)


def test_an_index_of_older_documents_lacks_gold_passages(bench: Bench) -> None:
    """A tenth of the documents is not there yet, and another tenth has last year's numbers."""

    def older(services: Services) -> None:
        for place, path in enumerate(sorted(bench.documents.rglob("*.md"))):
            if place % 10 == 0:
                path.unlink()
            elif place % 10 == 5:
                path.write_text(_older(path.read_text(encoding="utf-8")), encoding="utf-8")
        report = ingest_folder(services, bench.documents, "sample")
        assert (report.removed, report.changed) == (9, 8)

    assert "gold_located" in red(bench.damaged(older, FEW))


def _older(document: str) -> str:
    """Every number is another one."""
    return re.sub(r"\d", lambda digit: str((int(digit[0]) + 3) % 10), document)


def _answering(services: Services, change: Callable[[Answer], Answer]) -> Services:
    """The services with an asker whose answers are changed on their way out."""
    inner = services.asker

    class Changed:
        async def answer(self, question: Question, session_id: str = "") -> Answer:
            return change(await inner.answer(question, session_id))

        def __getattr__(self, name: str) -> Any:
            return getattr(inner, name)

    broken: Any = Changed()
    return replace(services, asker=broken)
