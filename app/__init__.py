"""Footnote: ask your team's documents, with a footnote for every sentence."""

import os

# numpy's BLAS pool spinning beside torch's makes a query ten times slower (87 ms instead of 8 ms,
# measured); the variable only works before numpy is imported, so it stands here. It must not be
# MKL_NUM_THREADS as well: torch obeys that one, and would run on a single core.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
