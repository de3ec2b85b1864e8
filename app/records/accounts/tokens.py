"""Random secrets, and the hashes that are stored in their place."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from uuid import uuid4

from sqlalchemy import Connection, text

_BYTES = 32
"""256 random bits can't be guessed, whatever a guess costs: their hash need not be a slow one."""

KEY_MARK = "fn_"
"""What every API key begins with, so that scanners for leaked secrets know it."""
_SHOWN = len(KEY_MARK) + 8
"""Characters of a key that stay readable in lists; the other 35 hold 208 random bits."""

_LOCK = 7306212
"""Any number: the name of the lock under which roles, groups and restrictions change."""


def new_token() -> str:
    """A secret for a sign-in or an invitation: 43 characters that fit an address."""
    return secrets.token_urlsafe(_BYTES)


def new_key() -> tuple[str, str]:
    """An API key, and its beginning, by which people tell it from others."""
    key = KEY_MARK + secrets.token_urlsafe(_BYTES)
    return key, key[:_SHOWN]


def new_session_key() -> str:
    """What a person's questions are kept under: 128 random bits in 32 hexadecimal digits."""
    return secrets.token_hex(16)


def new_id(kind: str) -> str:
    """``usr_…`` and the like; no secret."""
    return f"{kind}_{uuid4().hex}"


def hashed(secret: str) -> str:
    """SHA-256 in 64 hexadecimal digits."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two hashes are the same, in a time that does not depend on where they differ."""
    return hmac.compare_digest(one, other)


def visit_id(session_key: str, name: str) -> str:
    """What a program's visit ``name`` is kept under, within its owner's questions: 64 characters.

    It begins with the owner's ``session_key``: whoever forgets a person finds their visits too.
    """
    room = 64 - len(session_key) - 1
    return f"{session_key}-{hashed(f'{session_key} {name}')[:room]}"


def one_at_a_time(connection: Connection) -> None:
    """Let one transaction after the other decide about roles, groups and restrictions.

    Begin the transaction with it: in SQLite it takes the write lock before anything is read.
    """
    if connection.dialect.name == "sqlite":
        connection.execute(text("UPDATE users SET active = active WHERE id = ''"))
    else:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
