"""``footnote people groups|collections|keys``: who sees what, and what programs may do."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from app.access import Scope
from app.moment import now
from app.terminal.people import EmailArgument, JsonOption, app, working
from app.terminal.session import note

__all__ = ["app"]

groups_app = typer.Typer(help="Groups of people.", no_args_is_help=True)
collections_app = typer.Typer(help="Which groups see which collection.", no_args_is_help=True)
keys_app = typer.Typer(help="API keys for programs.", no_args_is_help=True)
app.add_typer(groups_app, name="groups")
app.add_typer(collections_app, name="collections")
app.add_typer(keys_app, name="keys")

GroupArgument = Annotated[str, typer.Argument(metavar="GROUP", help="The group's name.")]


@groups_app.command("list")
def list_groups(as_json: JsonOption = False) -> None:
    """Every group, who is in it, and which collections it guards."""
    from rich.text import Text  # noqa: PLC0415

    from app.terminal.output import out, print_json, printable  # noqa: PLC0415

    with working() as accounts:
        found = accounts.groups()
        emails = {user.id: user.email for user in accounts.users()}
    if as_json:
        print_json(
            [
                {
                    "name": group.name,
                    "members": [emails[one] for one in group.members],
                    "collections": list(group.collections),
                }
                for group in found
            ]
        )
        return
    console = out()
    for group in found:
        console.print(Text(printable(group.name), style="bold"))
        people = ", ".join(emails[one] for one in group.members) or "nobody"
        guards = f" · sees {', '.join(group.collections)}" if group.collections else ""
        console.print(Text(f"    {printable(people + guards)}", style="dim"))
    if not found:
        console.print("There is no group. Make one: footnote people groups set GROUP")


@groups_app.command("set")
def set_group(
    group: GroupArgument,
    member: Annotated[
        list[str] | None,
        typer.Option("--member", "-m", help="E-mail of somebody in it; may be repeated."),
    ] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="Leave nobody in it.")] = False,
) -> None:
    """Make a group, or say anew who is in it. Members by single sign-on stay."""
    if member and nobody:
        raise typer.BadParameter("Either --member or --nobody.", param_hint="--nobody")
    with working() as accounts:
        ids = [accounts.user_by_email(email).id for email in member or ()]
        kept = accounts.set_group(group, ids if member or nobody else None)
    people = "1 person" if len(kept.members) == 1 else f"{len(kept.members):,} people"
    typer.echo(f"“{kept.name}”: {people}.")


@groups_app.command("remove")
def remove_group(group: GroupArgument) -> None:
    """Delete a group; not while it alone sees a collection, which would then be open to all."""
    with working() as accounts:
        accounts.remove_group(group)
    typer.echo(f"The group “{group}” is gone.")


@collections_app.command("list")
def list_collections(as_json: JsonOption = False) -> None:
    """Every collection, and who sees it."""
    from rich.text import Text  # noqa: PLC0415

    from app.terminal.output import out, print_json, printable  # noqa: PLC0415

    with working() as accounts:
        guards = accounts.collection_groups()
        names = {*accounts.collection_names(), *guards}
    if as_json:
        print_json([{"name": name, "groups": list(guards.get(name, ()))} for name in sorted(names)])
        return
    console = out()
    for name in sorted(names):
        who = f"only {', '.join(guards[name])}" if name in guards else "everybody"
        console.print(Text.assemble((printable(name), "bold"), f"  {printable(who)}"))
    if not names:
        console.print("There is no collection yet. Add one: footnote ingest PATH -c NAME")


@collections_app.command()
def restrict(
    collection: Annotated[str, typer.Argument(metavar="NAME", help="It may not exist yet.")],
    group: Annotated[
        list[str] | None, typer.Option("--group", "-g", help="Who sees it; may be repeated.")
    ] = None,
    everybody: Annotated[
        bool, typer.Option("--everybody", help="Open it to everybody who is signed in.")
    ] = False,
) -> None:
    """Let only some groups, and operators, see a collection."""
    if bool(group) == everybody:
        raise typer.BadParameter("Either --group, or --everybody.", param_hint="--group")
    with working() as accounts:
        accounts.restrict(collection, group or ())
        seen_by = accounts.collection_groups().get(collection, ())
        sizes = {one.name: len(one.members) for one in accounts.groups()}
        known = accounts.collection_names()
    if everybody:
        typer.echo(f"Everybody who is signed in sees “{collection}”.")
    else:
        typer.echo(f"Only {', '.join(seen_by)} and operators see “{collection}”.")
    for empty in (name for name in seen_by if not sizes[name]):
        note(f"Nobody is in “{empty}” yet: footnote people groups set {empty} --member EMAIL")
    if collection not in known:
        note(f"There is no collection “{collection}” yet; this holds once there is.")


@keys_app.command()
def make(
    email: EmailArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is for.")],
    scope: Annotated[
        list[Scope] | None,
        typer.Option("--scope", "-s", help="What it may do; may be repeated. Default: ask."),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="Days it is good for; without: no end.")
    ] = None,
) -> None:
    """Make a key for programs that work in somebody's name; it is printed once."""
    expires_at = None if days is None else now() + timedelta(days=days)
    with working() as accounts:
        owner = accounts.user_by_email(email)
        key, secret = accounts.make_key(owner.id, name, scope or [Scope.ASK], expires_at)
    typer.echo(secret)
    note(
        f"Send it as “Authorization: Bearer …”. It is not shown again; "
        f"revoke it with: footnote people keys revoke {key.prefix}"
    )


@keys_app.command("list")
def list_keys(
    email: Annotated[
        str | None, typer.Argument(metavar="EMAIL", help="Only this person's.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Keys, newest first; their secrets are nowhere."""
    from rich.text import Text  # noqa: PLC0415

    from app.terminal.output import out, print_json, printable  # noqa: PLC0415

    with working() as accounts:
        owner = None if email is None else accounts.user_by_email(email).id
        found = accounts.keys(owner)
        emails = {user.id: user.email for user in accounts.users()}
    if as_json:
        print_json(
            [
                {
                    "id": key.id,
                    "prefix": key.prefix,
                    "owner": emails[key.user_id],
                    "name": key.name,
                    "scopes": [scope.value for scope in key.scopes],
                    "usable": key.usable(now()),
                    **{
                        field: moment.isoformat() if moment else None
                        for field, moment in (
                            ("created_at", key.created_at),
                            ("last_used_at", key.last_used_at),
                            ("expires_at", key.expires_at),
                            ("revoked_at", key.revoked_at),
                        )
                    },
                }
                for key in found
            ]
        )
        return
    console = out()
    for key in found:
        state = "" if key.usable(now()) else "  revoked" if key.revoked_at else "  expired"
        console.print(
            Text.assemble(
                (f"{key.prefix}…  ", "dim"), (printable(key.name), "bold"), (state, "yellow")
            )
        )
        used = f"last used {key.last_used_at:%Y-%m-%d}" if key.last_used_at else "never used"
        end = f"until {key.expires_at:%Y-%m-%d}" if key.expires_at else "no end"
        facts = (emails[key.user_id], ", ".join(key.scopes), used, end)
        console.print(Text(f"    {printable(' · '.join(facts))}", style="dim"))
    if not found:
        console.print("There is no key. Make one: footnote people keys make EMAIL NAME")


@keys_app.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Its beginning, as listed, or its id.")],
) -> None:
    """Let a key open nothing any more."""
    with working() as accounts:
        # Whoever pastes the whole secret means the key that begins so.
        keys = accounts.keys()
        found = [one for one in keys if key.startswith(one.prefix)]
        chosen = found[0].id if len(found) == 1 else key
        revoked = accounts.revoke_key(chosen)
    typer.echo(f"The key {revoked.prefix}… (“{revoked.name}”) opens nothing any more.")
