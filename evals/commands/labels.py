"""What `footnote eval labels …` and `footnote eval agreement` do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from app.bootstrap import Services, build_services
from app.insights.evals.agreement import Estimate, kappa_words
from app.insights.evals.labeling import (
    AUTOMATIC,
    Compared,
    agreements,
    criteria,
    fingerprint,
    said_of,
    to_label,
)
from app.insights.evals.runs import Runs
from app.records.product.labels import Label
from app.settings import load_settings
from evals.commands.labels_files import read_labels, write_labels


def export(file: Path, run: str, data_dir: Path | None, console: Console) -> int:
    """Write every label, or those given in one run, to a file; how many.

    Raises:
        BadRequest: the file's name ends neither in .jsonl nor in .csv.
    """
    with _services(data_dir) as services:
        labels = services.labels.all(run)
    write_labels(file, labels)
    console.print(f"{_plural(len(labels))} written to {file}.", markup=False, soft_wrap=True)
    return len(labels)


def take_in(file: Path, data_dir: Path | None, console: Console) -> int:
    """Keep the labels of a file; how many were kept. A newer one that is there stays.

    Raises:
        BadRequest: a line is no label; nothing is kept then.
    """
    labels = read_labels(file)
    with _services(data_dir) as services:
        kept = services.labels.put(labels)
    console.print(
        f"{_plural(kept)} of {file} kept; {len(labels) - kept} older than what is there, or twice.",
        markup=False,
        soft_wrap=True,
    )
    return kept


def agree(
    run: str, files: list[Path], data_dir: Path | None, console: Console, *, as_json: bool
) -> list[Compared]:
    """Show how far people agree with a run's scores and with each other.

    ``files``: labels to go by; without any, those that are kept.

    Raises:
        NotFound: there is no such run.
        BadRequest: a file of labels can't be read.
    """
    given: list[Label] = [label for file in files for label in read_labels(file)]
    with _services(data_dir) as services:
        found = Runs.of(services.settings).named_or_file(run)
        labels = given
        if not files:
            labels = services.labels.of_answers(map(fingerprint, to_label(found.rows)))
    said = said_of(found.rows, sorted(labels, key=lambda label: label.at))
    compared = agreements(found.rows, said, criteria())
    if as_json:
        text = json.dumps([_plain(one) for one in compared], ensure_ascii=False, indent=1)
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    elif compared:
        console.print(_table(compared))
        console.print("95 % intervals; κ by Landis and Koch (1977).", style="dim")
    else:
        console.print(
            f"No answer of {found.name} has a label. Give some on /evals/{found.name}/label.",
            markup=False,
            soft_wrap=True,
        )
    return compared


@contextmanager
def _services(data_dir: Path | None) -> Iterator[Services]:
    given: dict[str, Any] = {} if data_dir is None else {"data_dir": data_dir}
    services = build_services(load_settings(**given), record_answers=False)
    try:
        yield services
    finally:
        services.close()


def _table(compared: list[Compared]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("criterion", "who", "cases", "same", "κ", "", "weighted κ", "AC1"):
        right = name not in ("criterion", "who", "")
        table.add_column(name, justify="right" if right else "left")
    for one in compared:
        found = one.found
        table.add_row(
            one.criterion.name,
            f"{one.first}, {'the score' if one.second == AUTOMATIC else one.second}",
            str(found.n),
            _number(found.raw),
            _number(found.kappa),
            kappa_words(found.kappa.value),
            _number(found.weighted),
            _number(found.ac1),
        )
    return table


def _number(estimate: Estimate) -> str:
    if estimate.value is None:
        return "–"
    text = f"{estimate.value:.2f}"
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} ({estimate.low:.2f} to {estimate.high:.2f})"


def _plain(one: Compared) -> dict[str, Any]:
    named = {"criterion": one.criterion.id, "first": one.first, "second": one.second}
    return named | asdict(one.found)


def _plural(count: int) -> str:
    return f"{count} label{'' if count == 1 else 's'}"
