"""Looking names up, so that the addresses that were judged are the ones connected to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from aiohttp.abc import AbstractResolver, ResolveResult

from tidegate.errors import OutOfScopeError
from tidegate.net.guard import Guard

Lookup = Callable[[str], list[str]]
"""Host -> numeric addresses. Blocking; raises `socket.gaierror`."""


def look_up(host: str) -> list[str]:
    """Ask the system. IPv6 addresses bound to a network card keep their `%`."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


class AddressRefusedError(Exception):
    """Carries the guard's words through aiohttp, which shares one look-up between many requests."""


class CheckingResolver(AbstractResolver):
    """Resolves, judges every address, and gives aiohttp only what passed: there is no second look-up.

    aiohttp does not ask it about numeric hosts; the guard has judged those before.
    """

    def __init__(self, guard: Guard, lookup: Lookup) -> None:
        self._guard = guard
        self._lookup = lookup
        self.endpoints: set[tuple[str, int]] = set()
        """Host and port of what the scope names as endpoints and was asked for."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        texts = dict.fromkeys(await self._in_thread(host))
        addresses = [ipaddress.ip_address(text) for text in texts]
        try:
            self._guard.check_resolved(host, addresses, at_endpoint=(host, port) in self.endpoints)
        except OutOfScopeError as error:
            raise AddressRefusedError(str(error)) from None
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        wanted = {socket.AF_INET: (4,), socket.AF_INET6: (6,)}.get(family, (4, 6))
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in addresses
            if address.version in wanted
        ]

    async def close(self) -> None:
        """Nothing is held open."""

    async def _in_thread(self, host: str) -> list[str]:
        # A thread of its own, not the loop's pool: a look-up that hangs must not hold up the program's end.
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[str]] = loop.create_future()

        def hand_over(addresses: list[str] | None, error: OSError | None) -> None:
            if answer.done():
                return
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(addresses or [])

        def work() -> None:
            addresses, error = None, None
            try:
                addresses = self._lookup(host)
            except OSError as raised:
                error = raised
            with suppress(RuntimeError):  # The loop was closed meanwhile: nobody waits any more.
                loop.call_soon_threadsafe(hand_over, addresses, error)

        threading.Thread(target=work, name="tidegate-lookup", daemon=True).start()
        return await answer
