"""The `footnote` command, run as people run it: a program with arguments, output and exit code.

Most of its processes are forked from one that has imported everything (`tests.plugins.forked`);
where a test is about the start or the end of a program, it starts in a new interpreter.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes import openai_server as fake
from tests.fakes.openai_server import Script, serve
from tests.plugins import forked

FOOTNOTE = [sys.executable, "-m", "app.cli"]
Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("docs")
    (path / "leave.md").write_text("# Leave policy\n\nParental leave lasts twenty weeks.\n")
    (path / "travel.md").write_text("# Travel policy\n\nA hotel may cost 165 euros a night.\n")
    (path / "[red]odd\x1b[31m.md").write_text("# Odd\n\nA name that could color a terminal.\n")
    (path / "empty.md").write_text("")
    (path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    return path


def environment(data: Path, **more: str) -> dict[str, str]:
    settings = {"FOOTNOTE_DATA_DIR": str(data), "FOOTNOTE_EMBEDDING_PRECISION": "float32"}
    return os.environ | settings | {"COLUMNS": "100"} | more


def caller(data: Path, where: Path) -> Call:
    def call(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return forked.footnote(arguments, environment(data, **more), where)

    return call


def starter(data: Path, where: Path) -> Call:
    """Each call is a new interpreter."""

    def call(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*FOOTNOTE, *arguments],
            capture_output=True,
            text=True,
            errors="surrogateescape",
            env=environment(data, **more),
            cwd=where,
            timeout=240,
            check=False,
        )

    return call


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """Runs the command on an empty data folder."""
    return caller(tmp_path / "data", tmp_path)


@pytest.fixture(scope="module")
def filled(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Call, dict[str, Any]]:
    """Runs the command on a data folder with the documents; and the report of their ingest."""
    where = tmp_path_factory.mktemp("filled")
    call = caller(where / "data", where)
    done = call("ingest", str(folder), "--collection", "team", "--json")
    assert done.returncode == 0, done.stderr
    return call, json.loads(done.stdout)


# --- quick things --------------------------------------------------------------------------------


def test_help_comes_at_once_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['footnote', '--help']\n"
        "from app.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'chromadb', 'sqlalchemy', 'pydantic', 'fastapi', 'numpy', 'tantivy'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "HEAVY []" in done.stdout
    for command in ("demo", "serve", "ingest", "ask", "status", "reindex", "documents", "eval"):
        assert command in done.stdout


def test_the_version_is_that_of_the_package(call: Call) -> None:
    assert call("--version").stdout.startswith("footnote ")


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("ingest",), ("ask",), ("ask", "x", "--mode", "poem"), ("--nope",)]
)
def test_a_wrong_command_line_exits_with_2(call: Call, arguments: tuple[str, ...]) -> None:
    done = call(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_eval_and_bench_are_handed_their_options(call: Call) -> None:
    done = call("eval", "--help")
    assert done.returncode == 0
    assert "footnote eval" in done.stdout
    assert "--dataset" in done.stdout


# --- errors --------------------------------------------------------------------------------------


def test_a_path_that_does_not_exist_is_one_clear_report_and_exit_1(
    call: Call, tmp_path: Path
) -> None:
    done = call("ingest", str(tmp_path / "no" / "such"))
    assert done.returncode == 1
    assert f"There is nothing at {tmp_path}/no/such." in done.stdout
    assert f"The nearest folder that exists is {tmp_path}." in done.stdout
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_is_named(call: Call) -> None:
    done = call("status", FOOTNOTE_PORT="eight")
    assert done.returncode == 1
    assert "FOOTNOTE_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_data_folder_that_cannot_be_used_is_named(call: Call, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = call("status", FOOTNOTE_DATA_DIR=str(tmp_path / "file" / "data"))
    assert done.returncode == 1
    assert "FOOTNOTE_DATA_DIR" in done.stderr
    assert len(done.stderr.splitlines()) <= 3


def test_an_unexpected_error_says_how_to_see_more_and_debug_shows_it(tmp_path: Path) -> None:
    call = starter(tmp_path / "data", tmp_path)
    # A broken installation stands for everything nobody thought of.
    (tmp_path / "breaks").mkdir()
    (tmp_path / "breaks" / "sitecustomize.py").write_text(
        "import sys\nsys.modules['app.terminal.status'] = None\n"
    )
    extra = {"PYTHONPATH": f"{tmp_path / 'breaks'}{os.pathsep}{Path(__file__).parents[2]}"}
    done = call("status", **extra)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "FOOTNOTE_LOG_LEVEL=debug" in done.stderr
    done = call("status", FOOTNOTE_LOG_LEVEL="debug", **extra)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_an_output_that_goes_away_ends_quietly(filled: tuple[Call, dict[str, Any]]) -> None:
    call, _ = filled
    data = call("status", "--json").stdout
    where = json.loads(data)["data_dir"]
    first = subprocess.Popen(
        [*FOOTNOTE, "documents", "list"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(Path(where)),
        text=True,
    )
    assert first.stdout is not None
    first.stdout.close()
    _, complaints = first.communicate(timeout=60)
    assert "Traceback" not in complaints


# --- ingest --------------------------------------------------------------------------------------


def test_ingest_prints_nothing_but_json_when_asked(
    filled: tuple[Call, dict[str, Any]], folder: Path
) -> None:
    _, report = filled
    assert report["added"] == 3
    assert report["collection"] == "team"
    assert report["skipped"] == {".png": 1}
    assert [Path(one["path"]).name for one in report["failed"]] == ["empty.md"]


def test_the_report_says_what_was_done_and_why_not(
    filled: tuple[Call, dict[str, Any]], folder: Path
) -> None:
    call, _ = filled
    done = call("ingest", str(folder), "--collection", "team")
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["Unchanged", "3"] in lines
    assert ["Skipped", "1", ".png", "1"] in lines
    assert ["Failed", "1"] in lines
    assert "The file is empty." in done.stdout


def test_a_dry_run_lists_what_would_be_done(call: Call, folder: Path) -> None:
    done = call("ingest", str(folder), "--dry-run")
    assert done.returncode == 0
    assert f"added     {folder}/leave.md" in done.stdout
    assert "Nothing was changed" in done.stdout
    # Names can hold anything; a terminal must not obey it.
    assert "\x1b" not in done.stdout
    assert "[red]odd\\x1b[31m.md" in done.stdout
    assert json.loads(call("status", "--json").stdout)["collections"] == []


def test_globs_and_hidden_files_are_options(call: Call, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    for name in ("a.md", "b.txt", ".c.md", "old.md"):
        (docs / name).write_text("text")
    done = call(
        *("ingest", str(docs), "--dry-run", "--json"),
        *("--include", "*.md", "--exclude", "old*", "--hidden"),
    )
    names = {Path(one["path"]).name for one in json.loads(done.stdout)["changes"]}
    assert names == {"a.md", ".c.md"}


def test_a_second_ingest_fails_at_once_with_no_wait(call: Call, tmp_path: Path) -> None:
    from app.records.lock import writer_lock

    (tmp_path / "a.md").write_text("text")
    with writer_lock(tmp_path / "data", wait=False):
        done = call("ingest", str(tmp_path / "a.md"), "--no-wait")
    assert done.returncode == 1
    assert f"process {os.getpid()}" in done.stderr
    assert len(done.stderr.splitlines()) <= 2


def many(tmp_path: Path) -> Path:
    """A folder of 60 documents: seconds of work, of which the first ten are little."""
    docs = tmp_path / "docs"
    docs.mkdir()
    for i in range(60):
        said = f"River {i} is clean today. " * (200 if i >= 10 else 5)
        (docs / f"{i:02}.md").write_text(f"# Note {i}\n\n{said}")
    return docs


@pytest.mark.slow
def test_ctrl_c_reports_what_was_done_and_the_next_run_completes_it(
    tmp_path: Path, call: Call
) -> None:
    docs = many(tmp_path)
    process = subprocess.Popen(
        [*FOOTNOTE, "ingest", str(docs)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(tmp_path / "data"),
    )
    assert process.stderr is not None
    for line in process.stderr:  # progress comes once the embedding is under way
        if "passages" in line:
            break
    process.send_signal(signal.SIGINT)
    out, complaints = process.communicate(timeout=120)
    assert process.returncode == 130, complaints
    assert "Interrupted" in out
    assert "Traceback" not in complaints
    done = call("ingest", str(docs), "--json", "--include", "0*.md")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["added"] + report["unchanged"] == 10


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.3, 2.0])
def test_ctrl_c_while_the_model_loads_ends_at_once_and_cleanly(
    tmp_path: Path, seconds: float
) -> None:
    process = subprocess.Popen(  # enough to do, for the model may be there before the later moment
        [*FOOTNOTE, "ingest", str(many(tmp_path))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(tmp_path / "data"),
    )
    lock = tmp_path / "data" / "ingest.lock"
    while not lock.exists() or not lock.read_text():
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    _, complaints = process.communicate(timeout=120)
    assert process.returncode == 130, complaints
    assert "Traceback" not in complaints
    assert "terminate" not in complaints
    assert time.monotonic() - start < 90


def test_ctrl_c_while_waiting_for_another_writer_ends_at_once(folder: Path, tmp_path: Path) -> None:
    from app.records.lock import writer_lock

    with writer_lock(tmp_path / "data", wait=False):
        process = subprocess.Popen(
            [*FOOTNOTE, "ingest", str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(tmp_path / "data"),
        )
        assert process.stderr is not None
        assert "Waiting for another ingest" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130


# --- ask, status, documents ----------------------------------------------------------------------


@pytest.mark.slow
def test_ask_prints_the_answer_with_its_footnote(
    filled: tuple[Call, dict[str, Any]], tmp_path: Path
) -> None:
    call, _ = filled
    where = Path(json.loads(call("status", "--json").stdout)["data_dir"])
    done = starter(where, tmp_path)("ask", "How long does parental leave last?")
    assert done.returncode == 0, done.stderr
    assert "Parental leave lasts twenty weeks. [1]" in done.stdout
    assert "[1] Leave policy" in done.stdout
    assert "leave.md" in done.stdout


@pytest.mark.slow
def test_ask_gives_the_apis_json(filled: tuple[Call, dict[str, Any]]) -> None:
    call, _ = filled
    done = call("ask", "How long does parental leave last?", "--mode", "quotes", "--json")
    answer = json.loads(done.stdout)
    assert answer["state"] == "answered"
    assert answer["citations"][0]["quote"] == "Parental leave lasts twenty weeks."
    assert {"answer_id", "confidence", "usage", "timings_ms", "closest"} <= set(answer)


@pytest.mark.slow
def test_search_mode_gives_passages(filled: tuple[Call, dict[str, Any]]) -> None:
    call, _ = filled
    done = call("ask", "hotel price", "--mode", "search", "-k", "1", "--json")
    (result,) = json.loads(done.stdout)["results"]
    assert result["title"] == "Travel policy"
    assert "165 euros" in call("ask", "hotel price", "--mode", "search").stdout


def test_written_mode_without_a_model_is_refused_before_a_model_is_loaded(
    filled: tuple[Call, dict[str, Any]],
) -> None:
    call, _ = filled
    # A model that can't be loaded shows that none was.
    done = call("ask", "x", "--mode", "written", FOOTNOTE_EMBEDDING_MODEL="nowhere/model")
    assert done.returncode == 1
    assert "Written answers need a chat model" in done.stderr
    assert "FOOTNOTE_CHAT_MODEL" in done.stderr
    empty = call("ask", "  ", "--mode", "search", FOOTNOTE_EMBEDDING_MODEL="nowhere/model")
    assert "The question is empty." in empty.stderr


@pytest.mark.slow
def test_a_follow_up_goes_on_in_its_conversation(filled: tuple[Call, dict[str, Any]]) -> None:
    call, _ = filled
    first = call("ask", "How long does parental leave last?")
    found = re.search(r"Ask on with --conversation (con_\w+)", first.stdout)
    assert found is not None
    done = call("ask", "who approves it?", "--conversation", found[1], "--json")
    answer = json.loads(done.stdout)
    assert (answer["question"], answer["asked"]) == (
        "Who approves parental leave?",
        "who approves it?",
    )
    assert answer["conversation_id"] == found[1]


def test_an_id_that_no_conversation_can_have_is_refused(call: Call) -> None:
    done = call("ask", "x", "--conversation", "a b")
    assert done.returncode == 2
    assert "--conversation" in done.stderr


@pytest.mark.slow
def test_a_written_answer_is_printed_with_its_footnotes_and_its_model_s_failure_with_a_notice(
    filled: tuple[Call, dict[str, Any]],
) -> None:
    call, _ = filled
    with serve() as server:
        chat = {
            "FOOTNOTE_CHAT_MODEL": "openai:scripted",
            "FOOTNOTE_CHAT_BASE_URL": server.base_url,
        }
        server.script(Script("Parental leave lasts twenty weeks [1]."))
        question = ("ask", "How long does parental leave last?")
        written = json.loads(call(*question, "--json", **chat).stdout)
        server.script(fake.REFUSING)
        quoted = call(*question, **chat)
    assert (written["mode"], written["model"]) == ("written", "openai:scripted")
    assert written["sentences"][0]["verdict"] == "supported"
    assert written["usage"]["output_tokens"] == 45
    assert "refused to answer" in quoted.stdout
    assert "Parental leave lasts twenty weeks. [1]" in quoted.stdout


def test_status_shows_collections_health_and_failures(
    filled: tuple[Call, dict[str, Any]],
) -> None:
    call, _ = filled
    status = json.loads(call("status", "--json").stdout)
    (collection,) = status["collections"]
    assert (collection["name"], collection["documents"], collection["failed"]) == ("team", 3, 1)
    assert status["index"]["healthy"]
    assert status["index"]["model"] == "all-MiniLM-L6-v2"
    assert "The file is empty." in status["failures"][0]["error"]
    text = call("status").stdout
    assert "all-MiniLM-L6-v2, 384 dimensions" in text
    assert "in order, 3 passages" in text


def test_status_works_before_anything_was_ingested(call: Call) -> None:
    done = call("status")
    assert done.returncode == 0
    assert "nothing ingested yet" in done.stdout


@pytest.mark.slow
def test_documents_are_listed_and_removed(folder: Path, call: Call) -> None:
    assert call("ingest", str(folder / "leave.md"), str(folder / "travel.md")).returncode == 0
    listed = json.loads(call("documents", "list", "--json").stdout)
    assert [one["title"] for one in listed] == ["Leave policy", "Travel policy"]
    assert call("documents", "remove", "doc_nothing").returncode == 1
    done = call("documents", "remove", listed[0]["id"], listed[1]["source"])
    assert done.stdout == "Removed 2 documents with 2 passages.\n"
    assert json.loads(call("documents", "list", "--json").stdout) == []
    assert "0 documents" in call("documents", "list").stdout


@pytest.mark.slow
def test_reindex_builds_the_indexes_again(folder: Path, tmp_path: Path, call: Call) -> None:
    import shutil

    assert call("ingest", str(folder / "leave.md")).returncode == 0
    shutil.rmtree(tmp_path / "data" / "lexical")
    done = call("reindex")
    assert done.returncode == 0, done.stderr
    assert "1 passages" in done.stdout
    assert json.loads(call("status", "--json").stdout)["index"]["healthy"]


# --- serve and demo ------------------------------------------------------------------------------


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the command in the background; whatever still runs at the end is ended."""
    running: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, data: Path | None = None) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*FOOTNOTE, *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(data or tmp_path / "data"),
            cwd=tmp_path,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def until_ready(url: str, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise AssertionError("never ready")


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_taken_port_is_said_at_once_with_a_free_one(call: Call, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        start = time.monotonic()
        done = call(command, "--port", str(port))
    assert done.returncode == 1
    assert f"Port {port} on 127.0.0.1 is taken." in done.stderr
    suggested = int(done.stderr.split("--port")[1].split()[0])
    assert suggested != port
    assert time.monotonic() - start < 20


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_says_its_address_and_ends_cleanly(
    start: Callable[..., subprocess.Popen[str]], free_port: int, number: signal.Signals
) -> None:
    process = start("serve", "--port", str(free_port))
    assert process.stderr is not None
    line = process.stderr.readline()
    assert f"http://127.0.0.1:{free_port}" in line
    assert httpx.get(f"http://127.0.0.1:{free_port}/healthz", timeout=30).status_code == 200
    process.send_signal(number)
    _, complaints = process.communicate(timeout=60)
    assert process.returncode == 0, complaints
    assert "Traceback" not in complaints


@pytest.mark.slow
def test_what_the_command_line_ingests_a_running_server_answers_within_five_seconds(
    start: Callable[..., subprocess.Popen[str]], free_port: int, tmp_path: Path, call: Call
) -> None:
    first = tmp_path / "first.md"
    first.write_text("# Harbor\n\nThe harbor opens at nine.")
    assert call("ingest", str(first)).returncode == 0
    url = f"http://127.0.0.1:{free_port}"
    start("serve", "--port", str(free_port))
    until_ready(url)
    question = {"q": "Who polishes the lighthouse lens?"}

    def sources() -> list[str]:
        reply = httpx.get(f"{url}/api/v1/search", params=question, timeout=30)
        return [Path(one["source"]).name for one in reply.json()["results"]]

    assert "second.md" not in sources()
    second = tmp_path / "second.md"
    second.write_text("# Lighthouse\n\nMarta polishes the lens of the lighthouse every Friday.")
    assert call("ingest", str(second)).returncode == 0
    end = time.monotonic() + 5
    while "second.md" not in sources():
        assert time.monotonic() < end, "not answerable within five seconds"
        time.sleep(0.1)
    second.write_text("# Lighthouse\n\nNobody polishes anything any more.")
    assert call("ingest", str(second)).returncode == 0
    end = time.monotonic() + 5
    while True:
        reply = httpx.get(f"{url}/api/v1/search", params=question, timeout=30).json()["results"]
        texts = " ".join(one["text"] for one in reply)
        assert not ("Marta" in texts and "Nobody" in texts), "two versions at once"
        if "Nobody" in texts:
            break
        assert time.monotonic() < end, "the new version is not seen within five seconds"
        time.sleep(0.1)
