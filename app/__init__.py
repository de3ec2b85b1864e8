"""Footnote: ask your team's documents, with a footnote for every sentence."""

import os

# numpy's BLAS pool spinning beside torch's makes a query ten times slower (87 ms instead of 8 ms,
# measured); the variables only work before numpy is imported, so they stand here.
for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
