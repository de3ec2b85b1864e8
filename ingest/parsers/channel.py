"""Length-prefixed messages over a socket between the parsing process and its parent."""

from __future__ import annotations

import socket
import struct
import time

HEADER = struct.Struct("!Q")
CHUNK = 1 << 20


class Closed(Exception):
    """The other side is gone."""


def send(connection: socket.socket, *parts: bytes, deadline: float | None = None) -> None:
    """Sends several byte strings as one message.

    Raises:
        TimeoutError: not sent by ``deadline`` (of `time.monotonic`).
        Closed: the other side is gone.
    """
    _limit(connection, deadline)
    try:
        for part in (HEADER.pack(len(parts)), *parts):
            connection.sendall(HEADER.pack(len(part)))
            connection.sendall(part)
    except (BrokenPipeError, ConnectionError) as error:
        raise Closed from error


def receive(connection: socket.socket, deadline: float | None = None) -> list[bytes]:
    """The next message.

    Raises:
        TimeoutError: not complete by ``deadline``.
        Closed: the other side is gone.
    """
    (count,) = HEADER.unpack(_part(connection, deadline))
    return [_part(connection, deadline) for _ in range(count)]


def _part(connection: socket.socket, deadline: float | None) -> bytes:
    (length,) = HEADER.unpack(_exactly(connection, HEADER.size, deadline))
    return _exactly(connection, length, deadline)


def _exactly(connection: socket.socket, length: int, deadline: float | None) -> bytes:
    buffer = bytearray(length)
    view = memoryview(buffer)
    got = 0
    while got < length:
        _limit(connection, deadline)
        try:
            count = connection.recv_into(view[got : got + CHUNK])
        except ConnectionError as error:
            raise Closed from error
        if count == 0:
            raise Closed
        got += count
    return bytes(buffer)


def _limit(connection: socket.socket, deadline: float | None) -> None:
    if deadline is None:
        connection.settimeout(None)
        return
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)
