"""docker-compose.yml as the tests read it: parsed, with its ``${NAME:-default}`` filled in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def compose(**environment: str) -> dict[str, Any]:
    """The file's content as Docker would use it with these variables set."""
    text = _VARIABLE.sub(
        lambda match: environment.get(match[1]) or match[2] or "", FILE.read_text(encoding="utf-8")
    )
    content: dict[str, Any] = yaml.safe_load(text.replace("$$", "$"))
    return content


def service(name: str, **environment: str) -> dict[str, Any]:
    """One service of the file."""
    found: dict[str, Any] = compose(**environment)["services"][name]
    return found
