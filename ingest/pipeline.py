"""One ingest: list → compare → read, parse, split → embed → store; then remove what vanished.

The three in the middle run beside each other, each in a thread, and only this one writes.

Every batch of documents becomes visible in one transaction (`Library.add`), and every step can be
repeated: an ingest that was interrupted anywhere is completed by running it again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field

from app.bootstrap import Services
from app.domain import DEFAULT_COLLECTION, BlockKind
from app.errors import BadRequest, Busy
from app.records.document_writer import KnownFile
from app.records.lock import writer_lock
from app.telemetry import SpanName
from ingest.embedding import Advance, Embedded, Embedding, Step, waits
from ingest.items import Problem, safe_name
from ingest.outbox import Outbox
from ingest.parsers import Limits
from ingest.parsers.build import pretty_name
from ingest.parsers.isolated import ParserPool
from ingest.parsers.limits import MIB
from ingest.plan import Plan, make_plan, note_unchanged
from ingest.prepare import Failed, Outcome, Preparer, Read, Renamed, Same
from ingest.progress import Progress
from ingest.report import Done, IngestReport
from ingest.sources import SourceOptions, Sources, Target, Upload, folded
from ingest.tracing import batch_span, describe_report, here, ingest_span
from ingest.versions import failed_document, new_version, recipes

BATCH_PASSAGES = 512
"""Passages stored together: enough that a commit costs little, few enough to lose."""

BATCH_BYTES = 32 * MIB
"""Original bytes held in memory for one batch; three of them are under way, and one prepared."""


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """How to ingest. ``force`` reads everything again, also what did not change."""

    collection: str = DEFAULT_COLLECTION
    sources: SourceOptions = field(default_factory=SourceOptions)
    dry_run: bool = False
    wait: bool = True
    force: bool = False


def ingest(
    services: Services,
    targets: Sequence[Target],
    options: IngestOptions,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> IngestReport:
    """Bring ``options.collection`` in line with ``targets``; gives what was done.

    ``cancelled`` is asked between steps; once it says yes, what is stored stays, the rest is left
    for the next run, and the report says so.

    Raises:
        BadRequest: the collection's name or a pattern cannot be used.
        Busy: another ingest is running and ``options.wait`` is False.
        IndexProblem: the index cannot be written to, or belongs to another model.
    """
    name = options.collection
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise BadRequest(
            "A collection's name has 1 to 100 characters.", "Choose one with --collection."
        )
    progress = progress or Progress()
    with ExitStack() as stack:
        if not options.dry_run:
            lock = writer_lock(
                services.settings.data_dir,
                wait=options.wait,
                on_wait=progress.note,
                cancelled=cancelled,
            )
            try:
                stack.enter_context(lock)
            except Busy:
                if options.wait:  # it was cancelled while it waited
                    return IngestReport(name, cancelled=True)
                raise
        if options.dry_run:
            return _Run(services, options, progress, cancelled).run(targets)
        with ingest_span(services.tracing, name) as span:
            report = _Run(services, options, progress, cancelled).run(targets)
            describe_report(span, report)
        return report


class _Run:
    """One ingest, under the lock."""

    def __init__(
        self,
        services: Services,
        options: IngestOptions,
        progress: Progress,
        cancelled: Callable[[], bool],
    ) -> None:
        self.services = services
        self.options = options
        self.progress = progress
        self.cancelled = cancelled
        self.recipes = recipes(services.settings)
        self.report = IngestReport(options.collection, dry_run=options.dry_run)
        self.max_bytes = services.settings.max_file_mb * MIB
        self.gone: dict[str, KnownFile] = {}

    def run(self, targets: Sequence[Target]) -> IngestReport:
        """List, compare, read, store, remove, remember."""
        start = time.perf_counter()
        options = self.options
        if not options.dry_run:
            self.services.library.check_model()
        known = self.services.writer.known(options.collection)
        with Sources(options.sources, self.max_bytes) as sources:
            plan = make_plan(
                list(folded(targets, options.sources.git)),
                sources,
                known,
                self.recipes,
                force=options.force,
                report=self.report,
                progress=self.progress,
                cancelled=self.cancelled,
            )
            self.gone = plan.gone
            self.progress.begin(len(plan.work), plan.size)
            if plan.work:
                if not (options.dry_run or self.services.embedder.loaded):
                    self.progress.stage("Loading the search model")
                self._do(plan, known)
            elif not options.dry_run:
                self.services.library.reconcile()
        if self.cancelled():
            self.report.cancelled = True
        else:
            self._remove_gone()
        self.report.seconds = time.perf_counter() - start
        if not options.dry_run and not self.report.cancelled:
            self._record_roots(plan)
        return self.report

    def _do(self, plan: Plan, known: dict[str, KnownFile]) -> None:
        settings = self.services.settings
        limits = Limits(
            max_bytes=self.max_bytes,
            max_unpacked_bytes=settings.max_unpacked_mb * MIB,
            max_chars=settings.max_document_chars,
            ocr=settings.ocr,
        )
        pool = ParserPool(timeout_s=settings.parse_timeout_s)
        preparer = Preparer(
            collection=self.options.collection,
            known=known,
            gone=plan.gone.values(),
            recipes=self.recipes,
            force=self.options.force,
            tokens=settings.passage_tokens,
            parse=lambda data, name: pool.parse(data, name, limits),
            count_tokens=self._count_tokens,
            titled_by_name=self._titled_by_name,
        )
        if self.options.dry_run:
            for outcome in preparer.outcomes(plan.work, only_look=True):
                if self.cancelled():
                    return
                self._foresee(outcome)
            return
        embedding = Embedding(
            lambda: self.services.library.embedder,
            self.cancelled,
            _weight,
            BATCH_PASSAGES,
            BATCH_BYTES,
        )
        prepared = Outbox(here(preparer.outcomes(plan.work)), _weight, BATCH_BYTES, self.cancelled)
        embedded = Outbox(here(embedding.steps(prepared)), waits, 1, self.cancelled)
        try:
            with embedded, prepared:  # the first is ended last: it takes from the other
                # Here, as the first time takes a moment, in which a thread loads the model.
                self.services.library.reconcile()
                self._take(embedded)
        finally:
            if prepared.ended:  # else a slow file is being read: it need not be waited for
                pool.close()

    def _count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Loads the model at the first call, and so not when nothing has to be read."""
        return self.services.library.embedder.count_tokens(texts)

    def _titled_by_name(self, file: KnownFile) -> bool:
        """Whether the stored title was made from the file's name, and stands nowhere in it."""
        title = self.services.documents.get(file.document_id).title
        if title != pretty_name(file.source.rpartition("/")[2]):
            return False
        text, blocks = self.services.documents.text(file.document_id)
        first = [text[b.start : b.end] for b in blocks[:4] if b.kind is BlockKind.HEADING]
        return title not in first

    def _take(self, steps: Iterable[Step]) -> None:
        """Write down what comes, in its order."""
        for step in steps:
            if self.cancelled():
                return
            match step:
                case Advance(passages=passages, size=size):
                    self.progress.advance(size=size, passages=passages)
                case Embedded():
                    self._store(step)
                case _:
                    self._apply(step)

    def _apply(self, outcome: Same | Renamed | Failed) -> None:
        writer, work = self.services.writer, outcome.work
        item = work.item
        match outcome:
            case Same(known=known):
                writer.touch(known.document_id, item.stamp, work.root)
                note_unchanged(known, self.report)
            case Renamed(known=known):
                writer.rename(known.document_id, item.source, item.stamp, work.root)
                self._count_rename(known, item.source, known.document_id)
            case Failed(digest=digest, problem=problem):
                document = failed_document(self.options.collection, outcome)
                # Without its bytes there is nothing to compare with: it is tried every time.
                stamp = item.stamp if digest else ""
                writer.fail(document, work.root, stamp, self.recipes.failed)
                self.report.failed.append(problem)
        self.progress.advance(files=1, size=item.size)

    def _store(self, embedded: Embedded) -> None:
        batch = embedded.reads
        versions = []
        for read in batch:
            own = [embedded.vectors[passage.id] for passage in read.passages]
            versions.append(new_version(self.options.collection, self.recipes.ready, read, own))
        # The model may have been loaded just now: its dimension is known only from here on.
        self.services.library.check_model()
        with batch_span(SpanName.STORE, batch):
            self.services.library.add(versions)
        for read, version in zip(batch, versions, strict=True):
            source, count = read.work.item.source, len(read.passages)
            self.report.passages += count
            self.report.size += len(read.data)
            self.report.warnings += [
                Problem(source, warning) for warning in version.document.warnings
            ]
            if read.replaces is not None:
                self.services.library.remove([read.replaces.document_id])
                self._count_rename(read.replaces, source, read.document_id)
            else:
                self.report.add(Done(source, read.change, read.document_id, count))
            self.progress.advance(files=1)

    def _foresee(self, outcome: Outcome) -> None:
        """What a dry run says of a file."""
        source = outcome.work.item.source
        match outcome:
            case Same(known=known):
                note_unchanged(known, self.report)
            case Renamed(known=known):
                self._count_rename(known, source, known.document_id)
            case Failed(problem=problem):
                self.report.failed.append(problem)
            case Read(replaces=KnownFile() as known):
                self._count_rename(known, source, outcome.document_id)
            case Read():
                self.report.size += len(outcome.data)
                self.report.add(Done(source, outcome.change, outcome.document_id))
        self.progress.advance(files=1, size=outcome.work.item.size)

    def _count_rename(self, known: KnownFile, source: str, document_id: str) -> None:
        self.gone.pop(known.source, None)
        self.report.add(Done(source, "renamed", document_id, before=known.source))

    def _remove_gone(self) -> None:
        if not self.options.dry_run:
            self.services.library.remove([file.document_id for file in self.gone.values()])
        for file in self.gone.values():
            self.report.add(Done(file.source, "removed", file.document_id))

    def _record_roots(self, plan: Plan) -> None:
        """Remember the targets, so that a page can offer to ingest them again."""
        sources = self.options.sources
        for target, listing in plan.listings:
            if isinstance(target, Upload):
                continue
            how = {
                "target": safe_name(target),
                "site": asdict(sources.site) if sources.site else None,
                "git": sources.git,
                "ref": sources.ref,
            }
            self.services.writer.record_root(
                self.options.collection,
                listing.uri,
                include=sources.include,
                exclude=sources.exclude,
                hidden=sources.hidden,
                report=self.report.to_record() | {"how": how},
            )


def _weight(outcome: Outcome) -> int:
    """Bytes that an outcome holds in memory, roughly; every file counts for something."""
    if not isinstance(outcome, Read):
        return 1024
    characters = len(outcome.parsed.text) if outcome.parsed else 0
    return 1024 + len(outcome.data) + 4 * characters
