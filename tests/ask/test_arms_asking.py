"""Questions in an experiment: each arm answers its own way, and is recorded with its question."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from opentelemetry.trace import Span
from sqlalchemy import select

from app.ask.arms import ArmedAsker, assigned, begin, end
from app.ask.pipeline import Asker, AskOptions
from app.ask.writing.chat_model import Chunk
from app.ask.writing.prompts import Message, answer_messages
from app.domain import Answer, Question, Usage
from app.errors import ExperimentRefused, ModeUnavailable, SettingsError
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder
from app.records.behavior.recorder import QuestionRecorder
from app.records.behavior.tables import questions
from app.records.product.experiments import Arm, Experiment, ExperimentStore, Spec
from app.settings import Settings
from tests.knowledge.world import Options, World, open_world, wired

NOTE = """# Parental leave

- Parental leave in Oslo is long: sixteen weeks.
- Parental leave in Bergen is long: eighteen weeks.
- Parental leave in Paris is long: ten weeks.
- Parental leave in Rome is long: twelve weeks.
- Parental leave in Madrid is long: nine weeks.
"""
QUESTION = "How long is parental leave?"
SPEC = Spec(
    id="quotes",
    hypothesis="More is better.",
    metric="acceptance",
    arms=(Arm("one", {"quote_sentences": 1}), Arm("two", {"quote_sentences": 2})),
    control="one",
)


@dataclass
class Lab:
    """An asker with arms over a small library, as `app.bootstrap` wires it."""

    world: World
    settings: Settings
    built: list[int] = field(default_factory=list)
    looks: int = 0

    def __post_init__(self) -> None:
        self.store = ExperimentStore(self.world.engine)
        self.asker = self.armed()

    def armed(self, look_every_s: float = 0.0) -> ArmedAsker:
        """Another one, as after a restart or in another process."""
        return ArmedAsker(
            self.world.asker, self.settings, self._build, self._running, look_every_s=look_every_s
        )

    def ask(self, question: Question | str = QUESTION, session: str = "", by: str = "") -> Answer:
        whole = Question(question) if isinstance(question, str) else question
        return asyncio.run(self.asker.answer(whole, session or self.member(by) if by else session))

    def recorded(self, answer: Answer) -> tuple[str, str]:
        """The experiment and arm that the question is kept with."""
        columns = questions.c.experiment, questions.c.arm
        with self.world.engine.connect() as connection:
            row = connection.execute(
                select(*columns).where(questions.c.answer_id == answer.answer_id)
            ).one()
        return row.experiment, row.arm

    def member(self, arm: str, spec: Spec = SPEC) -> str:
        """A session that is in this arm."""
        names = (f"session-{number}" for number in range(1000))
        return next(name for name in names if assigned(spec, name) == arm)

    def _running(self) -> Experiment | None:
        self.looks += 1
        return self.store.running()

    def _build(self, own: Settings) -> Asker:
        self.built.append(own.quote_sentences)
        world = self.world
        holder: ModelHolder[Embedder] = ModelHolder(lambda: world.embedder, "search model")
        return wired(
            world.library,
            world.retriever,
            holder,
            Options(quote_sentences=own.quote_sentences),
            world.answers,
            None,
            QuestionRecorder(world.engine, world.answers, "test"),
        )


@pytest.fixture
def lab(tmp_path: Path, settings: Settings) -> Iterator[Lab]:
    world = open_world(tmp_path)
    world.add(world.read(NOTE, "leave.md"))
    yield Lab(world, settings)
    world.close()


@pytest.fixture
def running(lab: Lab) -> Lab:
    begin(lab.asker, lab.store, SPEC)
    return lab


def test_two_arms_answer_differently_and_are_recorded(running: Lab) -> None:
    one, two = running.ask(by="one"), running.ask(by="two")
    assert (len(one.citations), len(two.citations)) == (1, 2)
    assert running.recorded(one) == ("quotes", "one")
    assert running.recorded(two) == ("quotes", "two")


def test_a_session_stays_in_its_arm_after_a_restart(running: Lab) -> None:
    before = [running.ask(session=f"session-{number}") for number in range(6)]
    running.asker = running.armed()
    after = [running.ask(session=f"session-{number}") for number in range(6)]
    arms = [running.recorded(answer) for answer in before]
    assert [running.recorded(answer) for answer in after] == arms
    assert len(set(arms)) == 2


def test_a_conversation_stands_in_for_a_session(running: Lab) -> None:
    conversation = running.member("two")
    answer = running.ask(Question(QUESTION, conversation_id=conversation))
    assert running.recorded(answer) == ("quotes", "two")
    assert running.recorded(running.ask(QUESTION)) == ("", "")


def test_whoever_does_not_want_to_be_followed_is_in_no_experiment(running: Lab) -> None:
    answer = running.ask(Question(QUESTION, private=True), session=running.member("one"))
    assert running.recorded(answer) == ("", "")
    assert len(answer.citations) == 3


def test_a_mode_that_somebody_chose_still_counts_to_the_arm(running: Lab) -> None:
    session = running.member("two")
    answer = running.ask(Question(QUESTION, mode="quotes"), session=session)
    assert running.recorded(answer) == ("quotes", "two")
    with pytest.raises(ModeUnavailable):
        running.ask(Question(QUESTION, mode="written"), session=session)


def test_sessions_outside_the_share_are_asked_as_ever(lab: Lab) -> None:
    spec = Spec("few", "why", "acceptance", SPEC.arms, "one", share=0.2)
    begin(lab.asker, lab.store, spec)
    outside = lab.member("", spec)
    answer = lab.ask(session=outside)
    assert lab.recorded(answer) == ("", "")
    assert len(answer.citations) == 3


def test_when_it_ends_everybody_is_answered_alike(running: Lab) -> None:
    session = running.member("one")
    assert len(running.ask(session=session).citations) == 1
    end(running.asker, running.store, "quotes", "keep", "")
    answer = running.ask(session=session)
    assert running.recorded(answer) == ("", "")
    assert len(answer.citations) == 3


def test_another_process_sees_the_beginning_and_the_end(lab: Lab) -> None:
    other = lab.armed()
    session = lab.member("one")
    asking = Question(QUESTION)
    begin(lab.asker, lab.store, SPEC)
    assert len(asyncio.run(other.answer(asking, session)).citations) == 1
    end(lab.asker, lab.store, "quotes", "keep", "")
    assert len(asyncio.run(other.answer(asking, session)).citations) == 3


def test_many_questions_look_once(lab: Lab) -> None:
    lab.asker = lab.armed(look_every_s=60)
    for _ in range(5):
        lab.ask(session="session-1")
    assert lab.looks == 1


def test_arms_with_the_same_settings_share_an_asker(lab: Lab) -> None:
    same = {"quote_sentences": 2}
    spec = Spec("aa", "Nothing differs.", "acceptance", (Arm("a", same), Arm("b", same)), "a")
    lab.store.start(spec)
    assert len(lab.ask(session=lab.member("a", spec)).citations) == 2
    answer = lab.ask(session=lab.member("b", spec))
    assert lab.recorded(answer) == ("aa", "b")
    assert lab.built == [2]


def test_an_arm_that_changes_nothing_is_everybodys_asker(lab: Lab) -> None:
    spec = Spec(
        "plain", "why", "acceptance", (Arm("as-is"), Arm("one", {"quote_sentences": 1})), "as-is"
    )
    begin(lab.asker, lab.store, spec)
    answer = lab.ask(session=lab.member("as-is", spec))
    assert lab.recorded(answer) == ("plain", "as-is")
    assert 3 not in lab.built


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"mode": "written"}, "“bad” can't work: Written answers need a chat model"),
        ({"chat_model": ""}, "“bad” can't work: It has no chat model"),
    ],
)
def test_an_arm_that_cannot_work_is_refused_at_the_start(
    lab: Lab, changes: dict[str, str], told: str
) -> None:
    spec = Spec("broken", "why", "acceptance", (Arm("good"), Arm("bad", changes)), "good")
    with pytest.raises(SettingsError, match=told):
        begin(lab.asker, lab.store, spec)
    assert lab.store.running() is None


def test_where_an_arm_cannot_work_questions_are_answered_all_the_same(lab: Lab) -> None:
    # Another process with a chat model started it; this one has none.
    spec = Spec("other", "why", "acceptance", (Arm("a"), Arm("b", {"mode": "written"})), "a")
    lab.store.start(spec)
    answer = lab.ask(session=lab.member("b", spec))
    assert lab.recorded(answer) == ("", "")
    assert len(answer.citations) == 3


def test_a_store_that_does_not_answer_keeps_nobody_waiting(running: Lab) -> None:
    session = running.member("one")
    assert len(running.ask(session=session).citations) == 1
    broken: Callable[[], None] = lambda: (_ for _ in ()).throw(OSError("away"))  # noqa: E731
    running.asker._read = broken
    assert len(running.ask(session=session).citations) == 1


def test_follow_ups_are_those_of_the_sessions_arm(running: Lab) -> None:
    session = running.member("two")
    answer = running.ask(session=session)
    assert asyncio.run(running.asker.suggest(answer, session)) is not None


def test_evals_and_scripts_without_records_start_nothing(lab: Lab) -> None:
    with pytest.raises(SettingsError, match="Nothing is recorded"):
        begin(lab.world.asker, lab.store, SPEC)


def test_starting_twice_says_which_one_runs(running: Lab) -> None:
    again = Spec("again", "why", "acceptance", SPEC.arms, "one")
    with pytest.raises(ExperimentRefused, match="“quotes” is running"):
        begin(running.asker, running.store, again)


class Scribe:
    """A chat model that always writes the same sentence."""

    name = "test:scribe"

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, parent: Span | None = None
    ) -> AsyncGenerator[Chunk, None]:
        yield Chunk("Parental leave in Oslo is long: sixteen weeks [1].")
        yield Chunk(usage=Usage(), finish="stop")


# --- settings that only arms had wanted so far ----------------------------------------------------


def test_instructions_of_ones_own_come_after_the_rules() -> None:
    plain, own = (
        answer_messages("Why?", [], instructions=said, today=date(2026, 3, 1), nonce="n")
        for said in ("", "  Answer like a pirate. ")
    )
    assert own[0].text.startswith(plain[0].text)
    assert own[0].text.endswith("the rules above come first:\nAnswer like a pirate.")
    assert own[1] == plain[1]


def test_quotes_can_be_what_nobody_has_to_choose(tmp_path: Path) -> None:
    world = open_world(tmp_path, options=Options(ask=AskOptions(mode="quotes")), chat=Scribe())
    world.add(world.read(NOTE, "leave.md"))
    answer = asyncio.run(world.asker.answer(Question(QUESTION)))
    chosen = asyncio.run(world.asker.answer(Question(QUESTION, mode="written")))
    world.close()
    assert (answer.mode, chosen.mode) == ("quotes", "written")
