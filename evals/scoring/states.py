"""How well the state of an answer is told: as expected, false alarms, and levels given."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from app.domain import AnswerState, Level
from evals.running.records import CaseRecord
from evals.scoring import scorers
from evals.scoring.scorers import Figures

ALARMS = (AnswerState.CONFLICTING, AnswerState.OUTDATED, AnswerState.PARTIAL)
"""States that warn; a warning without cause is a false alarm."""


def expected(records: Sequence[CaseRecord]) -> Figures:
    """Share of cases with the state they ask for, for each state; and false alarms.

    A false alarm is an answer with a warning that its case does not ask for, among answers given.
    A case that asks for no state counts only where no case of the dataset asks for that warning:
    otherwise nobody said that it is without.
    """
    figures: Figures = {}
    for state in AnswerState:
        own = [record for record in records if record.case.state is state]
        figures[f"state_{state.value}"] = scorers.average(own, scorers.state_expected)
    asked_for = {record.case.state for record in records}
    given = [record for record in records if not record.refused]
    for state in ALARMS:
        without = [
            record
            for record in given
            if record.case.state is not state
            and (record.case.state is not None or state not in asked_for)
        ]
        figures[f"false_{state.value}"] = scorers.average(without, partial(_has_state, state))
    return figures


def confusion(records: Sequence[CaseRecord]) -> dict[str, dict[str, int]]:
    """State expected → state given → cases; only of cases that ask for a state."""
    asked = [record for record in records if record.case.state is not None]
    return {
        wanted.value: {
            given.value: sum(r.case.state is wanted and r.state is given for r in asked)
            for given in AnswerState
        }
        for wanted in AnswerState
        if any(record.case.state is wanted for record in asked)
    }


def levels(records: Sequence[CaseRecord]) -> Figures:
    """For each level: share of the answers given that have it, and how many of those are right."""
    given = [record for record in records if not record.refused]
    shares = {
        f"share_{level.value}": scorers.average(given, partial(_has_level, level))
        for level in Level
    }
    return shares | scorers.levels(records)


def _has_state(state: AnswerState, record: CaseRecord) -> float:
    return float(record.state is state)


def _has_level(level: Level, record: CaseRecord) -> float:
    return float(record.level is level)
