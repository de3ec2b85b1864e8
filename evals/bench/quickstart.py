"""LangChain + Chroma's quickstart, as their tutorial has it, on the model that we ship.

Load, split at 1,000 characters with 200 of overlap (about 200 tokens), embed, store on disk; then
``similarity_search`` with its default of 4 passages. Run as a program; see `main`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from evals.bench import measuring

CHUNK_CHARACTERS = 1000
OVERLAP_CHARACTERS = 200
K = 4


def ingest(corpus: Path, store: Path) -> dict[str, Any]:
    """Ingest the text files of ``corpus`` into ``store``, timed."""
    clock = measuring.Clock()
    with clock.measure("import"):
        from langchain_chroma import Chroma  # noqa: PLC0415
        from langchain_core.documents import Document  # noqa: PLC0415
        from langchain_huggingface import HuggingFaceEmbeddings  # noqa: PLC0415
        from langchain_text_splitters import RecursiveCharacterTextSplitter  # noqa: PLC0415
    with clock.measure("load_model"):
        embeddings = HuggingFaceEmbeddings(model_name=measuring.bundled_model())
        embeddings.embed_query("warm up")
    with clock.measure("ingest"):
        documents = [
            Document(file.read_text(encoding="utf-8"), metadata={"source": str(file)})
            for file in measuring.text_files(corpus)
        ]
        splitter = RecursiveCharacterTextSplitter(
            chunk_size=CHUNK_CHARACTERS, chunk_overlap=OVERLAP_CHARACTERS
        )
        chunks = splitter.split_documents(documents)
        Chroma.from_documents(chunks, embeddings, persist_directory=str(store))
    facts = measuring.process_facts()
    texts = [chunk.page_content for chunk in chunks]
    characters = sum(len(document.page_content) for document in documents)
    work = measuring.embedded(texts, characters, clock.seconds["ingest"])
    return {"seconds": clock.seconds, **work, **facts}


def serve(store: Path) -> None:
    """Answer blocks of questions from an ingested ``store``."""
    from langchain_chroma import Chroma  # noqa: PLC0415
    from langchain_huggingface import HuggingFaceEmbeddings  # noqa: PLC0415

    embeddings = HuggingFaceEmbeddings(model_name=measuring.bundled_model())
    chroma = Chroma(persist_directory=str(store), embedding_function=embeddings)
    measuring.serve_blocks(lambda question: chroma.similarity_search(question, k=K))


def main() -> None:
    """`ingest --corpus --store --result`, or `serve --store`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("ingest", "serve"))
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--result", type=Path)
    given = parser.parse_args()
    if given.what == "serve":
        serve(given.store)
    else:
        measuring.write_result(given.result, ingest(given.corpus, given.store))


if __name__ == "__main__":
    main()
