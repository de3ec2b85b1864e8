"""What commands share: settings, services, the wait for the model, and how to speak to a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from app.errors import FootnoteError, IndexProblem

if TYPE_CHECKING:  # importing them takes half a second that `--help` need not pay
    from app.bootstrap import Services
    from app.domain import Filters
    from app.settings import Settings


def command_settings(**overrides: object) -> Settings:
    """Settings, where options win over the environment; and the log as they ask for it.

    Raises:
        SettingsError: a setting cannot be used.
    """
    from app.server import configure_logging  # noqa: PLC0415
    from app.settings import load_settings  # noqa: PLC0415

    settings = load_settings(
        **{key: value for key, value in overrides.items() if value is not None}
    )
    # A command's output is its answer; the log is for those who ask for it.
    quiet = "warning" if settings.log_level == "info" else settings.log_level
    configure_logging(quiet)
    return settings


@contextmanager
def opened(settings: Settings, *, traced: bool = False) -> Iterator[Services]:
    """Services that are closed at the end. ``traced``: what is done with them leaves a trace."""
    from app import telemetry  # noqa: PLC0415
    from app.bootstrap import build_services  # noqa: PLC0415
    from app.redaction import redactor  # noqa: PLC0415
    from app.settings import release_name  # noqa: PLC0415

    if traced:
        telemetry.set_up(release_name(settings), redact=redactor(settings.redact))
    services = build_services(settings)
    try:
        yield services
    finally:
        services.close()
        if traced:
            telemetry.shut_down()


def wait_for_model(services: Services) -> None:
    """Load the model, saying so when that takes a moment.

    Raises:
        FootnoteError: it cannot be loaded, or the index is not its own.
    """
    from app.terminal.progress import waiting  # noqa: PLC0415

    with waiting("Loading the search model…"):
        services.warm_up()
    if services.readiness().state == "failed":
        services.library.check_model()
        services.embedder.get(wait=True)
        raise IndexProblem(services.readiness().message)


def conversation_id(given: str | None) -> str | None:
    """The conversation to ask on in; None to begin one.

    Raises:
        typer.BadParameter: it can't be an id.
    """
    from app.api.schemas import CONVERSATION_ID  # noqa: PLC0415

    if given and not re.fullmatch(CONVERSATION_ID, given):
        raise typer.BadParameter(
            "An id is letters, digits and . : - _", param_hint="--conversation"
        )
    return given or None


def note_when_empty(services: Services, filters: Filters) -> None:
    """Say so when there is nothing that a question could be asked of."""
    if services.documents.counts(filters)[0]:
        return
    where = f"into {', '.join(filters.collections)}" if filters.collections else "here"
    note(
        f"No documents are ingested {where} yet (data folder "
        f"{services.settings.data_dir.resolve()}). Add some: footnote ingest PATH"
    )


def note(sentence: str) -> None:
    """Tell a person something beside the output."""
    typer.echo(sentence, err=True)


def complain(detail: str, action: str) -> None:
    """Say what went wrong, and what to do."""
    typer.secho(detail, fg=typer.colors.RED, err=True)
    if action:
        typer.echo(action, err=True)


def debugging() -> bool:
    """Whether a developer wants to see tracebacks."""
    from app.settings import load_settings  # noqa: PLC0415

    try:
        return load_settings().log_level == "debug"
    except FootnoteError:
        return False
