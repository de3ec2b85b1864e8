"""``footnote backup`` and ``footnote restore``: one file with everything, and back from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.terminal.session import command_settings, note

if TYPE_CHECKING:
    from app.records.backup import Manifest

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def backup(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="File to write, or a folder to write it into.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Write everything that can't be made again into one file, also while a server runs.

    Documents with their files, questions, answers, feedback, traces, people. Indexes are left out:
    `footnote restore` builds them again. The file holds what your documents say and what people
    asked: keep it as safe as the data directory. Passwords, sign-ins and keys are in it as hashes
    only; settings and their secrets are not in it.
    """
    from app.records.backup import back_up  # noqa: PLC0415
    from app.settings import release_name  # noqa: PLC0415

    settings = command_settings()
    url, release = settings.resolved_database_url, release_name(settings)
    made = back_up(url, settings.data_dir, path, release)
    _say("Backed up", made, as_json)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `footnote backup` wrote.")],
    data_dir: Annotated[
        Path | None, typer.Option(help="Where to; the data directory of the settings if left out.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also where something is; that is kept beside.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring a data directory to what a backup holds, indexes included.

    The file is checked first; what is there stays until the new state is complete, and is kept in a
    folder before-restore-… afterwards. Sign-ins and keys that were valid then are valid again:
    end them on the people page where that is not wanted.
    """
    from app.bootstrap.restoring import restore as run  # noqa: PLC0415
    from app.terminal.progress import progress_bar  # noqa: PLC0415

    settings = command_settings(data_dir=data_dir)
    with progress_bar("Building the indexes") as bar:
        restored, aside = run(settings, file, force=force, told=bar.update)
    if aside is not None:
        note(f"What was there before is kept in {aside}")
    _say("Restored", restored, as_json)


def _say(done: str, manifest: Manifest, as_json: bool) -> None:
    from dataclasses import asdict  # noqa: PLC0415

    from app.terminal.output import print_json  # noqa: PLC0415

    if as_json:
        print_json(asdict(manifest))
        return
    counts = manifest.counts
    typer.echo(
        f"{done}: {counts.get('documents', 0):,} documents, "
        f"{counts.get('passages', 0):,} passages, "
        f"{counts.get('answers', 0):,} answers; state of {manifest.made_at}"
        + (f", {manifest.size / 1e6:,.1f} MB." if manifest.size else ".")
    )
