"""What calling every endpoint found, as lines."""

from __future__ import annotations

from collections.abc import Sequence

from tests.fuzz.endpoints import Called


def findings(called: Sequence[Called]) -> list[str]:
    """One text for each thing that should not have happened; empty where nothing did."""
    return [
        f"{one.operation}: {words}\n{detail[:1500]}"
        for one in called
        for words, detail in one.findings.items()
    ]


def summary(name: str, called: Sequence[Called]) -> str:
    """One line: operations, requests, statuses, findings."""
    statuses = sorted({status for one in called for status in one.statuses})
    return (
        f"{name:<28} {len(called):>4} operations  {sum(one.calls for one in called):>7,} requests  "
        f"{sum(len(one.findings) for one in called):>3} findings  "
        f"statuses {' '.join(map(str, statuses))}"
    )
