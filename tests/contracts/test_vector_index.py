"""What every vector index promises: embedded Chroma and a Chroma server alike."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from app.domain import Filters
from app.errors import IndexUnavailable, SettingsError
from app.knowledge import vector_index
from app.knowledge.chroma import embedded_chroma, server_chroma
from app.knowledge.ports import VectorIndex
from tests.contracts.conftest import Elsewhere, running_chroma
from tests.contracts.elsewhere import (
    DIMENSION,
    VectorPlace,
    day,
    entry,
    rebuild_vectors,
    unit,
    write_vectors,
)
from tests.plugins.programs import free_port

EVERYTHING = Filters()
EAST, NORTH = unit(1, 0), unit(0, 1)
BETWEEN = unit(1, 1)


@pytest.fixture(params=["embedded", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> VectorPlace:
    if request.param == "embedded":
        return VectorPlace(folder=tmp_path / "chroma")
    return VectorPlace(url=request.getfixturevalue("chroma_url"))


@pytest.fixture
def index(place: VectorPlace) -> Iterator[VectorIndex]:
    opened = place.open()
    opened.clear()
    yield opened
    opened.close()


def found(
    index: VectorIndex,
    filters: Filters = EVERYTHING,
    collections: tuple[str, ...] = ("default",),
    k: int = 20,
) -> list[str]:
    """Passage ids nearest to the east, in order."""
    return [key for key, _ in index.search(EAST, k, filters, collections)]


def test_a_new_index_is_empty_and_finds_nothing(index: VectorIndex) -> None:
    assert index.count() == 0
    assert {name: ids for name, ids in index.ids().items() if ids} == {}
    assert found(index) == []
    assert found(index, collections=()) == []


def test_passages_come_by_cosine_the_nearest_first(index: VectorIndex) -> None:
    index.add([entry("n", vector=NORTH), entry("e", vector=EAST), entry("ne", vector=BETWEEN)])
    scored = index.search(EAST, 3, EVERYTHING, ["default"])
    assert [key for key, _ in scored] == ["e", "ne", "n"]
    assert [score for _, score in scored] == pytest.approx([1, 0.5**0.5, 0], abs=1e-6)
    assert found(index, k=2) == ["e", "ne"]


def test_the_scores_are_the_cosines_that_numpy_computes(index: VectorIndex) -> None:
    vectors = np.random.default_rng(1).normal(size=(300, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index.add([entry(f"p{i}", vector=vector) for i, vector in enumerate(vectors)])
    cosines = vectors @ BETWEEN
    best = np.argsort(-cosines)[:10]
    scored = index.search(BETWEEN, 10, EVERYTHING, ["default"])
    assert [key for key, _ in scored] == [f"p{i}" for i in best]
    assert [score for _, score in scored] == pytest.approx(cosines[best].tolist(), abs=1e-5)


def test_adding_an_id_again_replaces_vector_and_metadata(index: VectorIndex) -> None:
    index.add([entry("a", vector=NORTH, kind="md")])
    index.add([entry("a", vector=EAST, kind="pdf")])
    assert index.count() == 1
    [(key, score)] = index.search(EAST, 5, Filters(kinds=("pdf",)), ["default"])
    assert key == "a"
    assert score == pytest.approx(1, abs=1e-6)
    assert found(index, Filters(kinds=("md",))) == []


def test_what_is_deleted_is_no_longer_found_and_unknown_ids_do_no_harm(index: VectorIndex) -> None:
    index.add([entry("a"), entry("b")])
    index.delete("default", ["a", "never-there"])
    index.delete("no-such-collection", ["b"])
    index.delete("default", [])
    assert found(index) == ["b"]
    assert index.count() == 1


FILTERED = {
    Filters(): {"old", "new", "undated", "archive"},
    Filters(kinds=("pdf",)): {"new"},
    Filters(kinds=("pdf", "txt")): {"new", "undated"},
    Filters(document_ids=("d-old",)): {"old"},
    Filters(document_ids=("d-old", "d-new"), kinds=("pdf",)): {"new"},
    Filters(document_ids=("d-none",)): set(),
    Filters(changed_after=date(2025, 3, 1)): {"new"},
    Filters(changed_after=date(2024, 5, 2)): {"old", "new"},
    Filters(changed_before=date(2024, 5, 2)): {"old", "archive"},
    Filters(changed_before=date(2024, 5, 1)): {"archive"},
    Filters(changed_after=date(2024, 5, 2), changed_before=date(2024, 5, 2)): {"old"},
    Filters(changed_after=date(1960, 1, 1)): {"old", "new", "archive"},
    Filters(changed_after=date.min): {"old", "new", "archive"},
    Filters(changed_before=date.max): {"old", "new", "archive"},
}


def test_filters_narrow_and_an_unknown_date_passes_no_date_filter(index: VectorIndex) -> None:
    index.add(
        [
            entry("old", document_id="d-old", modified_at=day("2024-05-02")),
            entry("new", document_id="d-new", modified_at=day("2026-01-31"), kind="pdf"),
            entry("undated", document_id="d-undated", kind="txt"),
            entry("archive", document_id="d-archive", modified_at=day("1965-07-01")),
        ]
    )
    assert {filters: set(found(index, filters)) for filters in FILTERED} == FILTERED


def test_a_search_looks_only_into_the_collections_it_names(index: VectorIndex) -> None:
    index.add(
        [
            entry("a", collection="alpha"),
            entry("b", collection="beta", vector=BETWEEN),
            entry("c", collection="gamma", vector=NORTH),
        ]
    )
    assert found(index, collections=("alpha",)) == ["a"]
    assert found(index, collections=("gamma", "beta", "alpha")) == ["a", "b", "c"]
    assert found(index, collections=("gamma", "alpha", "no-such")) == ["a", "c"]
    assert found(index, collections=("alpha", "beta", "gamma"), k=2) == ["a", "b"]
    assert {name: ids for name, ids in index.ids().items() if ids} == {
        "alpha": {"a"},
        "beta": {"b"},
        "gamma": {"c"},
    }
    assert index.count() == 3


def test_collections_may_have_any_name(index: VectorIndex) -> None:
    names = ["x", "日本語", "Sales & Ops / EU", "..", "-", "Case", "case", "n" * 100, "tab\there"]
    index.add([entry(f"p{i}", collection=name) for i, name in enumerate(names)])
    for i, name in enumerate(names):
        assert found(index, collections=(name,)) == [f"p{i}"]
    assert set(index.ids()) == set(names)


def test_more_than_one_call_can_carry_is_added_listed_and_deleted(
    index: VectorIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_index, "_ADD_BATCH", 7)
    monkeypatch.setattr(vector_index, "_READ_BATCH", 10)
    keys = [f"p{i}" for i in range(30)]  # a multiple of what is read at once
    index.add([entry(key) for key in keys])
    assert index.ids()["default"] == set(keys)
    index.delete("default", keys[:-1])
    assert index.ids()["default"] == {keys[-1]}


def test_clearing_forgets_everything_and_leaves_an_index_that_works(index: VectorIndex) -> None:
    index.add([entry("a", collection="alpha"), entry("b", collection="beta")])
    index.clear()
    assert index.count() == 0
    assert found(index, collections=("alpha", "beta")) == []
    index.add([entry("c", collection="alpha")])
    assert found(index, collections=("alpha", "beta")) == ["c"]


def test_what_was_added_survives_closing(place: VectorPlace, index: VectorIndex) -> None:
    index.add([entry("a"), entry("b", vector=NORTH)])
    index.delete("default", ["b"])
    index.close()
    again = place.open()
    assert found(again) == ["a"]
    again.close()


def test_a_closed_index_opens_again_by_itself(index: VectorIndex) -> None:
    index.add([entry("a")])
    index.close()
    assert found(index) == ["a"]


def test_after_a_refresh_another_process_s_writes_are_seen(
    place: VectorPlace, index: VectorIndex, elsewhere: Elsewhere
) -> None:
    index.add([entry("mine"), entry("doomed")])
    assert set(found(index)) == {"mine", "doomed"}
    theirs = [entry("theirs"), entry("new", collection="their-own")]
    elsewhere(write_vectors, place, theirs, [("default", "doomed")])
    index.refresh()
    assert set(found(index, collections=("default", "their-own"))) == {"mine", "theirs", "new"}
    assert index.count() == 3


def test_after_a_refresh_another_process_s_rebuild_is_seen(
    place: VectorPlace, index: VectorIndex, elsewhere: Elsewhere
) -> None:
    index.add([entry("before")])
    assert found(index) == ["before"]
    elsewhere(rebuild_vectors, place, [entry("after")])
    index.refresh()
    assert found(index) == ["after"]
    index.add([entry("mine")])
    assert set(found(index)) == {"after", "mine"}


def test_questions_are_answered_while_the_index_is_refreshed(index: VectorIndex) -> None:
    index.add([entry(f"p{i}", vector=unit(1, i / 10)) for i in range(20)])
    expected = [f"p{i}" for i in range(20)]
    done = threading.Event()

    def ask() -> int:
        asked = 0
        while not done.is_set() or not asked:
            assert found(index) == expected
            asked += 1
        return asked

    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(ask) for _ in range(3)]
        try:
            for _ in range(15):
                index.refresh()
        finally:
            done.set()
        assert all(one.result() > 0 for one in asking)


def test_an_address_that_is_none_is_a_wrong_setting() -> None:
    for url in ("localhost:8000", "ftp://example.org", "http://"):
        with pytest.raises(SettingsError, match="FOOTNOTE_CHROMA_URL is not an address"):
            server_chroma(url)


def test_a_server_that_is_not_there_is_said_in_a_sentence() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(IndexUnavailable, match=f"No Chroma server answers at {url}. Start it"):
        server_chroma(url).count()


@pytest.mark.slow
def test_a_server_that_goes_away_is_said_in_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with running_chroma(folder) as (url, server):
        index = server_chroma(url)
        index.add([entry("a")])
        assert found(index) == ["a"]
        server.kill()
        server.wait()
        for _ in range(2):
            with pytest.raises(IndexUnavailable, match="Chroma can't do what was asked"):
                found(index)
            with pytest.raises(IndexUnavailable, match="Check that it runs"):
                index.add([entry("b")])
            index.refresh()  # forgets what it knew of the server, which then has to be asked again


def test_damaged_files_are_said_in_a_sentence_and_clearing_cures_them(tmp_path: Path) -> None:
    folder = tmp_path / "chroma"
    index = embedded_chroma(folder)
    index.add([entry("a")])
    index.close()
    (folder / "chroma.sqlite3").write_bytes(b"not a database " * 500)
    damaged = embedded_chroma(folder)
    with pytest.raises(IndexUnavailable, match=r"can't be opened.*footnote reindex"):
        found(damaged)
    damaged.clear()
    damaged.add([entry("b")])
    assert found(damaged) == ["b"]
    damaged.close()
