"""`pytest --evidence`: what a run proves about each acceptance criterion, also a part of a run."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.insights.launch.evidence import BadEvidence, SuiteRun, evidence_json, read_evidence
from tests.plugins.evidence import Ran, updated

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
STAMP = {"at": AT, "commit": "abc", "dirty": False, "release": "0.1.0", "machine": "Linux"}
CRITERIA = {"A1": ("tests/a.py",), "B1": ("tests/b.py::test_x", "tests/c")}


def run(outcomes: dict[str, str], chosen: tuple[str, ...] = ("tests",)) -> Ran:
    return Ran(dict(outcomes), collected=set(outcomes), chosen=list(chosen))


ALL = {
    "tests/a.py::test_one": "passed",
    "tests/a.py::test_two[1]": "passed",
    "tests/b.py::test_x[é-1]": "passed",
    "tests/b.py::test_xy": "failed",
    "tests/c/d/test_e.py::test_f": "passed",
}


def test_a_criterion_passes_when_all_of_its_tests_pass() -> None:
    after = updated({}, CRITERIA, run(ALL), STAMP)
    assert {name: one.outcome for name, one in after.items()} == {"A1": "passed", "B1": "passed"}
    assert after["A1"].passed == 2
    assert after["A1"].commit == "abc"


def test_one_failure_fails_it_and_is_named() -> None:
    after = updated({}, CRITERIA, run(ALL | {"tests/c/d/test_e.py::test_f": "failed"}), STAMP)
    assert after["B1"].outcome == "failed"
    assert after["B1"].failures == ("tests/c/d/test_e.py::test_f",)


def test_a_file_that_cannot_be_read_fails_what_stands_in_it() -> None:
    ran = run(ALL)
    ran.broken.add("tests/b.py")
    assert updated({}, CRITERIA, ran, STAMP)["B1"].outcome == "failed"


@pytest.mark.parametrize(
    "part",
    [
        run({"tests/a.py::test_one": "passed"}, ("tests/a.py::test_one",)),
        Ran({"tests/a.py::test_one": "passed"}, set(), {"tests/a.py::test_two[1]"}, chosen=["."]),
        Ran({"tests/a.py::test_one": "passed"}, set(ALL), chosen=["tests"]),
        Ran({"tests/a.py::test_one": "passed"}, chosen=["tests"], partial=True),
        run({"tests/a.py::test_one": "skipped"}),
        run({"tests/z.py::test_other": "passed"}),
    ],
    ids=["named", "deselected", "stopped", "ignored", "skipped", "elsewhere"],
)
def test_what_did_not_all_run_stays_as_it_was(part: Ran) -> None:
    assert updated({}, CRITERIA, part, STAMP)["A1"].outcome == "not_run"
    before = {"A1": SuiteRun("passed", ("tests/a.py",), 2, commit="older")}
    assert updated(before, CRITERIA, part, STAMP)["A1"] == before["A1"]


def test_a_failure_counts_although_others_did_not_run() -> None:
    part = Ran({"tests/a.py::test_one": "failed"}, chosen=["tests/a.py::test_one"])
    before = {"A1": SuiteRun("passed", ("tests/a.py",), 2)}
    assert updated(before, CRITERIA, part, STAMP)["A1"].outcome == "failed"


def test_parts_of_a_suite_add_up() -> None:
    first = {node: what for node, what in ALL.items() if node.startswith("tests/a.py")}
    rest = {node: what for node, what in ALL.items() if node not in first}
    half = updated({}, CRITERIA, run(first, ("tests/a.py",)), STAMP)
    whole = updated(
        half, CRITERIA, run(rest, ("tests/b.py", "tests/c/")), STAMP | {"commit": "def"}
    )
    assert [(one.outcome, one.commit) for one in whole.values()] == [
        ("passed", "abc"),
        ("passed", "def"),
    ]


def test_a_criterion_that_is_gone_leaves_the_file() -> None:
    before = {"Z9": SuiteRun("passed")}
    assert "Z9" not in updated(before, CRITERIA, run(ALL), STAMP)


def test_the_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = {"A1": SuiteRun("failed", ("tests/a.py",), 1, 1, 0, ("x",), AT, "abc", True, "0.1", "m")}
    path = tmp_path / "acceptance.json"
    path.write_text(evidence_json(made))
    assert read_evidence(path) == made
    assert read_evidence(tmp_path / "none.json") == {}
    path.write_text('{"format": 9}')
    with pytest.raises(BadEvidence):
        read_evidence(path)


RULES = """
criteria:
  A1: {tests: [tests/test_a.py]}
  B1: {tests: ["tests/test_b.py::test_x"]}
  C1: {tests: [tests/test_a.py, "tests/test_b.py::test_x"]}
"""


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["0", "1"])
def test_real_runs_write_what_their_tests_did(tmp_path: Path, workers: str) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname='x'\nversion='3.1'\n[tool.pytest]\n")
    (tmp_path / "prd").mkdir()
    (tmp_path / "prd" / "acceptance.yaml").write_text(RULES)
    (tmp_path / "tests").mkdir()
    group = "import pytest\n@pytest.mark.xdist_group('one')\n"
    (tmp_path / "tests" / "test_a.py").write_text(f"{group}def test_a(): pass\n")
    (tmp_path / "tests" / "test_b.py").write_text(
        f"{group}@pytest.mark.parametrize('x', ['a@b', 'c'])\ndef test_x(x): pass\n"
    )

    def outcomes(*more: str) -> dict[str, str]:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "xdist"]
        command += ["-p", "tests.plugins.evidence", "--evidence", "found.json"]
        command += ["-n", workers, "--dist", "loadgroup", *more]
        # Plugins of other packages take seconds to import, in each of the processes.
        environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        criteria = read_evidence(tmp_path / "found.json")
        assert {one.release for one in criteria.values()} <= {"", "3.1"}
        return {name: one.outcome for name, one in criteria.items()}

    only_a = {"A1": "passed", "B1": "not_run", "C1": "not_run"}
    assert outcomes("tests/test_a.py") == only_a
    assert outcomes("tests", "-k", "test_x and not c") == only_a
    assert outcomes() == dict.fromkeys(only_a, "passed")
