"""A process that replaces documents until it is killed, and one that looks at what is left."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from app.records.lock import writer_lock
from app.records.versions import NewVersion
from tests.knowledge.world import World, open_world

QUESTION = "Which rules of the harbor apply?"
NAMES = ("north.md", "south.md")


def edition(world: World, number: int) -> list[NewVersion]:
    """Two documents whose every passage names its edition; their length differs between editions.

    Passages differ in a number, so that none counts as a duplicate of another.
    """
    return [
        world.read(
            f"# {name} harbor\n\n"
            + "\n\n".join(
                f"Rule {rule} of the harbor in edition{number} says that boats keep to the right "
                f"and show light {rule} at night."
                for rule in range(first, first + 2 + number % 3)
            ),
            name,
            tokens=20,
        )
        for name, first in zip(NAMES, (1, 101), strict=True)
    ]


def editions_in(world: World, question: str = QUESTION) -> dict[str, set[str]]:
    """Document id → editions that a search shows, as "edition7 of 3 passages"."""
    hits = world.retriever.search(question, 50).hits
    shown: dict[str, set[str]] = {}
    for key in {hit.document.id for hit in hits}:
        own = [hit.passage.text for hit in hits if hit.document.id == key]
        names = {text.split(" in ")[1].split()[0] for text in own}
        shown[key] = {f"{name} of {len(own)} passages" for name in names}
    return shown


def whole(number: int) -> str:
    """How `editions_in` describes an edition of which nothing is missing."""
    return f"edition{number} of {2 + number % 3} passages"


def write_until_killed(
    data_dir: Path, started: Connection, first: int, die_after: int | None
) -> None:
    """Replace both documents by one edition after the other.

    ``die_after``: the process kills itself right after so many writing steps of the second edition
    (0: before the first); without it, somebody else does.
    """
    world = open_world(data_dir)
    with writer_lock(data_dir, wait=True):
        world.library.reconcile()
        world.add(*edition(world, first))
        started.send(first)
        if die_after is not None:
            _count_steps(world, die_after)
        for number in count(first + 1):
            world.add(*edition(world, number))


STEPS = 9
"""Writing steps of one `Library.add`: mark, vectors, words (add, commit), SQL, and what was before
leaves both indexes (delete, delete, commit), mark."""


def _count_steps(world: World, die_after: int) -> None:
    """Let every writing step count, and the last one that is allowed be the process's last."""
    left = [die_after]

    def dying(step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1
            result = step(*args, **kwargs)
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return run

    library = world.library
    for owner, names in (
        (library.vectors, ("add", "delete")),
        (library.lexical, ("add", "delete", "commit")),
        (library.writer, ("set_state", "put")),
    ):
        for name in names:
            setattr(owner, name, dying(getattr(owner, name)))


@dataclass(frozen=True)
class Seen:
    """What another process saw after a kill."""

    editions: dict[str, set[str]]
    stored_texts_agree: bool
    indexes_agree_after_reconciling: bool
    editions_after_reconciling: dict[str, set[str]]


def look(data_dir: Path, answer: Connection) -> None:
    """Search, then reconcile under the lock, then search again."""
    world = open_world(data_dir)
    documents = world.library.documents
    before = editions_in(world)
    agree = True
    for document in documents.find()[0]:
        text, _ = documents.text(document.id)
        own = documents.of_document(document.id)
        agree = agree and len(own) == document.passages and bool(own)
        agree = agree and all(text[p.start : p.end] == p.text for p in own)
        agree = agree and documents.original(document.id).decode().count("Rule") == len(own)
    with writer_lock(data_dir, wait=False):
        world.library.reconcile()
    vectors, words = world.indexed()
    after = editions_in(world)
    answer.send(Seen(before, agree, vectors == words == world.stored(), after))
    world.close()


def replace_slowly(data_dir: Path, first: int, last: int, done: Connection) -> None:
    """Editions from ``first`` to ``last``, for somebody else to read meanwhile."""
    world = open_world(data_dir)
    for number in range(first, last + 1):
        world.add(*edition(world, number))
        time.sleep(0.1)
    world.close()
    done.send(last)


def add_text(data_dir: Path, text: str, name: str, done: Connection) -> None:
    """One document."""
    world = open_world(data_dir)
    world.add(world.read(text, name))
    world.close()
    done.send(name)
