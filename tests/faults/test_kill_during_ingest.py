"""``kill -9`` at many points of an ingest: run it again, and it is as if never interrupted.

A process of its own is killed for each point, over real stores; one that has everything imported
forks them. Only the embedding model is a small stand-in, as kills do not concern it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Services, build_services
from app.domain import Filters
from app.settings import Settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("kill_during_ingest"),
]
PROGRAM = Path(__file__).with_name("killed_ingest.py")


def first_state(docs: Path) -> None:
    """Documents as they were at the first ingest."""
    for i in range(6):
        (docs / f"{i}.md").write_text(f"# Note {i}\n\nRiver {i} was clean last year.")
    (docs / "moved.md").write_text("# Moved\n\nThis note moves house.")
    (docs / "gone.md").write_text("# Gone\n\nThis note will be deleted.")


def second_state(docs: Path) -> None:
    """…and as they are at the second: changed, new, moved, deleted, broken."""
    for i in range(0, 6, 2):
        (docs / f"{i}.md").write_text(f"# Note {i}\n\nRiver {i} is muddy this year. It rained.")
    (docs / "new.md").write_text("# New\n\nA lake was added to the map.")
    (docs / "empty.md").write_text("")
    (docs / "moved.md").rename(docs / "there.md")
    (docs / "gone.md").unlink()


class Ingests:
    """The program that forks them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(
        self, data: Path, docs: Path, point: str = "never", nth: int = 1, when: str = "after"
    ) -> int:
        """One ingest, killed at a point; its exit code, or the negative signal."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{data}\t{docs}\t{point}\t{nth}\t{when}\n")
        self._process.stdin.flush()
        ended: int = json.loads(self._process.stdout.readline())["ended"]
        assert ended in (0, -signal.SIGKILL)
        return ended


@pytest.fixture(scope="module")
def ingests() -> Iterator[Ingests]:
    with subprocess.Popen(
        [sys.executable, str(PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(PROGRAM.parents[2])},
    ) as process:
        yield Ingests(process)


def contents(data: Path) -> dict[str, Any]:
    """Everything a reader can see, and what the indexes hold."""
    services = build_services(Settings(_env_file=None, data_dir=data))
    try:
        return _contents(services)
    finally:
        services.close()


def _contents(services: Services) -> dict[str, Any]:
    documents, _ = services.documents.find(limit=1000)
    known = services.writer.known("documents")
    return {
        "documents": [
            (one.id, Path(one.source).name, one.title, one.content_hash, one.status, one.error)
            for one in sorted(documents, key=lambda one: one.source)
        ],
        "passages": sorted(
            (passage.id, passage.text, passage.start, passage.end, passage.heading)
            for one in documents
            for passage in services.documents.of_document(one.id)
        ),
        "recipes": sorted({file.recipe for file in known.values()}),
        "vectors": {name: sorted(ids) for name, ids in services.library.vectors.ids().items()},
        "lexical": sorted(services.library.lexical.ids()),
        "counts": services.documents.counts(Filters()),
        "roots": [Path(root.uri).name for root in services.documents.roots()],
    }


@pytest.fixture(scope="module")
def prepared(
    ingests: Ingests, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, dict[str, Any]]:
    """A data folder after the first ingest, and what an uninterrupted second one gives."""
    where = tmp_path_factory.mktemp("whole")
    docs, data = where / "docs", where / "data"
    docs.mkdir()
    first_state(docs)
    assert ingests.run(data, docs) == 0
    before = where / "before"
    subprocess.run(["cp", "-a", str(data), str(before)], check=True)
    second_state(docs)
    assert ingests.run(data, docs) == 0
    return before, docs, contents(data)


POINTS = [
    ("writer.set_state", 1, "after"),
    ("vectors.add", 1, "before"),
    ("vectors.add", 2, "after"),
    ("lexical.add", 1, "after"),
    ("lexical.commit", 1, "after"),
    ("writer.put", 1, "before"),
    ("writer.put", 2, "after"),
    ("vectors.delete", 1, "after"),
    ("writer.rename", 1, "after"),
    ("writer.fail", 1, "after"),
    ("writer.remove", 1, "before"),
    ("writer.remove", 1, "after"),
    ("writer.record_root", 1, "before"),
]


@pytest.mark.parametrize(("point", "nth", "when"), POINTS)
def test_after_a_kill_the_next_run_gives_what_an_uninterrupted_one_gives(
    ingests: Ingests,
    prepared: tuple[Path, Path, dict[str, Any]],
    tmp_path: Path,
    point: str,
    nth: int,
    when: str,
) -> None:
    before, docs, whole = prepared
    data = tmp_path / "data"
    subprocess.run(["cp", "-a", str(before), str(data)], check=True)
    assert ingests.run(data, docs, point, nth, when) == -signal.SIGKILL, "the kill did not happen"
    assert ingests.run(data, docs) == 0
    assert contents(data) == whole


def test_after_a_kill_readers_see_each_document_whole_in_one_version(
    ingests: Ingests, prepared: tuple[Path, Path, dict[str, Any]], tmp_path: Path
) -> None:
    before, docs, _ = prepared
    for number, (point, when) in enumerate(
        [("writer.put", "before"), ("writer.put", "after"), ("vectors.delete", "before")]
    ):
        data = tmp_path / str(number)
        subprocess.run(["cp", "-a", str(before), str(data)], check=True)
        assert ingests.run(data, docs, point, 1, when) == -signal.SIGKILL
        seen = contents(data)
        texts = [text for _, text, *_ in seen["passages"]]
        for i in range(6):
            versions = [text for text in texts if f"River {i} " in text]
            assert len(versions) == 1, versions
        # Nothing in SQL is missing from the indexes: what is shown can be found.
        held = {passage for ids in seen["vectors"].values() for passage in ids}
        assert {identity for identity, *_ in seen["passages"]} <= held
        assert {identity for identity, *_ in seen["passages"]} <= set(seen["lexical"])


def test_the_lock_of_a_killed_writer_is_free_at_once(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\nfrom pathlib import Path\n"
            "from app.records.lock import writer_lock\n"
            f"with writer_lock(Path({str(tmp_path)!r}), wait=False):\n"
            "    print('held', flush=True)\n    time.sleep(60)\n",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    holder.stdout.close()

    from app.records.lock import writer_lock

    notices: list[str] = []
    with writer_lock(tmp_path, wait=False, on_wait=notices.append):
        assert str(os.getpid()) in (tmp_path / "ingest.lock").read_text()
    assert notices == []
