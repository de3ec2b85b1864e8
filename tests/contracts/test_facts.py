"""Facts in memory are what the database has, whoever wrote it: on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, delete, insert, update

from app.insights.columns import NEVER, Columns, moment_of
from app.insights.facts import Facts
from app.insights.metrics import compute
from app.insights.periods import Period
from app.records.behavior.revisions import bump
from app.records.behavior.tables import events, feedback_imports, feedback_items, questions
from app.records.database import open_database
from app.records.product.fact_reads import COLUMNS, reading
from tests.contracts.conftest import Elsewhere
from tests.load.questions import fill

NOON = datetime(2026, 3, 10, 12, 0, 0, 123457, tzinfo=UTC)
"""With microseconds that no float of seconds keeps."""
DAY = Period(NOON - timedelta(hours=12), NOON + timedelta(hours=12))


def facts(engine: Engine) -> Facts:
    return Facts(lambda: reading(engine), COLUMNS)


def write(engine: Engine, answer_id: str, seconds: float = 0, **different: Any) -> None:
    at = NOON + timedelta(seconds=seconds)
    with engine.begin() as connection:
        revision = bump(connection)
        connection.execute(
            insert(questions).values(
                **{
                    "answer_id": answer_id,
                    "kind": "ask",
                    "channel": "web",
                    "session_id": "session-1",
                    "text": "How long?",
                    "followup": False,
                    "regenerate": False,
                    "private": False,
                    "content_words": 3,
                    "asked_at": at,
                    "status": "complete",
                    "completed_at": at,
                    "total_ms": 12.5,
                    "state": "answered",
                    "citations": 1,
                    "input_tokens": 0,
                    "output_tokens": 0,
                    "cached_tokens": 0,
                    "release": "1.0",
                    "thread_id": answer_id,
                    "revision": revision,
                }
                | different
            )
        )


def change(engine: Engine, answer_id: str, **values: Any) -> None:
    with engine.begin() as connection:
        revision = bump(connection)
        step = update(questions).where(questions.c.answer_id == answer_id)
        connection.execute(step.values(**values, revision=revision))


def remove(engine: Engine, answer_ids: Iterable[str]) -> None:
    with engine.begin() as connection:
        bump(connection, "deletions")
        connection.execute(delete(questions).where(questions.c.answer_id.in_(list(answer_ids))))


def happen(engine: Engine, kind: str, answer_id: str, **properties: Any) -> None:
    with engine.begin() as connection:
        connection.execute(
            insert(events).values(
                id=f"{kind}-{answer_id}", kind=kind, answer_id=answer_id, at=NOON,
                release="1.0", properties=properties,
            )
        )  # fmt: skip


def same(one: Columns, other: Columns) -> bool:
    assert list(one.answer_id) == list(other.answer_id)
    for name, column in one.data.items():
        if name in one.vocabularies:
            words = [one.vocabularies[name].words[code] for code in column]
            others = [other.vocabularies[name].words[code] for code in other[name]]
            assert words == others, name
        else:
            np.testing.assert_array_equal(column, other[name], name)
    return True


def test_an_empty_database_has_no_rows(engine: Engine) -> None:
    assert len(facts(engine).columns()) == 0


def test_values_come_as_they_were_written(engine: Engine) -> None:
    write(engine, "a", cost_usd=0.001, helpful=False, rephrase_of="x", level="low")
    write(engine, "b", 1, helpful=True, accepted_at=NOON, private=True, session_id="")
    found = facts(engine).columns()
    assert list(found.answer_id) == ["a", "b"]
    assert moment_of(found["asked_at"][0]) == NOON
    assert moment_of(found["accepted_at"][1]) == NOON
    assert found["accepted_at"][0] == NEVER
    assert list(found["helpful"]) == [0, 1]
    assert list(found["rephrase"]) == [True, False]
    assert list(found["private"]) == [False, True]
    assert found["cost_usd"][0] == 0.001
    assert np.isnan(found["cost_usd"][1])
    assert found.has("level", "low").tolist() == [True, False]
    assert found.has("session", "").tolist() == [False, True]


def test_what_changed_is_seen_and_what_was_given_stays(engine: Engine) -> None:
    kept = facts(engine)
    write(engine, "a")
    before = kept.columns()
    assert kept.columns() is before
    write(engine, "b", 5)
    write(engine, "early", -5)
    change(engine, "a", accepted_at=NOON, mode="written")
    now = kept.columns()
    assert list(now.answer_id) == ["early", "a", "b"]
    assert now.has("mode", "written").tolist() == [False, True, False]
    assert not before.happened("accepted_at").any()
    assert same(now, facts(engine).columns())


def test_what_was_deleted_is_gone(engine: Engine) -> None:
    kept = facts(engine)
    for number in range(5):
        write(engine, f"q{number}", number)
    kept.columns()
    remove(engine, ["q1", "q3"])
    write(engine, "q9", 9)
    change(engine, "q0", state="not_found")
    assert list(kept.columns().answer_id) == ["q0", "q2", "q4", "q9"]
    assert same(kept.columns(), facts(engine).columns())
    remove(engine, ["q0", "q2", "q4", "q9"])
    assert len(kept.columns()) == 0


def test_questions_of_the_same_moment_stand_by_their_id(engine: Engine) -> None:
    kept = facts(engine)
    for name in ("c", "a"):
        write(engine, name)
    kept.columns()
    write(engine, "b")
    assert list(kept.columns().answer_id) == ["a", "b", "c"]


def test_reports_ratings_and_tickets_are_counted_as_they_come(engine: Engine) -> None:
    kept = facts(engine)
    write(engine, "a")
    later = NOON + timedelta(days=1)
    assert compute(kept.columns(), DAY, later)["tickets"].numerator == 0
    happen(engine, "reported", "a", problem="wrong")
    happen(engine, "trust_rated", "a", rating=4)
    happen(engine, "copied", "a")
    found = compute(kept.columns(), DAY, later)
    assert (found["tickets"].value, found["trust"].value) == (100.0, 4.0)
    with engine.begin() as connection:
        for kind in ("ticket", "review"):
            connection.execute(
                insert(feedback_imports).values(
                    id=kind, name=kind, kind=kind, mapping={}, rows=1, bad_rows=[],
                    status="done", created_at=NOON,
                )
            )  # fmt: skip
            connection.execute(
                insert(feedback_items).values(
                    id=kind, import_id=kind, kind=kind, at=NOON, text="It is slow."
                )
            )
    assert compute(kept.columns(), DAY, later)["tickets"].value == 200.0
    with engine.begin() as connection:
        connection.execute(delete(events))
        connection.execute(delete(feedback_imports))
    found = compute(kept.columns(), DAY, later)
    assert (found["tickets"].value, found["trust"].value) == (0.0, None)


def _write_elsewhere(url: str, start: int) -> None:
    engine = open_database(url)
    for number in range(start, start + 20):
        write(engine, f"q{number:03}", number)
    engine.dispose()


def test_another_process_and_threads_write_and_nothing_is_missed(
    engine: Engine, url: str, elsewhere: Elsewhere
) -> None:
    kept = facts(engine)
    sizes: list[int] = []
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            sizes.append(len(kept.columns()))

    def mine() -> None:
        for number in range(100, 140):
            write(engine, f"q{number:03}", number)

    threads = [threading.Thread(target=look), threading.Thread(target=mine)]
    for thread in threads:
        thread.start()
    elsewhere(_write_elsewhere, url, 0)
    threads[1].join()
    over.set()
    threads[0].join()
    assert sizes == sorted(sizes)
    assert len(kept.columns()) == 60
    assert same(kept.columns(), facts(engine).columns())


@pytest.mark.slow
def test_a_full_store_is_loaded_quickly_and_followed_at_once(engine: Engine) -> None:
    """Bounds are ten times what 100,000 rows take on a quiet machine."""
    from time import perf_counter

    filled = fill(engine, 5000, until=NOON)
    assert filled.questions + filled.searches == 5000
    kept = facts(engine)
    started = perf_counter()
    found = kept.columns()
    assert len(found) == 5000
    assert perf_counter() - started < 3
    assert sum(column.nbytes for column in found.data.values()) < 300 * len(found)
    change(engine, str(found.answer_id[0]), shared_at=NOON)
    started = perf_counter()
    assert kept.columns().happened("shared_at").any()
    assert perf_counter() - started < 1
