"""Backup beside a running server, restore into a directory that answers, kills in between."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from app.bootstrap.restoring import restore
from app.errors import BadRequest, ServedAlready, StorageProblem, Unprocessable
from app.records.backup import Manifest, back_up, newest_backup
from app.records.database import HEAD
from app.records.lock import server_lock
from tests.faults.conftest import RIVERS, answered, services_of, settings_of
from tests.faults.world import ROOT, environment, footnote

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("backup")]


def made(data: Path, target: Path) -> Manifest:
    return back_up(f"sqlite:///{data / 'footnote.db'}", data, target, "test")


@pytest.fixture(scope="module")
def kept(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the whole directory."""
    target = tmp_path_factory.mktemp("kept") / "kept.tar"
    manifest = made(whole, target)
    assert manifest.counts["documents"] == RIVERS
    return target


def facts(data: Path) -> dict[str, object]:
    with services_of(data) as services:
        return {
            "answers": [one.answer_id for one in services.answers.recent("", 10)],
            "documents": services.documents.find(limit=1)[1],
            "vectors": services.library.vectors.count(),
            "lexical": services.library.lexical.count(),
            "original": services.documents.original(services.documents.find()[0][0].id),
        }


def test_a_restored_directory_answers_as_the_one_that_was_backed_up(
    kept: Path, whole: Path, tmp_path: Path
) -> None:
    manifest, aside = restore(settings_of(tmp_path / "new"), kept, force=False)
    assert aside is None
    assert manifest.schema == HEAD
    assert facts(tmp_path / "new") == facts(whole)
    assert answered(tmp_path / "new") == "answered"
    assert newest_backup(whole) == kept
    assert not list((tmp_path / "new").glob(".restoring*"))


def test_a_backup_is_made_while_others_write_and_is_one_moment(data: Path, tmp_path: Path) -> None:
    (data / "evals").mkdir()
    (data / "evals" / "run.json").write_text("{}")
    writer = sqlite3.connect(data / "footnote.db")
    writer.execute("INSERT INTO index_state VALUES ('not yet', 'committed')")
    manifest = made(data, tmp_path / "kept.tar")
    writer.rollback()
    writer.close()
    assert set(manifest.members) == {"footnote.db", "files/evals/run.json"}
    restore(settings_of(tmp_path / "new"), tmp_path / "kept.tar", force=False)
    assert (tmp_path / "new" / "evals" / "run.json").read_text() == "{}"
    with services_of(tmp_path / "new") as services:
        assert services.documents.state("not yet") is None


def test_a_directory_that_is_not_empty_is_left_alone_without_force_and_kept_with_it(
    kept: Path, data: Path
) -> None:
    with pytest.raises(BadRequest, match=r"is not empty.*--force"):
        restore(settings_of(data), kept, force=False)
    with services_of(data) as services:
        services.writer.set_state(mark="the old one")
    with server_lock(data), pytest.raises(ServedAlready):
        restore(settings_of(data), kept, force=True)
    _, aside = restore(settings_of(data), kept, force=True)
    assert aside is not None
    with services_of(data) as services:
        assert services.documents.state("mark") is None
        assert services.library.vectors.count() == RIVERS
    with sqlite3.connect(aside / "footnote.db") as old:
        assert old.execute("SELECT value FROM index_state WHERE key='mark'").fetchone() == (
            "the old one",
        )
    old.close()


def rewritten(kept: Path, target: Path, **changes: object) -> Path:
    """The same backup with another manifest."""
    with tarfile.open(kept) as old, tarfile.open(target, "w") as new:
        for member in old:
            content = old.extractfile(member)
            assert content is not None
            data = content.read()
            if member.name == "manifest.json":
                data = json.dumps(json.loads(data) | changes).encode()
                member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return target


def test_a_newer_a_damaged_and_a_hostile_backup_are_refused_and_change_nothing(
    kept: Path, tmp_path: Path
) -> None:
    settings = settings_of(tmp_path / "new")
    newer = rewritten(kept, tmp_path / "newer.tar", schema="9999")
    with pytest.raises(Unprocessable, match="newer Footnote"):
        restore(settings, newer, force=False)

    torn = tmp_path / "torn.tar"
    torn.write_bytes(kept.read_bytes()[: kept.stat().st_size // 2])
    flipped = tmp_path / "flipped.tar"
    content = bytearray(kept.read_bytes())
    content[len(content) // 2] ^= 1
    flipped.write_bytes(content)
    other = tmp_path / "other.tar"
    other.write_bytes(b"something else " * 1000)
    hostile = tmp_path / "hostile.tar"
    outside = b"outside"
    hashes = {"../outside": hashlib.sha256(outside).hexdigest()}
    manifest = json.dumps(
        {"release": "x", "schema": HEAD, "made_at": "", "counts": {}, "members": hashes}
    ).encode()
    with tarfile.open(hostile, "w") as tar:
        for name, data in (("manifest.json", manifest), ("../outside", outside)):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    for bad in (torn, flipped, other, hostile):
        with pytest.raises((Unprocessable, StorageProblem), match="can't be restored"):
            restore(settings, bad, force=False)
    assert not (tmp_path / "outside").exists()
    assert not (tmp_path / "new" / "footnote.db").exists()


def test_records_in_postgres_are_left_to_its_own_program(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="pg_dump"):
        back_up("postgresql+psycopg://me@127.0.0.1/x", tmp_path, tmp_path / "kept.tar", "test")


def test_a_disk_that_takes_no_backup_leaves_no_half_one(data: Path, tmp_path: Path) -> None:
    import resource

    target = tmp_path / "kept.tar"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, before[1]))
    try:
        with pytest.raises(StorageProblem, match="backup can't be written"):
            made(data, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == [data]
    made(data, target)


def test_the_commands_tell_what_they_did(data: Path, tmp_path: Path) -> None:
    told = footnote(data, "backup", str(tmp_path / "kept.tar"))
    assert told.returncode == 0, told.stderr
    assert f"Backed up: {RIVERS:,} documents" in told.stdout
    again = footnote(data, "backup", str(tmp_path / "kept.tar"))
    assert again.returncode == 1
    assert "exists already" in again.stderr


RESTORE = (
    "import sys; from pathlib import Path\n"
    "from app.bootstrap.restoring import restore\nfrom app.settings import Settings\n"
    "print('go', flush=True)\n"
    "restore(Settings(_env_file=None, data_dir=Path(sys.argv[1])), Path(sys.argv[2]), force=True)\n"
    "print('done', flush=True)\n"
)
KILLS = int(os.environ.get("FAULTS_RESTORE_KILLS", "4"))


def test_a_restore_that_is_killed_leaves_the_old_state_or_the_new_one(
    kept: Path, data: Path
) -> None:
    with services_of(data) as services:
        services.writer.set_state(mark="old")
    took, number, seen = 0.0, -1, []
    while number < KILLS:
        process = subprocess.Popen(
            [sys.executable, "-c", RESTORE, str(data), str(kept)],
            stdout=subprocess.PIPE,
            text=True,
            env=environment(data),
            cwd=ROOT,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "go\n"
        start = time.monotonic()
        if number == -1:  # the first one is let finish: it says how long one takes
            assert process.stdout.readline() == "done\n"
            took = time.monotonic() - start
        else:
            # Most in the last part, where names are changed.
            time.sleep(took * (0.3, 0.8, 0.95, 1.0)[number % 4])
            process.kill()
        process.wait()
        process.stdout.close()
        with services_of(data) as services:
            seen.append(services.documents.state("mark"))
            assert services.documents.find(limit=1)[1] == RIVERS
            services.library.reconcile()  # as the next server or ingest does
            assert services.library.vectors.count() == services.library.lexical.count() == RIVERS
            services.writer.set_state(mark="old")
        number += 1
    assert set(seen) <= {"old", None}, seen
