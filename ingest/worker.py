"""The server's ingest: takes uploads and re-ingests from the queue, one writer at a time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from app.bootstrap import Services
from app.errors import Busy, FootnoteError, IndexUnavailable, StorageProblem
from app.knowledge.compaction import compact, is_crowded
from app.knowledge.health import in_step
from app.records.documents import Root
from app.records.jobs import Job
from app.records.lock import writer_lock
from ingest.pipeline import IngestOptions, ingest
from ingest.report import IngestReport
from ingest.sources import SourceOptions, Target, Upload
from ingest.websites import SiteLimits

log = logging.getLogger(__name__)

_IDLE_SECONDS = 0.3
_BUSY_SECONDS = 1.0
_AWAY_SECONDS = 3.0
_LOOK_SECONDS = 60.0
"""Between two looks, with nothing to ingest, at how many deleted vectors Chroma drags along."""
_BATCH_FILES = 20
"""Uploads ingested together: they share the embedding batches and the commit."""


class Worker:
    """A thread that works off `services.jobs`. Jobs survive a kill: they are queued again."""

    def __init__(self, services: Services, look_every_s: float = _LOOK_SECONDS) -> None:
        """``look_every_s``: see `_LOOK_SECONDS`; the first look comes so long after the start."""
        self._services = services
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._look_every_s = look_every_s
        self._next_look = time.monotonic() + look_every_s

    def start(self) -> None:
        """Begin; what was running when the last process ended is queued again."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="footnote-ingest", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """End after the step under way; an unfinished job is taken up at the next start."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None

    def _run(self) -> None:
        held: Job | None = None
        requeued = False
        self._mend()
        while not self._stop.is_set():
            try:
                if not requeued:
                    self._services.jobs.requeue_running()
                    requeued = True
                job = held or self._services.jobs.take()
                if job is None:
                    self._compact()
                    self._stop.wait(_IDLE_SECONDS)
                    continue
                held = self._work(job)
            except StorageProblem as error:
                # What was acknowledged stays in the queue until the disk or the server is back.
                log.error("the ingest worker waits: %s", error)
                self._stop.wait(_AWAY_SECONDS)
                requeued, held = False, None
            except Exception:  # the queue must outlive a database that was away for a moment
                log.exception("the ingest worker failed; it tries again")
                self._stop.wait(_BUSY_SECONDS)

    def _mend(self) -> None:
        """What a kill or a lost folder left of the indexes is brought in line with SQL."""
        library = self._services.library
        try:
            library.check_model()
            if in_step(library):
                return
            with writer_lock(self._services.settings.data_dir, wait=False):
                library.reconcile()
            log.info("the indexes were brought in line with the database")
        except Busy:
            log.debug("another ingest brings the indexes in line")
        except FootnoteError as error:
            log.error("the indexes could not be brought in line: %s", error)

    def _compact(self) -> None:
        """Now and then, let the vectors be built again where most of them were deleted."""
        settings, library = self._services.settings, self._services.library
        if settings.chroma_url or time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + self._look_every_s
        folder = settings.data_dir / "chroma"
        try:
            if is_crowded(library, folder):
                with writer_lock(settings.data_dir, wait=False):
                    compact(library, folder, self._unless_stopped)
                log.info("the vectors were built again without those that were deleted")
        except Busy:
            log.debug("another ingest is running: the vectors are built again later")
        except _Stopped:
            log.info("building the vectors again was left for the next start")
        except FootnoteError as error:
            log.warning("the vectors could not be built again, and stay as they are: %s", error)

    def _unless_stopped(self, _done: int, _all: int) -> None:
        if self._stop.is_set():
            raise _Stopped

    def _work(self, job: Job) -> Job | None:
        """Ingest a job, and what is queued behind it and can go along; gives a job left over."""
        if job.target:
            self._finish_root(job)
            return None
        batch, left = [job], None
        while len(batch) < _BATCH_FILES:
            following = self._services.jobs.take()
            if following is None:
                break
            names = {one.name for one in batch}
            if (
                following.target
                or following.collection != job.collection
                or following.name in names  # the later one replaces the earlier one
            ):
                left = following
                break
            batch.append(following)
        self._finish_files(batch)
        return left

    def _finish_files(self, batch: Sequence[Job]) -> None:
        jobs = self._services.jobs
        uploads: list[Upload] = []
        for job in batch:
            try:
                size = len(jobs.data(job))
            except LookupError:
                jobs.finish(job.id, "failed", "The uploaded file is gone. Upload it again.")
                continue
            uploads.append(Upload(job.name, partial(jobs.data, job), size))
        report = self._patiently(uploads, IngestOptions(collection=batch[0].collection, wait=False))
        if report is None:
            return
        if isinstance(report, FootnoteError):
            for job in batch:
                jobs.finish(job.id, "failed", report.message)
            return
        if report.cancelled:
            return
        failed = {one.path: one for one in (*report.failed, *report.failed_targets)}
        done = {one.source: one for one in report.done}
        warned = {one.path: one.reason for one in report.warnings}
        known = self._services.writer.known(batch[0].collection)
        for job in batch:
            source = Upload(job.name, bytes, 0).source
            problem = failed.get(source)
            if problem is not None:
                jobs.finish(job.id, "failed", f"{problem.reason} {problem.action}".strip())
            elif source in known:
                one = done.get(source)
                message = "Nothing has changed since the last upload."
                if one is not None:
                    what = "Added" if one.change == "added" else "Replaced the earlier version"
                    message = f"{what}: {_count(one.passages, 'passage')}."
                if source in warned:
                    message += f" {warned[source]}"
                jobs.finish(job.id, "done", message, known[source].document_id)

    def _finish_root(self, job: Job) -> None:
        root = next(
            (
                one
                for one in self._services.documents.roots()
                if one.collection == job.collection and job.target == one.uri
            ),
            None,
        )
        target, options = again(root) if root else _by_itself(job)
        # Who ingested it at the command line is trusted with a private address; a page is not.
        public_only = not self._services.settings.fetch_private
        options = replace(options, sources=replace(options.sources, public_only=public_only))
        report = self._patiently([target], options)
        if report is None:
            return
        if isinstance(report, FootnoteError):
            self._services.jobs.finish(job.id, "failed", report.message)
        elif report.failed_targets:
            problem = report.failed_targets[0]
            message = f"{problem.reason} {problem.action}".strip()
            self._services.jobs.finish(job.id, "failed", message)
        elif not report.cancelled:
            self._services.jobs.finish(job.id, "done", summary(report))

    def _patiently(
        self, targets: Sequence[Target], options: IngestOptions
    ) -> IngestReport | FootnoteError | None:
        """The report, or why there is none; None when stopped. Waits while others ingest."""
        if not targets:
            return None
        while not self._stop.is_set():
            try:
                return ingest(self._services, targets, options, cancelled=self._stop.is_set)
            except Busy:
                self._stop.wait(_BUSY_SECONDS)
            except IndexUnavailable as error:
                # Not the file's fault: it waits for a disk with room, or for Chroma to be back.
                log.error("an upload waits: %s", error)
                self._stop.wait(_AWAY_SECONDS)
            except FootnoteError as error:
                return error
        return None


class _Stopped(Exception):
    """The server ends: what can be done again later is left."""


def _by_itself(job: Job) -> tuple[Target, IngestOptions]:
    return job.target, IngestOptions(collection=job.collection, wait=False)


def again(root: Root) -> tuple[Target, IngestOptions]:
    """How a root was ingested, to do the same again."""
    how = root.report.get("how", {})
    site = how.get("site")
    sources = SourceOptions(
        include=root.include,
        exclude=root.exclude,
        hidden=root.hidden,
        site=SiteLimits(**site) if site else None,
        git=bool(how.get("git")),
        ref=str(how.get("ref", "")),
    )
    options = IngestOptions(collection=root.collection, sources=sources, wait=False)
    return str(how.get("target") or root.uri), options


def summary(report: IngestReport) -> str:
    """A report in a sentence: "2 added, 1 removed, 40 unchanged. 1 could not be read."."""
    parts = [f"{count:,} {change}" for change, count in report.counts.items() if count]
    text = (", ".join(parts) or "Nothing found") + "."
    if report.failed:
        text += f" {len(report.failed):,} could not be read."
    return text


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
