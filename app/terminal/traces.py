"""`footnote traces`: list them, look at one step by step, let go of old ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.terminal.session import command_settings, opened

if TYPE_CHECKING:
    from app.records.tracing.records import SpanRecord, Trace, TraceSummary, Workflow

app = typer.Typer(help="See traces of questions and ingests, or purge them.", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


@app.command("list")
def list_traces(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many.")] = 20,
    sort: Annotated[str, typer.Option(help="started, duration or cost; most first.")] = "started",
    kind: Annotated[str, typer.Option(help="Only ask, search or ingest.")] = "",
    errors: Annotated[bool, typer.Option("--errors", help="Only what failed.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List traces."""
    from app.records.tracing.records import TraceFilters  # noqa: PLC0415
    from app.terminal.output import print_json  # noqa: PLC0415

    if sort not in ("started", "duration", "cost"):
        raise typer.BadParameter("Sort by started, duration or cost.", param_hint="--sort")
    filters = TraceFilters(kind=kind, error=True if errors else None)
    with opened(command_settings()) as services:
        rows = services.traces.page(filters, sort, None, limit).rows  # type: ignore[arg-type]  # one of three
    if as_json:
        print_json([summary_fields(row) for row in rows])
        return
    if not rows:
        typer.echo("No traces are stored.")
    for row in rows:
        typer.echo(_line(row))


@app.command()
def show(
    identity: Annotated[str, typer.Argument(metavar="ID", help="A trace's or an answer's id.")],
    as_json: JsonOption = False,
) -> None:
    """Show one trace: its steps, how long each took, and what it said."""
    from app.errors import NotFound  # noqa: PLC0415
    from app.terminal.output import print_json  # noqa: PLC0415

    with opened(command_settings()) as services:
        of_answer = services.traces.of_answer(identity)
        found = services.traces.trace(of_answer.trace_id if of_answer else identity)
    if found is None:
        raise NotFound(
            f"No trace is stored for {identity}.",
            "`footnote traces list` has the ids; old traces are purged.",
        )
    if as_json:
        print_json(trace_fields(found))
        return
    for workflow in found.workflows:
        typer.echo(_line(workflow.summary))
        for depth, span in _nested(workflow):
            failed = "  failed" if span.status == "error" else ""
            typer.echo(f"  {span.duration_ms:9.2f} ms  {'  ' * depth}{span.name}{failed}")


@app.command()
def purge(
    older_than: Annotated[
        int | None,
        typer.Option(min=0, metavar="DAYS", help="Traces older than this; 0: all of them."),
    ] = None,
) -> None:
    """Forget what is older, or more, than the settings keep; a server does so every hour."""
    from app.records.retention import purge as forget  # noqa: PLC0415

    settings = command_settings()
    with opened(settings) as services:
        gone = forget(services.engine, settings, traces_days=older_than)
    typer.echo(
        f"Forgot {gone.traces:,} traces, the content of {gone.contents:,} steps and "
        f"{gone.questions:,} questions."
    )


def summary_fields(row: TraceSummary) -> dict[str, Any]:
    """A roll-up as plain JSON values."""
    from dataclasses import asdict  # noqa: PLC0415

    return {**asdict(row), "started_at": row.started_at.isoformat()}


def trace_fields(trace: Trace) -> dict[str, Any]:
    """A trace as plain JSON values."""
    from dataclasses import asdict  # noqa: PLC0415

    return {
        "trace_id": trace.trace_id,
        "workflows": [
            {**summary_fields(one.summary), "spans": [asdict(span) for span in one.spans]}
            for one in trace.workflows
        ],
    }


def _line(row: TraceSummary) -> str:
    cost = "cost unknown" if row.cost_usd is None else f"${row.cost_usd:.4f}"
    said = row.state or row.status
    words = (
        f"{row.started_at:%Y-%m-%d %H:%M:%S}",
        row.trace_id,
        f"{row.kind:6}",
        f"{said:11}",
        f"{row.duration_ms:8.0f} ms",
        cost,
        row.question or "",
    )
    return "  ".join(words).rstrip()


def _nested(workflow: Workflow) -> list[tuple[int, SpanRecord]]:
    """Spans below their parents, each with its depth."""
    children: dict[str, list[SpanRecord]] = {}
    known = {span.span_id for span in workflow.spans}
    for span in workflow.spans:
        parent = span.parent_id if span.parent_id in known else ""
        children.setdefault(parent, []).append(span)
    rows: list[tuple[int, SpanRecord]] = []
    waiting = [(0, span) for span in reversed(children.get("", []))]
    while waiting:
        depth, span = waiting.pop()
        rows.append((depth, span))
        waiting += [(depth + 1, one) for one in reversed(children.get(span.span_id, []))]
    return rows
