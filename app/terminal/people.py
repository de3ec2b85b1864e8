"""``footnote people``: who may sign in, as what, and what they did."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from app.access import EVERYTHING, Principal, Role, working_for
from app.errors import BadRequest
from app.terminal.session import command_settings, note

if TYPE_CHECKING:  # importing them takes time that `--help` need not pay
    from app.records.accounts import AccountStore, AuditEntry, Invitation, User
    from app.settings import Settings

COMMAND_LINE = Principal("", "command line", "", Role.OPERATOR)
"""Who the audit log says it was: whoever may run commands on the data directory."""

app = typer.Typer(help="People, groups, keys, and what they may see.", no_args_is_help=True)

EmailArgument = Annotated[str, typer.Argument(metavar="EMAIL", help="Their e-mail address.")]
RoleOption = Annotated[
    Role | None, typer.Option(help="What they may do; each role includes those before it.")
]
GroupsOption = Annotated[
    list[str] | None,
    typer.Option("--group", "-g", help="A group they are in; may be repeated."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


@contextmanager
def working(settings: Settings | None = None) -> Iterator[AccountStore]:
    """The accounts, for an operator at the command line; nothing else is opened or loaded."""
    from app.records.accounts import AccountStore  # noqa: PLC0415
    from app.records.database import open_database  # noqa: PLC0415

    settings = settings or command_settings()
    engine = open_database(settings.resolved_database_url)
    try:
        with working_for(COMMAND_LINE, EVERYTHING):
            yield AccountStore.of(engine, settings)
    finally:
        engine.dispose()


@app.command()
def add(
    email: EmailArgument,
    name: Annotated[str, typer.Option(help="Their name.")] = "",
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.SEARCHER,
    group: GroupsOption = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read a password from standard input.")
    ] = False,
) -> None:
    """Invite somebody: prints a link that makes their account, once.

    With a password the account is there at once.
    """
    password = _password() if password_stdin else None
    settings = command_settings()
    with working(settings) as accounts:
        if password is not None:
            user = accounts.add_user(email, name, role, password=password, groups=group or ())
            typer.echo(f"{user.email} can sign in as {user.role}.")
            if not any(one.role is Role.OPERATOR and one.active for one in accounts.users()):
                note("Nobody is an operator yet: footnote people change EMAIL --role operator")
            return
        invitation, token = accounts.invite(email, name=name, role=role, groups=group or ())
    address = settings.public_url.rstrip("/")
    typer.echo(f"{address}/invite/{token}")
    until = f"good once, until {invitation.expires_at:%Y-%m-%d %H:%M} UTC"
    told = "Send them this link" if address else "Send them this, after your server's address"
    note(f"{told}: {until}. It is not shown again.")


@app.command("list")
def list_people(as_json: JsonOption = False) -> None:
    """Everybody who has an account or an open invitation."""
    from app.terminal.output import print_json  # noqa: PLC0415

    with working() as accounts:
        people, invited = accounts.users(), accounts.invitations()
    if as_json:
        print_json(
            {
                "people": [_user_fields(user) for user in people],
                "invitations": [_invitation_fields(one) for one in invited],
            }
        )
    else:
        _print_people(people, invited)


@app.command()
def change(
    email: EmailArgument,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    role: RoleOption = None,
    group: GroupsOption = None,
    no_groups: Annotated[bool, typer.Option("--no-groups", help="In no group.")] = False,
    active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="Whether they may sign in.")
    ] = None,
) -> None:
    """Change what is given; groups are replaced as a whole.

    Another role, or an end to being active, signs them out everywhere.
    """
    if group and no_groups:
        raise typer.BadParameter("Either --group or --no-groups.", param_hint="--no-groups")
    groups = () if no_groups else group or None
    with working() as accounts:
        user = accounts.user_by_email(email)
        after = accounts.change(user.id, name=name, role=role, active=active, groups=groups)
    state = "" if after.active else ", not active"
    inside = f", in {', '.join(after.groups)}" if after.groups else ""
    typer.echo(f"{after.email}: {after.name}, {after.role}{inside}{state}.")


@app.command()
def remove(
    email: EmailArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> None:
    """Forget somebody: account, keys, and all they asked. The audit log keeps its lines."""
    with working() as accounts:
        user = accounts.user_by_email(email)
        if not yes:
            typer.confirm(f"Forget {user.email} and all they asked?", abort=True, err=True)
        forgotten = accounts.remove_user(user.id)
    typer.echo(f"Forgot {user.email} and {forgotten:,} answers.")


@app.command()
def withdraw(email: EmailArgument) -> None:
    """Let an invitation's link be good for nothing."""
    with working() as accounts:
        wanted = email.strip().lower()
        found = [one for one in accounts.invitations() if one.email == wanted]
        if not found:
            raise BadRequest(
                f"{email} has no open invitation.", "See them with: footnote people list"
            )
        accounts.withdraw(found[0].id)
    typer.echo(f"The invitation of {wanted} is void.")


@app.command()
def password(
    email: EmailArgument,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read it from standard input; else you are asked.")
    ] = False,
) -> None:
    """Give a new password; signs them out everywhere, and ends a wait after failed attempts."""
    if not stdin and not sys.stdin.isatty():
        raise typer.BadParameter(
            "Standard input is no terminal; use --stdin.", param_hint="--stdin"
        )
    with working() as accounts:
        user = accounts.user_by_email(email)
        given = (
            _password()
            if stdin
            else typer.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)
        )
        accounts.set_password(user.id, given)
    typer.echo(f"{user.email} has a new password.")


@app.command()
def audit(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Lines at most.")] = 50,
    actor: Annotated[str | None, typer.Option(help="Only by this person: e-mail or name.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this action.")] = None,
    as_json: JsonOption = False,
) -> None:
    """What was done, by whom, newest first."""
    from app.records.accounts import Action  # noqa: PLC0415
    from app.terminal.output import print_json  # noqa: PLC0415

    if action is not None and action not in list(Action):
        raise typer.BadParameter(f"Choose from: {', '.join(Action)}.", param_hint="--action")
    with working() as accounts:
        known = {user.email: user.id for user in accounts.users()}
        who = None if actor is None else known.get(actor.strip().lower(), actor)
        found = accounts.audit_log(limit=limit, actor=who, action=action)
    if as_json:
        print_json([_audit_fields(entry) for entry in found])
    else:
        _print_audit(found)


def _password() -> str:
    """The first line of standard input, without its end."""
    given = sys.stdin.readline().rstrip("\r\n")
    if not given:
        raise BadRequest(
            "There was no password on standard input.", "Pipe it in, on a line of its own."
        )
    return given


def _print_people(people: list[User], invited: list[Invitation]) -> None:
    from rich.text import Text  # noqa: PLC0415

    from app.terminal.output import out, printable  # noqa: PLC0415

    console = out()
    for user in people:
        state = "" if user.active else "  not active"
        line = Text.assemble(
            (printable(user.name), "bold"), f"  {printable(user.email)}", (state, "yellow")
        )
        console.print(line)
        seen = f"last here {user.last_seen_at:%Y-%m-%d}" if user.last_seen_at else "not here yet"
        facts = [user.role.value, ", ".join(user.groups), seen, "single sign-on" * bool(user.sso)]
        console.print(Text(f"    {printable(' · '.join(filter(None, facts)))}", style="dim"))
    for one in invited:
        console.print(Text.assemble(printable(one.email), ("  invited", "yellow")))
        facts = [one.role.value, ", ".join(one.groups), f"until {one.expires_at:%Y-%m-%d}"]
        console.print(Text(f"    {printable(' · '.join(filter(None, facts)))}", style="dim"))
    if not people and not invited:
        console.print("Nobody has an account. Invite the first: footnote people add EMAIL")


def _print_audit(entries: list[AuditEntry]) -> None:
    from rich.text import Text  # noqa: PLC0415

    from app.terminal.output import out, printable  # noqa: PLC0415

    console = out()
    for one in entries:
        line = Text.assemble(
            (f"{one.at:%Y-%m-%d %H:%M:%S}  ", "dim"),
            (one.action, "bold"),
            f"  {printable(one.target)}" if one.target else "",
        )
        console.print(line)
        detail = ", ".join(f"{key}: {_told(value)}" for key, value in one.detail.items())
        by = f"by {one.actor}" if one.actor else ""
        where = f"from {one.client}" if one.client else ""
        facts = printable(" · ".join(filter(None, (by, where, detail))))
        if facts:
            console.print(Text(f"    {facts}", style="dim"))
    if not entries:
        console.print("Nothing of that kind is in the audit log.")


def _told(value: object) -> str:
    if isinstance(value, list):
        return " ".join(_told(one) for one in value) or "none"
    return str(value)


def _user_fields(user: User) -> dict[str, object]:
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": user.role.value,
        "groups": list(user.groups),
        "active": user.active,
        "sso": user.sso or None,
        "created_at": user.created_at.isoformat(),
        "last_seen_at": user.last_seen_at.isoformat() if user.last_seen_at else None,
    }


def _invitation_fields(one: Invitation) -> dict[str, object]:
    return {
        "id": one.id,
        "email": one.email,
        "name": one.name,
        "role": one.role.value,
        "groups": list(one.groups),
        "created_by": one.created_by,
        "expires_at": one.expires_at.isoformat(),
    }


def _audit_fields(entry: AuditEntry) -> dict[str, object]:
    return {
        "id": entry.id,
        "at": entry.at.isoformat(),
        "actor_id": entry.actor_id,
        "actor": entry.actor,
        "action": entry.action,
        "target": entry.target,
        "detail": entry.detail,
        "client": entry.client,
    }
