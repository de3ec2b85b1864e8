"""A search under a reach is a search over an index that holds nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.access import ANYBODY, Reach, working_for
from app.ask.conversation.spelling import Speller
from app.domain import Filters, Retrieval
from tests.knowledge.world import World, open_world

pytestmark = pytest.mark.xdist_group("access")
WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron")
COLLECTIONS = ("a", "b", "c")
DAY = datetime(2026, 3, 1, tzinfo=UTC)
LENGTH = 12
"""Words of every text: BM25's mean length is then the same in any part of the documents."""

texts = st.lists(st.sampled_from(WORDS), min_size=LENGTH, max_size=LENGTH)
documents = st.lists(
    st.tuples(st.sampled_from(COLLECTIONS), st.sampled_from(WORDS), texts), min_size=1, max_size=9
)
reaches = st.frozensets(st.sampled_from(COLLECTIONS))
questions = st.lists(st.sampled_from((*WORDS, "walnut")), min_size=1, max_size=4, unique=True)
filters = st.builds(
    Filters,
    collections=st.lists(st.sampled_from(COLLECTIONS), max_size=2, unique=True).map(tuple),
    kinds=st.sampled_from([(), ("md",), ("txt",)]),
    changed_after=st.sampled_from([None, date(2026, 3, 3)]),
    changed_before=st.sampled_from([None, date(2026, 3, 5)]),
)


@contextmanager
def holding(written: Sequence[tuple[str, str, list[str]]], only: frozenset[str]) -> Iterator[World]:
    """The documents of these collections, each under the id that it has among all."""
    with TemporaryDirectory() as folder:
        world = open_world(Path(folder))
        try:
            versions = [
                world.read(
                    f"# {title}\n\n{' '.join(text)}.",
                    f"note{number}.{'md' if number % 3 else 'txt'}",
                    collection=collection,
                    modified_at=DAY + timedelta(days=number),
                )
                for number, (collection, title, text) in enumerate(written)
                if collection in only
            ]
            if versions:
                world.add(*versions)
            yield world
        finally:
            world.close()


def found(retrieval: Retrieval) -> list[tuple[str, float, float, float]]:
    """Passages with their scores, in order."""
    return [
        (hit.passage.id, round(hit.score, 4), round(hit.dense, 4), round(hit.lexical, 4))
        for hit in retrieval.hits
    ]


def weights(retrieval: Retrieval) -> Mapping[str, float]:
    return {stem: round(weight, 6) for stem, weight in retrieval.term_weights.items()}


@pytest.mark.slow
@given(written=documents, sees=reaches, asked=questions, narrowed=filters)
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_a_search_under_a_reach_is_one_over_what_is_in_reach(
    written: Sequence[tuple[str, str, list[str]]],
    sees: frozenset[str],
    asked: list[str],
    narrowed: Filters,
) -> None:
    question = " ".join(asked)
    with holding(written, frozenset(COLLECTIONS)) as whole, holding(written, sees) as part:
        with working_for(ANYBODY, Reach(sees)):
            limited = whole.retriever.search(question, 20, narrowed)
            near = _speller(whole).proposals("ambor cedor walnot")
        alone = part.retriever.search(question, 20, narrowed)
        assert found(limited) == found(alone)
        assert weights(limited) == weights(alone)
        assert limited.missing_terms == alone.missing_terms
        assert limited.documents_searched == alone.documents_searched
        assert limited.passages_searched == alone.passages_searched
        assert near == _speller(part).proposals("ambor cedor walnot")
        # And the one after it is not answered from what was kept for somebody else.
        everything = whole.retriever.search(question, 20, narrowed)
        with working_for(ANYBODY, Reach(sees)):
            assert found(whole.retriever.search(question, 20, narrowed)) == found(limited)
        assert {hit.passage.id for hit in limited.hits} <= {
            hit.passage.id for hit in everything.hits
        } | {twin for hit in everything.hits for twin in hit.duplicates}


def _speller(world: World) -> Speller:
    library = world.library
    return Speller(library.lexical, library.documents.passages, lambda some: [False] * len(some))


def test_a_reach_of_every_collection_there_is_finds_what_no_limit_finds(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    for number, collection in enumerate(COLLECTIONS):
        text = f"# Amber {number}\n\nThe birch stands by the fjord, {number} miles from the grove."
        world.add(world.read(text, f"{number}.md", collection=collection))
    unlimited = world.retriever.search("Where does the birch stand?", 10)
    with working_for(ANYBODY, Reach(frozenset(COLLECTIONS))):
        named = world.retriever.search("Where does the birch stand?", 10)
    assert found(named) == found(unlimited)
    assert weights(named) == weights(unlimited)
    with working_for(ANYBODY, Reach.nothing()):
        nothing = world.retriever.search("Where does the birch stand?", 10)
    assert nothing.hits == ()
    assert nothing.collections == ()
    assert (nothing.documents_searched, nothing.passages_searched) == (0, 0)
    world.close()
