"""Who may start a server where, and how its first operator comes in: the real process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from app.entrance.binding import check_bind
from app.errors import SettingsError
from app.settings import Settings
from tests.contracts.accounts import PASSWORD

PROGRAM = """
import sys
from app.bootstrap import models
from app.cli import main
from tests.knowledge.world import WordEmbedder
models.load_embedder = lambda _settings: WordEmbedder()
sys.argv[0] = "footnote"
main()
"""
ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., "subprocess.Popen[str]"]


def settings(**given: str) -> Settings:
    return Settings(_env_file=None, **given)  # type: ignore[arg-type]  # pydantic reads text


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]"])
def test_on_its_own_machine_a_server_has_no_accounts_unless_they_are_wanted(host: str) -> None:
    check_bind(settings(host=host, accounts="off"))
    assert not settings(host=host).accounts_on
    assert settings(host=host, accounts="on").accounts_on


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "", "192.168.1.5", "ask.example.org", "127.0.0.1.example.org"]
)
def test_elsewhere_people_sign_in_and_it_cannot_be_switched_off(host: str) -> None:
    assert settings(host=host).accounts_on
    check_bind(settings(host=host))
    with pytest.raises(SettingsError, match="FOOTNOTE_ACCOUNTS=off is refused"):
        check_bind(settings(host=host, accounts="off"))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def launch(**more: str) -> subprocess.Popen[str]:
        own = {f"FOOTNOTE_{name.upper()}": value for name, value in more.items()}
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "serve", "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "PYTHONUNBUFFERED": "1",
                "FOOTNOTE_DATA_DIR": str(tmp_path / "data"),
                **own,
            },
        )
        running.append(process)
        return process

    yield launch
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_a_server_for_others_without_accounts_does_not_start(start: Start) -> None:
    process = start(host="0.0.0.0", accounts="off")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "FOOTNOTE_ACCOUNTS=off is refused" in said
    assert "set FOOTNOTE_HOST=127.0.0.1" in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_the_terminal_shows_a_link_that_makes_the_first_operator_once(start: Start) -> None:
    first = start(accounts="on", log_level="debug")
    link = _link(first)
    base, _, token = link.partition("/invite/")
    with httpx.Client(base_url=base, timeout=60, trust_env=False) as browser:
        browser.headers["Accept"] = "text/html"
        assert "the terminal" in browser.get("/signin").text.lower()
        form = browser.get(f"/invite/{token}")
        assert form.status_code == 200
        assert form.headers["referrer-policy"] == "no-referrer"
        weak = {"email": "ada@example.org", "name": "Ada", "password": "ada@example.org"}
        refused = browser.post(f"/invite/{token}", data=weak)
        assert refused.status_code == 400
        assert "own name or e-mail" in refused.text
        made = browser.post(f"/invite/{token}", data=weak | {"password": PASSWORD})
        assert (made.status_code, made.headers["location"]) == (303, "/")
        people = browser.get("/people")
        assert people.status_code == 200
        assert "ada@example.org" in people.text
        assert "first@operator" not in people.text
        assert browser.get(f"/invite/{token}").status_code == 404
        again = browser.post(f"/invite/{token}", data=weak | {"password": PASSWORD})
        assert again.status_code == 404
    first.terminate()
    output, log = first.communicate(timeout=60)
    assert token not in output + log, "it is said once, and never in the log"

    second = start(accounts="on")
    assert second.stderr is not None
    address = next(found for line in second.stderr if (found := re.search(r"http://\S+", line)))[0]
    assert httpx.get(f"{address}/readyz", timeout=60, trust_env=False).status_code in (200, 503)
    second.terminate()
    output, _ = second.communicate(timeout=60)
    assert "/invite/" not in output


def _link(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if "/invite/" in line:
            return line.strip()
    raise AssertionError(f"no link: {process.communicate(timeout=30)[1]}")
