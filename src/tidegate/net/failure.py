"""What went wrong with an attempt, in words of our own: aiohttp's hold the whole URL."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import NamedTuple

import aiohttp

from tidegate.errors import NoAnswerError, RequestError


class Failure(NamedTuple):
    """An attempt that brought no answer."""

    error: RequestError
    again: bool
    """Another attempt may bring one."""


def explain(error: Exception, host: str) -> Failure:
    """Say what an exception of aiohttp or the system means for the attempt."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            words, again = f"no connection to {host} in time", True
        case aiohttp.SocketTimeoutError():
            words, again = f"{host} sent nothing more for too long", True
        case asyncio.TimeoutError():
            words, again = f"{host} did not finish its answer in time", True
        case aiohttp.ClientConnectorCertificateError():
            reason = getattr(error.certificate_error, "verify_message", "") or "it does not fit"
            words, again = f"the certificate of {host} is not trusted: {reason}", False
        case aiohttp.ClientSSLError():
            words, again = f"{host} speaks no TLS that can be trusted", False
        case aiohttp.ClientConnectorDNSError():
            cause = error.os_error
            again = isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_AGAIN
            words = f"the name {host} cannot be looked up now" if again else f"there is no host {host}"
        case aiohttp.ClientConnectorError():
            # asyncio puts its own words into `strerror`, with the address once more.
            number = error.os_error.errno
            words, again = (
                f"no connection to {host}: {os.strerror(number).lower() if number else 'refused'}",
                True,
            )
        case aiohttp.ClientPayloadError():
            words, again = "the answer was cut off", True
        case aiohttp.ServerDisconnectedError():
            words, again = f"{host} closed the connection without an answer", True
        case aiohttp.ClientResponseError():
            words, again = f"what {host} sent is no HTTP answer", False
        case aiohttp.ClientConnectionError() | OSError():
            words, again = f"the connection to {host} broke", True
        case _:
            words, again = f"{host} could not be asked ({type(error).__name__})", False
    return Failure(NoAnswerError(words), again)
