"""The bare encoder over passages that are already there: no ingest can be much quicker.

``SentenceTransformer.encode`` as it comes (longest first, batches of 32), in float32 or bfloat16.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from evals.bench import measuring

BATCH = 32


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


def main() -> None:
    """`--passages FILE --precision float32|bfloat16 --result FILE`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--passages", type=Path, required=True)
    parser.add_argument("--precision", choices=("float32", "bfloat16"), required=True)
    parser.add_argument("--result", type=Path, required=True)
    given = parser.parse_args()
    measuring.write_result(given.result, encode(given.passages, given.precision))


if __name__ == "__main__":
    main()
