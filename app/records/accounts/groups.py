"""Groups, who is in them, and which collections only they see."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Engine, String, cast, delete, insert, null, select
from sqlalchemy.dialects import postgresql, sqlite

from app.access import Principal, Reach, Role
from app.errors import BadRequest, NotFound
from app.records.accounts import audit
from app.records.accounts.entities import Action, Group
from app.records.accounts.tables import collection_groups, group_members, groups, users
from app.records.accounts.tokens import one_at_a_time
from app.records.tables import collections

_LONGEST = 100
_members = group_members.c
_guards = collection_groups.c


class GroupRecords:
    """Writes and reads `groups`, `group_members` and `collection_groups`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> list[Group]:
        """Every group with its members and the collections it sees, by name."""
        with self._engine.connect() as connection:
            names = list(connection.scalars(select(groups.c.name)))
            members = _gathered(connection.execute(select(_members.group_name, _members.user_id)))
            guarded = _gathered(connection.execute(select(_guards.group_name, _guards.collection)))
        return [Group(name, members[name], guarded[name]) for name in sorted(names)]

    def put(self, name: str, members: Sequence[str] | None) -> Group:
        """Make a group, or say anew who is in it; see `AccountStore.set_group`."""
        (name,) = clean_names([name])
        with self._engine.begin() as connection:
            one_at_a_time(connection)
            ensure(connection, [name])
            if members is not None:
                known = set(connection.scalars(select(users.c.id).where(users.c.id.in_(members))))
                if unknown := [one for one in members if one not in known]:
                    raise NotFound(
                        f"There is nobody with the id “{unknown[0]}”.",
                        "Look in the list of people.",
                    )
                mine = (_members.group_name == name, _members.from_sso.is_(False))
                connection.execute(delete(group_members).where(*mine))
                for user_id in members:
                    _add(connection, user_id, name, from_sso=False)
            inside = tuple(
                sorted(
                    connection.scalars(select(_members.user_id).where(_members.group_name == name))
                )
            )
            audit.write(connection, Action.GROUP_CHANGED, name, detail={"members": inside})
        return next(group for group in self.all() if group.name == name)

    def remove(self, name: str) -> None:
        """Delete a group; see `AccountStore.remove_group`."""
        with self._engine.begin() as connection:
            one_at_a_time(connection)
            guarded = select(_guards.collection).where(_guards.group_name == name)
            others = select(_guards.collection).where(_guards.group_name != name)
            alone = sorted(set(connection.scalars(guarded)) - set(connection.scalars(others)))
            if alone:
                raise BadRequest(
                    f"Only “{name}” sees {_listed(alone)}: without it everybody would.",
                    "Choose other groups for what it guards, or open it to everybody, first.",
                )
            connection.execute(delete(collection_groups).where(_guards.group_name == name))
            gone = connection.execute(delete(groups).where(groups.c.name == name)).rowcount
            if not gone:
                raise NotFound(f"There is no group “{name}”.", "Look in the list of groups.")
            audit.write(connection, Action.GROUP_REMOVED, name)

    def collection_names(self) -> list[str]:
        """Every collection that exists, by name."""
        with self._engine.connect() as connection:
            return sorted(connection.scalars(select(collections.c.name)))

    def guards(self) -> dict[str, tuple[str, ...]]:
        """Restricted collections, with the groups that see them."""
        with self._engine.connect() as connection:
            found = connection.execute(select(_guards.collection, _guards.group_name))
            return dict(sorted(_gathered(found).items()))

    def restrict(self, collection: str, names: Sequence[str]) -> None:
        """Say which groups see a collection; see `AccountStore.restrict`."""
        collection = unicodedata.normalize("NFC", collection.strip())
        if not collection or len(collection) > _LONGEST:
            raise BadRequest(
                "A collection's name has 1 to 100 characters.", "Correct the collection's name."
            )
        wanted = clean_names(names)
        with self._engine.begin() as connection:
            one_at_a_time(connection)
            mine = _guards.collection == collection
            before = sorted(connection.scalars(select(_guards.group_name).where(mine)))
            ensure(connection, wanted)
            connection.execute(delete(collection_groups).where(mine))
            for name in wanted:
                row = {"collection": collection, "group_name": name}
                connection.execute(insert(collection_groups).values(**row))
            audit.write(
                connection,
                Action.COLLECTION_RESTRICTED,
                collection,
                detail={"groups": wanted, "before": before},
            )

    def reach(self, who: Principal) -> Reach:
        """What they may see; see `AccountStore.reach`."""
        if who.role is Role.OPERATOR:
            return Reach.everything()
        if not who.user_id:
            return Reach.nothing()
        # One statement, so that it sees one state: who may see what, and what there is.
        listed = select(_guards.collection, _guards.group_name).union_all(
            select(collections.c.name, cast(null(), String))
        )
        with self._engine.connect() as connection:
            rows = connection.execute(listed).all()
        guarded = {collection for collection, group in rows if group is not None}
        if not guarded:
            return Reach.everything()
        open_to_all = {collection for collection, group in rows if group is None} - guarded
        own = {collection for collection, group in rows if group in who.groups}
        return Reach(frozenset(open_to_all | own))


def of_users(
    connection: Connection, user_ids: Sequence[str] | None = None
) -> dict[str, tuple[str, ...]]:
    """The names of the groups of these users, or of all."""
    query = select(_members.user_id, _members.group_name)
    if user_ids is not None:
        query = query.where(_members.user_id.in_(user_ids))
    return _gathered(connection.execute(query))


def put_user(connection: Connection, user_id: str, names: Iterable[str], *, from_sso: bool) -> None:
    """Say anew which groups somebody is in, as an operator or as the identity provider sees it.

    What the other one says stays.
    """
    wanted = clean_names(names)
    ensure(connection, wanted)
    connection.execute(
        delete(group_members).where(
            _members.user_id == user_id,
            _members.from_sso.is_(from_sso),
            _members.group_name.not_in(wanted),
        )
    )
    for name in wanted:
        _add(connection, user_id, name, from_sso=from_sso)


def ensure(connection: Connection, names: Iterable[str]) -> None:
    """Make the groups that don't exist yet."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    for name in names:
        row = dialect.insert(groups).values(name=name)
        connection.execute(row.on_conflict_do_nothing())


def clean_names(names: Iterable[str]) -> list[str]:
    """Names of groups without blanks and repetitions, in order.

    Raises:
        BadRequest: one of them can't be a name.
    """
    wanted: dict[str, None] = {}
    for given in names:
        name = unicodedata.normalize("NFC", given.strip())
        if not name or len(name) > _LONGEST or not name.isprintable():
            raise BadRequest(
                "A group's name has 1 to 100 characters on one line.",
                "Choose another name for the group.",
            )
        wanted[name] = None
    return list(wanted)


def _add(connection: Connection, user_id: str, name: str, *, from_sso: bool) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(group_members).values(group_name=name, user_id=user_id, from_sso=from_sso)
    connection.execute(row.on_conflict_do_nothing())


def _gathered(pairs: Iterable[Sequence[str]]) -> defaultdict[str, tuple[str, ...]]:
    """``(key, value)`` pairs as key → sorted values."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return defaultdict(tuple, {key: tuple(sorted(values)) for key, values in found.items()})


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)
