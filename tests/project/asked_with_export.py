"""One written answer in a process of its own, with whatever ``OTEL_*`` variables it is given.

Arguments: a data folder, and the address of a chat model. Prints the answer's ids as JSON. The
embedding model is a small stand-in, loaded at once.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from app import telemetry
from app.bootstrap import build_services, models
from app.domain import Question
from app.settings import Settings
from ingest.pipeline import IngestOptions, ingest
from tests.knowledge.world import WordEmbedder


def run(data: Path, chat_url: str) -> None:
    """Ingest a document, ask, print."""
    setattr(models, "load_embedder", lambda _settings: WordEmbedder())  # noqa: B010  # a seam
    settings = Settings(
        _env_file=None,
        data_dir=data / "data",
        chat_model="openai:gpt-4o-mini",
        chat_base_url=chat_url,
        chat_price="0.15/0.6",
    )
    telemetry.set_up("9.9")
    services = build_services(settings)
    (data / "travel.md").write_text(
        "# Travel\n\nThe hotel cap in Paris is EUR 220 a night.\n\nTrains are booked early.\n"
    )
    ingest(services, [str(data / "travel.md")], IngestOptions())
    services.embedder.get(wait=True)
    question = Question("What is the hotel cap in Paris?", mode="written")
    answer = asyncio.run(services.asker.answer(question))
    services.close()
    telemetry.shut_down()
    found = {"trace_id": answer.trace_id, "answer_id": answer.answer_id, "text": answer.text}
    print(json.dumps(found | {"mode": answer.mode, "cost_usd": answer.usage.cost_usd}))


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2])
