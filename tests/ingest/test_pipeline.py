"""Whole ingests: what is stored after one, and after the next."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Services
from app.domain import Filters
from app.errors import Busy, IndexMismatch
from app.records.lock import writer_lock
from app.settings import Settings
from ingest.parsers.limits import MIB
from ingest.pipeline import IngestOptions, ingest
from ingest.progress import Progress
from ingest.report import IngestReport
from ingest.sources import SourceOptions, Upload
from tests.ingest.conftest import Write

Run = Callable[..., IngestReport]


@pytest.fixture
def run(services: Services, folder: Path) -> Run:
    """Ingests the folder, or the targets given."""

    def ingest_now(*targets: Path | str | Upload, **options: Any) -> IngestReport:
        sources = {
            name: options.pop(name) for name in ("include", "exclude", "hidden") if name in options
        }
        named = [one if isinstance(one, Upload) else str(one) for one in targets or (folder,)]
        return ingest(services, named, IngestOptions(sources=SourceOptions(**sources), **options))

    return ingest_now


def stored(services: Services, collection: str = "documents") -> dict[str, str]:
    """Document id by the last part of its source."""
    known = services.writer.known(collection)
    return {Path(source).name: file.document_id for source, file in known.items()}


def found(services: Services, question: str) -> str:
    """The source of the best passage."""
    hits = services.search.search(question, 1, Filters()).hits
    return Path(hits[0].document.source).name if hits else ""


def same_in_index_and_database(services: Services) -> bool:
    passages = services.documents.counts(Filters())[1]
    return services.library.vectors.count() == services.library.lexical.count() == passages


def test_a_folder_becomes_answerable(run: Run, services: Services, write: Write) -> None:
    write("leave.md", "# Leave\n\nParental leave lasts twenty weeks.")
    write("travel.txt", "A hotel may cost 165 euros a night.")
    report = run()
    assert (report.added, report.changed, report.unchanged) == (2, 0, 0)
    assert report.passages == 2
    assert report.size > 60
    assert found(services, "How long is parental leave?") == "leave.md"
    assert found(services, "hotel price per night") == "travel.txt"
    assert same_in_index_and_database(services)


def test_a_second_run_reads_nothing(run: Run, write: Write, folder: Path) -> None:
    write("a.md", "Some text about rivers.")
    run()
    (folder / "a.md").chmod(0)  # for whoever permissions stop, reading would now fail
    report = run()
    assert (report.added, report.changed, report.unchanged, report.failed) == (0, 0, 1, [])
    assert report.size == 0


def test_a_new_time_stamp_alone_changes_nothing(run: Run, services: Services, write: Write) -> None:
    path = write("a.md", "Some text about rivers.")
    run()
    os.utime(path, (1, 1))
    report = run()
    assert (report.changed, report.unchanged) == (0, 1)
    assert services.writer.known("documents")[str(path)].mtime_ns == str(path.stat().st_mtime_ns)


def test_a_changed_file_is_replaced_whole_and_keeps_its_id(
    run: Run, services: Services, write: Write
) -> None:
    write("a.md", "The harbor opens at nine.")
    run()
    before = stored(services)
    write("a.md", "The harbor opens at eleven. " * 60)
    report = run()
    assert (report.added, report.changed) == (0, 1)
    assert stored(services) == before
    texts = [passage.text for passage in services.documents.of_document(before["a.md"])]
    assert "nine" not in " ".join(texts)
    assert same_in_index_and_database(services)


def test_a_vanished_file_is_removed(
    run: Run, services: Services, write: Write, folder: Path
) -> None:
    write("a.md", "The river Douro.")
    write("b.md", "The port of Rotterdam.")
    run()
    (folder / "b.md").unlink()
    report = run()
    assert (report.removed, report.unchanged) == (1, 1)
    assert set(stored(services)) == {"a.md"}
    assert found(services, "port of Rotterdam") != "b.md"
    assert same_in_index_and_database(services)


def test_nothing_is_removed_when_the_root_is_missing(
    run: Run, services: Services, write: Write, folder: Path
) -> None:
    write("a.md", "The river Douro.")
    run()
    folder.rename(folder.with_name("unmounted"))
    report = run()
    assert len(report.failed_targets) == 1
    assert report.removed == 0
    assert set(stored(services)) == {"a.md"}


def test_a_renamed_file_is_recognized_and_keeps_its_id(
    run: Run, services: Services, write: Write, folder: Path
) -> None:
    path = write("a.md", "# River report\n\nThe river Douro is clean.")
    run()
    before = stored(services)["a.md"]
    (folder / "sub").mkdir()
    path.rename(folder / "sub" / "b.md")
    report = run()
    assert (report.renamed, report.added, report.removed, report.passages) == (1, 0, 0, 0)
    assert stored(services) == {"b.md": before}
    assert report.done[0].before == str(path)


def test_a_title_made_from_the_name_follows_the_name(
    run: Run, services: Services, write: Write, folder: Path
) -> None:
    path = write("old-name.csv", "river,state\nDouro,clean\nTejo,dirty\n")
    run()
    path.rename(folder / "new-name.csv")
    report = run()
    assert (report.renamed, report.added, report.removed) == (1, 0, 0)
    (document,), _ = services.documents.find()
    assert document.title == "New name"
    assert same_in_index_and_database(services)


def test_a_title_that_stands_in_the_file_is_kept_though_the_name_says_the_same(
    run: Run, services: Services, write: Write, folder: Path
) -> None:
    path = write("river-report.md", "# River report\n\nThe river Douro is clean.")
    run()
    before = stored(services)["river-report.md"]
    path.rename(folder / "b.md")
    assert run().passages == 0
    assert stored(services) == {"b.md": before}


def test_a_new_file_under_a_freed_name_gets_an_id_of_its_own(
    run: Run, services: Services, write: Write, folder: Path
) -> None:
    path = write("a.md", "# River report\n\nThe river Douro is clean.")
    run()
    path.rename(folder / "b.md")
    run()
    write("a.md", "# River report\n\nThe river Douro is clean.")
    report = run()
    assert report.added == 1
    ids = stored(services)
    assert len({ids["a.md"], ids["b.md"]}) == 2


def test_the_same_content_under_two_names_is_two_documents(run: Run, write: Write) -> None:
    write("a.md", "The same words.")
    write("b.md", "The same words.")
    assert run().added == 2
    report = run()
    assert (report.unchanged, report.renamed) == (2, 0)


def test_a_folder_within_a_folder_is_not_doubled(
    run: Run, services: Services, write: Write, folder: Path
) -> None:
    write("a.md", "One.")
    write("sub/b.md", "Two.")
    assert run(folder, folder / "sub").added == 2
    assert run(folder / "sub").unchanged == 1
    assert run(folder / "sub" / "b.md").unchanged == 1
    (folder / "a.md").unlink()
    assert run(folder / "sub").removed == 0  # not its business
    assert run().removed == 1
    assert set(stored(services)) == {"b.md"}


def test_a_target_given_twice_is_read_once(run: Run, write: Write, folder: Path) -> None:
    write("a.md", "One.")
    report = run(folder, f"{folder}/", folder / "a.md")
    assert (report.added, report.unchanged) == (1, 0)


def test_two_roots_keep_each_others_documents(run: Run, services: Services, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.md").write_text(f"Document {name}.")
    run(tmp_path / "one")
    run(tmp_path / "two")
    assert set(stored(services)) == {"one.md", "two.md"}
    assert {Path(root.uri).name for root in services.documents.roots()} == {"one", "two"}


def test_filters_of_one_run_do_not_remove_what_another_brought_in(
    run: Run, services: Services, write: Write
) -> None:
    write("a.md", "One.")
    write("b.txt", "Two.")
    run()
    assert run(include=("*.md",)).removed == 0
    assert set(stored(services)) == {"a.md", "b.txt"}


def test_what_is_newly_ignored_is_removed(run: Run, services: Services, write: Write) -> None:
    write("a.md", "One.")
    write("drafts/b.md", "Two.")
    run()
    write(".footnoteignore", "drafts/\n")
    assert run().removed == 1
    assert set(stored(services)) == {"a.md"}


def test_a_collection_is_a_world_of_its_own(run: Run, services: Services, write: Write) -> None:
    write("a.md", "One.")
    assert run(collection="first").added == 1
    assert run(collection="second").added == 1
    assert {one.name: one.documents for one in services.documents.collections()} == {
        "first": 1,
        "second": 1,
    }


def test_a_dry_run_changes_nothing_and_says_what_it_would_do(
    run: Run, services: Services, write: Write, folder: Path
) -> None:
    write("same.md", "Same.")
    write("changed.md", "Before.")
    write("gone.md", "Gone.")
    write("moved.md", "# Moved\n\nFrom here to there.")
    run()
    before = services.writer.known("documents"), services.documents.generation()
    write("changed.md", "After.")
    write("new.md", "New.")
    (folder / "gone.md").unlink()
    (folder / "moved.md").rename(folder / "there.md")
    report = run(dry_run=True)
    assert {(Path(one.source).name, one.change) for one in report.done} == {
        ("new.md", "added"),
        ("changed.md", "changed"),
        ("gone.md", "removed"),
        ("there.md", "renamed"),
    }
    assert report.unchanged == 1
    assert (services.writer.known("documents"), services.documents.generation()) == before


def test_force_reads_everything_again(run: Run, services: Services, write: Write) -> None:
    write("a.md", "One.")
    run()
    before = stored(services)
    report = run(force=True)
    assert report.changed == 1
    assert stored(services) == before
    assert same_in_index_and_database(services)


def test_another_passage_size_ingests_everything_again(
    run: Run, services: Services, write: Write, folder: Path
) -> None:
    write("a.md", "The river flows to the sea. " * 40)
    run()
    other = replace(services, settings=services.settings.model_copy(update={"passage_tokens": 50}))
    report = ingest(other, [str(folder)], IngestOptions())
    assert report.changed == 1
    assert report.passages > 3
    assert same_in_index_and_database(services)
    assert ingest(other, [str(folder)], IngestOptions()).unchanged == 1


def test_files_that_cannot_be_read_are_reported_and_the_rest_goes_on(
    run: Run, services: Services, write: Write, folder: Path
) -> None:
    write("good.md", "Good text.")
    write("empty.md", "")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing more")
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 20)
    with (folder / "huge.txt").open("wb") as file:
        file.truncate(200 * MIB)
    (folder / "nowhere.md").symlink_to("missing.md")
    start = time.perf_counter()
    report = run()
    assert time.perf_counter() - start < 60
    assert report.added == 1
    reasons = {Path(one.path).name: one.reason for one in report.failed}
    assert set(reasons) == {"empty.md", "broken.pdf", "binary.txt", "huge.txt", "nowhere.md"}
    assert "empty" in reasons["empty.md"]
    assert "200 MB" in reasons["huge.txt"]
    failed, _ = services.documents.find(failed=True)
    assert {document.title for document in failed} == set(reasons) - {"nowhere.md"}
    assert all(document.error for document in failed)
    again = run()
    assert (again.unchanged, again.added, again.changed) == (1, 0, 0)
    assert {Path(one.path).name for one in again.failed} == set(reasons)


def test_a_file_that_breaks_keeps_its_last_good_version(
    run: Run, services: Services, write: Write
) -> None:
    path = write("a.md", "The good version about rivers.")
    run()
    path.write_bytes(bytes(range(256)) * 20)
    report = run()
    assert len(report.failed) == 1
    (document,), _ = services.documents.find()
    assert document.status == "ready"
    assert document.error
    assert found(services, "rivers") == "a.md"
    write("a.md", "The good version about rivers.")
    assert run().changed == 1
    (document,), _ = services.documents.find()
    assert document.error is None


def test_a_raised_limit_lets_a_refused_file_in(
    run: Run, services: Services, write: Write, folder: Path
) -> None:
    write("a.txt", "Rivers and lakes. " * 200)
    small = services.settings.model_copy(update={"max_document_chars": 1000})
    tight = replace(services, settings=small)
    assert "1,000" in ingest(tight, [str(folder)], IngestOptions()).failed[0].reason
    assert ingest(tight, [str(folder)], IngestOptions()).failed
    report = run()
    assert (report.added, report.failed) == (1, [])
    assert len(stored(services)) == 1


def test_uploads_replace_by_name_and_never_vanish(
    run: Run, services: Services, write: Write
) -> None:
    write("a.md", "One.")
    first, second = b"Version one of the memo.", b"Version two of the memo."
    assert run(Upload("memo.txt", lambda: first, len(first))).added == 1
    assert run().removed == 0
    assert run(Upload("memo.txt", lambda: second, len(second))).changed == 1
    assert run(Upload("memo.txt", lambda: second, len(second))).unchanged == 1
    assert set(services.writer.known("documents")) >= {"upload:memo.txt"}
    assert services.documents.original(stored(services)["upload:memo.txt"]) == second


@pytest.mark.parametrize("name", [b"caf\xe9.md", b"two\nlines.md", "日本 😀.md".encode()])
def test_odd_names_go_all_the_way(run: Run, services: Services, folder: Path, name: bytes) -> None:
    path = folder / os.fsdecode(name)
    path.write_text("A text with an odd name.")
    assert run().added == 1
    assert run().unchanged == 1
    path.unlink()
    assert run().removed == 1
    assert stored(services) == {}


def test_a_large_table_goes_all_the_way(run: Run, services: Services, folder: Path) -> None:
    rows = "\n".join(f"LX-{i},Douro {i % 9},{i % 100}" for i in range(400))
    (folder / "sensors.csv").write_text(f"sensor,site,battery\n{rows}\n")
    assert run().added == 1
    assert found(services, "LX-321 battery") == "sensors.csv"
    assert same_in_index_and_database(services)


def test_an_interrupted_ingest_keeps_what_is_stored_and_the_next_completes_it(
    services: Services, folder: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.pipeline.BATCH_PASSAGES", 2)
    for i in range(12):
        write(f"{i:02}.md", f"Document number {i} is about river {i}.")
    write("gone.md", "Gone soon.")
    ingest(services, [str(folder / "gone.md")], IngestOptions())
    (folder / "gone.md").unlink()

    class StopAfterThree(Progress):
        files = 0

        def advance(self, *, files: int = 0, size: int = 0, passages: int = 0) -> None:
            self.files += files

    progress = StopAfterThree()
    report = ingest(services, [str(folder)], IngestOptions(), progress, lambda: progress.files >= 3)
    assert report.cancelled
    assert 3 <= report.added < 12
    assert report.removed == 0
    assert len(services.writer.known("documents")) == report.added + 1
    assert same_in_index_and_database(services)
    rest = ingest(services, [str(folder)], IngestOptions())
    assert rest.added == 12 - report.added
    assert rest.unchanged == report.added
    assert rest.removed == 1
    assert same_in_index_and_database(services)


def test_a_second_writer_waits_with_a_notice(
    services: Services, folder: Path, write: Write
) -> None:
    write("a.md", "One.")
    noted = threading.Event()
    notes: list[str] = []

    class Notes(Progress):
        def note(self, sentence: str) -> None:
            notes.append(sentence)
            noted.set()

    done: list[IngestReport] = []
    with writer_lock(services.settings.data_dir, wait=False):
        thread = threading.Thread(
            target=lambda: done.append(ingest(services, [str(folder)], IngestOptions(), Notes()))
        )
        thread.start()
        assert noted.wait(10)
        assert not done
    thread.join(60)
    assert done[0].added == 1
    assert f"process {os.getpid()}" in notes[0]


def test_a_second_writer_may_refuse_to_wait(services: Services, folder: Path) -> None:
    with (
        writer_lock(services.settings.data_dir, wait=False),
        pytest.raises(Busy, match=f"process {os.getpid()}"),
    ):
        ingest(services, [str(folder)], IngestOptions(wait=False))


def test_a_dry_run_needs_no_lock(services: Services, folder: Path, write: Write) -> None:
    write("a.md", "One.")
    with writer_lock(services.settings.data_dir, wait=False):
        assert ingest(services, [str(folder)], IngestOptions(dry_run=True)).added == 1


def test_an_index_of_another_model_is_refused(
    run: Run, services: Services, settings: Settings, write: Write
) -> None:
    from app.bootstrap import build_services

    write("a.md", "One.")
    run()
    other = build_services(settings.model_copy(update={"embedding_model": "some/other-model"}))
    try:
        with pytest.raises(IndexMismatch, match="reindex"):
            ingest(other, [str(write("b.md", "Two."))], IngestOptions())
    finally:
        other.close()


def test_the_report_is_plain_json(run: Run, write: Write, folder: Path) -> None:
    import json

    write("a.md", "One.")
    write("empty.md", "")
    (folder / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    (folder / os.fsdecode(b"caf\xe9.md")).write_text("Two.")
    value = json.loads(json.dumps(run().to_json()))
    assert value["added"] == 2
    assert value["skipped"] == {".png": 1}
    assert value["failed"][0]["path"].endswith("empty.md")
    assert set(value["failed"][0]) == {"path", "reason", "action"}
    assert value["passages"] == 2
    assert value["bytes"] == 8
    assert value["passages_per_second"] > 0
    assert {one["change"] for one in value["changes"]} == {"added"}


def test_a_remark_is_made_when_a_file_is_read_and_not_again(
    run: Run, write: Write, folder: Path
) -> None:
    (folder / "page.txt").write_text("<!doctype html><html><p>A page in disguise.</p></html>")
    write("b.md", "Plain.")
    report = run()
    assert [Path(one.path).name for one in report.warnings] == ["page.txt"]
    assert run().warnings == []
