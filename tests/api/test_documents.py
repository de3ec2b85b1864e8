"""Documents, uploads and collections, over real HTTP with the real worker."""

from __future__ import annotations

import http.client
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx
import pytest
from starlette.requests import Request

from app.domain import AskStep, Question, Searching
from app.errors import BadRequest
from app.settings import Settings
from app.uploads import base_name, read_upload
from tests.api.conftest import Server, wait_for

MB = 1024 * 1024
FIELDS = {
    "id", "collection", "source", "title", "kind", "size", "passages", "characters", "pages",
    "status", "error", "warnings", "owner", "review_by", "superseded_by", "updated_at",
    "ingested_at",
}  # fmt: skip


def upload(
    client: httpx.Client, *files: tuple[str, bytes], collection: str = "uploads", wait: bool = True
) -> httpx.Response:
    return client.post(
        "/api/v1/documents",
        params={"wait": wait},
        files=[("files", file) for file in files],
        data={"collection": collection},
    )


@pytest.fixture
def tidy(server: Server) -> Iterator[None]:
    """Remove what a test uploads, so that the others find what they expect."""
    yield
    found = server.client.get("/api/v1/documents", params={"collection": "uploads"}).json()
    for document in found["documents"]:
        server.client.delete(f"/api/v1/documents/{document['id']}")


@pytest.mark.usefixtures("tidy")
def test_an_upload_is_acknowledged_at_once_and_answerable_when_done(client: httpx.Client) -> None:
    response = upload(
        client, ("harbor.txt", b"The harbor gate code is kept by Rui Matos."), wait=False
    )
    assert response.status_code == 202
    batch = response.json()
    assert batch["collection"] == "uploads"
    assert [file["name"] for file in batch["files"]] == ["harbor.txt"]

    def done() -> bool:
        nonlocal batch
        batch = client.get(f"/api/v1/uploads/{batch['batch_id']}").json()
        return bool(batch["done"])

    wait_for(done)
    assert batch["files"][0]["status"] == "done"
    answer = client.post("/api/v1/ask", json={"question": "Who keeps the harbor gate code?"}).json()
    assert "Rui Matos" in answer["text"]
    assert answer["citations"][0]["document_id"] == batch["files"][0]["document_id"]


@pytest.mark.usefixtures("tidy")
def test_waiting_gives_the_final_state_of_every_file(client: httpx.Client) -> None:
    response = upload(
        client, ("good.md", b"# Good\n\nRead me."), ("broken.pdf", b"%PDF-1.7\nnot much of one")
    )
    assert response.status_code == 200
    good, broken = response.json()["files"]
    assert (good["name"], good["status"]) == ("good.md", "done")
    assert (broken["name"], broken["status"]) == ("broken.pdf", "failed")
    assert len(broken["message"]) > 10
    assert response.json()["done"] is True


@pytest.mark.usefixtures("tidy")
def test_the_same_name_again_replaces_the_document(client: httpx.Client) -> None:
    first = upload(client, ("plan.txt", b"The plan is to sail in June.")).json()["files"][0]
    second = upload(client, ("plan.txt", b"The plan is to sail in July.")).json()["files"][0]
    assert first["status"] == second["status"] == "done"
    found = client.get("/api/v1/documents", params={"collection": "uploads"}).json()
    assert found["total"] == 1
    document = client.get(f"/api/v1/documents/{found['documents'][0]['id']}?text=true").json()
    assert "July" in document["text"]
    assert "June" not in document["text"]


@pytest.mark.usefixtures("tidy")
def test_a_file_over_the_limit_is_refused_by_name_and_the_others_are_taken(
    client: httpx.Client,
) -> None:
    response = upload(client, ("huge.txt", b"x" * (MB + 1)), ("small.txt", b"Small and fine."))
    assert response.status_code == 200
    assert [(file["name"], file["status"]) for file in response.json()["files"]] == [
        ("small.txt", "done"),
        ("huge.txt", "refused"),
    ]
    assert response.json()["files"][1]["message"] == "“huge.txt” is larger than 1 MB."


def test_an_upload_of_nothing_but_too_large_files_is_refused(client: httpx.Client) -> None:
    response = upload(client, ("huge.txt", b"x" * (MB + 1)))
    assert response.status_code == 413
    assert "“huge.txt” is larger than 1 MB." in response.json()["detail"]


@pytest.mark.usefixtures("tidy")
def test_a_file_of_exactly_the_limit_is_taken(server: Server) -> None:
    before = server.services.settings.max_file_mb
    response = upload(server.client, ("full.bin", b"\0" * before * MB), wait=False)
    assert response.status_code == 202
    assert response.json()["files"][0]["status"] in ("queued", "running", "failed")


def test_too_many_files_are_refused(client: httpx.Client) -> None:
    response = upload(client, *[(f"{number}.txt", b"text") for number in range(5)])
    assert response.status_code == 400
    assert "At most 4 files" in response.json()["detail"]


def test_an_announced_giant_is_refused_before_it_is_sent(server: Server) -> None:
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
    connection.putrequest("POST", "/api/v1/documents")
    connection.putheader("Content-Type", "multipart/form-data; boundary=b")
    connection.putheader("Content-Length", str(10**12))
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == 413
    connection.close()


def streamed(parts: Iterator[bytes]) -> Request:
    """A multipart request whose body arrives in pieces, without an announced length."""

    async def receive() -> dict[str, Any]:
        piece = next(parts, None)
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    headers = [(b"content-type", b"multipart/form-data; boundary=b")]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def part(name: str) -> bytes:
    disposition = f'Content-Disposition: form-data; name="files"; filename="{name}"'
    return f"--b\r\n{disposition}\r\n\r\n".encode()


def test_reading_stops_at_the_first_file_too_many(settings: Settings) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield part("a.txt") + b"text\r\n"

    few = settings.model_copy(update={"max_upload_files": 3})
    with pytest.raises(BadRequest, match="At most 3 files"):
        anyio.run(read_upload, streamed(endless()), few)
    assert taken == 4


def test_a_file_over_the_limit_is_dropped_while_it_arrives(settings: Settings) -> None:
    """Nothing of it is kept, however long it goes on."""
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("needs /proc to see open files: Linux")
    on_disk: list[int] = []

    def temporary_files() -> int:
        links = [str(link.readlink()) for link in descriptors.iterdir() if link.is_symlink()]
        return sum(
            name.startswith(tempfile.gettempdir()) and name.endswith("(deleted)") for name in links
        )

    def long() -> Iterator[bytes]:
        yield part("huge.txt")
        for _ in range(64):
            on_disk.append(temporary_files())
            yield b"x" * (MB // 8)
        yield b"\r\n" + part("small.txt") + b"fine\r\n--b--\r\n"

    small = settings.model_copy(update={"max_file_mb": 2})
    form = anyio.run(read_upload, streamed(long()), small)
    # From 1 MB on the file is on disk, open; past 2 MB it is closed and gone.
    assert on_disk[12] == on_disk[0] + 1
    assert on_disk[-1] == on_disk[0]
    assert [file.name for file in form.refused] == ["huge.txt"]
    assert list(form.files) == [("small.txt", b"fine")]
    form.close()


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        (b"{}", "application/json", "multipart form"),
        (b"", "multipart/form-data", "multipart form"),
        (b"--b\r\nnonsense", "multipart/form-data; boundary=b", "malformed"),
        (
            b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\nhalf',
            "multipart/form-data; boundary=b",
            "incomplete",
        ),
        (b"--b--\r\n", "multipart/form-data; boundary=b", "No file was sent"),
    ],
)
def test_a_body_that_is_no_upload_is_refused_in_a_sentence(
    client: httpx.Client, content: bytes, kind: str, says: str
) -> None:
    response = client.post("/api/v1/documents", content=content, headers={"content-type": kind})
    assert response.status_code == 400
    assert says in response.json()["detail"]


@pytest.mark.usefixtures("tidy")
def test_names_lose_their_folders_and_stay_apart(client: httpx.Client) -> None:
    files = upload(
        client,
        ("../../etc/passwd", b"root is not here"),
        ("C:\\docs\\plan.txt", b"first plan"),
        ("other/plan.txt", b"second plan"),
        ("Größe 🚢.txt", b"ship size"),
    ).json()["files"]
    assert [file["name"] for file in files] == [
        "passwd",
        "plan.txt",
        "plan (2).txt",
        "Größe 🚢.txt",
    ]


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("report.pdf", "report.pdf"),
        ("/", "unnamed"),
        ("..", "unnamed"),
        ("a\x00b\n.txt", "ab.txt"),
        ("Cafe\u0301.md", "Caf\u00e9.md"),
        ("x" * 300 + ".docx", "x" * 195 + ".docx"),
    ],
)
def test_a_base_name_is_safe_to_store_and_show(raw: str, name: str) -> None:
    assert base_name(raw) == name


@pytest.mark.parametrize("name", ["/etc", "..", "a" * 101, "<b>", "-x"])
def test_a_collection_with_an_impossible_name_is_refused(client: httpx.Client, name: str) -> None:
    response = upload(client, ("a.txt", b"text"), collection=name)
    assert response.status_code == 422
    assert "can't be the name of a collection" in response.json()["detail"]


def test_an_unknown_upload_is_not_found(client: httpx.Client) -> None:
    assert client.get("/api/v1/uploads/nope").status_code == 404


# --- reading -------------------------------------------------------------------------------------


def test_documents_are_listed_page_by_page(client: httpx.Client) -> None:
    def titles(**params: Any) -> list[str]:
        params = {"collection": "handbook", **params}
        found = client.get("/api/v1/documents", params=params).json()
        assert found["total"] == 2
        return [document["title"] for document in found["documents"]]

    assert titles() == ["Password standard", "Staff handbook"]
    assert titles(limit=1) == ["Password standard"]
    assert titles(limit=1, offset=1) == ["Staff handbook"]
    assert titles(sort="size", descending=True) == ["Staff handbook", "Password standard"]


@pytest.mark.parametrize(
    ("params", "titles"),
    [
        ({"kind": "csv"}, {"Rota"}),
        ({"q": "HANDBOOK"}, {"Staff handbook"}),
        ({"status": "ready", "collection": "calendar"}, {"Rota"}),
        ({"status": "failed", "collection": "calendar"}, set()),
        ({"collection": "nope"}, set()),
    ],
)
def test_documents_are_filtered(
    client: httpx.Client, params: dict[str, str], titles: set[str]
) -> None:
    found = client.get("/api/v1/documents", params=params).json()
    assert {document["title"] for document in found["documents"]} == titles


def test_a_document_is_described_and_its_text_given_when_asked_for(client: httpx.Client) -> None:
    (found,) = client.get("/api/v1/documents", params={"q": "handbook.md"}).json()["documents"]
    assert set(found) == FIELDS
    assert found["kind"] == "md"
    assert found["updated_at"].startswith("2026-02-02")
    plain = client.get(f"/api/v1/documents/{found['id']}").json()
    assert plain == {**found, "text": None}
    whole = client.get(f"/api/v1/documents/{found['id']}?text=true").json()
    assert "27 days of paid vacation" in whole["text"]
    assert len(whole["text"]) == found["characters"]


def test_collections_say_how_much_is_in_them(client: httpx.Client) -> None:
    found = {c["name"]: c for c in client.get("/api/v1/collections").json()["collections"]}
    assert found["handbook"]["documents"] == 2
    assert found["calendar"]["documents"] == 1
    assert found["handbook"]["passages"] >= 2
    assert set(found["calendar"]) == {
        "name",
        "documents",
        "passages",
        "failed",
        "last_ingested_at",
    }


def test_a_removed_document_is_found_no_more(client: httpx.Client) -> None:
    (file,) = upload(client, ("secret.txt", b"The zebra sleeps in the boathouse.")).json()["files"]
    question = {"q": "zebra boathouse", "collection": "uploads"}
    assert client.get("/api/v1/search", params=question).json()["results"]
    removed = client.delete(f"/api/v1/documents/{file['document_id']}")
    assert (removed.status_code, removed.content) == (204, b"")
    assert client.get("/api/v1/search", params=question).json()["results"] == []
    assert client.get(f"/api/v1/documents/{file['document_id']}").status_code == 404
    assert client.delete(f"/api/v1/documents/{file['document_id']}").status_code == 404


def test_an_upload_waits_for_the_model_but_not_its_acknowledgment(
    scripted: Callable[..., Any],
) -> None:
    """What is queued survives: the bytes stand in the database when 202 is sent."""

    async def nothing(question: Question) -> AsyncIterator[AskStep]:
        yield Searching(question.text)

    with scripted(nothing) as server:
        response = upload(server.client, ("later.txt", b"Read this later."), wait=False)
        assert response.status_code == 202
        (job,) = server.services.jobs.batch(response.json()["batch_id"])
        assert server.services.jobs.data(job) == b"Read this later."
