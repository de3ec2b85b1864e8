"""Searching and reading: how much is read, how sure it is, and whether there would be an answer."""

from __future__ import annotations

from app.ask.confidence import load_model
from app.ask.reading import WIDER, Reader
from app.ask.word_match import WordMatcher
from app.domain import Filters
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder
from tests.knowledge.world import World

EVERYTHING = Filters()


def reader(world: World, passages: int = 2) -> Reader:
    holder: ModelHolder[Embedder] = ModelHolder(lambda: world.embedder, "search model")
    return Reader(world.retriever, WordMatcher(holder), load_model(), passages=passages, closest=5)


def filled(world: World) -> World:
    for i, who in enumerate(("pilots", "divers", "guests", "mail", "cargo", "crew")):
        world.add(world.read(f"Boats leave the pier with {who} on board.", f"{i}.md"))
    return world


def test_sentences_of_so_many_passages_are_read_and_twice_as_many_when_wider(world: World) -> None:
    found = reader(filled(world))
    retrieval = found.search("boats leave the pier", EVERYTHING)
    read = {one.hit.passage.id for one in found.read(retrieval).candidates}
    wider = {one.hit.passage.id for one in found.read(retrieval, wider=True).candidates}
    assert (len(read), len(wider)) == (2, 2 * WIDER)
    assert read < wider


def test_what_was_read_is_judged_with_the_words_met(world: World) -> None:
    found = reader(filled(world))
    reading = found.read(found.search("boats leave the pier", EVERYTHING))
    assert reading.candidates[0].words is not None
    assert reading.judgment.signals["every_word"] > 0.9
    assert reading.judgment.answerable


def test_whether_there_is_an_answer_can_be_known_before_asking(world: World) -> None:
    found = reader(filled(world))
    assert found.answerable("Do boats leave the pier with divers?", EVERYTHING)
    assert not found.answerable("Who won the football world cup?", EVERYTHING)
    nowhere = Filters(collections=("elsewhere",))
    assert not found.answerable("Do boats leave the pier with divers?", nowhere)


def test_nothing_found_is_read_as_nothing(world: World) -> None:
    found = reader(world)
    reading = found.read(found.search("boats", EVERYTHING))
    assert reading.candidates == []
    assert not reading.judgment.answerable
