"""Footnote's real ingest in a process of its own, timed twice: new, and unchanged.

Run as a program; see `main`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from evals.bench import measuring


def ingest(corpus: Path, data_dir: Path, passages: Path | None) -> dict[str, Any]:
    """Ingest ``corpus`` into ``data_dir``; with ``passages``, leave what was embedded there."""
    clock = measuring.Clock()
    with clock.measure("import"):
        from app.bootstrap import build_services  # noqa: PLC0415
        from app.domain import Filters  # noqa: PLC0415
        from app.knowledge.passage_text import embedding_text  # noqa: PLC0415
        from app.settings import load_settings  # noqa: PLC0415
        from evals.running.ingesting import ingest_folder, load_pipeline  # noqa: PLC0415

        load_pipeline()
    settings = load_settings(data_dir=data_dir, database_url="", chroma_url="")
    services = build_services(settings)
    try:
        with clock.measure("load_model"):
            embedder = services.embedder.get(wait=True)
            embedder.encode_query("warm up")
        with clock.measure("ingest"):
            first = ingest_folder(services, corpus, "bench")
        with clock.measure("reingest"):
            second = ingest_folder(services, corpus, "bench")
        facts = measuring.process_facts()
        documents, _ = services.documents.find(limit=1_000_000)
        texts = [
            embedding_text(document.title, passage)[0]
            for document in documents
            for passage in services.documents.of_document(document.id)
        ]
        stored = services.documents.counts(Filters())[1]
    finally:
        services.close()
    files = measuring.text_files(corpus)
    characters = sum(len(file.read_text(encoding="utf-8")) for file in files)
    if passages is not None:
        given = {"texts": texts, "corpus_characters": characters}
        passages.write_text(json.dumps(given), encoding="utf-8")
    return {
        "seconds": clock.seconds,
        "precision": getattr(embedder, "precision", "unknown"),
        "files": len(files),
        "added": first.added,
        "failed": len(first.failed),
        "unchanged_second": second.unchanged,
        "passages_stored": stored,
        **measuring.embedded(texts, characters, clock.seconds["ingest"]),
        **facts,
    }


def main() -> None:
    """`--corpus DIR --data-dir DIR --result FILE [--passages FILE]`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--passages", type=Path)
    parser.add_argument("--result", type=Path, required=True)
    given = parser.parse_args()
    measuring.write_result(given.result, ingest(given.corpus, given.data_dir, given.passages))


if __name__ == "__main__":
    main()
