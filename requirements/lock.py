"""Compile the two locks from pyproject.toml, or check that they still belong to it.

``runtime.lock`` is what `make demo` installs; ``dev.lock`` adds the bench extra and the dev group.
Both are universal (one file for all platforms and Python versions from 3.11) and name no host.

PyTorch and its CUDA libraries are left out: which build is right depends on the machine, so
`requirements/install.py` installs torch before the lock. Its other dependencies are in the lock.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
TORCH_VERSION = (LOCKS / "torch.version").read_text().strip()
LEFT_OUT = re.compile(r"^(torch|triton|nvidia-[a-z0-9-]+|cuda-[a-z0-9-]+)==")
DIGEST = re.compile(r"^# pyproject: ([0-9a-f]{64})$", re.MULTILINE)

RUNTIME_EXTRAS = tuple(
    part for extra in ("postgres", "ocr", "anthropic", "ollama") for part in ("--extra", extra)
)
"""Small, and a set-up without them would send people back to pip for a setting."""

HEADER = """\
# Made by `make lock` from pyproject.toml; do not edit.
# torch {torch} and its CUDA libraries are installed first, by requirements/install.py.
# pyproject: {digest}
"""


def declared() -> dict[str, Any]:
    """The parts of pyproject.toml that a lock depends on."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = pyproject["project"]
    return {
        "requires-python": project["requires-python"],
        "dependencies": project["dependencies"],
        "optional-dependencies": project["optional-dependencies"],
        "groups": pyproject["dependency-groups"],
        "build": pyproject["build-system"]["requires"],
        "torch": TORCH_VERSION,
    }


def digest() -> str:
    """A fingerprint of the declared dependencies; comments and tool settings don't change it."""
    return hashlib.sha256(json.dumps(declared(), sort_keys=True).encode()).hexdigest()


def find_uv() -> str:
    """The uv program: beside this interpreter, else on PATH."""
    beside = Path(sys.executable).parent / "uv"
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        sys.exit("Making the lock needs uv, which isn't installed. Run `make lock`.")
    return uv


def compile_lock(name: str, options: list[str], constraints: list[Path]) -> Path:
    """Resolve and write one lock; its present pins are kept where they still fit."""
    target = LOCKS / name
    with tempfile.TemporaryDirectory() as folder:
        # The build backend is pinned too, so that set-up installs the project without isolation.
        extra = Path(folder) / "build.in"
        extra.write_text("\n".join([*declared()["build"], f"torch=={TORCH_VERSION}"]))
        draft = Path(folder) / "draft.txt"
        if target.exists():
            draft.write_text(target.read_text())
        command = [
            *(find_uv(), "pip", "compile", str(ROOT / "pyproject.toml"), str(extra)),
            *("--universal", "--python-version", "3.11", "--fork-strategy", "fewest"),
            *("--no-annotate", "--no-header", "--no-emit-index-url", "--no-emit-find-links"),
            *("--quiet", "--output-file", str(draft), *options),
            *(part for path in constraints for part in ("--constraint", str(path))),
        ]
        subprocess.run(command, check=True, cwd=ROOT)  # noqa: S603  # our own arguments
        pins = [line for line in draft.read_text().splitlines() if not LEFT_OUT.match(line)]
    lines = [line for line in pins if line and not line.startswith("#")]
    head = HEADER.format(torch=TORCH_VERSION, digest=digest())
    target.write_text(head + "\n".join(lines) + "\n")
    print(f"{target.relative_to(ROOT)}: {len(lines)} packages")
    return target


def check() -> list[str]:
    """What is wrong with the locks, in sentences; needs no network."""
    from packaging.requirements import Requirement  # noqa: PLC0415  # only the check needs it
    from packaging.utils import canonicalize_name  # noqa: PLC0415

    parts = declared()
    optional = [text for texts in parts["optional-dependencies"].values() for text in texts]
    grouped = [text for texts in parts["groups"].values() for text in texts]
    wanted = {
        "runtime.lock": [*parts["dependencies"], *parts["build"]],
        "dev.lock": [*parts["dependencies"], *parts["build"], *optional, *grouped],
    }
    problems, all_pins = [], {}
    for name, requirements in wanted.items():
        text = (LOCKS / name).read_text()
        found = DIGEST.search(text)
        if found is None or found[1] != digest():
            problems.append(f"{name} was made from other dependencies than pyproject.toml names.")
        pins = {"torch": TORCH_VERSION}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                package, _, rest = line.partition("==")
                pins[canonicalize_name(package)] = rest.partition(";")[0].strip()
        all_pins[name] = pins
        for requirement in map(Requirement, requirements):
            version = pins.get(canonicalize_name(requirement.name))
            if version is None:
                problems.append(f"{name} lacks {requirement.name}.")
            elif not requirement.specifier.contains(version, prereleases=True):
                problems.append(f"{name} pins {requirement.name} {version}: not {requirement}.")
    for package, version in all_pins["runtime.lock"].items():
        other = all_pins["dev.lock"].get(package)
        if other != version:
            problems.append(f"{package} is {version} in runtime.lock but {other} in dev.lock.")
    return problems


def main() -> None:
    """Compile the locks, or with ``--check`` say whether they are up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="say whether they are up to date")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    arguments = parser.parse_args()
    if arguments.check:
        problems = check()
        if problems:
            sys.exit("\n".join([*problems, "Run `make lock` and commit the result."]))
        print("The locks are up to date.")
        return
    options = ["--upgrade"] if arguments.upgrade else []
    dev = compile_lock("dev.lock", ["--all-extras", "--group", "dev", *options], [])
    compile_lock("runtime.lock", [*RUNTIME_EXTRAS, *options], [dev])


if __name__ == "__main__":
    main()
