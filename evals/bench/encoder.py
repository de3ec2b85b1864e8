"""The bare encoder over passages that are already there: no ingest can be much quicker.

``SentenceTransformer.encode`` as it comes (longest first, batches of 32), in float32 or bfloat16;
or Footnote's own encoder alone, in the precision that it chose, which shows what reading, splitting
and storing cost beside it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from evals.bench import measuring

BATCH = 32
OWN = "own"
_AT_ONCE = 96
"""Passages in one call, as an ingest has it."""


def encode(passages: Path, precision: str) -> dict[str, Any]:
    """Encode the texts in ``passages`` (`{"texts", "corpus_characters"}`), timed."""
    given = json.loads(passages.read_text(encoding="utf-8"))
    clock = measuring.Clock()
    with clock.measure("import"):
        import torch  # noqa: PLC0415
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415
    with clock.measure("load_model"):
        model = SentenceTransformer(measuring.bundled_model())
        if precision == "bfloat16":
            model.to(torch.bfloat16)
        model.encode(["warm up"], convert_to_tensor=True, show_progress_bar=False)
    with clock.measure("ingest"):
        model.encode(
            given["texts"], batch_size=BATCH, convert_to_tensor=True, show_progress_bar=False
        )
    facts = measuring.process_facts()
    work = measuring.embedded(given["texts"], given["corpus_characters"], clock.seconds["ingest"])
    return {"seconds": clock.seconds, **work, **facts}


def encode_own(passages: Path, data_dir: Path) -> dict[str, Any]:
    """The same by Footnote's encoder; ``data_dir`` remembers which precision is quickest here."""
    given = json.loads(passages.read_text(encoding="utf-8"))
    clock = measuring.Clock()
    with clock.measure("import"):
        from app.bootstrap.models import load_embedder  # noqa: PLC0415
        from app.settings import load_settings  # noqa: PLC0415
    with clock.measure("load_model"):
        embedder = load_embedder(load_settings(data_dir=data_dir))
        embedder.encode_query("warm up")
    texts = sorted(given["texts"], key=len)
    with clock.measure("ingest"):
        for first in range(0, len(texts), _AT_ONCE):
            some = texts[first : first + _AT_ONCE]
            embedder.encode_passages(some, [[] for _ in some])
    facts = measuring.process_facts()
    work = measuring.embedded(texts, given["corpus_characters"], clock.seconds["ingest"])
    precision = getattr(embedder, "precision", "unknown")
    return {"seconds": clock.seconds, "precision": precision, **work, **facts}


def main() -> None:
    """`--passages FILE --precision float32|bfloat16|own [--data-dir DIR] --result FILE`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--passages", type=Path, required=True)
    parser.add_argument("--precision", choices=("float32", "bfloat16", OWN), required=True)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--result", type=Path, required=True)
    given = parser.parse_args()
    if given.precision == OWN:
        result = encode_own(given.passages, given.data_dir)
    else:
        result = encode(given.passages, given.precision)
    measuring.write_result(given.result, result)


if __name__ == "__main__":
    main()
