"""What `footnote eval sweep` does: measure every point, decide, write the report."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from app import moment
from app.errors import FootnoteError
from app.insights.evals.quality_words import QUALITY_WORDS
from app.insights.evals.run_file import RunFile
from evals.commands.evaluate import questions
from evals.datasets import Dataset
from evals.reporting.folder import write
from evals.running.options import RunOptions, chosen
from evals.sweep import picture, report
from evals.sweep.measuring import Asking, Bench, Split
from evals.sweep.plan import DEFAULT, Point, points_of, read_sweep, shipped_settings
from evals.sweep.standing import Decision, Standing, decide, standings


@dataclass(frozen=True, slots=True)
class SweepOptions:
    """The command's options. ``minutes``: when to stop beginning points; None: never.

    ``dataset``: layout and path; None for the sample's golden cases.
    """

    file: Path
    out: Path
    dataset: tuple[str, Path] | None = None
    split: Split = "dev"
    limit: int | None = None
    seed: int = 0
    minutes: float | None = None
    data_dir: Path | None = None


def run(options: SweepOptions, console: Console) -> report.Sweep:
    """Measure, and write report.md, summary.json and the picture to ``options.out``.

    Raises:
        FootnoteError: the file, the dataset or the documents cannot be used.
    """
    sweep = read_sweep(options.file)
    points = points_of(sweep)
    dataset, corpus = questions(options.dataset)
    asking = Asking(dataset, corpus, options.out, options.limit, options.seed, options.data_dir)

    def told(text: str) -> None:
        console.print(text, markup=False, highlight=False)

    bench = Bench(asking, shipped_settings(database_url="", chroma_url=""), told)
    told(f"{len(points)} points on {dataset.name}, split {options.split}.")
    clock = _Clock(options.minutes, _share_checked(dataset, options))
    try:
        done = _measured(points, bench, options.split, clock, told)
        again = _again(bench, options.split, clock) if done.measured else None
        found = standings(done.measured, sweep.quality)
        decision = _decided(found, bench, options, sweep.quality)
    finally:
        bench.close()
    made = report.Sweep(
        about=sweep.about,
        dataset=dataset.name,
        split=options.split,
        quality=sweep.quality,
        made_at=moment.now().isoformat(timespec="seconds"),
        standings=found,
        decision=decision,
        again=again,
        failed=done.failed,
        left=done.left,
        command=_command(options, dataset.name),
    )
    write(options.out / "report.md", report.to_markdown(made))
    write(options.out / "summary.json", report.to_json(made))
    if found:
        word = QUALITY_WORDS[sweep.quality][0]
        write(options.out / report.PICTURE, picture.tradeoff(found, word))
    told(f"{options.out / 'report.md'} written: {len(found)} points, {decision.verdict}.")
    return made


@dataclass
class _Clock:
    """Whether there is time for another point, and for what comes after the last one.

    ``checked``: questions that are asked in the end, as a share of those of a point.
    """

    minutes: float | None
    checked: float
    spent: float = 0.0
    asked: int = 0

    def __post_init__(self) -> None:
        self._began = time.monotonic()

    def took(self, seconds: float) -> None:
        """Remember how long a point took that was not there already."""
        if seconds:
            self.spent, self.asked = self.spent + seconds, self.asked + 1

    def left(self) -> bool:
        """Whether another point can begin."""
        if self.minutes is None:
            return True
        usual = self.spent / self.asked if self.asked else 0.0
        until = time.monotonic() - self._began + usual * (2 + 2 * self.checked)
        return until < 60 * self.minutes


@dataclass(frozen=True, slots=True)
class _Done:
    measured: list[tuple[Point, RunFile]]
    failed: dict[str, str]
    left: list[str]


def _measured(
    points: Sequence[Point],
    bench: Bench,
    split: Split,
    clock: _Clock,
    told: Callable[[str], None],
) -> _Done:
    done = _Done([], {}, [])
    for number, point in enumerate(points, 1):
        if not point.shipped and not clock.left():
            done.left.append(point.label)
            continue
        try:
            run, seconds = bench.measured(point, split)
        except FootnoteError as error:
            if point.shipped:
                raise  # nothing to compare with
            done.failed[point.label] = error.message
            told(f"{number}/{len(points)} {point.label}: {error.message}")
            continue
        clock.took(seconds)
        done.measured.append((point, run))
        took = f"{seconds:.0f} s" if seconds else "kept"
        told(f"{number}/{len(points)} {point.label} ({took})")
    return done


def _again(bench: Bench, split: Split, clock: _Clock) -> RunFile:
    """The shipped defaults once more: how steady times were."""
    run, seconds = bench.measured(Point({}), split, "shipped-again")
    clock.took(seconds)
    return run


def _decided(
    found: Sequence[Standing], bench: Bench, options: SweepOptions, quality: str
) -> Decision:
    def check(point: Point) -> RunFile | None:
        if not _share_checked(bench.asking.dataset, options):
            return None
        return bench.measured(point, "holdout")[0]

    return decide(found, check, quality)


def _share_checked(dataset: Dataset, options: SweepOptions) -> float:
    """Questions to check on, as a share of those to choose on; 0: there are none."""
    others = any(case.counts and case.split == "holdout" for case in dataset.cases)
    if options.split != "dev" or not others:
        return 0.0
    own = len(chosen(dataset, RunOptions(options.limit, split="dev")))
    return len(chosen(dataset, RunOptions(options.limit, split="holdout"))) / own


def _command(options: SweepOptions, name: str) -> str:
    """The command that makes the report again, without a path of this machine."""
    own = [] if options.file == DEFAULT else [options.file.name]
    parts = ["footnote eval sweep", *own]
    if options.dataset is not None:
        parts.append(f"--dataset {options.dataset[0]} {name}")
    if options.limit is not None:
        parts.append(f"--limit {options.limit}")
    return " ".join([*parts, f"--seed {options.seed} --split {options.split} --out FOLDER"])
