"""Which layouts of questions there are, by the name that the command line knows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.errors import BadRequest, NotFound
from evals.datasets.beir import load_beir
from evals.datasets.case import BadDataset, Dataset
from evals.datasets.clapnq import load_clapnq
from evals.datasets.financebench import load_financebench
from evals.datasets.folder import load_filings, load_folder
from evals.datasets.golden import load_cases
from evals.datasets.squad import load_squad

LOADERS: dict[str, Callable[[Path], Dataset]] = {
    "folder": load_folder,
    "filings": load_filings,
    "cases": load_cases,
    "beir": load_beir,
    "squad": load_squad,
    "clapnq": load_clapnq,
    "financebench": load_financebench,
}


def load(layout: str, path: Path) -> Dataset:
    """The dataset in ``path``.

    Raises:
        BadRequest: no such layout.
        NotFound: ``path``, or a file that the layout needs, does not exist.
        BadDataset: a row cannot be used.
    """
    loader = LOADERS.get(layout)
    if loader is None:
        raise BadRequest(
            f"“{layout}” is not a layout of questions.", f"Use one of: {', '.join(LOADERS)}."
        )
    if not path.exists():
        raise NotFound(f"{path} doesn't exist.", "Give the folder or file that holds questions.")
    dataset = loader(path)
    if not dataset.cases:
        raise BadDataset(f"{path} holds no questions.", "Give a folder or file that does.")
    return dataset
