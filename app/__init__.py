"""Footnote: ask your team's documents, with a footnote for every sentence."""

import os

# numpy's BLAS pool spinning beside torch's makes a query ten times slower (87 ms instead of 8 ms,
# measured); the variable only works before numpy is imported, so it stands here. It must not be
# MKL_NUM_THREADS as well: torch obeys that one, and would run on a single core.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# torch's threads wait for each other by spinning; when another process has a core, each of a
# query's hundred waits then lasts a time slice (300 to 500 ms a query, measured). They spin for
# some microseconds and then sleep: 7 ms on a quiet machine (only spinning 6, only sleeping 10),
# 20 on a busy one. Read when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "3000")
