"""One library of hostile documents, names and questions; what looks at it shares it."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.knowledge.world import WordEmbedder
from tests.security.payloads import COLLECTIONS, FILE_NAMES, PAYLOADS

if TYPE_CHECKING:
    from app.bootstrap import Services

TOPIC = "The harbor master answers questions about berths"


@dataclass
class Hostile:
    """Services whose documents and records hold every payload, and where they are shown."""

    services: Services
    session: str = "hostile-session-000000000"
    answers: list[str] = field(default_factory=list)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These share one library, so one worker runs them all."""
    for item in items:
        if item.path.parent == Path(__file__).parent and "hostile" in getattr(
            item, "fixturenames", ()
        ):
            item.add_marker(pytest.mark.xdist_group("security"))


@pytest.fixture
def echo() -> Iterator[str]:
    """A server that fails and repeats every header and path it was given."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = f'{{"error": {{"message": "Incorrect key {self.headers["Authorization"]}"}}}}'
            self.send_response(401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST  # noqa: N815  # the base class's names

        def log_message(self, *_arguments: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    """Every payload as a title, as text in five formats, as names, and asked as a question."""
    from app.bootstrap import build_services, models
    from app.settings import Settings
    from ingest.pipeline import IngestOptions, ingest

    folder = tmp_path_factory.mktemp("hostile")
    settings = Settings(_env_file=None, data_dir=folder / "data", redact=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "load_embedder", lambda _settings: WordEmbedder())
        services = build_services(settings)
        services.embedder.get(wait=True)
    files = folder / "files"
    write_documents(files / "all")
    report = ingest(services, [str(files / "all")], IngestOptions(collection="hostile"))
    assert not report.failed, report.failed
    for number, name in enumerate(COLLECTIONS):
        place = files / str(number)
        place.mkdir()
        (place / "berths.md").write_text(f"{TOPIC} of basin {number}.")
        ingest(services, [str(place)], IngestOptions(collection=name))
    yield Hostile(services)
    services.close()


def write_documents(folder: Path) -> None:
    """The corpus as documents: md, html, txt, csv, docx, each payload also as a title."""
    import yaml
    from docx import Document

    folder.mkdir(parents=True)
    blocks = [f"{TOPIC} like {one.text} every day." for one in PAYLOADS]
    for number, one in enumerate(PAYLOADS):
        title = " ".join(one.text.replace("\0", "").split())
        front = yaml.safe_dump({"title": title, "owner": title}, allow_unicode=True)
        (folder / f"title-{number}.md").write_text(f"---\n{front}---\n{TOPIC}: {one.text}\n")
    (folder / "all.txt").write_text("\n\n".join(blocks))
    (folder / "all.md").write_text("\n\n".join(blocks))
    (folder / "all.html").write_text(
        f"<html><head><title>{PAYLOADS[0].text}</title></head><body><h1>Berths</h1>"
        + "".join(f"<p>{block}</p>" for block in blocks)
        + "</body></html>"
    )
    escaped = "".join(f"<p>{_escaped(block)}</p>" for block in blocks)
    (folder / "escaped.html").write_text(f"<html><body><h1>Berths</h1>{escaped}</body></html>")
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["question", PAYLOADS[0].text])
    writer.writerows([(TOPIC, one.text.replace("\0", "")) for one in PAYLOADS])
    (folder / "all.csv").write_text(table.getvalue())
    document = Document()
    document.add_heading(PAYLOADS[0].text, 1)
    for block in blocks:
        document.add_paragraph("".join(c for c in block if c >= " " or c in "\n\t"))
    document.save(str(folder / "all.docx"))
    for name in FILE_NAMES:
        (folder / name).write_text(f"{TOPIC}, says {name}.")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
