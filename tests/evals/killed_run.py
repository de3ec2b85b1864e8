"""A run of an eval that a test kills: ``DATA CASES RECORDS``.

It stops after two cases and waits, having said so. Only the embedding model is a stand-in.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from app.bootstrap import build_services, models
from app.settings import Settings
from evals.datasets import load
from evals.running.runner import RunOptions, run
from tests.knowledge.world import WordEmbedder

if TYPE_CHECKING:
    from app.bootstrap import Services


@contextmanager
def with_words(data: Path) -> Iterator[Services]:
    """Services as an eval builds them, with an embedder that costs nothing."""
    setattr(models, "load_embedder", lambda _settings: WordEmbedder())  # noqa: B010  # a seam
    settings = Settings(_env_file=None, data_dir=data)
    services = build_services(settings, record_answers=False)
    try:
        yield services
    finally:
        services.close()


def stop(done: int, _total: int) -> None:
    if done == 2:
        print("two", flush=True)
        time.sleep(600)


if __name__ == "__main__":
    data, cases, records = (Path(argument) for argument in sys.argv[1:])
    with with_words(data) as built:
        run(built, load("cases", cases), RunOptions(resume=records), stop)
