"""Ingests that end themselves with the signal nothing can catch, at a call that is named.

For each line on standard input (DATA, DOCS, POINT, NTH, ``before`` or ``after``, separated by tabs)
an ingest is forked from this process, which has everything imported already. The point "never" lets
it finish. Says ``{"ended": …}`` with its exit code, or the negative signal.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import traceback
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from app.bootstrap import build_services, models
from app.domain import Span
from app.knowledge.lexical_index import TantivyIndex
from app.knowledge.ports import Encoded, Vector
from app.knowledge.vector_index import ChromaIndex
from app.records.document_writer import DocumentWriter
from app.settings import Settings
from ingest import pipeline
from ingest.pipeline import IngestOptions, ingest

BEFOREHAND = (
    *("chromadb", "chromadb_rust_bindings", "opentelemetry.sdk.trace"),
    *("app.knowledge.lexical_index", "app.knowledge.chroma", "ingest.parsers.isolated"),
)
POINTS: dict[str, tuple[type, str]] = {
    "vectors.add": (ChromaIndex, "add"),
    "vectors.delete": (ChromaIndex, "delete"),
    "lexical.add": (TantivyIndex, "add"),
    "lexical.commit": (TantivyIndex, "commit"),
    "writer.put": (DocumentWriter, "put"),
    "writer.rename": (DocumentWriter, "rename"),
    "writer.fail": (DocumentWriter, "fail"),
    "writer.set_state": (DocumentWriter, "set_state"),
    "writer.remove": (DocumentWriter, "remove"),
    "writer.record_root": (DocumentWriter, "record_root"),
}


class WordHashes:
    """Embeds a text as the hashes of its words: quick, and the same in every process."""

    name, dimension = "word-hashes", 32

    def encode_query(self, text: str) -> Vector:
        vector = np.full(self.dimension, 0.01, dtype=np.float32)
        for word in text.lower().split():
            vector[zlib.crc32(word.encode()) % self.dimension] += 1
        unit: Vector = vector / np.linalg.norm(vector)
        return unit

    def encode_passages(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> list[Encoded]:
        return [
            Encoded(
                self.encode_query(text),
                np.stack([self.encode_query(text[start:end]) for start, end in own]),
            )
            for text, own in zip(texts, spans, strict=True)
        ]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]


def kill_at(point: str, nth: int, when: str) -> None:
    """Arrange for the end."""
    owner, name = POINTS[point]
    original = getattr(owner, name)
    calls = 0

    def counted(self: Any, *arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(self, *arguments, **options)
        if calls == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, counted)


def one(data: str, docs: str, point: str, nth: str, when: str) -> None:
    """An ingest, in a process of its own."""
    if point != "never":
        kill_at(point, int(nth), when)
    services = build_services(Settings(_env_file=None, data_dir=Path(data)))
    ingest(services, [docs], IngestOptions())
    services.close()


def run() -> None:
    """Fork for each line."""
    setattr(models, "load_embedder", lambda _settings: WordHashes())  # noqa: B010  # a seam
    pipeline.BATCH_PASSAGES = 2
    for name in BEFOREHAND:
        importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                data, docs, point, nth, when = line.rstrip("\n").split("\t")
                one(data, docs, point, nth, when)
                code = 0
            except Exception:  # noqa: BLE001  # the parent's loop is not the child's
                traceback.print_exc()
            finally:
                os._exit(code)
        status = os.waitpid(child, 0)[1]
        print(json.dumps({"ended": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    run()
