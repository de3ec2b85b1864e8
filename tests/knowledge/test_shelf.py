"""What questions came to lately is kept in memory, and is never out of date or out of reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from app.access import ANYBODY, Reach, working_for
from app.ask.conversation.spelling import Speller
from app.domain import Filters
from tests.knowledge.world import World, open_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    opened = open_world(tmp_path)
    opened.add(
        opened.read("# Leave\n\nNew employees have 25 days of leave.\n", "leave.md"),
        opened.read("# Travel\n\nThe hotel cap is EUR 140.\n", "travel.md", collection="finance"),
    )
    yield opened
    opened.close()


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """The SQL that is run meanwhile."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(world.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(world.engine, "before_cursor_execute", note)


def test_the_same_question_again_reads_no_passages_and_counts_nothing(world: World) -> None:
    first = world.retriever.search("days of leave", 5)
    with statements(world) as seen:
        again = world.retriever.search("days of leave", 5)
    assert [hit.passage for hit in again.hits] == [hit.passage for hit in first.hits]
    assert again.passages_searched == first.passages_searched == 2
    assert seen
    assert all("FROM index_state" in statement for statement in seen)


def test_a_changed_document_is_seen_by_the_next_question(world: World) -> None:
    assert "25 days" in world.retriever.search("days of leave", 5).hits[0].passage.text
    world.add(world.read("# Leave\n\nNew employees have 30 days of leave.\n", "leave.md"))
    found = world.retriever.search("days of leave", 5)
    assert "30 days" in found.hits[0].passage.text
    assert not any("25 days" in hit.passage.text for hit in found.hits)


def test_a_removed_document_is_gone_for_the_next_question(world: World) -> None:
    [leave] = [d for d in world.library.documents.find()[0] if d.title == "Leave"]
    assert world.retriever.search("days of leave", 5).term_weights["leav"] > 0
    world.library.remove([leave.id])
    found = world.retriever.search("days of leave", 5)
    assert leave.id not in {hit.document.id for hit in found.hits}
    assert (found.documents_searched, found.passages_searched) == (1, 1)
    assert "leave" in found.missing_terms


def test_what_one_reader_came_to_is_not_given_to_another_who_may_not_see_it(world: World) -> None:
    found = world.retriever.search("hotel cap", 5)
    [travel] = [hit for hit in found.hits if hit.document.collection == "finance"]
    with working_for(ANYBODY, Reach(frozenset({"default"}))):
        shelf = world.retriever.shelf
        assert shelf.passages([travel.passage.id]) == {}
        assert shelf.vectors([travel.passage.id]) == {}
        assert shelf.counts(Filters()) == (1, 1)
        assert shelf.collections() == ("default",)
        assert shelf.document_frequency(["hotel"]) == 0
        other = world.retriever.search("hotel cap", 5)
    assert {hit.document.collection for hit in other.hits} == {"default"}
    assert set(other.missing_terms) == {"hotel", "cap"}
    assert world.retriever.search("hotel cap", 5).missing_terms == ()


def test_what_a_misspelled_word_may_have_meant_is_kept_until_a_document_changes(
    world: World,
) -> None:
    lexical, retriever = world.library.lexical, world.retriever
    counted: list[str] = []

    def is_of_the_language(words: Sequence[str]) -> list[bool]:
        counted.extend(words)
        return [False] * len(words)

    speller = Speller(lexical, retriever.passages, is_of_the_language, retriever.kept)
    question = "Where are the zeppellins?"
    for _ in range(2):
        retriever.search(question, 5)
        assert speller.proposals(question) == {}
    assert counted == ["zeppellins"]  # the second time it was known
    world.add(world.read("# Zeppelins\n\nThe zeppelins are in the hall.\n", "zeppelins.md"))
    retriever.search(question, 5)
    assert speller.proposals(question) == {"zeppellins": "zeppelins"}
    with working_for(ANYBODY, Reach(frozenset({"finance"}))):
        retriever.search(question, 5)
        assert speller.proposals(question) == {}
