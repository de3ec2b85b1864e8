"""Vectors that were deleted are gone once the index was built again without them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.domain import Filters
from app.knowledge.compaction import FEWEST_DEAD, compact, dead_vectors, is_crowded
from app.knowledge.health import left_overs, vectors_health
from app.knowledge.library import Library
from app.knowledge.ports import IndexEntry, Scored
from tests.knowledge.world import INGESTED, World, open_world

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
NOTES = 60
PREPARED = 200
"""A new collection has room for 100 vectors, which counts until it is used; here are two."""
LOOKED_FOR = "Which door of the lab opens at nine?"
READER = """
import sys
from pathlib import Path
from tests.knowledge.test_compaction import found
from tests.knowledge.world import open_world

world = open_world(Path(sys.argv[1]))
for _ in sys.stdin:
    world.library.refresh_if_changed()
    print(" ".join(key for key, _ in found(world)), flush=True)
world.close()
"""


def found(world: World) -> list[Scored]:
    """What is nearest, with scores to three places: SQL keeps vectors with half the bits."""
    vector = world.embedder.encode_query(LOOKED_FOR)
    nearest = world.library.vectors.search(vector, 20, Filters(), ("default", "team"))
    return sorted((key, round(score, 3)) for key, score in nearest)


def leave_dead(library: Library, dimension: int, count: int) -> None:
    """Add and delete vectors, as uploads that are taken back do."""
    dice = np.random.default_rng(5)
    for first in range(0, count, 1000):
        vectors = dice.normal(size=(1000, dimension)).astype(np.float32)
        entries = [
            IndexEntry(
                passage_id=f"gone-{first + n}",
                document_id="gone",
                collection="default",
                kind="markdown",
                modified_at=INGESTED,
                title="",
                heading="",
                text="",
                vector=vector,
            )
            for n, vector in enumerate(vectors)
        ]
        library.vectors.add(entries)
        library.vectors.delete("default", [entry.passage_id for entry in entries])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    one = open_world(tmp_path)
    one.add(
        *(
            one.read(
                f"# Door {n}\n\nDoor {n} of the lab opens at {n % 12}, rule {n * n} says.",
                f"door-{n}.md",
                collection="team" if n % 3 == 0 else "default",
            )
            for n in range(NOTES)
        )
    )
    yield one
    one.close()


def test_deleted_vectors_are_gone_and_the_same_is_found(world: World) -> None:
    folder = world.data_dir / "chroma"
    before = found(world)
    assert len(before) == 20
    assert not is_crowded(world.library, folder)
    leave_dead(world.library, 64, 4000)
    assert dead_vectors(world.library, folder) > FEWEST_DEAD
    assert is_crowded(world.library, folder)
    compact(world.library, folder)
    assert dead_vectors(world.library, folder) <= PREPARED
    assert dict(found(world)) == pytest.approx(dict(before), abs=0.002)
    assert vectors_health(world.library, folder).whole
    assert left_overs(world.data_dir) == ([], [])
    world.add(world.read("# Gate\n\nThe gate opens too.", "gate.md"))
    world.library.reconcile()
    assert world.indexed()[0] == world.stored()


def test_questions_find_the_same_while_it_is_built_again(world: World) -> None:
    before, done = found(world), threading.Event()
    wrong: list[object] = []

    def ask() -> None:
        while not done.is_set():
            try:
                now = found(world)
            except Exception as error:  # noqa: BLE001  # told below
                wrong.append(error)
            else:
                wrong.extend([now] if dict(now).keys() != dict(before).keys() else [])

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        compact(world.library, world.data_dir / "chroma")
    done.set()
    for thread in threads:
        thread.join()
    assert not wrong


def test_another_process_finds_the_same_before_and_after(world: World) -> None:
    expected = " ".join(key for key, _ in found(world))
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(world.data_dir)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=pipe,
        stdout=pipe,
        text=True,
        bufsize=1,
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        for _ in range(3):
            reader.stdin.write("ask\n")
            assert reader.stdout.readline().strip() == expected
            compact(world.library, world.data_dir / "chroma")
        reader.stdin.close()


def test_what_is_stopped_half_way_leaves_the_index_as_it_was(world: World) -> None:
    before = found(world)

    def stop(_done: int, _all: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compact(world.library, world.data_dir / "chroma", stop)
    assert left_overs(world.data_dir) == ([], [])
    assert found(world) == before


def test_an_index_with_nothing_left_alive_becomes_empty(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    leave_dead(world.library, 64, 3000)
    folder = tmp_path / "chroma"
    assert is_crowded(world.library, folder)
    compact(world.library, folder)
    assert dead_vectors(world.library, folder) == 0
    assert found(world) == []
    world.add(world.read("# Gate\n\nThe lab opens.", "gate.md"))
    assert len(found(world)) == 1
    world.close()
