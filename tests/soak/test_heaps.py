"""The server's threads share glibc's heaps, unless the operator or the system says otherwise.

And what lies free in them goes back to the system.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

THREADS = 6
"""Fewer than the eight heaps that glibc gives a process on one core."""
PROGRAM = f"""
import ctypes, sys, threading
from app.server import _share_heaps
sys.platform = sys.argv[2]
_share_heaps()
took, told = threading.Barrier({THREADS} + 1), threading.Event()

def take():
    held = bytearray(10_000)
    took.wait()
    told.wait()

for _ in range({THREADS}):
    threading.Thread(target=take, daemon=True).start()
took.wait()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
libc.malloc_info.argtypes = ctypes.c_int, ctypes.c_void_p
libc.fclose.argtypes = (ctypes.c_void_p,)
file = libc.fopen(sys.argv[1].encode(), b"w")
libc.malloc_info(0, file)
libc.fclose(file)
told.set()
"""

SCATTERED = """
import re, sys, time
from pathlib import Path
from app.server import _giving_back, _share_heaps

def held_mb():
    return int(re.search(r"RssAnon:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

_share_heaps()
before = held_mb()
blocks = [bytearray(b"x" * 10_000) for _ in range(20_000)]
blocks = blocks[::50]
kept = held_mb() - before
until = time.monotonic() + float(sys.argv[1])
with _giving_back(0.05):
    while held_mb() - before > 50 and time.monotonic() < until:
        time.sleep(0.02)
print(kept, held_mb() - before)
"""
"""Takes 200 MB in blocks, drops all but 4 MB spread over them, and tells what it holds then, and
what once memory is given back; or after so many seconds."""


def heaps(folder: Path, platform: str = "linux", **environment: str) -> int:
    """How many a process has whose threads each hold memory, after `_share_heaps`."""
    ours = ("MALLOC_ARENA_MAX", "GLIBC_TUNABLES")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    told = folder / "heaps.xml"
    subprocess.run(
        [sys.executable, "-c", PROGRAM, str(told), platform],
        env=kept | environment,
        check=True,
        timeout=120,
    )
    return told.read_text().count("<heap nr=")


def test_many_threads_share_two_heaps(tmp_path: Path) -> None:
    assert heaps(tmp_path) == 2
    assert heaps(tmp_path, GLIBC_TUNABLES="glibc.malloc.top_pad=131072") == 2


@pytest.mark.parametrize(
    "said", [{"MALLOC_ARENA_MAX": "4"}, {"GLIBC_TUNABLES": "glibc.malloc.arena_max=4"}]
)
def test_the_operators_number_of_heaps_holds(tmp_path: Path, said: dict[str, str]) -> None:
    assert heaps(tmp_path, **said) == 4


def test_other_systems_are_left_as_they_are(tmp_path: Path) -> None:
    assert heaps(tmp_path, "darwin") == THREADS + 1


def test_free_memory_between_used_blocks_goes_back_to_the_system() -> None:
    told = subprocess.run(
        [sys.executable, "-c", SCATTERED, "60"], capture_output=True, check=True, timeout=120
    )
    by_itself, given_back = map(float, told.stdout.split())
    assert by_itself > 150, "glibc does so by itself by now"
    assert given_back < 50
