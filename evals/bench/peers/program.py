"""What the peers' programs share: their command line, and passages of the same size for all."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from evals.bench import measuring

PASSAGE_TOKENS = 200
"""As ours. Their defaults (1,024 tokens, 200 words) would be cut off by the model's 256 tokens."""
K = 4
"""As LangChain's `similarity_search` gives by default."""

Ingest = Callable[[Path, Path, measuring.Clock], list[str]]
"""(corpus, store, clock) → the texts that were embedded; times `import`, `load_model`, `ingest`."""
Serve = Callable[[Path], Callable[[str], object]]
"""store → what finds passages for a question."""


def run(ingest: Ingest, serve: Serve) -> None:
    """`ingest --corpus --store --result`, or `serve --store`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("ingest", "serve"))
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--result", type=Path)
    given = parser.parse_args()
    if given.what == "serve":
        measuring.serve_blocks(serve(given.store))
        return
    clock = measuring.Clock()
    texts = ingest(given.corpus, given.store, clock)
    facts = measuring.process_facts()
    characters = sum(len(text) for _, text in contents(given.corpus))
    work = measuring.embedded(texts, characters, clock.seconds["ingest"])
    result: dict[str, Any] = {"seconds": clock.seconds, **work, **facts}
    measuring.write_result(given.result, result)


def contents(corpus: Path) -> Iterator[tuple[Path, str]]:
    """Every text file with what it holds."""
    for file in measuring.text_files(corpus):
        yield file, file.read_text(encoding="utf-8")
