"""SQL and both indexes stay in step, whatever is added, removed, killed or rebuilt."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.domain import Filters
from app.errors import IndexMismatch, NotFound
from app.records.lock import writer_lock
from tests.knowledge.killing import (
    NAMES,
    STEPS,
    Seen,
    add_text,
    edition,
    editions_in,
    look,
    replace_slowly,
    whole,
    write_until_killed,
)
from tests.knowledge.world import WordEmbedder, World, open_world
from tests.plugins.forked import forking

Begin = Callable[..., tuple[ForkServerProcess, Connection]]


@pytest.fixture(scope="module")
def begin() -> Begin:
    """Starts a function in another process, which has imported everything already.

    The function gets one end of a pipe wherever the other end is given as ``...``.
    """
    context = forking()

    def start(function: Callable[..., None], *args: Any) -> tuple[ForkServerProcess, Connection]:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(
            target=function, args=tuple(theirs if one is ... else one for one in args), daemon=True
        )
        process.start()
        theirs.close()
        return process, ours

    return start


def hear(end: Connection) -> Any:
    """What the other process says, within a minute."""
    assert end.poll(60), "the other process says nothing"
    return end.recv()


def titles(world: World, question: str, filters: Filters = Filters()) -> list[str]:
    return [hit.document.title for hit in world.retriever.search(question, 20, filters).hits]


def test_an_added_document_is_found_and_whole(world: World) -> None:
    new = world.read("# Harbor\n\nBoats keep to the right.\n\nLights are shown at night.\n")
    world.add(new)
    [hit] = world.retriever.search("boats", 5).hits
    assert hit.document == new.document
    assert hit.passage == new.passages[0]
    assert world.indexed() == (world.stored(), world.stored())
    assert world.stored() == {passage.id for passage in new.passages}


def test_adding_nothing_changes_nothing(world: World) -> None:
    before = world.library.documents.generation()
    world.add()
    assert world.library.remove([]) == 0
    assert world.library.documents.generation() == before


def test_a_document_without_passages_may_be_added(world: World) -> None:
    empty = world.read("Boats keep right.")
    nothing = np.zeros((0, world.embedder.dimension), dtype=np.float32)
    world.add(replace(empty, passages=(), vectors=nothing, sentence_vectors=()))
    assert titles(world, "boats") == []
    assert world.indexed() == (set(), set())


def test_a_replaced_document_is_only_found_by_its_new_words(world: World) -> None:
    world.add(world.read("# Old title\n\nBoats keep to the right.", "a.md"))
    world.add(world.read("# Other\n\nBoats are painted green.", "b.md"))
    world.add(world.read("# New title\n\nTrains leave at noon.", "a.md"))
    assert titles(world, "trains at noon") == ["New title", "Other"]
    assert world.library.documents.counts(Filters()) == (2, 2)
    found = world.retriever.search("keep to the right", 20)
    assert all("keep to the right" not in hit.passage.text for hit in found.hits)
    assert set(found.missing_terms) == {"keep", "right"}
    assert world.indexed() == (world.stored(), world.stored())


def test_a_document_replaced_by_the_same_content_stays_findable(world: World) -> None:
    for _ in range(2):
        world.add(world.read("# Harbor\n\nBoats keep to the right.", "a.md"))
    assert titles(world, "boats") == ["Harbor"]
    assert world.indexed() == (world.stored(), world.stored())


def test_a_removed_document_leaves_both_indexes(world: World) -> None:
    keep, gone = world.read("Boats keep right.", "a.md"), world.read("Boats sink.", "b.md")
    world.add(keep, gone)
    assert world.library.remove([gone.document.id, "unknown"]) == 1
    assert [hit.document.id for hit in world.retriever.search("boats", 5).hits] == [
        keep.document.id
    ]
    assert world.indexed() == (world.stored(), world.stored())


def test_deleting_while_nobody_ingests_cleans_the_indexes_at_once(world: World) -> None:
    new = world.read("Boats keep right.")
    world.add(new)
    assert world.library.forget([new.document.id]) == 1
    assert world.indexed() == (set(), set())


def test_deleting_while_somebody_ingests_is_seen_at_once_and_cleaned_later(world: World) -> None:
    new = world.read("Boats keep right.")
    world.add(new)
    with writer_lock(world.data_dir, wait=False):
        assert world.library.forget([new.document.id]) == 1
        assert titles(world, "boats") == []
        with pytest.raises(NotFound):
            world.library.documents.get(new.document.id)
        assert world.indexed() != (set(), set())
    world.library.reconcile()
    assert world.indexed() == (set(), set())


def test_documents_of_several_collections_are_kept_apart(world: World) -> None:
    world.add(
        world.read("# Here\n\nBoats keep right.", collection="one"),
        world.read("# There\n\nBoats keep left.", collection="two"),
    )
    assert titles(world, "boats", Filters(collections=("two",))) == ["There"]
    assert {name: len(ids) for name, ids in world.library.vectors.ids().items()} == {
        "one": 1,
        "two": 1,
    }


# --- reconciling ----------------------------------------------------------------------------------


def test_reconciling_what_is_in_step_touches_nothing(world: World) -> None:
    world.add(world.read("Boats keep right."))
    before = world.library.documents.generation()
    world.library.reconcile()
    assert world.library.documents.generation() == before


def test_reconciling_brings_back_what_an_index_lost(world: World) -> None:
    new = [world.read(f"Boats keep light number {i}.", f"{i}.md") for i in range(5)]
    world.add(*new)
    keys = [one.passages[0].id for one in new]
    world.library.vectors.delete("default", keys[:2])
    world.library.lexical.delete(keys[1:4])
    world.library.lexical.commit()
    world.library.reconcile()
    assert world.indexed() == (set(keys), set(keys))
    [best, *_] = world.retriever.search("light number 1", 5).hits
    assert best.passage.id == keys[1]
    assert best.dense == pytest.approx(
        float(new[1].vectors[0] @ world.embedder.encode_query("light number 1")), abs=0.3
    )
    assert best.lexical > 0


def test_reconciling_rebuilds_an_index_whose_files_are_gone(tmp_path: Path) -> None:
    import shutil

    world = open_world(tmp_path)
    world.add(world.read("Boats keep right."))
    stored = world.stored()
    world.close()
    shutil.rmtree(tmp_path / "chroma")
    shutil.rmtree(tmp_path / "lexical")
    again = open_world(tmp_path)
    again.library.reconcile()
    assert again.indexed() == (stored, stored)
    assert len(titles(again, "boats")) == 1
    again.close()


def test_ids_that_only_an_index_knows_are_never_shown_and_then_removed(world: World) -> None:
    world.add(world.read("# Kept\n\nBoats keep right.", "kept.md"))
    ghost = world.read("# Ghost\n\nBoats keep left.", "ghost.md")
    world.add(ghost)
    world.library.writer.remove([ghost.document.id])  # as if killed before the indexes were cleaned
    assert titles(world, "boats keep left") == ["Kept"]
    world.library.reconcile()
    assert world.indexed() == (world.stored(), world.stored())


# --- models and rebuilding ------------------------------------------------------------------------


def test_another_model_is_refused_until_the_index_is_built_again(tmp_path: Path) -> None:
    first = open_world(tmp_path)
    first.add(first.read("# Harbor\n\nBoats keep right. Lights are shown.", "a.md"))
    first.close()
    second = open_world(tmp_path, WordEmbedder("other words", dimension=32))
    for use in (second.library.check_model, lambda: second.retriever.search("boats", 5)):
        with pytest.raises(IndexMismatch) as refused:
            use()
        assert refused.value.message == (
            "The index was built with “words” (64 dimensions), but FOOTNOTE_EMBEDDING_MODEL is now "
            "“other words”. Run `footnote reindex` to build it again with the new model, "
            "or set the old one."
        )
    told: list[tuple[int, int]] = []
    second.library.reindex(lambda done, total: told.append((done, total)))
    assert told == [(1, 1)]
    second.library.check_model()
    [key] = second.stored()
    stored = second.library.documents.vectors([key])[key]
    [(passage, document)] = second.library.documents.passages([key]).values()
    assert stored.passage.shape == (32,)
    assert stored.sentences.shape == (len(passage.sentences), 32)
    expected = second.embedder.encode_query(f"{document.title}\n{passage.text}")
    assert np.abs(stored.passage - expected).max() < 1e-3
    assert second.retriever.search("boats keep right", 5).hits[0].dense > 0.3
    second.close()


def test_a_model_of_the_same_name_but_another_size_is_refused(tmp_path: Path) -> None:
    first = open_world(tmp_path)
    first.add(first.read("Boats keep right."))
    first.close()
    second = open_world(tmp_path, WordEmbedder(dimension=32))
    with pytest.raises(IndexMismatch, match="64 dimensions"):
        second.retriever.search("boats", 5)
    second.close()


def test_rebuilding_with_the_same_model_leaves_the_stored_vectors_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add(*(world.read(f"Boats keep light {i}.", f"{i}.md") for i in range(3)))
    keys = sorted(world.stored())
    before = world.library.documents.vectors(keys)
    embedded: list[str] = []
    monkeypatch.setattr(
        world.embedder, "encode_passages", lambda texts, _spans: embedded.extend(texts)
    )
    world.library.reindex()
    after = world.library.documents.vectors(keys)
    assert embedded == []
    assert all(np.array_equal(after[key].passage, before[key].passage) for key in keys)
    assert world.indexed() == (set(keys), set(keys))
    monkeypatch.undo()
    assert len(titles(world, "boats")) == 3


def test_an_interrupted_change_of_model_is_taken_for_neither(tmp_path: Path) -> None:
    first = open_world(tmp_path)
    first.add(*(first.read(f"Boats keep light {i}.", f"{i}.md") for i in range(3)))
    first.close()
    second = open_world(tmp_path, WordEmbedder("other words"))

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        second.library.reindex(stop)
    second.close()
    for model in (WordEmbedder(), WordEmbedder("other words")):
        world = open_world(tmp_path, model)
        with pytest.raises(IndexMismatch, match="unfinished change"):
            world.library.check_model()
        world.close()
    back = open_world(tmp_path)
    back.library.reindex()
    for key, stored in back.library.documents.vectors(back.stored()).items():
        passage, document = back.library.documents.passages([key])[key]
        expected = back.embedder.encode_query(f"{document.title}\n{passage.text}")
        assert np.abs(stored.passage - expected).max() < 1e-3
    back.close()


def test_an_empty_library_may_be_rebuilt(world: World) -> None:
    world.library.reindex()
    assert titles(world, "boats") == []
    world.add(world.read("Boats keep right."))
    assert len(titles(world, "boats")) == 1


def test_a_damaged_index_is_cured_by_rebuilding(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    world.add(world.read("Boats keep right."))
    world.close()
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"not a database " * 500)
    (tmp_path / "lexical" / "meta.json").write_bytes(b"{")
    again = open_world(tmp_path)
    again.library.reindex()
    assert again.indexed() == (again.stored(), again.stored())
    assert len(titles(again, "boats")) == 1
    again.close()


# --- other processes ------------------------------------------------------------------------------


def test_what_another_process_ingested_is_seen_after_a_refresh(world: World, begin: Begin) -> None:
    world.add(world.read("Boats keep right.", "a.md"))
    assert not world.library.refresh_if_changed()
    text = "# Trains\n\nTrains leave at noon."
    process, done = begin(add_text, world.data_dir, text, "b.md", ...)
    assert hear(done) == "b.md"
    process.join()
    assert world.library.refresh_if_changed()
    assert not world.library.refresh_if_changed()
    [best, *_] = world.retriever.search("trains at noon", 5).hits
    assert best.document.title == "Trains"
    assert best.dense > 0.3
    world.add(world.read("# Trucks\n\nTrucks wait outside.", "c.md"))
    assert world.indexed() == (world.stored(), world.stored())
    assert len(world.stored()) == 3


def watch(world: World, last: int, ended: Callable[[], bool]) -> None:
    """Search on and on, telling nothing to refresh: always one edition, and all of it."""
    allowed = {whole(number) for number in range(last + 1)}
    looked = 0
    while not ended():
        shown = editions_in(world)
        assert len(shown) == len(NAMES), shown
        for own in shown.values():
            assert len(own) == 1, shown
            assert own <= allowed, shown
        looked += 1
    assert looked > 5
    assert set().union(*editions_in(world).values()) == {whole(last)}


@pytest.mark.slow
def test_documents_are_seen_whole_while_another_process_replaces_them(
    world: World, begin: Begin
) -> None:
    world.add(*edition(world, 0))
    process, done = begin(replace_slowly, world.data_dir, 1, 8, ...)
    watch(world, 8, done.poll)
    process.join()


def test_documents_are_seen_whole_while_another_thread_replaces_them(world: World) -> None:
    world.add(*edition(world, 0))

    def work() -> None:
        for number in range(1, 7):
            world.add(*edition(world, number))

    with ThreadPoolExecutor(1) as pool:
        replacing = pool.submit(work)
        watch(world, 6, replacing.done)
        replacing.result()


def after_the_kill(begin: Begin, data_dir: Path) -> Seen:
    process, answer = begin(look, data_dir, ...)
    seen: Seen = hear(answer)
    process.join()
    return seen


def assert_whole(seen: Seen) -> int:
    """One edition in both documents, complete, before and after reconciling; gives its number."""
    assert len(seen.editions) == len(NAMES), seen
    shown = set().union(*seen.editions.values())
    assert len(shown) == 1, seen
    [name] = shown
    number = int(name.split()[0].removeprefix("edition"))
    assert name == whole(number), seen
    assert seen.editions_after_reconciling == seen.editions
    assert seen.stored_texts_agree
    assert seen.indexes_agree_after_reconciling
    return number


@pytest.mark.slow
def test_a_kill_after_any_step_leaves_the_old_or_the_new_version_whole(
    begin: Begin, tmp_path: Path
) -> None:
    shown = []
    for step in range(STEPS + 1):
        process, started = begin(write_until_killed, tmp_path, ..., 10 * step, step)
        assert hear(started) == 10 * step
        process.join(60)
        assert process.exitcode == -9
        shown.append(assert_whole(after_the_kill(begin, tmp_path)) - 10 * step)
    # Up to the words' commit it is the old one; from SQL's transaction on it is the new one.
    assert shown == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_one_version_whole(begin: Begin, tmp_path: Path) -> None:
    chance = random.Random(7)
    first = 0
    for _ in range(6):
        process, started = begin(write_until_killed, tmp_path, ..., first, None)
        hear(started)
        time.sleep(chance.uniform(0, 0.4))
        process.kill()
        process.join()
        number = assert_whole(after_the_kill(begin, tmp_path))
        assert number >= first
        first = number + 1
