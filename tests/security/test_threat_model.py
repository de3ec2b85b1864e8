"""SECURITY.md says what covers each risk; what it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "SECURITY.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in TEXT.splitlines()
    if re.match(r"\| (LLM|V)\d+ ", line)
]


def test_every_risk_and_every_chapter_has_its_line() -> None:
    named = [row[0].split()[0] for row in ROWS]
    assert named == [f"LLM{n:02}" for n in range(1, 11)] + [f"V{n}" for n in range(1, 18)]


def test_each_line_names_tests_that_exist() -> None:
    missing = []
    for row in ROWS:
        tests = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row[-1])
        assert tests, row[0]
        for path, name in tests:
            file = ROOT / path
            tree = ast.parse(file.read_text()) if file.exists() else ast.Module([], [])
            functions = (ast.FunctionDef, ast.AsyncFunctionDef)
            known = {node.name for node in tree.body if isinstance(node, functions)}
            if name not in known:
                missing.append(f"{path}::{name}")
    assert missing == []
