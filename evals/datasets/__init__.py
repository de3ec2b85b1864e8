"""Questions to measure with, read from files: any folder in a known layout, any path.

Layouts (`LOADERS`):

``folder``
    ``corpus/`` (or ``pdf/``) with the documents, ``questions.jsonl`` with one object per line:
    ``id, question, answerable, document, passage, answers``. Documents of questions that are not
    answerable may lie in ``held-out/``, which is not ingested.
``filings``
    ``pdf/`` (or ``corpus/``), ``questions.jsonl``: ``question, documents`` (glob over file names),
    ``type, evidence, answer`` (prose, so it is not looked for in quotes).
``cases``
    A JSONL file, or a folder of them, of golden cases written by hand on documents that are given
    apart: ``id, question, answerable, state, document, passage, answers, reference, why, tags`` and
    optionally ``also`` (more ``{document, passage}`` that the answer rests on), ``after``,
    ``family``, ``made`` and ``reviewed``: see `Case`.
``beir``, ``squad``, ``clapnq``, ``financebench``
    Public sets in the form in which they are downloaded: see the module of that name.
"""

from evals.datasets.case import (
    KINDS,
    PHRASINGS,
    BadDataset,
    Case,
    Dataset,
    Gold,
    Phrasing,
    Split,
)
from evals.datasets.golden import load_cases
from evals.datasets.layouts import LOADERS, load

__all__ = [
    "KINDS",
    "LOADERS",
    "PHRASINGS",
    "BadDataset",
    "Case",
    "Dataset",
    "Gold",
    "Phrasing",
    "Split",
    "load",
    "load_cases",
]
