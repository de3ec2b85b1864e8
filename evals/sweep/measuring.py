"""Asks the questions once for every point, over one loaded model and one index where they share it.

A point leaves a report of a run (`app.insights.evals.run_file`) without texts, slices and curves,
as ``points/<point>.<split>.json``: `footnote eval compare` reads it as any other. One that is there
already, of the same questions, documents, settings and release, is not asked again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from app.ask.searching import TracedSearch
from app.bootstrap import Services, build_services, models
from app.bootstrap.answering import Answering, budget_of, chat_model_of
from app.errors import FootnoteError
from app.insights.evals.run_file import RunFile, read_run_file
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Reranker
from app.settings import Settings, release_name
from evals.datasets import Case, Dataset
from evals.reporting.report import summarize, to_json
from evals.running import ingesting
from evals.running.gold import GoldFinder
from evals.running.options import RunOptions, chosen
from evals.running.runner import run
from evals.sweep.plan import SWEPT, Point, settings_of

Split = Literal["dev", "holdout", "all"]
_PRECISIONS = ("float32", "bfloat16")
WARM_UP = 10
"""Questions asked before the first point, so that it is not the one that finds everything cold."""
_KEPT_OF_ROWS = (
    "id",
    "question",
    "answerable",
    "state",
    "level",
    "probability",
    "group",
    "split",
    "scores",
)


@dataclass(frozen=True, slots=True)
class Asking:
    """What every point is asked. ``data_dir``: parent of the indexes; None: the eval's own."""

    dataset: Dataset
    corpus: Path
    out: Path
    limit: int | None = None
    seed: int = 0
    data_dir: Path | None = None


@dataclass
class Bench:
    """Holds the services of the index in use; another index closes them.

    ``told`` is given a sentence for each thing done.
    """

    asking: Asking
    base: Settings
    told: Callable[[str], None] = lambda _: None
    _services: Services | None = None
    _index: tuple[tuple[str, Any], ...] | None = None
    _documents: str = ""
    _precision: dict[str, str] = field(default_factory=dict)
    _rerankers: dict[str, ModelHolder[Reranker]] = field(default_factory=dict)
    _warm: bool = False

    def measured(self, point: Point, split: Split, name: str = "") -> tuple[RunFile, float]:
        """The run of ``point``, and the seconds that it took: 0 when it was there already.

        ``name``: of its file, where it is to be measured apart from the point's own.

        Raises:
            FootnoteError: its settings cannot work, or nothing can be asked.
        """
        services = self._opened(point)
        dataset, options = self.asking.dataset, self._options(split)
        file = self.asking.out / "points" / f"{name or point.key}.{split}.json"
        mark = self._mark(services, chosen(dataset, options), split)
        if (kept := _kept(file, mark)) is not None:
            return kept, 0.0
        if not self._warm:
            run(services, dataset, replace(options, limit=WARM_UP))
            self._warm = True
        started = time.perf_counter()
        result = run(services, dataset, options)
        environment = result.environment | {"sweep": mark, "point": point.key}
        made = summarize(replace(result, environment=environment), 0, texts=False)
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(".new")
        fresh.write_text(small(to_json(made)), encoding="utf-8")
        fresh.replace(file)
        return read_run_file(file), time.perf_counter() - started

    def close(self) -> None:
        """Let go of the index."""
        if self._services is not None:
            self._services.close()
        self._services, self._index = None, None

    def _options(self, split: Split) -> RunOptions:
        return RunOptions(
            limit=self.asking.limit, seed=self.asking.seed, baselines=False, split=split
        )

    def _opened(self, point: Point) -> Services:
        own = settings_of(point, self.base)
        if self._services is None or self._index != point.index:
            self.close()
            self._services, self._index = self._index_of(point), point.index
            finder = GoldFinder(self._services.documents, self.asking.dataset.cases)
            self._documents = finder.fingerprint
        return self._with(self._services, own)

    def _index_of(self, point: Point) -> Services:
        """Services on the index of a point, made if it is not there."""
        asking = self.asking
        own = settings_of(Point(dict(point.index)), self.base)
        if asking.data_dir is None:
            folder = ingesting.cached_data_dir(asking.dataset.name, asking.corpus, own)
        else:
            name = "-".join(str(value) for _, value in point.index) or "shipped"
            folder = asking.data_dir / hashlib.blake2b(name.encode(), digest_size=4).hexdigest()
        # What one index was measured with, all are: “auto” may choose anew for each.
        precision = self._precision.get(own.embedding_model, own.embedding_precision)
        own = own.model_copy(update={"data_dir": folder, "embedding_precision": precision})
        services = build_services(own, record_answers=False)
        try:
            report = ingesting.ingest_folder(services, asking.corpus, asking.dataset.name)
            if report.added or report.changed or report.removed:
                self.told(f"index made in {report.seconds:.0f} s ({report.added} documents)")
            embedder = services.embedder.get(wait=True)
        except BaseException:
            services.close()
            raise
        chose = getattr(embedder, "precision", precision)
        self._precision[own.embedding_model] = chose if chose in _PRECISIONS else precision
        return services

    def _with(self, services: Services, own: Settings) -> Services:
        """The same library and models, asked with other settings: as an experiment's arms are."""
        budget = budget_of(own, None)
        shared = Answering(
            services.library, services.embedder, None, None, services.tracing, budget, None
        )
        reranker = self._reranker(own)
        chat = chat_model_of(own)
        retriever = shared.retriever(own, reranker)
        return replace(
            services,
            settings=own.model_copy(update={"data_dir": services.settings.data_dir}),
            asker=shared.asker(own, retriever, shared.writes(own, chat)),
            search=TracedSearch(retriever, services.tracing),
            reranker=reranker,
            chat_model=chat,
        )

    def _reranker(self, own: Settings) -> ModelHolder[Reranker] | None:
        if not own.reranker_model:
            return None
        if own.reranker_model not in self._rerankers:
            holder = ModelHolder(lambda: models.load_reranker(own), "reranker")
            holder.get(wait=True)  # a wrong name is told now
            self._rerankers[own.reranker_model] = holder
        return self._rerankers[own.reranker_model]

    def _mark(self, services: Services, cases: Sequence[Case], split: Split) -> str:
        """Of everything that a point's figures come from, but the code."""
        settings = services.settings
        questions = [[case.id, case.question, *case.after, *case.answers] for case in cases]
        about = {
            "settings": settings.model_dump(mode="json", include=set(SWEPT)),
            "precision": self._precision.get(settings.embedding_model),
            "release": release_name(settings),
            "documents": self._documents,
            "split": split,
            "questions": questions,
        }
        text = json.dumps(about, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def small(report: str) -> str:
    """A report in JSON with scores alone, on one line for each case."""
    data = json.loads(report)
    rows = [{key: row[key] for key in _KEPT_OF_ROWS if key in row} for row in data.pop("rows")]
    for heavy in ("slices", "worst", "reliability", "risk_coverage"):
        data[heavy] = {} if isinstance(data.get(heavy), dict) else []
    lines = ",\n  ".join(json.dumps(row, separators=(",", ":")) for row in rows)
    head = json.dumps(data, indent=1, ensure_ascii=False)[:-2]
    return f'{head},\n "rows": [\n  {lines}\n ]\n}}\n'


def _kept(file: Path, mark: str) -> RunFile | None:
    """The run in ``file``, if it is of the same sweep."""
    if not file.is_file():
        return None
    try:
        found = read_run_file(file)
    except FootnoteError:
        return None
    return found if found.environment.get("sweep") == mark else None
