"""Contenders answer the same questions in turns: the machine's mood strikes them alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

BLOCK = 25
"""Questions that a contender answers before the next one has its turn."""
WARM_UP = 5
Contenders = Mapping[str, Callable[[Sequence[str]], list[float]]]
"""Name → what answers a block of questions and says how many milliseconds each took."""


def take_turns(
    questions: Sequence[str], contenders: Contenders, turn: int
) -> dict[str, dict[str, float]]:
    """Every contender answers every question, a block at a time; p50 and p95 of each, in ms."""
    for answer in contenders.values():
        answer([f"{question} warm up" for question in questions[:WARM_UP]])
    spent: dict[str, list[float]] = {name: [] for name in contenders}
    for number, first in enumerate(range(0, len(questions), BLOCK)):
        for name in order(list(contenders), turn + number):
            spent[name] += contenders[name](questions[first : first + BLOCK])
    return {
        name: {"p50": float(np.quantile(ms, 0.5)), "p95": float(np.quantile(ms, 0.95))}
        for name, ms in spent.items()
    }


def order(names: list[str], turn: int) -> list[str]:
    """Forwards and backwards in alternation: who goes first changes."""
    return names if turn % 2 == 0 else names[::-1]
