"""The set-up program on a project of its own, with a package index that is a folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from requirements import install

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("install")]

METADATA = "Metadata-Version: 2.1\nName: {}\nVersion: {}\n"
WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
BACKEND = """
import shutil


def build_editable(folder, config_settings=None, metadata_directory=None):
    return shutil.copy("footnote-0-py3-none-any.whl", folder).rpartition("/")[2]
"""
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "footnote"
version = "0"
"""


def make_wheel(folder: Path, name: str, version: str) -> None:
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", f"version = {version!r}\n")
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


class Project:
    """A small project with the real set-up program."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.wheels = folder / "wheels"
        (self.root / "requirements").mkdir(parents=True)
        self.wheels.mkdir()
        shutil.copy(ROOT / "requirements" / "install.py", self.root / "requirements")
        (self.root / "requirements" / "torch.version").write_text("9.9\n")
        (self.root / "pyproject.toml").write_text(PYPROJECT)
        (self.root / "backend.py").write_text(BACKEND)
        make_wheel(self.root, "footnote", "0")
        make_wheel(self.wheels, "torch", "9.9")
        make_wheel(self.wheels, "plum", "1.0")
        make_wheel(self.wheels, "plum", "2.0")
        self.lock("plum==1.0")

    def lock(self, *pins: str) -> None:
        for name in ("runtime", "dev"):
            path = self.root / "requirements" / f"{name}.lock"
            path.write_text("# made for a test\n" + "\n".join(pins) + "\n")

    def setup(self, which: str = "runtime") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "requirements/install.py", which],
            cwd=self.root,
            env={
                **os.environ,
                "PIP_CONFIG_FILE": os.devnull,
                "PIP_NO_INDEX": "1",
                "PIP_FIND_LINKS": str(self.wheels),
                "PIP_EXTRA_INDEX_URL": "",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def version(self, module: str) -> str:
        code = f"import {module}; print({module}.version)"
        command = [str(self.root / ".venv" / "bin" / "python"), "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip() or done.stderr

    def state(self, name: str) -> Path:
        return self.root / ".venv" / ".footnote" / name


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("install"))
    done = project.setup()
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def test_a_fresh_set_up_installs_torch_the_lock_and_the_project(template: Project) -> None:
    assert template.version("torch") == "9.9"
    assert template.version("plum") == "1.0"
    assert not template.state("unfinished").exists()


def test_a_second_set_up_does_nothing_and_says_nothing(template: Project) -> None:
    before = template.state("install.log").stat().st_mtime_ns
    done = template.setup()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert template.state("install.log").stat().st_mtime_ns == before


def test_a_tool_setting_in_pyproject_installs_nothing(template: Project) -> None:
    path = template.root / "pyproject.toml"
    path.write_text(path.read_text() + "\n[tool.ruff]\nline-length = 99\n")
    assert template.setup().stdout == ""


def test_another_lock_installs_what_changed(template: Project) -> None:
    template.lock("plum==2.0")
    assert template.setup().returncode == 0
    assert template.version("plum") == "2.0"


def test_a_lock_that_cannot_be_installed_leaves_the_old_set_up_working(template: Project) -> None:
    before = template.version("plum")
    template.lock("plum==3.0")
    done = template.setup()
    assert done.returncode != 0
    assert "run the same command again" in done.stderr
    assert "Traceback" not in done.stderr
    assert template.version("plum") == before
    template.lock(f"plum=={before}")
    assert template.setup().returncode == 0


def test_a_set_up_that_was_killed_starts_over(template: Project) -> None:
    packages = next((template.root / ".venv" / "lib").glob("python*/site-packages"))
    (packages / "plum.py").unlink()  # half unpacked: pip still believes that plum is installed
    template.state("unfinished").touch()
    done = template.setup()
    assert done.returncode == 0
    assert "starting over" in done.stdout
    assert template.version("plum") != ""
    assert "Error" not in template.version("plum")


def test_what_dev_installs_is_not_installed_again_for_the_demo(template: Project) -> None:
    assert template.setup("dev").returncode == 0
    assert template.setup("runtime").stdout == ""


def test_an_old_python_is_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer.*make demo PYTHON="):
        install.require_python()
