"""Which network addresses may be fetched from, and a transport that connects to no others.

A name is looked up once, every address it has is checked, and the connection goes to a checked one:
a name server that gives another answer a moment later (DNS rebinding) is not asked again. Numbers
written in unusual ways (``2130706433``, ``0177.1``, ``[::ffff:7f00:1]``) are seen for what they
mean, because it is the looked-up address that is checked, never its spelling.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence

import httpx

from app.errors import UnreadableDocument

Resolver = Callable[[str, int], Sequence[str]]
"""Host and port → IP addresses; raises OSError where there are none."""
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_REFUSED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # IETF protocol assignments; 192.0.0.192 is a cloud's metadata
        "168.63.129.16/32",  # Azure's metadata and name service, on a public-looking address
        "2001::/32",  # Teredo and …
        "2002::/16",  # … 6to4 carry an IPv4 address of anybody's choice
        "64:ff9b:1::/48",  # translation within a network (RFC 8215)
        "fec0::/10",  # site-local, deprecated and still routed by some
    )
)
"""What Python's own tables call global, and no public page is served from."""


def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses of ``host``, as the system knows them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet, and to no network that is somebody's own."""
    try:
        ip: Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip in _NAT64:
            ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip.is_multicast or ip.is_reserved or ip.is_unspecified or not ip.is_global:
        return False
    return not any(ip.version == network.version and ip in network for network in _REFUSED)


def public_addresses(host: str, port: int, resolve: Resolver = resolved) -> list[str]:
    """The addresses of ``host``, all of them public.

    One that is not refuses the host: which of them a client takes is not ours to hope for.

    Raises:
        UnreadableDocument: it has an address in a private network.
        OSError: it has none.
    """
    try:
        found = resolve(host, port)
    except UnicodeError as error:  # no name can be like that
        raise OSError(f"{host} is no name of a host") from error
    private = [address for address in found if not is_public(address)]
    if private:
        raise UnreadableDocument(
            f"The address leads into a private network ({host} is {private[0]}).",
            "If you trust it, ingest it with `footnote ingest` on the server's command line, or "
            "set FOOTNOTE_FETCH_PRIVATE=on.",
        )
    if not found:
        raise OSError(f"{host} has no address")
    return list(found)


class PublicTransport(httpx.BaseTransport):
    """Connects only to public addresses, each host's looked up once for the transport's life.

    TLS still names and checks the host (SNI), and so does the ``Host`` header. Proxies of the
    environment are not used: what a proxy looks up cannot be checked here.
    """

    def __init__(self, resolve: Resolver = resolved) -> None:
        self._resolve = resolve
        self._addresses: dict[tuple[str, int], list[str]] = {}
        # One pool for each host: a connection made for one name never serves another.
        self._pools: dict[tuple[str, int], httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send to the first address that takes a connection."""
        host = request.url.raw_host.decode("ascii")
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        key = (host, port)
        if key not in self._addresses:
            try:
                self._addresses[key] = public_addresses(host, port, self._resolve)
            except OSError as error:
                raise httpx.ConnectError(f"{host}: {error}", request=request) from error
        pool = self._pools.setdefault(key, httpx.HTTPTransport())
        failed: httpx.TransportError | None = None
        for address in self._addresses[key]:
            pinned = httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,  # with the Host that the address was asked for by
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                return pool.handle_request(pinned)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failed = error
        raise failed or httpx.ConnectError(f"{host} can't be reached", request=request)

    def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.close()
