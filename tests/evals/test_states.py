"""States and levels of hand-made records, counted by hand."""

from __future__ import annotations

from app.domain import AnswerState, Level
from evals.scoring import states
from tests.evals.made import record, refused

ANSWERED, CONFLICTING = AnswerState.ANSWERED, AnswerState.CONFLICTING
OUTDATED, NOT_FOUND = AnswerState.OUTDATED, AnswerState.NOT_FOUND


def test_states_given_are_counted_by_the_state_expected() -> None:
    records = [
        record(state_wanted=ANSWERED),
        record(state_wanted=ANSWERED, state=CONFLICTING),
        record(state_wanted=CONFLICTING, state=CONFLICTING),
        refused(state_wanted=OUTDATED),
        record(),
    ]
    table = states.confusion(records)
    assert list(table) == ["answered", "conflicting", "outdated"]
    assert table["answered"]["answered"] == 1
    assert table["answered"]["conflicting"] == 1
    assert table["conflicting"]["conflicting"] == 1
    assert table["outdated"]["not_found"] == 1
    assert sum(sum(row.values()) for row in table.values()) == 4
    figures = states.expected(records)
    assert (figures["state_answered"].value, figures["state_answered"].n) == (0.5, 2)
    assert (figures["state_outdated"].value, figures["state_outdated"].n) == (0.0, 1)
    assert figures["state_partial"].n == 0


def test_a_warning_that_no_case_asks_for_is_a_false_alarm_among_the_answers_given() -> None:
    records = [record(), record(), record(state=CONFLICTING), record(state=OUTDATED), refused()]
    figures = states.expected(records)
    assert (figures["false_conflicting"].value, figures["false_conflicting"].n) == (0.25, 4)
    assert figures["false_outdated"].value == 0.25
    assert figures["false_partial"].value == 0.0


def test_a_case_without_a_state_is_no_witness_where_others_ask_for_that_warning() -> None:
    records = [
        record(state_wanted=CONFLICTING, state=CONFLICTING),
        record(state_wanted=ANSWERED, state=CONFLICTING),
        record(state_wanted=ANSWERED),
        record(state=CONFLICTING),
    ]
    figures = states.expected(records)
    assert (figures["false_conflicting"].value, figures["false_conflicting"].n) == (0.5, 2)
    assert figures["false_outdated"].n == 4, "nobody asks for that one"


def test_levels_have_a_share_of_the_answers_and_a_share_right() -> None:
    records = [record(), record(text="Nothing."), record(level=Level.LOW), refused()]
    figures = states.levels(records)
    assert (figures["share_high"].value, figures["share_high"].n) == (2 / 3, 3)
    assert figures["share_medium"].value == 0.0
    assert figures["share_low"].value == 1 / 3
    assert (figures["high"].value, figures["high"].n) == (0.5, 2)
