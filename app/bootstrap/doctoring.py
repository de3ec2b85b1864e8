"""Looks at everything that is stored, and repairs what can be repaired from SQL, the truth.

One check after the other, each told in a sentence: in order, repaired, or for a person to do.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app import moment
from app.bootstrap import models
from app.bootstrap.building import build_services
from app.bootstrap.services import Services
from app.errors import Busy, FootnoteError
from app.knowledge import health as indexes
from app.knowledge.health import IndexHealth
from app.records import health as records
from app.records.backup import newest_backup
from app.records.database import HEAD
from app.records.lock import running_server, server_lock, writer_lock
from app.records.salvage import salvage
from app.settings import Settings

State = Literal["ok", "repaired", "needs you"]
LITTLE_SPACE = 500_000_000
"""Bytes: less free space is worth a word. A rebuilt index stands beside the old one for a while."""
_REPAIR = "Run `footnote doctor --repair`."


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it stands, and what to do where something is left."""

    name: str
    state: State
    said: str
    action: str = ""


Told = Callable[[int, int], None]


class Doctor:
    """Examines one data directory. ``repair``: also mend what can be mended.

    ``told``: passages done, and passages in all, while an index is built again.
    """

    def __init__(
        self, settings: Settings, *, repair: bool, told: Told = lambda _done, _all: None
    ) -> None:
        self._settings = settings
        self._repair = repair
        self._told = told
        self._file = records.sqlite_file(settings.resolved_database_url)

    def examine(self) -> Iterator[Check]:
        """Every check as soon as it is done. What can't be looked at any more is left out."""
        place = self._place()
        yield place
        if place.state == "needs you" and "written" in place.said:
            return
        yield self._space()
        yield self._server()
        if self._file is not None:
            file = self._database_file(self._file)
            yield file
            if file.state == "needs you":
                return
        try:
            services = build_services(self._settings)
        except FootnoteError as error:
            yield Check("database", "needs you", error.detail, error.action)
            return
        try:
            yield from self._within(services)
        finally:
            services.close()

    def _within(self, services: Services) -> Iterator[Check]:
        held = records.contents(services.engine)
        yield Check(
            "database",
            "ok",
            f"opens, schema {HEAD}, {held.documents:,} documents, {held.passages:,} passages, "
            f"{held.answers:,} answers",
        )
        try:
            with writer_lock(self._settings.data_dir, wait=False):
                yield self._documents(services, held)
                yield self._model(services)
                yield self._vectors(services)
                yield self._lexical(services)
                yield from self._left_overs()
        except Busy as error:
            yield Check(
                "indexes", "needs you", error.detail, "Run the doctor again when it is done."
            )

    # --- the place ---

    def _place(self) -> Check:
        folder = self._settings.data_dir
        name = "data directory"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(b"x" * 4096)
                probe.flush()
                os.fsync(probe.fileno())
        except OSError as error:
            return Check(
                name,
                "needs you",
                f"{folder.resolve()} can't be written to: {error.strerror or error}",
                "Make it writable, free some space, or choose another with FOOTNOTE_DATA_DIR.",
            )
        return Check(name, "ok", f"{folder.resolve()} can be written to")

    def _space(self) -> Check:
        free = shutil.disk_usage(self._settings.data_dir).free
        said = f"{free / 1e9:,.1f} GB are free"
        if free < LITTLE_SPACE:
            return Check("disk", "needs you", said, "Free some space before it runs out.")
        return Check("disk", "ok", said)

    def _server(self) -> Check:
        runs = running_server(self._settings.data_dir)
        said = f"a server runs here{runs}" if runs else "no server runs here"
        return Check("server", "ok", said)

    # --- the truth ---

    def _database_file(self, file: Path) -> Check:
        name = "database file"
        if not file.exists():
            return Check(name, "ok", f"{file} is not there yet")
        problems = records.file_problems(file)
        if problems:
            return self._damaged(file, problems)
        schema = records.schema_of(file)
        if schema > HEAD:
            return Check(
                name,
                "needs you",
                f"it was written by a newer Footnote (schema {schema}, this one knows {HEAD})",
                "Install that version again.",
            )
        broken = records.broken_references(file)
        if broken:
            tables = ", ".join(f"{count:,} in {table}" for table, count in sorted(broken.items()))
            return Check(
                name, "needs you", f"rows point to nothing: {tables}", "Restore the newest backup."
            )
        return Check(name, "ok", f"whole ({file.stat().st_size / 1e6:,.1f} MB)")

    def _damaged(self, file: Path, problems: list[str]) -> Check:
        name = "database file"
        backup = newest_backup(self._settings.data_dir)
        restore = (
            f"The newest backup is {backup}: footnote restore {backup} --force"
            if backup
            else "No backup is known of"
        )
        said = f"{file} is damaged: {problems[0]}"
        if not self._repair:
            return Check(
                name,
                "needs you",
                said,
                f"{restore}. Or run `footnote doctor --repair`: it saves what can still be read "
                "into a new file and says what is lost.",
            )
        try:
            with server_lock(self._settings.data_dir):
                return self._salvaged(file, said, restore)
        except FootnoteError as error:
            return Check(name, "needs you", f"{said}. {error.detail}", f"{error.action} {restore}.")

    def _salvaged(self, file: Path, said: str, restore: str) -> Check:
        new = file.with_name(f"{file.name}.{indexes.REBUILDING}")
        saved = salvage(file, new)
        stamp = moment.now().strftime("%Y%m%d-%H%M%S")
        aside = file.with_name(f"{file.name}.{indexes.ASIDE}-{stamp}")
        # The journal goes first: SQLite would play an old one into the new file.
        for suffix in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.rename(f"{file}{suffix}", f"{aside}{suffix}")  # noqa: PTH104
        os.link(file, aside)
        os.replace(new, file)  # noqa: PTH105
        counts = ", ".join(
            f"{saved.rows.get(table, 0):,} {table}"
            for table in ("documents", "passages", "answers")
        )
        lost = f"parts of {', '.join(saved.torn)} could not be read" if saved.torn else ""
        dangling = f"{saved.dangling:,} rows belonged to lost ones" if saved.dangling else ""
        losses = " and ".join(filter(None, (lost, dangling))) or "nothing is lost"
        return Check(
            "database file",
            "repaired",
            f"{said}. Saved into a new file: {counts}; {losses}. The damaged one is kept as "
            f"{aside.name}",
            f"{restore}, if that holds more." if lost or dangling else "",
        )

    def _documents(self, services: Services, held: records.Contents) -> Check:
        name = "documents"
        wrong = {*held.without_text, *held.damaged_originals, *held.miscounted}
        parts = [
            f"{len(ids):,} {what}"
            for ids, what in (
                (held.without_text, "without their text"),
                (held.damaged_originals, "without the file they were read from"),
                (held.miscounted, "without some of their passages"),
                (held.without_vector, "passages without a usable vector"),
            )
            if ids
        ]
        if held.queued_without_bytes:
            parts.append(f"{held.queued_without_bytes:,} uploads in the queue without their bytes")
        if not parts:
            return Check(name, "ok", "every document has its text, its file and its passages")
        if self._repair and wrong:
            records.read_again(services.engine, tuple(sorted(wrong)))
        if self._repair and held.without_vector:
            services.library.embed_again(held.without_vector)
        if wrong or held.queued_without_bytes:
            return Check(
                name,
                "needs you",
                ", ".join(parts),
                "Run `footnote ingest` on their folders again: these are read anew. Files that "
                "were uploaded have to be uploaded again."
                if self._repair
                else f"{_REPAIR} It marks them to be read again by the next `footnote ingest`.",
            )
        return Check(name, "repaired" if self._repair else "needs you", ", ".join(parts), _REPAIR)

    def _model(self, services: Services) -> Check:
        try:
            services.library.check_model()
        except FootnoteError as error:
            return Check("model", "needs you", error.detail, error.action)
        built = services.documents.state("model") or models.model_name(self._settings)
        return Check("model", "ok", f"the vectors are of {built}, as the settings say")

    # --- what is derived from it ---

    def _vectors(self, services: Services) -> Check:
        server = self._settings.chroma_url
        folder = None if server else self._settings.data_dir / "chroma"
        found = indexes.vectors_health(services.library, folder)
        name = f"vectors ({server})" if server else "vectors"
        if folder is None and found.problem:
            return Check(
                name,
                "needs you",
                found.problem,
                "Start the Chroma server, or correct FOOTNOTE_CHROMA_URL.",
            )
        return self._index(
            name,
            found,
            lambda: self._mend(services, found, folder, indexes.rebuild_vectors),
            lambda: indexes.vectors_health(services.library, folder),
        )

    def _lexical(self, services: Services) -> Check:
        folder = self._settings.data_dir / "lexical"
        found = indexes.lexical_health(services.library, folder)
        return self._index(
            "lexical index",
            found,
            lambda: self._mend(services, found, folder, indexes.rebuild_lexical),
            lambda: indexes.lexical_health(services.library, folder),
        )

    def _index(
        self,
        name: str,
        found: IndexHealth,
        mend: Callable[[], str],
        again: Callable[[], IndexHealth],
    ) -> Check:
        if found.whole:
            return Check(name, "ok", f"holds exactly the {found.held:,} passages it should")
        said = _wrong(found)
        if not self._repair:
            return Check(name, "needs you", said, f"{_REPAIR} Nothing is lost: SQL has everything.")
        how = mend()
        now = again()
        if not now.whole:
            still = f"{said}; {how}, and still: {_wrong(now)}"
            return Check(name, "needs you", still, "Report it.")
        return Check(name, "repaired", f"{said}; {how}: {now.held:,} passages")

    def _mend(
        self,
        services: Services,
        found: IndexHealth,
        folder: Path | None,
        rebuild: Callable[..., Path | None],
    ) -> str:
        services.writer.set_state(dirty="1")
        if folder is None or not (found.problem or found.unfound):
            services.library.reconcile()
            return "brought in line with the database"
        aside = rebuild(services.library, folder, self._told)
        services.writer.bump()
        services.writer.set_state(dirty="0")
        kept = f"; the damaged one is kept as {aside.name}" if aside else ""
        return f"built again from the database{kept}"

    def _left_overs(self) -> Iterator[Check]:
        begun, kept = indexes.left_overs(self._settings.data_dir)
        if begun and self._repair:
            for one in begun:
                shutil.rmtree(one) if one.is_dir() else one.unlink()
        names = ", ".join(one.name for one in begun)
        if begun:
            state: State = "repaired" if self._repair else "needs you"
            said = (
                f"{'removed what' if self._repair else 'what'} an interrupted repair left: {names}"
            )
            yield Check("left-overs", state, said, "" if self._repair else _REPAIR)
        if kept:
            names = ", ".join(one.name for one in kept)
            yield Check(
                "kept aside", "ok", f"damaged files from earlier repairs: {names}; delete them"
            )


def _wrong(index: IndexHealth) -> str:
    """What an index that is not whole lacks or has too much of."""
    parts = [f"it can't be used: {index.problem}"] if index.problem else []
    parts += [f"{index.missing:,} passages are missing"] if index.missing else []
    parts += [f"{index.surplus:,} passages too many"] if index.surplus else []
    parts += [f"{index.unfound:,} passages don't find themselves"] if index.unfound else []
    return ", ".join(parts)
