"""Many people and programs at once: what each does, at random, until it is time to stop."""

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from tests.soak.questions import LONGER, PLAIN, QUESTIONS

FROM_US = {"Sec-Fetch-Site": "same-origin", "accept": "text/html"}
HTMX = {**FROM_US, "hx-request": "true"}
STREAMED = {**HTMX, "accept": "text/event-stream"}
MCP = {"accept": "application/json, text/event-stream"}
PAGES = (
    *("/insights", "/insights/questions", "/insights/gaps", "/insights/feedback", "/traces"),
    *("/insights/cost", "/launch", "/evals", "/insights/alerts", "/readiness", "/prd"),
    *("/insights/metrics/acceptance", "/insights/questions.csv", "/insights/experiments"),
)
NEW = 0.1
"""Share of questions and uploads that never were before, several hundred in half an hour: what is
kept for each question without end shows from some 30 KB on. For functions that keep less there is
`test_every_cache_has_an_end`."""
OWN_DOCUMENTS = 5
"""What a visitor uploads but for `NEW` ones, again and again; their words are kept for a while."""
ANSWER = re.compile(r"ans_[0-9a-f]{16}")


@dataclass
class Tally:
    """What was done; shared by all clients."""

    done: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    took: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    lock: threading.Lock = field(default_factory=threading.Lock)
    rehearsing: set[int] = field(default_factory=set)
    """Desks whose visitor has not asked its share of the questions yet."""

    def note(self, name: str, seconds: float, problem: str = "") -> None:
        """One action."""
        with self.lock:
            self.done[name] += 1
            self.took[name].append(seconds)
            if problem:
                self.failed[f"{name}: {problem}"] += 1

    @property
    def total(self) -> int:
        """Actions so far."""
        return self.done.total()


class Visitor:
    """One client with its own cookies and connection; each method is one thing that people do."""

    def __init__(self, url: str, documents: list[str], dice: random.Random, desk: int) -> None:
        """``desk``: where the visitor sits; no two at one time upload the same document."""
        self.client = httpx.Client(base_url=url, timeout=60, trust_env=False)
        self.documents = documents
        self.dice = dice
        self.desk = desk
        self.answers: list[str] = []

    def question(self) -> str:
        """Some question; most were asked before."""
        if self.dice.random() < NEW:
            return f"{self.dice.choice(PLAIN)} ({self.dice.randrange(10**9)})"
        return self.dice.choice(PLAIN if self.dice.random() < 0.7 else LONGER)

    def rehearse(self, questions: Sequence[str], first: Sequence[str] = ()) -> None:
        """Ask ``first``, search for ``questions`` too; look at every page and document there is."""
        for question in first:
            asked = {"question": question, "followups": True}
            _ok(self.client.post("/api/v1/ask", json=asked))
        for question in questions:
            _ok(self.client.post("/api/v1/ask", json={"question": question}))
            _ok(self.client.get("/search", params={"q": question}, headers=FROM_US))
        for page in PAGES:
            _ok(self.client.get(page, headers=FROM_US))
        for document in self.documents:
            _ok(self.client.get(f"/documents/{document}", headers=FROM_US), 404)

    def ask_on_the_page(self) -> None:
        """A question on the page, its answer as a stream."""
        found = self._stream("/ask", {"q": self.question()}, STREAMED)
        self.answers = [*self.answers, *ANSWER.findall(found)][-20:]

    def leave_a_stream(self) -> None:
        """A question whose reader goes away after the first words."""
        self._stream("/ask", {"q": self.question()}, STREAMED, stop=1)

    def ask_by_api(self) -> None:
        """A program's question."""
        told = _ok(self.client.post("/api/v1/ask", json={"question": self.question()})).json()
        self.answers = [*self.answers, told["answer_id"]][-20:]

    def search(self) -> None:
        """A search page, then one hit opened."""
        _ok(self.client.get("/search", params={"q": self.question()}, headers=FROM_US))

    def type_a_search(self) -> None:
        """Results while the words are typed."""
        words = self.question()
        for end in range(4, min(len(words), 20), 5):
            _ok(self.client.get("/search", params={"q": words[:end]}, headers=HTMX))

    def read(self) -> None:
        """A document in the viewer, at a place."""
        start = self.dice.randrange(2000)
        place = {"start": start, "end": start + 40} if self.dice.random() < 0.5 else {}
        document = self.dice.choice(self.documents)
        _ok(self.client.get(f"/documents/{document}", params=place, headers=FROM_US), 404)

    def page_image(self) -> None:
        """A picture of a PDF's page; other formats have none."""
        document = self.dice.choice(self.documents)
        _ok(self.client.get(f"/documents/{document}/pages/{self.dice.randrange(1, 6)}.png"), 404)

    def original(self) -> None:
        """The file itself."""
        _ok(self.client.get(f"/documents/{self.dice.choice(self.documents)}/original"), 404)

    def upload_and_delete(self) -> None:
        """A document of one's own, read, then gone again."""
        number = self.desk * OWN_DOCUMENTS + self.dice.randrange(OWN_DOCUMENTS)
        if self.dice.random() < NEW:
            number = self.dice.randrange(10**6, 10**9)
        mark = 1000 * number
        text = "\n\n".join(
            f"## Part {part}\n\nRule {mark + part} says that door {part} of the lab stays shut."
            for part in range(30)
        )
        files = {"files": (f"rules-{mark}.md", text.encode())}
        sent = _ok(self.client.post("/api/v1/documents?wait=true", files=files)).json()
        for file in sent["files"]:
            if file.get("document_id"):
                _ok(self.client.delete(f"/api/v1/documents/{file['document_id']}"), 204)

    def judge(self) -> None:
        """A mark, a reason, or trust in an answer of one's own."""
        if not self.answers:
            return
        answer = self.dice.choice(self.answers)
        what, form = self.dice.choice(
            (
                ("feedback", {"helpful": "1"}),
                ("feedback", {"helpful": "0", "comment": "Not what I asked."}),
                ("report", {"kind": "other", "comment": "Odd."}),
            )
        )
        sent = self.client.post(f"/a/{answer}/{what}", data=form, headers=FROM_US)
        _ok(sent, 303, 404, 422, 400)

    def look_back(self) -> None:
        """One's history, and an answer again."""
        _ok(self.client.get("/history", headers=FROM_US))
        if self.answers:
            _ok(self.client.get(f"/a/{self.dice.choice(self.answers)}", headers=FROM_US), 404)

    def manage(self) -> None:
        """A product manager's page."""
        _ok(self.client.get(self.dice.choice(PAGES), headers=FROM_US))

    def chat(self) -> None:
        """An OpenAI client's stream, sometimes left early."""
        body = {
            "model": "footnote",
            "messages": [{"role": "user", "content": self.question()}],
            "stream": True,
        }
        stop = 1 if self.dice.random() < 0.3 else 0
        self._stream("/v1/chat/completions", body, {}, stop=stop, as_json=True)

    def call_a_tool(self) -> None:
        """An agent's search over MCP."""
        call = {"name": "search", "arguments": {"query": self.question(), "k": 3}}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
        _ok(self.client.post("/mcp", json=body, headers=MCP))

    def look_up(self) -> None:
        """The API's lists."""
        _ok(self.client.get(self.dice.choice(("/api/v1/documents", "/api/v1/collections"))))
        _ok(self.client.get("/api/v1/search", params={"q": self.question(), "k": 3}))

    def stumble(self) -> None:
        """What does not exist or makes no sense."""
        _ok(self.client.get("/documents/nothing", headers=FROM_US), 404)
        _ok(self.client.post("/api/v1/ask", json={"question": ""}), 400, 422)

    def _stream(
        self,
        path: str,
        body: dict[str, Any],
        headers: dict[str, str],
        *,
        stop: int = 0,
        as_json: bool = False,
    ) -> str:
        sent: dict[str, Any] = {"json": body} if as_json else {"data": body}
        found = ""
        with self.client.stream("POST", path, headers=headers, **sent) as answer:
            if answer.status_code != 200:
                answer.read()
                _ok(answer)
            for number, part in enumerate(answer.iter_text()):
                found += part
                if stop and number + 1 >= stop:
                    break
        return found


ACTIONS: tuple[tuple[Callable[[Visitor], None], int], ...] = (
    *((Visitor.ask_on_the_page, 6), (Visitor.leave_a_stream, 2), (Visitor.ask_by_api, 4)),
    *((Visitor.search, 3), (Visitor.type_a_search, 3), (Visitor.read, 4), (Visitor.page_image, 2)),
    *((Visitor.original, 1), (Visitor.upload_and_delete, 2), (Visitor.judge, 3)),
    *((Visitor.look_back, 2), (Visitor.manage, 3), (Visitor.chat, 2), (Visitor.call_a_tool, 2)),
    *((Visitor.look_up, 2), (Visitor.stumble, 1)),
)
"""What visitors do, and how often of 42 times."""


def _ok(answer: httpx.Response, *others: int) -> httpx.Response:
    """The answer, when its status is 2xx or one of ``others``; anything else is a failure."""
    if answer.is_success or answer.status_code in others:
        return answer
    raise RuntimeError(f"{answer.status_code} for {answer.request.method} {_where(answer)}")


def _where(answer: httpx.Response) -> str:
    return re.sub(r"(ans|doc|sea)_[0-9a-f]+", r"\1_…", answer.request.url.path)


@contextmanager
def visitors(
    url: str, count: int, pause_s: float, seed: int, first: Sequence[str] = ()
) -> Iterator[Tally]:
    """``count`` clients at work while the context is open, each resting ``pause_s`` on average.

    Together they rehearse `QUESTIONS` before, and ask ``first`` before these.
    """
    tally, stopped = Tally(rehearsing=set(range(count))), threading.Event()
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        found = client.get("/api/v1/documents", params={"limit": 200}).json()["documents"]
    documents = [one["id"] for one in found]
    threads = [
        threading.Thread(
            target=_visit,
            args=(
                Visitor(url, documents, random.Random(seed + number), number),
                partial(
                    Visitor.rehearse, questions=QUESTIONS[number::count], first=first[number::count]
                ),
                pause_s,
                tally,
                stopped,
            ),
            name=f"visitor-{number}",
            daemon=True,
        )
        for number in range(count)
    ]
    for thread in threads:
        thread.start()
    try:
        yield tally
    finally:
        stopped.set()
        for thread in threads:
            thread.join(90)


def _visit(
    visitor: Visitor,
    rehearse: Callable[[Visitor], None],
    pause_s: float,
    tally: Tally,
    stopped: threading.Event,
) -> None:
    dice, desk, url = visitor.dice, visitor.desk, str(visitor.client.base_url)
    _do(partial(rehearse, visitor), "rehearse", tally)
    tally.rehearsing.discard(desk)
    doings, weights = zip(*ACTIONS, strict=True)
    while not stopped.is_set():
        if dice.random() < 0.02:  # somebody else comes
            visitor.client.close()
            visitor = Visitor(url, visitor.documents, dice, desk)
        (action,) = dice.choices(doings, weights)
        _do(partial(action, visitor), action.__name__, tally)
        stopped.wait(dice.expovariate(1 / pause_s) if pause_s else 0)
    visitor.client.close()


def _do(action: Callable[[], None], name: str, tally: Tally) -> None:
    started, problem = time.monotonic(), ""
    try:
        action()
    except Exception as error:  # noqa: BLE001  # a visitor that dies unseen is load that is missing
        problem = f"{type(error).__name__}: {error}"[:200]
    tally.note(name, time.monotonic() - started, problem)
