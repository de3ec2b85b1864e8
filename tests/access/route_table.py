"""The application's own route table, as requests: each route with what is sealed filled in.

Nothing here names a route: a new one is tried by itself. Where it takes something that nobody
thought of, `Unknown` says what to add.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount

from tests.access.house import BUDGET, SEALED

HTMX = {"HX-Request": "true", "Accept": "text/html"}
PROGRAM = {"Accept": "application/json, text/event-stream"}
STREAM = {"Accept": "text/event-stream"}
ENDS = re.compile(r"/(delete|remove|end|revoke|withdraw|signout|password|stop)$")
"""Of addresses that a form sends to: after it something is gone."""
QUERY: Mapping[str, Any] = {
    "q": BUDGET,
    "k": 10,
    "text": "true",
    "rows": "true",
    "start": 30,
    "end": 90,
    "view": "text",
    "part": 1,
    "compare": "previous",
    "span": 1,
}
FIELDS: Mapping[str, Any] = {
    "q": BUDGET,
    "helpful": "no",
    "correction": "Nothing of it.",
    "comment": "Why?",
    "kind": "other",
    "rating": "2",
    "status": "open",
    "note": "Seen.",
    "uri": "/nothing",
    "file": "nothing.yaml",
    "name": "Somebody",
    "theme": "dark",
    "hours": 1,
}
_TITLES = ("/documents", "/api/v1/documents")
"""Their ``q`` is part of a title or a file's name."""
BODIES: Mapping[str, Mapping[str, Any]] = {
    "AskRequest": {"question": BUDGET, "followups": True, "more_sources": True},
    "FeedbackIn": {"helpful": False},
    "ContentRequestIn": {},
    "ReportIn": {"kind": "other"},
    "ChatRequest": {"model": "footnote", "messages": [{"role": "user", "content": BUDGET}]},
}
TOOLS: Mapping[str, Mapping[str, Any]] = {
    "search": {"query": "severance budget"},
    "fetch": {"id": "{document_id}"},
    "ask": {"question": BUDGET},
}


class Unknown(AssertionError):
    """A route takes something that these tests have no value for."""


@dataclass(frozen=True)
class Sent:
    """One request. ``route``: the template of its address; ``ends``: something is gone after it."""

    method: str
    route: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ends(self) -> bool:
        return self.method == "DELETE" or (
            self.method == "POST" and ENDS.search(self.route) is not None
        )


def every_route(of: Iterable[BaseRoute]) -> Iterator[Any]:
    """Also those of included routers; not mounted files."""
    for route in of:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from every_route(inner.routes)
        elif not isinstance(route, Mount):
            yield route


def requests(
    routes: Iterable[BaseRoute], ids: Mapping[str, list[str]], words: Mapping[str, Any]
) -> Iterator[Sent]:
    """Every route, in each form that it has. ``words``: beside or in place of `QUERY`, `FIELDS`.

    ``ids``: values of parts of addresses; `name route` comes before `name`.
    """
    for route in every_route(routes):
        for path in _paths(route.path, ids):
            for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
                if route.path == "/mcp":
                    yield from _tools(ids)
                else:
                    yield from _forms(route, method, path, words)


def _paths(template: str, ids: Mapping[str, list[str]]) -> Iterator[str]:
    names = re.findall(r"\{(\w+)(?::\w+)?\}", template)
    for name in names:
        if f"{name} {template}" not in ids and name not in ids:
            raise Unknown(f"{template}: which {name} belongs to the sealed collection?")
    choices = [ids.get(f"{name} {template}") or ids[name] for name in names]
    for chosen in itertools.product(*choices):
        path = template
        for name, value in zip(names, chosen, strict=True):
            path = path.replace(f"{{{name}:path}}", value).replace(f"{{{name}}}", value)
        yield path


def _tools(ids: Mapping[str, list[str]]) -> Iterator[Sent]:
    for name, arguments in TOOLS.items():
        given = {
            key: ids["document_id"][0] if value == "{document_id}" else value
            for key, value in arguments.items()
        }
        yield mcp("tools/call", {"name": name, "arguments": given})


def mcp(method: str, params: Mapping[str, Any]) -> Sent:
    """A call of the MCP server."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return Sent("POST", "/mcp", "/mcp", PROGRAM, {"json": body})


def _forms(route: Any, method: str, path: str, words: Mapping[str, Any]) -> Iterator[Sent]:
    if not isinstance(route, APIRoute):
        yield Sent(method, route.path, path)
        return
    known = {**QUERY, **words}
    query = {
        one.alias: known[one.name]
        for one in _all(route.dependant, "query_params")
        if one.name in known
    }
    if route.path in _TITLES and "q" in query and "q" not in words:
        query["q"] = "ledger"
    if method == "GET":
        yield Sent(method, route.path, path, more={"params": {}})
        yield Sent(method, route.path, path, HTMX, {"params": query})
        if query:
            yield Sent(method, route.path, path, more={"params": query})
        return
    body = _body(route, words)
    yield Sent(method, route.path, path, more=body)
    yield Sent(method, route.path, path, STREAM if "json" in body else HTMX, body)
    if route.path == "/v1/chat/completions":
        yield Sent(method, route.path, path, more={"json": body["json"] | {"stream": True}})


def _body(route: APIRoute, words: Mapping[str, Any]) -> dict[str, Any]:
    typed: dict[str, Any] = {}
    for one in _all(route.dependant, "body_params"):
        kind = one.field_info.annotation
        if isinstance(kind, type) and hasattr(kind, "model_fields"):
            if kind.__name__ not in BODIES:
                raise Unknown(f"{route.path}: what does a {kind.__name__} look like?")
            return {"json": dict(BODIES[kind.__name__])}
        known = {**FIELDS, **words}
        if one.name in known and (one.name != "kind" or kind is str):  # not a filter
            typed[one.alias] = known[one.name]
        elif one.field_info.is_required():
            raise Unknown(f"{route.path}: what is sent as {one.name}?")
    return {"data": typed}


def _all(dependant: Any, kind: str) -> list[Any]:
    found = list(getattr(dependant, kind))
    for inner in dependant.dependencies:
        found += _all(inner, kind)
    return found


CANARY_WORDS = {
    "q": "quorvex brindlewax",
    "collection": SEALED,
    "uri": "/quorvex",
    "comment": "quorvex",
    "note": "brindlewax",
}
"""What somebody sends who heard of it."""
