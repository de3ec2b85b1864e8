"""The script of one day: who does what, when. Made from a seed, and always the same.

Every session follows one of `PLOTS`. A plot says in its own terms what belongs together (which
question rephrases which, which belongs to the same thread), so that the truth never has to guess.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from tests.replay.topics import ANSWERED, SEARCHES, TOPICS, UNKNOWN, Topic

Door = Literal["web", "api", "conversation", "openai", "private"]
Does = Literal[
    "ask", "follow_up", "regenerate", "stop", "search",
    "open", "open_passage", "open_result", "copy", "share", "mark", "correct", "report", "request",
    "rate", "reload",
]  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One thing that somebody does. ``after``: seconds since the session's first step.

    ``on``: which question of the session it is about, counted from 0. ``thread``: the question
    whose thread an ask joins; None: it starts one. ``rephrases``: the question it says anew.
    ``twice``: sent twice with the same id, as a nervous finger or a retry does.
    """

    after: float
    does: Does
    text: str = ""
    on: int = 0
    thread: int | None = None
    rephrases: int | None = None
    helpful: bool = True
    rating: int = 0
    written: bool = False
    twice: bool = False


@dataclass(frozen=True)
class Session:
    """One visitor."""

    name: str
    door: Door
    plot: str
    start: datetime
    steps: tuple[Step, ...]


@dataclass
class Writer:
    """Builds the steps of one session."""

    dice: random.Random
    steps: list[Step] = field(default_factory=list)
    _asked: int = 0
    _topics: list[Topic] = field(default_factory=list)

    def topic(self, among: Sequence[Topic] = TOPICS) -> Topic:
        """One that this session has not had: two threads must differ in meaning."""
        while True:
            found = self.dice.choice(among)
            if found not in self._topics:
                self._topics.append(found)
                return found

    def ask(
        self,
        after: float,
        text: str,
        *,
        does: Does = "ask",
        thread: int | None = None,
        rephrases: int | None = None,
        written: bool = False,
    ) -> int:
        """A question; its number within the session is given back."""
        step = Step(after, does, text, self._asked, thread, rephrases, written=written)
        self.steps.append(step)
        self._asked += 1
        return self._asked - 1

    def do(self, after: float, does: Does, on: int, **more: object) -> None:
        """Something about a question."""
        self.steps.append(Step(after, does, on=on, **more))  # type: ignore[arg-type]


Plot = Callable[[Writer], None]


def reads_and_goes(w: Writer) -> None:
    q = w.ask(0, w.topic().question)
    w.do(20, "open", q)


def opens_several(w: Writer) -> None:
    q = w.ask(0, w.topic().question)
    w.do(15, "open", q)
    w.do(40, "open", q)
    w.do(70, "copy", q)


def helped(w: Writer) -> None:
    q = w.ask(0, w.topic().question)
    w.do(30, "mark", q, helpful=True, twice=True)


def copies(w: Writer) -> None:
    q = w.ask(0, w.topic().question)
    w.do(25, "copy", q, twice=True)


def shares(w: Writer) -> None:
    q = w.ask(0, w.topic().question)
    w.do(45, "share", q)


def rephrases_soon(w: Writer) -> None:
    topic = w.topic()
    q = w.ask(0, topic.question)
    w.do(20, "open", q)
    second = w.ask(80, topic.again[0], thread=q, rephrases=q)
    w.do(100, "mark", second, helpful=True)


def rephrases_at_two_minutes(w: Writer) -> None:
    topic = w.topic()
    q = w.ask(0, topic.question)
    w.do(0, "open", q)
    second = w.ask(120, topic.again[0], thread=q, rephrases=q)
    w.do(150, "copy", second)


def rephrases_a_second_later(w: Writer) -> None:
    topic = w.topic()
    q = w.ask(0, topic.question)
    w.do(0, "open", q)
    w.ask(121, topic.again[0], thread=q, rephrases=q)


def rephrases_twice(w: Writer) -> None:
    topic = w.topic()
    q = w.ask(0, topic.question)
    second = w.ask(50, topic.again[0], thread=q, rephrases=q)
    w.ask(95, topic.again[1], thread=q, rephrases=second)


def rephrases_after_tea(w: Writer) -> None:
    topic = w.topic()
    q = w.ask(0, topic.question)
    second = w.ask(400, topic.again[0], thread=q, rephrases=q)
    w.do(460, "open", second)


def comes_back_after_lunch(w: Writer) -> None:
    topic = w.topic()
    q = w.ask(0, topic.question)
    w.do(10, "open", q)
    second = w.ask(45 * 60, topic.again[0])
    w.do(45 * 60 + 30, "mark", second, helpful=True)


def follows_up(w: Writer) -> None:
    topic = w.topic()
    q = w.ask(0, topic.question)
    w.do(15, "open", q)
    second = w.ask(60, topic.then, does="follow_up", thread=q)
    w.do(90, "copy", second)


def follows_up_and_leaves(w: Writer) -> None:
    topic = w.topic()
    q = w.ask(0, topic.question)
    w.do(15, "mark", q, helpful=True)
    w.ask(200, topic.then, does="follow_up", thread=q)


def leaves(w: Writer) -> None:
    w.ask(0, w.topic().question)


def returns_too_late(w: Writer) -> None:
    q = w.ask(0, w.topic().question)
    w.do(601, "open", q)


def returns_just_in_time(w: Writer) -> None:
    q = w.ask(0, w.topic().question)
    w.do(600, "open", q)


def did_not_help(w: Writer) -> None:
    q = w.ask(0, w.topic().question)
    w.do(20, "open", q)
    w.do(140, "mark", q, helpful=False)


def opened_but_wrong(w: Writer) -> None:
    q = w.ask(0, w.topic().question)
    w.do(20, "open", q)
    w.do(141, "mark", q, helpful=False)


def changes_her_mind(w: Writer) -> None:
    q = w.ask(0, w.topic().question)
    w.do(20, "mark", q, helpful=False)
    w.do(90, "mark", q, helpful=True)


def changes_his_mind(w: Writer) -> None:
    q = w.ask(0, w.topic().question)
    w.do(20, "mark", q, helpful=True)
    w.do(90, "mark", q, helpful=False)


def reports(w: Writer) -> None:
    q = w.ask(0, w.topic().question)
    w.do(10, "copy", q)
    w.do(70, "report", q)


def corrects(w: Writer) -> None:
    q = w.ask(0, w.topic().question)
    w.do(120, "correct", q)


def asks_again(w: Writer) -> None:
    topic = w.topic()
    q = w.ask(0, topic.question)
    second = w.ask(40, topic.question, does="regenerate", thread=q, rephrases=q)
    w.do(60, "open", second)


def two_things(w: Writer) -> None:
    q = w.ask(0, w.topic().question)
    w.do(30, "copy", q)
    other = w.ask(100, w.topic().question)
    w.do(130, "open", other)


def not_there(w: Writer) -> None:
    q = w.ask(0, w.dice.choice(UNKNOWN))
    w.do(25, "request", q)


def looks_at_the_closest(w: Writer) -> None:
    q = w.ask(0, w.dice.choice(UNKNOWN))
    w.do(35, "open_passage", q)


def rates(w: Writer) -> None:
    q = w.ask(0, w.topic().question)
    w.do(20, "open", q)
    w.do(40, "rate", q, rating=w.dice.randint(1, 5))


def reloads(w: Writer) -> None:
    q = w.ask(0, w.topic().question)
    w.do(15, "reload", q)
    w.do(30, "reload", q)


def has_it_written(w: Writer) -> None:
    q = w.ask(0, w.topic().question, written=True)
    w.do(30, "open", q)
    w.do(55, "mark", q, helpful=True)


def has_it_written_and_leaves(w: Writer) -> None:
    w.ask(0, w.topic().question, written=True)


def stops_it(w: Writer) -> None:
    topic = w.topic(ANSWERED)
    q = w.ask(0, topic.question, does="stop", written=True)
    second = w.ask(30, topic.again[0], thread=q, rephrases=q)
    w.do(45, "copy", second)


def gives_up(w: Writer) -> None:
    w.ask(0, w.topic(ANSWERED).question, does="stop", written=True)


def searches(w: Writer) -> None:
    first, _ = w.dice.choice(SEARCHES)
    q = w.ask(0, first, does="search")
    w.do(12, "open_result", q)


def searches_twice(w: Writer) -> None:
    first, second = w.dice.choice(SEARCHES)
    q = w.ask(0, first, does="search")
    w.do(10, "open_result", q)
    other = w.ask(60, second, does="search", thread=q, rephrases=q)
    w.do(80, "open_result", other)


def searches_in_vain(w: Writer) -> None:
    w.ask(0, w.dice.choice(SEARCHES)[0], does="search")


def asks_then_searches(w: Writer) -> None:
    q = w.ask(0, w.topic().question)
    w.do(15, "open", q)
    s = w.ask(90, w.dice.choice(SEARCHES)[0], does="search")
    w.do(100, "open_result", s)


_COUNTS: tuple[tuple[Plot, Door, int], ...] = (
    (reads_and_goes, "web", 18),
    (opens_several, "web", 8),
    (helped, "web", 17),
    (copies, "web", 14),
    (shares, "web", 8),
    (rephrases_soon, "web", 10),
    (rephrases_at_two_minutes, "web", 6),
    (rephrases_a_second_later, "web", 6),
    (rephrases_twice, "web", 8),
    (rephrases_after_tea, "web", 6),
    (comes_back_after_lunch, "web", 6),
    (follows_up, "web", 12),
    (follows_up_and_leaves, "web", 6),
    (leaves, "web", 18),
    (returns_too_late, "web", 6),
    (returns_just_in_time, "web", 6),
    (did_not_help, "web", 8),
    (opened_but_wrong, "web", 6),
    (changes_her_mind, "web", 4),
    (changes_his_mind, "web", 4),
    (reports, "web", 6),
    (corrects, "web", 6),
    (asks_again, "web", 8),
    (two_things, "web", 8),
    (not_there, "web", 8),
    (looks_at_the_closest, "web", 6),
    (rates, "web", 10),
    (reloads, "web", 4),
    (has_it_written, "web", 10),
    (has_it_written_and_leaves, "web", 4),
    (stops_it, "web", 4),
    (gives_up, "web", 3),
    (searches, "web", 6),
    (searches_twice, "web", 4),
    (searches_in_vain, "web", 3),
    (asks_then_searches, "web", 4),
    (helped, "api", 6),
    (rephrases_soon, "api", 4),
    (corrects, "api", 3),
    (follows_up, "conversation", 4),
    (leaves, "openai", 4),
    (reads_and_goes, "private", 5),
    (helped, "private", 3),
)

PLOTS: dict[str, tuple[Plot, Door, int]] = {
    plot.__name__ + ("" if door == "web" else f"_{door}"): (plot, door, count)
    for plot, door, count in _COUNTS
}
"""Plot → what happens, through which door, and how often on a day of 300 sessions."""

SESSIONS = sum(count for _, _, count in PLOTS.values())


def day(start: datetime, seed: int = 7, share: float = 1.0) -> list[Session]:
    """The sessions of a day, spread over ten hours from ``start``.

    ``share``: a part of every plot, each at least once.
    """
    dice = random.Random(seed)
    made = []
    for name, (plot, door, count) in PLOTS.items():
        for number in range(max(1, round(count * share))):
            writer = Writer(dice)
            plot(writer)
            begins = start + timedelta(seconds=dice.randrange(36_000))
            steps = tuple(writer.steps)
            if door in ("api", "conversation", "openai"):
                steps = tuple(step for step in steps if step.does not in ("open", "copy"))
            made.append(Session(f"{name}-{number}", door, name, begins, steps))
    return sorted(made, key=lambda session: session.start)
