"""What was typed becomes what is searched: by conversation, by vocabulary, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from app.ask.conversation.interpreting import Interpreter, Understood
from app.ask.conversation.spelling import Speller
from app.ask.writing.prompts import Message
from app.domain import Question, Usage
from tests.contracts.test_answers import plain_answer
from tests.knowledge.world import World

BEFORE = "What does FOC stand for?"
TYPED = "and TWQI?"
MEANT = "What does TWQI stand for?"
FOLLOW_UP = Question(TYPED, conversation_id="con_1")


@pytest.fixture
def asked_before(world: World) -> World:
    """One answer to the session "me" in conversation con_1."""
    answer = plain_answer("ans_1", question=BEFORE, conversation_id="con_1")
    world.answers.add(answer, "me")
    return world


@dataclass(frozen=True)
class Piece:
    text: str = ""
    usage: Usage | None = None


@dataclass
class Chat:
    """Answers with one line and remembers that it was asked."""

    line: str
    asked: list[Sequence[Message]] = field(default_factory=list)

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, parent: object = None
    ) -> AsyncGenerator[Piece, None]:
        self.asked.append(messages)
        yield Piece(self.line)
        yield Piece(usage=Usage(40, 8, 0.001))


def understood(
    interpreter: Interpreter, question: Question, session: str = "me", *, with_model: bool = False
) -> Understood:
    return asyncio.run(
        interpreter.understood(question.text, question, session, with_model=with_model)
    )


def test_a_follow_up_is_read_with_what_was_asked_before(asked_before: World) -> None:
    found = understood(Interpreter(answers=asked_before.answers), FOLLOW_UP)
    assert found == Understood(MEANT, completed=True)
    assert found.asked(TYPED) == TYPED
    assert found.asked(MEANT) is None


@pytest.mark.parametrize(
    ("question", "session"),
    [
        (replace(FOLLOW_UP, rewrite=False), "me"),
        (replace(FOLLOW_UP, conversation_id=None), "me"),
        (replace(FOLLOW_UP, conversation_id="con_2"), "me"),
        (FOLLOW_UP, "somebody else"),
        (FOLLOW_UP, ""),
    ],
    ids=["insisted", "no conversation", "another one", "another session", "no session"],
)
def test_otherwise_it_stays_as_it_was_typed(
    asked_before: World, question: Question, session: str
) -> None:
    interpreter = Interpreter(answers=asked_before.answers)
    assert understood(interpreter, question, session) == Understood(TYPED)


RAMBLING = (
    "Hello everybody, I hope this is the right place, I have been looking around for a while now "
    "and could not find it anywhere. When are invoices paid? Thanks a lot for your help!"
)


def test_a_long_message_is_searched_with_its_question() -> None:
    found = understood(Interpreter(), Question(RAMBLING))
    assert found == Understood("When are invoices paid?")
    assert found.asked(RAMBLING) == RAMBLING


def test_who_insists_on_the_whole_message_gets_it() -> None:
    assert understood(Interpreter(), Question(RAMBLING, rewrite=False)) == Understood(RAMBLING)


def test_a_long_follow_up_is_completed_from_its_question(asked_before: World) -> None:
    message = RAMBLING.replace("When are invoices paid?", "And what does TWQI stand for?")
    found = understood(Interpreter(answers=asked_before.answers), replace(FOLLOW_UP, text=message))
    assert found.question.endswith("hat does TWQI stand for?")


def test_without_records_nothing_is_remembered() -> None:
    assert understood(Interpreter(), FOLLOW_UP) == Understood(TYPED)
    assert Interpreter().questions("con_1", "me") == []


def test_a_model_is_asked_only_where_it_may_and_its_cost_is_kept(asked_before: World) -> None:
    chat = Chat(MEANT)
    interpreter = Interpreter(answers=asked_before.answers, chat=chat)
    assert understood(interpreter, FOLLOW_UP) == Understood(MEANT, completed=True)
    assert chat.asked == []
    assert understood(interpreter, FOLLOW_UP, with_model=True) == Understood(
        MEANT, Usage(40, 8, 0.001), completed=True
    )
    assert len(chat.asked) == 1


def test_the_questions_of_a_conversation_are_those_of_the_session(asked_before: World) -> None:
    interpreter = Interpreter(answers=asked_before.answers)
    assert interpreter.questions("con_1", "me") == [BEFORE]
    assert interpreter.questions("con_1", "somebody else") == []


def test_a_misspelled_word_is_corrected_where_one_is_missing(world: World) -> None:
    world.add(world.read("Invoices are paid within 30 days. An invoice needs a number."))
    speller = Speller(
        world.library.lexical, world.library.documents.passages, lambda words: [False] * len(words)
    )
    interpreter = Interpreter(speller)

    def corrected(text: str, *, wanted: bool = True) -> Understood | None:
        retrieval = world.retriever.search(text, 5)
        return interpreter.corrected(Understood(text, Usage(1, 1)), retrieval, wanted)

    assert corrected("Are invioces paid?") == Understood("Are invoices paid?", Usage(1, 1))
    assert corrected("Are invioces paid?", wanted=False) is None
    assert corrected("Are invoices paid?") is None
    assert corrected("Are zeppelins paid?") is None
