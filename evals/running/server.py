"""A running Footnote server as an eval sees it: asked, searched, and its documents read."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from app.domain import Block, BlockKind, Document, Passage
from app.errors import BadRequest, FootnoteError

_TIMEOUT_S = 120.0
"""For one request: a written answer may take a minute."""
_WARMING_S = 120.0
"""Longest wait for a server that says that it is loading its model."""
_WAITS_S = (0.5, 1.0, 2.0)
"""Before each further try of a request that may work the next time."""
_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
_GIVEN_UP = 3
"""Requests in a row that failed to the last try: from then on none is tried twice."""
_PAGE = 500
"""Documents in one request: the most that the API gives."""


class ServerProblem(FootnoteError):
    """The server is away, or answers otherwise than its contract says."""

    status = HTTPStatus.BAD_GATEWAY
    title = "The server can't be asked"


class Server:
    """The API of a server at ``url``; safe to use from several threads."""

    def __init__(self, url: str) -> None:
        """Raises BadRequest when ``url`` is none."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise BadRequest(f"“{url}” is no address.", "Give one like http://127.0.0.1:8000.")
        self.url = url.rstrip("/")
        local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        # A proxy has nothing to do with this machine's own server.
        self._client = httpx.Client(base_url=self.url, timeout=_TIMEOUT_S, trust_env=not local)
        self._failures = 0

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def wait_until_ready(self) -> None:
        """Raises ServerProblem when nobody answers, or it does not become ready in two minutes."""
        deadline = time.monotonic() + _WARMING_S
        while True:
            try:
                response = self._client.get("/readyz")
            except httpx.HTTPError as error:
                raise ServerProblem(
                    f"Nothing answers at {self.url}: {_words(error)}.",
                    "Start it with `footnote serve`, or correct --url.",
                ) from error
            if response.status_code == HTTPStatus.OK:
                return
            warming = response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
            if not warming or time.monotonic() > deadline or "not-ready" not in response.text:
                raise _refused(self.url, response)
            time.sleep(1)

    def ask(self, body: Mapping[str, Any], session: str = "") -> dict[str, Any]:
        """``POST /api/v1/ask``. Raises ServerProblem."""
        # Nobody's visit: what a test does is not what people do.
        headers = {"DNT": "1"} | ({"X-Session-Id": session} if session else {})
        return self._json("POST", "/api/v1/ask", json=dict(body), headers=headers)

    def search(self, question: str, k: int, collections: Sequence[str]) -> list[dict[str, Any]]:
        """``GET /api/v1/search``: the results. Raises ServerProblem."""
        query = [("q", question), ("k", str(k)), *(("collection", name) for name in collections)]
        found = self._json("GET", "/api/v1/search", params=query, headers={"DNT": "1"})
        return _list(found, "results")

    def documents(self, offset: int) -> tuple[list[dict[str, Any]], int]:
        """A page of documents, and how many there are. Raises ServerProblem."""
        query = {"limit": _PAGE, "offset": offset}
        found = self._json("GET", "/api/v1/documents", params=query)
        return _list(found, "documents"), int(found["total"])

    def text(self, document_id: str) -> str:
        """A document's extracted text. Raises ServerProblem."""
        path = f"/api/v1/documents/{quote(document_id, safe='')}"
        return str(self._json("GET", path, params={"text": "true"}).get("text") or "")

    def _json(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        waits = _WAITS_S if self._failures < _GIVEN_UP else ()
        for wait in (*waits, None):
            try:
                response = self._client.request(method, path, **request)
            except httpx.HTTPError as error:
                problem = ServerProblem(f"{self.url}{path} doesn't answer: {_words(error)}.")
                problem.__cause__ = error
            else:
                if response.is_success:
                    self._failures = 0
                    return _object(f"{self.url}{path}", response)
                problem = _refused(f"{self.url}{path}", response)
                if response.status_code not in _AGAIN:
                    raise problem
            if wait is not None:
                time.sleep(wait)
        self._failures += 1
        raise problem


class ServerDocuments:
    """The server's documents, as `evals.running.gold.GoldFinder` reads them."""

    def __init__(self, server: Server, collections: Sequence[str] = ()) -> None:
        self._server = server
        self._collections = frozenset(collections)
        self._all: list[Document] | None = None

    def find(self, *, limit: int, offset: int) -> tuple[list[Document], int]:
        """One page of the documents in the collections asked, and how many there are."""
        documents = self.everything()
        return documents[offset : offset + limit], len(documents)

    def everything(self) -> list[Document]:
        """Every document in the collections asked. Raises ServerProblem."""
        if self._all is None:
            found: list[dict[str, Any]] = []
            total = 1
            while len(found) < total:
                page, total = self._server.documents(len(found))
                found += page
                if not page:
                    break
            wanted = [
                one
                for one in found
                if not self._collections or one["collection"] in self._collections
            ]
            self._all = [_document(one) for one in wanted]
        return self._all

    def text(self, document_id: str) -> tuple[str, tuple[Block, ...]]:
        """The text; its lines stand for the blocks, which the API does not tell."""
        text = self._server.text(document_id)
        blocks, start = [], 0
        for line in text.split("\n"):
            blocks.append(Block(BlockKind.PARAGRAPH, start, start + len(line)))
            start += len(line) + 1
        return text, tuple(blocks)

    def of_document(self, document_id: str) -> list[Passage]:  # noqa: ARG002  # the seam's
        """None: the API does not tell how a document is cut."""
        return []


def _document(data: Mapping[str, Any]) -> Document:
    return Document(
        id=str(data["id"]),
        collection=str(data["collection"]),
        source=str(data["source"]),
        title=str(data["title"]),
        kind=str(data["kind"]),
        size=int(data["size"]),
        content_hash=f"{data['size']} {data['characters']} {data['updated_at']}",
        passages=int(data["passages"]),
        characters=int(data["characters"]),
        pages=data["pages"],
        page_kind="",
        modified_at=None,
        ingested_at=datetime.min.replace(tzinfo=UTC),  # nobody asks
        status=data["status"],
        error=data["error"],
    )


def _object(address: str, response: httpx.Response) -> dict[str, Any]:
    try:
        data = response.json()
    except json.JSONDecodeError:
        data = None
    if not isinstance(data, dict):
        raise ServerProblem(f"{address} answers with something else than JSON.", "Correct --url.")
    return data


def _list(data: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    found = data.get(key)
    if not isinstance(found, list):
        raise ServerProblem(f"The answer has no “{key}”.", "Is it a Footnote server?")
    return found


def _refused(address: str, response: httpx.Response) -> ServerProblem:
    """What the server says is wrong, from its problem+json where it sent that."""
    try:
        detail = str(response.json()["detail"])
    except (json.JSONDecodeError, KeyError, TypeError):
        detail = "It may be another program than Footnote."
    return ServerProblem(f"{address} answers {response.status_code}.", detail)


def _words(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
