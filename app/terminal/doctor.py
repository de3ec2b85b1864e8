"""``footnote doctor``: is everything that is stored whole, and mend what can be mended."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from app.terminal.session import command_settings

_TONES = {"ok": "green", "repaired": "yellow", "needs you": "bold red"}


def doctor(
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Build damaged indexes again from the database, and save what can be read of a "
            "damaged database; nothing damaged is deleted.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Look at settings, disk, database, documents and indexes; one line for each.

    Reads everything once, so a large library takes minutes. May run beside a server. Exit code 1
    where something is left for you to do.
    """
    from app.bootstrap.doctoring import Doctor  # noqa: PLC0415
    from app.terminal.output import out, print_json, printable  # noqa: PLC0415
    from app.terminal.progress import progress_bar  # noqa: PLC0415

    settings = command_settings()
    checks = []
    console = out()
    with progress_bar("Building an index again") as bar:
        for check in Doctor(settings, repair=repair, told=bar.update).examine():
            checks.append(check)
            if as_json:
                continue
            console.print(f"{check.state:<10}", style=_TONES[check.state], end="")
            console.print(f" {printable(check.name)}: {printable(check.said)}", markup=False)
            if check.action and check.state != "ok":
                console.print(f"{'':<11}{printable(check.action)}", style="dim", markup=False)
    left = [check for check in checks if check.state == "needs you"]
    if as_json:
        print_json({"healthy": not left, "checks": [asdict(check) for check in checks]})
    elif not left:
        console.print("Everything is in order.", style="bold")
    if left:
        raise typer.Exit(1)
