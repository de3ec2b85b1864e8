"""Real servers of the product, one after the other, each a process to be killed.

Run with a data folder. For each line on standard input a server is forked from this process, which
has everything imported already: a start takes tenths of a second. Gives its id and port as JSON.
Only the embedding model is a small stand-in, as kills do not concern it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

from app import main, server
from app.bootstrap import build_services, models
from app.settings import Settings
from ingest.pipeline import IngestOptions
from ingest.pipeline import ingest as run_ingest
from tests.knowledge.world import WordEmbedder

BEFOREHAND = (
    *("anyio._backends._asyncio", "chromadb", "chromadb_rust_bindings", "opentelemetry.sdk.trace"),
    *("uvicorn.protocols.http.httptools_impl", "uvloop", "app.knowledge.lexical_index"),
    *("app.knowledge.chroma", "app.telemetry.export", "app.telemetry.workflows"),
    "ingest.worker",
)
"""What a server imports only when it needs it: here before the fork, once for all."""


def serve(settings: Settings, told: int) -> None:
    """Serve until killed; the port is written to ``told``."""

    def say(address: str) -> None:
        port = int(address.rpartition(":")[2])
        os.write(told, json.dumps({"pid": os.getpid(), "port": port}).encode() + b"\n")

    server.serve(settings, say)


def run() -> None:
    """Ingest, then fork for each line."""
    data, docs = Path(sys.argv[1]), sys.argv[2]
    settings = Settings(_env_file=None, data_dir=data, port=0, log_level="warning")
    setattr(models, "load_embedder", lambda _settings: WordEmbedder())  # noqa: B010  # a seam
    for name in BEFOREHAND:
        importlib.import_module(name)
    first = os.fork()
    if first == 0:
        services = build_services(settings)
        run_ingest(services, [docs], IngestOptions())
        services.close()
        os._exit(0)
    assert os.waitpid(first, 0)[1] == 0
    built = main.create_app(settings)  # its lifespan, where everything is opened, begins later
    setattr(main, "create_app", lambda _settings: built)  # noqa: B010
    for _line in sys.stdin:
        child = os.fork()
        if child == 0:
            serve(settings, 1)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        print(json.dumps({"signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0}))
        sys.stdout.flush()


if __name__ == "__main__":
    run()
