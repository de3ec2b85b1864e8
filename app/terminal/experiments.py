"""``footnote experiments``: what runs, starting from a file, stopping with a decision, the note."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.terminal.session import command_settings, opened

if TYPE_CHECKING:
    from app.bootstrap import Services
    from app.insights.experiments.report import Report

app = typer.Typer(help="Compare ways to answer on real questions.", no_args_is_help=True)

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As `experiments list` shows it.")]


@app.command("list")
def list_experiments(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """What runs, what ran, and how it was decided."""
    from app.insights.experiments.words import decision  # noqa: PLC0415
    from app.terminal.output import out, print_json, printable  # noqa: PLC0415

    with opened(command_settings()) as services:
        found = services.experiments.all()
    if as_json:
        print_json(
            [
                {
                    **one.spec.to_json(),
                    "status": one.status,
                    "started_at": one.started_at.isoformat(),
                    "stopped_at": one.stopped_at.isoformat() if one.stopped_at else None,
                    "decision": one.decision,
                    "reason": one.reason,
                    "file": one.file,
                }
                for one in found
            ]
        )
        return
    console = out()
    for one in found:
        state = "running" if one.running else decision(one.decision)
        console.print(f"{one.id}  {state}", style="bold", markup=False, highlight=False)
        until = f"{one.stopped_at:%Y-%m-%d}" if one.stopped_at else "now"
        dates = f"{one.started_at:%Y-%m-%d} to {until}"
        told = " ".join(one.spec.hypothesis.split())
        console.print(f"    {dates} · {printable(told)}", style="dim", markup=False)
    if not found:
        console.print("No experiment yet. prd/experiments/README.md says how to begin one.")


@app.command()
def start(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A specification, as YAML.")],
) -> None:
    """Start an experiment from a file; servers take it up within seconds."""
    from app.ask.arms import begin  # noqa: PLC0415
    from app.insights.experiments.report import plan  # noqa: PLC0415
    from app.insights.experiments.spec import read_spec  # noqa: PLC0415
    from app.insights.experiments.words import waiting  # noqa: PLC0415
    from app.insights.targets import load_targets  # noqa: PLC0415
    from app.moment import now  # noqa: PLC0415

    spec = read_spec(file)
    with opened(command_settings()) as services:
        targets = load_targets(services.settings.prd_dir)
        begin(services.asker, services.experiments, spec, file.name)
        advice = plan(spec, services.facts.columns(), targets, now())
    typer.echo(f"“{spec.id}” is running. {waiting(advice)}")


@app.command()
def stop(
    experiment_id: IdArgument,
    decision: Annotated[
        str, typer.Option(help="ship:ARM, keep (the control) or inconclusive.")
    ] = "inconclusive",
    reason: Annotated[str, typer.Option(help="Why, for those who read the note later.")] = "",
) -> None:
    """Stop an experiment with a decision: nobody is assigned to it any more."""
    from app.ask.arms import end  # noqa: PLC0415
    from app.insights.experiments.words import decision as words  # noqa: PLC0415

    with opened(command_settings()) as services:
        stopped = end(services.asker, services.experiments, experiment_id, decision, reason)
    typer.echo(f"“{stopped.id}” has ended: {words(stopped.decision)}.")
    typer.echo(f"Its note: footnote experiments note {stopped.id} --write")


@app.command()
def note(
    experiment_id: IdArgument,
    write: Annotated[
        bool, typer.Option("--write", help="Into `experiments/` of FOOTNOTE_PRD_DIR.")
    ] = False,
) -> None:
    """The experiment as a note in Markdown: hypothesis, arms, numbers, guardrails, decision."""
    from app.insights.experiments.note import note as written  # noqa: PLC0415
    from app.insights.experiments.note import write_note  # noqa: PLC0415
    from app.moment import now  # noqa: PLC0415

    with opened(command_settings()) as services:
        text = written(_report(services, experiment_id), now())
        prd_dir = services.settings.prd_dir
    if write:
        typer.echo(f"Written: {write_note(prd_dir, experiment_id, text)}")
    else:
        typer.echo(text, nl=False)


def _report(services: Services, experiment_id: str) -> Report:
    from app.insights.experiments.report import report  # noqa: PLC0415
    from app.insights.targets import load_targets  # noqa: PLC0415
    from app.moment import now  # noqa: PLC0415

    targets = load_targets(services.settings.prd_dir)
    experiment = services.experiments.get(experiment_id)
    return report(experiment, services.facts.columns(), targets, now())
