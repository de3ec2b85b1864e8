"""What kind of thing a question asks for, and where a text has such a thing."""

from __future__ import annotations

import pytest

from app.ask.question_type import Wanted, matching_spans, wanted


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When does the office open?", Wanted.TIME),
        ("In which year was the company founded?", Wanted.TIME),
        ("What is the deadline for expenses?", Wanted.TIME),
        ("On what date does the contract end?", Wanted.TIME),
        ("and when is it paid?", Wanted.TIME),
        ("What happens when the battery is empty?", Wanted.OTHER),
        ("How long is the notice period?", Wanted.DURATION),
        ("How often are backups made?", Wanted.DURATION),
        ("How many weeks of parental leave are there?", Wanted.DURATION),
        ("how soon must an incident be reported", Wanted.DURATION),
        ("How much does a laptop cost?", Wanted.MONEY),
        ("What is the price of the sensor?", Wanted.MONEY),
        ("how many euros for meals", Wanted.MONEY),
        ("Per diem in Canada?", Wanted.MONEY),
        ("What percentage of buoys failed?", Wanted.PERCENT),
        ("Which share of revenue comes from services?", Wanted.MONEY),
        ("How many people work in Porto?", Wanted.NUMBER),
        ("How deep is the sensor deployed?", Wanted.NUMBER),
        ("What is the maximum temperature?", Wanted.NUMBER),
        ("Who approves travel?", Wanted.NAME),
        ("Where is the head office?", Wanted.NAME),
        ("Which team owns the gateway?", Wanted.NAME),
        ("What is the name of the password manager?", Wanted.NAME),
        ("How do I reset my password?", Wanted.OTHER),
        ("Why was the release delayed?", Wanted.OTHER),
        ("vpn", Wanted.OTHER),
        ("", Wanted.OTHER),
    ],
)
def test_a_question_s_wording_says_what_it_wants(question: str, kind: Wanted) -> None:
    assert wanted(question) is kind


@pytest.mark.parametrize(
    ("kind", "text", "values"),
    [
        (Wanted.TIME, "It opens at 09:30 on Mondays.", ["09:30", "Mondays"]),
        (Wanted.TIME, "From 2026-03-14 to 31 March 2027.", ["2026-03-14", "31 March 2027"]),
        (Wanted.TIME, "On March 3, 2027 and 1st May.", ["March 3, 2027", "1st May"]),
        (Wanted.TIME, "It was founded in 1998, in May.", ["1998", "May"]),
        (Wanted.TIME, "The marching band played.", []),
        (Wanted.DURATION, "It takes 3 to 5 working days.", ["3 to 5 working days"]),
        (Wanted.DURATION, "A two-week break; 90 minutes at most.", ["two-week", "90 minutes"]),
        (Wanted.MONEY, "It costs EUR 1,450 or $99.50 a month.", ["EUR 1,450", "$99.50"]),
        (Wanted.MONEY, "About 2.5 million euros.", ["2.5 million euros"]),
        (Wanted.MONEY, "Between €3 and €4.5m.", ["€3", "€4.5m"]),
        (Wanted.MONEY, "Book 14 days ahead for 2 people.", []),
        (Wanted.PERCENT, "It rose by 4.2 % to 17 percent.", ["4.2 %", "17 percent"]),
        (Wanted.NUMBER, "There are 1,204 buoys in twelve rivers.", ["1,204", "twelve"]),
        (Wanted.NAME, "The owner is Ana Sousa of the Field Team.", ["Ana Sousa of the Field Team"]),
        (Wanted.NAME, "Passwords are kept in Vaultline.", ["Vaultline"]),
        (Wanted.OTHER, "On 14 March, 5 people paid EUR 3.", []),
    ],
)  # fmt: skip
def test_a_text_s_things_of_that_kind_are_found_where_they_stand(
    kind: Wanted, text: str, values: list[str]
) -> None:
    spans = matching_spans(text, kind, "x")
    assert [text[start:end] for start, end in spans] == values


def test_what_the_question_itself_says_is_no_answer() -> None:
    text = "In 2024 the limit was EUR 140; in 2026 it is EUR 165."
    spans = matching_spans(text, Wanted.TIME, "Since when, other than 2024?")
    assert [text[a:b] for a, b in spans] == ["2026"]
    assert matching_spans("Ana works in Porto.", Wanted.NAME, "who works in Porto") == []


def test_a_capital_at_the_start_of_a_sentence_makes_no_name() -> None:
    assert matching_spans("Everything is fine.", Wanted.NAME, "who") == []
    text = "Ana Sousa signs. NASA too."
    spans = matching_spans(text, Wanted.NAME, "who")
    assert "Ana Sousa" in [text[a:b] for a, b in spans]
