"""Plays the script through the real HTTP interface, as browsers and programs would.

What was done and what came back is kept as `Done`, a line for each step; the truth is made of that
and of nothing the product has concluded from it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from selectolax.lexbor import LexborHTMLParser

from tests.replay.script import Session, Step
from tests.replay.server import HEADER

ASKS = ("ask", "follow_up", "regenerate", "stop", "search")
STREAM = {"HX-Request": "true", "Accept": "text/event-stream"}
Slow = Callable[[], AbstractContextManager[Callable[[], None]]]
"""Meanwhile the chat model is slow to begin; what is given returns once it was asked. Who leaves
before has it asked when it is quick again, and words come that nobody waited for."""


@dataclass(frozen=True)
class Done:
    """One step, when it was taken, and what is known of its outcome.

    ``door``: of the session. ``does``: what was really done: a person who wants to open a source
    of an answer that has none opens nothing (``nothing``). ``answer``: the API's answer to it.
    """

    session: str
    door: str
    at: str
    does: str
    on: int
    text: str = ""
    thread: int | None = None
    rephrases: int | None = None
    helpful: bool = True
    rating: int = 0
    answer: dict[str, Any] = field(default_factory=dict)

    def line(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)


@dataclass
class Asked:
    """A question of a session that has its answer."""

    answer_id: str
    conversation_id: str
    page: str = ""


class Visitor:
    """One session: its cookies or its header, and what it has asked."""

    def __init__(self, session: Session, base_url: str, slow: Slow) -> None:
        self.session = session
        self._slow = slow
        headers = {}
        if session.door == "private":
            headers["Sec-GPC"] = "1"
        if session.door == "api":
            headers["X-Session-Id"] = f"replay-{session.name}"
        self._http = httpx.Client(base_url=base_url, headers=headers, timeout=60)
        self._asked: dict[int, Asked] = {}
        self._moment = ""

    def close(self) -> None:
        """Let the connection go."""
        self._http.close()

    def take(self, step: Step) -> Done:
        """Do what the script says, at its time."""
        at = self.session.start + timedelta(seconds=step.after)
        self._moment = at.isoformat()
        asks = step.does in ASKS
        answer: dict[str, Any] = getattr(self, f"_{step.does}")(step) if asks else {}
        does = step.does if asks else self._act(step)
        return Done(
            session=self.session.name,
            door=self.session.door,
            at=self._moment,
            does=does,
            on=step.on,
            text=step.text,
            thread=step.thread if asks else None,
            rephrases=step.rephrases if asks else None,
            helpful=step.helpful,
            rating=step.rating,
            answer=answer,
        )

    # --- asking --------------------------------------------------------------------------------

    def _ask(self, step: Step, conversation: str = "", path: str = "") -> dict[str, Any]:
        door = self.session.door
        if door == "openai":
            body: dict[str, Any] = {
                "model": "footnote",
                "messages": [{"role": "user", "content": step.text}],
            }
            given = self._send("POST", "/v1/chat/completions", json=body).json()
            return self._keep(step, given["id"].removeprefix("chatcmpl-"))
        if door in ("api", "conversation"):
            body = {"question": step.text, "mode": "quotes"}
            if conversation:
                body["conversation_id"] = conversation
            given = self._send("POST", "/api/v1/ask", json=body).json()
            return self._keep(step, given["answer_id"])
        if path:
            there = self._send("GET", path, expect=303)
        else:
            mode = "auto" if step.written else "quotes"
            form = {"q": step.text, "mode": mode, "conversation_id": conversation}
            there = self._send("POST", "/ask", data=form, expect=303)
        return self._keep(step, there.headers["location"].removeprefix("/a/"))

    def _keep(self, step: Step, answer_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._send("GET", f"/api/v1/answers/{answer_id}").json()
        self._asked[step.on] = Asked(answer_id, answer["conversation_id"])
        return answer

    def _follow_up(self, step: Step) -> dict[str, Any]:
        assert step.thread is not None
        return self._ask(step, self._asked[step.thread].conversation_id)

    def _regenerate(self, step: Step) -> dict[str, Any]:
        """The link "Ask again" of the answer's page."""
        assert step.rephrases is not None
        page = LexborHTMLParser(self._page(step.rephrases))
        links = [node for node in page.css("a[href^='/ask?']") if "Ask again" in node.text()]
        address = links[0].attributes["href"]
        assert address
        return self._ask(step, path=address)

    def _stop(self, step: Step) -> dict[str, Any]:
        """Read until the model is waited for, then go away."""
        form = {"q": step.text, "mode": "written"}
        headers = {**STREAM, HEADER: self._moment}
        with (
            self._slow() as asked,
            self._http.stream("POST", "/ask", data=form, headers=headers) as response,
        ):
            read, pieces = "", response.iter_text()  # forgetting these closes the connection
            for piece in pieces:
                read += piece
                if "Waiting for" in read:
                    break
            assert "Waiting for" in read, f"nothing to stop in {step.text!r}"
            asked()
        return {}

    def _search(self, step: Step) -> dict[str, Any]:
        page = self._send("GET", "/search", params={"q": step.text}).text
        self._asked[step.on] = Asked("", "", page)
        return {}

    # --- afterwards ----------------------------------------------------------------------------

    def _act(self, step: Step) -> str:
        asked = self._asked[step.on]
        act = getattr(self, f"_does_{step.does}")
        did = "nothing"
        for _ in range(2 if step.twice else 1):
            did = str(act(step, asked))
        return did

    def _does_open(self, step: Step, _asked: Asked) -> str:
        return self._follow(step.on, ".cite", "open")

    def _does_open_passage(self, step: Step, asked: Asked) -> str:
        """The first of the closest passages; where there is an answer after all, its source."""
        state = self._send("GET", f"/api/v1/answers/{asked.answer_id}").json()["state"]
        if state != "not_found":
            return self._does_open(step, asked)
        return self._follow(step.on, ".sources a[href^='/documents/']", "open_passage")

    def _does_open_result(self, step: Step, asked: Asked) -> str:
        return self._click(asked.page, "#results a[href^='/documents/']", "open_result")

    def _does_copy(self, step: Step, asked: Asked) -> str:
        return self._beacon("copied", step, asked)

    def _does_share(self, step: Step, asked: Asked) -> str:
        return self._beacon("shared", step, asked)

    def _does_rate(self, step: Step, asked: Asked) -> str:
        self._beacon("trust_rated", step, asked, rating=step.rating)
        return "rate"

    def _does_reload(self, step: Step, asked: Asked) -> str:
        self._send("GET", f"/a/{asked.answer_id}")
        return "nothing"

    def _does_mark(self, step: Step, asked: Asked) -> str:
        if self.session.door == "api":
            body = {"helpful": step.helpful}
            path = f"/api/v1/answers/{asked.answer_id}/feedback"
            self._send("POST", path, json=body, expect=201)
        else:
            form = {"helpful": "yes" if step.helpful else "no"}
            self._send("POST", f"/a/{asked.answer_id}/feedback", data=form, expect=303)
        return "mark"

    def _does_correct(self, step: Step, asked: Asked) -> str:
        text = "It says something else in the newest version."
        if self.session.door == "api":
            body = {"helpful": False, "correction": text}
            path = f"/api/v1/answers/{asked.answer_id}/feedback"
            self._send("POST", path, json=body, expect=201)
        else:
            form = {"correction": text}
            self._send("POST", f"/a/{asked.answer_id}/correction", data=form, expect=303)
        return "correct"

    def _does_report(self, step: Step, asked: Asked) -> str:
        form = {"kind": "wrong_source"}
        self._send("POST", f"/a/{asked.answer_id}/report", data=form, expect=303)
        return "report"

    def _does_request(self, step: Step, asked: Asked) -> str:
        self._send("POST", f"/a/{asked.answer_id}/request", data={}, expect=303)
        return "request"

    def _beacon(self, kind: str, step: Step, asked: Asked, **properties: object) -> str:
        """The same id for the same click, however often it is sent."""
        made = uuid.uuid5(uuid.NAMESPACE_URL, f"{self.session.name}/{kind}/{step.after}")
        event = {
            "id": str(made),
            "kind": kind,
            "answer_id": asked.answer_id,
            "properties": properties,
        }
        self._send("POST", "/events", json={"events": [event]}, expect=204)
        return {"copied": "copy", "shared": "share"}.get(kind, kind)

    # --- requests ------------------------------------------------------------------------------

    def _page(self, on: int) -> str:
        asked = self._asked[on]
        if not asked.page:
            asked.page = self._send("GET", f"/a/{asked.answer_id}").text
        return asked.page

    def _follow(self, on: int, selector: str, did: str) -> str:
        return self._click(self._page(on), selector, did)

    def _click(self, page: str, selector: str, did: str) -> str:
        link = LexborHTMLParser(page).css_first(selector)
        if link is None:
            return "nothing"
        address = link.attributes["href"]
        assert address
        self._send("GET", address.partition("#")[0])
        return did

    def _send(self, method: str, path: str, *, expect: int = 200, **more: Any) -> httpx.Response:
        response = self._http.request(method, path, headers={HEADER: self._moment}, **more)
        if response.status_code != expect:
            raise AssertionError(
                f"{method} {path} of {self.session.name}: {response.status_code} "
                f"instead of {expect}: {response.text[:300]}"
            )
        return response


class Day:
    """The sessions of a day, played in the order of its moments, in as many pieces as wanted."""

    def __init__(self, sessions: Iterable[Session], base_url: str, slow: Slow) -> None:
        """``slow``: the chat model's, so that somebody can go away."""
        self.log: list[Done] = []
        self._visitors = {one.name: Visitor(one, base_url, slow) for one in sessions}
        self._left = sorted(
            (
                (visitor.session.start + timedelta(seconds=step.after), number, name, step)
                for name, visitor in self._visitors.items()
                for number, step in enumerate(visitor.session.steps)
            ),
            key=lambda entry: entry[:3],
        )

    def play(self, until: datetime | None = None) -> None:
        """Everything that happens before ``until``; None: the rest."""
        while self._left and (until is None or self._left[0][0] < until):
            _, _, name, step = self._left.pop(0)
            self.log.append(self._visitors[name].take(step))

    def close(self) -> None:
        """Let all connections go."""
        for visitor in self._visitors.values():
            visitor.close()
