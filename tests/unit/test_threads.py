"""How many threads the number libraries get: both wrong answers cost a factor of two or more."""

from __future__ import annotations

import os
import subprocess
import sys

THREADS = (
    "import torch, numpy, threadpoolctl as t; print(torch.get_num_threads(), "
    "max(p['num_threads'] for p in t.threadpool_info() if p['internal_api'] == 'openblas'))"
)
BUSY = """
import multiprocessing, os, time
import app, torch
def spin():
    while True:
        pass
others = [multiprocessing.Process(target=spin, daemon=True) for _ in range(os.cpu_count() or 1)]
for other in others:
    other.start()
rows, weights = torch.rand(64, 384), torch.rand(384, 384)
rows = rows @ weights
start = time.perf_counter()
for _ in range(200):
    rows = torch.softmax(rows @ weights, -1)
print(time.perf_counter() - start)
for other in others:
    other.kill()
"""
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


def test_a_query_s_threads_do_not_wait_by_spinning_when_others_use_the_cores() -> None:
    clean = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"}
    command = [sys.executable, "-c", BUSY]
    done = subprocess.run(command, env=clean, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 3, "0.1 s asleep, 11 s spinning, on two busy cores"
