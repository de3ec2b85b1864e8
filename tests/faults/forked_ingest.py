"""Real ingests, one after the other, each a process to be killed.

For each line on standard input (DATA and DOCS, separated by a tab) an ingest is forked from this
process, which has everything imported already. Says ``{"pid": …}`` when it begins, and
``{"ended": …}`` with its exit code, or the negative signal, when it is over.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

from app.bootstrap import build_services, models
from app.settings import Settings
from ingest import pipeline
from tests.knowledge.world import WordEmbedder

BEFOREHAND = (
    *("chromadb", "chromadb_rust_bindings", "opentelemetry.sdk.trace"),
    *("app.knowledge.lexical_index", "app.knowledge.chroma", "ingest.parsers.isolated"),
)
BATCH = 12
"""Passages stored together: several transactions in one short ingest."""


def say(**told: object) -> None:
    os.write(1, json.dumps(told).encode() + b"\n")


def run() -> None:
    """Fork for each line."""
    setattr(models, "load_embedder", lambda _settings: WordEmbedder())  # noqa: B010  # a seam
    pipeline.BATCH_PASSAGES = BATCH
    for name in BEFOREHAND:
        importlib.import_module(name)
    for line in sys.stdin:
        data, docs = line.rstrip("\n").split("\t")
        child = os.fork()
        if child == 0:
            say(pid=os.getpid())
            services = build_services(Settings(_env_file=None, data_dir=Path(data)))
            pipeline.ingest(services, [docs], pipeline.IngestOptions())
            services.close()
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        say(ended=os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    run()
