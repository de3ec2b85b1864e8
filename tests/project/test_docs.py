from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from app.settings import Settings
from tests.project import docs
from tests.project.docs import ROOT

PAGES = [
    *ROOT.glob("*.md"),
    *(ROOT / "prd").rglob("*.md"),
]
TARGETS = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M)


@pytest.mark.parametrize("path", docs.PARTS, ids=lambda path: path.name)
def test_what_a_page_takes_from_the_code_is_what_the_code_says(path: Path) -> None:
    now = docs.updated(path, docs.PARTS[path])
    assert path.read_text(encoding="utf-8") == now, "run `make docs`"


def test_the_environment_example_holds_every_setting() -> None:
    assert docs.ENVIRONMENT.read_text(encoding="utf-8") == docs.environment(), "run `make docs`"


def test_the_environment_example_changes_nothing_when_uncommented(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "env"
    path.write_text(re.sub(r"^#FOOTNOTE_", "FOOTNOTE_", docs.environment(), flags=re.M))
    assert Settings(_env_file=path) == Settings(_env_file=None)


def test_every_setting_says_what_it_does() -> None:
    silent = [name for name, field in Settings.model_fields.items() if not field.description]
    assert silent == []


def test_no_document_names_a_setting_that_does_not_exist() -> None:
    known = {f"FOOTNOTE_{name.upper()}" for name in Settings.model_fields}
    known.add("FOOTNOTE_DOCUMENTS")  # docker-compose.yml's own: the folder it mounts
    for path in [*PAGES, ROOT / "docker-compose.yml", ROOT / "Dockerfile"]:
        named = set(re.findall(r"FOOTNOTE_[A-Z][A-Z_]*[A-Z]", path.read_text(encoding="utf-8")))
        assert named <= known, path.name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_between_the_documents_leads_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target:
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_make_target_that_a_document_names_exists(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        if "`" in line or line.startswith("make "):
            for name in re.findall(r"\bmake ([a-z-]+)\b", line):
                if f"`make {name}" in line or line.startswith(f"make {name}"):
                    assert name in TARGETS, line


def test_make_help_lists_every_target() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), flags=re.M)
    assert phony is not None
    assert re.findall(r"^  make ([a-z-]+)", done.stdout, flags=re.M) == phony[1].split()
    assert sorted(phony[1].split()) == sorted(TARGETS)


def test_every_decision_is_in_the_list_of_decisions() -> None:
    folder = ROOT / "prd" / "decisions"
    pages = sorted(path.name for path in folder.glob("0*.md"))
    listed = re.findall(r"\]\((0[\w-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert listed == pages
    for path in folder.glob("0*.md"):
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"^## (.*)$", text, flags=re.M) == ["Context", "Decision", "Consequences"]
