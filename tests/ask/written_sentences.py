"""Invented passages, and sentences as a language model writes them: faithful ones and wrong ones.

They stand in `written_sentences.json`: passages by name, then pairs of a passage's name and a
sentence about it.
"""

from __future__ import annotations

import json
from pathlib import Path

Pair = tuple[str, str, str]
"""(passage, title, sentence)"""

_DATA = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))


def _pairs(rows: list[tuple[str, str]]) -> tuple[Pair, ...]:
    passages = _DATA["passages"]
    return tuple((passages[name]["text"], passages[name]["title"], text) for name, text in rows)


HARBOR: str = _DATA["passages"]["harbor"]["text"]
PUMP: str = _DATA["passages"]["pump"]["text"]
SUPPORTED: tuple[Pair, ...] = _pairs(_DATA["supported"])
WRONG: dict[str, tuple[Pair, ...]] = {kind: _pairs(rows) for kind, rows in _DATA["wrong"].items()}
"""By what is wrong with them."""
