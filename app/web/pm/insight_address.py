"""What the address of an insights page says, and addresses that say the same elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query

from app.insights.overview import Asked
from app.insights.periods import ALL, DEFAULT, PRESETS
from app.insights.slices import Slice

Word = Annotated[str, Query(max_length=120)]


@dataclass(frozen=True, slots=True)
class Address:
    """Period, slice and whether they are compared; everything else follows from the data."""

    asked: Asked
    compare: bool

    @property
    def period(self) -> str:
        """The preset; empty where dates are given."""
        return "" if self.asked.start or self.asked.end else self.asked.period or DEFAULT

    @property
    def narrowed(self) -> bool:
        """Whether more than a preset is asked for."""
        return bool(set(self.parameters()) - {"period"})

    def parameters(self) -> dict[str, str]:
        """As an address has them; what is as usual is left out."""
        found = {
            "period": "" if self.period == DEFAULT else self.period,
            "from": self.asked.start,
            "to": self.asked.end,
            "compare": "" if self.compare else "no",
            **self.asked.slice_.given(),
        }
        return {name: value for name, value in found.items() if value}

    def url(self, path: str, **more: str) -> str:
        """``path`` with the same period and slice, and ``more``; an empty value takes one away."""
        merged = {name: value for name, value in (self.parameters() | more).items() if value}
        return f"{path}?{urlencode(merged)}" if merged else path

    def presets(self, path: str) -> list[tuple[str, str, bool]]:
        """Address, words and whether it is chosen, of each period that is offered."""
        offered = {name: words for name, (words, _) in PRESETS.items()} | {ALL: "All"}
        dates = {"from": "", "to": ""}
        return [
            (
                self.url(path, **dates, period="" if name == DEFAULT else name),
                words,
                name == self.period,
            )
            for name, words in offered.items()
        ]

    def questions(self, metric: str, side: str) -> str:
        """The questions behind one side of a metric."""
        return self.url("/insights/questions", metric=metric, side=side, compare="")

    def csv(self, table: str) -> str:
        """A table of the same period and slice."""
        return self.url(f"/api/v1/insights/{table}.csv", compare="")


def _address(
    period: Annotated[str, Query(max_length=10)] = "",
    start: Annotated[str, Query(alias="from", max_length=40)] = "",
    end: Annotated[str, Query(alias="to", max_length=40)] = "",
    compare: Annotated[str, Query(max_length=5)] = "",
    mode: Word = "",
    collection: Word = "",
    level: Word = "",
    release: Word = "",
    experiment: Word = "",
    arm: Word = "",
    channel: Word = "",
) -> Address:
    slice_ = Slice(mode, collection, level, release, experiment, arm, channel)
    return Address(Asked(period, start.strip(), end.strip(), slice_), compare != "no")


AddressDep = Annotated[Address, Depends(_address)]
"""From the query string."""
