"""A scripted OpenAI-compatible server: real HTTP on loopback, `/v1/models` and chat completions.

::

    with serve() as server:
        server.script(PROSE)                 # for every request from now on
        server.script(rate_limited(), PROSE) # one after the other; the last one stays
        FOOTNOTE_CHAT_MODEL=openai:scripted  FOOTNOTE_CHAT_BASE_URL={server.base_url}
        server.requests                      # what was asked: messages, options, headers

A script's text is fixed or made from what the model was shown (`Shown`), so the default needs no
knowledge of the documents. `OBEDIENT` and `GULLIBLE` stand for models that follow instructions:
the first those that stand outside the delimited passages, the second any that it can read.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "scripted"
_PASSAGE = re.compile(
    r'<passage-(?P<nonce>\w+) number="(?P<number>\d+)">\n(?P<text>.*?)\n</passage-(?P=nonce)>',
    re.DOTALL,
)
_ORDERS = re.compile(
    r"(?:ignore|disregard|forget|override|you (?:must|are now|will|should now)"
    r"|instead,? (?:say|reply|answer|write|tell)"
    r"|(?:say|reply|respond|answer|write|output|print|append|include|tell)\b[^.\n]{0,60}\b"
    r"(?:that|with|only|exactly|the (?:user|reader))|system prompt|new instructions?)",
    re.IGNORECASE,
)
_URL = re.compile(r"https?://[^\s)\"'>\]]+")


@dataclass(frozen=True)
class Shown:
    """What the model was shown in one request."""

    messages: tuple[dict[str, str], ...]
    options: dict[str, Any]
    headers: dict[str, str]

    @property
    def system(self) -> str:
        """The rules."""
        return "\n".join(
            m["content"] for m in self.messages if m["role"] in ("system", "developer")
        )

    @property
    def user(self) -> str:
        """Everything else."""
        return "\n".join(m["content"] for m in self.messages if m["role"] == "user")

    @property
    def passages(self) -> dict[int, str]:
        """Number → what stands between its delimiters: title, headings, an empty line, the text."""
        return {int(found["number"]): found["text"] for found in _PASSAGE.finditer(self.user)}

    @property
    def outside(self) -> str:
        """What the model is told that does not stand between the delimiters of a passage."""
        nonces = {found["nonce"] for found in _PASSAGE.finditer(self.user)}
        text = self.user
        for nonce in nonces:
            inside = rf"<passage-{nonce} number=\"\d+\">.*?</passage-{nonce}>"
            text = re.sub(inside, "", text, flags=re.DOTALL)
        return text.strip()

    @property
    def question(self) -> str:
        """The question that is asked."""
        found = re.search(r"(?:Question|Last question): (.*)\Z", self.user)
        return found[1] if found else ""

    def body(self, number: int) -> str:
        """A passage's text without its head."""
        return self.passages[number].partition("\n\n")[2]


@dataclass(frozen=True)
class Script:
    """How one request is answered.

    ``status`` other than 200 answers with an error before anything is streamed. Pieces of ``text``
    are ``piece`` characters long. ``*_after`` count pieces: then the stream breaks in that way.
    ``endless`` repeats the text until the client goes.
    """

    text: str | Callable[[Shown], str] = ""
    status: int = 200
    code: str = ""
    retry_after: float | None = None
    first_wait_s: float = 0.0
    wait_s: float = 0.0
    piece: int = 12
    error_after: int | None = None
    garbage_after: int | None = None
    drop_after: int | None = None
    finish: str | None = "stop"
    refusal: str = ""
    usage: tuple[int, int] | None = (321, 45)
    endless: bool = False


def first_sentences(shown: Shown) -> str:
    """The first sentence of each of the first two passages, cited."""
    told = []
    for number in sorted(shown.passages)[:2]:
        sentence = re.split(r"(?<=[.!?])\s|\n", shown.body(number).strip())[0].rstrip(".")
        told.append(f"{sentence} [{number}].")
    return " ".join(told)


def rewriting(shown: Shown) -> str:
    """A follow-up with the question before it in front; other requests as `first_sentences`."""
    if "rewrite the last question" not in shown.system:
        return first_sentences(shown)
    before = re.findall(r"^Question: (.*)$", shown.user, re.MULTILINE)
    return f"{before[-1].rstrip('?')}, {shown.question}" if before else shown.question


def obeying(text: str, shown: Shown) -> str:
    """What a model answers that does what ``text`` says: repeats it, links and loads everything."""
    orders = [line.strip() for line in text.splitlines() if _ORDERS.search(line)]
    addresses = _URL.findall(text)
    if not orders and not addresses:
        return first_sentences(shown)
    told = [f"{re.sub(r'[.!?]+$', '', order)} [1]." for order in orders]
    for address in addresses:
        told.append(f"![status]({address}?q=secret) Details are [here]({address}) [1].")
        told.append(f'<img src="{address}"><a href="{address}">open</a> {address} [1].')
    return "PWNED. " + " ".join(told)


PROSE = Script(first_sentences)
REWRITING = Script(rewriting)
OBEDIENT = Script(lambda shown: obeying(shown.outside, shown))
GULLIBLE = Script(lambda shown: obeying(shown.user, shown))
SLOW_FIRST = replace(PROSE, first_wait_s=30.0)
SLOW_BETWEEN = replace(PROSE, wait_s=30.0)
TYPING = replace(PROSE, wait_s=0.05)
DROPPED = replace(PROSE, drop_after=3)
DROPPED_AT_ONCE = replace(PROSE, drop_after=0)
ERROR_MIDWAY = replace(PROSE, error_after=3)
GARBAGE_MIDWAY = replace(PROSE, garbage_after=3)
NO_USAGE = replace(PROSE, usage=None)
NO_FINISH = replace(PROSE, finish=None)
CUT = replace(PROSE, finish="length")
FILTERED = replace(PROSE, finish="content_filter")
REFUSING = Script("I'm sorry, I can't help with that request.")
REFUSAL_FIELD = Script("", refusal="I can't help with that.")
EMPTY = Script("")
BLANK = Script(" \n \n ")
NOT_COVERED = Script("NOT_COVERED")
UNCITED = Script("Everything is fine and nobody has to do anything about it.")
ENDLESS = Script("and so on [1] ", endless=True)
MALFORMED = Script(
    lambda shown: (
        f"## Answer\n\n**{_start(shown)}**【1†source】. Then [99] and [0] say so too [1, 1-1]"
        "[^1]\n\n"
        f"| What | Where |\n|---|---|\n| {_start(shown)} | here (Source 1) |\n\n"
        "```\nsome code\n```\n\n![x](http://127.0.0.1:9/x.png) [link](http://127.0.0.1:9/) [1\n\n"
        "Sources:\n[1]: http://127.0.0.1:9/a\n[2] another"
    )
)
UNAUTHORIZED = Script(status=401, code="invalid_api_key")
NO_SUCH_MODEL = Script(status=404, code="model_not_found")
TOO_LONG = Script(status=400, code="context_length_exceeded")
BROKEN = Script(status=500, code="server_error")
NO_CREDIT = Script(status=429, code="insufficient_quota")


def rate_limited(retry_after: float | None = None) -> Script:
    """429, with or without a time to wait."""
    return Script(status=429, code="rate_limit_exceeded", retry_after=retry_after)


SCRIPTS: dict[str, Script] = {
    name.lower(): value for name, value in list(globals().items()) if isinstance(value, Script)
}
"""Every ready-made script by name."""


def _start(shown: Shown) -> str:
    return " ".join(shown.body(min(shown.passages)).split()[:8]).rstrip(".")


@dataclass
class OpenAIServer:
    """A running server; `script` says what it does next."""

    base_url: str
    requests: list[Shown] = field(default_factory=list)
    closed_early: threading.Event = field(default_factory=threading.Event)
    """Set when a client went away while text was still being sent."""
    _scripts: list[Script] = field(default_factory=lambda: [PROSE])
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def script(self, *scripts: Script) -> None:
        """Answer the next requests with these, one each; the last one stays."""
        with self._lock:
            self._scripts = list(scripts)

    def take(self, shown: Shown) -> Script:
        """Note a request and give its script."""
        with self._lock:
            self.requests.append(shown)
            return self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]

    def rest(self, seconds: float) -> None:
        """Wait, unless the server is stopping."""
        if seconds > 0:
            self._stopping.wait(seconds)

    @property
    def stopping(self) -> bool:
        """Whether the test is over."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """End every wait."""
        self._stopping.set()


@contextmanager
def serve(*scripts: Script) -> Iterator[OpenAIServer]:
    """A server on a free port of 127.0.0.1, for as long as the block lasts."""

    class Handler(_Handler):
        pass

    listening = _Listening(("127.0.0.1", 0), Handler)
    server = OpenAIServer(f"http://127.0.0.1:{listening.server_address[1]}/v1")
    if scripts:
        server.script(*scripts)
    Handler.owner = server
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        listening.shutdown()
        listening.server_close()
        thread.join()


class _Listening(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is part of the script."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: OpenAIServer

    def do_GET(self) -> None:  # the base class's name
        if self.path.rstrip("/").endswith("/models"):
            model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "tests"}
            self._json(200, {"object": "list", "data": [model]})
        else:
            self._json(404, _error("not_found"))

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        body = json.loads(self.rfile.read(length) or b"{}")
        if not self.path.endswith("/chat/completions"):
            self._json(404, _error("not_found"))
            return
        messages = tuple(
            {"role": m["role"], "content": _plain(m["content"])} for m in body.pop("messages")
        )
        shown = Shown(messages, body, {k.lower(): v for k, v in self.headers.items()})
        script = self.owner.take(shown)
        try:
            if script.status != 200:
                self.owner.rest(script.first_wait_s)
                self._json(script.status, _error(script.code), script.retry_after)
            elif body.get("stream"):
                self._stream(script, shown)
            else:
                self._whole(script, shown)
        except (BrokenPipeError, ConnectionResetError):
            self.owner.closed_early.set()
            self.close_connection = True

    def _whole(self, script: Script, shown: Shown) -> None:
        self.owner.rest(script.first_wait_s)
        if script.drop_after is not None:
            self.close_connection = True  # nothing is sent
            return
        message = {"role": "assistant", "content": _text(script, shown)}
        answer = _event(
            [{"index": 0, "message": message, "finish_reason": script.finish or "stop"}]
        )
        if script.usage:
            answer["usage"] = _usage(script.usage)
        self._json(200, answer | {"object": "chat.completion"})

    def _stream(self, script: Script, shown: Shown) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self._send(_event([_choice({"role": "assistant", "content": ""})]))
        self.owner.rest(script.first_wait_s)
        if script.refusal:
            self._send(_event([_choice({"refusal": script.refusal})]))
        for sent, piece in enumerate(_pieces(script, _text(script, shown))):
            if self.owner.stopping:
                break
            if sent == script.drop_after:
                self.close_connection = True  # in the middle of a chunked body: no proper end
                return
            if sent == script.error_after:
                self._send(_error("server_error"))
                self._chunk(b"")
                return
            if sent == script.garbage_after:
                self._chunk(b'data: {"choices": [{"delta": {"content": oops\n\n')
            self._send(_event([_choice({"content": piece})]))
            self.owner.rest(script.wait_s)
        if script.finish is not None:
            self._send(_event([_choice({}, script.finish)]))
        if script.usage and (shown.options.get("stream_options") or {}).get("include_usage"):
            self._send(_event([]) | {"usage": _usage(script.usage)})
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _send(self, event: dict[str, Any]) -> None:
        self._chunk(f"data: {json.dumps(event)}\n\n".encode())

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _json(self, status: int, body: dict[str, Any], retry_after: float | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        if retry_after is not None:
            self.send_header("retry-after", f"{retry_after:g}")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


def _text(script: Script, shown: Shown) -> str:
    return script.text(shown) if callable(script.text) else script.text


def _pieces(script: Script, text: str) -> Iterator[str]:
    while True:
        for start in range(0, len(text), script.piece):
            yield text[start : start + script.piece]
        if not script.endless:
            return


def _plain(content: object) -> str:
    if isinstance(content, str):
        return content
    parts: Sequence[Any] = content if isinstance(content, list) else []
    return "".join(part.get("text", "") for part in parts)


def _choice(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish}


def _event(choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": MODEL,
        "choices": choices,
    }


def _usage(tokens: tuple[int, int]) -> dict[str, int]:
    return {
        "prompt_tokens": tokens[0],
        "completion_tokens": tokens[1],
        "total_tokens": sum(tokens),
    }


def _error(code: str) -> dict[str, Any]:
    # As providers do: with a bit of the key, which must never be shown to anybody.
    return {"error": {"message": f"{code}: key sk-SECRET***", "type": code, "code": code}}
