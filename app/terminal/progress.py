"""Progress on a terminal or in a log, and being interrupted. On standard error."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.progress import (
    BarColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress
from rich.text import Text

from app.terminal.output import err, printable
from ingest.progress import Progress

_LINE_SECONDS = 3.0
"""Between two lines of progress where there is no terminal to draw a bar on."""


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
