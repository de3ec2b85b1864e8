"""txtai: one embeddings database with its content; its paragraphs come ready split."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from evals.bench import measuring
from evals.bench.peers import program

_CHARACTERS = 1000
"""About 200 tokens, as LangChain's tutorial splits."""


def ingest(corpus: Path, store: Path, clock: measuring.Clock) -> list[str]:
    """Ingest ``corpus`` into ``store``; the passages that were embedded."""
    with clock.measure("import"):
        from txtai import Embeddings  # noqa: PLC0415
    with clock.measure("load_model"):
        embeddings = Embeddings(path=measuring.bundled_model(), content=True)
        embeddings.transform("warm up")
    with clock.measure("ingest"):
        texts = [part for _, text in program.contents(corpus) for part in _parts(text)]
        embeddings.index(texts)
        embeddings.save(str(store))
    return texts


def serve(store: Path) -> Callable[[str], object]:
    """Finds passages in an ingested ``store``."""
    from txtai import Embeddings  # noqa: PLC0415

    embeddings = Embeddings()
    embeddings.load(str(store))
    return lambda question: embeddings.search(question, program.K)


def _parts(text: str) -> Iterator[str]:
    """Paragraphs, gathered up to the size of a passage; a longer one stays whole."""
    gathered = ""
    for paragraph in text.split("\n\n"):
        if gathered and len(gathered) + len(paragraph) > _CHARACTERS:
            yield gathered
            gathered = ""
        gathered = f"{gathered}\n\n{paragraph}".strip()
    if gathered:
        yield gathered


if __name__ == "__main__":
    program.run(ingest, serve)
