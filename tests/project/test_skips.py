from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError

ROOT = Path(__file__).resolve().parents[2]


def run_pytest(
    folder: Path, source: str, *arguments: str, ci: str
) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(source)
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "tests.plugins.skips", "-c", os.devnull),
            *(f"--rootdir={folder}", "-p", "no:cacheprovider", "-p", "xdist"),
            *(*arguments, str(folder)),
        ],
        cwd=ROOT,
        # Plugins of other packages take seconds to import, in each of the processes.
        env=os.environ | {"CI": ci, "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


SKIPPED = "import pytest\ndef test_a(): pytest.skip('needs the moon')\ndef test_b(): pass\n"
MODULE = "import pytest\npytest.skip('needs the moon', allow_module_level=True)\n"
EXPECTED = "import pytest\n@pytest.mark.xfail(strict=True)\ndef test_a(): assert False\n"


@pytest.mark.parametrize("arguments", [(), ("-n", "1")], ids=["one process", "xdist"])
@pytest.mark.parametrize("source", [SKIPPED, MODULE], ids=["a test", "a module"])
def test_a_skip_fails_in_ci_and_says_why(
    tmp_path: Path, source: str, arguments: tuple[str, ...]
) -> None:
    done = run_pytest(tmp_path, source, *arguments, ci="true")
    assert done.returncode != 0
    assert "Skipped, which CI does not accept: needs the moon" in done.stdout


def test_a_skip_is_fine_on_a_developers_machine(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, SKIPPED, ci="")
    assert done.returncode == 0
    assert "1 passed, 1 skipped" in done.stdout


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, EXPECTED, ci="true")
    assert done.returncode == 0, done.stdout


def test_an_allowed_reason_must_match_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.plugins import skips

    (tmp_path / "allowed").write_text("# comment\nneeds the moon*\n")
    monkeypatch.setattr(skips, "ALLOWED", tmp_path / "allowed")
    assert skips.allowed("needs the moon tonight")
    assert not skips.allowed("it needs the moon")
    assert not skips.allowed("# comment")


def test_a_test_cannot_leave_this_machine() -> None:
    import socket

    with (
        pytest.warns(UserWarning, match="192.0.2.1"),
        pytest.raises(SocketConnectBlockedError),
    ):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
