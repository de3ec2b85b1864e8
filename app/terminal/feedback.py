"""``footnote feedback``: import reviews and tickets from a CSV, and export what was found."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from app.terminal.session import command_settings, note, opened, wait_for_model

if TYPE_CHECKING:  # importing them takes time that `--help` need not pay
    from app.insights.feedback.importing import Progress
    from app.records.product.feedback_items import Import

app = typer.Typer(
    help="Reviews and support tickets from elsewhere: what they are about, and who says it.",
    no_args_is_help=True,
)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV of reviews or tickets.")],
    kind: Annotated[
        Literal["review", "ticket"] | None,
        typer.Option(help="What the rows are; guessed from the columns when left out."),
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="Column of text, title, date, rating, id or kind; may be repeated. Empty: none.",
        ),
    ] = None,
    dates: Annotated[
        Literal["day-first", "month-first"] | None,
        typer.Option(help="How 03/04/2026 is read, where the file doesn't tell."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Import nothing; show how the file is read.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Import a CSV file, then find the themes of all feedback anew.

    Rows that were imported before are left out, rows that can't be read are reported.
    """
    from app.errors import Unprocessable  # noqa: PLC0415
    from app.terminal.output import print_json  # noqa: PLC0415
    from app.terminal.progress import waiting  # noqa: PLC0415

    settings = command_settings()
    data = _read(file, settings.max_file_mb)
    wanted = _wanted(mapping or [])
    with opened(settings) as services:
        desk = services.feedback
        one = desk.uploads.receive(file.name, data, kind)
        started = False
        try:
            first = {"day-first": True, "month-first": False}.get(dates or "")
            one = desk.uploads.choose(one, wanted, kind=kind, day_first=first)
            if dry_run:
                _print_preview(desk.uploads.preview(one), as_json)
                return
            _, columns = desk.uploads.reading(one)
            if columns.missing:
                raise Unprocessable(columns.missing, "Say it with --map FIELD=COLUMN or --dates.")
            wait_for_model(services)
            started = True
            with waiting("Importing…"):
                done = desk.importer.run(one.id, _teller(as_json))
        finally:
            if not started:
                desk.uploads.discard(one.id)
                desk.store.delete_import(one.id)
    if as_json:
        print_json(_as_json(done))
    else:
        _print_report(done)


@app.command("export")
def export(
    themes: Annotated[
        bool, typer.Option("--themes", help="The themes instead of the items.")
    ] = False,
) -> None:
    """Print all items, or all themes, as CSV."""
    from app.insights.csv_lines import csv_lines  # noqa: PLC0415
    from app.insights.feedback.export import (  # noqa: PLC0415
        ITEM_COLUMNS,
        THEME_COLUMNS,
        item_rows,
        theme_rows,
    )
    from app.insights.feedback.numbers import by_theme  # noqa: PLC0415
    from app.records.product.feedback_reads import ItemFilter  # noqa: PLC0415

    with opened(command_settings()) as services:
        reads = services.feedback.reads
        known = reads.themes()
        if themes:
            numbers = by_theme(reads.daily(ItemFilter()))
            lines = csv_lines(THEME_COLUMNS, theme_rows(known, numbers, reads.links()))
        else:
            labels = {one.id: one.label for one in known}
            lines = csv_lines(ITEM_COLUMNS, item_rows(reads.stream(ItemFilter()), labels))
        for piece in lines:
            sys.stdout.buffer.write(piece.encode("utf-8", "backslashreplace"))
        sys.stdout.flush()


def _read(file: Path, max_mb: int) -> bytes:
    from app.errors import NotFound, TooLarge, UnreadableDocument  # noqa: PLC0415

    if not file.is_file():
        raise NotFound(f"There is no file {file}.", "Check the path.")
    if file.stat().st_size > max_mb * 1024 * 1024:
        raise TooLarge(
            f"{file.name} is larger than {max_mb} MB.", "Split it, or raise FOOTNOTE_MAX_FILE_MB."
        )
    try:
        return file.read_bytes()
    except OSError as error:
        raise UnreadableDocument(f"{file} can't be read: {error.strerror}.") from error


def _wanted(mapping: list[str]) -> dict[str, str]:
    wanted = {}
    for one in mapping:
        field, sign, column = one.partition("=")
        if not sign:
            raise typer.BadParameter(f"“{one}” is not FIELD=COLUMN.", param_hint="--map")
        wanted[field.strip()] = column
    return wanted


def _teller(quiet: bool) -> Any:
    """Says each step once; a line for each batch would bury the rest of a terminal."""
    said: set[str] = set()

    def tell(progress: Progress) -> None:
        if progress.step not in said and not quiet:
            said.add(progress.step)
            total = f" ({progress.total:,} texts)" if progress.step == "embedding" else ""
            note(f"{progress.step.capitalize()}{total}…")

    return tell


def _as_json(done: Import) -> dict[str, Any]:
    listed = done.report.get("listed", [])
    bad = [{"line": line, "reason": reason, "row": row} for line, reason, row in listed]
    rest = {name: value for name, value in done.report.items() if name != "listed"}
    return {
        "import_id": done.id,
        "name": done.name,
        "kind": done.kind,
        "imported": done.rows,
        **rest,
        "bad_rows": bad,
    }


def _print_report(done: Import) -> None:
    from rich.text import Text  # noqa: PLC0415

    from app.terminal.output import out, printable  # noqa: PLC0415

    report = done.report
    seconds = sum(report.get("seconds", {}).values())
    console = out()
    console.print(
        Text(
            f"{done.rows:,} imported, {report.get('repeated', 0):,} there already, "
            f"{report.get('bad', 0):,} bad rows; {report.get('themes', 0):,} themes in all feedback"
        )
    )
    for line, reason, _ in report.get("listed", [])[:20]:
        console.print(Text(f"  line {line:,}: {printable(reason)}", style="red"))
    speed = report.get("read", 0) / seconds if seconds else 0.0
    console.print(Text(f"{seconds:,.1f} s · {speed:,.0f} rows/s · {done.id}", style="dim"))


def _print_preview(preview: Any, as_json: bool) -> None:
    from rich.text import Text  # noqa: PLC0415

    from app.insights.feedback.csv_reading import BadRow  # noqa: PLC0415
    from app.terminal.output import out, print_json, printable  # noqa: PLC0415

    columns, names = preview.columns, preview.layout.names
    chosen = {field: names[number] for field, number in columns.fields.items()}
    if as_json:
        rows = [
            {"line": row.line, "problem": row.reason}
            if isinstance(row, BadRow)
            else {
                "at": row.at.isoformat(),
                "kind": row.kind,
                "rating": row.rating,
                "text": row.text,
            }
            for row in preview.rows
        ]
        print_json(
            {
                "layout": preview.layout.said,
                "columns": list(names),
                "mapping": chosen,
                "kind": columns.kind,
                "missing": columns.missing,
                "rows": rows,
            }
        )
        return
    console = out()
    console.print(Text(f"{preview.layout.said}; columns: {printable(', '.join(names))}"))
    for field, name in chosen.items():
        console.print(Text(f"  {field:7} {printable(name)}"))
    if columns.missing:
        console.print(Text(columns.missing, style="red"))
    for row in preview.rows:
        if isinstance(row, BadRow):
            console.print(Text(f"  line {row.line}: {printable(row.reason)}", style="red"))
        else:
            shown = printable(" ".join(row.text.split())[:90])
            console.print(Text(f"  {row.at:%Y-%m-%d}  {row.kind}  {shown}", style="dim"))
    console.print(Text("Nothing was imported."))
