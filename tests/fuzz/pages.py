"""Every route of the application, those outside of OpenAPI too, called with nonsense.

The routes say themselves what they take: path, query and form fields are read from FastAPI, and
filled with names that exist and with strings that break things. None may answer 500, show a
traceback, or take longer than `SLOW_S`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.endpoints import Called
from tests.fuzz.world import Fuzzed

SLOW_S = 2.0
"""Processor seconds for one request: few documents, and nobody else asks."""
SLOW_AT_FIRST = ("/mcp", "/v1/chat/completions")
"""They import their libraries when they are first called."""
STRANGE = (
    *("", " ", "0", "-1", "1", "99999999999999999999", "1e400", "NaN", "null", "true", "[]", "{}"),
    *("../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "/etc/passwd", "C:\\x", "file:///etc/x"),
    *("' OR '1'='1", "1; DROP TABLE questions;--", '"', "%", "_", "\\", "a' UNION SELECT 1--"),
    *("<script>alert(1)</script>", "{{7*7}}", "${7*7}", "%00", "\x00", "\ud800", "\u202e", "́"),
    *("😀" * 40, "a" * 5000, "x\r\nSet-Cookie: a=b", "//evil.example", "http://127.0.0.1:1/"),
    *("2026-02-30", "9999-12-31", "0001-01-01", "2026-11-22T10:00:00+99:99", "-", "=1+1", "*"),
    *("day", "week", "7", "30d", "asc", "desc", "*:*", '"unclosed', "a AND (b", "a:b", "~", "^"),
    *("٣", "²", "１", "ß", "İ", "ans_0000000000000000", "0" * 32, "README.md", "sample"),
)
"""Values that break readers of forms, queries and names."""
BODIES = (
    *(b"", b"\x00", b"{", b"[]", b"null", b"\xff\xfe", b"{}" * 9, b"--x\r\n\r\n--x--", b"1e999"),
    *(b"[" * 4000, b'{"events":' + b"[" * 4000, b'{"events": [1, null, {}, "\\ud800"]}'),
    b'{"events": [{"id": "aaaaaaaa", "kind": 1, "answer_id": "ans_1", "properties": []}]}',
    b'{"question": "\\u0000\\ud800"}',
    b'{"jsonrpc": "2.0", "id": 1e999, "method": "tools/call", "params": {"name": "search"}}',
    b'{"jsonrpc": "2.0", "id": {}, "method": [], "params": 3}',
    b'[{"jsonrpc": "2.0", "id": 1, "method": "initialize"}, 3]',
    b'--x\r\nContent-Disposition: form-data; name="files"; filename="\xff\x00../.md"\r\n\r\n# a'
    b"\r\n--x--",
    b'--x\r\nContent-Disposition: form-data; name="q"\r\n\r\n\xed\xa0\x80\r\n--x--\r\n',
)
"""What is sent instead of a form."""
KINDS = (
    *("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json"),
    *("multipart/form-data", "text/plain", "application/json; charset=undefined", ""),
)
PLACE = re.compile(r"\{(\w+)(?::path)?\}")
TRACEBACK = re.compile(r"Traceback \(most recent|File \"[^\"]+\.py\", line \d")
EITHER = (
    {"accept": "text/html"},
    {"accept": "text/html", "hx-request": "true"},
    {"accept": "*/*"},
    {"accept": "text/html", "hx-request": "true", "hx-target": "%ff"},
)
NOT_HERE = ("/documents/{document_id}/delete",)
"""What exists is not named here: it would be gone for the others."""


@dataclass(frozen=True)
class Door:
    """A route: its method and path, and the names of what it takes."""

    method: str
    path: str
    query: tuple[str, ...] = ()
    form: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """As schemathesis names operations."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Request:
    """One request to a door."""

    door: Door
    path: dict[str, str]
    query: list[tuple[str, str]]
    form: list[tuple[str, str]]
    headers: dict[str, str]
    content_type: str
    raw: bytes | None


def doors(app: Any) -> list[Door]:
    """Every route of the application."""
    found = {door.label: door for door in _doors(app.routes, "")}
    return [found[label] for label in sorted(found)]


def _doors(routes: Sequence[Any], prefix: str) -> Iterator[Door]:
    for route in routes:
        if hasattr(route, "original_router"):
            yield from _doors(route.original_router.routes, prefix + route.include_context.prefix)
        elif hasattr(route, "dependant"):
            query, form = _taken(route.dependant)
            for method in sorted(route.methods):
                yield Door(method, prefix + route.path, tuple(sorted(query)), tuple(sorted(form)))
        elif hasattr(route, "methods") and route.methods:
            yield from (Door(method, prefix + route.path) for method in sorted(route.methods))


def _taken(dependant: Any) -> tuple[set[str], set[str]]:
    """Names of the query and form fields that a route and its dependencies take."""
    query = {one.alias for one in dependant.query_params}
    form = {one.alias for one in dependant.body_params}
    for inner in dependant.dependencies:
        more = _taken(inner)
        query, form = query | more[0], form | more[1]
    return query, form


def requests(door: Door, known: dict[str, tuple[str, ...]]) -> st.SearchStrategy[Request]:
    """Requests to one door: existing names, strange ones, fields missing and given twice."""
    anything = st.one_of(
        st.sampled_from(STRANGE), st.text(st.characters(codec="utf-8"), max_size=60)
    )

    def value(name: str) -> st.SearchStrategy[str]:
        existing = known.get(name, ())
        return st.one_of(st.sampled_from(existing), anything) if existing else anything

    def fields(names: tuple[str, ...]) -> st.SearchStrategy[list[tuple[str, str]]]:
        if not names:
            return st.just([])
        pair = st.sampled_from(names).flatmap(lambda name: st.tuples(st.just(name), value(name)))
        return st.lists(pair, max_size=len(names) + 2)

    places = PLACE.findall(door.path)
    posted = door.method != "GET"
    return st.builds(
        Request,
        st.just(door),
        st.fixed_dictionaries({name: value(name) for name in places}),
        fields(door.query),
        fields(door.form),
        st.sampled_from(EITHER),
        st.one_of(st.just(KINDS[0]), st.sampled_from(KINDS)),
        st.one_of(st.none(), st.sampled_from(BODIES), st.binary(max_size=200))
        if posted
        else st.none(),
    )


def knock(world: Fuzzed, found: Sequence[Door], count: int, number: int) -> list[Called]:
    """``count`` requests to each door."""
    for path in SLOW_AT_FIRST:
        world.client.post(path, json={})
    return [_knock(world, door, count, number) for door in found]


def _knock(world: Fuzzed, door: Door, count: int, number: int) -> Called:
    called = Called(door.label)
    names = {} if door.path in NOT_HERE or door.method == "DELETE" else world.known

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(door, names))
    def run(request: Request) -> None:
        _send(world, request, called)

    run()
    return called


def _send(world: Fuzzed, request: Request, called: Called) -> None:
    called.calls += 1
    before = world.cpu_s()
    try:
        url = PLACE.sub(lambda match: _quoted(request.path[match[1]]), request.door.path)
        sent: dict[str, Any] = {"content": request.raw} if request.raw is not None else {}
        if request.form and request.raw is None:
            sent = {"content": _encoded(request.form)}
        headers = dict(request.headers)
        if request.door.method != "GET":
            headers["content-type"] = request.content_type
        address = httpx.URL(url).copy_with(query=_encoded(request.query) or None)
        answer = world.client.request(
            request.door.method, address, headers=headers, timeout=60, **sent
        )
    except httpx.InvalidURL:
        return
    except httpx.HTTPError as error:
        called.findings.setdefault(f"{type(error).__name__}: {error}", repr(request))
        return
    called.statuses.add(answer.status_code)
    spent = world.cpu_s() - before
    shown = answer.headers.get("content-type", "").startswith("text/html")
    for words, wrong in (
        (f"status {answer.status_code}", answer.status_code >= 500),
        ("a traceback", TRACEBACK.search(answer.text) and called.operation != "GET /traces"),
        (f"over {SLOW_S:g} s of CPU", spent > SLOW_S),
        ("a header from a value", "set-cookie" in answer.headers and "a=b" in str(answer.headers)),
        ("a script from a value", shown and "<script>alert(1)" in answer.text),
    ):
        if wrong:
            called.findings.setdefault(words, f"{request!r}\n{answer.text[:600]}")


def _quoted(value: str) -> str:
    """A value as one part of a path; every byte may come, also half a character."""
    return quote(value.encode("utf-8", "surrogatepass"), safe="") or "%20"


def _encoded(pairs: Sequence[tuple[str, str]]) -> bytes:
    return "&".join(
        f"{quote(name)}={quote(value.encode('utf-8', 'surrogatepass'), safe='')}"
        for name, value in pairs
    ).encode()
