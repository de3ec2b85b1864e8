"""The parts of the documentation that come from the code: ``python -m tests.project.docs``.

Text between ``<!-- from the code: NAME -->`` and ``<!-- end -->`` is written by this program; a
test fails when it is not what the code says. Everything around it is written by people.

So are figures: ``<!-- figure: sample answer_quoted -->52.8 %<!-- /figure -->`` is taken from
``evals/reports/sample/report.json``; `tests.project.figures` says what can be named.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.project.figures import with_figures

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
ARCHITECTURE = ROOT / "ARCHITECTURE.md"
PRD = ROOT / "prd" / "PRD.md"
ENVIRONMENT = ROOT / ".env.example"
WITH_FIGURES = (README, PRD)
"""Documents whose figures come from committed reports."""
_FRAMEWORK = {
    "/openapi.json": "The API's description, for programs.",
    "/mcp": "Model Context Protocol: search, fetch and ask as tools for agents.",
}
"""Addresses whose handlers are a framework's, and say nothing about themselves."""
_PART = re.compile(r"(<!-- from the code: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    # Docstrings mark code the way reStructuredText does.
    cells = ([cell.replace("|", "\\|").replace("``", "`") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells) + "\n"


def _default(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def settings() -> str:
    """Every setting, its default and what it does."""
    from app.settings import Settings

    rows = [
        (
            f"`FOOTNOTE_{name.upper()}`",
            f"`{default}`" if (default := _default(field.default)) else "",
            field.description or "",
        )
        for name, field in Settings.model_fields.items()
    ]
    return _table(("setting", "default", "what it does"), rows)


def commands() -> str:
    """Every command of `footnote`, with its arguments and options."""
    from typer.main import get_command

    from app.cli import app

    return "\n".join(_commands("footnote", get_command(app)))


def _commands(path: str, group: Any) -> Iterable[str]:
    for name, command in group.commands.items():
        if command.hidden:
            continue
        if hasattr(command, "commands"):
            yield from _commands(f"{path} {name}", command)
            continue
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        options = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
        usage = " ".join([path, name, *(_argument(argument) for argument in arguments)])
        first = " ".join((command.help or "").strip().split("\n\n")[0].split())
        lines = [f"**`{usage}`** – {first}", ""]
        lines += [f"- {_option(option)}" for option in options if option.name != "help"]
        yield "\n".join(lines).rstrip() + "\n"


def _argument(argument: Any) -> str:
    name = (argument.metavar or argument.name or "").upper().strip("[]")
    dots = "…" if argument.nargs == -1 and not name.endswith("…") else ""
    return f"{name}{dots}" if argument.required else f"[{name}{dots}]"


def _option(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    return f"{names}: {(option.help or '').strip()}"


def _routes() -> list[tuple[str, str, str, bool]]:
    """Method, path, what it is for, and whether it is part of the documented JSON API."""
    import tempfile

    from app.main import create_app
    from app.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(_env_file=None, data_dir=Path(folder)))
    documented = {
        (method.upper(), path): str(operation.get("summary", ""))
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
    }
    found = [(method, path, text, True) for (method, path), text in documented.items()]
    for route in _flat(app.routes):
        for method in sorted(getattr(route, "methods", None) or ()):
            if method != "HEAD" and (method, route.path) not in documented:
                lines = (getattr(route.endpoint, "__doc__", None) or "").strip().splitlines()
                text = _FRAMEWORK.get(route.path) or (lines[0] if lines else "")
                found.append((method, route.path, text, False))
    return found


def _flat(routes: Iterable[Any]) -> Iterable[Any]:
    """Routes, also those of included routers, which FastAPI keeps folded."""
    for route in routes:
        if hasattr(route, "effective_route_contexts"):
            yield from route.effective_route_contexts()
        else:
            yield route


def api() -> str:
    """The JSON API's operations."""
    rows = [(f"`{method} {path}`", text) for method, path, text, public in _routes() if public]
    return _table(("operation", "what it does"), rows)


def pages() -> str:
    """Addresses that are not part of the JSON API: pages, their forms, files."""
    rows = [(f"`{method} {path}`", text) for method, path, text, public in _routes() if not public]
    return _table(("address", "what it is"), rows)


def modules() -> str:
    """Every module and the first sentence of its docstring."""
    lines = []
    for folder in ("app", "ingest", "evals"):
        for path in sorted((ROOT / folder).rglob("*.py"), key=_reading_order):
            text = path.read_text(encoding="utf-8")
            doc = ast.get_docstring(ast.parse(text)) or ""
            first = " ".join(doc.split("\n\n")[0].split())
            place = path.relative_to(ROOT).as_posix()
            lines.append((place.removesuffix("__init__.py"), first))
    return _table(("file", "what it is"), [(f"`{place}`", first) for place, first in lines])


def _reading_order(path: Path) -> tuple[str, bool, str]:
    return (path.parent.as_posix(), path.name != "__init__.py", path.name)


PARTS: dict[Path, dict[str, Callable[[], str]]] = {
    README: {"settings": settings, "commands": commands, "api": api},
    ARCHITECTURE: {"modules": modules, "pages": pages},
}


def environment() -> str:
    """The content of .env.example: every setting, commented out, with its default."""
    from app.settings import Settings

    lines = ["# Copy to .env and uncomment what you change. README.md explains the settings.", ""]
    for name, field in Settings.model_fields.items():
        lines += [
            f"# {field.description}",
            f"#FOOTNOTE_{name.upper()}={_default(field.default)}",
            "",
        ]
    return "\n".join(lines)


def updated(path: Path, parts: dict[str, Callable[[], str]]) -> str:
    """A document's text with its generated parts as the code has them now."""
    text = path.read_text(encoding="utf-8")
    found = {match[2] for match in _PART.finditer(text)}
    assert found == set(parts), f"{path.name} has parts {found}, expected {set(parts)}"
    return _PART.sub(lambda match: f"{match[1]}{parts[match[2]]()}{match[3]}", text)


def main() -> None:
    """Write every generated part and every figure."""
    for path, parts in PARTS.items():
        path.write_text(updated(path, parts), encoding="utf-8")
    for path in WITH_FIGURES:
        path.write_text(with_figures(path.read_text(encoding="utf-8")), encoding="utf-8")
    ENVIRONMENT.write_text(environment(), encoding="utf-8")


if __name__ == "__main__":
    main()
