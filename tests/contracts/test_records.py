"""What the records promise on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, func, inspect, select, text
from sqlalchemy.exc import StatementError

from app import moment
from app.domain import Filters
from app.errors import IndexUnavailable, NotFound, SettingsError
from app.records.database import HEAD, open_database
from app.records.document_writer import DocumentWriter
from app.records.documents import DocumentStore, SortKey
from app.records.jobs import Job, JobQueue
from app.records.tables import metadata, originals, passage_vectors, passages
from app.records.versions import content_hash, new_document_id
from tests.contracts.documents import CHANGED, INGESTED, REVIEW, TABLE, document, version

EVERYTHING = Filters()


@pytest.fixture
def store(engine: Engine) -> DocumentStore:
    return DocumentStore(engine)


@pytest.fixture
def writer(engine: Engine) -> DocumentWriter:
    return DocumentWriter(engine)


@pytest.fixture
def jobs(engine: Engine) -> JobQueue:
    return JobQueue(engine)


def rows(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        count = select(func.count()).select_from(metadata.tables[table])
        return int(connection.execute(count).scalar_one())


# --- documents ------------------------------------------------------------------------------------


def test_a_stored_version_comes_back_as_it_was_put(
    store: DocumentStore, writer: DocumentWriter
) -> None:
    new = version(
        "guide",
        "Grüße aus Porto. 🌊",
        "Zweiter Absatz.",
        pages=2,
        page_kind="slide",
        warnings=("2 of 3 pages have no text.",),
        owner="Ops",
        review_by=REVIEW,
        superseded_by="guide-2",
    )
    new = replace(new, parsed=replace(new.parsed, blocks=TABLE))
    writer.put([new])
    assert store.get("doc_guide") == new.document
    assert store.text("doc_guide") == (new.parsed.text, TABLE)
    assert store.original("doc_guide") == new.original
    assert store.of_document("doc_guide") == list(new.passages)
    keys = [passage.id for passage in new.passages]
    assert store.passages([*keys, "unknown"]) == {
        passage.id: (passage, new.document) for passage in new.passages
    }
    stored = store.vectors(keys)
    for i, key in enumerate(keys):
        assert np.array_equal(stored[key].passage, new.vectors[i])
        assert np.array_equal(stored[key].sentences, new.sentence_vectors[i])


def test_vectors_without_sentences_come_back_with_none(
    store: DocumentStore, writer: DocumentWriter
) -> None:
    writer.put([replace(version("a", "One."), sentence_vectors=())])
    assert store.vectors(["doc_a-1-0000"])["doc_a-1-0000"].sentences.shape == (0, 4)


def test_more_ids_than_one_query_holds_are_looked_up(
    store: DocumentStore, writer: DocumentWriter
) -> None:
    new = version("long", *(f"Paragraph {i}." for i in range(1203)))
    writer.put([new])
    keys = [passage.id for passage in new.passages]
    assert len(store.passages(keys)) == len(store.vectors(keys)) == 1203
    assert [passage.ordinal for passage in store.of_document("doc_long")] == list(range(1203))


def test_a_new_version_replaces_the_old_one_whole(
    engine: Engine, store: DocumentStore, writer: DocumentWriter
) -> None:
    writer.put([version("a", "Old one.", "Old two.", "Old three."), version("b", "Other.")])
    writer.put([version("a", "New one.", edition="2", title="Renewed")])
    assert store.text("doc_a")[0] == "New one."
    assert store.get("doc_a").title == "Renewed"
    assert [passage.text for passage in store.of_document("doc_a")] == ["New one."]
    assert store.original("doc_a") == b"New one."
    assert rows(engine, "passages") == rows(engine, "passage_vectors") == 2
    assert store.counts(EVERYTHING) == (2, 2)


def test_a_replaced_version_s_original_is_dropped_unless_another_document_has_it(
    engine: Engine, store: DocumentStore, writer: DocumentWriter
) -> None:
    writer.put([version("a", "Shared."), version("b", "Shared."), version("c", "Own.")])
    assert rows(engine, "originals") == 2
    writer.put([version("c", "Own, changed.", edition="2")])
    assert rows(engine, "originals") == 2
    writer.put([version("a", "Changed.", edition="2")])
    assert rows(engine, "originals") == 3
    assert store.original("doc_b") == b"Shared."
    writer.put([version("b", "Changed.", edition="2")])
    assert rows(engine, "originals") == 2


def test_versions_are_put_all_or_none(store: DocumentStore, writer: DocumentWriter) -> None:
    writer.put([version("a", "Old.")])
    broken = replace(version("b", "One.", "Two."), vectors=np.ones((1, 4), dtype=np.float32))
    before = store.generation()
    with pytest.raises(ValueError, match="argument"):
        writer.put([version("a", "New.", edition="2"), broken])
    assert store.text("doc_a")[0] == "Old."
    assert store.original("doc_a") == b"Old."
    with pytest.raises(NotFound):
        store.get("doc_b")
    assert store.generation() == before


def test_a_failed_new_version_keeps_the_old_one_and_says_why(
    store: DocumentStore, writer: DocumentWriter
) -> None:
    writer.put([version("a", "Good.")])
    writer.fail(
        document("a", status="failed", error="It is encrypted.", content_hash="f" * 64, size=7),
        root="/docs",
        mtime_ns="99",
        recipe="p2",
    )
    kept = store.get("doc_a")
    assert (kept.status, kept.error, kept.passages) == ("ready", "It is encrypted.", 1)
    assert store.text("doc_a")[0] == "Good."
    assert store.original("doc_a") == b"Good."
    known = writer.known("default")["/docs/a.md"]
    assert (known.content_hash, known.mtime_ns, known.recipe) == ("f" * 64, "99", "p2")
    assert (known.status, known.error) == ("ready", "It is encrypted.")
    writer.put([version("a", "Better.", edition="2")])
    assert store.get("doc_a").error is None


def test_a_file_that_never_could_be_read_is_listed_with_its_reason_and_then_replaced(
    store: DocumentStore, writer: DocumentWriter
) -> None:
    failed = document("a", id="doc_failed", status="failed", error="It is empty.", title="a.md")
    for _ in range(2):
        writer.fail(failed, root="/docs", mtime_ns="1", recipe="p1")
    assert store.find(failed=True) == ([failed], 1)
    assert store.counts(EVERYTHING) == (0, 0)
    with pytest.raises(NotFound, match="no readable text"):
        store.text("doc_failed")
    with pytest.raises(NotFound, match="isn't kept"):
        store.original("doc_failed")
    writer.put([version("a", "Now it reads.")])
    assert [one.id for one in store.find()[0]] == ["doc_a"]


def test_a_rename_keeps_content_and_id(store: DocumentStore, writer: DocumentWriter) -> None:
    writer.put([version("a", "Text.")])
    before = store.generation()
    writer.rename("doc_a", "/elsewhere/b.md", "77", "/elsewhere")
    assert store.get("doc_a").source == "/elsewhere/b.md"
    assert store.generation() == before + 1
    known = writer.known("default")
    assert set(known) == {"/elsewhere/b.md"}
    assert known["/elsewhere/b.md"].mtime_ns == "77"
    assert store.text("doc_a")[0] == "Text."


def test_a_touch_changes_the_time_stamp_and_nothing_a_reader_sees(
    store: DocumentStore, writer: DocumentWriter
) -> None:
    writer.put([version("a", "Text.")])
    before = store.get("doc_a"), store.generation()
    writer.touch("doc_a", "88", "/docs")
    assert writer.known("default")["/docs/a.md"].mtime_ns == "88"
    assert (store.get("doc_a"), store.generation()) == before


def test_removing_a_document_leaves_nothing_of_it(
    engine: Engine, store: DocumentStore, writer: DocumentWriter
) -> None:
    writer.put([version("a", "One.", "Two."), version("b", "Other.")])
    assert writer.passage_ids(["doc_a"]) == {"doc_a-1-0000": "default", "doc_a-1-0001": "default"}
    writer.remove(["doc_a", "unknown"])
    for look in (store.get, store.text, store.original):
        with pytest.raises(NotFound):
            look("doc_a")
    assert store.passages(["doc_a-1-0000"]) == {}
    tables = ("documents", "document_texts", "originals", "passages", "passage_vectors")
    assert [rows(engine, table) for table in tables] == [1] * 5
    assert store.text("doc_b")[0] == "Other."


def test_originals_are_compressed_when_that_helps(
    engine: Engine, store: DocumentStore, writer: DocumentWriter
) -> None:
    dense = np.random.default_rng(1).bytes(20_000)
    writer.put([version("prose", "x", original=b"word " * 4000)])
    writer.put([version("photo", "x", original=dense)])
    with engine.connect() as connection:
        sizes = {
            row.content_hash: (row.compressed, len(row.data))
            for row in connection.execute(select(originals))
        }
    assert sizes[content_hash(dense)] == (False, 20_000)
    compressed, size = sizes[content_hash(b"word " * 4000)]
    assert compressed
    assert size < 2000
    assert store.original("doc_prose") == b"word " * 4000
    assert store.original("doc_photo") == dense


def test_every_change_that_readers_must_see_counts_up(
    store: DocumentStore, writer: DocumentWriter
) -> None:
    assert store.generation() == 0
    writer.put([version("a", "Text.")])
    assert store.generation() == 1
    writer.rename("doc_a", "/b.md", "1", "/")
    assert store.generation() == 2
    writer.remove(["doc_a"])
    assert store.generation() == 3
    writer.bump()
    assert store.generation() == 4


def test_changes_at_the_same_time_are_all_counted(url: str, engine: Engine) -> None:
    def bump() -> None:
        own = open_database(url)
        for _ in range(15):
            DocumentWriter(own).bump()
        own.dispose()

    DocumentWriter(engine).bump()
    with ThreadPoolExecutor(3) as pool:
        for one in [pool.submit(bump) for _ in range(3)]:
            one.result()
    assert DocumentStore(engine).generation() == 46


def test_collections_are_summed_up_also_empty_ones(
    store: DocumentStore, writer: DocumentWriter
) -> None:
    writer.ensure_collection("empty")
    writer.ensure_collection("empty")
    writer.put(
        [
            version("a", "One.", "Two.", collection="people", ingested_at=INGESTED),
            version("b", "One.", collection="people", ingested_at=INGESTED + timedelta(hours=1)),
        ]
    )
    writer.fail(
        document("c", collection="people", status="failed", error="No."), "/docs", "1", "p1"
    )
    empty, people = store.collections()
    assert (empty.name, empty.documents, empty.passages, empty.failed) == ("empty", 0, 0, 0)
    assert empty.last_ingested_at is None
    assert (people.name, people.documents, people.passages, people.failed) == ("people", 2, 3, 1)
    assert people.last_ingested_at == INGESTED + timedelta(hours=1)


def test_the_same_source_may_stand_in_two_collections(
    store: DocumentStore, writer: DocumentWriter
) -> None:
    writer.put([version("a", "Here.", collection="one")])
    other = version("a2", "There.", collection="two", source="/docs/a.md")
    writer.put([other])
    assert store.counts(EVERYTHING) == (2, 2)
    places = [("one", "/docs/a.md"), ("two", "/docs/a.md"), ("two", "/docs/none.md")]
    assert set(writer.ids_at(places)) == {"doc_a", "doc_a2"}


NOON = datetime(2025, 6, 30, 12, tzinfo=UTC)
COUNTED = {
    EVERYTHING: (4, 5),
    Filters(collections=("it",)): (1, 2),
    Filters(collections=("it", "people")): (4, 5),
    Filters(collections=("none",)): (0, 0),
    Filters(kinds=("pdf",)): (1, 1),
    Filters(document_ids=("doc_late", "doc_none")): (1, 1),
    Filters(changed_after=date(2025, 7, 1)): (1, 1),
    Filters(changed_after=date(2025, 6, 30)): (2, 3),
    Filters(changed_before=date(2025, 6, 30)): (2, 3),
    Filters(changed_before=date(2025, 6, 29)): (1, 1),
    Filters(changed_after=date(2025, 6, 30), changed_before=date(2025, 6, 30)): (1, 2),
    Filters(changed_after=date.min): (3, 4),
    Filters(changed_before=date.max): (3, 4),
}


def test_filters_count_what_a_search_looks_through(
    store: DocumentStore, writer: DocumentWriter
) -> None:
    writer.put(
        [
            version("noon", "One.", "Two.", collection="it", modified_at=NOON),
            version("early", "One.", collection="people", modified_at=NOON - timedelta(days=200)),
            # 00:30 in Lisbon on 1 July, so still 30 June in UTC minus half an hour
            version(
                "late",
                "One.",
                collection="people",
                kind="pdf",
                modified_at=datetime(2025, 7, 1, 1, 30, tzinfo=timezone(timedelta(hours=1))),
            ),
            version("undated", "One.", collection="people", modified_at=None),
        ]
    )
    assert {filters: store.counts(filters) for filters in COUNTED} == COUNTED


def test_times_come_back_in_utc_to_the_microsecond(
    store: DocumentStore, writer: DocumentWriter
) -> None:
    local = CHANGED.astimezone(timezone(timedelta(hours=-5)))
    writer.put([version("a", "Text.", modified_at=local)])
    stored = store.get("doc_a").modified_at
    assert stored == CHANGED
    assert stored is not None
    assert stored.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(store: DocumentStore, writer: DocumentWriter) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001  # what is refused
    with pytest.raises(StatementError, match="naive datetime"):
        writer.put([version("a", "Text.", modified_at=naive)])
    assert store.counts(EVERYTHING) == (0, 0)


def test_documents_are_found_by_words_kind_collection_and_failure(
    store: DocumentStore, writer: DocumentWriter
) -> None:
    writer.put(
        [
            version("travel", "x", collection="finance", title="Travel 100% policy"),
            version("leave", "x", collection="people", title="Leave_policy", kind="pdf"),
            version("notes", "x", collection="people", title="Meeting notes"),
        ]
    )
    writer.fail(document("notes", collection="people", error="Damaged."), "/docs", "1", "p1")

    def ids(**arguments: object) -> list[str]:
        documents, total = store.find(**arguments)  # type: ignore[arg-type]
        assert total == len(documents)
        return [one.id for one in documents]

    assert ids() == ["doc_leave", "doc_notes", "doc_travel"]
    assert ids(text=" POLICY ") == ["doc_leave", "doc_travel"]
    assert ids(text="docs/TRAVEL") == ["doc_travel"]
    assert ids(text="100%") == ["doc_travel"]
    assert ids(text="e_p") == ["doc_leave"]  # not "any letter"
    assert ids(text="nothing like it") == []
    assert ids(collection="people", text="policy") == ["doc_leave"]
    assert ids(kind="pdf") == ["doc_leave"]
    assert ids(failed=True) == ["doc_notes"]
    assert ids(failed=False) == ["doc_leave", "doc_travel"]
    assert store.kinds() == ["md", "pdf"]


@pytest.mark.parametrize(
    ("sort", "ascending"),
    [
        ("title", ["doc_a", "doc_b", "doc_c"]),
        ("collection", ["doc_c", "doc_a", "doc_b"]),
        ("kind", ["doc_b", "doc_a", "doc_c"]),
        ("passages", ["doc_b", "doc_c", "doc_a"]),
        ("ingested", ["doc_c", "doc_b", "doc_a"]),
        ("size", ["doc_b", "doc_c", "doc_a"]),
    ],
)
def test_documents_are_sorted_and_paged(
    store: DocumentStore, writer: DocumentWriter, sort: SortKey, ascending: list[str]
) -> None:
    hour = timedelta(hours=1)
    writer.put(
        [
            version("a", "1.", "2.", "3.", title="apple", kind="md", ingested_at=INGESTED),
            version(
                "b",
                "1.",
                title="Bread",
                kind="html",
                ingested_at=INGESTED - hour,
                collection="people",
            ),
            version(
                "c",
                "1.",
                "2.",
                title="cake",
                kind="pdf",
                ingested_at=INGESTED - 2 * hour,
                collection="another",
            ),
        ]
    )
    assert [one.id for one in store.find(sort=sort)[0]] == ascending
    assert [one.id for one in store.find(sort=sort, descending=True)[0]] == ascending[::-1]
    second, total = store.find(sort=sort, limit=1, offset=1)
    assert ([one.id for one in second], total) == ([ascending[1]], 3)


def test_documents_of_unknown_date_come_last_either_way(
    store: DocumentStore, writer: DocumentWriter
) -> None:
    writer.put(
        [
            version("old", "x", modified_at=NOON),
            version("undated", "x", modified_at=None),
            version("new", "x", modified_at=CHANGED),
        ]
    )
    ascending = [one.id for one in store.find(sort="modified")[0]]
    descending = [one.id for one in store.find(sort="modified", descending=True)[0]]
    assert ascending == ["doc_old", "doc_new", "doc_undated"]
    assert descending == ["doc_new", "doc_old", "doc_undated"]


def test_a_root_is_remembered_with_its_latest_report(
    store: DocumentStore, writer: DocumentWriter
) -> None:
    for added in (3, 0):
        writer.record_root(
            "people",
            "/docs",
            include=["*.md"],
            exclude=["old/**", "tmp"],
            hidden=True,
            report={"added": added, "failed": [{"path": "ü.pdf", "reason": "Damaged."}]},
        )
    writer.record_root("it", "https://x.test/", include=(), exclude=(), hidden=False, report={})
    newest, older = store.roots()
    assert (newest.collection, newest.uri) == ("it", "https://x.test/")
    assert (older.include, older.exclude, older.hidden) == (("*.md",), ("old/**", "tmp"), True)
    assert older.report == {"added": 0, "failed": [{"path": "ü.pdf", "reason": "Damaged."}]}
    assert newest.last_ingested_at >= older.last_ingested_at


def test_states_are_kept_and_overwritten(store: DocumentStore, writer: DocumentWriter) -> None:
    assert store.state("model") is None
    writer.set_state(model="one", dimension="384")
    writer.set_state(model="two")
    assert (store.state("model"), store.state("dimension")) == ("two", "384")


def test_vectors_can_be_replaced_without_touching_the_text(
    store: DocumentStore, writer: DocumentWriter
) -> None:
    writer.put([version("a", "One.", "Two.")])
    longer = np.zeros(6, dtype=np.float32)
    longer[5] = 1
    writer.replace_vectors({"doc_a-1-0000": (longer, None)})
    stored = store.vectors(["doc_a-1-0000", "doc_a-1-0001"])
    assert np.array_equal(stored["doc_a-1-0000"].passage, longer)
    assert stored["doc_a-1-0000"].sentences.shape == (0, 6)
    assert stored["doc_a-1-0001"].passage.shape == (4,)
    assert store.text("doc_a")[0] == "One.\nTwo."


def test_a_reader_never_sees_half_a_version(url: str, engine: Engine) -> None:
    """One thread replaces a document over and over; others read it through their own queries."""
    writer, done = DocumentWriter(engine), threading.Event()
    editions = [
        version("a", *(f"Edition {n}, rule {i}." for i in range(3 + n % 3)), edition=str(n))
        for n in range(25)
    ]
    writer.put([editions[0]])

    def read() -> int:
        own = open_database(url)
        store, looked = DocumentStore(own), 0
        while not done.is_set() or not looked:
            found = store.of_document("doc_a")
            names = {passage.text.split(",")[0] for passage in found}
            assert len(names) == 1
            assert len(found) == 3 + int(names.pop().split()[1]) % 3
            looked += 1
        own.dispose()
        return looked

    with ThreadPoolExecutor(2) as pool:
        reading = [pool.submit(read) for _ in range(2)]
        try:
            for edition in editions[1:]:
                writer.put([edition])
        finally:
            done.set()
        assert all(one.result() for one in reading)


def test_ids_are_the_same_for_the_same_file_and_differ_otherwise() -> None:
    one = new_document_id("default", "/a.md", "abc")
    assert one == new_document_id("default", "/a.md", "abc")
    others = [("people", "/a.md", "abc"), ("default", "/b.md", "abc"), ("default", "/a.md", "abd")]
    assert len({one, *(new_document_id(*other) for other in others)}) == 4
    assert len(one) <= 40


# --- the queue of uploads -------------------------------------------------------------------------


def test_uploads_are_taken_first_in_first_out_with_their_bytes(jobs: JobQueue) -> None:
    batch = jobs.add_files("people", [("a.md", b"alpha"), ("b.md", b"beta " * 1000)])
    second = jobs.add_root("it", "/docs")
    taken = [jobs.take() for _ in range(3)]
    assert [job.name for job in taken[:2] if job] == ["a.md", "b.md"]
    assert [job.name for job in jobs.batch(batch)] == ["a.md", "b.md"]
    for job in taken[:2]:
        assert job is not None
        assert (job.status, job.collection, job.target) == ("running", "people", "")
        assert jobs.data(job) == {"a.md": b"alpha", "b.md": b"beta " * 1000}[job.name]
    root = taken[2]
    assert root is not None
    assert (root.batch_id, root.target, root.original_hash) == (second, "/docs", None)
    with pytest.raises(LookupError):
        jobs.data(root)
    assert jobs.take() is None


def test_a_clock_that_jumps_or_stands_still_changes_nobody_s_turn(jobs: JobQueue) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    jumps = (0, 0, 3600, -3600, 0, -86_400, 0)
    for number, off in enumerate(jumps):
        with moment.at(noon + timedelta(seconds=off)):
            jobs.add_files("default", [(f"{number}-{part}.md", b"x") for part in range(3)])
            jobs.add_root("default", f"/docs-{number}")
    first = jobs.take()
    assert first is not None
    jobs.requeue_running()  # as after a kill: its turn is still the first
    turns: list[Job] = []
    while job := jobs.take():
        turns.append(job)
    names = [
        name
        for number in range(len(jumps))
        for name in (*(f"{number}-{part}.md" for part in range(3)), f"/docs-{number}")
    ]
    assert [job.name for job in turns] == names
    assert turns[0].created_at == noon
    for job in turns:
        jobs.finish(job.id, "done", "")
    with moment.at(noon - timedelta(days=365)):  # nothing waits: the clock is believed again
        jobs.add_root("default", "/later")
    later = jobs.take()
    assert later is not None
    assert later.created_at == noon - timedelta(days=365)


def test_how_a_job_ended_can_be_read(jobs: JobQueue) -> None:
    batch = jobs.add_files("default", [("a.md", b"x")])
    job = jobs.take()
    assert job is not None
    jobs.finish(job.id, "failed", "It is empty. Add text to it.")
    [ended] = jobs.batch(batch)
    assert (ended.status, ended.message) == ("failed", "It is empty. Add text to it.")
    jobs.finish(job.id, "done", "Added: 1 passage.", "doc_a")
    [ended] = jobs.batch(batch)
    assert (ended.status, ended.document_id) == ("done", "doc_a")
    assert jobs.batch("unknown") == []


@pytest.mark.slow
def test_a_job_that_a_kill_interrupted_is_taken_again(url: str) -> None:
    program = (
        "import os, signal, sys\n"
        "from app.records.database import open_database\n"
        "from app.records.jobs import JobQueue\n"
        "jobs = JobQueue(open_database(sys.argv[1]))\n"
        "jobs.add_files('default', [('a.md', b'alpha'), ('b.md', b'beta')])\n"
        "jobs.finish(jobs.take().id, 'done', '')\n"
        "jobs.take()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, url], check=False, timeout=60)
    assert killed.returncode == -9
    engine = open_database(url)
    jobs = JobQueue(engine)
    assert jobs.take() is None
    assert jobs.requeue_running() == 1
    assert jobs.requeue_running() == 0
    job = jobs.take()
    assert job is not None
    assert jobs.data(job) in {b"alpha", b"beta"}
    assert jobs.take() is None
    engine.dispose()


def test_no_job_is_given_to_two_workers(url: str, engine: Engine, jobs: JobQueue) -> None:
    jobs.add_files("default", [(f"{i}.md", b"x") for i in range(40)])
    start = threading.Barrier(4)

    def work() -> list[str]:
        own = open_database(url)
        queue, taken = JobQueue(own), list[str]()
        start.wait()
        while job := queue.take():
            taken.append(job.id)
        own.dispose()
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [key for one in [pool.submit(work) for _ in range(4)] for key in one.result()]
    assert len(taken) == len(set(taken)) == 40


def test_an_upload_s_bytes_are_kept_while_it_waits_and_not_after(
    engine: Engine, writer: DocumentWriter, jobs: JobQueue
) -> None:
    jobs.add_files("default", [("a.md", b"waiting")])
    writer.put([version("b", "Other.")])
    writer.remove(["doc_b"])
    job = jobs.take()
    assert job is not None
    assert jobs.data(job) == b"waiting"
    writer.remove([])
    assert jobs.data(job) == b"waiting"
    jobs.finish(job.id, "failed", "It is empty.")
    writer.remove([])
    assert rows(engine, "originals") == 0


# --- opening --------------------------------------------------------------------------------------


def test_the_newest_revision_is_the_one_that_databases_are_brought_to() -> None:
    from app.records import database

    folder = Path(database.__file__).parent / "migrations" / "versions"
    revisions = sorted(path.name.split("_")[0] for path in folder.glob("[0-9]*.py"))
    assert revisions[-1] == HEAD


def test_an_empty_database_gets_exactly_the_tables_of_the_code(engine: Engine) -> None:
    found = inspect(engine)
    assert set(found.get_table_names()) == {*metadata.tables, "alembic_version"}
    for name, table in metadata.tables.items():
        assert {one["name"] for one in found.get_columns(name)} == set(table.columns.keys())
        expected = {str(index.name) for index in table.indexes}
        assert {str(one["name"]) for one in found.get_indexes(name)} >= expected
    with engine.connect() as connection:
        stamped = connection.execute(text("SELECT version_num FROM alembic_version"))
        assert list(stamped.scalars()) == [HEAD]


def test_a_current_database_is_opened_as_it_is(url: str, engine: Engine) -> None:
    DocumentWriter(engine).put([version("a", "Kept.")])
    again = open_database(url)
    assert DocumentStore(again).text("doc_a")[0] == "Kept."
    again.dispose()


@pytest.mark.slow
def test_an_empty_database_may_be_opened_by_several_at_once(url: str) -> None:
    program = (
        "import sys; from app.records.database import open_database;"
        "sys.stdin.readline(); open_database(sys.argv[1])"
    )
    command = [sys.executable, "-c", program, url]
    opening = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)
    ]
    for one in opening:
        assert one.stdin is not None
        one.stdin.write(b"go\n")
        one.stdin.flush()
    with ThreadPoolExecutor(3) as pool:
        engines = list(pool.map(open_database, [url] * 3))
    for one in opening:
        _, errors = one.communicate(timeout=60)
        assert (one.returncode, errors) == (0, b"")
    assert {rows(engine, "documents") for engine in engines} == {0}
    for engine in engines:
        engine.dispose()


def test_a_database_of_a_newer_release_is_refused_in_a_sentence(url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(IndexUnavailable, match="by another version of Footnote"):
        open_database(url)


def test_foreign_keys_hold(engine: Engine) -> None:
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(
            passage_vectors.insert().values(passage_id="nobody", vector=b"", sentence_vectors=None)
        )
    assert rows(engine, passages.name) == 0


@pytest.mark.parametrize("address", ["nonsense", "postgresql+nope://x/y", "mysql://x/y"])
def test_a_url_that_is_none_is_a_wrong_setting(address: str) -> None:
    with pytest.raises(SettingsError, match="FOOTNOTE_DATABASE_URL can't be used"):
        open_database(address)


def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    from tests.plugins.programs import free_port

    address = f"postgresql+psycopg://me:secret@127.0.0.1:{free_port()}/x"
    with pytest.raises(IndexUnavailable, match="can't be opened") as refused:
        open_database(address)
    assert "secret" not in refused.value.message


def test_a_file_that_is_no_database_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "footnote.db").write_bytes(b"not a database " * 500)
    with pytest.raises(IndexUnavailable, match="can't be opened: file is not a database"):
        open_database(f"sqlite:///{tmp_path / 'footnote.db'}")


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(IndexUnavailable, match=r"can't be used.*FOOTNOTE_DATA_DIR"):
        open_database(f"sqlite:///{tmp_path / 'file' / 'data' / 'footnote.db'}")
