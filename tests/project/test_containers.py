"""No container engine is needed: the files are checked against their schema and each other."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings
from tests.project.compose import FILE, ROOT, compose, service

DOCKERFILE = ROOT / "Dockerfile"
BIN = Path(sys.executable).parent
SERVICES: dict[str, Any] = compose()["services"]
LASTING = sorted(name for name in SERVICES if name != "vectors-owner")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, cwd=ROOT
    )


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with their arguments, continued lines joined."""
    text = re.sub(r"\\\n", " ", DOCKERFILE.read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def test_the_compose_file_fits_the_compose_schema() -> None:
    done = run(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", FILE)
    assert done.returncode == 0, done.stdout


def test_the_compose_check_can_fail(tmp_path: Path) -> None:
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(FILE.read_text().replace("healthcheck:", "healthchek:"))
    done = run(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", broken)
    assert done.returncode != 0


def test_the_dockerfile_has_no_lint() -> None:
    done = run(BIN / "hadolint", "--failure-threshold", "style", DOCKERFILE)
    assert done.returncode == 0, done.stdout


def test_the_image_does_not_run_as_root() -> None:
    users = [argument for name, argument in instructions() if name == "USER"]
    assert users == ["10001:10001"]
    assert service("app")["user"] == users[-1]


def test_the_image_holds_no_secret() -> None:
    names = [argument for name, argument in instructions() if name in {"ENV", "ARG"}]
    assert not re.search(r"KEY|TOKEN|SECRET|PASSWORD", " ".join(names), re.IGNORECASE)
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert kept[1] == "*", "everything stays out unless it is named"
    assert not [line for line in kept if line.startswith("!.") or line == "!data"]


def test_everything_the_dockerfile_copies_is_let_in_by_dockerignore() -> None:
    kept = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    copied = [
        path
        for name, argument in instructions()
        if name == "COPY" and not argument.startswith("--from")
        for path in argument.split()[:-1]
    ]
    assert copied
    for path in copied:
        assert path in kept
        assert (ROOT / path).exists()


def test_image_and_compose_file_check_health_alike() -> None:
    argument = next(argument for name, argument in instructions() if name == "HEALTHCHECK")
    command = json.loads(argument.partition("CMD ")[2])
    assert service("app")["healthcheck"]["test"] == ["CMD", *command]


def test_image_and_compose_file_start_the_same_command() -> None:
    argument = next(argument for name, argument in instructions() if name == "CMD")
    assert service("app")["command"] == json.loads(argument)


@pytest.mark.parametrize("name", LASTING)
def test_a_service_is_hardened_and_watched(name: str) -> None:
    found = SERVICES[name]
    assert found["user"].split(":")[0] not in {"", "0", "root"}
    assert found["read_only"] is True
    assert found["cap_drop"] == ["ALL"]
    assert found["security_opt"] == ["no-new-privileges:true"]
    assert found["healthcheck"]["test"][0] == "CMD"
    assert any(volume.endswith((":/data", "/postgresql/data")) for volume in found["volumes"])


def test_only_the_app_is_published_and_only_on_loopback() -> None:
    published = {name: found["ports"] for name, found in SERVICES.items() if "ports" in found}
    assert published == {"app": ["127.0.0.1:8000:8000"]}
    assert compose(FOOTNOTE_PORT="9001")["services"]["app"]["ports"] == ["127.0.0.1:9001:8000"]


def test_stores_reach_nothing_outside() -> None:
    assert compose()["networks"]["inside"] == {"internal": True}
    assert service("chroma")["networks"] == ["inside"]
    assert service("postgres")["networks"] == ["inside"]


def test_the_app_waits_for_healthy_stores() -> None:
    waits = service("app")["depends_on"]
    assert waits["chroma"] == {"condition": "service_healthy"}
    assert waits["postgres"] == {"condition": "service_healthy", "required": False}


def test_the_chroma_server_is_the_version_of_the_client() -> None:
    lock = (ROOT / "requirements" / "runtime.lock").read_text(encoding="utf-8")
    pinned = re.search(r"^chromadb==(\S+)", lock, flags=re.MULTILINE)
    assert pinned is not None
    assert service("chroma")["image"] == f"chromadb/chroma:{pinned[1]}"
    assert service("vectors-owner")["image"] == service("chroma")["image"]


def test_every_setting_in_the_compose_file_exists() -> None:
    known = {f"FOOTNOTE_{name.upper()}" for name in Settings.model_fields}
    used = {name for name in service("app")["environment"] if name.startswith("FOOTNOTE_")}
    assert used
    assert used <= known


def test_postgres_starts_only_when_asked_for() -> None:
    assert service("postgres")["profiles"] == ["postgres"]
    assert service("app")["environment"]["FOOTNOTE_DATABASE_URL"] == ""


def test_the_commands_in_the_compose_file_name_their_ports() -> None:
    assert shlex.join(service("chroma")["command"]).endswith("--port 8000")
    assert service("app")["environment"]["FOOTNOTE_CHROMA_URL"] == "http://chroma:8000"
