"""Secrets of the environment stay out of what leaves the server: exports, and reports of evals.

Each runs as a process of its own, set up by its environment alone, as a server is.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.security.test_secrets import KEYS, told

pytestmark = pytest.mark.slow
QUESTION = "How many weeks of leave has everybody a year?"
SERVE = """
import sys
from pathlib import Path
from app.access import Role
from app.bootstrap import build_services, models
from app.settings import load_settings
from ingest.pipeline import IngestOptions, ingest
from tests.knowledge.world import WordEmbedder
from tests.web.conftest import FROM_US, browsing

models.load_embedder = lambda settings: WordEmbedder()
services = build_services(load_settings())
services.embedder.get(wait=True)
Path("leave.md").write_text("Everybody has 27 weeks of leave a year, and a day.")
ingest(services, ["leave.md"], IngestOptions())
password = sys.stdin.read()
services.accounts.add_user("anna@example.org", "Anna", Role.OPERATOR, password=password)
with browsing(services) as client:
    typed = {"email": "anna@example.org", "password": password}
    said = [client.post("/signin", data=typed, headers=FROM_US)]
    asked = {"q": sys.argv[1], "mode": "written"}
    said.append(client.post("/ask", data=asked, headers=FROM_US))
    said.append(client.get(said[-1].headers["location"]))
    key = {"Authorization": "Bearer " + sys.argv[2]}
    said.append(client.get("/api/v1/collections", headers=key))
    said.append(client.post("/insights/alerts/test", headers=FROM_US))
    pages = ("/", "/insights", "/traces", "/insights/cost", "/evals", "/launch", "/sso/start",
             "/privacy", "/people", "/audit", "/account", "/insights/alerts", "/readyz")
    said += [client.get(path) for path in pages]
    trace = client.get("/api/v1/traces").json()["traces"][0]
    said.append(client.get("/api/v1/traces/" + trace["trace_id"]))
for one in said:
    print(one.request.method, one.url.path, one.status_code, one.text)
"""
EVAL = """
import logging
logging.basicConfig(level="DEBUG")
from app.bootstrap import models
from tests.knowledge.world import WordEmbedder
models.load_embedder = lambda settings: WordEmbedder()
from app.cli import main
main()
"""


@dataclass
class Collector:
    """What was exported: to which paths, with which headers, and everything in it."""

    url: str
    paths: set[str] = field(default_factory=set)
    headers: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


@pytest.fixture
def collector() -> Iterator[Collector]:
    """In place of a collector: takes what is exported by OTLP over HTTP."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding") == "gzip"
            one.paths.add(self.path)
            one.headers.append(str(self.headers))
            one.bodies.append(gzip.decompress(body) if packed else body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    one = Collector(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield one
    server.shutdown()
    server.server_close()
    thread.join()


def environment(folder: Path, echo: str) -> dict[str, str]:
    """Every secret that a server is given; all of them end at a server that repeats them."""
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "FOOTNOTE_DATA_DIR": str(folder / "data"),
        "FOOTNOTE_LOG_LEVEL": "debug",
        "FOOTNOTE_CHAT_MODEL": "openai:scripted",
        "FOOTNOTE_CHAT_BASE_URL": f"{echo}/v1",
        "FOOTNOTE_CHAT_API_KEY": KEYS["chat"],
        "FOOTNOTE_JUDGE_MODEL": "openai:scripted",
        "FOOTNOTE_JUDGE_BASE_URL": f"{echo}/v1",
        "FOOTNOTE_JUDGE_API_KEY": KEYS["judge"],
        "FOOTNOTE_ALERT_WEBHOOK": f"{echo}/{KEYS['hook']}",
        "FOOTNOTE_ACCOUNTS": "on",
        "FOOTNOTE_OIDC_ISSUER": echo,
        "FOOTNOTE_OIDC_CLIENT_ID": "footnote",
        "FOOTNOTE_OIDC_CLIENT_SECRET": KEYS["sso"],
    }


def ran(
    program: str, *arguments: str, folder: Path, settings: dict[str, str], given: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        env=settings,
        input=given,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def test_nothing_exported_shown_or_logged_has_a_secret_of_the_environment(
    tmp_path: Path, echo: str, collector: Collector
) -> None:
    settings = environment(tmp_path, echo) | {
        "FOOTNOTE_REDACT": "false",  # what would hide a key that stands in a text
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_ONLY",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer {KEYS['collector']}",
    }
    done = ran(
        SERVE, QUESTION, KEYS["header"], folder=tmp_path, settings=settings, given=KEYS["password"]
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "27 weeks" in done.stdout  # quotes stood in for the model that failed
    assert told(done.stdout) == []
    assert told(done.stderr) == []
    assert collector.paths == {"/v1/traces", "/v1/metrics"}
    exported = b"\n".join(collector.bodies).decode("utf-8", "replace")
    assert "invoke_workflow ask" in exported
    assert QUESTION in exported  # content was captured, and yet:
    assert told(exported) == []
    assert told("\n".join(collector.headers)) == ["collector"]  # which is whose it is


def dataset_in(folder: Path) -> str:
    """One question about one document."""
    dataset = folder / "set"
    (dataset / "corpus").mkdir(parents=True)
    (dataset / "corpus" / "leave.md").write_text(
        "# Leave\n\nEverybody has 27 weeks of leave a year, and a day.\n"
    )
    case = {
        "id": "leave",
        "question": QUESTION,
        "answerable": True,
        "document": "leave.md",
        "passage": "Everybody has 27 weeks of leave a year",
        "answers": ["27 weeks"],
    }
    (dataset / "questions.jsonl").write_text(json.dumps(case) + "\n")
    return str(dataset)


def test_no_report_of_an_eval_has_a_secret_of_the_environment(tmp_path: Path, echo: str) -> None:
    settings = environment(tmp_path, echo) | {"FOOTNOTE_EVAL_RUNS": str(tmp_path / "out" / "runs")}
    command = ["eval", "--dataset", "folder", dataset_in(tmp_path), "--data-dir", "own"]
    command += ["--no-baselines", "--json", "out/a.json", "--markdown", "out/a.md"]
    (tmp_path / "out").mkdir()
    command += ["--out", "out/whole", "--resume", "out/cases.jsonl"]
    done = ran(EVAL, *command, folder=tmp_path, settings=settings)
    assert done.returncode == 0, done.stderr[-3000:]
    assert told(done.stdout + done.stderr) == []
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert {".json", ".jsonl", ".md", ".html"} <= {path.suffix for path in written}
    assert "27 weeks" in (tmp_path / "out" / "a.json").read_text()
    for path in written:
        assert told(path.read_text(errors="replace")) == [], path


def test_a_judge_that_refuses_its_key_and_repeats_it_is_told_of_without_it(
    tmp_path: Path, echo: str
) -> None:
    command = ["eval", "--dataset", "folder", dataset_in(tmp_path), "--data-dir", "own", "--judge"]
    done = ran(EVAL, *command, folder=tmp_path, settings=environment(tmp_path, echo))
    assert done.returncode == 1, done.stdout
    assert "FOOTNOTE_JUDGE_API_KEY" in done.stderr, done.stderr[-3000:]
    assert told(done.stdout + done.stderr) == []
