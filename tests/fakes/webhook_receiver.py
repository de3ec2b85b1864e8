"""A webhook's other end: real HTTP on loopback that takes, refuses, fails, redirects or hangs.

::

    with receive() as hook:
        hook.address                 # for FOOTNOTE_ALERT_WEBHOOK; its path is a secret
        hook.status = 500            # what the next requests are answered with; 0: never
        hook.received                # the JSON that came
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "T000-B000-secret-path"


@dataclass
class Receiver:
    """A running receiver."""

    address: str
    status: int = 200
    received: list[dict[str, Any]] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)


@contextmanager
def receive(status: int = 200) -> Iterator[Receiver]:
    """A receiver on a free port of 127.0.0.1, for as long as the block lasts."""

    class Handler(_Handler):
        pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    hook = Receiver(f"http://127.0.0.1:{listening.server_address[1]}/{SECRET}", status)
    Handler.owner = hook
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hook
    finally:
        hook.stopping.set()
        listening.shutdown()
        listening.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    owner: Receiver

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.owner.received.append(json.loads(self.rfile.read(length)))
        if self.owner.status == 0:
            self.owner.stopping.wait(30)
            return
        self.send_response(self.owner.status)
        if self.owner.status in (301, 302, 307):
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_said: object) -> None:
        """Say nothing."""
