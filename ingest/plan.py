"""What is there now against what is known: which files have to be read, and which are gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from app.errors import FootnoteError
from app.records.document_writer import KnownFile
from ingest.items import Item, Listing, Problem
from ingest.progress import Progress
from ingest.report import Done, IngestReport
from ingest.sources import Sources, Target, Upload


@dataclass(frozen=True, slots=True)
class Recipes:
    """Names of the ways documents are made; a document made another way is made again.

    ``failed`` also names the limits: a file refused under one limit may pass under another.
    """

    ready: str
    failed: str


@dataclass(frozen=True, slots=True)
class Work:
    """A file that has to be read. ``known``: what is remembered of it."""

    item: Item
    root: str
    known: KnownFile | None


@dataclass(slots=True)
class Plan:
    """The work, the documents that are gone, and the listings they came from."""

    work: list[Work] = field(default_factory=list)
    gone: dict[str, KnownFile] = field(default_factory=dict)
    """By source."""
    listings: list[tuple[Target, Listing]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes to read."""
        return sum(work.item.size for work in self.work if work.item.refused is None)


def make_plan(
    targets: Sequence[Target],
    sources: Sources,
    known: Mapping[str, KnownFile],
    recipes: Recipes,
    *,
    force: bool,
    report: IngestReport,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> Plan:
    """List every target and set aside what a stat shows to be unchanged.

    What cannot be listed is put into the report; its documents are left alone.
    """
    plan = Plan()

    def known_stamp(source: str) -> str | None:
        file = known.get(source)
        return file.mtime_ns if file and not force and file.recipe == recipes.ready else None

    for target in targets:
        name = target.name if isinstance(target, Upload) else target
        progress.stage(f"Looking at {name}")
        try:
            listing = sources.list(
                target, known_stamp, lambda count: progress.stage(f"Found {count:,} pages")
            )
        except FootnoteError as error:
            path = target.source if isinstance(target, Upload) else target
            report.failed_targets.append(Problem.of(path, error))
            continue
        report.failed += listing.problems
        report.warnings += listing.warnings
        report.skipped += listing.skipped
        plan.listings.append((target, listing))
        if cancelled():
            return plan
    listed: set[str] = set()
    for _, listing in plan.listings:
        for item in listing.items:
            if item.source in listed:
                continue  # two roots overlap
            listed.add(item.source)
            file = known.get(item.source)
            if not force and file and _is_unchanged(item, file, recipes):
                note_unchanged(file, report)
            else:
                plan.work.append(Work(item, listing.uri, file))
    for _, listing in plan.listings:
        for source, file in known.items():
            if source not in listed and listing.covers(source) and listing.gone(source):
                plan.gone[source] = file
    return plan


def note_unchanged(file: KnownFile, report: IngestReport) -> None:
    """Count a file as it was: also one that could not be read and has not changed since."""
    if file.error:
        report.failed.append(Problem(file.source, file.error))
    else:
        report.add(Done(file.source, "unchanged", file.document_id))


def _is_unchanged(item: Item, file: KnownFile, recipes: Recipes) -> bool:
    if item.refused is not None or not item.stamp or item.stamp != file.mtime_ns:
        return False
    # A web page's size is known only when it was read; its stamp alone decides.
    same_size = item.size == file.size or item.stamp.startswith("w:")
    return same_size and file.recipe == (recipes.failed if file.error else recipes.ready)
