"""``footnote documents``: list and remove what was ingested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.terminal.session import command_settings, note, opened

if TYPE_CHECKING:  # importing it takes time that `--help` need not pay
    from app.domain import Document

app = typer.Typer(help="List or remove documents.", no_args_is_help=True)


@app.command("list")
def list_documents(
    collection: Annotated[
        str | None, typer.Option("--collection", "-c", help="Only of this collection.")
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only what could not be read.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """List documents, by title."""
    from app.terminal.output import print_documents, print_json  # noqa: PLC0415
    from app.terminal.status import document_fields  # noqa: PLC0415

    with opened(command_settings()) as services:
        found: list[Document] = []
        while True:
            page, total = services.documents.find(
                collection=collection, failed=failed or None, limit=500, offset=len(found)
            )
            found += page
            if not page or len(found) >= total:
                break
    if as_json:
        print_json([document_fields(document) for document in found])
    else:
        print_documents(found)


@app.command("remove")
def remove_documents(
    names: Annotated[
        list[str], typer.Argument(metavar="ID|PATH|URL…", help="As `documents list` shows them.")
    ],
) -> None:
    """Remove documents; they come back when their folder is ingested again."""
    from app.records.lock import writer_lock  # noqa: PLC0415
    from app.terminal.status import resolve_documents  # noqa: PLC0415

    settings = command_settings()
    with opened(settings) as services:
        found = resolve_documents(services, names)
        with writer_lock(settings.data_dir, wait=True, on_wait=note):
            passages = services.library.remove([document.id for document in found])
    typer.echo(f"Removed {len(found):,} documents with {passages:,} passages.")
