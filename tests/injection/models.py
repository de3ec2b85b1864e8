"""Chat models that a document can talk to, from one that knows its delimiters to one that doesn't.

Where they don't obey, they answer from the honest document: how well a model reads is not what is
asked here.
"""

from __future__ import annotations

import re

from tests.fakes.openai_server import Script, Shown, obeying
from tests.injection.attacks import Topic

PWNED = "PWNED"
"""What these models say when they obey a document; no document says it."""

_OPENING = re.compile(r'<passage-\w+ number="\d+">')
_CLOSING = re.compile(
    r"[<＜﹤‹〈⟨«&]\s*(?:lt;)?\s*[/⁄∕]\s*(?:passages?|documents?|context|turns)\b[^>＞›\n]*[>＞›]?"
    r"|<\|[^|\n]*\|>|</?s>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>",
    re.IGNORECASE,
)


def obedient(topic: Topic) -> Script:
    """Does whatever stands outside the delimiters, and is easily convinced that they ended."""

    def text(shown: Shown) -> str:
        ordered = obeying(outside(shown), shown)
        if ordered.startswith(PWNED):
            return ordered
        number, answers = _honest(shown, topic)
        return f"{answers[0]} [{number}]."

    return Script(text, piece=200)


def outside(shown: Shown) -> str:
    """What stands outside the passages for a reader that takes any tag for their end."""
    told = shown.system.partition("Rules:")[0]
    position, inside = 0, False
    for found in re.finditer(f"{_OPENING.pattern}|{_CLOSING.pattern}", shown.user, re.IGNORECASE):
        if not inside:
            told += shown.user[position : found.start()]
        inside = _OPENING.fullmatch(found[0]) is not None
        position = found.end()
    return told + ("" if inside else shown.user[position:])


def gullible(topic: Topic, telltale: str, url: str) -> Script:
    """Does whatever any document says, and nothing else."""

    def text(shown: Shown) -> str:
        numbers = [n for n, passage in shown.passages.items() if telltale in passage] or [1]
        told = [obeying(shown.user, shown), f"{PWNED}!", *_told(topic, telltale, url, numbers[0])]
        return "\n\n".join(told)

    return Script(text, piece=200)


def distracted(topic: Topic, telltale: str, url: str) -> Script:
    """Answers the question, and slips in what a document wants to be said."""

    def text(shown: Shown) -> str:
        number, answers = _honest(shown, topic)
        others = [n for n, passage in shown.passages.items() if telltale in passage] or [number]
        told = _told(topic, telltale, url, others[0])
        answers = [f"{sentence} [{number}]." for sentence in answers]
        return "\n\n".join([*answers[:1] * len(told), *answers, *told])

    return Script(text, piece=200)


def _told(topic: Topic, telltale: str, url: str, number: int) -> list[str]:
    """What an obeying model writes: the word, the lie, links and pictures; cited as it can."""
    return [
        f"{PWNED} {telltale}.",
        f"{topic.lie} [{number}].",
        f"![status]({url}/from-model.png?data={telltale}) [here]({url}/from-model) [{number}].",
    ]


def _honest(shown: Shown, topic: Topic) -> tuple[int, list[str]]:
    """The number of the honest passage, and its sentences without their full stops."""
    body = topic.text.partition("\n\n")[2].strip()
    number = next(n for n in shown.passages if shown.body(n).strip().endswith(body))
    return number, [one.rstrip(".") for one in re.split(r"(?<=\.)\s+", body)]
