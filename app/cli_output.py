"""What the command line prints: progress, reports, answers. Nothing here decides anything."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from rich import filesize
from rich.console import Console
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import (
    Progress as RichProgress,
)
from rich.table import Table
from rich.text import Text

from ingest.progress import Progress

if TYPE_CHECKING:
    from app.domain import Answer, Citation, Document, Hit
    from ingest.items import Problem
    from ingest.report import IngestReport

_LINE_SECONDS = 3.0
"""Between two lines of progress where there is no terminal to draw a bar on."""

_SHOWN_PROBLEMS = 20
"""Problems listed in full; --json has all of them."""


def out() -> Console:
    """Standard output."""
    return Console(highlight=False, soft_wrap=True)


def err() -> Console:
    """Standard error: progress and notices, so that output can be piped."""
    return Console(stderr=True, highlight=False)


def print_json(value: object) -> None:
    """JSON, readable by people, in any locale."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.flush()


def printable(text: str) -> str:
    """``text`` on one line, with control characters written out: names can hold anything."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


# --- while it runs -------------------------------------------------------------------------------


class _Rate(ProgressColumn):
    """Passages so far, and per second."""

    def render(self, task: Task) -> Text:
        """The column."""
        passages = task.fields.get("passages", 0)
        elapsed = task.elapsed or 0
        rate = f" · {passages / elapsed:,.0f}/s" if passages and elapsed else ""
        return Text(f"{passages:,} passages{rate}", style="progress.data.speed")


class _Bar(Progress):
    """A bar with files, passages per second and the time left, by bytes."""

    def __init__(self, bar: RichProgress) -> None:
        self._bar = bar
        self._task = bar.add_task("Looking", total=None, files="", passages=0)
        self._files = self._all = self._passages = 0

    def note(self, sentence: str) -> None:
        self._bar.console.print(printable(sentence), style="yellow", markup=False)

    def stage(self, words: str) -> None:
        self._bar.update(self._task, description=printable(words))

    def begin(self, files: int, size: int) -> None:
        self._all = files
        self._bar.reset(self._task, total=max(size, 1), files=self._shown_files())

    def advance(self, *, files: int = 0, size: int = 0, passages: int = 0) -> None:
        self._files += files
        self._passages += passages
        self._bar.update(
            self._task,
            advance=size,
            description="Ingesting",
            files=self._shown_files(),
            passages=self._passages,
        )

    def _shown_files(self) -> str:
        return f"{self._files:,}/{self._all:,} files" if self._all else ""


class _Lines(Progress):
    """A line every few seconds, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._files = self._all = self._passages = self._done = self._size = 0
        self._start = self._last = time.monotonic()

    def note(self, sentence: str) -> None:
        self._say(sentence)

    def begin(self, files: int, size: int) -> None:
        self._all, self._size = files, size
        self._start = time.monotonic()

    def advance(self, *, files: int = 0, size: int = 0, passages: int = 0) -> None:
        self._files += files
        self._passages += passages
        self._done += size
        now = time.monotonic()
        if now - self._last < _LINE_SECONDS:
            return
        self._last = now
        rate = self._passages / max(now - self._start, 0.001)
        left = ""
        if 0 < self._done < self._size:
            seconds = (now - self._start) * (self._size - self._done) / self._done
            left = f", {seconds:,.0f} s left"
        self._say(
            f"{self._files:,} of {self._all:,} files, {self._passages:,} passages "
            f"({rate:,.0f}/s){left}"
        )

    def _say(self, sentence: str) -> None:
        self._console.print(printable(sentence), markup=False, soft_wrap=True)


@contextmanager
def progress_display() -> Iterator[Progress]:
    """A bar on a terminal, lines elsewhere; on standard error."""
    console = err()
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=28),
        TextColumn("{task.fields[files]}"),
        _Rate(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
    )
    with RichProgress(*columns, console=console, transient=True, speed_estimate_period=60) as bar:
        yield _Bar(bar)


class _Counter:
    """Done of all, for a rebuild."""

    def __init__(self, bar: RichProgress, words: str) -> None:
        self._bar = bar
        self._task = bar.add_task(words, total=None)
        self.total = 0

    def note(self, sentence: str) -> None:
        """Something a person should know now."""
        self._bar.console.print(sentence, style="yellow", markup=False)

    def update(self, done: int, total: int) -> None:
        """So much is done."""
        self.total = total
        self._bar.update(self._task, completed=done, total=total)


@contextmanager
def progress_bar(words: str) -> Iterator[_Counter]:
    """A bar that counts to a number."""
    with RichProgress(console=err(), transient=True) as bar:
        yield _Counter(bar, words)


@contextmanager
def waiting(words: str) -> Iterator[None]:
    """A spinner on a terminal, nothing elsewhere."""
    console = err()
    if not console.is_terminal:
        yield
        return
    with console.status(words):
        yield


@contextmanager
def interruptible(note: Callable[[str], None]) -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C or TERM into a request to stop; a second Ctrl-C stops at once.

    Gives what says whether stopping was asked for.
    """
    asked = False

    def on_signal(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked = True
        note("Stopping after the step under way; run it again to go on. (Ctrl-C: at once)")

    before = {
        number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# --- at the end ----------------------------------------------------------------------------------


def print_report(report: IngestReport) -> None:
    """What an ingest did, as a table, with reasons for what it could not read."""
    console = out()
    title = f"Would be done in “{report.collection}”" if report.dry_run else ""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2), title=title or None)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_column(style="dim")
    ingested = f"{report.passages:,} passages" if report.passages else ""
    rows = (
        ("Added", report.added, ingested if report.added else ""),
        ("Changed", report.changed, "" if report.added else ingested),
        ("Renamed", report.renamed, ""),
        ("Removed", report.removed, ""),
        ("Unchanged", report.unchanged, ""),
        ("Skipped", report.skipped.total(), _formats(report)),
        ("Failed", len(report.failed) + len(report.failed_targets), ""),
    )
    for name, count, remark in rows:
        if count or name in ("Added", "Changed", "Unchanged"):
            style = "red" if name == "Failed" else None
            table.add_row(name, Text(f"{count:,}", style=style or ""), Text(remark))
    console.print(table)
    if report.dry_run:
        for one in report.done:
            before = f" (was {one.before})" if one.before else ""
            console.print(Text(printable(f"  {one.change:9} {one.source}{before}")))
    _print_problems(console, "Could not be read", [*report.failed_targets, *report.failed], "red")
    _print_problems(console, "Read, with a remark", report.warnings, "yellow")
    console.print(Text(_last_line(report), style="dim"))


def print_short_report(report: IngestReport) -> None:
    """One line, for the demo."""
    counts = [f"{count:,} {change}" for change, count in report.counts.items() if count]
    text = f"Sample documents: {', '.join(counts) or 'none'}"
    if report.failed or report.failed_targets:
        text += f", {len(report.failed) + len(report.failed_targets):,} failed"
    err().print(Text(f"{text} ({report.seconds:,.1f} s)"))


def _formats(report: IngestReport) -> str:
    shown = report.skipped.most_common(6)
    more = f", {len(report.skipped) - 6} more" if len(report.skipped) > 6 else ""
    return ", ".join(f"{printable(name)} {count:,}" for name, count in shown) + more


def _print_problems(console: Console, title: str, problems: Sequence[Problem], style: str) -> None:
    if not problems:
        return
    console.print()
    console.print(Text(title, style=f"bold {style}"))
    for one in problems[:_SHOWN_PROBLEMS]:
        console.print(Text(f"  {printable(one.path)}"))
        console.print(Text(f"    {printable(f'{one.reason} {one.action}'.strip())}", style="dim"))
    if len(problems) > _SHOWN_PROBLEMS:
        rest = len(problems) - _SHOWN_PROBLEMS
        console.print(Text(f"  … and {rest:,} more; --json lists them all.", style="dim"))
    console.print()


def _last_line(report: IngestReport) -> str:
    if report.cancelled:
        text = "Interrupted; what is listed above is stored. Run it again to go on"
    elif report.dry_run:
        text = "Nothing was changed"
    else:
        text = f"{filesize.decimal(report.size)} ingested" if report.size else "Up to date"
    text += f" · {report.seconds:,.1f} s"
    if report.passages:
        text += f" · {report.passages_per_second:,.0f} passages/s"
    return text


def print_answer(answer: Answer) -> None:
    """The answer, then its footnotes."""
    console = out()
    if answer.notice:
        console.print(Text(answer.notice, style="yellow"))
    if answer.sentences:
        body = Text()
        for sentence in answer.sentences:
            body.append("" if not body else "\n" if "\n" in sentence.text else " ")
            start = len(body)
            body.append(sentence.text)
            for first, last in sentence.emphasis:
                body.stylize("bold", start + first, start + last)
            for number in sentence.citations:
                body.append(f" [{number}]", style="cyan")
        console.print(body)
        console.print()
        for citation in answer.citations:
            _print_footnote(console, citation)
    else:
        console.print(Text(answer.text or "The documents hold no answer to this.", style="bold"))
    if answer.missing_terms and not answer.sentences:
        missing = ", ".join(f"“{term}”" for term in answer.missing_terms)
        console.print(Text(f"In no document: {missing}"))
    if answer.closest and not answer.sentences:
        console.print(Text("\nClosest passages", style="bold"))
        print_results(answer.closest[:3])
    reasons = "; ".join(answer.confidence.reasons)
    line = f"Confidence: {answer.confidence.level.value}" + (f" ({reasons})" if reasons else "")
    searched = (
        f"Searched {answer.documents_searched:,} documents in "
        f"{answer.timings_ms.get('total', 0):,.0f} ms"
    )
    console.print(Text(f"{line}\n{searched}", style="dim"))


def _print_footnote(console: Console, citation: Citation) -> None:
    parts = [citation.title, *citation.heading]
    place = " › ".join(parts)
    if citation.page is not None:
        place += f", {citation.page_kind or 'page'} {citation.page}"
    console.print(Text.assemble((f"[{citation.number}] ", "cyan"), place))
    console.print(Text(f"    {printable(citation.source)}", style="dim"))


def print_results(hits: Sequence[Hit]) -> None:
    """Ranked passages."""
    console = out()
    if not hits:
        console.print(Text("No passage matches."))
    for number, hit in enumerate(hits, 1):
        place = " › ".join((hit.document.title, *hit.passage.heading))
        if hit.passage.page is not None:
            place += f", {hit.document.page_kind or 'page'} {hit.passage.page}"
        console.print(Text.assemble((f"{number}. ", "cyan"), (place, "bold")))
        text = " ".join(hit.passage.text.split())
        shown = text if len(text) <= 280 else text[:280].rsplit(" ", 1)[0] + " …"
        console.print(Padding(Text(shown), (0, 0, 0, 3)))
        console.print(Text(f"   {printable(hit.document.source)}", style="dim"))


def print_documents(documents: Sequence[Document]) -> None:
    """One line per document, its reason below when it could not be read."""
    console = out()
    for document in documents:
        line = Text.assemble(
            (f"{document.id}  ", "dim"),
            (printable(document.title), "bold"),
            f"  {document.collection} · {document.kind or '?'} · {document.passages:,} passages",
        )
        console.print(line)
        console.print(Text(f"    {printable(document.source)}", style="dim"))
        if document.error:
            console.print(Text(f"    {printable(document.error)}", style="red"))
    console.print(Text(f"{len(documents):,} documents", style="dim"))


def print_status(status: dict[str, Any]) -> None:
    """What `app.cli_status.status_of` found."""
    console = out()
    facts = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2))
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    index = status["index"]
    built = (
        f"{index['model']}, {index['dimension']} dimensions"
        if index["model"]
        else "nothing ingested yet"
    )
    rows = (
        ("Data folder", status["data_dir"]),
        ("Database", status["database"]),
        ("Vectors", f"{status['vectors']} · {index['vectors']:,}"),
        ("Lexical index", f"{index['lexical']:,} passages"),
        ("Model", built),
        ("Index", index["message"]),
    )
    for name, value in rows:
        facts.add_row(name, Text(printable(value), style="" if name != "Index" else _tone(index)))
    console.print(facts)
    if status["collections"]:
        console.print()
        table = Table(box=None, pad_edge=False, padding=(0, 2), header_style="bold")
        for name, side in (
            ("Collection", "left"),
            ("Documents", "right"),
            ("Passages", "right"),
            ("Failed", "right"),
            ("Last ingested", "left"),
        ):
            table.add_column(name, justify=side)  # type: ignore[arg-type]  # two of its words
        for one in status["collections"]:
            when = (one["last_ingested_at"] or "never")[:16].replace("T", " ")
            table.add_row(
                Text(printable(one["name"])),
                f"{one['documents']:,}",
                f"{one['passages']:,}",
                f"{one['failed']:,}",
                when,
            )
        console.print(table)
    if status["failures"]:
        console.print(Text("\nCould not be read", style="bold red"))
        for one in status["failures"][:_SHOWN_PROBLEMS]:
            console.print(Text(f"  {printable(one['source'])}"))
            console.print(Text(f"    {printable(one['error'])}", style="dim"))
        rest = status["failed"] - len(status["failures"][:_SHOWN_PROBLEMS])
        if rest > 0:
            console.print(Text(f"  … and {rest:,} more: footnote documents list --failed"))


def _tone(index: dict[str, Any]) -> str:
    return "green" if index["healthy"] else "red"
