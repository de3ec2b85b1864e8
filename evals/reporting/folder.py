"""A report in every form, in a folder: for programs, for a forge, for a browser and for paper."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from app.errors import BadRequest
from evals.reporting import bad_rows, html_report, markdown, reproducing
from evals.reporting.as_run import as_run
from evals.reporting.markdown import Link, no_link
from evals.reporting.pictures import pictures
from evals.reporting.report import Report, to_json
from evals.reporting.speed_charts import Point
from evals.running import ingesting


def write_folder(
    folder: Path,
    made: Report,
    *,
    others: Sequence[Point] = (),
    each: int = bad_rows.SHOWN_EACH,
) -> None:
    """report.json, report.md with its pictures, and report.html, which needs nothing beside it.

    The run is called what the folder is called. Raises BadRequest when it can't be written.
    """
    run = as_run(made, folder.absolute().name)
    link = documents_beside(folder) if made.dataset == reproducing.GOLDEN else no_link
    write(folder / "report.json", to_json(made))
    text = markdown.to_markdown(run, others=others, beside=True, link=link, each=each)
    write(folder / "report.md", text)
    write(folder / "report.html", html_report.to_html(run, others=others, link=link, each=each))
    for picture in pictures(run, others):
        write(folder / picture.file, picture.svg)


def documents_beside(folder: Path) -> Link:
    """Addresses of the sample documents from ``folder``, where both are in one project.

    Anywhere else there are none: a path of this machine is of no use to a reader.
    """
    documents = ingesting.sample_documents().absolute()
    project = documents.parents[2]
    if not folder.absolute().is_relative_to(project):
        return no_link

    def link(name: str) -> str:
        path = documents / name
        return Path(os.path.relpath(path, folder.absolute())).as_posix() if path.is_file() else ""

    return link


def write(path: Path, text: str) -> None:
    """Write a result. Raises BadRequest when the path can't be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadRequest(
            f"{path} can't be written: {error.strerror or error}.", "Choose another file."
        ) from error
