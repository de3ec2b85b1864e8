"""Every operation of ``/openapi.json``, called with what schemathesis makes of its schema.

Requests as the schema allows and as it forbids them; none may be answered with 500, and every
answer is one that the schema names: status, content type and body.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
TIMEOUT_S = 60.0
SIGNED_IN = ("cookie", "sec-fetch-site")
"""Headers by which the client is somebody: its calls are made in their name."""


@dataclass
class Called:
    """How one operation's calls went."""

    operation: str
    calls: int = 0
    statuses: set[int] = field(default_factory=set)
    findings: dict[str, str] = field(default_factory=dict)


def call_all(
    client: httpx.Client, known: dict[str, tuple[str, ...]], count: int, number: int
) -> list[Called]:
    """``count`` calls of each operation that its schema allows, half as many that it forbids."""
    schema = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
    schema.config.update(base_url=str(client.base_url).rstrip("/"))
    # A made-up key would have nearly every call refused at the door.
    schema.config.generation.update(with_security_parameters=False)
    done = []
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]  # an error raises here
        called = Called(operation.label)
        for mode, times in (
            (GenerationMode.POSITIVE, count),
            (GenerationMode.NEGATIVE, count // 2),
        ):
            _call(client, operation, mode, times, number, called, known)
        done.append(called)
    return done


def _call(
    client: httpx.Client,
    operation: Any,
    mode: GenerationMode,
    count: int,
    number: int,
    called: Called,
    known: dict[str, tuple[str, ...]],
) -> None:
    @seed(number)
    @settings(
        max_examples=max(count, 1),
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        called.calls += 1
        parameters = case.path_parameters or {}
        for name in parameters:
            # Most made-up names lead to 404: every other call is about something that exists.
            if name in known and called.calls % 2 and operation.method.upper() != "DELETE":
                parameters[name] = known[name][called.calls % len(known[name])]
        _judge(client, case, called)

    try:
        run()
    except Unsatisfiable:
        if mode is GenerationMode.POSITIVE:  # nothing can be wrong where nothing is asked for
            raise


def _judge(client: httpx.Client, case: Any, called: Called) -> None:
    signed_in = {name: client.headers[name] for name in SIGNED_IN if name in client.headers}
    try:
        response = case.call(timeout=TIMEOUT_S, headers=signed_in)
    except Exception as error:  # noqa: BLE001  # whatever the client trips over is a finding
        called.findings.setdefault(type(error).__name__, f"{case.as_curl_command()}\n{error}")
        return
    called.statuses.add(response.status_code)
    try:
        case.validate_response(response, checks=CHECKS)
    except BaseException as error:  # noqa: BLE001  # a group of failures
        for failure in getattr(error, "exceptions", [error]):
            words = f"{type(failure).__name__} {response.status_code}"
            detail = f"{failure}\n{case.as_curl_command()}\n{response.text[:300]}"
            called.findings.setdefault(words, detail)
