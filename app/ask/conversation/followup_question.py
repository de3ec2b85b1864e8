"""A follow-up becomes a question that stands alone.

By rule: what a follow-up leaves out is taken from the question before it. The rules are narrow,
because changing a question that stands alone is worse than leaving a follow-up as it is: the
rewritten question is shown and can be edited, but it has already been searched. With a chat model
the model rewrites, and the rule's result stands in when the model's cannot be used.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from opentelemetry.trace import Span as TraceSpan

from app.ask.conversation.completing import completed
from app.ask.conversation.phrases import word_set, words_of
from app.ask.conversation.pointing import Turn
from app.ask.ports import Chats
from app.ask.writing import prompts
from app.ask.writing.plain_text import one_line
from app.domain import Answer, Usage
from app.knowledge.terms import content_stems, content_words

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The question to search with; ``changed`` when it is not the one that was typed.

    ``usage``: what a model spent on it, also where its line could not be used.
    """

    question: str
    changed: bool
    usage: Usage = field(default_factory=Usage)


def turn_of(answer: Answer) -> Turn:
    """What a follow-up may take from an earlier answer: its question, and the very answer."""
    for sentence in answer.sentences:
        for start, end in sentence.emphasis:
            return Turn(answer.question, sentence.text[start:end])
    return Turn(answer.question)


def rewrite(question: str, previous: Sequence[Answer | Turn]) -> Rewritten:
    """``question`` as it would be asked alone.

    ``previous``: what was asked before, oldest first. A question that stands alone, or whose gap
    the earlier ones do not fill, comes back unchanged.
    """
    typed = " ".join(question.split())
    for earlier in reversed(previous[-_REMEMBERED:]):
        turn = earlier if isinstance(earlier, Turn) else turn_of(earlier)
        if not turn.question.strip():
            continue
        made = completed(typed.rstrip("?!. "), typed.endswith("?"), turn)
        if made is not None:
            made = _tidy(made)
            return Rewritten(made, made.casefold() != typed.casefold())
    return Rewritten(question, changed=False)


def may_lean(question: str) -> bool:
    """Whether the question may need the ones before it; only then is a model worth its time."""
    found = words_of(question)
    low = {word.low for word in found}
    return (
        len(content_words(question)) <= 2  # "Who approves travel?" may lean
        or bool(low & _POINTING)
        or bool(found and found[0].low in _CONNECTING)
        or bool(_ABOUT.match(question))
    )


_REMEMBERED = 3
"""Questions looked back at: a topic older than that has been left."""
_POINTING = word_set(
    """
    it its they them their theirs he him his she her hers this that these those there same one
    ones
    """
)
_CONNECTING = word_set("and or but also then so plus ok okay")
_ABOUT = re.compile(r"(?:what|how) about\b", re.IGNORECASE)


def _tidy(text: str) -> str:
    whole = " ".join(text.split())
    return whole[:1].upper() + whole[1:]


# --- with a model --------------------------------------------------------------------------------

_LONGEST_LINE = 300
_MOST_TOKENS = 120
_OWN_WORDS = 0.7
"""Share of a rewritten question's content words that the conversation must hold: a model that
answers, or follows an instruction from a document, brings others."""


async def rewrite_with_model(
    question: str,
    previous: Sequence[Answer],
    chat: Chats,
    *,
    parent: TraceSpan | None = None,
) -> Rewritten:
    """As `rewrite`, by a chat model; by rule when the model's line cannot be used.

    The model is asked only where the question may lean on earlier ones. Never raises because of it.
    """
    ruled = rewrite(question, previous)
    if not previous or not (ruled.changed or may_lean(question)):
        return ruled
    history = [prompts.Turn(one.question, one.text) for one in previous[-_REMEMBERED:]]
    messages = prompts.rewrite_messages(history, question)
    written, usage = "", Usage()
    try:
        async with aclosing(
            chat.stream(messages, max_tokens=_MOST_TOKENS, parent=parent)
        ) as chunks:
            async for chunk in chunks:
                written += chunk.text
                usage = chunk.usage or usage
    except Exception as error:  # noqa: BLE001  # the rule stands in, whatever the model did
        log.warning("the model did not rewrite a follow-up: %s", type(error).__name__)
        return ruled
    line = _usable(written, question, previous)
    if line is None:
        return replace(ruled, usage=usage)
    typed = " ".join(question.split())
    return Rewritten(line, line.casefold() != typed.casefold(), usage)


def _usable(written: str, question: str, previous: Sequence[Answer]) -> str | None:
    """The model's one line; None when it is none, too long, or about something else."""
    lines = [line.strip() for line in written.strip().splitlines() if line.strip()]
    if len(lines) != 1:
        return None
    line = re.sub(r"^(?:rewritten |standalone )?question:\s*", "", lines[0], flags=re.IGNORECASE)
    line = one_line(line).strip(' "“”`*')
    if not line or len(line) > max(_LONGEST_LINE, 2 * len(question)):
        return None
    told = " ".join([question, *(f"{one.question} {one.text}" for one in previous)])
    known = content_stems(told)
    own = content_stems(line)
    numbers = set(re.findall(r"\d+", line)) - set(re.findall(r"\d+", told))
    if numbers or len(own & known) < _OWN_WORDS * len(own):
        return None
    return line
