"""The same house with its door: people come in by invitation, programs with keys of theirs.

Groups, people, keys and who sees what are made over HTTP, on the pages that the product has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.access import Scope
from tests.access.house import SEALED, House, UnknownWords, filled
from tests.api.conftest import plain_settings, serving, wait_for
from tests.contracts.accounts import PASSWORD, store_on

BROWSER = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
PEOPLE = {  # reader → their role, and whether they are in the group at first
    "searcher": ("searcher", False),
    "pm": ("pm", False),
    "former": ("pm", True),
    "insider": ("searcher", True),
    "member": ("pm", True),
}
KEYS = {  # reader → whose key, and what it may be used for
    "searcher's key": ("searcher", (Scope.ASK,)),
    "pm's key": ("pm", (Scope.ASK, Scope.INSIGHTS)),
    "insider's key": ("insider", (Scope.ASK,)),
    "key for insights": ("member", (Scope.INSIGHTS,)),
    "key for people": ("all", (Scope.MANAGE,)),
}
OUTSIDE = ("searcher", "pm", "former", "searcher's key", "pm's key", "nobody", "wrong key")
"""Whoever may see nothing of the sealed collection, and how they come."""
NARROW = {"key for insights": Scope.INSIGHTS, "key for people": Scope.MANAGE}
"""Keys of people who see it, and the only thing that each may be used for."""


@dataclass
class Gate(House):
    """The house, and a browser or program for each reader; the operator is ``all``."""

    readers: dict[str, httpx.Client] = field(default_factory=dict)
    emails: dict[str, str] = field(default_factory=dict)

    def send(self, reader: str, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """One request by a reader; redirects are not followed."""
        return self.readers[reader].request(method, path, **kwargs)

    def come_in(self, reader: str, link: str, **typed: str) -> None:
        """Follow an invitation, and keep the sign-in's cookie."""
        browser = self._client(**BROWSER)
        done = browser.post(
            link.removeprefix(self.server.url), data={"password": PASSWORD, **typed}
        )
        assert done.status_code == 303, done.text
        assert "footnote_sign_in" in browser.cookies
        self.readers[reader] = browser

    def invite(self, reader: str, role: str, *groups: str) -> None:
        """As the operator does, on the page; and they come."""
        asked = {"email": f"{reader}@example.org", "role": role, "group": list(groups)}
        page = self.send("all", "POST", "/people/invite", data=asked)
        assert page.status_code == 201, page.text
        found = re.search(r"/invite/[\w-]+", page.text)
        assert found is not None
        self.come_in(reader, found[0], name=reader.title())

    def make_key(self, reader: str, owner: str, scopes: tuple[Scope, ...]) -> None:
        """As its owner does, on the page of their account."""
        asked = {"key_name": reader, "scope": [str(one) for one in scopes]}
        page = self.send(owner, "POST", "/account/keys", data=asked)
        assert page.status_code == 201, page.text
        found = re.search(r"fn_[\w-]{30,}", page.text)
        assert found is not None
        self.program(reader, found[0])

    def program(self, reader: str, key: str) -> None:
        """A program that sends ``key``."""
        self.readers[reader] = self._client(Authorization=f"Bearer {key}")

    def user_id(self, reader: str) -> str:
        """Of a person."""
        email = f"{reader}@example.org"
        users = self.server.services.accounts.users()
        return next(user.id for user in users if user.email == email)

    def _client(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.server.url, timeout=60, trust_env=False, headers=headers)


@contextmanager
def gate(folder: Path) -> Iterator[Gate]:
    """The application over ``folder``, with accounts, filled."""
    from app.bootstrap import build_services, models
    from app.entrance.first_operator import first_link
    from app.main import create_app

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true")
        patch.setattr(models, "load_embedder", lambda _settings: UnknownWords())
        settings = plain_settings(folder / "data", accounts="on", rate_limits="off")
        services = build_services(settings)
        services.embedder.get(wait=True)
        services = replace(services, accounts=store_on(services.engine))  # hashes cheaply
        with serving(create_app(services=services)) as server:
            wait_for(lambda: server.client.get("/readyz").status_code == 200)
            one = Gate(server)
            try:
                link = first_link(services.accounts, server.url)
                assert link is not None
                one.come_in("all", link.address, email="all@example.org", name="Opal")
                _let_in(one)
                yield one
            finally:
                for client in one.readers.values():
                    client.close()


def _let_in(one: Gate) -> None:
    post = {"name": "board"}
    assert one.send("all", "POST", "/people/groups", data=post).status_code == 303
    post = {"collection": SEALED, "group": "board"}
    assert one.send("all", "POST", "/people/groups/collection", data=post).status_code == 303
    for reader, (role, inside) in PEOPLE.items():
        one.invite(reader, role, *(["board"] if inside else []))
    for reader, (owner, scopes) in KEYS.items():
        one.make_key(reader, owner, scopes)
    one.readers["nobody"] = one._client(**BROWSER)
    one.program("wrong key", "fn_" + "x" * 43)
    filled(one, owner="member")
    assert "4711 million" in one.ask("former", "What is the severance budget of the deal?")["text"]
    stay = {"group": "board", "member": [one.user_id("insider"), one.user_id("member")]}
    assert one.send("all", "POST", "/people/groups/members", data=stay).status_code == 303
