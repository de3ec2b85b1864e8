"""What is asked under load, and what is asked once before it."""

from __future__ import annotations

import json
from pathlib import Path

CASES = Path(__file__).resolve().parents[2] / "evals" / "cases"
SUBJECTS = (
    *("the hotel limit in Porto", "unused vacation days", "the battery of the buoy", "passwords"),
    *("parental leave", "the retention of logs", "API rate limits", "returning a laptop"),
    *("the daily allowance", "calibrating a sensor", "public holidays in Halifax", "on-call duty"),
    *("expense approval", "the price of a spare part", "chess in Reykjavik", "the Q3 board update"),
)
FORMS = ("What is {}?", "Who decides on {}?", "What changed about {}?", "How do I handle {}?")
PLAIN = tuple(form.format(subject) for form in FORMS for subject in SUBJECTS)
LONGER = tuple(f"{question} ({number})" for number, question in enumerate(PLAIN))
QUESTIONS = PLAIN + LONGER
"""All that is asked, but for `NEW` ones: what is kept by question is full once all were asked."""


def varied() -> list[str]:
    """The sample's golden questions: more than the server remembers the vectors of, about all that
    its documents speak of. Asked once before a long run, they fill what is kept up to a bound – of
    questions, passages and sentences – so that what comes later only takes another's place."""
    lines = (line for file in sorted(CASES.glob("*.jsonl")) for line in file.open(encoding="utf-8"))
    return list(dict.fromkeys(json.loads(line)["question"] for line in lines))
