"""The table of who may do what: nothing is left out of it, and the server keeps to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import httpx
import pytest
from starlette.routing import BaseRoute, Mount

from app.access import Principal, Role, Scope
from app.entrance.policy import TABLE, Line, line_for, needs_of
from app.requests import API_PREFIXES
from tests.entrance.world import Door

CASES = [(method, line) for line in TABLE for method in sorted(line.methods)]
LEAVES = {"/signout", "/account/{rest:path}"}
"""What would end the sign-in that a test goes on with."""
ROLES = {"sam": Role.SEARCHER, "pam": Role.PM, "opal": Role.OPERATOR}


def routes(of: Iterable[BaseRoute]) -> Iterator[tuple[str, str]]:
    """``(method, path)`` of every route, also of included routers and mounted files."""
    for route in of:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes(inner.routes)
        elif isinstance(route, Mount):
            yield "GET", f"{route.path}/some/file.css"
        else:
            for method in getattr(route, "methods", None) or {"GET"}:
                yield method, route.path  # type: ignore[attr-defined]  # every route here has one


def sample(path: str) -> str:
    """An address that a route's template stands for."""
    return re.sub(r"\{[^}]+\}", "x1", path)


def test_every_route_has_its_line(at: Door) -> None:
    found = list(routes(at.app.routes))
    assert len(found) > 100
    missing = [(method, path) for method, path in found if line_for(method, sample(path)) is None]
    assert missing == []


def test_every_line_stands_for_a_route(at: Door) -> None:
    used = {line_for(method, sample(path)) for method, path in routes(at.app.routes)}
    unused = [line.path for line in TABLE if line not in used]
    assert unused == []


@pytest.mark.parametrize(
    "path", ["/nothing", "/people2", "/api/v2/ask", "/documents/1/2/3", "/Ask"]
)
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_what_no_line_names_is_for_operators(method: str, path: str) -> None:
    assert line_for(method, path) is None
    needs = needs_of(method, path)
    assert needs is not None
    assert [role for role in Role if needs.met_by(Principal("u", "", "", role))] == [Role.OPERATOR]


def test_a_wrong_method_is_no_way_in() -> None:
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"):
        for line in TABLE:
            if method not in line.methods:
                needs = needs_of(method, sample(line.path))
                assert needs is not None
                assert needs.role is Role.OPERATOR


def test_a_key_does_no_more_than_its_scope_and_its_owner() -> None:
    for line in TABLE:
        if line.needs is None:
            continue
        for role in Role:
            for scope in Scope:
                who = Principal("u", "", "", role, scopes=frozenset({scope}))
                may = line.needs.met_by(who)
                assert may == (
                    role.covers(line.needs.role)
                    and scope is line.needs.scope
                    and not line.needs.person
                )


@pytest.fixture(scope="module")
def callers(_open: Door) -> Iterator[dict[str, httpx.Client]]:
    """Nobody, people of every role, and programs with keys of every kind."""
    found = {"nobody": _open.browser(), "no key": _open.program()}
    found |= {name: _open.browser(name) for name in ROLES}
    found["every scope"] = _open.program("opal", *Scope)
    for scope in Scope:
        found[f"all but {scope}"] = _open.program("opal", *(set(Scope) - {scope}))
    _open.clients.clear()  # they outlive one test
    yield found
    for client in found.values():
        client.close()


@pytest.mark.parametrize(("method", "line"), CASES, ids=lambda of: getattr(of, "path", of))
def test_the_server_keeps_to_the_line(
    at: Door, callers: dict[str, httpx.Client], method: str, line: Line
) -> None:
    path = sample(line.path)

    def status(caller: str) -> int:
        return callers[caller].request(method, path).status_code

    if line.needs is None:
        assert status("no key") not in (401, 403)
        assert callers["nobody"].request(method, path).headers.get("location", "") != "/signin"
        return
    shows_page = method == "GET" and not path.startswith(API_PREFIXES)
    assert status("nobody") == (303 if shows_page else 401)
    assert status("no key") == 401
    if line.path in LEAVES:
        return
    for name, role in ROLES.items():
        if role.covers(line.needs.role):
            assert status(name) not in (401, 403), name
        else:
            assert status(name) == 403, name
    assert (status("every scope") in (401, 403)) == line.needs.person
    assert status(f"all but {line.needs.scope}") == 403
