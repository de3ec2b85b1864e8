"""Phoenix, started natively, shows a question with its documents, tokens and cost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes import openai_server as fake
from tests.plugins.programs import free_port

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).with_name("asked_with_export.py")
OWN = ROOT / ".venv-phoenix" / "bin" / "phoenix"


@pytest.fixture(scope="module")
def phoenix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address."""
    program = str(OWN) if OWN.exists() else shutil.which("phoenix")
    if program is None:
        pytest.skip("Phoenix is not installed: run `make setup-phoenix`")
    folder = tmp_path_factory.mktemp("phoenix")
    port = free_port()
    environment = os.environ | {
        "PHOENIX_WORKING_DIR": str(folder),
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(free_port()),
        "PHOENIX_TELEMETRY_ENABLED": "false",
        "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
    }
    log = folder / "phoenix.log"
    with log.open("wb") as output:
        server = subprocess.Popen([program, "serve"], env=environment, stdout=output, stderr=output)
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(1200):
                assert server.poll() is None, log.read_text()[-2000:]
                try:
                    if httpx.get(f"{address}/healthz", trust_env=False).is_success:
                        break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield address
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def asked(folder: Path, phoenix: str) -> dict[str, Any]:
    with fake.serve() as model:
        model.script(fake.Script("The hotel cap in Paris is EUR 220 a night [1]."))
        done = subprocess.run(
            [sys.executable, str(PROGRAM), str(folder), model.base_url],
            env=os.environ
            | {
                "PYTHONPATH": str(ROOT),
                "OTEL_EXPORTER_OTLP_ENDPOINT": phoenix,
                "OTEL_METRICS_EXPORTER": "none",  # Phoenix takes traces alone
                "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true",
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def spans_of(phoenix: str, trace_id: str, count: int) -> dict[str, dict[str, Any]]:
    """The trace's spans by name, once there are so many."""
    found: list[dict[str, Any]] = []
    for _ in range(100):
        response = httpx.get(
            f"{phoenix}/v1/projects/default/spans",
            params={"trace_id": trace_id, "limit": 100},
            trust_env=False,
        )
        if response.is_success:
            found = [
                one for one in response.json()["data"] if one["context"]["trace_id"] == trace_id
            ]
        if len(found) >= count:
            break
        time.sleep(0.1)
    return {one["name"]: one for one in found}


@pytest.mark.slow
def test_phoenix_shows_question_documents_tokens_and_cost(phoenix: str, tmp_path: Path) -> None:
    answer = asked(tmp_path, phoenix)
    assert answer["mode"] == "written"
    spans = spans_of(phoenix, answer["trace_id"], 12)
    root = spans["invoke_workflow ask"]
    assert root["span_kind"] == "CHAIN"
    assert root["attributes"]["input.value"] == "What is the hotel cap in Paris?"
    assert root["attributes"]["output.value"] == answer["text"]
    assert root["attributes"]["footnote.answer.id"] == answer["answer_id"]
    kinds = {name: one["span_kind"] for name, one in spans.items()}
    assert kinds["retrieval all"] == "RETRIEVER"
    assert kinds["embeddings words"] == "EMBEDDING"
    assert kinds["chat gpt-4o-mini"] == "LLM"
    assert kinds["verify"] == kinds["confidence"] == kinds["state"] == "EVALUATOR"
    cost = spans["chat gpt-4o-mini"]["attributes"]["llm.cost.total"]
    assert cost == pytest.approx(answer["cost_usd"])

    query = """query ($id: ID!) { projects { edges { node { trace(traceId: $id) {
        rootSpan { input { value } }
        spans(first: 100) { edges { node {
            name tokenCountPrompt tokenCountCompletion attributes costSummary { total { cost } }
        } } } } } } } }"""
    response = httpx.post(
        f"{phoenix}/graphql",
        json={"query": query, "variables": {"id": answer["trace_id"]}},
        trust_env=False,
    ).json()
    assert "errors" not in response, response["errors"]
    traces = [edge["node"]["trace"] for edge in response["data"]["projects"]["edges"]]
    [trace] = [one for one in traces if one]
    assert trace["rootSpan"]["input"]["value"] == "What is the hotel cap in Paris?"
    shown = {edge["node"]["name"]: edge["node"] for edge in trace["spans"]["edges"]}
    documents = json.loads(shown["retrieval all"]["attributes"])["retrieval"]["documents"]
    first = documents[0]["document"]
    assert "EUR 220" in first["content"]
    assert first["id"]
    assert 0 < first["score"] < 2
    chat = shown["chat gpt-4o-mini"]
    assert chat["tokenCountPrompt"] > 0
    assert chat["tokenCountCompletion"] > 0
    assert chat["costSummary"]["total"]["cost"] > 0  # by its own price table
