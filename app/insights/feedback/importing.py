"""One import at a time, in the background or in a command: read, embed, find themes, report."""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from app import moment
from app.errors import Busy, FootnoteError, NotFound, Unprocessable
from app.insights.feedback.analysis import FeedbackAnalysis
from app.insights.feedback.csv_reading import BadRow
from app.insights.feedback.rows import read_items
from app.insights.feedback.sentiment import of_rating
from app.insights.feedback.uploads import FeedbackUploads
from app.records.product.feedback_items import FeedbackItemStore, Import, Item

log = logging.getLogger(__name__)

LISTED = 10_000
"""Bad rows that are kept with their reasons; the rest is counted."""
_BATCH = 1_000
_STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is; ``step``: reading, embedding, themes or links."""

    step: str
    done: int
    total: int


class _Stopped(Exception):
    """The server ends; the import goes on when it is started again."""


class FeedbackImporter:
    """Runs imports. An import that was cut off is begun again and doubles nothing."""

    def __init__(
        self,
        store: FeedbackItemStore,
        uploads: FeedbackUploads,
        analysis: FeedbackAnalysis,
        folder: Path,
    ) -> None:
        self._store = store
        self.uploads = uploads
        self.analysis = analysis
        self._folder = folder
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._progress: dict[str, Progress] = {}

    def start(self, import_id: str) -> None:
        """Run an import in the background.

        Raises:
            NotFound: there is no such import, or its file is gone.
            Unprocessable: it is not decided how the file is read.
            Busy: another import is running.
        """
        self._startable(import_id)
        if self.busy():
            raise _busy()
        self._progress[import_id] = Progress("reading", 0, 0)
        context = contextvars.copy_context()  # a replay's clock goes with it
        self._thread = threading.Thread(
            target=context.run, args=(self._quietly, import_id), name="feedback-import", daemon=True
        )
        self._thread.start()

    def run(self, import_id: str, told: Callable[[Progress], None] = lambda _: None) -> Import:
        """Run an import here and now, and give it as it then is. Raises as `start` does."""
        one = self._startable(import_id)

        def tell(step: str, done: int, total: int) -> None:
            if self._stop.is_set():
                raise _Stopped
            self._progress[import_id] = Progress(step, done, total)
            told(self._progress[import_id])

        with self._alone():
            try:
                self._store.change_import(import_id, status="running")
                report = self._steps(one, tell)
            except _Stopped:
                log.info("the import of %s was interrupted", one.name)
                return self._store.get_import(import_id)
            except FootnoteError as error:
                failed = {**one.report, "error": error.message}
                self._store.change_import(import_id, status="failed", report=failed)
                raise
            except Exception:
                failed = {**one.report, "error": "Something went wrong; the log says what."}
                self._store.change_import(import_id, status="failed", report=failed)
                raise
            finally:
                self._progress.pop(import_id, None)
            self._store.change_import(import_id, status="done", report=report)
            self.uploads.discard(import_id)
        return self._store.get_import(import_id)

    def progress(self, import_id: str) -> Progress | None:
        """How far an import of this process is; None when it does not run here."""
        return self._progress.get(import_id)

    def busy(self) -> bool:
        """Whether an import is running, in this process or in another one."""
        try:
            with self._alone():
                return False
        except Busy:
            return True

    def delete(self, import_id: str) -> int:
        """Forget an import with its file and all its items; how many items.

        Raises:
            NotFound: there is none with this id.
            Busy: it is running.
        """
        one = self._store.get_import(import_id)
        if one.status == "running" and self.busy():
            raise Busy("This import is running.", "Wait until it is done, then delete it.")
        self.uploads.discard(import_id)
        return self._store.delete_import(import_id)

    def stop(self) -> None:
        """End the step under way; called when the services close."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_STOP_S)

    def _steps(self, one: Import, tell: Callable[[str, int, int], None]) -> dict[str, Any]:
        started = time.perf_counter()
        report = self._read(one, tell)
        read = time.perf_counter()
        distinct = self.analysis.embed(tell)
        embedded = time.perf_counter()
        themes = self.analysis.find_themes(tell)
        return {
            **report,
            "distinct": distinct,
            "themes": themes,
            "seconds": {
                "reading": round(read - started, 2),
                "embedding": round(embedded - read, 2),
                "themes": round(time.perf_counter() - embedded, 2),
            },
        }

    def _read(self, one: Import, tell: Callable[[str, int, int], None]) -> dict[str, Any]:
        """Every row into the database; what could not be read is listed."""
        layout, columns = self.uploads.reading(one)
        bad: list[tuple[int, str, str]] = []
        counts = {"read": 0, "bad": 0}
        batch: list[Item] = []

        def keep() -> None:
            self._store.add_items(one.id, batch)
            batch.clear()
            tell("reading", counts["read"], 0)

        for row in read_items(self.uploads.path(one.id), layout, columns, moment.now()):
            counts["read"] += 1
            if isinstance(row, BadRow):
                counts["bad"] += 1
                if len(bad) < LISTED:
                    bad.append((row.line, row.reason, row.excerpt.replace("\0", "")))
                continue
            batch.append(_rated(row))
            if len(batch) == _BATCH:
                keep()
        keep()
        self._store.change_import(one.id)
        new = self._store.get_import(one.id).rows
        return {**counts, "repeated": counts["read"] - counts["bad"] - new, "listed": bad}

    def _startable(self, import_id: str) -> Import:
        one = self._store.get_import(import_id)
        if not self.uploads.path(import_id).is_file():
            raise NotFound("The uploaded file is gone.", "Upload it again.")
        _, columns = self.uploads.reading(one)
        if columns.missing:
            raise Unprocessable("The file can't be imported like this.", columns.missing)
        return one

    def _quietly(self, import_id: str) -> None:
        """In the background: what went wrong stands with the import and in the log."""
        try:
            self.run(import_id)
        except FootnoteError as error:
            log.warning("%s", error.message)
        except Exception:
            log.exception("an import of feedback failed")
        finally:
            self._progress.pop(import_id, None)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._folder / "import.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise _busy() from None
        try:
            yield
        finally:
            lock.release()


def _busy() -> Busy:
    return Busy("Another import of feedback is running.", "Start this one when it is done.")


def _rated(item: Item) -> Item:
    if item.rating is None:
        return item
    return Item(
        id=item.id,
        kind=item.kind,
        external_id=item.external_id,
        at=item.at,
        text=item.text,
        rating=item.rating,
        sentiment=of_rating(item.rating),
    )
