"""A server where people sign in: two collections, one of them for a group, and four people.

Real HTTP, real stores; only the embedding model is a stand-in, and hashing passwords is cheap.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from app.access import Role, Scope
from tests.api.conftest import serving, wait_for
from tests.contracts.accounts import PASSWORD, somebody, store_on
from tests.knowledge.world import WordEmbedder

if TYPE_CHECKING:
    from fastapi import FastAPI

    from app.bootstrap import Services
    from app.records.accounts import AccountStore, User

OPEN = "The harbor office opens at seven in the morning."
SECRET = "The harbor master earns ninety thousand a year."
PAGE = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


@dataclass
class Door:
    """The server, who may come in, and what they find."""

    url: str
    app: FastAPI
    services: Services
    people: dict[str, User]
    clients: list[httpx.Client] = field(default_factory=list)
    documents: dict[str, str] = field(default_factory=dict)
    """Collection → the id of its document."""

    @property
    def accounts(self) -> AccountStore:
        return self.services.accounts

    def browser(self, name: str = "", **headers: str) -> httpx.Client:
        """A browser without JavaScript; signed in as ``name`` where one is given."""
        client = httpx.Client(
            base_url=self.url, timeout=60, trust_env=False, headers={**PAGE, **headers}
        )
        self.clients.append(client)
        if name:
            signed_in = self.accounts.sign_in_as(
                self.people[name].id, client="127.0.0.1", device="Firefox on Linux"
            )
            client.cookies.set("footnote_sign_in", signed_in.token, domain="127.0.0.1")
        return client

    def program(self, name: str = "", *scopes: Scope, key: str = "") -> httpx.Client:
        """A program with a key of ``name``'s."""
        if name:
            _, key = self.accounts.make_key(self.people[name].id, "test", scopes or [Scope.ASK])
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        client = httpx.Client(base_url=self.url, timeout=60, trust_env=False, headers=headers)
        self.clients.append(client)
        return client


@contextmanager
def door(folder: Path, **overrides: Any) -> Iterator[Door]:
    """The server, until the end of the block."""
    from app.bootstrap import build_services, models
    from app.main import create_app
    from app.settings import Settings
    from ingest.pipeline import IngestOptions, ingest

    settings = Settings(_env_file=None, data_dir=folder / "data", accounts="on", **overrides)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "load_embedder", lambda _settings: WordEmbedder())
        services = build_services(settings)
        services.embedder.get(wait=True)
    services = replace(services, accounts=store_on(services.engine))
    for name, words in {"harbor": OPEN, "payroll": SECRET}.items():
        (folder / name).mkdir()
        (folder / name / f"{name}.md").write_text(f"# {name.title()}\n\n{words}\n")
        ingest(services, [str(folder / name)], IngestOptions(collection=name))
    people = {
        "sam": somebody(services.accounts, "Sam"),
        "fin": somebody(services.accounts, "Fin", Role.SEARCHER, "finance"),
        "pam": somebody(services.accounts, "Pam", Role.PM),
        "opal": somebody(services.accounts, "Opal", Role.OPERATOR),
    }
    services.accounts.restrict("payroll", ["finance"])
    documents, _ = services.documents.find(limit=10)
    with serving(create_app(services=services)) as running:
        wait_for(lambda: running.client.get("/readyz").status_code == 200)
        made = Door(running.url, running.app, services, people)
        made.documents = {document.collection: document.id for document in documents}
        try:
            yield made
        finally:
            for client in made.clients:
                client.close()


def sign_in(browser: httpx.Client, email: str, password: str = PASSWORD, **more: str) -> Any:
    """Send the form as it stands on the page."""
    return browser.post("/signin", data={"email": email, "password": password, **more})
