"""``/openapi.json`` says of the door what the door does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from app.access import Role, Scope
from app.entrance.policy import needs_of
from tests.entrance.world import Door, door

REFUSALS = {"401": "NotSignedIn", "403": "Forbidden", "429": "TooMany"}


def described(at: Door) -> dict[str, Any]:
    found: dict[str, Any] = at.program("sam").get("/openapi.json").json()
    return found


def operations(description: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]


def fits(description: dict[str, Any], method: str, path: str, response: httpx.Response) -> None:
    """The answer is one that the description names: its type, its fields and its headers."""
    named = description["paths"][path][method.lower()]["responses"][str(response.status_code)]
    part = description["components"]["responses"][named["$ref"].rsplit("/", 1)[-1]]
    assert response.headers["content-type"] in part["content"]
    problem = response.json()
    assert problem["status"] == response.status_code
    example = part["content"][response.headers["content-type"]]["example"]
    assert (problem["type"], problem["title"]) == (example["type"], example["title"])
    for header in part.get("headers", {}):
        assert header in response.headers


def test_every_call_of_the_api_names_what_it_takes_and_how_it_is_refused(at: Door) -> None:
    description = described(at)
    assert description["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    open_to_all = set()
    for method, path, operation in operations(description):
        needs = needs_of(method, path)
        if needs is None:
            open_to_all.add(path)
            assert operation["security"] == []
            continue
        assert operation["security"] == [{"key": []}, {}], "accounts may be off"
        assert f"the scope `{needs.scope}`" in operation["description"]
        assert ("operator" in operation["description"]) == (needs.role is not Role.SEARCHER)
        assert ("a PM" in operation["description"]) == (needs.role is Role.PM)
        for status, name in REFUSALS.items():
            if path.startswith("/api/"):
                reference = f"#/components/responses/{name}"
                assert operation["responses"][status] == {"$ref": reference}
            else:
                assert "4XX" in operation["responses"], "in OpenAI's shape"
    assert open_to_all == {"/healthz", "/readyz"}


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/api/v1/collections", ""),
        ("POST", "/api/v1/ask", ""),
        ("GET", "/api/v1/traces", "sam"),
        ("DELETE", "/api/v1/documents/{document_id}", "opal"),
    ],
)
def test_who_is_refused_is_refused_as_described(
    at: Door, method: str, path: str, name: str
) -> None:
    response = at.program(name, Scope.ASK).request(method, path)
    assert response.status_code == (403 if name else 401)
    fits(described(at), method, path, response)


def test_who_asks_too_often_is_told_as_described(tmp_path: Path) -> None:
    with door(tmp_path, rate_search="1/hour") as at:
        program = at.program("sam")
        assert program.get("/api/v1/search", params={"q": "harbor"}).status_code == 200
        response = program.get("/api/v1/search", params={"q": "harbor"})
        assert response.status_code == 429
        fits(described(at), "GET", "/api/v1/search", response)
