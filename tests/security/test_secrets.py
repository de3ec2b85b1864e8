"""Secrets go where they are used and nowhere else, also when what takes them repeats them.

The provider, the judge and the webhook here answer errors that echo what they were sent.
"""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.security.test_redaction import everything_stored

KEYS = {
    name: f"sk-{name}-" + "canary7Q" * 4
    for name in ("chat", "judge", "hook", "db", "header", "password", "sso", "collector")
}
PM_PAGES = ("/insights", "/insights/questions", "/traces", "/insights/cost", "/insights/alerts")
PAGES = ("/", "/documents", "/privacy", "/readyz", "/healthz", "/openapi.json", "/nothing", "/docs")


def told(text: str) -> list[str]:
    """The secrets that a text gives away."""
    return [name for name, key in KEYS.items() if key in text]


def test_no_secret_is_logged_traced_shown_or_stored(
    tmp_path: Path, echo: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from app import telemetry
    from app.access import Role
    from app.bootstrap import build_services, models
    from app.settings import Settings
    from ingest.pipeline import IngestOptions, ingest
    from tests.knowledge.world import WordEmbedder
    from tests.web.conftest import FROM_US, HTMX, browsing

    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "SPAN_ONLY")
    monkeypatch.setattr(models, "load_embedder", lambda _settings: WordEmbedder())
    telemetry.set_up("test", export=False)
    settings = Settings(
        _env_file=None,
        data_dir=tmp_path / "data",
        chat_model="openai:scripted",
        chat_base_url=f"{echo}/v1",
        chat_api_key=KEYS["chat"],
        judge_api_key=KEYS["judge"],
        alert_webhook=f"{echo}/{KEYS['hook']}",
        log_level="debug",
    )
    services = build_services(settings)
    services.embedder.get(wait=True)
    (tmp_path / "leave.md").write_text("Everybody has 27 weeks of leave a year, and a day.")
    ingest(services, [str(tmp_path / "leave.md")], IngestOptions())
    services.accounts.add_user("anna@example.org", "Anna", Role.OPERATOR, password=KEYS["password"])
    shown = []
    with browsing(services) as client:
        bearer = {"Authorization": f"Bearer {KEYS['header']}"}
        asked = {"q": "How many weeks of leave has everybody a year?", "mode": "written"}
        page = client.post("/ask", data=asked, headers=FROM_US | bearer)
        shown += [page, client.get(page.headers["location"])]
        shown.append(client.post("/ask", data=asked, headers={**FROM_US, **HTMX}))
        body = {"question": asked["q"], "mode": "written"}
        answer = client.post("/api/v1/ask", json=body, headers=bearer)
        shown.append(answer)
        shown.append(client.post("/insights/alerts/test", headers=FROM_US))
        shown += [client.get(path, headers=bearer) for path in (*PAGES, *PM_PAGES)]
        trace = answer.json()["trace_id"]
        shown += [client.get(f"/traces/{trace}"), client.get(f"/api/v1/traces/{trace}")]
    assert "27 weeks" in answer.text  # quotes stood in for the model that failed
    for response in shown:
        assert told(response.text + str(response.headers)) == [], response.url
    assert told(caplog.text) == []
    assert told(repr(settings) + str(settings)) == []
    assert told(everything_stored(tmp_path / "data")) == []
    assert "everybody" in everything_stored(tmp_path / "data")  # and yet content was captured


def test_a_database_that_does_not_answer_is_told_without_its_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from app.bootstrap import build_services
    from app.errors import FootnoteError
    from app.settings import Settings

    caplog.set_level(logging.DEBUG)
    address = f"postgresql+psycopg://footnote:{KEYS['db']}@127.0.0.1:9/records"
    with pytest.raises(FootnoteError) as failed:
        build_services(Settings(_env_file=None, data_dir=tmp_path, database_url=address))
    assert told(failed.value.message) == []
    assert told(caplog.text) == []


def test_status_and_the_cli_show_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from app.cli import app

    monkeypatch.chdir(tmp_path)
    for name, value in (
        ("DATA_DIR", str(tmp_path / "data")),
        ("CHAT_MODEL", "openai:scripted"),
        ("CHAT_BASE_URL", "http://127.0.0.1:9/v1"),
        ("CHAT_API_KEY", KEYS["chat"]),
        ("JUDGE_API_KEY", KEYS["judge"]),
        ("ALERT_WEBHOOK", f"http://127.0.0.1:9/{KEYS['hook']}"),
    ):
        monkeypatch.setenv(f"FOOTNOTE_{name}", value)
    for command in (["status"], ["status", "--json"]):
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, result.output
        assert told(result.output) == []
