"""Pages over real services: a few real files, really ingested; and a place to script an asker."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from selectolax.lexbor import LexborHTMLParser

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.bootstrap import Services
    from app.domain import Answer, AskStep, Document, Question

HANDBOOK = """---
title: Harbor handbook
owner: Marit Solberg
updated: 2026-02-02
review_by: 2027-01-31
---

# Harbor handbook

The harbor office is open from 7:30 to 16:00 on weekdays. Visitors report there before they moor.

## Berths

Berths are given out by the duty officer. They are:

- for visitors
    - up to three nights
    - longer with a permit
- for members

1. Report by radio.
2. Wait for a berth.
3. Moor.

### Fees

| Length | Fee a night | Power |
|---|---|---|
| up to 8 m | EUR 18 | 6 A |
| up to 12 m | EUR 27 | 16 A |
| over 12 m | EUR 41 | 32 A |

> Fees are doubled during the regatta.

```
harbor --berth C4 --nights 2
```

## Safety & <rules>

Life jackets are worn on the pontoons by everybody under 14. Swimming in the basin is forbidden.
"""
FAQ = """# Questions and answers

**How do I get a shower card?** Ask at the office; the deposit is EUR 10 and is returned in cash.

**Can I leave my boat over the winter?** Yes, on land. The crane works on Tuesdays from October on.

**Is there a workshop in the harbor area?** There is one behind the crane. It opens at eight.
"""
TIDES = "date,high water,height\n2026-05-01,06:12,3.4\n2026-05-02,06:58,3.6\n"
LETTER = """<!doctype html><title>Crane letter</title><h1>Crane letter</h1>
<p>The crane lifts boats of up to twelve tonnes.
Refunds for cancelled lifts are paid within a week.</p>
<script>alert(1)</script><p>Lifting is refunded in full when the wind is too strong.</p>"""


def report_pdf() -> bytes:
    """Two pages with a text layer."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen import canvas

    out = io.BytesIO()
    sheet = canvas.Canvas(out, pagesize=A4)
    sheet.setTitle("Dredging report")
    for lines in (
        ["Dredging report", "The channel was dredged in March and April of this year."],
        ["Depths", "After the work the channel is 6.2 metres deep at low water."],
    ):
        sheet.setFont("Helvetica-Bold", 18)
        sheet.drawString(72, 760, lines[0])
        sheet.setFont("Helvetica", 11)
        sheet.drawString(72, 720, lines[1])
        sheet.showPage()
    sheet.save()
    return out.getvalue()


@pytest.fixture(scope="session")
def harbor_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("harbor")
    (folder / "handbook.md").write_text(HANDBOOK, encoding="utf-8")
    (folder / "faq.md").write_text(FAQ, encoding="utf-8")
    (folder / "tides.csv").write_text(TIDES, encoding="utf-8")
    (folder / "crane.html").write_text(LETTER, encoding="utf-8")
    (folder / "dredging.pdf").write_bytes(report_pdf())
    (folder / "damaged.pdf").write_bytes(report_pdf()[:400])
    return folder


@pytest.fixture(scope="session")
def harbor(
    harbor_files: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Services, TestClient]]:
    """Services that know the harbor's documents, and a browser without JavaScript."""
    from app.bootstrap import build_services
    from app.settings import Settings
    from ingest.pipeline import IngestOptions, ingest

    data = tmp_path_factory.mktemp("web") / "data"
    settings = Settings(_env_file=None, data_dir=data, embedding_precision="float32", max_file_mb=1)
    services = build_services(settings)
    services.embedder.get(wait=True)
    report = ingest(services, [str(harbor_files)], IngestOptions(collection="harbor"))
    assert len(report.failed) == 1, report.failed
    with browsing(services) as client:
        yield services, client


class browsing:  # noqa: N801  # reads as a verb
    """A client that sends what a browser sends."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stack = ExitStack()

    def __enter__(self) -> TestClient:
        from starlette.testclient import TestClient

        from app.main import create_app

        client = TestClient(
            create_app(services=self._services),
            base_url="http://127.0.0.1",
            headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"},
            follow_redirects=False,
        )
        return self._stack.enter_context(client)

    def __exit__(self, *error: Any) -> None:
        self._stack.close()


@pytest.fixture
def services(harbor: tuple[Services, TestClient]) -> Services:
    """Those of the harbor, in place of the empty ones."""
    return harbor[0]


@pytest.fixture
def client(harbor: tuple[Services, TestClient]) -> Iterator[TestClient]:
    yield harbor[1]
    harbor[1].cookies.clear()


@pytest.fixture
def find(services: Services) -> Callable[[str], Document]:
    """A document by the end of its file name."""

    def by_name(name: str) -> Document:
        found, _ = services.documents.find(limit=500)
        return next(document for document in found if document.source.endswith(name))

    return by_name


@dataclass
class Scripted:
    """An asker that takes the given steps; an exception among them is raised."""

    steps: Sequence[AskStep | Exception]
    asked: Question | None = None
    session: str = ""

    async def ask(self, question: Question, session_id: str = "") -> AsyncIterator[AskStep]:
        self.asked, self.session = question, session_id
        for step in self.steps:
            if isinstance(step, Exception):
                raise step
            yield step

    async def answer(self, question: Question, session_id: str = "") -> Answer:
        from app.domain import Finished

        async for step in self.ask(question, session_id):
            if isinstance(step, Finished):
                return step.answer
        raise AssertionError("the script ends without an answer")


@pytest.fixture
def scripted(harbor: tuple[Services, TestClient]) -> Iterator[Callable[..., Scripted]]:
    """Let the harbor's application ask a script instead of the documents, for one test."""
    services, client = harbor
    state: Any = client.app_state
    before = state["services"]

    def script(*steps: AskStep | Exception) -> Scripted:
        asker = Scripted(steps)
        state["services"] = replace(services, asker=asker)  # type: ignore[type-var]
        return asker

    yield script
    state["services"] = before


HTMX = {"HX-Request": "true"}
FROM_US = {"Sec-Fetch-Site": "same-origin"}


def tree(html: str) -> LexborHTMLParser:
    return LexborHTMLParser(html)


def words(html: str) -> str:
    """What a reader sees of the page, white space squeezed."""
    body = tree(html).body
    return " ".join((body.text() if body else "").split())


def events(stream: str) -> list[tuple[str, str]]:
    """``(name, data)`` of every server-sent event."""
    found = []
    for block in stream.replace("\r\n", "\n").split("\n\n"):
        lines = block.split("\n")
        name = next((line[7:] for line in lines if line.startswith("event: ")), "")
        data = "\n".join(line[6:] for line in lines if line.startswith("data: "))
        if data or name:
            found.append((name, data))
    return found
