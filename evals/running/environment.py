"""What figures depend on besides the product's settings, so that they can be had again."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.ask.arm_settings import ALLOWED
from app.bootstrap import Services
from app.settings import Settings, release_name
from evals.confidence import confidence_file
from evals.datasets import Case
from evals.running.options import RunOptions

PACKAGES = ("sentence-transformers", "torch", "chromadb", "tantivy", "ragas")
"""Other versions of these may give other figures."""


def described(name: str, cases: Sequence[Case], options: RunOptions) -> dict[str, Any]:
    """The questions, how they were drawn, and the machine. Holds no path and no address."""
    questions = json.dumps([asdict(case) for case in cases], sort_keys=True)
    return {
        "dataset": name,
        "cases_sha256": hashlib.sha256(questions.encode()).hexdigest()[:16],
        "split": options.split,
        "limit": options.limit,
        "seed": options.seed,
        "parallel": options.parallel,
        "baselines": options.baselines,
        "collections": list(options.filters.collections),
        "python": platform.python_version(),
        "system": platform.system(),
        "processor": _processor(),
        "processors": os.cpu_count(),
        "packages": {package: _version(package) for package in PACKAGES},
    }


def indexed(services: Services, options: RunOptions) -> dict[str, Any]:
    """What is asked: the documents, the model and how it computes."""
    settings = services.settings
    documents, passages = services.documents.counts(options.filters)
    embedder = services.embedder.get(wait=True)
    return {
        "documents": documents,
        "passages": passages,
        "searched": searched((one.name for one in services.documents.collections()), options),
        "embedding_model": embedder.name,
        "precision": getattr(embedder, "precision", "unknown"),
        "confidence_sha256": confidence_file.fingerprint(settings),
        "release": release_name(settings),
    }


def searched(collections: Iterable[str], options: RunOptions) -> list[str]:
    """Which of people's ``collections`` were searched: who may not see one may not see the run.

    None of the eval's own index: whoever has its documents gave them for that.
    """
    wanted = options.filters.collections
    return sorted(
        {one for one in collections if not wanted or one in wanted} if options.living else ()
    )


def configuration(settings: Settings) -> dict[str, Any]:
    """The settings that decide how questions are answered, by their names in `Settings`."""
    names = ("embedding_model", "passage_tokens", *ALLOWED)
    chosen = {name: getattr(settings, name) for name in names}
    return {name: value if value != "" else None for name, value in chosen.items()}


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    """The kind of processor, as the system names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()
