from __future__ import annotations

import ast
import importlib.metadata
import re
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from requirements import lock

ROOT = Path(__file__).resolve().parents[2]
OURS = {"app", "ingest", "evals"}
APART = ("ingest/sample", "evals/bench/peers")
"""The sample's generator is a developer's tool; peers are run in environments of their own."""
COMES_WITH = {  # imported for its types or helpers; belongs to a package that is declared
    "starlette": "fastapi",
    "anyio": "starlette",
    "mcp-types": "mcp",
    "lxml": "python-docx",
    "transformers": "sentence-transformers",
}


def imported_packages() -> dict[str, Path]:
    """What the shipped code imports, and where."""
    found = {}
    for folder in sorted(OURS):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if any(path.is_relative_to(ROOT / folder) for folder in APART):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                    names = [node.module]
                found.update({name.split(".")[0]: path for name in names})
    return found


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texts = [
        *project["dependencies"],
        *(text for texts in project["optional-dependencies"].values() for text in texts),
    ]
    return {canonicalize_name(Requirement(text).name) for text in texts}


def test_the_locks_belong_to_pyproject() -> None:
    assert lock.check() == []


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("runtime.lock", "dev.lock"):
        shutil.copy(ROOT / "requirements" / name, tmp_path)
    monkeypatch.setattr(lock, "LOCKS", tmp_path)
    return tmp_path


def test_a_pin_that_pyproject_does_not_allow_is_found(locks: Path) -> None:
    path = locks / "runtime.lock"
    path.write_text(re.sub(r"^fastapi==.*$", "fastapi==0.1.0", path.read_text(), flags=re.M))
    problems = lock.check()
    assert any("pins fastapi 0.1.0" in problem for problem in problems)
    assert any(problem.startswith("fastapi is 0.1.0 in runtime.lock but") for problem in problems)


def test_a_package_missing_from_a_lock_is_found(locks: Path) -> None:
    path = locks / "dev.lock"
    path.write_text(re.sub(r"^pytest==.*\n", "", path.read_text(), flags=re.M))
    assert "dev.lock lacks pytest." in lock.check()


def test_a_lock_made_from_other_dependencies_is_found(locks: Path) -> None:
    path = locks / "runtime.lock"
    path.write_text(path.read_text().replace(lock.digest(), "0" * 64))
    assert lock.check() == [
        "runtime.lock was made from other dependencies than pyproject.toml names."
    ]


@pytest.mark.parametrize("name", ["runtime.lock", "dev.lock"])
def test_every_line_of_a_lock_pins_one_exact_version(name: str) -> None:
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert len(pins) > 100
    for line in pins:
        requirement = Requirement(line)
        assert requirement.url is None, line
        assert [specifier.operator for specifier in requirement.specifier] == ["=="], line
        assert "*" not in str(requirement.specifier), line


@pytest.mark.parametrize("name", ["runtime.lock", "dev.lock"])
def test_a_lock_names_no_host_and_no_gpu_library(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^(torch|triton|nvidia|cuda)", text, flags=re.M)


def test_what_runs_is_what_the_lock_pins() -> None:
    wrong = []
    for line in (ROOT / "requirements" / "dev.lock").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        installed = importlib.metadata.version(requirement.name)
        if not requirement.specifier.contains(installed, prereleases=True):
            wrong.append(f"{requirement.name} {installed}, not {requirement.specifier}")
    assert wrong == [], "run `make setup-dev`"


def test_every_package_the_code_imports_is_declared() -> None:
    distributions = importlib.metadata.packages_distributions()
    known = declared()
    undeclared = {}
    for name, path in imported_packages().items():
        if name in OURS or name in sys.stdlib_module_names:
            continue
        names = {canonicalize_name(found) for found in distributions.get(name, [name])}
        if not names & (known | COMES_WITH.keys()):
            undeclared[name] = path.relative_to(ROOT).as_posix()
    assert undeclared == {}


@pytest.mark.parametrize(("package", "parent"), COMES_WITH.items())
def test_what_is_said_to_come_with_a_package_does(package: str, parent: str) -> None:
    required = {
        canonicalize_name(Requirement(text).name)
        for text in importlib.metadata.requires(parent) or []
    }
    assert package in required


def test_the_project_never_asks_for_its_namesake_on_pypi() -> None:
    for name in ("runtime.lock", "dev.lock"):
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        assert not re.search(r"^footnote\b", text, flags=re.M)
