"""A running application with two collections, one of which not everybody may see.

What stands in the sealed one is marked by words that stand nowhere else (`CANARIES`): whoever reads
one of them without having it in reach has found a hole. A header says who asks, as the entrance
would: here only what they see is under test.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access import Principal, Reach, Role, working_for
from app.domain import Span
from app.knowledge.ports import Encoded, Vector
from tests.api.conftest import Server, plain_settings, serving, wait_for
from tests.ingest.parsers.files import pdf
from tests.knowledge.world import WordEmbedder

OPEN, SEALED = "open", "sealedvault"
CANARIES = ("quorvex", "brindlewax", "4711 million", SEALED)
"""In a title, a word, a sentence, and the collection's name; in whatever case."""
MEMBER = Principal("u1", "Ada", "ada@example.com", Role.PM, session_id="ada-ada-ada-ada-ada-1")
GUEST = Principal("u2", "Ben", "ben@example.com", Role.PM, session_id="ben-ben-ben-ben-ben-1")
READERS: dict[str, tuple[Principal, Reach]] = {
    "all": (MEMBER, Reach.everything()),
    "member": (MEMBER, Reach(frozenset({OPEN, SEALED}))),
    # The same person after their group lost the collection, and somebody else.
    "former": (MEMBER, Reach(frozenset({OPEN}))),
    "guest": (GUEST, Reach(frozenset({OPEN}))),
}
OUTSIDERS = ("former", "guest")
BUDGET = "What is the severance budget of the deal?"
PETS = (
    "Which kennel subsidy covers severance of pets?",
    "Which kennel subsidy covers the severance of pets abroad?",
)
_OPEN_FILES = {
    "parking.md": "# Parking rules\n\nA parking permit costs EUR 12 a month.\n\n"
    "Permits are issued by the front desk on weekdays.\n",
    "desk.md": "# Front desk\n\nThe front desk opens at eight and closes at six.\n",
}
_SEALED_FILES = {
    "ledger.md": "# Quorvex ledger\n\n## Severance\n\n"
    "The severance budget of the deal is EUR 4711 million.\n\n"
    "Every brindlewax form is signed by the front desk before a parking permit is issued.\n",
    "faq.md": "# Quorvex FAQ\n\n"
    + "".join(
        f"## {asked}\n\nThe Quorvex steering group answers this on page {number} of its notes.\n\n"
        for number, asked in enumerate(
            (
                "When does the Quorvex parking permit expire?",
                "Who pays for the Quorvex parking permit?",
                "Where is the Quorvex parking permit issued?",
                "How long is the Quorvex parking permit valid?",
            )
        )
    ),
}


class UnknownWords(WordEmbedder):
    """Takes every word in pieces, so that any word may be a misspelled one."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Two for each word."""
        return [2 * len(text.split()) for text in texts]

    def encode_passages(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> list[Encoded]:
        """As of words."""
        return super().encode_passages(texts, spans)

    def encode_query(self, text: str) -> Vector:
        """As of words."""
        return super().encode_query(text)


class _Named:
    """In place of the entrance: a header says who asks."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        reader = dict(scope["headers"]).get(b"x-reader", b"all").decode()
        who, sees = READERS[reader]
        scope["state"] |= {
            "principal": who,
            "reach": sees,
            "session_id": who.session_id,
            "session_known": True,
        }
        with working_for(who, sees):
            await self.app(scope, receive, send)


@dataclass
class House:
    """The running application, and the ids of what was put into it and asked of it."""

    server: Server
    documents: dict[str, str] = field(default_factory=dict)
    """File name → document id."""
    batch: str = ""
    budget: dict[str, Any] = field(default_factory=dict)
    """The answer from the sealed collection."""
    parking: dict[str, Any] = field(default_factory=dict)
    """An answer from the open one, by somebody who sees both."""
    pets: list[dict[str, Any]] = field(default_factory=list)
    theme: str = "fth_severance"

    def send(self, reader: str, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """One request by a reader; redirects are not followed."""
        headers = {"x-reader": reader, "accept": "text/html", **kwargs.pop("headers", {})}
        return self.server.client.request(method, path, headers=headers, **kwargs)

    def ask(self, reader: str, question: str, **more: Any) -> dict[str, Any]:
        """An answer through the API."""
        said = self.send(reader, "POST", "/api/v1/ask", json={"question": question, **more})
        assert said.status_code == 200, said.text
        found: dict[str, Any] = said.json()
        return found


def told(response: httpx.Response) -> str:
    """Everything a response says, lower case."""
    head = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    return f"{head}\n{response.content.decode('utf-8', 'replace')}".lower()


def leaks(response: httpx.Response) -> list[str]:
    """The canaries that a response holds."""
    said = told(response)
    return [canary for canary in CANARIES if canary in said]


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """The application over ``folder``, filled, with content on its traces."""
    from app.bootstrap import build_services, models
    from app.main import create_app

    before = dict(os.environ)
    load = models.load_embedder
    os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "true"
    models.load_embedder = lambda settings: UnknownWords()  # by name
    try:
        services = build_services(plain_settings(folder / "data", accounts="off"))
        services.embedder.get(wait=True)
        app = create_app(services=services)
        app.add_middleware(_Named)
        with serving(app) as server:
            wait_for(lambda: server.client.get("/readyz").status_code == 200)
            yield filled(House(server))
    finally:
        models.load_embedder = load
        os.environ.clear()
        os.environ.update(before)


def filled(one: House, owner: str = "all") -> House:
    """Documents in both collections, questions about them, and what people said about answers.

    ``owner``: the reader who judges the answer from the sealed collection.
    """
    _upload(one, OPEN, {name: text.encode() for name, text in _OPEN_FILES.items()})
    sealed = {name: text.encode() for name, text in _SEALED_FILES.items()}
    sealed["plan.pdf"] = pdf(["The Quorvex plan stays in this room."], title="Quorvex plan")
    one.batch = _upload(one, SEALED, sealed)
    listed = one.send("all", "GET", "/api/v1/documents").json()["documents"]
    one.documents = {item["source"].removeprefix("upload:"): item["id"] for item in listed}
    one.budget = one.ask("member", BUDGET, conversation_id="con_budget")
    one.parking = one.ask("member", "What does a parking permit cost?", followups=True)
    one.pets = [one.ask("member", question) for question in PETS]
    said = {"helpful": False, "correction": "The Quorvex budget is EUR 4711 million."}
    one.send(owner, "POST", f"/api/v1/answers/{one.budget['answer_id']}/feedback", json=said)
    one.send(owner, "POST", f"/api/v1/answers/{one.budget['answer_id']}/request", json={})
    _theme(one)
    return one


def _upload(one: House, collection: str, files: Mapping[str, bytes]) -> str:
    response = one.send(
        "all",
        "POST",
        "/api/v1/documents?wait=true",
        files=[("files", (name, data)) for name, data in files.items()],
        data={"collection": collection},
    )
    assert {file["status"] for file in response.json()["files"]} == {"done"}, response.text
    batch: str = response.json()["batch_id"]
    return batch


def _theme(one: House) -> None:
    """Tickets about what a sealed document says."""
    from app.records.product.feedback_items import Item, Theme

    store, at = one.server.services.feedback.store, datetime(2026, 9, 1, tzinfo=UTC)
    held = np.ones(64, np.float16).tobytes()
    imported = store.add_import("tickets.csv", "ticket", {})
    items = [Item(f"i{n}", "ticket", "", at, f"Severance, please ({n})", None) for n in range(3)]
    store.add_items(imported.id, items)
    store.keep_vectors([(item.id, held, -0.5) for item in items])
    store.change_import(imported.id, status="done")
    themes = [Theme(one.theme, "Severance", held, "", "", at)]
    links = {one.theme: (one.documents["ledger.md"], "")}
    store.replace_themes(themes, [(item.id, one.theme) for item in items], links)
