"""Passwords: which are refused, how they are hashed, and that checking one takes its time.

argon2id with the memory-saving parameters of RFC 9106, section 4: 3 passes over 64 MiB in 4 lanes.
"""

from __future__ import annotations

import base64
import re
import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from app.errors import BadRequest, TooMany

SHORTEST = 12
LONGEST = 200
"""Characters. Longer ones add nothing, and take time and memory to read."""
_VARIETY = 5
"""Different characters at least: `aaaabbbbaaaa` is no better than a short password."""
_AT_ONCE = 4
"""Passwords hashed at the same time in a process: each takes 64 MiB."""
_WAIT_S = 5.0
"""Longest wait for one's turn, so that a crowd at the door doesn't hold every thread."""

# fmt: off
_COMMON = frozenset(
    {
        "admin", "administrator", "abcdefgh", "baseball", "changeme", "charlie", "company",
        "computer", "correcthorse", "correcthorsebatterystaple", "default", "dragon",
        "football", "footnote", "freedom", "hello", "iloveyou", "internet", "letmein",
        "master", "michael", "monkey", "mypassword", "passphrase", "passw0rd", "passwort",
        "password", "p@ssw0rd", "p@ssword", "princess", "qwerty", "qwertz", "qwertyuiop",
        "secret", "shadow", "starwars", "summer", "sunshine", "superman", "supersecret",
        "temporary", "trustno", "welcome", "whatever", "winter",
    }
)
# fmt: on
"""Words that stand in every list of leaked passwords; alone, repeated or with digits around."""
_RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "09876543210987654321",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn",
    "q1w2e3r4t5y6u7i8o9p0",
    "1q2w3e4r5t6y7u8i9o0p",
)
_AROUND = "0123456789 !\"#$%&'()*+,-./:;<=>?[]^_{|}~"


class Passwords:
    """Hashes and checks passwords. ``hasher``: another cost, for tests."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._turns = threading.BoundedSemaphore(_AT_ONCE)
        self._decoy = self._hash_of_nothing()

    def hash(self, password: str) -> str:
        """The hash that is stored, with its parameters and salt."""
        with self.turn():
            return self._hasher.hash(_normal(password))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until few enough passwords are being hashed.

        Raises:
            TooMany: too many others are waiting.
        """
        if not self._turns.acquire(timeout=_WAIT_S):
            raise TooMany(
                "Too many people are signing in at this moment.",
                "Try again in a few seconds.",
                retry_after_s=5,
            )
        try:
            yield
        finally:
            self._turns.release()

    def check(self, stored: str | None, password: str) -> bool:
        """Whether this is the password; within a `turn`.

        As slow where there is none to compare with: nobody learns from the clock which e-mail
        addresses have an account.
        """
        usable = stored is not None and len(password) <= LONGEST
        given = _normal(password[:LONGEST])
        try:
            matches = self._hasher.verify(stored if usable and stored else self._decoy, given)
        except (VerificationError, InvalidHashError):
            return False
        return bool(matches and usable)

    def renewed(self, stored: str, password: str) -> str | None:
        """A new hash where the stored one has other parameters than today's; within a `turn`."""
        if not self._hasher.check_needs_rehash(stored):
            return None
        return self._hasher.hash(_normal(password))

    def _hash_of_nothing(self) -> str:
        """Looks like a stored hash and costs the same to check; no password has it."""
        cost = self._hasher
        salt, digest = (
            base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
            for size in (cost.salt_len, cost.hash_len)
        )
        parameters = f"m={cost.memory_cost},t={cost.time_cost},p={cost.parallelism}"
        return f"$argon2id$v=19${parameters}${salt}${digest}"


def accept(password: str, *, email: str, name: str) -> None:
    """Check that a new password is no gift to whoever guesses.

    Raises:
        BadRequest: saying why not; never with the password in it.
    """
    if len(password) < SHORTEST:
        raise BadRequest(
            f"That password is shorter than {SHORTEST} characters.",
            "Take a longer one: four or five words are easy to remember.",
        )
    if len(password) > LONGEST:
        raise BadRequest(
            f"That password is longer than {LONGEST} characters.", "Take a shorter one."
        )
    plain = _normal(password).casefold()
    core = plain.strip(_AROUND)
    own = {_letters(text) for text in (email, email.partition("@")[0], name)} - {""}
    if _letters(plain) in own or _letters(core) in own:
        raise BadRequest(
            "That password is your own name or e-mail address.", "Take one nobody would try first."
        )
    if _common(plain, core):
        raise BadRequest(
            "That password is among the first that anybody tries.",
            "Take four or five words that have nothing to do with each other.",
        )


def _common(plain: str, core: str) -> bool:
    if len(set(plain)) < _VARIETY:
        return True
    repeated = re.fullmatch(r"(.+?)\1+", core)
    unit = repeated[1].strip(_AROUND) if repeated else core
    if {core, unit, _letters(core)} & _COMMON:
        return True
    return any(plain in run or plain in run[::-1] for run in _RUNS)


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _normal(password: str) -> str:
    """The same characters however a keyboard composes them (NIST SP 800-63B, 5.1.1.2: NFKC)."""
    whole = password.encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFKC", whole)
