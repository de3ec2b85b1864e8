"""What goes wrong with a judge model: for one verdict, or for good."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

from app.errors import FootnoteError

Reason = Literal["malformed", "cut", "slow", "overloaded", "unreachable", "rejected", "error"]
REASONS: dict[Reason, str] = {
    "malformed": "it did not answer in the form asked for",
    "cut": "its answer was cut at the token limit",
    "slow": "it took longer than FOOTNOTE_JUDGE_TIMEOUT_S",
    "overloaded": "it had no capacity, or a problem of its own",
    "unreachable": "it could not be reached",
    "rejected": "it did not take the request",
    "error": "the metric could not be computed from what it said",
}
"""Why there is no verdict, as a report says it."""
OF_THE_SERVER: frozenset[Reason] = frozenset({"slow", "overloaded", "unreachable"})
"""Reasons that tell nothing about the request: the next one will fail, too, if this goes on."""


class JudgeAway(FootnoteError):
    """The judge can't be used at all."""

    status = HTTPStatus.BAD_GATEWAY
    title = "The judge doesn't answer"


class VerdictFailed(Exception):  # part of the words used here
    """One verdict could not be had; the run goes on."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(REASONS[reason])
        self.reason: Reason = reason


class VerdictMissing(Exception):
    """The judge is gone, and this verdict was not asked for."""
