"""What `footnote eval published` does: our runs beside figures that others published."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from app.insights.evals.run_file import RunFile
from app.insights.evals.runs import Runs
from app.settings import load_settings
from evals.datasets.published import FILE, read_published, to_markdown
from evals.reporting.folder import write


def run(names: Sequence[str], out: Path | None, console: Console, file: Path = FILE) -> None:
    """Show the table, or write it to ``out``. ``names``: of runs, or their files or folders.

    Without names: every run that is kept or committed.

    Raises:
        NotFound: there is no such run.
        BadRunFile, BadDataset: a file cannot be read.
    """
    known = Runs.of(load_settings())
    runs = [known.named_or_file(name) for name in names] if names else _all(known)
    text = to_markdown(read_published(file), runs)
    if out is None:
        console.print(Markdown(text) if console.is_terminal else text, markup=False, soft_wrap=True)
    else:
        write(out, text)
        console.print(f"{out} written.", markup=False)


def _all(known: Runs) -> list[RunFile]:
    return [head.run for head in known.heads() if head.run is not None]
