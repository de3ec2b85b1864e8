"""The description of the API, and the page that shows it without a network."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Literal

import httpx
import pytest

from app.api.docs_page import STATIC
from tests.api.conftest import Server
from tests.plugins import programs

VENDOR = STATIC / "vendor"


@pytest.fixture
def description(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def operations(description: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_contract_is_described(description: dict[str, Any]) -> None:
    assert description["info"]["title"] == "Footnote"
    assert {name for name, _ in operations(description)} == {
        "POST /api/v1/ask",
        "GET /api/v1/search",
        "POST /api/v1/documents",
        "GET /api/v1/documents",
        "GET /api/v1/documents/{document_id}",
        "DELETE /api/v1/documents/{document_id}",
        "GET /api/v1/uploads/{batch_id}",
        "GET /api/v1/collections",
        "GET /api/v1/answers/{answer_id}",
        "DELETE /api/v1/answers/{answer_id}",
        "POST /api/v1/answers/{answer_id}/feedback",
        "POST /api/v1/answers/{answer_id}/request",
        "POST /api/v1/answers/{answer_id}/report",
        "GET /api/v1/conversations/{conversation_id}",
        "DELETE /api/v1/conversations/{conversation_id}",
        "GET /api/v1/insights",
        "GET /api/v1/insights/{table}.csv",
        "GET /api/v1/evals",
        "GET /api/v1/evals/compare",
        "GET /api/v1/evals/{run}",
        "GET /api/v1/launch",
        "GET /api/v1/traces",
        "GET /api/v1/traces/{trace_id}",
        "POST /v1/chat/completions",
        "GET /v1/models",
        "GET /v1/models/{model}",
        "GET /healthz",
        "GET /readyz",
    }


def test_every_operation_says_what_it_does(description: dict[str, Any]) -> None:
    for name, operation in operations(description):
        assert operation["summary"], name
        assert operation["description"], name


def test_every_schema_of_ours_has_an_example(description: dict[str, Any]) -> None:
    parts = {"ChatMessage", "ContentPart", "StreamOptions"}  # shown within ChatRequest's example
    without = {
        name
        for name, schema in description["components"]["schemas"].items()
        if "examples" not in schema and name not in parts
    }
    assert without == set()


def test_every_example_fits_its_schema() -> None:
    from pydantic import BaseModel

    from app.api import (
        document_schemas,
        eval_comparison_schemas,
        eval_schemas,
        insight_schemas,
        launch_schemas,
        schemas,
        state_schemas,
        trace_schemas,
    )

    checked = 0
    for module in (
        schemas,
        document_schemas,
        eval_comparison_schemas,
        eval_schemas,
        insight_schemas,
        launch_schemas,
        state_schemas,
        trace_schemas,
    ):
        for model in vars(module).values():
            if isinstance(model, type) and issubclass(model, BaseModel) and model is not BaseModel:
                extra: Any = model.model_config["json_schema_extra"]
                for example in extra["examples"]:
                    model.model_validate(example, extra="forbid")
                    checked += 1
    assert checked > 15


def test_errors_are_documented_as_problems(description: dict[str, Any]) -> None:
    responses = description["paths"]["/api/v1/ask"]["post"]["responses"]
    assert {"400", "404", "409", "422", "503"} <= set(responses)
    for status in ("400", "404", "409", "422", "503"):
        assert "application/problem+json" in responses[status]["content"]
    assert "HTTPValidationError" not in str(description)
    assert set(description["components"]["schemas"]["Problem"]["properties"]) == {
        "type",
        "title",
        "status",
        "detail",
    }


def test_the_documentation_page_loads_nothing_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert addresses
    for address in addresses:
        assert address.startswith(("/", "data:"))
        if address.startswith("/"):
            assert client.get(address).status_code == 200, address
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_vendored_files_are_those_that_the_readme_names() -> None:
    readme = (VENDOR / "README.md").read_text()
    named = dict(re.findall(r"\| `([^`]+)` \| `([0-9a-f]{64})` \|", readme))
    assert {path.name for path in VENDOR.iterdir()} == {"README.md", *named}
    for name, digest in named.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest


@pytest.mark.browser
@pytest.mark.slow
def test_the_documentation_page_works_in_a_browser_without_a_network(server: Server) -> None:
    from playwright.sync_api import expect, sync_playwright

    said: list[str] = []
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=programs.chromium(), args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{server.url}/docs")
        block = page.locator("#operations-ask-ask_api_v1_ask_post")
        expect(block).to_be_visible(timeout=20_000)
        block.click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()
        expect(
            page.locator(".live-responses-table tbody .response-col_status").first
        ).to_contain_text(re.compile("404|200"), timeout=20_000)
        browser.close()
    assert not [message for message in said if "Content Security Policy" in message], said
    foreign = [url for url in asked if not url.startswith((server.url, "data:", "blob:"))]
    assert foreign == []


@pytest.mark.browser
@pytest.mark.slow
def test_the_documentation_page_has_the_colors_of_the_system_or_those_chosen(
    server: Server,
) -> None:
    from playwright.sync_api import sync_playwright

    looks: list[tuple[Literal["light", "dark"], str]] = [
        ("light", ""),
        ("dark", ""),
        ("light", "dark"),
        ("dark", "light"),
    ]
    shown = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=programs.chromium(), args=["--no-sandbox"]
        )
        for system, chosen in looks:
            context = browser.new_context(color_scheme=system)
            if chosen:
                context.add_cookies([{"name": "theme", "value": chosen, "url": server.url}])
            page = context.new_page()
            page.goto(f"{server.url}/docs")
            page.locator(".swagger-ui .info .title").wait_for(timeout=20_000)
            shown[system, chosen] = page.evaluate(
                "getComputedStyle(document.documentElement).backgroundColor"
            )
        browser.close()
    dark, light = "rgb(28, 32, 34)", "rgba(0, 0, 0, 0)"
    assert [shown[look] for look in looks] == [light, dark, dark, light]
