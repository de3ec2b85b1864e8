"""``/privacy`` says what the settings in force do, and ``/`` says once what this is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from app.settings import Settings
from app.telemetry import captures_content
from app.web.privacy import privacy
from app.web.security import SESSION_COOKIE, SESSION_DAYS
from tests.web.conftest import FROM_US, HTMX, tree, words

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.bootstrap import Services


def facts(environment: dict[str, str] | None = None, **settings: Any) -> Any:
    return privacy(Settings(_env_file=None, **settings), environment or {})


def test_by_default_nothing_leaves_the_machine() -> None:
    assert facts().recipients == ()


@pytest.mark.parametrize(
    ("settings", "environment", "host"),
    [
        ({"chat_model": "openai:gpt-5-mini"}, {}, "api.openai.com"),
        ({"chat_model": "anthropic:claude-haiku-4-5"}, {}, "api.anthropic.com"),
        (
            {"chat_model": "openai:qwen", "chat_base_url": "https://llm.example:8443/v1"},
            {"OPENAI_BASE_URL": "https://other.example/v1"},
            "llm.example",
        ),
        (
            {"chat_model": "openai:gpt-5-mini"},
            {"OPENAI_BASE_URL": "https://proxy.example/v1"},
            "proxy.example",
        ),
        ({"chat_model": "ollama:llama3.2"}, {"OLLAMA_HOST": "gpu.example:11434"}, "gpu.example"),
        ({"chat_model": "mistralai:large"}, {}, "the provider “mistralai”"),
    ],
)
def test_the_chat_models_host_is_named(
    settings: dict[str, Any], environment: dict[str, str], host: str
) -> None:
    (only,) = facts(environment, **settings).elsewhere
    assert only.host == host
    assert "your question" in only.gets
    assert "passages" in only.gets


def test_a_model_on_this_machine_is_not_said_to_be_elsewhere() -> None:
    for settings in (
        {"chat_model": "ollama:llama3.2"},
        {"chat_model": "openai:x", "chat_base_url": "http://localhost:8080/v1"},
        {"chat_model": "openai:x", "chat_base_url": "http://[::1]:8080/v1"},
    ):
        found = facts(None, **settings)
        assert found.elsewhere == ()
        assert len(found.here) == 1


def test_a_database_elsewhere_is_named_without_its_password() -> None:
    found = facts(database_url="postgresql+psycopg://me:hunter2@db.example:5432/notes")
    assert [one.host for one in found.elsewhere] == ["db.example"]
    assert found.stored == "the PostgreSQL database “notes” on db.example"
    assert "hunter2" not in repr(found)
    assert "me:" not in repr(found)


def test_an_index_and_models_from_elsewhere_are_named() -> None:
    found = facts(
        chroma_url="http://chroma.example:8000", embedding_model="intfloat/e5-small", data_dir="d"
    )
    assert [one.host for one in found.elsewhere] == ["chroma.example", "huggingface.co"]


def test_a_judge_of_evals_is_named_with_what_it_gets() -> None:
    settings = Settings(
        _env_file=None,
        judge_model="openai:judge-1",
        judge_base_url="https://judge.example.org/v1",
    )
    (named,) = privacy(settings, {}).elsewhere
    assert named.host == "judge.example.org"
    assert "openai:judge-1" in named.role
    assert "questions of the eval set" in named.gets


def test_the_webhook_of_alerts_is_named_without_its_secret_path() -> None:
    webhook = SecretStr("https://hooks.example.org/services/T0/B0/secret")
    (named,) = privacy(Settings(_env_file=None, alert_webhook=webhook), {}).elsewhere
    assert (named.host, named.role) == ("hooks.example.org", "the webhook for alerts")
    assert "no questions" in named.gets


def test_a_model_in_a_folder_is_not_downloaded(tmp_path: Path) -> None:
    assert facts(embedding_model=str(tmp_path)).recipients == ()


@pytest.mark.parametrize(
    ("environment", "gets"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://traces.example:4318"}, "no questions"),
        (
            {
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://traces.example/v1/traces",
                "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true",
            },
            "the text of questions",
        ),
    ],
)
def test_exported_traces_are_named_with_what_they_hold(
    environment: dict[str, str], gets: str
) -> None:
    (only,) = facts(environment).elsewhere
    assert only.host == "traces.example"
    assert gets in only.gets


@pytest.mark.parametrize("value", ["", "true", "TRUE", "1", "span_only", "event_only", "no"])
def test_the_page_and_the_traces_agree_on_when_texts_are_exported(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "https://traces.example",
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": value,
    }
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", value)
    (only,) = facts(environment).elsewhere
    assert ("the text of questions" in only.gets) == captures_content()


def test_model_calls_reported_to_langsmith_are_named() -> None:
    environment = {"LANGSMITH_TRACING": "true"}
    found = facts(environment, chat_model="openai:gpt-5-mini").elsewhere
    assert [one.host for one in found] == ["api.openai.com", "api.smith.langchain.com"]
    assert facts(environment).recipients == ()  # there is no model call to report


def test_traces_that_are_switched_off_go_nowhere() -> None:
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "https://traces.example:4318",
        "OTEL_TRACES_EXPORTER": "none",
        "OTEL_METRICS_EXPORTER": "none",
    }
    assert facts(environment).recipients == ()
    assert facts(environment | {"OTEL_METRICS_EXPORTER": "otlp"}).recipients != ()
    assert facts(environment | {"OTEL_TRACES_EXPORTER": "otlp"}).recipients != ()


def test_the_page_is_made_from_the_settings_in_force(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = words(client.get("/privacy").text)
    assert "What leaves this machine Nothing." in plain
    assert str(services.settings.data_dir.resolve() / "footnote.db") in plain
    assert f"for {SESSION_DAYS} days" in plain
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "https://traces.example:4318")
    traced = words(client.get("/privacy").text)
    assert "What leaves this machine Nothing." not in traced
    assert "To traces.example (the trace collector)" in traced


def test_every_cookie_that_is_set_is_named(client: TestClient) -> None:
    named = {code.text() for code in tree(client.get("/privacy").text).css("code")}
    client.post("/theme", data={"theme": "dark"}, headers=FROM_US)
    client.post("/welcome", headers=FROM_US)
    asked = client.post("/ask", data={"q": "When is it open?"}, headers=FROM_US)
    skipped = {"rating": "skip"}
    client.post(f"{asked.headers['location']}/trust", data=skipped, headers=FROM_US)
    assert set(client.cookies) == named
    assert SESSION_COOKIE in named


def test_every_page_leads_to_privacy_and_history(client: TestClient) -> None:
    for address in ("/", "/search", "/documents", "/nowhere"):
        links = {a.attributes["href"] for a in tree(client.get(address).text).css(".bottom a")}
        assert {"/privacy", "/history"} <= links


# --- the first note ------------------------------------------------------------------------------


def test_the_first_note_says_what_is_read_and_goes_away_for_good(
    client: TestClient, services: Services
) -> None:
    note = tree(client.get("/").text).css_first("#welcome")
    known = [found for found in services.documents.collections() if found.documents]
    read = f"{sum(one.documents for one in known)} documents in {len(known)} collection"
    assert read in " ".join(note.text().split())
    response = client.post("/welcome", headers=FROM_US)
    assert response.headers["location"] == "/"
    assert not tree(client.get("/").text).css("#welcome")


def test_the_first_note_goes_away_in_place_with_htmx(client: TestClient) -> None:
    response = client.post("/welcome", headers=HTMX)
    assert response.status_code == 200
    assert response.text == ""
    assert not tree(client.get("/").text).css("#welcome")
