"""`footnote bench scale`: how its passages are made, what it measures, and that it really runs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from app.domain import Passage
from evals.bench import load, scale
from evals.bench.filling import Maker, _Source

SENTENCES = (
    "New employees have twenty-five days of annual leave.",
    "Managers approve leave within three working days.",
    "The hotel allowance is EUR 140 each night.",
)


def source(number: int) -> _Source:
    text = " ".join(SENTENCES)
    spans, at = [], 0
    for sentence in SENTENCES:
        spans.append((at, at + len(sentence)))
        at += len(sentence) + 1
    directions = np.eye(64, dtype=np.float32)
    passage = Passage(f"p{number}", "d", number, 0, len(text), text, ("Leave",), None, tuple(spans))
    return _Source("Handbook", passage, directions[number], directions[number + 1 : number + 4])


def test_made_passages_differ_from_each_other_and_lie_near_those_they_are_made_of() -> None:
    sources = [source(0), source(8)]
    made = Maker(sources).document(7)
    texts = [passage.text for passage in made.passages]
    assert len(set(texts)) == len(texts) == 25
    for passage, vector, inner in zip(
        made.passages, made.vectors, made.sentence_vectors, strict=True
    ):
        assert passage.text == made.parsed.text[passage.start : passage.end]
        assert len(passage.sentences) == len(inner) == 3
        assert all(passage.start <= a < b <= passage.end for a, b in passage.sentences)
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
        assert np.linalg.norm(inner, axis=1) == pytest.approx(1, abs=1e-5)
        assert max(float(vector @ one.vector) for one in sources) > 0.4


def test_the_same_seed_makes_the_same_documents() -> None:
    sources = [source(0), source(8)]
    one, same, other = (Maker(sources, seed).document(3) for seed in (5, 5, 6))
    assert one.parsed.text == same.parsed.text != other.parsed.text
    assert np.array_equal(one.vectors, same.vectors)


def test_growth_is_the_exponent_between_two_sizes() -> None:
    def at(passages: int, p50: float) -> scale.Result:
        return {"filled": {"passages": passages}, "ms": {"ask": {"p50": p50}}}

    [first, second] = scale.growth([at(1_000, 20.0), at(100_000, 200.0), at(1_000_000, 200.0)])
    assert first["exponent"] == pytest.approx(0.5)
    assert second["exponent"] == pytest.approx(0.0)


class _Answers(BaseHTTPRequestHandler):
    """Answers every third question with 503; streams where a stream is asked for."""

    protocol_version = "HTTP/1.1"
    asked = 0
    counting = threading.Lock()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        with self.counting:
            type(self).asked += 1
            busy = self.asked % 3 == 0
        streams = self.headers.get("Accept") == "text/event-stream"
        body = b"event: searching\n\nevent: drafted\n\nevent: finished\n\n" if streams else b"{}"
        self.send_response(503 if busy and not streams else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def answering() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_load_counts_answers_and_errors_of_all_clients() -> None:
    with answering() as port:
        found = load.under_load(port, ["a", "b", "c"], clients=4, seconds=0.4)
        first = load.first_content(port, ["a", "b"])
    assert found["questions"] > 4
    assert found["errors"] > 0
    assert found["kinds_of_errors"] == ["503"]
    assert 0 < found["p50_ms"] <= found["p95_ms"]
    assert found["questions_per_s"] == pytest.approx(found["questions"] / found["seconds"])
    assert 0 < first["p50_ms"] <= first["p95_ms"]


@pytest.mark.slow
def test_an_answer_is_measured_beside_bare_retrieval_on_more_passages_than_there_are(
    handbook: Path, tmp_path: Path
) -> None:
    results = scale.run(
        [60],
        handbook,
        questions=3,
        load_s=1.0,
        clients=2,
        folder=tmp_path / "stores",
        json_file=tmp_path / "scale.json",
        console=Console(quiet=True),
    )
    [size] = results["sizes"]
    assert size["filled"]["passages"] >= 60
    assert size["ask ÷ retrieval"]["p50"] > 0
    assert size["load"]["errors"] == 0
    assert size["load"]["questions"] > 0
    assert json.loads((tmp_path / "scale.json").read_text()) == json.loads(json.dumps(results))
