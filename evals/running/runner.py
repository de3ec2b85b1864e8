"""Drives the product over cases, in process or over HTTP, and keeps what it did."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import nullcontext
from typing import IO, Any, Protocol

from app.bootstrap import Services
from app.errors import BadRequest, FootnoteError, IndexProblem, NotReady, SettingsError
from evals.confidence import confidence_file
from evals.datasets import Case, Dataset
from evals.running.environment import configuration, described, indexed
from evals.running.gold import GoldFinder
from evals.running.in_process import InProcess
from evals.running.options import DEPTH, Progress, RunOptions, chosen, drawn, notes
from evals.running.records import CaseRecord, RunResult, to_line
from evals.running.resuming import resumed

__all__ = ["DEPTH", "Driver", "Progress", "RunOptions", "ask_all", "drawn", "run", "said"]

log = logging.getLogger(__name__)
_SHOWN = 5
"""Failed cases named in the notes."""


class Driver(Protocol):
    """Asks one case, however the product is reached."""

    async def ask(self, case: Case) -> CaseRecord:
        """What the product does with it.

        Raises:
            NotReady, IndexProblem, SettingsError: no case can be asked.
            Exception: this one cannot.
        """


def run(
    services: Services,
    dataset: Dataset,
    options: RunOptions | None = None,
    progress: Progress = lambda _done, _all: None,
) -> RunResult:
    """Ask every case, a case with ``after`` as a conversation.

    ``services`` should be built with ``record_answers=False``, so that questions leave no trace;
    with a `SpanKeeper` as their sink, records hold the steps of each answer.

    Raises:
        NotFound: none of the dataset's documents is in the index.
        BadRequest: no case is left to ask, none could be asked, or the file to resume is of another
            run.
        NotReady, IndexProblem, SettingsError: as the Asker.
    """
    options = options or RunOptions()
    cases = chosen(dataset, options)
    finder = GoldFinder(services.documents, cases)
    services.embedder.get(wait=True)
    services.search.search("warm up", 1)
    environment = (
        described(dataset.name, cases, options)
        | indexed(services, options)
        | {"documents_sha256": finder.fingerprint}
    )
    settings = configuration(services.settings)
    started = time.perf_counter()
    driver = InProcess(services, finder, options)
    records = ask_all(driver, cases, options, environment | {"settings": settings}, progress)
    return RunResult(
        dataset=dataset.name,
        records=records,
        seconds=time.perf_counter() - started,
        environment=environment,
        configuration=settings,
        notes=(
            *notes(dataset),
            *said(finder, records),
            *filter(None, [confidence_file.note_on(services.settings, dataset.name)]),
        ),
    )


def ask_all(
    driver: Driver,
    cases: Sequence[Case],
    options: RunOptions,
    environment: dict[str, Any],
    progress: Progress,
) -> tuple[CaseRecord, ...]:
    """A record for each case, in their order; those that ``options.resume`` holds are not asked.

    A case that cannot be asked is recorded as failed.

    Raises:
        BadRequest: none could be asked, or the file to resume is of another run.
        NotReady, IndexProblem, SettingsError: no case can be asked.
    """
    known, stream = resumed(options.resume, environment)
    with stream or nullcontext():
        asked = asyncio.run(_asked(driver, cases, options.parallel, known, stream, progress))
    records = tuple((known | asked)[case.id] for case in cases)
    if all(record.failed for record in records):
        raise BadRequest(
            f"None of the {len(records)} questions could be asked. {records[0].error}",
            "Correct that and run it again.",
        )
    return records


def said(finder: GoldFinder, records: Sequence[CaseRecord]) -> list[str]:
    """What a reader should know of a run before any figure."""
    found = []
    if finder.missing:
        shown = ", ".join(finder.missing[:3]) + ("…" if len(finder.missing) > 3 else "")
        found.append(f"{len(finder.missing)} gold documents are not in the index: {shown}")
    unlocated = sum(not place for record in records for place in record.located)
    if unlocated:
        found.append(
            f"{unlocated} gold passages were not located in the extracted text "
            "(or only their document is known); passage figures leave them out."
        )
    failed = [record for record in records if record.failed]
    if failed:
        named = "; ".join(f"{record.case.id}: {record.error}" for record in failed[:_SHOWN])
        more = f"; and {len(failed) - _SHOWN} more" if len(failed) > _SHOWN else ""
        found.append(
            f"{len(failed)} of {len(records)} questions could not be asked; they count as not "
            f"right, and in no other figure. {named}{more}"
        )
    return found


async def _asked(
    driver: Driver,
    cases: Sequence[Case],
    parallel: int,
    known: dict[str, CaseRecord],
    stream: IO[str] | None,
    progress: Progress,
) -> dict[str, CaseRecord]:
    """Records of the cases that ``known`` lacks, written to ``stream`` as they come."""
    records: dict[str, CaseRecord] = {}
    waiting = iter([case for case in cases if case.id not in known])
    done = sum(case.id in known for case in cases)
    progress(done, len(cases))

    async def work() -> None:
        nonlocal done
        for case in waiting:
            records[case.id] = record = await _one(driver, case)
            if stream is not None:
                stream.write(to_line(record) + "\n")
                stream.flush()
            done += 1
            progress(done, len(cases))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(max(1, parallel)):
                group.create_task(work())
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
    return records


async def _one(driver: Driver, case: Case) -> CaseRecord:
    try:
        return await driver.ask(case)
    except (NotReady, IndexProblem, SettingsError):
        raise
    except FootnoteError as error:
        return CaseRecord.failure(case, error.message)
    except Exception as error:  # a bug in one answer must not cost the others
        log.exception("case %s could not be asked", case.id)
        first = (str(error).strip().splitlines() or [""])[0]
        return CaseRecord.failure(case, f"{type(error).__name__}: {first}".removesuffix(": "))
