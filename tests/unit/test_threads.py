"""How many threads the number libraries get: both wrong answers cost a factor of two or more."""

from __future__ import annotations

import os
import subprocess
import sys

THREADS = (
    "import torch, numpy, threadpoolctl as t; print(torch.get_num_threads(), "
    "max(p['num_threads'] for p in t.threadpool_info() if p['internal_api'] == 'openblas'))"
)
VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


def threads(code: str) -> tuple[int, int]:
    """Threads of torch and of numpy's BLAS in a process that runs ``code``."""
    clean = {key: value for key, value in os.environ.items() if key not in VARIABLES}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=clean, capture_output=True, text=True, check=True)
    torch, blas = map(int, done.stdout.split())
    return torch, blas


def test_torch_keeps_its_cores_while_numpy_s_blas_keeps_to_one() -> None:
    assert threads(f"import app, {THREADS.removeprefix('import ')}") == (threads(THREADS)[0], 1)
