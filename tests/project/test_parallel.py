"""The suite's workers: tests that share something costly run in one of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

GROUPED = """
import os
from pathlib import Path
import pytest

pytestmark = pytest.mark.xdist_group("together")

@pytest.mark.parametrize("number", range(8))
def test_one(number):
    with Path("workers.txt").open("a") as file:
        file.write(os.environ["PYTEST_XDIST_WORKER"] + "\\n")
"""


@pytest.mark.slow
def test_a_group_runs_in_one_worker(tmp_path: Path) -> None:
    (tmp_path / "test_grouped.py").write_text(GROUPED)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "xdist", "-p", "no:cacheprovider"]
    done = subprocess.run(  # our own arguments
        [*command, "-n", "2", "--dist", "loadgroup", "."],
        cwd=tmp_path,
        # Plugins of other packages take seconds to import, in each of the three processes.
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    ran_by = (tmp_path / "workers.txt").read_text().split()
    assert len(ran_by) == 8
    assert len(set(ran_by)) == 1, "xdist no longer groups tests: see the pin of pytest"
