"""Damaged indexes and databases: found, said in a sentence, repaired from the truth."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap.doctoring import Check, Doctor
from app.knowledge.health import vectors_health
from app.records.backup import back_up
from app.records.lock import server_lock, writer_lock
from tests.faults.conftest import RIVERS, answered, services_of, settings_of
from tests.faults.world import footnote, serving

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("doctor")]


def looked(data: Path, *, repair: bool = False) -> dict[str, Check]:
    """Check by name, in order of the examination."""
    return {check.name: check for check in Doctor(settings_of(data), repair=repair).examine()}


def states(checks: dict[str, Check]) -> set[str]:
    return {check.state for check in checks.values()}


def graph_file(data: Path, name: str) -> Path:
    found = list((data / "chroma").glob(f"*/{name}"))
    assert len(found) == 1, "the fixture has too few vectors for graph files"
    return found[0]


def segment(data: Path, suffix: str) -> Path:
    return max((data / "lexical").glob(f"*.{suffix}"), key=lambda file: file.stat().st_size)


def overwrite_middle(file: Path) -> None:
    content = bytearray(file.read_bytes())
    middle, size = len(content) // 2, min(300, len(content) // 4)
    content[middle - size : middle + size] = random.Random(1).randbytes(2 * size)
    file.write_bytes(content)


def test_a_healthy_directory_is_in_order_and_is_not_touched(data: Path) -> None:
    before = sorted(one.name for one in data.iterdir())
    checks = looked(data)
    assert states(checks) == {"ok"}, checks
    assert {"data directory", "database file", "documents", "vectors", "lexical index"} <= {*checks}
    assert f"{RIVERS:,} passages" in checks["vectors"].said
    repaired = looked(data, repair=True)
    assert states(repaired) == {"ok"}
    assert {*before} <= {one.name for one in data.iterdir()}
    assert not list(data.glob("*.damaged-*"))


@pytest.mark.parametrize(
    "damage",
    [
        "header is garbage",
        "graph is garbage",
        "a graph file is gone",
        "its database is garbage",
        "the folder is gone",
        "one collection is gone",
    ],
)
def test_damaged_vectors_are_found_and_built_again_from_sql(data: Path, damage: str) -> None:
    chroma = data / "chroma"
    if damage == "header is garbage":
        graph_file(data, "header.bin").write_bytes(random.Random(1).randbytes(100))
    elif damage == "graph is garbage":
        graph_file(data, "data_level0.bin").write_bytes(
            random.Random(1).randbytes(graph_file(data, "data_level0.bin").stat().st_size)
        )
    elif damage == "a graph file is gone":
        graph_file(data, "data_level0.bin").unlink()
    elif damage == "its database is garbage":
        (chroma / "chroma.sqlite3").write_bytes(b"not a database " * 5_000)
    elif damage == "the folder is gone":
        shutil.rmtree(chroma)
    else:
        with services_of(data) as services:
            services.library.vectors.clear()
    found = looked(data)
    assert found["vectors"].state == "needs you", found
    assert "--repair" in found["vectors"].action
    assert found["lexical index"].state == "ok"

    repaired = looked(data, repair=True)
    assert repaired["vectors"].state == "repaired", repaired
    kept = list(data.glob("chroma.damaged-*"))
    assert bool(kept) == (damage not in ("the folder is gone", "one collection is gone"))
    assert looked(data)["vectors"].state == "ok"
    assert answered(data) == "answered"


def test_vectors_that_are_quietly_not_what_was_stored_are_found_and_built_again(data: Path) -> None:
    with services_of(data) as services:
        vectors = services.library.vectors
        for name, ids in services.documents.passage_ids().items():
            entries = [one for some in services.library.entries(sorted(ids)) for one in some]
            vectors.delete(name, ids)
            vectors.add([replace(one, vector=-one.vector) for one in entries])
    found = looked(data)["vectors"]
    assert found.state == "needs you"
    assert "don't find themselves" in found.said
    assert looked(data, repair=True)["vectors"].state == "repaired"
    assert looked(data)["vectors"].state == "ok"


@pytest.mark.parametrize(("overlooked", "told"), [(1, 0), (4, 0), (5, 5), (200, 200)])
def test_as_few_passages_as_an_approximate_search_overlooks_are_no_damage(
    data: Path, overlooked: int, told: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with services_of(data) as services:
        vectors = services.library.vectors
        search, asked = vectors.search, iter(range(1_000))

        def overlooking(*arguments: Any) -> Any:
            return [] if next(asked) < overlooked else search(*arguments)

        monkeypatch.setattr(vectors, "search", overlooking)
        assert vectors_health(services.library, None).unfound == told


@pytest.mark.parametrize("damage", ["meta.json", "store", "idx", "term", "the folder is gone"])
def test_a_damaged_lexical_index_is_found_and_built_again_from_sql(data: Path, damage: str) -> None:
    lexical = data / "lexical"
    if damage == "the folder is gone":
        shutil.rmtree(lexical)
    elif damage == "meta.json":
        (lexical / damage).write_bytes((lexical / damage).read_bytes()[:100])
    else:
        overwrite_middle(segment(data, damage))
    found = looked(data)
    assert found["lexical index"].state == "needs you", found
    repaired = looked(data, repair=True)
    assert repaired["lexical index"].state == "repaired", repaired
    assert repaired["vectors"].state == "ok"
    assert states(looked(data)) == {"ok"}
    with services_of(data) as services:
        assert services.library.lexical.count() == RIVERS


def test_a_repair_that_was_cut_short_leaves_the_old_index_and_is_cleared_away(data: Path) -> None:
    shutil.copytree(data / "lexical", data / "lexical.rebuilding")
    found = looked(data)
    assert found["left-overs"].state == "needs you"
    assert found["lexical index"].state == "ok"
    assert looked(data, repair=True)["left-overs"].state == "repaired"
    assert not (data / "lexical.rebuilding").exists()


def test_passages_without_a_vector_and_files_that_are_not_what_they_were_are_found(
    data: Path,
) -> None:
    with sqlite3.connect(data / "footnote.db") as connection:
        connection.execute("UPDATE originals SET data=x'00' WHERE rowid=3")
        connection.execute("DELETE FROM document_texts WHERE rowid=5")
    connection.close()
    found = looked(data)["documents"]
    assert found.state == "needs you"
    assert "1 without their text, 1 without the file" in found.said
    left = looked(data, repair=True)["documents"]
    assert left.state == "needs you"
    assert "footnote ingest" in left.action


def test_a_damaged_database_names_the_newest_backup_and_saves_what_can_be_read(
    data: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{data / 'footnote.db'}"
    kept = tmp_path / "kept.tar"
    back_up(url, data, kept, "test")
    file = data / "footnote.db"
    with sqlite3.connect(file) as connection:
        page = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        count = connection.execute("SELECT count(*) FROM passages").fetchone()[0]
        root = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name='document_texts'"
        ).fetchone()[0]
    connection.close()
    content = bytearray(file.read_bytes())
    for number in range(root + 20, root + 24):  # leaves of tables, not the list of tables
        content[page * number : page * (number + 1)] = random.Random(number).randbytes(page)
    file.write_bytes(content)

    found = looked(data)
    assert found["database file"].state == "needs you", found
    assert str(kept) in found["database file"].action
    assert "vectors" not in found, "nothing more is looked at where the truth is damaged"

    with server_lock(data):
        served = looked(data, repair=True)["database file"]
        assert served.state == "needs you", "not under a running server's feet"
    repaired = looked(data, repair=True)
    assert repaired["database file"].state == "repaired", repaired
    said = repaired["database file"].said
    assert "footnote.db.damaged-" in said
    assert list(data.glob("footnote.db.damaged-*"))
    again = looked(data)
    assert again["database file"].state == "ok"
    assert again["vectors"].state == again["lexical index"].state == "ok", again
    with sqlite3.connect(file) as connection:
        saved = connection.execute("SELECT count(*) FROM passages").fetchone()[0]
    connection.close()
    assert count - 400 < saved <= count
    assert (saved == count) or "could not be read" in said or "belonged to" in said


def test_while_an_ingest_runs_the_indexes_are_left_alone(data: Path) -> None:
    with writer_lock(data, wait=False):
        found = looked(data, repair=True)
    assert found["indexes"].state == "needs you"
    assert "Another ingest is running" in found["indexes"].said


def test_the_command_prints_a_line_for_each_check_and_its_exit_code_tells(data: Path) -> None:
    whole = footnote(data, "doctor")
    assert whole.returncode == 0, whole.stderr
    assert "ok         lexical index: holds exactly the 1,100 passages it should" in whole.stdout
    assert whole.stdout.rstrip().endswith("Everything is in order.")
    shutil.rmtree(data / "lexical")
    told = footnote(data, "doctor", "--json")
    assert told.returncode == 1
    answer = json.loads(told.stdout)
    assert answer["healthy"] is False
    left = [one for one in answer["checks"] if one["state"] == "needs you"]
    assert [one["name"] for one in left] == ["lexical index"]


def test_a_server_on_damaged_vectors_says_what_to_do_and_answers_after_the_repair(
    data: Path,
) -> None:
    graph = graph_file(data, "data_level0.bin")
    graph.write_bytes(random.Random(1).randbytes(graph.stat().st_size))  # ends who reads it
    with serving(data, ready=False) as server:
        server.until(
            lambda: "footnote doctor --repair" in server.call("GET", "/readyz").body, limit=90
        )
        reply = server.ask()
        assert reply.status == 503
        assert "footnote doctor --repair" in reply.json()["detail"]
        page = server.call("GET", "/ask?q=hotel+cap", headers={"Accept": "text/html"})
        assert "footnote doctor --repair" in page.body
        assert "Traceback" not in page.body

        repaired = footnote(data, "doctor", "--repair")
        assert repaired.returncode == 0, repaired.stdout + repaired.stderr
        server.until_ready()  # without a restart
        assert server.ask().json()["state"] == "answered"
        assert "Traceback" not in server.log.read_text()


def test_a_server_finds_a_lost_lexical_index_and_builds_it_again_by_itself(data: Path) -> None:
    shutil.rmtree(data / "lexical")
    with serving(data) as server:
        server.until(lambda: "brought in line" in server.log.read_text())
        assert server.ask().json()["state"] == "answered"
    assert states(looked(data)) == {"ok"}
