"""``footnote launch``: ship or hold, and what would change that; for people and for CI."""

from __future__ import annotations

from typing import Annotated

import typer

from app.terminal.session import command_settings, opened


def launch(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Say whether this release may ship, and what would change that; exit code 1 on hold."""
    from app.api.launch_schemas import LaunchOut  # noqa: PLC0415
    from app.insights.launch.now import launch_readiness  # noqa: PLC0415
    from app.terminal.output import out, print_json, printable  # noqa: PLC0415

    with opened(command_settings()) as services:
        ready = launch_readiness(services.insights, services.settings)
    if as_json:
        print_json(LaunchOut.of(ready).model_dump(mode="json"))
    else:
        console = out()
        counts = ", ".join(f"{ready.count(one)} {one}" for one in ("pass", "fail", "unknown"))
        console.print(f"{ready.verdict.capitalize()}  release {ready.release}", style="bold")
        console.print(f"{len(ready.criteria)} criteria: {counts}", style="dim")
        for reason in ready.reasons:
            console.print(f"\n{reason.id}  {reason.status}", style="bold", markup=False)
            console.print(f"    {printable(reason.said)}", markup=False)
            if reason.todo:
                console.print(f"    {printable(reason.todo)}", style="dim", markup=False)
    if ready.verdict == "hold":
        raise typer.Exit(1)
