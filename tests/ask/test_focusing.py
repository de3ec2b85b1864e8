"""The question in a long message is found; short ones, and stories without one, stay."""

from __future__ import annotations

import time

import pytest

from app.ask.conversation.focusing import focused

GREETING = "Hi all, hope you are doing well and had a nice weekend, mine was too short as always."
THANKS = "Sorry for the long message and thanks a lot in advance, have a great day everyone!"


@pytest.mark.parametrize(
    ("message", "question"),
    [
        (
            f"{GREETING} How many days of leave can I carry over into next year? {THANKS}",
            "How many days of leave can I carry over into next year?",
        ),
        (
            f"{GREETING} What I would like to know is who signs off travel to Lisbon. {THANKS}",
            "Who signs off travel to Lisbon.",
        ),
        (
            f"{GREETING} I was wondering if the hotel cap in Paris includes breakfast. {THANKS}",
            "The hotel cap in Paris includes breakfast.",
        ),
        (
            f"{GREETING} My colleague is out, so could you please tell me when the office in Oslo "
            f"closes on Fridays? {THANKS}",
            "When the office in Oslo closes on Fridays?",
        ),
        (
            f"{GREETING} Since I am new and nobody told me, which form do I need for a second "
            f"screen? {THANKS}",
            "Which form do I need for a second screen?",
        ),
    ],
)
def test_what_is_asked_is_kept_and_what_is_only_said_is_not(message: str, question: str) -> None:
    assert focused(message) == question


def test_two_questions_of_one_message_are_both_kept() -> None:
    found = focused(
        f"{GREETING} How long is the warranty of an LX-3? And who pays for shipping it back? "
        f"{THANKS}"
    )
    assert found == "How long is the warranty of an LX-3? who pays for shipping it back?"


def test_asking_for_help_is_no_question_of_its_own() -> None:
    found = focused(f"Can anyone help me? {GREETING} Where do I report a lost badge? {THANKS}")
    assert found == "Where do I report a lost badge?"


def test_a_question_that_points_back_takes_along_what_it_points_at() -> None:
    found = focused(
        f"{GREETING} I would like to work from Croatia for a while in summer. "
        f"How long can I do that? {THANKS}"
    )
    assert found is not None
    assert "work from Croatia" in found
    assert found.endswith("How long can I do that?")


@pytest.mark.parametrize(
    "message",
    [
        "How many days of leave can I carry over into next year?",
        "",
        "hotel cap paris",
        "The retention of audio recordings in our call center is something that the data "
        "protection officer of the Rotterdam office decides together with legal and the works "
        "council every year",
    ],
)
def test_what_is_short_or_has_nothing_to_leave_out_stays(message: str) -> None:
    assert focused(message) is None


def test_a_story_without_a_question_loses_its_greetings_alone() -> None:
    found = focused(
        f"{GREETING} The probe at the pier shows salinity of zero since the storm on Monday. "
        f"{THANKS}"
    )
    assert found == "The probe at the pier shows salinity of zero since the storm on Monday."


@pytest.mark.parametrize("message", ["what " * 400, ", and so " * 230 + "why?", "i " * 1000])
def test_a_hostile_message_takes_no_time(message: str) -> None:
    started = time.thread_time()
    focused(message)
    assert time.thread_time() - started < 0.5
